"""R9: marking deals and undoing them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from lead_system.models import CollisionEvent, Deal, Hold
from lead_system.services import deals
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
MONDAY = date(2026, 3, 2)


def bound(cast: Cast, who: str = "fang") -> int:
    lead_id = cast.enters(who, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def test_deal_of_a_bound_lead_holds_the_customer_for_good(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=5))

    cast.deals("director", lead_id, MONDAY + timedelta(days=5), unit="3-101", amount="1200000.50")

    clock.forward(timedelta(days=400))
    assert cast.status(lead_id) == "dealt"
    assert cast.count(Hold, lead_id=lead_id, ends_at=None) == 1
    assert cast.count(Deal, lead_id=lead_id, unit="3-101", late=False, undone_at=None) == 1


@pytest.mark.parametrize(("days", "allowed"), [(-1, False), (0, True), (5, True), (6, False)])
def test_deal_date_lies_between_binding_and_today(
    cast: Cast, clock: StoppedClock, days: int, *, allowed: bool
) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=5))
    day = MONDAY + timedelta(days=days)

    if allowed:
        cast.deals("director", lead_id, day)
        assert cast.count(Deal, dealt_on=day) == 1
    else:
        with nothing_written(cast.app), refused("deal_date_outside"):
            cast.deals("director", lead_id, day)


@pytest.mark.parametrize(
    ("days", "allowed"), [(-1, False), (0, True), (30, True), (31, False), (35, False), (36, False)]
)
@pytest.mark.parametrize("reported_again", [False, True])
def test_late_deal_needs_a_day_on_which_the_binding_held(
    cast: Cast, clock: StoppedClock, days: int, *, allowed: bool, reported_again: bool
) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=35))
    if reported_again:
        cast.reports("fang", lead_id)
    day = MONDAY + timedelta(days=days)

    if allowed:
        cast.deals("director", lead_id, day)
        assert cast.status(lead_id) == "dealt"
        assert cast.count(Hold, lead_id=lead_id, ends_at=None) == 1
    else:
        with nothing_written(cast.app), refused("deal_date_outside"):
            cast.deals("director", lead_id, day)


def test_late_deal_after_a_rebind_covers_the_days_before_it_only(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=3))
    target = cast.rebinds("director", lead_id, "qiang")

    with nothing_written(cast.app), refused("held_by_another", holders=str(target)):
        cast.deals("director", lead_id, MONDAY + timedelta(days=3))
    clock.forward(timedelta(days=40))
    with refused("deal_date_outside"):
        cast.deals("director", lead_id, MONDAY + timedelta(days=4))
    cast.deals("director", lead_id, MONDAY + timedelta(days=3))

    assert cast.status(lead_id) == "dealt"


def test_late_deal_by_an_earlier_clock_than_the_report_at_the_end_takes_the_customer(
    cast: Cast, clock: StoppedClock
) -> None:
    lead_id = bound(cast)
    end = clock.forward(timedelta(days=30))
    cast.reports("fang", lead_id)
    clock.at(end - timedelta(milliseconds=20))

    cast.deals("director", lead_id, MONDAY_TEN.date())

    assert cast.status(lead_id) == "dealt"
    assert cast.count(Hold, lead_id=lead_id, ends_at=None) == cast.count(Hold) == 1


def mark(
    cast: Cast, lead_id: int, terms: deals.DealTerms, version: int | None = None, who: str = "director"
) -> None:
    known = cast.read(lead_id, "version") if version is None else version
    with cast.app.app_context():
        deals.mark_dealt(cast.as_(who), lead_id=lead_id, version=known, terms=terms, now=MONDAY_TEN)


def test_late_deal_needs_a_reason(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=35))
    version = cast.read(lead_id, "version")

    with nothing_written(cast.app), refused("reason_missing"), cast.app.app_context():
        terms = deals.DealTerms(MONDAY)
        now = MONDAY_TEN + timedelta(days=35)
        deals.mark_dealt(cast.as_("director"), lead_id=lead_id, version=version, terms=terms, now=now)


def test_lead_that_was_never_bound_is_not_dealt(cast: Cast) -> None:
    reported = cast.enters("fang", reports=True)
    entered = cast.enters("fang", ("欧阳", "克", "1394321"))

    with nothing_written(cast.app), refused("never_held"):
        cast.deals("director", reported, MONDAY)
    with nothing_written(cast.app), refused("status_forbids", status="entered"):
        cast.deals("director", entered, MONDAY)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "100000000000", "NaN", "Infinity"])
def test_amount_is_positive_with_two_decimals(cast: Cast, amount: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("deal_amount_wrong"):
        mark(cast, lead_id, deals.DealTerms(MONDAY, amount=Decimal(amount)))


def test_stale_form_is_told_so(cast: Cast) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("stale"):
        mark(cast, lead_id, deals.DealTerms(MONDAY), version=1)


@pytest.mark.parametrize("who", ["secretary", "fang", "feng", "xin"])
def test_only_director_and_admin_mark_deals(cast: Cast, who: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("forbidden"):
        mark(cast, lead_id, deals.DealTerms(MONDAY), who=who)


@pytest.mark.parametrize(("days_later", "status"), [(0, "bound"), (29, "bound"), (30, "expired")])
def test_undone_deal_gives_the_hold_its_old_end_back(
    cast: Cast, clock: StoppedClock, days_later: int, status: str
) -> None:
    lead_id = bound(cast)
    cast.deals("director", lead_id, MONDAY)
    clock.forward(timedelta(days=days_later))

    cast.undoes_deal("director", lead_id)

    assert cast.status(lead_id) == status
    assert cast.read(lead_id, "protect_until") == MONDAY_TEN + timedelta(days=30)
    assert cast.count(Hold, lead_id=lead_id, ends_at=MONDAY_TEN + timedelta(days=30)) == 1


def test_undone_late_deal_leaves_the_lead_expired_and_the_customer_free(
    cast: Cast, clock: StoppedClock
) -> None:
    lead_id, rival = bound(cast), cast.enters("qiang", reports=True)
    clock.forward(timedelta(days=35))
    cast.reports("fang", lead_id)
    cast.deals("director", lead_id, MONDAY)

    cast.undoes_deal("director", lead_id)

    assert cast.status(lead_id) == "expired"
    assert cast.scans("feng", rival).outcome == "bound"


def test_deal_that_does_not_stand_cannot_be_undone(cast: Cast) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("status_forbids", status="bound"):
        cast.undoes_deal("director", lead_id)


def test_deal_tells_the_open_collisions(cast: Cast) -> None:
    lead_id = bound(cast)
    cast.enters("qiang")

    cast.deals("director", lead_id, MONDAY)

    assert cast.count(CollisionEvent, kind="hold_taken_by_deal") == 1


def test_several_bound_leads_are_dealt_together(cast: Cast) -> None:
    one = bound(cast)
    other = cast.enters("qiang", ("欧阳", "克", "1394321"), reports=True)
    cast.scans("feng", other)

    with cast.app.app_context():
        answer = deals.mark_dealt_in_bulk(
            cast.as_("director"), lead_ids=(other, one, one), dealt_on=MONDAY, now=MONDAY_TEN
        )

    assert answer.lead_ids == (one, other)
    assert cast.status(one) == cast.status(other) == "dealt"


def test_one_unfit_lead_stops_the_whole_selection(cast: Cast) -> None:
    one, unfit = bound(cast), cast.enters("qiang", ("欧阳", "克", "1394321"), reports=True)

    with nothing_written(cast.app), refused("status_forbids", lead_id=unfit), cast.app.app_context():
        deals.mark_dealt_in_bulk(cast.as_("director"), lead_ids=(one, unfit), dealt_on=MONDAY, now=MONDAY_TEN)


def test_empty_selection_is_refused(cast: Cast) -> None:
    with refused("nothing_chosen"), cast.app.app_context():
        deals.mark_dealt_in_bulk(cast.as_("director"), lead_ids=(), dealt_on=MONDAY, now=MONDAY_TEN)
