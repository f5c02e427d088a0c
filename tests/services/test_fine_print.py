"""The small print of R4, R7, R8 and R9: what else must change, and what must not."""

from datetime import timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import Binding, Collision, CollisionEvent, Deal, HistoryRecord, Hold, Rebind
from lead_system.services import brokers, deals, gate
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
OTHER = ("欧阳", "克", "1385678")


def bound(cast: Cast, who: str = "fang", customer: tuple[str, str, str] = OUYANG, second: str = "") -> int:
    lead_id = cast.enters(who, customer, second, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def history(cast: Cast, chain: str, action: str) -> list[HistoryRecord]:
    with cast.app.app_context():
        rows = db.session.query(HistoryRecord).filter_by(chain=chain, action=action).all()
        for row in rows:
            _ = row.payload
        db.session.expunge_all()
        return rows


def kinds(cast: Cast, collision_id: int) -> list[str]:
    with cast.app.app_context():
        events = db.session.query(CollisionEvent).filter_by(collision_id=collision_id)
        return [event.kind.value for event in events.order_by(CollisionEvent.id)]


def test_same_number_under_another_name_is_held_beside(cast: Cast) -> None:
    bound(cast)

    other = cast.enters("qiang", OTHER, reports=True)

    assert cast.scans("feng", other).outcome == "bound"
    assert cast.count(Hold) == 2


def test_another_person_of_that_name_is_held_beside(cast: Cast) -> None:
    bound(cast)
    other = cast.enters("wei", ("欧阳", "锋", "1394321"), "1385678", reports=True)
    cast.tells_apart("director", other)

    assert cast.scans("feng", other).outcome == "bound"


def test_ended_hold_goes_whole_and_a_running_one_of_another_stays(cast: Cast, clock: StoppedClock) -> None:
    old = bound(cast, "qiang", OUYANG, "1394321")
    clock.forward(timedelta(days=20))
    running = bound(cast, "wei", OTHER)
    clock.forward(timedelta(days=10))

    new = bound(cast, "fang")

    assert [cast.count(Hold, lead_id=number) for number in (old, running, new)] == [0, 1, 1]


def test_another_visit_is_recorded_with_the_consultant_it_changed(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=1))

    scan = cast.scans("feng", lead_id, "ming")

    [record] = history(cast, f"lead:{lead_id}", "visit_again")
    consultants = [cast.ids["xin"], cast.ids["ming"]]
    brokerage = cast.account("fang", "brokerage_id")
    assert record.changes == {"scan": scan.scan_id, "consultant": consultants, "brokerage": brokerage}


def test_turned_away_scan_is_recorded_with_who_held(cast: Cast) -> None:
    held, wanted = bound(cast, "qiang"), cast.enters("fang", reports=True)

    cast.scans("feng", wanted)

    [record] = history(cast, f"lead:{wanted}", "scan_turned_away")
    brokerage = cast.account("fang", "brokerage_id")
    told = {"held_by": [held], "outcome": "held_by_another", "brokerage": brokerage}
    assert (record.changes, record.actor_id) == (told, cast.ids["feng"])


def test_minute_is_counted_from_the_last_visit(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(minutes=5))
    cast.scans("feng", lead_id)
    clock.forward(timedelta(seconds=30))

    with refused("another_visit_unconfirmed"), cast.app.app_context():
        gate.confirm_scan(
            cast.as_("lu"),
            code=cast.code_of(lead_id),
            consultant_id=cast.ids["xin"],
            another_visit=False,
            now=MONDAY_TEN + timedelta(minutes=5, seconds=30),
        )


def test_new_hold_is_told_to_this_customers_collisions_only(cast: Cast, clock: StoppedClock) -> None:
    held, rival = bound(cast, "qiang"), cast.enters("fang", reports=True)
    other_held = bound(cast, "qiang", OTHER)
    namesake = bound(cast, "qiang", ("欧阳", "锋", "1869900"))
    mine = cast.collision_of(held, rival)
    others = [
        cast.collision_of(other_held, cast.enters("wei", OTHER)),
        cast.collision_of(namesake, cast.enters("wei", ("欧阳", "锋", "1869900"))),
    ]
    clock.forward(timedelta(days=30))

    cast.scans("feng", rival)

    assert kinds(cast, mine)[-1] == "hold_taken_by_scan"
    assert [kinds(cast, row)[-1] for row in others] == ["entered", "entered"]


