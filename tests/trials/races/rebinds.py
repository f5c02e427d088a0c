"""Races of rebinds: whoever moves a customer finds it as they saw it, or is told that it is not (R8)."""

from lead_system.extensions import db
from lead_system.models import Binding, Deal, Lead, Rebind, Report
from tests.trials.races.shots import confirm, correct, deal, enter, extend, rebind, report
from tests.trials.races.stage import Stage, in_any_order


def _target(stage: Stage, lead_id: int) -> int:
    """Return the lead to which a customer was moved, 0 where it was not."""
    with stage.centre.app.app_context():
        moves = db.session.query(Rebind).filter_by(from_lead_id=lead_id)
        moved = moves.order_by(Rebind.id.desc()).first()
        return moved.to_lead_id if moved else 0


def rebind_against_deal(stage: Stage) -> None:
    """One director rebinds a customer while another marks it dealt."""
    lead_id = stage.held("fang", stage.customer())
    dealt, moved = stage.fire(
        deal(stage, "director", lead_id), rebind(stage, "admin", lead_id, "qiang")
    )  # fmt: skip
    if not stage.explained(*in_any_order("done", "stale")):
        return
    stage.stands("the old lead", "dealt" if dealt.is_done else "expired", stage.cast.status(lead_id))
    stage.times("a standing deal", int(dealt.is_done), stage.rows(Deal, lead_id=lead_id, undone_at=None))
    stage.times("a rebind", int(moved.is_done), stage.rows(Rebind, from_lead_id=lead_id))
    holder = lead_id if dealt.is_done else _target(stage, lead_id)
    stage.stands("who holds", {holder}, stage.holders(lead_id))


def rebind_against_rebind(stage: Stage) -> None:
    """Two directors move one customer to two brokers: one of them gets it."""
    lead_id = stage.held("fang", stage.customer())
    stage.fire(
        rebind(stage, "director", lead_id, "qiang"),
        rebind(stage, "admin", lead_id, "wei", keep_end=True),
    )
    if stage.explained(*in_any_order("done", "stale")):
        stage.times("a rebind", 1, stage.rows(Rebind, from_lead_id=lead_id))
        target = _target(stage, lead_id)
        stage.stands("who holds", {target}, stage.holders(lead_id))
        winner = "qiang" if stage.replies[0].is_done else "wei"
        stage.stands("the broker", stage.cast.ids[winner], stage.cast.read(target, "broker_id"))


def rebinds_to_each_others_brokers(stage: Stage) -> None:
    """Two customers change places between two brokers who both have leads of both: both moves succeed."""
    one, other = stage.customer("138"), stage.customer("139", of=1)
    mine, theirs = stage.held("fang", one), stage.held("qiang", other)
    targets = (stage.cast.enters("qiang", one, reports=True), stage.cast.enters("fang", other))
    stage.fire(rebind(stage, "director", mine, "qiang"), rebind(stage, "admin", theirs, "fang"))
    stage.explained(("done", "done"))
    for held, target in zip((mine, theirs), targets, strict=True):
        stage.stands("who holds", {target}, stage.holders(held))


def rebinds_with_crossed_phones(stage: Stage) -> None:
    """Two leads of one name hold a phone each, and both go to a broker whose lead has both phones."""
    surname, name, first = stage.customer("138")
    second = stage.customer("139")[2]
    mine = stage.held("fang", (surname, name, first))
    theirs = stage.held("wei", (surname, name, second))
    target = stage.cast.enters("qiang", (surname, name, first), second)
    moved = stage.fire(rebind(stage, "director", mine, "qiang"), rebind(stage, "admin", theirs, "qiang"))
    stage.explained(("done", "done"))
    stage.times("a rebind", sum(reply.is_done for reply in moved), _rebinds_to(stage, "qiang", name))
    stage.never("nobody holds", is_so=not stage.holders(mine))
    stage.never("the target was withdrawn", is_so=stage.cast.status(target) == "withdrawn")


def _rebinds_to(stage: Stage, broker: str, given_name: str) -> int:
    with stage.centre.app.app_context():
        leads = {lead.id for lead in db.session.query(Lead).filter_by(given_name=given_name)}
        moves = db.session.query(Rebind).filter_by(to_broker_id=stage.cast.ids[broker])
        return sum(move.from_lead_id in leads for move in moves)


