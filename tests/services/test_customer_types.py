"""商铺分类: unique by a folded name, in order, retired and never deleted."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import CustomerType
from lead_system.queries.settings import customer_type_choices
from lead_system.services import customer_types
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

Service = Callable[..., customer_types.CustomerTypeChanged]


def add(cast: Cast, name: str, who: str = "admin", request_id: str | None = None) -> int:
    with cast.app.app_context():
        return customer_types.add_customer_type(cast.as_(who, request_id), name=name, now=now()).type_id


def does(
    cast: Cast, service: Service, kind: str, who: str = "admin", *, version: int | None = None, **new: str
) -> None:
    known = version_of(cast, kind) if version is None else version
    with cast.app.app_context():
        service(cast.as_(who), type_id=id_of(cast, kind), version=known, now=now(), **new)


def rename(cast: Cast, kind: str, new: str, who: str = "admin", version: int | None = None) -> None:
    does(cast, customer_types.rename_customer_type, kind, who, version=version, name=new)


def retire(cast: Cast, name: str) -> None:
    does(cast, customer_types.retire_customer_type, name)


def bring_back(cast: Cast, name: str) -> None:
    does(cast, customer_types.bring_back_customer_type, name)


def move_up(cast: Cast, name: str) -> None:
    does(cast, customer_types.move_customer_type, name)


def row(name: str) -> CustomerType:
    return db.session.query(CustomerType).filter_by(name=name).one()


def id_of(cast: Cast, name: str) -> int:
    with cast.app.app_context():
        return row(name).id


def version_of(cast: Cast, name: str) -> int:
    with cast.app.app_context():
        return row(name).version


def choices(cast: Cast) -> list[str]:
    with cast.app.app_context():
        return [kind.name for kind in customer_type_choices()]


def test_added_type_is_the_last_of_the_choices_and_can_be_chosen(cast: Cast) -> None:
    type_id = add(cast, "  写字楼\u200b ")

    assert choices(cast) == ["临街商铺", "住宅", "写字楼"]
    lead_id = cast.enters("fang", customer_type_id=type_id)
    assert cast.read(lead_id, "customer_type_id") == type_id
    ((action, actor, changes, personal),) = cast.history("customer_types")
    assert (action, actor, personal) == ("add_customer_type", cast.ids["admin"], None)
    assert changes == {"customer_type": type_id, "name": ["", "写字楼"]}


@pytest.mark.parametrize("name", ["住宅", " 住 宅 ", "住\u200b宅", "住·宅"])
def test_name_that_reads_like_an_offered_one_is_refused(cast: Cast, name: str) -> None:
    with nothing_written(cast.app), refused("customer_type_name_taken", field="name", name="住宅"):
        add(cast, name)
    with nothing_written(cast.app), refused("customer_type_name_taken", field="name", name="住宅"):
        rename(cast, "临街商铺", name)


@pytest.mark.parametrize(
    ("first", "second"), [("SOHO公寓", "soho公寓"), ("SOHO", "ＳＯＨＯ"), ("A座", "a 座")]
)
def test_width_and_case_make_no_other_name(cast: Cast, first: str, second: str) -> None:
    add(cast, first)

    with nothing_written(cast.app), refused("customer_type_name_taken"):
        add(cast, second)


def test_database_itself_refuses_a_second_type_of_a_folded_name(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.add(CustomerType(name="住 宅"))
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            db.session.commit()


def test_name_of_a_retired_type_is_to_be_brought_back(cast: Cast) -> None:
    retire(cast, "住宅")

    with nothing_written(cast.app), refused("customer_type_retired", field="name", name="住宅"):
        add(cast, "住宅")


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "name_missing"), (" \u200b·", "name_missing"), ("铺" * 31, "text_too_long"),
     ("电话13812345678", "text_has_full_number")],
)  # fmt: skip
def test_name_that_cannot_be_is_refused(cast: Cast, name: str, code: str) -> None:
    with nothing_written(cast.app), refused(code, field="name"):
        add(cast, name)
    with nothing_written(cast.app), refused(code, field="name"):
        rename(cast, "住宅", name)


def test_longest_name_is_kept(cast: Cast) -> None:
    add(cast, "铺" * 30)

    assert choices(cast)[-1] == "铺" * 30


def test_renamed_type_shows_its_new_name_on_the_leads_that_have_it(cast: Cast) -> None:
    lead_id = cast.enters("fang", customer_type_id=cast.types["住宅"])

    rename(cast, "住宅", "精装住宅")

    assert choices(cast) == ["临街商铺", "精装住宅"]
    assert cast.read(lead_id, "customer_type_id") == cast.types["住宅"]
    action, _, changes, _ = cast.history("customer_types")[-1]
    assert (action, changes["name"]) == ("rename_customer_type", ["住宅", "精装住宅"])
    add(cast, "住宅")


def test_same_name_writes_nothing_and_its_own_width_may_change(cast: Cast) -> None:
    add(cast, "soho")
    with nothing_written(cast.app):
        rename(cast, "soho", " soho ")

    rename(cast, "soho", "SOHO")

    assert choices(cast)[-1] == "SOHO"


def test_retired_type_leaves_the_choices_and_stays_where_it_was_chosen(cast: Cast) -> None:
    lead_id = cast.enters("fang", customer_type_id=cast.types["住宅"])

    retire(cast, "住宅")

    assert choices(cast) == ["临街商铺"]
    assert cast.read(lead_id, "customer_type_id") == cast.types["住宅"]
    cast.reports("fang", lead_id, customer_type_id=cast.types["住宅"])
    with nothing_written(cast.app), refused("type_not_offered"):
        cast.enters("fang", ("陈", "静", "1390001"), customer_type_id=cast.types["住宅"])


def test_type_that_is_brought_back_has_its_old_place(cast: Cast) -> None:
    retire(cast, "临街商铺")

    bring_back(cast, "临街商铺")

    assert choices(cast) == ["临街商铺", "住宅"]
    assert [action for action, *_ in cast.history("customer_types")] == [
        "retire_customer_type",
        "bring_back_customer_type",
    ]


def test_what_is_so_already_writes_nothing(cast: Cast) -> None:
    with nothing_written(cast.app):
        bring_back(cast, "住宅")
        move_up(cast, "临街商铺")
    retire(cast, "住宅")
    with nothing_written(cast.app):
        retire(cast, "住宅")


def test_types_move_up_past_offered_ones_only(cast: Cast) -> None:
    for name in ("写字楼", "公寓"):
        add(cast, name)
    retire(cast, "写字楼")

    move_up(cast, "公寓")
    assert choices(cast) == ["临街商铺", "公寓", "住宅"]
    move_up(cast, "公寓")
    assert choices(cast) == ["公寓", "临街商铺", "住宅"]

    assert cast.history("customer_types")[-1][2] == {
        "customer_type": id_of(cast, "公寓"), "name": "公寓", "place": [2, 1],
    }  # fmt: skip
    with nothing_written(cast.app), refused("not_found"):
        move_up(cast, "写字楼")


@pytest.mark.parametrize(
    "service",
    [
        customer_types.retire_customer_type,
        customer_types.bring_back_customer_type,
        customer_types.move_customer_type,
    ],
)
def test_form_from_before_another_change_is_stale(cast: Cast, service: Service) -> None:
    rename(cast, "住宅", "精装住宅")

    with nothing_written(cast.app), refused("stale"):
        does(cast, service, "精装住宅", version=1)
    with nothing_written(cast.app), refused("stale"):
        rename(cast, "精装住宅", "毛坯住宅", version=1)


def test_sent_twice_it_adds_one(cast: Cast) -> None:
    first = add(cast, "公寓", request_id="one-request")

    with nothing_written(cast.app):
        assert add(cast, "公寓", request_id="one-request") == first


@pytest.mark.parametrize("who", ["director", "secretary", "fang", "wei", "feng", "xin"])
def test_only_an_admin_changes_types(cast: Cast, who: str) -> None:
    with nothing_written(cast.app):
        with refused("forbidden"):
            add(cast, "公寓", who)
        with refused("forbidden"):
            rename(cast, "住宅", "公寓", who)
        for service in (
            customer_types.retire_customer_type,
            customer_types.bring_back_customer_type,
            customer_types.move_customer_type,
        ):
            with refused("forbidden"):
                does(cast, service, "住宅", who)