def test_new_hold_of_a_third_is_told_to_both_sides(cast: Cast, clock: StoppedClock) -> None:
    old, wanted = bound(cast, "qiang"), cast.enters("fang")
    row = cast.collision_of(old, wanted)
    clock.forward(timedelta(days=30))

    bound(cast, "wei")

    assert kinds(cast, row)[-1] == "hold_taken_by_scan"
    assert cast.count(Collision, last_event_at=MONDAY_TEN + timedelta(days=30)) == 1


def test_collision_the_other_way_round_closes_with_a_rebind_too(cast: Cast, clock: StoppedClock) -> None:
    target, lead_id = bound(cast, "qiang"), cast.enters("fang", reports=True)
    row = cast.collision_of(target, lead_id)
    clock.forward(timedelta(days=30))
    cast.scans("feng", lead_id)

    cast.rebinds("director", lead_id, "qiang")

    assert cast.count(Collision, id=row, state="handled", outcome="rebound") == 1


def test_rebind_is_recorded_on_both_leads_with_all_that_was_taken_over(cast: Cast) -> None:
    own = cast.enters("qiang", OUYANG, "1592233", needs="二楼", customer_type_id=cast.types["住宅"])
    held = cast.enters("fang", OUYANG, "1394321", reports=True, needs="一楼", expected_visit_at=MONDAY_TEN)
    cast.scans("feng", held)

    cast.rebinds("director", held, "qiang", keep_end=True)

    [here], [away] = history(cast, f"lead:{own}", "rebind_here"), history(cast, f"lead:{held}", "rebind_away")
    assert here.changes["consultant_id"] == [None, cast.ids["xin"]]
    assert here.changes["customer_type_id"] == [cast.types["住宅"], None]
    assert here.changes["expected_visit_at"] == [None, MONDAY_TEN.isoformat()]
    assert here.payload is not None
    assert here.payload.values == {
        "reason": "协商一致",
        "phone2": ["1592233", "1394321"],
        "needs": ["二楼", "一楼"],
    }
    assert away.payload is not None
    assert away.payload.values == {"reason": "协商一致"}
    assert cast.read(own, "expected_visit_at") == MONDAY_TEN
    assert cast.count(Rebind, kept_end=True) == cast.count(Binding, kept_end=True) == 1


def test_rebound_mark_goes_with_the_next_report_and_the_next_binding(cast: Cast) -> None:
    held = bound(cast)
    cast.rebinds("director", held, "qiang")
    assert cast.read(held, "rebound_at") == MONDAY_TEN
    cast.reports("fang", held)
    assert cast.read(held, "rebound_at") is None


def test_rebind_back_clears_the_mark(cast: Cast) -> None:
    held = bound(cast)
    target = cast.rebinds("director", held, "qiang")

    assert cast.rebinds("director", target, "fang") == held
    assert (cast.status(held), cast.read(held, "rebound_at")) == ("bound", None)
    assert cast.count(Hold, lead_id=held) == 1


def test_ended_rows_of_the_target_go_before_its_phones_change(cast: Cast, clock: StoppedClock) -> None:
    own = bound(cast, "qiang", OUYANG, "1592233")
    clock.forward(timedelta(days=30))
    held = cast.enters("fang", ("欧阳", "锋", "1385678"), "1394321", reports=True)
    cast.scans("feng", held)

    cast.rebinds("director", held, "qiang")

    assert cast.count(Hold, phone="1592233") == 0
    assert cast.count(Hold, lead_id=own) == 2
    assert cast.count(Binding, lead_id=own, ended_at=MONDAY_TEN + timedelta(days=30)) == 1


def test_target_is_found_by_its_second_phone(cast: Cast) -> None:
    second = cast.enters("qiang", ("欧阳", "锋", "1592233"), "1385678")
    first = cast.enters("qiang", ("欧阳", "锋", "1394321"))
    held = bound(cast, "fang", OUYANG, "1394321")

    assert cast.rebinds("director", held, "qiang") == second
    assert cast.read(first, "merged_into_id") == second


