"""R2 before the first report: correcting an entry, and taking it back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.extensions import db
from lead_system.models import Collision, LeadKey
from lead_system.services import entries
from lead_system.services.leads import LeadEntry
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.refusals import nothing_written, refused

pytestmark = pytest.mark.usefixtures("clock")

HUANG = ("黄", "蓉", "1394321")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def keys_of(cast: Cast, lead_id: int) -> set[tuple[str, str, int]]:
    with cast.app.app_context():
        rows = db.session.scalars(db.select(LeadKey).filter_by(lead_id=lead_id))
        return {(row.name_key, row.phone, row.person_number) for row in rows}


def kinds(cast: Cast, collision_id: int) -> list[str]:
    with cast.app.app_context():
        return [event.kind.value for event in db.session.get_one(Collision, collision_id).events]


def held_by_qiang(cast: Cast, customer: tuple[str, str, str] = OUYANG) -> int:
    lead_id = cast.enters("qiang", customer, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def in_status(cast: Cast, status: str) -> int:
    """Give Fang a customer that came as far as a status says."""
    lead_id = cast.enters("fang", reports=status != "entered")
    if status in ("bound", "expired", "dealt"):
        cast.scans("feng", lead_id)
    if status == "expired":
        cast.rebinds("director", lead_id, "qiang")
    if status == "dealt":
        cast.deals("director", lead_id, date(2026, 3, 2))
    return lead_id


@both_databases
def test_correction_changes_the_row_and_replaces_its_keys(cast: Cast) -> None:
    lead_id = cast.enters("fang", OUYANG, "1301111", needs="二楼")

    cast.corrects("fang", lead_id, HUANG, "1302222", needs="一楼", wished_consultant_id=cast.ids["ming"])

    names = ("surname", "given_name", "phone1", "phone2", "needs", "wished_consultant_id", "status")
    assert [cast.read(lead_id, name) for name in names] == [
        "黄", "蓉", "1394321", "1302222", "一楼", cast.ids["ming"], "entered",
    ]  # fmt: skip
    assert keys_of(cast, lead_id) == {("黄蓉", "1394321", 0), ("黄蓉", "1302222", 0)}
    assert cast.enters("fang", OUYANG, "1301111") == lead_id + 1


def test_correction_is_written_down_with_what_it_was_before(cast: Cast) -> None:
    lead_id = cast.enters("fang", OUYANG, needs="二楼")

    cast.corrects("fang", lead_id, ("欧阳", "峰", "1385679"), "1394321", needs="一楼",
                  customer_type_id=cast.types["住宅"])  # fmt: skip

    action, actor, changes, personal = cast.history(f"lead:{lead_id}")[-1]
    assert (action, actor) == ("correct_entry", cast.ids["fang"])
    assert changes == {"customer_type_id": [None, cast.types["住宅"]]}
    assert personal == {
        "given_name": ["锋", "峰"],
        "phone1": ["1385678", "1385679"],
        "phone2": [None, "1394321"],
        "needs": ["二楼", "一楼"],
    }


def test_correction_that_changes_nothing_writes_nothing(cast: Cast) -> None:
    lead_id = cast.enters("fang", OUYANG, "1394321", needs="一楼")

    with nothing_written(cast.app):
        cast.corrects("fang", lead_id, OUYANG, "1394321", needs="一楼")


@pytest.mark.parametrize(
    ("customer", "second_phone", "number"),
    [
        (OUYANG, "", 1),
        (("欧", "阳锋", "1385678"), "", 0),
        (("欧阳", "峰", "1385678"), "", 0),
        (OUYANG, "1394321", 0),
        (("欧阳", "锋", "1385679"), "", 0),
    ],
    ids=["only wishes", "where the surname ends", "another name", "a second phone", "another phone"],
)
def test_corrected_name_or_phones_make_it_person_number_0_again(
    cast: Cast, customer: tuple[str, str, str], second_phone: str, number: int
) -> None:
    lead_id = cast.enters("fang")
    cast.tells_apart("director", lead_id)

    cast.corrects("fang", lead_id, customer, second_phone, needs="一楼")

    assert cast.read(lead_id, "person_number") == number
    assert {key[2] for key in keys_of(cast, lead_id)} == {number}
    changes = cast.history(f"lead:{lead_id}")[-1][2]
    assert changes == ({} if number else {"person_number": [1, 0]})


@pytest.mark.parametrize(
    ("customer", "second_phone"),
    [(HUANG, ""), (("黄", " 蓉 ", "1394321"), ""), (("黄", "蓉", "1301111"), "1394321")],
)
@pytest.mark.parametrize("is_another_person", [False, True])
def test_correction_to_a_customer_entered_before_is_refused_and_names_that_lead(
    cast: Cast, customer: tuple[str, str, str], second_phone: str, *, is_another_person: bool
) -> None:
    other = cast.enters("fang", HUANG)
    if is_another_person:
        cast.tells_apart("director", other)
    lead_id = cast.enters("fang")

    with nothing_written(cast.app), refused("already_entered", lead_id=other):
        cast.corrects("fang", lead_id, customer, second_phone)

    cast.corrects("fang", lead_id, ("黄", "容", "1394321"))


@pytest.mark.parametrize("digits", ["1350001", "1360009"])
def test_correction_to_the_own_person_is_refused(cast: Cast, digits: str) -> None:
    lead_id = cast.enters("fang", ("王", "芳", "1360009"))

    if digits == "1350001":
        with nothing_written(cast.app), refused("own_person"):
            cast.corrects("fang", lead_id, ("王", "芳", "1360009"), digits)
    else:
        cast.corrects("fang", lead_id, ("王", "芳", "1380001"), digits)


@pytest.mark.parametrize(
    "customer", [("赵", "伟", "1350003"), ("王", "芳", "1350001")], ids=["the resident", "the owner"]
)
def test_correction_to_the_resident_who_entered_it_or_to_the_owner_is_refused(
    cast: Cast, customer: tuple[str, str, str]
) -> None:
    lead_id = cast.enters("wei", colleague="fang")

    with nothing_written(cast.app), refused("own_person"):
        cast.corrects("fang", lead_id, customer)

    own = cast.enters("fang", HUANG)
    cast.corrects("fang", own, ("赵", "伟", "1350003"))


TYPED: dict[str, Any] = {"surname": "欧阳", "given_name": "锋", "phone1_head": "138", "phone1_tail": "5678"}
WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"surname": " "}, "name_missing", "surname"),
    ({"given_name": "<b>"}, "name_not_letters", "given_name"),
    ({"phone1_tail": "567"}, "phone_incomplete", "phone1"),
    ({"phone1_head": "13812345678"}, "phone_full_number", "phone1"),
    ({"phone2_head": "138", "phone2_tail": "5678"}, "phones_equal", "phone2"),
]


@pytest.mark.parametrize(("wrong", "code", "field"), WRONG)
def test_correction_is_refused_as_an_entry_would_be(
    cast: Cast, wrong: dict[str, str], code: str, field: str
) -> None:
    lead_id = cast.enters("fang")
    entry = LeadEntry(**(TYPED | wrong))

    with nothing_written(cast.app), refused(code, field=field), cast.app.app_context():
        entries.correct_entry(cast.as_("fang"), lead_id=lead_id, version=1, entry=entry, now=now())


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"needs": "13812345678"}, "text_has_full_number"),
        ({"customer_type_id": 999}, "type_not_offered"),
        ({"wished_consultant_id": 999}, "consultant_not_offered"),
        ({"expected_visit_at": datetime(1999, 1, 1, tzinfo=UTC)}, "moment_wrong"),
    ],
)
def test_wrong_wish_in_a_correction_is_refused(cast: Cast, wish: dict[str, Any], code: str) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app), refused(code):
        cast.corrects("fang", lead_id, HUANG, **wish)


def test_consultant_who_left_may_stay_wished_for_in_a_correction(cast: Cast) -> None:
    lead_id = cast.enters("fang", wished_consultant_id=cast.ids["ming"])
    cast.archives("ming")

    cast.corrects("fang", lead_id, HUANG, wished_consultant_id=cast.ids["ming"])

    assert cast.read(lead_id, "wished_consultant_id") == cast.ids["ming"]


@pytest.mark.parametrize("status", ["reported", "bound", "expired", "dealt"])
@pytest.mark.parametrize("verb", ["correct", "withdraw"])
def test_nothing_is_corrected_or_withdrawn_after_the_first_report(cast: Cast, status: str, verb: str) -> None:
    lead_id = in_status(cast, status)

    with nothing_written(cast.app), refused("status_forbids", verb=verb, status=status):
        if verb == "correct":
            cast.corrects("fang", lead_id, HUANG)
        else:
            cast.withdraws("fang", lead_id)


@pytest.mark.parametrize("verb", ["correct", "withdraw"])
@pytest.mark.parametrize("who", ["qiang", "wei"])
def test_entry_of_somebody_else_does_not_exist(cast: Cast, who: str, verb: str) -> None:
    lead_id = cast.enters("wei", colleague="fang")

    with nothing_written(cast.app), refused("not_found"):
        if verb == "correct":
            cast.corrects(who, lead_id, HUANG)
        else:
            cast.withdraws(who, lead_id)


def test_resident_corrects_and_withdraws_own_entries(cast: Cast) -> None:
    lead_id = cast.enters("wei")

    cast.corrects("wei", lead_id, HUANG)
    cast.withdraws("wei", lead_id)

    assert (cast.read(lead_id, "given_name"), cast.status(lead_id)) == ("蓉", "withdrawn")


@pytest.mark.parametrize("who", ["feng", "xin", "secretary", "director", "admin"])
def test_nobody_but_agents_corrects_or_withdraws(cast: Cast, who: str) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app):
        with refused("forbidden"):
            cast.corrects(who, lead_id, HUANG)
        with refused("forbidden"):
            cast.withdraws(who, lead_id)


def test_broker_of_an_archived_brokerage_corrects_and_withdraws_nothing(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    cast.change_brokerage_of("fang", archived_at=LONG_AGO)

    with nothing_written(cast.app):
        with refused("brokerage_not_active"):
            cast.corrects("fang", lead_id, HUANG)
        with refused("brokerage_not_active"):
            cast.withdraws("fang", lead_id)


def test_form_filled_in_before_another_correction_is_stale(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    cast.corrects("fang", lead_id, HUANG)
    entry = LeadEntry("黄", "容", "139", "4321")

    with nothing_written(cast.app), cast.app.app_context():
        with refused("stale"):
            entries.correct_entry(cast.as_("fang"), lead_id=lead_id, version=1, entry=entry, now=now())
        with refused("stale"):
            entries.withdraw_entry(cast.as_("fang"), lead_id=lead_id, version=1, now=now())


def test_correction_sent_twice_acts_once_even_if_it_was_reported_meanwhile(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    entry = LeadEntry("黄", "蓉", "139", "4321")

    def corrects() -> int:
        with cast.app.app_context():
            caller = cast.as_("fang", "the-same-request")
            return entries.correct_entry(caller, lead_id=lead_id, version=1, entry=entry, now=now()).lead_id

    first = corrects()
    cast.reports("fang", lead_id)

    with nothing_written(cast.app):
        assert corrects() == first == lead_id


def test_correction_to_a_held_customer_answers_the_same_and_opens_a_collision(cast: Cast) -> None:
    held = held_by_qiang(cast, HUANG)
    one, other = cast.enters("fang", ("周", "全", "1770001")), cast.enters("fang", ("周", "同", "1770002"))

    cast.corrects("fang", one, ("黄", "容", "1394321"))
    cast.corrects("fang", other, ("黄", "蓉", "1301111"), HUANG[2])

    assert kinds(cast, cast.collision_of(held, other)) == ["corrected"]
    assert cast.count(Collision) == 1
    action, _, changes, _ = cast.history(f"collision:{cast.collision_of(held, other)}")[-1]
    assert (action, changes) == ("collision_corrected", {"challenger": other, "holder": held})


@both_databases
def test_correction_joins_the_open_collision_and_tells_the_one_it_leaves(cast: Cast) -> None:
    held, also_held = held_by_qiang(cast), held_by_qiang(cast, HUANG)
    lead_id = cast.enters("fang")

    cast.corrects("fang", lead_id, OUYANG, "1300000")
    cast.corrects("fang", lead_id, HUANG)

    assert kinds(cast, cast.collision_of(held, lead_id)) == ["entered", "corrected", "corrected"]
    assert kinds(cast, cast.collision_of(also_held, lead_id)) == ["corrected"]
    assert cast.count(Collision, state="open") == 2


@both_databases
def test_correction_never_joins_a_handled_collision(cast: Cast) -> None:
    held, lead_id = held_by_qiang(cast), cast.enters("fang")
    handled = cast.collision_of(held, lead_id)
    cast.handles("director", handled)

    cast.corrects("fang", lead_id, OUYANG, "1300000")

    assert kinds(cast, handled) == ["entered", "handled"]
    assert kinds(cast, cast.collision_of(held, lead_id)) == ["corrected"]


def test_corrected_wishes_alone_are_no_news_for_the_back_office(cast: Cast) -> None:
    held, lead_id = held_by_qiang(cast), cast.enters("fang")

    cast.corrects("fang", lead_id, OUYANG, needs="一楼")

    assert kinds(cast, cast.collision_of(held, lead_id)) == ["entered"]


@both_databases
def test_withdrawn_entry_keeps_its_number_and_leaves_the_constraint(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    cast.withdraws("fang", lead_id)

    assert cast.status(lead_id) == "withdrawn"
    assert cast.read(lead_id, "withdrawn_at") == cast.read(lead_id, "entered_at")
    assert cast.count(LeadKey, lead_id=lead_id) == 0
    again = cast.enters("fang")
    assert (again > lead_id, cast.status(again)) == (True, "entered")
    written = cast.history(f"lead:{lead_id}")[-1]
    assert written == ("withdraw_entry", cast.ids["fang"], {"status": ["entered", "withdrawn"]}, None)


@both_databases
def test_open_collisions_stay_open_and_say_withdrawn(cast: Cast) -> None:
    held, lead_id, rival = held_by_qiang(cast), cast.enters("fang"), cast.enters("wei")

    cast.withdraws("fang", lead_id)

    assert kinds(cast, cast.collision_of(held, lead_id)) == ["entered", "withdrawn"]
    assert kinds(cast, cast.collision_of(held, rival)) == ["entered"]
    assert cast.count(Collision, state="open") == 2


def test_handled_collision_hears_nothing_of_a_withdrawal(cast: Cast) -> None:
    held, lead_id = held_by_qiang(cast), cast.enters("fang")
    cast.handles("director", cast.collision_of(held, lead_id))

    cast.withdraws("fang", lead_id)

    assert kinds(cast, cast.collision_of(held, lead_id)) == ["entered", "handled"]


def test_withdrawn_entry_is_never_used_again(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    cast.withdraws("fang", lead_id)

    with nothing_written(cast.app):
        with refused("not_found"):
            cast.reports("fang", lead_id)
        with refused("not_found"):
            cast.corrects("fang", lead_id, HUANG)
        with refused("not_found"):
            cast.withdraws("fang", lead_id)
        with refused("status_forbids"):
            cast.deals("director", lead_id, date(2026, 3, 2))
        with refused("code_unknown"):
            cast.scans("feng", lead_id)


def test_rebind_makes_a_new_lead_beside_a_withdrawn_one(cast: Cast) -> None:
    held, withdrawn = held_by_qiang(cast), cast.enters("fang")
    cast.withdraws("fang", withdrawn)

    bound = cast.rebinds("director", held, "fang")

    assert bound not in (held, withdrawn)
    assert (cast.status(bound), cast.status(withdrawn)) == ("bound", "withdrawn")


def test_lead_entered_by_a_resident_is_no_target_for_the_resident_in_person(cast: Cast) -> None:
    cast.enters("wei", ("赵", "伟", "1380000"), colleague="fang")
    held = cast.enters("qiang", ("赵", "伟", "1380000"), "1350003", reports=True)
    cast.scans("feng", held)

    with nothing_written(cast.app), refused("own_person"):
        cast.rebinds("director", held, "fang")


@both_databases
def test_customer_entered_for_a_colleague_is_the_colleagues(cast: Cast) -> None:
    lead_id = cast.enters("wei", colleague="fang")

    assert cast.read(lead_id, "broker_id") == cast.ids["fang"]
    assert cast.read(lead_id, "entered_by_id") == cast.ids["wei"]
    action, actor, changes, _ = cast.history(f"lead:{lead_id}")[0]
    assert (action, actor, changes["broker"]) == ("enter_lead", cast.ids["wei"], cast.ids["fang"])
    cast.reports("fang", lead_id)
    assert cast.status(lead_id) == "reported"


def test_customer_entered_for_nobody_is_the_residents_own(cast: Cast) -> None:
    lead_id = cast.enters("wei", reports=True)

    assert {cast.read(lead_id, name) for name in ("broker_id", "entered_by_id")} == {cast.ids["wei"]}


def test_resident_does_not_report_for_a_colleague(cast: Cast) -> None:
    with nothing_written(cast.app), refused("colleague_reports", field="colleague_id"):
        cast.enters("wei", colleague="fang", reports=True)

    lead_id = cast.enters("wei", colleague="fang")
    with nothing_written(cast.app), refused("not_found"):
        cast.reports("wei", lead_id)


@pytest.mark.parametrize(
    "change",
    [
        {"archived_at": LONG_AGO},
        {"profile_completed_at": None},
        {"brokerage_id": 2},
        {"brokerage_id": None},
        {"role": "resident", "approval": "pending"},
        {"role": "resident", "approval": "rejected"},
    ],
    ids=str,
)
def test_colleague_who_cannot_be_chosen_is_refused_like_nobody(cast: Cast, change: dict[str, Any]) -> None:
    cast.change("fang", **change)
    cast.ids["nobody"] = 999_999

    with nothing_written(cast.app):
        answers = [_refusal(cast, "wei", who) for who in ("fang", "nobody")]

    assert answers[0] == answers[1] == ("colleague_not_offered", {"field": "colleague_id"})


@pytest.mark.parametrize("who", ["qiang", "wei", "xin", "director"])
def test_rival_oneself_and_staff_are_no_colleagues(cast: Cast, who: str) -> None:
    with nothing_written(cast.app):
        assert _refusal(cast, "wei", who)[0] == "colleague_not_offered"


def test_two_people_without_a_brokerage_are_no_colleagues(cast: Cast) -> None:
    cast.change("fang", brokerage_id=None)
    cast.change("wei", brokerage_id=None)

    with nothing_written(cast.app):
        assert _refusal(cast, "wei", "fang")[0] == "brokerage_not_active"


def test_broker_enters_for_nobody_else(cast: Cast) -> None:
    cast.change("qiang", brokerage_id=1)

    with nothing_written(cast.app):
        assert _refusal(cast, "fang", "qiang")[0] == "colleague_not_offered"


def _refusal(cast: Cast, who: str, colleague: str) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as raised:
        cast.enters(who, colleague=colleague)
    return raised.value.code.value, raised.value.facts


def test_colleague_who_has_the_customer_is_all_that_is_told(cast: Cast) -> None:
    cast.enters("fang")

    with nothing_written(cast.app):
        assert _refusal(cast, "wei", "fang") == ("colleague_has_customer", {})

    cast.enters("wei")


@pytest.mark.parametrize(
    "customer", [("王", "芳", "1350001"), ("赵", "伟", "1350003")], ids=["the colleague", "the resident"]
)
def test_neither_colleague_nor_resident_is_entered_in_person(
    cast: Cast, customer: tuple[str, str, str]
) -> None:
    with nothing_written(cast.app), refused("own_person"):
        cast.enters("wei", customer, colleague="fang")


def test_customer_entered_for_a_colleague_collides_with_the_holder(cast: Cast) -> None:
    held = held_by_qiang(cast)

    lead_id = cast.enters("wei", colleague="fang")

    assert kinds(cast, cast.collision_of(held, lead_id)) == ["entered"]
