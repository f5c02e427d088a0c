"""R4: a director says that a lead is another person with the same name and digits, or is not."""

from tests.model.reference import collisions
from tests.model.reference.world import Lead, No, Operation, Outcome, World


def tell_apart(world: World, op: Operation) -> Outcome:
    """Give a lead its name's next number; its open collisions are handled as different people."""
    lead = _free_lead(world, op)
    if lead.person:
        raise No("already_another_person", lead.number)
    number = 1 + max(
        max((one.person, *one.persons_given)) for one in world.leads.values() if one.name == lead.name
    )
    lead.persons_given.append(number)
    _renumber(lead, number, op)
    for pair in collisions.pairs_of(world, lead):
        row = collisions.open_row(world, pair)
        if row is not None:
            row.open, row.outcome = False, "different_people"
            row.handled_by, row.handled_at = op.who, op.at
            row.events.append("closed_as_different")
    world.record_lead(lead, "declare_another_person")
    return Outcome(answer={"lead": lead.number, "person_number": number})


def take_back(world: World, op: Operation) -> Outcome:
    """Make it the same person again, unless its broker has another lead for that one."""
    lead = _free_lead(world, op)
    if not lead.person:
        raise No("not_another_person", lead.number)
    twins = [
        one.number for one in world.own_leads(lead.owner, lead.keys) if one is not lead and one.person == 0
    ]
    if twins:
        raise No("broker_has_customer", *twins)
    _renumber(lead, 0, op)
    collisions.challenge(world, lead, "declared_same", op.at)
    world.record_lead(lead, "declare_same_person")
    return Outcome(answer={"lead": lead.number, "person_number": 0})


def _free_lead(world: World, op: Operation) -> Lead:
    """Return a lead that nobody has changed since the form was shown, and that holds nobody."""
    if not op.wanted["reason"]:
        raise No("reason_missing")
    lead = world.lead(op.wanted["lead"])
    if lead.version != op.wanted["version"]:
        raise No("stale")
    if lead.merged_into is not None:
        raise No("lead_merged", lead.merged_into)
    if lead.status(op.at) not in ("entered", "reported", "expired"):
        raise No("status_forbids")
    return lead


def _renumber(lead: Lead, number: int, op: Operation) -> None:
    lead.stage = lead.status(op.at)
    lead.person = number
    lead.version += 1
