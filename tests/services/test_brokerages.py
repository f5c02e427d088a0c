"""Brokerages: the director opens, changes and archives them."""

from datetime import timedelta
from typing import Any

import pytest

from lead_system.extensions import db
from lead_system.models import Binding, Brokerage, Hold
from lead_system.services import brokerages
from lead_system.services.brokerages import BrokerageFacts
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
FACTS: dict[str, Any] = {
    "name": "青禾置业",
    "contact": "林青",
    "phone": "028-8888 6666",
    "address": "天府大道 1 号",
}


def id_of(cast: Cast, name: str = "安家置业") -> int:
    with cast.app.app_context():
        return int(db.session.execute(db.select(Brokerage.id).filter_by(name=name)).scalar_one())


def open_(cast: Cast, by: str = "director", request_id: str = "", **facts: str) -> int:
    with cast.app.app_context():
        return brokerages.open_brokerage(
            cast.as_(by, request_id or None), facts=BrokerageFacts(**FACTS | facts), now=MONDAY_TEN
        ).brokerage_id


def change(cast: Cast, brokerage_id: int, version: int = 1, by: str = "director", **sent: Any) -> int:
    """Send the form of a brokerage; what is not given here is sent blank, but for the name."""
    request_id = sent.pop("request_id", None)
    facts = BrokerageFacts(**{"name": "安家置业"} | sent)
    with cast.app.app_context():
        return brokerages.change_brokerage(
            cast.as_(by, request_id), brokerage_id=brokerage_id, version=version, facts=facts, now=MONDAY_TEN
        ).brokerage_id


def archive(
    cast: Cast, brokerage_id: int, version: int = 1, by: str = "director", request_id: str = ""
) -> int:
    with cast.app.app_context():
        return brokerages.archive_brokerage(
            cast.as_(by, request_id or None), brokerage_id=brokerage_id, version=version, now=MONDAY_TEN
        ).brokerage_id


@pytest.mark.parametrize("by", ["director", "admin"])
def test_opened_brokerage_is_kept_and_written_down(cast: Cast, by: str) -> None:
    brokerage_id = open_(cast, by)

    assert cast.count(Brokerage, id=brokerage_id, **FACTS, archived_at=None, version=1) == 1
    assert cast.history(f"brokerage:{brokerage_id}") == [
        (
            "open_brokerage",
            cast.ids[by],
            {"name": ["", "青禾置业"], "address": ["", "天府大道 1 号"]},
            {"contact": ["", "林青"], "phone": ["", "028-8888 6666"]},
        )
    ]


def test_brokerage_needs_nothing_but_a_name(cast: Cast) -> None:
    brokerage_id = open_(cast, contact="", phone="", address="")

    [(_, _, changes, personal)] = cast.history(f"brokerage:{brokerage_id}")
    assert (changes, personal) == ({"name": ["", "青禾置业"]}, None)


def test_newcomer_can_choose_the_opened_brokerage(cast: Cast) -> None:
    cast.change("fang", brokerage_id=open_(cast))

    lead_id = cast.enters("fang", reports=True)

    assert cast.scans("feng", lead_id).outcome == "bound"


@pytest.mark.parametrize(
    ("field", "typed", "is_kept"),
    [
        ("name", "  青禾  置业\n", "青禾 置业"),
        ("name", "青禾\u200b置业", "青禾置业"),
        ("name", "A" * 60, "A" * 60),
        ("contact", "林\t青", "林 青"),
        ("contact", "林" * 30, "林" * 30),
        ("address", "天府大道\n1 号", "天府大道 1 号"),
        ("address", "路" * 120, "路" * 120),
        ("phone", "  ", ""),
        ("phone", "12345", "12345"),
        ("phone", " +86 (28) 8888-6666 ", "+86 (28) 8888-6666"),
        ("phone", "（028）８８８８６６６６", "(028)88886666"),
        ("phone", "13800001111", "13800001111"),
        ("phone", "1" * 20, "1" * 20),
    ],
)
def test_facts_are_kept_as_one_clean_line_each(cast: Cast, field: str, typed: str, is_kept: str) -> None:
    brokerage_id = open_(cast, **{field: typed})

    assert cast.count(Brokerage, id=brokerage_id, **FACTS | {field: is_kept}) == 1


