"""R1 and R2: entering a customer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lead_system.extensions import db
from lead_system.models import Collision, CustomerType, Lead
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def test_entered_customer_belongs_to_the_broker_and_has_no_code(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    assert cast.status(lead_id) == "entered"
    assert cast.read(lead_id, "broker_id") == cast.ids["fang"]
    assert cast.read(lead_id, "code_token") is None


def test_entering_and_reporting_in_one_makes_the_code(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)

    assert cast.status(lead_id) == "reported"
    assert len(cast.code_of(lead_id)) == 24


@pytest.mark.parametrize(
    ("again", "second_phone"),
    [
        (("欧阳", "锋", "1385678"), ""),
        (("欧", "阳锋", "1385678"), ""),
        (("欧阳", " 锋\u200b", "1385678"), "1869900"),
        (("欧阳", "锋", "1869900"), "1385678"),
        (("欧阳", "锋", "1394321"), ""),
        (("欧阳", "锋", "1869900"), "1394321"),
    ],
)
def test_broker_enters_the_same_customer_once(
    cast: Cast, again: tuple[str, str, str], second_phone: str
) -> None:
    first = cast.enters("fang", OUYANG, "1394321")

    with nothing_written(cast.app), refused("already_entered", lead_id=first):
        cast.enters("fang", again, second_phone)


@pytest.mark.parametrize(
    "other", [("欧阳", "克", "1385678"), ("欧阳", "锋", "1869900"), ("欧", "锋", "1385678")]
)
def test_broker_enters_another_name_or_another_phone(cast: Cast, other: tuple[str, str, str]) -> None:
    first = cast.enters("fang")

    second = cast.enters("fang", other)

    assert second != first
    assert cast.count(Lead, broker_id=cast.ids["fang"]) == 2


def test_own_lead_of_another_person_with_that_name_still_counts_as_entered(cast: Cast) -> None:
    first = cast.enters("fang")
    cast.tells_apart("director", first)

    with refused("already_entered", lead_id=first):
        cast.enters("fang")


def test_another_broker_enters_the_same_customer_without_a_collision_while_nobody_holds(cast: Cast) -> None:
    cast.enters("fang", reports=True)

    cast.enters("qiang", reports=True)

    assert cast.count(Lead) == 2
    assert cast.count(Collision) == 0


@pytest.mark.parametrize("second_phone", ["", "1394321"])
def test_broker_cannot_be_the_own_customer(cast: Cast, second_phone: str) -> None:
    with nothing_written(cast.app), refused("own_person"):
        cast.enters("fang", ("王", "芳", "1350001"), second_phone)


def test_broker_cannot_hide_behind_the_second_phone(cast: Cast) -> None:
    with nothing_written(cast.app), refused("own_person"):
        cast.enters("fang", ("王", "芳", "1394321"), "1350001")


def test_namesake_with_another_number_is_not_the_broker(cast: Cast) -> None:
    assert cast.status(cast.enters("fang", ("王", "芳", "1394321"))) == "entered"


@pytest.mark.parametrize(
    ("customer", "second_phone", "wishes", "code"),
    [
        (("", "锋", "1385678"), "", {}, "name_missing"),
        (("欧阳", "锋" * 60, "1385678"), "", {}, "name_too_long"),
        (("<script>", "锋", "1385678"), "", {}, "name_not_letters"),
        (("欧阳", "锋", "138567"), "", {}, "phone_incomplete"),
        (("欧阳", "锋", "13812345678"), "", {}, "phone_incomplete"),
        (("欧阳", "锋", "1385678"), "139", {}, "phone_incomplete"),
        (("欧阳", "锋", "1385678"), "1385678", {}, "phones_equal"),
        (("欧阳", "锋", "1385678"), "", {"needs": "请打138 1234 5678"}, "text_has_full_number"),
        (("欧阳", "锋", "1385678"), "", {"needs": "字" * 501}, "text_too_long"),
        (("欧阳", "锋", "1385678"), "", {"customer_type_id": 999}, "type_not_offered"),
        (("欧阳", "锋", "1385678"), "", {"wished_consultant_id": 999}, "consultant_not_offered"),
        (
            ("欧阳", "锋", "1385678"),
            "",
            {"expected_visit_at": datetime(1999, 1, 1, tzinfo=UTC)},
            "moment_wrong",
        ),
    ],
)
def test_wrong_entry_is_refused_and_leaves_nothing(
    cast: Cast, customer: tuple[str, str, str], second_phone: str, wishes: dict[str, Any], code: str
) -> None:
    with nothing_written(cast.app), refused(code):
        cast.enters("fang", customer, second_phone, **wishes)


@pytest.mark.parametrize("who", ["feng", "director", "qiang"])
def test_only_a_consultant_can_be_wished_for(cast: Cast, who: str) -> None:
    with nothing_written(cast.app), refused("consultant_not_offered"):
        cast.enters("fang", wished_consultant_id=cast.ids[who])


def test_archived_consultant_cannot_be_wished_for(cast: Cast) -> None:
    cast.archives("xin")

    with nothing_written(cast.app), refused("consultant_not_offered"):
        cast.enters("fang", wished_consultant_id=cast.ids["xin"])


def test_retired_customer_type_cannot_be_chosen(cast: Cast, clock: StoppedClock) -> None:
    with cast.app.app_context():
        db.session.get_one(CustomerType, cast.types["住宅"]).retired_at = datetime(2026, 1, 1, tzinfo=UTC)
        db.session.commit()

    with nothing_written(cast.app), refused("type_not_offered"):
        cast.enters("fang", customer_type_id=cast.types["住宅"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"profile_completed_at": None}, "broker_not_active"),
        ({"archived_at": datetime(2026, 1, 1, tzinfo=UTC)}, "account_closed"),
        ({"brokerage_id": None}, "brokerage_not_active"),
    ],
)
def test_broker_without_standing_enters_nobody(cast: Cast, change: dict[str, object], code: str) -> None:
    cast.change("fang", **change)

    with nothing_written(cast.app), refused(code):
        cast.enters("fang")


def test_broker_of_an_archived_brokerage_enters_nobody(cast: Cast) -> None:
    cast.change_brokerage_of("fang", archived_at=datetime(2026, 1, 1, tzinfo=UTC))

    with nothing_written(cast.app), refused("brokerage_not_active"):
        cast.enters("fang")


@pytest.mark.manual("5.1-4")
@pytest.mark.parametrize("approval", ["pending", "rejected"])
def test_resident_enters_nobody_before_approval(cast: Cast, approval: str) -> None:
    cast.change("wei", approval=approval)

    with nothing_written(cast.app), refused("broker_not_approved"):
        cast.enters("wei")


@pytest.mark.parametrize("who", ["feng", "xin", "secretary", "director", "admin"])
def test_nobody_but_agents_enters_customers(cast: Cast, who: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        cast.enters(who)