def rebind_against_the_rivals_scan(stage: Stage) -> None:
    """A customer is moved while the gate scans a third broker's code: somebody holds it at each moment."""
    lead_id = stage.held("fang", stage.customer())
    rival = stage.cast.enters("wei", stage.customer(), reports=True)
    stage.fire(rebind(stage, "director", lead_id, "qiang"), confirm(stage, "lu", rival))
    if not stage.explained(("done", "held_by_another")):
        return
    target = _target(stage, lead_id)
    stage.stands("who holds", {target}, stage.holders(lead_id))
    told = [row for row in (stage.cast.collision_of(h, rival) for h in (lead_id, target)) if row]
    scans = sum(stage.events(row)["scanned"] for row in told)
    stage.times("the event of the scan", 1, scans)


def rebind_to_the_broker_who_is_scanned(stage: Stage) -> None:
    """A customer is moved to the very broker whose code the gate scans: turned away before, a visit after."""
    lead_id = stage.held("fang", stage.customer())
    rival = stage.cast.enters("qiang", stage.customer(), reports=True)
    stage.fire(rebind(stage, "director", lead_id, "qiang"), confirm(stage, "lu", rival))
    stage.explained(("done", "held_by_another"), ("done", "visit"))
    stage.stands("who holds", {rival}, stage.holders(lead_id))
    stage.times("a binding of the rival", 1, stage.rows(Binding, lead_id=rival))


def rebind_against_the_holders_scan(stage: Stage) -> None:
    """A customer is moved while its holder's own code is scanned once more."""
    lead_id = stage.held("fang", stage.customer())
    stage.fire(
        rebind(stage, "director", lead_id, "qiang"), confirm(stage, "lu", lead_id, again=True)
    )  # fmt: skip
    stage.explained(("done", "held_by_another"), ("stale", "visit"))
    holder = _target(stage, lead_id) or lead_id
    stage.stands("who holds", {holder}, stage.holders(lead_id))


def rebind_onto_a_lead_being_corrected(stage: Stage) -> None:
    """A customer is moved to a broker who corrects the own entry of it to somebody else at that moment."""
    lead_id = stage.held("fang", stage.customer())
    target = stage.cast.enters("qiang", stage.customer())
    moved, corrected = stage.fire(
        rebind(stage, "director", lead_id, "qiang"),
        correct(stage, "qiang", target, stage.customer("139", of=1)),
    )
    stage.explained(("done", "done"), ("done", "status_forbids"))
    if moved.is_done:
        found = _target(stage, lead_id)
        stage.never("an entry of somebody else was bound", is_so=(found == target) is corrected.is_done)
        stage.stands("who holds", {found}, stage.holders(lead_id))


def rebind_onto_a_lead_being_reported(stage: Stage) -> None:
    """A customer is moved to a broker who reports the own entry of it at that moment."""
    lead_id = stage.held("fang", stage.customer())
    target = stage.cast.enters("qiang", stage.customer())
    stage.fire(rebind(stage, "director", lead_id, "qiang"), report("qiang", target))
    stage.explained(("done", "done"))
    stage.stands("who holds", {target}, stage.holders(lead_id))
    stage.times("an own report", 1, stage.rows(Report, lead_id=target, on_behalf=False))
    behalf = stage.rows(Report, lead_id=target, on_behalf=True)
    stage.never(f"{behalf} reports on behalf", is_so=behalf > 1)


def rebind_against_the_new_brokers_entry(stage: Stage) -> None:
    """A customer is moved to a broker who enters the same one at that moment: there is one lead of it."""
    lead_id = stage.held("fang", stage.customer())
    surname, name, _ = stage.customer()
    stage.fire(rebind(stage, "director", lead_id, "qiang"), enter("qiang", stage.customer()))
    stage.explained(("done", "done"), ("done", "already_entered"))
    own = {"broker_id": stage.cast.ids["qiang"], "name_key": surname + name}
    stage.times("a lead of the new broker", 1, stage.rows(Lead, **own))
    stage.stands("who holds", {_target(stage, lead_id)}, stage.holders(lead_id))


def rebind_against_extension(stage: Stage) -> None:
    """One director extends a binding while another moves it."""
    lead_id = stage.held("fang", stage.customer())
    extended, _ = stage.fire(extend(stage, "director", lead_id), rebind(stage, "admin", lead_id, "qiang"))
    if stage.explained(*in_any_order("done", "stale")):
        holder = lead_id if extended.is_done else _target(stage, lead_id)
        stage.stands("who holds", {holder}, stage.holders(lead_id))


KINDS = (
    rebind_against_deal,
    rebind_against_rebind,
    rebinds_to_each_others_brokers,
    rebinds_with_crossed_phones,
    rebind_against_the_rivals_scan,
    rebind_to_the_broker_who_is_scanned,
    rebind_against_the_holders_scan,
    rebind_onto_a_lead_being_corrected,
    rebind_onto_a_lead_being_reported,
    rebind_against_the_new_brokers_entry,
    rebind_against_extension,
)