@pytest.mark.parametrize(
    ("field", "typed", "code", "limit"),
    [
        ("name", "", "name_missing", None),
        ("name", " \u200b\n", "name_missing", None),
        ("name", "A" * 61, "text_too_long", 60),
        ("name", "青禾\x00置业", "text_not_readable", None),
        ("name", "青禾 138 1234 5678", "text_has_full_number", None),
        ("contact", "林" * 31, "text_too_long", 30),
        ("contact", "林青 13812345678", "text_has_full_number", None),
        ("address", "路" * 121, "text_too_long", 120),
        ("address", "路\x07", "text_not_readable", None),
        ("phone", "1234", "brokerage_phone_wrong", None),
        ("phone", "1" * 21, "brokerage_phone_wrong", None),
        ("phone", "+-()+-() 1234", "brokerage_phone_wrong", None),
        ("phone", "028/8888666", "brokerage_phone_wrong", None),
        ("phone", "88886666转2", "brokerage_phone_wrong", None),
        ("phone", "二八八八八", "brokerage_phone_wrong", None),
        ("phone", "8888\n6666", "brokerage_phone_wrong", None),
    ],
)
def test_wrong_facts_are_refused_beside_their_field(
    cast: Cast, field: str, typed: str, code: str, limit: int | None
) -> None:
    with nothing_written(cast.app), refused(code, field=field, limit=limit):
        open_(cast, **{field: typed})
    with nothing_written(cast.app), refused(code, field=field, limit=limit):
        change(cast, id_of(cast), **FACTS | {field: typed})


@pytest.mark.parametrize(
    ("had", "typed", "is_taken"),
    [
        ("安家置业", "安家置业", True),
        ("安家置业", "  安家置业 ", True),
        (" 安家置业 ", "安家置业", True),
        ("Anjia Homes", "ANJIA homes", True),
        ("ÉTOILE", "étoile", True),
        ("Ａnjia", "anjia", True),
        ("安家置业", "安家", False),
        ("安家置业", "安家置业二", False),
        ("Anjia Homes", "AnjiaHomes", False),
    ],
)
@pytest.mark.parametrize("archived", [False, True])
def test_name_is_never_given_twice(
    cast: Cast, had: str, typed: str, *, is_taken: bool, archived: bool
) -> None:
    cast.change_brokerage_of("fang", name=had, archived_at=MONDAY_TEN if archived else None)
    rival = id_of(cast, "百川地产")

    if is_taken:
        with nothing_written(cast.app), refused("brokerage_name_taken", field="name"):
            open_(cast, name=typed)
        with nothing_written(cast.app), refused("brokerage_name_taken", field="name"):
            change(cast, rival, name=typed)
    else:
        assert open_(cast, name=typed) != change(cast, rival, name="安居")


def test_opening_sent_twice_opens_one(cast: Cast) -> None:
    first = open_(cast, request_id="one-request-id")

    with nothing_written(cast.app):
        assert open_(cast, request_id="one-request-id") == first
    with nothing_written(cast.app), refused("request_reused"):
        open_(cast, request_id="one-request-id", name="春和房产")


def test_change_records_from_what_to_what_and_leaves_the_rest(cast: Cast) -> None:
    brokerage_id = open_(cast)

    change(cast, brokerage_id, **FACTS | {"name": "青禾地产", "contact": "林禾"})

    kept = FACTS | {"name": "青禾地产", "contact": "林禾"}
    assert cast.count(Brokerage, id=brokerage_id, version=2, **kept) == 1
    assert cast.history(f"brokerage:{brokerage_id}")[1:] == [
        (
            "change_brokerage",
            cast.ids["director"],
            {"name": ["青禾置业", "青禾地产"]},
            {"contact": ["林青", "林禾"]},
        )
    ]
    assert cast.count(Brokerage, name="百川地产", version=1) == 1


