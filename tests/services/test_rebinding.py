"""R8: a director moves a running binding to another broker."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lead_system.extensions import db
from lead_system.models import Binding, Collision, GateScan, Hold, Lead, LeadKey, Rebind, Report
from lead_system.services import bindings, gate
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def bound(cast: Cast, second_phone: str = "", **wishes: Any) -> int:
    """Let Fang's customer be bound."""
    lead_id = cast.enters("fang", OUYANG, second_phone, reports=True, **wishes)
    cast.scans("feng", lead_id)
    return lead_id


@pytest.mark.parametrize(("keep_end", "days_left"), [(False, 30), (True, 20)])
def test_rebind_restarts_the_clock_or_keeps_the_old_end(
    cast: Cast, clock: StoppedClock, days_left: int, *, keep_end: bool
) -> None:
    held = bound(cast)
    today = clock.forward(timedelta(days=10))

    target = cast.rebinds("director", held, "qiang", keep_end=keep_end)

    end = today + timedelta(days=days_left)
    assert (cast.status(held), cast.status(target)) == ("expired", "bound")
    assert cast.read(target, "protect_until") == end
    assert cast.count(Hold, lead_id=target, ends_at=end) == 1
    assert cast.count(Hold, lead_id=held) == 0
    assert (
        cast.count(Rebind, from_lead_id=held, to_lead_id=target, old_end=MONDAY_TEN + timedelta(days=30)) == 1
    )
    assert cast.count(Binding, lead_id=held, ended_at=today) == 1
    assert cast.count(Binding, lead_id=target, scan_id=None, ends_at=end, ended_at=None) == 1


def test_missing_lead_is_made_with_a_number_and_a_code_of_its_own(cast: Cast) -> None:
    held = bound(cast, "1394321", needs="一楼", customer_type_id=cast.types["住宅"])

    target = cast.rebinds("director", held, "qiang")

    assert target != held
    assert cast.read(target, "broker_id") == cast.ids["qiang"]
    assert cast.code_of(target) != cast.code_of(held)
    assert (cast.read(target, "needs"), cast.read(target, "consultant_id")) == ("一楼", cast.ids["xin"])
    assert cast.read(target, "customer_type_id") == cast.types["住宅"]
    assert cast.count(Hold, lead_id=target) == 2


@pytest.mark.parametrize("status", ["entered", "reported", "expired"])
def test_brokers_own_lead_is_used_whatever_its_status(cast: Cast, clock: StoppedClock, status: str) -> None:
    own = cast.enters("qiang", reports=status != "entered")
    if status == "expired":
        cast.scans("feng", own)
        clock.forward(timedelta(days=30))
    held = bound(cast)
    assert cast.status(own) == status

    target = cast.rebinds("director", held, "qiang")

    assert target == own
    assert cast.status(own) == "bound"
    on_behalf = 0 if status == "reported" else 1
    assert cast.count(Report, lead_id=own, on_behalf=True) == on_behalf


def test_report_on_the_brokers_behalf_makes_no_collision_and_does_not_count(cast: Cast) -> None:
    own, held = cast.enters("qiang"), bound(cast)

    cast.rebinds("director", held, "qiang")

    for _ in range(10):
        cast.reports("qiang", own)
    with refused("reported_enough_today"):
        cast.reports("qiang", own)
    assert cast.count(Collision) == 0


def test_target_takes_over_the_held_phones(cast: Cast) -> None:
    own = cast.enters("qiang", OUYANG, "1592233")
    held = bound(cast, "1394321")

    cast.rebinds("director", held, "qiang")

    assert (cast.read(own, "phone1"), cast.read(own, "phone2")) == ("1385678", "1394321")
    assert cast.count(LeadKey, lead_id=own, phone="1592233") == 0


def test_of_two_matching_leads_the_one_with_phone_one_is_bound_and_the_other_merged(cast: Cast) -> None:
    second = cast.enters("qiang", ("欧阳", "锋", "1394321"), reports=True)
    first = cast.enters("qiang", OUYANG)
    held = bound(cast, "1394321")
    cast.reports("qiang", second)
    collision = cast.collision_of(held, second)

    target = cast.rebinds("director", held, "qiang")

    assert target == first
    assert cast.read(second, "merged_into_id") == first
    assert cast.count(LeadKey, lead_id=second) == 0
    assert cast.count(Collision, id=collision, state="handled", outcome="rebound") == 1
    with refused("code_merged", lead_id=first), cast.app.app_context():
        gate.confirm_scan(
            cast.as_("feng"),
            code=cast.code_of(second),
            consultant_id=cast.ids["xin"],
            another_visit=False,
            now=MONDAY_TEN,
        )


