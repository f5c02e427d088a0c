"""Races at the second in which a protection ends: each request came wholly before it, or wholly after (R6).

The binding is made with a moment of some days ago, so that the real clock passes its end while the requests
are in flight.
"""

from datetime import UTC, datetime, timedelta

from lead_system.extensions import db
from lead_system.models import Binding, GateScan, Hold, Report
from lead_system.services import gate
from tests.trials.races.shots import confirm, deal, extend, rebind, report, settings
from tests.trials.races.stage import Stage, lately

SOONEST, LATEST = 0.0, 1.0
"""When the end comes after the start, as a part of the time for which a form has been in flight lately."""


def _ends_soon(stage: Stage, lead_id: int) -> datetime:
    """Bind a reported lead so long ago that its protection ends while the round runs; returns the end."""
    days = timedelta(days=settings(stage).protection_days)
    code, caller = stage.cast.code_of(lead_id), stage.cast.as_("feng")
    consultant_id = stage.cast.ids["xin"]
    crowd = stage.crowd
    with stage.centre.app.app_context():
        began = datetime.now(UTC)
        soon = crowd.binding_seconds + crowd.flight_seconds * stage.chance.uniform(SOONEST, LATEST)
        end = began + timedelta(seconds=soon)
        gate.confirm_scan(
            caller, code=code, consultant_id=consultant_id, another_visit=True, now=end - days
        )  # fmt: skip
    crowd.binding_seconds = lately(crowd.binding_seconds, (datetime.now(UTC) - began).total_seconds())
    return end


def _two(stage: Stage) -> tuple[int, int]:
    """Let one broker hold a customer whom another has reported too; returns both leads."""
    mine = stage.cast.enters("fang", stage.customer(), reports=True)
    theirs = stage.cast.enters("qiang", stage.customer(), reports=True)
    return mine, theirs


def _rival_judged(stage: Stage, rival: int, end: datetime) -> bool:
    """Expect that the rival's scan bound at or after the end alone; returns whether it bound."""
    with stage.centre.app.app_context():
        bound = db.session.query(Binding).filter_by(lead_id=rival).one_or_none()
        stage.never("the rival was bound before the end", is_so=bound is not None and bound.bound_at < end)
        return bound is not None


def scan_of_both_at_the_end(stage: Stage) -> None:
    """The holder's code and the rival's are scanned as the protection ends."""
    mine, theirs = _two(stage)
    confirms = confirm(stage, "lu", mine), confirm(stage, "feng", theirs)
    end = _ends_soon(stage, mine)
    stage.fire(*confirms)
    stage.explained(
        ("visit", "held_by_another"), ("visit", "bound"), ("held_by_another", "bound"),
        ("must_report_again", "bound"), ("must_report_again", "held_by_another"),
    )  # fmt: skip
    is_bound = _rival_judged(stage, theirs, end)
    stage.stands("who holds", {theirs} if is_bound else {mine}, stage.holders(mine))


def deal_at_the_end(stage: Stage) -> None:
    """The holder is dealt, in time or late, as the protection ends and the rival is scanned."""
    mine, theirs = _two(stage)
    scanned = confirm(stage, "lu", theirs)
    end = _ends_soon(stage, mine)
    stage.fire(deal(stage, "director", mine), scanned)
    stage.explained(("done", "held_by_another"), ("stale", "bound"), ("held_by_another", "bound"))
    is_bound = _rival_judged(stage, theirs, end)
    stage.stands("who holds", {theirs} if is_bound else {mine}, stage.holders(mine))
    if not is_bound:
        stage.times("a hold without end", 1, stage.rows(Hold, lead_id=mine, ends_at=None))


def extension_at_the_end(stage: Stage) -> None:
    """The holder is extended as the protection ends and the rival is scanned."""
    mine, theirs = _two(stage)
    scanned = confirm(stage, "lu", theirs)
    end = _ends_soon(stage, mine)
    extended, _ = stage.fire(extend(stage, "director", mine), scanned)
    stage.explained(
        ("done", "held_by_another"), ("stale", "bound"),
        ("status_forbids", "bound"), ("status_forbids", "held_by_another"),
    )  # fmt: skip
    is_bound = _rival_judged(stage, theirs, end)
    wanted = end + timedelta(days=7) if extended.is_done else end
    stage.times("a binding with its end", 1, stage.rows(Binding, lead_id=mine, ends_at=wanted))
    stage.stands("who holds", {theirs} if is_bound else {mine}, stage.holders(mine))