def test_lead_of_another_person_is_not_the_target(cast: Cast) -> None:
    other_person, held = cast.enters("qiang"), bound(cast)
    cast.tells_apart("director", other_person)

    assert cast.rebinds("director", held, "qiang") != other_person


def test_merged_lead_is_neither_reported_nor_dealt(cast: Cast, clock: StoppedClock) -> None:
    merged = bound(cast, "qiang", ("欧阳", "锋", "1394321"))
    clock.forward(timedelta(days=30))
    cast.enters("qiang")
    held = bound(cast, "fang", OUYANG, "1394321")
    cast.rebinds("director", held, "qiang")

    assert cast.read(merged, "merged_into_id") is not None
    assert cast.count(Binding, lead_id=merged, ended_at=None) == 0
    with nothing_written(cast.app), refused("not_found"):
        cast.reports("qiang", merged)
    with nothing_written(cast.app), refused("status_forbids"):
        cast.deals("director", merged, MONDAY_TEN.date())


def test_undone_deal_can_be_marked_again(cast: Cast) -> None:
    lead_id = bound(cast)
    for _ in range(2):
        cast.deals("director", lead_id, MONDAY_TEN.date())
        cast.undoes_deal("director", lead_id)

    assert cast.count(Deal, lead_id=lead_id, undone_at=MONDAY_TEN, undo_reason="录错") == 2
    assert cast.status(lead_id) == "bound"


def test_undo_after_the_end_is_recorded_as_what_it_is(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    cast.deals("director", lead_id, MONDAY_TEN.date(), unit="3-101 欧阳锋")
    clock.forward(timedelta(days=31))

    cast.undoes_deal("director", lead_id)

    [undo], [deal] = (history(cast, f"lead:{lead_id}", verb) for verb in ("undo_deal", "mark_dealt"))
    assert undo.changes["status"] == ["dealt", "expired"]
    assert deal.payload is not None
    assert deal.payload.values == {"unit": "3-101 欧阳锋", "reason": "补记"}
    assert "3-101" not in str(deal.changes)


def test_undo_needs_a_reason_and_a_fresh_form(cast: Cast) -> None:
    lead_id = bound(cast)
    cast.deals("director", lead_id, MONDAY_TEN.date())
    version = cast.read(lead_id, "version")

    for reason, known, code in (("", version, "reason_missing"), ("录错", version - 1, "stale")):
        with nothing_written(cast.app), refused(code), cast.app.app_context():
            deals.undo_deal(
                cast.as_("director"), lead_id=lead_id, version=known, reason=reason, now=MONDAY_TEN
            )


def test_late_deal_that_is_undone_does_not_bind_again(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    with cast.app.app_context():
        db.session.execute(db.text("UPDATE settings SET protection_days = 2"))
        db.session.commit()
    clock.forward(timedelta(days=1))
    target = cast.rebinds("director", lead_id, "qiang")
    clock.forward(timedelta(days=3))
    assert cast.status(target) == "expired"
    cast.deals("director", lead_id, MONDAY_TEN.date())

    cast.undoes_deal("director", lead_id)

    assert cast.status(lead_id) == "expired"
    assert cast.count(Hold, lead_id=lead_id) == 0


def test_new_binding_lasts_as_long_as_the_setting_says(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.execute(db.text("UPDATE settings SET protection_days = 7"))
        db.session.commit()

    held = bound(cast)
    target = cast.rebinds("director", held, "qiang")

    week = MONDAY_TEN + timedelta(days=7)
    assert (cast.read(held, "protect_until"), cast.read(target, "protect_until")) == (week, week)
    assert cast.count(Binding, days=7) == 2


def test_resident_is_approved_once_and_not_after_archiving(cast: Cast) -> None:
    cast.change("wei", approval="pending")
    cast.archives("wei")

    with cast.app.app_context(), refused("not_found"):
        brokers.approve_resident(cast.as_("director"), account_id=cast.ids["wei"], version=1, now=MONDAY_TEN)