def test_collisions_between_the_two_close_and_others_gain_an_event(cast: Cast) -> None:
    held = bound(cast)
    winner, third = cast.enters("qiang"), cast.enters("wei")
    between, other = cast.collision_of(held, winner), cast.collision_of(held, third)

    cast.rebinds("director", held, "qiang")

    assert cast.count(Collision, id=between, state="handled", outcome="rebound", handled_by_id=None) == 1
    assert cast.count(Collision, id=other, state="open") == 1
    assert "hold_taken_by_rebind" in events_of(cast, other)
    assert "hold_taken_by_rebind" not in events_of(cast, between)


def events_of(cast: Cast, collision_id: int) -> list[str]:
    with cast.app.app_context():
        row = db.session.get_one(Collision, collision_id)
        return [event.kind.value for event in row.events]


def test_scans_and_fees_stay_with_the_lead_that_earned_them(cast: Cast) -> None:
    held = bound(cast)
    cast.pays("secretary", held, "200.00")

    target = cast.rebinds("director", held, "qiang")

    with cast.app.app_context():
        from_lead = db.session.get_one(Lead, held)
        assert [scan.lead_id for scan in db.session.query(GateScan)] == [held]
        assert from_lead.rebound_at is not None
    with refused("never_scanned"):
        cast.pays("secretary", target, "200.00")


def rebind(cast: Cast, lead_id: int, to: str, reason: str = "协商", version: int | None = None) -> None:
    known = cast.read(lead_id, "version") if version is None else version
    with cast.app.app_context():
        bindings.rebind_lead(
            cast.as_("director"),
            lead_id=lead_id,
            version=known,
            to_broker_id=cast.ids[to],
            reason=reason,
            keep_end=False,
            now=MONDAY_TEN,
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"archived_at": LONG_AGO}, "broker_not_active"),
        ({"profile_completed_at": None}, "broker_not_active"),
        ({"role": "resident", "approval": "pending"}, "broker_not_approved"),
        ({"role": "resident", "approval": "rejected"}, "broker_not_approved"),
        ({"brokerage_id": None}, "brokerage_not_active"),
        ({"name": "欧阳锋", "phone": "13800005678"}, "own_person"),
    ],
)
def test_broker_who_may_not_win_a_binding_gets_none(cast: Cast, change: dict[str, object], code: str) -> None:
    held = bound(cast)
    cast.change("qiang", **change)

    with nothing_written(cast.app), refused(code):
        rebind(cast, held, "qiang")


@pytest.mark.parametrize(
    ("to", "reason", "version", "code"),
    [
        ("fang", "协商", None, "rebind_same_broker"),
        ("xin", "协商", None, "broker_not_active"),
        ("qiang", "", None, "reason_missing"),
        ("qiang", "电话13812345678", None, "text_has_full_number"),
        ("qiang", "协商", 1, "stale"),
    ],
)
def test_wrong_rebind_is_refused(cast: Cast, to: str, reason: str, version: int | None, code: str) -> None:
    held = bound(cast)

    with nothing_written(cast.app), refused(code):
        rebind(cast, held, to, reason, version)


def test_brokerage_that_was_archived_wins_no_binding(cast: Cast) -> None:
    held = bound(cast)
    cast.change_brokerage_of("qiang", archived_at=LONG_AGO)

    with nothing_written(cast.app), refused("brokerage_not_active"):
        rebind(cast, held, "qiang")


def test_dealt_lead_is_not_rebound(cast: Cast) -> None:
    held = bound(cast)
    cast.deals("director", held, MONDAY_TEN.date())

    with nothing_written(cast.app), refused("deal_stands"):
        rebind(cast, held, "qiang")


@pytest.mark.parametrize("status", ["entered", "reported"])
def test_lead_that_holds_nothing_is_not_rebound(cast: Cast, status: str) -> None:
    lead_id = cast.enters("fang", reports=status == "reported")

    with nothing_written(cast.app), refused("status_forbids", status=status):
        rebind(cast, lead_id, "qiang")


def test_binding_that_has_run_out_is_not_rebound(cast: Cast, clock: StoppedClock) -> None:
    held = bound(cast)
    clock.forward(timedelta(days=30))

    with nothing_written(cast.app), refused("status_forbids", status="expired"):
        cast.rebinds("director", held, "qiang")


@pytest.mark.parametrize("who", ["secretary", "fang", "feng", "xin"])
def test_only_director_and_admin_rebind(cast: Cast, who: str) -> None:
    held = bound(cast)

    with nothing_written(cast.app), refused("forbidden"):
        cast.rebinds(who, held, "qiang")
