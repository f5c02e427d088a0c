"""R5: what gate staff and consultants do with a code."""

from datetime import datetime, timedelta

from tests.model.reference import collisions
from tests.model.reference.world import Binding, Lead, No, Operation, Outcome, WalkIn, World, end_of, fold

ANOTHER_VISIT_AFTER = timedelta(seconds=60)


def read_code(world: World, op: Operation) -> Outcome:
    """Read a code before a consultant is chosen."""
    lead = _lead_of_code(world, op)
    if world.other_holders(lead, op.at):
        return _turn_away(world, lead, op)
    _require_scannable(world, lead, op.at)
    return Outcome(answer={"outcome": "ready", "lead": lead.number, "holders": frozenset()})


def scan(world: World, op: Operation) -> Outcome:
    """Confirm a visit: the first one of a reported lead binds it, later ones are visits."""
    lead = _lead_of_code(world, op)
    if world.other_holders(lead, op.at):
        return _turn_away(world, lead, op)
    _require_scannable(world, lead, op.at)
    consultant = _chosen_consultant(world, op)
    if lead.scans and op.at - lead.scans[-1] < ANOTHER_VISIT_AFTER and not op.wanted["another"]:
        raise No("another_visit_unconfirmed", lead.number)
    binds = lead.status(op.at) == "reported"
    lead.scans.append(op.at)
    lead.consultant = consultant
    lead.version += 1
    if binds:
        lead.rebound = False
        bind(lead, Binding("scan", op.at, end_of(op.at, world.days), world.days), op.at)
        collisions.hold_taken(world, lead, "hold_taken_by_scan")
    world.record_lead(lead, "bind_by_scan" if binds else "visit_again")
    outcome = "bound" if binds else "visit"
    return Outcome(answer={"outcome": outcome, "lead": lead.number, "holders": frozenset()})


def bind(lead: Lead, binding: Binding, now: datetime) -> None:
    close_binding(lead, now)
    lead.bindings.append(binding)
    lead.stage = "bound"


def close_binding(lead: Lead, now: datetime) -> None:
    """Close the last binding, at its end where that came first."""
    if lead.bindings and lead.bindings[-1].closed is None:
        lead.bindings[-1].closed = min(lead.bindings[-1].end, now)


def walk_in(world: World, op: Operation) -> Outcome:
    """Log a visitor who comes without a broker, under the name and digits of that moment."""
    visitor = world.people.get(op.wanted["visitor"])
    if visitor is None or visitor.archived:
        raise No("code_unknown")
    _chosen_consultant(world, op)
    came = [one.at for one in world.walk_ins if one.visitor == op.wanted["visitor"]]
    if came and op.at - came[-1] < ANOTHER_VISIT_AFTER and not op.wanted["another"]:
        raise No("another_visit_unconfirmed")
    world.walk_ins.append(WalkIn(op.wanted["visitor"], fold(visitor.name), visitor.digits, op.at))
    world.record("account", op.wanted["visitor"], "log_walk_in")
    return Outcome(answer={})


def view(world: World, op: Operation) -> Outcome:
    """Show the property to a customer who is bound or dealt, as the assigned consultant or standing in."""
    lead = _lead_of_code(world, op)
    if not lead.holds(op.at):
        raise No("not_bound_yet", lead.number)
    stands_in = lead.consultant != op.who
    if stands_in and not op.wanted["standing_in"]:
        raise No("standing_in_unconfirmed")
    lead.viewers.append(op.who)
    world.record_lead(lead, "record_viewing")
    return Outcome(answer={"lead": lead.number, "standing_in": stands_in})


def follow_up(world: World, op: Operation) -> Outcome:
    """Note something on a customer whom the consultant is assigned or showed round."""
    lead = world.lead(op.wanted["lead"])
    if lead.consultant != op.who and op.who not in lead.viewers:
        raise No("not_found")
    if not op.wanted["note"]:
        raise No("reason_missing")
    world.record_lead(lead, "add_follow_up")
    return Outcome(answer={})


def _lead_of_code(world: World, op: Operation) -> Lead:
    number = op.wanted["code_of"]
    if number is None:
        raise No("code_unknown")
    lead = world.leads[number]
    if lead.merged_into is not None:
        raise No("code_merged", lead.merged_into)
    return lead


def _require_scannable(world: World, lead: Lead, now: datetime) -> None:
    """Reasons for refusal after "held by another", in the order of R5."""
    if lead.status(now) == "expired":
        raise No("must_report_again", lead.number)
    if lead.status(now) == "reported":
        world.require_standing(lead.owner)


def _chosen_consultant(world: World, op: Operation) -> str:
    consultant: str | None = op.wanted["consultant"]
    if consultant is None:
        raise No("consultant_missing")
    if not world.is_offered(consultant):
        raise No("consultant_not_offered")
    return consultant


def _turn_away(world: World, lead: Lead, op: Operation) -> Outcome:
    holders, _told = collisions.challenge(world, lead, "scanned", op.at)
    world.record_lead(lead, "scan_turned_away")
    return Outcome(answer={"outcome": "held", "lead": lead.number, "holders": holders})