def rebind_at_the_end(stage: Stage) -> None:
    """The holder's customer is moved to a third broker as the protection ends and the rival is scanned."""
    mine, theirs = _two(stage)
    scanned = confirm(stage, "lu", theirs)
    end = _ends_soon(stage, mine)
    moved, _ = stage.fire(rebind(stage, "director", mine, "wei"), scanned)
    stage.explained(
        ("done", "held_by_another"), ("stale", "bound"),
        ("status_forbids", "bound"), ("status_forbids", "held_by_another"),
    )  # fmt: skip
    is_bound = _rival_judged(stage, theirs, end)
    stage.never("both have the customer", is_so=is_bound and moved.is_done)
    stage.times("a holder", 1, len(stage.holders(mine)))


def report_at_the_end(stage: Stage) -> None:
    """The holder reports as the protection ends: reported again, if it came after."""
    mine, theirs = _two(stage)
    scanned = confirm(stage, "lu", theirs)
    end = _ends_soon(stage, mine)
    stage.fire(report("fang", mine), scanned)
    stage.explained(("done", "bound"), ("done", "held_by_another"))
    _rival_judged(stage, theirs, end)
    stage.times("a report", 2, stage.rows(Report, lead_id=mine))
    is_after = stage.cast.read(mine, "reported_at") >= end
    stage.stands("the holder", "reported" if is_after else "expired", _status_after(stage, mine, end))


def report_and_own_scan_at_the_end(stage: Stage) -> None:
    """The holder reports again as the protection ends, while the gate scans the same code."""
    mine, _ = _two(stage)
    own = confirm(stage, "lu", mine)
    end = _ends_soon(stage, mine)
    _, scanned = stage.fire(report("fang", mine), own)
    stage.explained(("done", "visit"), ("done", "must_report_again"), ("done", "bound"))
    if scanned.word == "bound":
        starts = [b.bound_at for b in _bindings(stage, mine)]
        stage.never("it was bound anew before the end", is_so=max(starts) < end)
    wanted = {"visit": 2, "must_report_again": 1, "bound": 2}.get(scanned.word, 0)
    stage.times("a scan", wanted, stage.rows(GateScan, lead_id=mine))


def report_and_two_scans_at_the_end(stage: Stage) -> None:
    """The same with the rival's code at another gate: whoever is bound, it is one of the two."""
    mine, theirs = _two(stage)
    scans = confirm(stage, "lu", mine), confirm(stage, "feng", theirs)
    end = _ends_soon(stage, mine)
    stage.fire(report("fang", mine), *scans)
    stage.explained(
        ("done", "visit", "held_by_another"), ("done", "visit", "bound"),
        ("done", "must_report_again", "held_by_another"), ("done", "must_report_again", "bound"),
        ("done", "held_by_another", "bound"), ("done", "bound", "held_by_another"),
    )  # fmt: skip
    is_bound = _rival_judged(stage, theirs, end)
    stage.stands("who holds", {theirs} if is_bound else {mine}, stage.holders(mine))


def _bindings(stage: Stage, lead_id: int) -> list[Binding]:
    with stage.centre.app.app_context():
        return list(db.session.query(Binding).filter_by(lead_id=lead_id))


def _status_after(stage: Stage, lead_id: int, end: datetime) -> str:
    """Return the status once the end has surely come."""
    while datetime.now(UTC) < end:
        pass
    return stage.cast.status(lead_id)


KINDS = (
    scan_of_both_at_the_end,
    deal_at_the_end,
    extension_at_the_end,
    rebind_at_the_end,
    report_at_the_end,
    report_and_own_scan_at_the_end,
    report_and_two_scans_at_the_end,
)
