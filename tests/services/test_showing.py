"""Viewings, follow-ups and fees."""

from datetime import timedelta

import pytest

from lead_system.models import Fee, FollowUp, Viewing
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def bound(cast: Cast) -> int:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id, "xin")
    return lead_id


def test_assigned_consultant_records_a_viewing(cast: Cast) -> None:
    lead_id = bound(cast)

    cast.views("xin", lead_id, "A", standing_in=False)

    assert cast.count(Viewing, lead_id=lead_id, intent="A", standing_in=False) == 1


def test_another_consultant_is_told_who_is_assigned_and_stands_in_after_a_yes(cast: Cast) -> None:
    lead_id = bound(cast)
    with nothing_written(cast.app), refused("standing_in_unconfirmed", consultant="江心怡"):
        cast.views("ming", lead_id, standing_in=False)

    cast.views("ming", lead_id, standing_in=True)

    assert cast.count(Viewing, consultant_id=cast.ids["ming"], standing_in=True) == 1


def test_assigned_consultant_never_stands_in(cast: Cast) -> None:
    cast.views("xin", bound(cast), standing_in=True)

    assert cast.count(Viewing, standing_in=False) == 1


@pytest.mark.parametrize("status", ["reported", "expired"])
def test_lead_that_is_not_bound_is_not_shown(cast: Cast, clock: StoppedClock, status: str) -> None:
    lead_id = cast.enters("fang", reports=True)
    if status == "expired":
        cast.scans("feng", lead_id)
        clock.forward(timedelta(days=30))

    with nothing_written(cast.app), refused("not_bound_yet", status=status):
        cast.views("xin", lead_id)


def test_dealt_customer_is_still_shown_round(cast: Cast) -> None:
    lead_id = bound(cast)
    cast.deals("director", lead_id, MONDAY_TEN.date())

    cast.views("xin", lead_id)

    assert cast.count(Viewing) == 1


@pytest.mark.parametrize("intent", ["", "E", "a", "AB"])
def test_intent_is_one_of_four_letters(cast: Cast, intent: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("intent_unknown"):
        cast.views("xin", lead_id, intent)


def test_consultant_follows_up_on_the_own_customer_only(cast: Cast) -> None:
    lead_id = bound(cast)

    cast.follows_up("xin", lead_id, "再约周末")

    assert cast.count(FollowUp, lead_id=lead_id, note="再约周末", author_id=cast.ids["xin"]) == 1
    with nothing_written(cast.app), refused("not_found"):
        cast.follows_up("ming", lead_id, "我也来")


@pytest.mark.parametrize(
    ("note", "code"),
    [(" ", "reason_missing"), ("打13812345678", "text_has_full_number"), ("字" * 501, "text_too_long")],
)
def test_follow_up_that_cannot_be_kept_is_refused(cast: Cast, note: str, code: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused(code):
        cast.follows_up("xin", lead_id, note)


def test_fee_goes_to_the_leads_broker(cast: Cast) -> None:
    lead_id = bound(cast)

    cast.pays("secretary", lead_id, "0.01")

    assert cast.count(Fee, lead_id=lead_id, broker_id=cast.ids["fang"]) == 1


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "1000000", "NaN"])
def test_fee_outside_its_range_is_refused(cast: Cast, amount: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("fee_amount_wrong"):
        cast.pays("secretary", lead_id, amount)


def test_customer_whom_the_gate_never_scanned_earns_no_fee(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app), refused("never_scanned"):
        cast.pays("secretary", lead_id, "100.00")


@pytest.mark.parametrize("who", ["director", "admin", "fang", "feng", "xin"])
def test_only_the_secretary_pays(cast: Cast, who: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("forbidden"):
        cast.pays(who, lead_id, "100.00")