def test_change_that_changes_nothing_writes_nothing(cast: Cast) -> None:
    brokerage_id = open_(cast)

    with nothing_written(cast.app):
        assert change(cast, brokerage_id, **FACTS | {"name": " 青禾置业 "}) == brokerage_id


def test_brokerage_may_change_the_case_of_its_own_name(cast: Cast) -> None:
    brokerage_id = open_(cast, name="qinghe")

    change(cast, brokerage_id, name="QingHe")

    assert cast.count(Brokerage, id=brokerage_id, name="QingHe") == 1


@pytest.mark.parametrize("version", [0, 1, 3])
def test_stale_form_changes_and_archives_nothing(cast: Cast, version: int) -> None:
    brokerage_id = id_of(cast)
    change(cast, brokerage_id, contact="林青")

    with nothing_written(cast.app), refused("stale"):
        change(cast, brokerage_id, version, contact="林禾")
    with nothing_written(cast.app), refused("stale"):
        archive(cast, brokerage_id, version)


def test_change_sent_twice_acts_once(cast: Cast) -> None:
    brokerage_id = id_of(cast)
    change(cast, brokerage_id, contact="林青", request_id="one-request-id")

    with nothing_written(cast.app):
        change(cast, brokerage_id, contact="林青", request_id="one-request-id")


@pytest.mark.parametrize("act", [change, archive])
@pytest.mark.parametrize("known", [False, True])
def test_unknown_and_archived_brokerages_are_not_found(cast: Cast, act: Any, *, known: bool) -> None:
    cast.change_brokerage_of("fang", archived_at=MONDAY_TEN)
    brokerage_id = id_of(cast) if known else 9999

    with nothing_written(cast.app), refused("not_found"):
        act(cast, brokerage_id)


@pytest.mark.parametrize("by", ["secretary", "feng", "xin", "fang", "wei"])
def test_only_director_and_admin_manage_brokerages(cast: Cast, by: str) -> None:
    brokerage_id = id_of(cast)

    with nothing_written(cast.app):
        with refused("forbidden"):
            open_(cast, by)
        with refused("forbidden"):
            change(cast, brokerage_id, by=by, contact="林青")
        with refused("forbidden"):
            archive(cast, brokerage_id, by=by)


def test_archived_brokerage_is_written_down_once(cast: Cast) -> None:
    brokerage_id = id_of(cast)

    first = archive(cast, brokerage_id, request_id="one-request-id")

    with nothing_written(cast.app):
        assert archive(cast, brokerage_id, request_id="one-request-id") == first
    assert cast.count(Brokerage, id=brokerage_id, archived_at=MONDAY_TEN, version=2) == 1
    assert cast.count(Brokerage, name="百川地产", archived_at=None) == 1
    assert cast.history(f"brokerage:{brokerage_id}") == [
        (
            "archive_brokerage",
            cast.ids["director"],
            {"archived_at": [None, "2026-03-02T02:00:00+00:00"]},
            None,
        )
    ]


def test_archiving_leaves_brokers_and_running_bindings_but_wins_nothing_new(cast: Cast) -> None:
    bound = cast.enters("fang", reports=True)
    cast.scans("feng", bound)
    reported = cast.enters("fang", ("欧阳", "克", "1394321"), reports=True)
    brokerage_id = id_of(cast)

    archive(cast, brokerage_id)

    end = MONDAY_TEN + timedelta(days=30)
    assert cast.account("fang", "brokerage_id") == cast.account("wei", "brokerage_id") == brokerage_id
    assert cast.status(bound) == "bound"
    assert cast.count(Binding, lead_id=bound, ends_at=end, ended_at=None) == 1
    assert cast.count(Hold, lead_id=bound, ends_at=end) == 1
    with nothing_written(cast.app), refused("brokerage_not_active"):
        cast.scans("feng", reported)
    with nothing_written(cast.app), refused("brokerage_not_active"):
        cast.enters("wei")
    assert cast.enters("qiang", reports=True)
