"""Races with people who come alone: walk-ins against entries, objections against handling (R7)."""

from datetime import timedelta

from lead_system.extensions import db
from lead_system.models import Collision, CollisionEvent, WalkIn
from tests.support.cast import VISITOR
from tests.trials.races.newcomers import new_phone, new_visitor
from tests.trials.races.shots import enter, handle, report, walk_in
from tests.trials.races.stage import Shot, Stage, in_any_order


def _named(stage: Stage) -> tuple[str, tuple[str, str, str]]:
    """Make a visitor of this round; returns the short name, and the person as a broker would enter them."""
    surname, name, _ = stage.customer()
    phone = new_phone(stage)
    new_visitor(stage, "hong-2", surname + name)
    return "hong-2", (surname, name, phone[:3] + phone[-4:])


def walk_in_at_two_gates(stage: Stage) -> None:
    """Two gates log one visitor: the second is asked whether that is another visit."""
    who, _ = _named(stage)
    stage.fire(walk_in(stage, "feng", who), walk_in(stage, "lu", who))
    stage.explained(*in_any_order("done", "another_visit_unconfirmed"))
    stage.times("a walk-in", 1, stage.rows(WalkIn, visitor_id=stage.cast.ids[who]))


def walk_in_sent_five_times(stage: Stage) -> None:
    """One walk-in arrives five times under one request id."""
    who, _ = _named(stage)
    stage.fire(*[walk_in(stage, "feng", who)] * 5)
    stage.explained(("done",) * 5)
    stage.times("a walk-in", 1, stage.rows(WalkIn, visitor_id=stage.cast.ids[who]))


def walk_in_against_entry(stage: Stage) -> None:
    """A visitor is logged while a broker enters them: who came first decides whether that is a collision."""
    who, person = _named(stage)
    stage.fire(walk_in(stage, "feng", who), enter("fang", person))
    if stage.explained(("done", "done")):
        rows = stage.rows(Collision, visitor_id=stage.cast.ids[who], kind="walk_in_first")
        stage.never(f"{rows} collisions of the two", is_so=rows > 1)


def entries_after_a_walk_in(stage: Stage) -> None:
    """Two brokers enter somebody who came alone, and one reports at once: a collision for each lead."""
    who, person = _named(stage)
    stage.cast.walks_in(who)
    stage.fire(enter("fang", person, reports=True), enter("qiang", person), enter("wei", person))
    stage.explained(("done", "done", "done"))
    visitor = {"visitor_id": stage.cast.ids[who], "kind": "walk_in_first"}
    for reply in stage.replies:
        number = reply.answer.number if reply.answer else 0
        stage.times("a collision", 1, stage.rows(Collision, challenging_lead_id=number, **visitor))


def reports_after_a_walk_in(stage: Stage) -> None:
    """A broker reports somebody who came alone three times at once: all events join the one collision."""
    who, person = _named(stage)
    stage.cast.walks_in(who)
    lead_id = stage.cast.enters("fang", person)
    stage.fire(*(report("fang", lead_id) for _ in range(3)))
    stage.explained(("done", "done", "done"))
    with stage.centre.app.app_context():
        row = db.session.query(Collision).filter_by(challenging_lead_id=lead_id).one().id
    stage.stands("the events", {"entered": 1, "reported": 3}, dict(stage.events(row)))


def _objection(stage: Stage, words: str) -> Shot:
    return Shot("hong", "/m/me/reports", {"words": words})


def _reported(stage: Stage) -> int:
    """Give the cast's visitor the name of this round, and let a broker report them; returns the lead.

    What the visitor objected to in earlier rounds is moved to another day, since three a day are heard.
    """
    surname, name, _ = stage.customer()
    stage.cast.change("hong", name=surname + name)
    with stage.centre.app.app_context():
        mine = db.session.query(CollisionEvent).filter_by(actor_id=stage.cast.ids["hong"])
        for event in mine:
            event.at -= timedelta(days=2)
        db.session.commit()
    phone = VISITOR["phone"]
    return stage.cast.enters("fang", (surname, name, phone[:3] + phone[-4:]), reports=True)


def objection_against_handling(stage: Stage) -> None:
    """A visitor objects once more while a director handles the objection: no word of it is lost."""
    lead_id = _reported(stage)
    stage.cast.objects("hong")
    with stage.centre.app.app_context():
        row = db.session.query(Collision).filter_by(challenging_lead_id=lead_id, kind="objection").one().id
    stage.fire(handle("director", row), _objection(stage, "我自己来的"))
    stage.explained(("handled", "done"))
    with stage.centre.app.app_context():
        rows = [one.id for one in db.session.query(Collision).filter_by(challenging_lead_id=lead_id)]
    stage.times("an objection", 2, sum(stage.events(one)["objected"] for one in rows))
    is_open = stage.rows(Collision, challenging_lead_id=lead_id, state="open")
    stage.times("an open collision", len(rows) - 1, is_open)


def two_objections(stage: Stage) -> None:
    """A visitor objects in two tabs: one open collision with both."""
    lead_id = _reported(stage)
    stage.fire(_objection(stage, "不同意"), _objection(stage, "没有委托"))
    stage.explained(("done", "done"))
    stage.times("an open collision", 1, stage.rows(Collision, challenging_lead_id=lead_id, state="open"))
    with stage.centre.app.app_context():
        row = db.session.query(Collision).filter_by(challenging_lead_id=lead_id).one().id
    stage.times("an objection", 2, stage.events(row)["objected"])


KINDS = (
    walk_in_at_two_gates,
    walk_in_sent_five_times,
    walk_in_against_entry,
    entries_after_a_walk_in,
    reports_after_a_walk_in,
    objection_against_handling,
    two_objections,
)
