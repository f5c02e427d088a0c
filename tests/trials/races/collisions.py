"""Races over collisions: handled by one, and no event lost on the way (R7)."""

from lead_system.models import Collision, CollisionEvent
from tests.trials.races.shots import confirm, handle, reopen, report
from tests.trials.races.stage import Stage, in_any_order


def _collision(stage: Stage, of: int = 0) -> tuple[int, int, int]:
    """Let a rival enter a held customer; returns holder, challenger and the collision."""
    held = stage.held("qiang", stage.customer(of=of))
    wanted = stage.cast.enters("fang", stage.customer(of=of))
    return held, wanted, stage.cast.collision_of(held, wanted)


def two_handle_one(stage: Stage) -> None:
    """Two directors handle one collision with a click each: the second is told who did."""
    _, _, row = _collision(stage)
    stage.fire(handle("director", row), handle("admin", row))
    stage.explained(*in_any_order("handled", "told"))
    stage.times("the handling", 1, stage.events(row)["handled"])


def bulk_against_single(stage: Stage) -> None:
    """A selection is handled with a note while one of it is handled by a click."""
    rows = [_collision(stage, of)[2] for of in (0, 1)]
    stage.fire(handle("director", *rows, note="已电话沟通"), handle("admin", rows[0]))
    stage.explained(("handled", "told"), ("handled", "handled"))
    for row in rows:
        stage.times("the handling", 1, stage.events(row)["handled"])
    noted = int(stage.replies[1].word == "told") + 1
    found = sum(stage.rows(Collision, id=row, note="已电话沟通") for row in rows)
    stage.times("a row with the note", noted, found)


def handling_sent_five_times(stage: Stage) -> None:
    """One handling arrives five times under one request id: all are told that it was they who handled."""
    _, _, row = _collision(stage)
    stage.fire(*[handle("director", row)] * 5)
    stage.explained(("handled",) * 5)
    stage.times("the handling", 1, stage.events(row)["handled"])


def handling_against_a_new_event(stage: Stage) -> None:
    """A collision is handled while the challenger reports: the report joins it before, or opens a new one."""
    held, wanted, row = _collision(stage)
    stage.fire(handle("director", row), report("fang", wanted))
    stage.explained(("handled", "done"))
    newest = stage.cast.collision_of(held, wanted)
    reports = stage.events(row)["reported"] + (stage.events(newest)["reported"] if newest != row else 0)
    stage.times("the event of the report", 1, reports)
    is_new = newest != row
    pair = {"holding_lead_id": held, "challenging_lead_id": wanted}
    stage.times("an open collision", int(is_new), stage.rows(Collision, state="open", **pair))


def reopening_against_a_new_event(stage: Stage) -> None:
    """A handled collision is opened again while the challenger reports: one open row, which knows of it."""
    held, wanted, row = _collision(stage)
    stage.cast.handles("director", row)
    stage.fire(reopen(stage, "admin", row), report("fang", wanted))
    stage.explained(("done", "done"), ("newer_collision_open", "done"))
    newest = stage.cast.collision_of(held, wanted)
    stage.never("both rows are open", is_so=(newest == row) is not stage.replies[0].is_done)
    stage.times("an open collision", 1, stage.rows(Collision, state="open", holding_lead_id=held))
    stage.times("the event of the report", 1, stage.events(newest)["reported"])


def two_reopen_one(stage: Stage) -> None:
    """Two directors open one collision again."""
    _, _, row = _collision(stage)
    stage.cast.handles("director", row)
    stage.fire(reopen(stage, "director", row), reopen(stage, "admin", row))
    stage.explained(*in_any_order("done", "collision_not_handled"))
    stage.times("the reopening", 1, stage.events(row)["reopened"])


def three_attempts_at_once(stage: Stage) -> None:
    """Two gates scan a rival's code and the rival reports: one open collision with all three events."""
    held = stage.held("qiang", stage.customer())
    wanted = stage.cast.enters("fang", stage.customer(), reports=True)
    first = stage.cast.collision_of(held, wanted)
    stage.cast.handles("director", first)
    stage.fire(confirm(stage, "feng", wanted), confirm(stage, "lu", wanted), report("fang", wanted))
    stage.explained(("held_by_another", "held_by_another", "done"))
    row = stage.cast.collision_of(held, wanted)
    stage.never("a handled collision was joined", is_so=row == first)
    stage.times("an open collision", 1, stage.rows(Collision, challenging_lead_id=wanted, state="open"))
    stage.times("an event", 3, stage.rows(CollisionEvent, collision_id=row))


KINDS = (
    two_handle_one,
    bulk_against_single,
    handling_sent_five_times,
    handling_against_a_new_event,
    reopening_against_a_new_event,
    two_reopen_one,
    three_attempts_at_once,
)
