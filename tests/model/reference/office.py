"""R6, R8, R9 and the fees: what the back office does to customers."""

from datetime import date
from decimal import Decimal

from tests.model.reference import collisions
from tests.model.reference.brokers import press
from tests.model.reference.visits import bind, close_binding
from tests.model.reference.world import (
    Binding,
    Deal,
    Fee,
    Lead,
    No,
    Operation,
    Outcome,
    Pair,
    World,
    day_of,
    end_of,
)

SMALLEST_FEE, LARGEST_FEE = Decimal("0.01"), Decimal("999999.99")


def deal(world: World, op: Operation) -> Outcome:
    """Mark a lead dealt: bound now, or late with a reason on a day on which it really held."""
    lead = _current(world, op)
    _require_dealable(world, lead, op)
    _mark_dealt(world, lead, op)
    return Outcome(answer={"lead": lead.number})


def deal_in_bulk(world: World, op: Operation) -> Outcome:
    """Mark several bound leads dealt on one day, all of them or none."""
    numbers = sorted(set(op.wanted["leads"]))
    if not numbers:
        raise No("nothing_chosen")
    leads = [world.lead(number) for number in numbers]
    for lead in leads:
        if lead.status(op.at) != "bound":
            raise No("status_forbids", lead.number)
        _require_day(lead, op.wanted["day"], op)
    for lead in leads:
        _mark_dealt(world, lead, op)
    return Outcome(answer={"leads": frozenset(numbers)})


def _require_dealable(world: World, lead: Lead, op: Operation) -> None:
    if lead.status(op.at) == "bound":
        return _require_day(lead, op.wanted["day"], op)
    if not op.wanted["reason"]:
        raise No("reason_missing")
    if lead.status(op.at) not in ("expired", "reported") or not lead.is_listed:
        raise No("status_forbids")
    if not lead.bindings:
        raise No("never_held", lead.number)
    day = op.wanted["day"]
    if day > day_of(op.at) or not any(binding.covers(day) for binding in lead.bindings):
        raise No("deal_date_outside", lead.number)
    if world.other_holders(lead, op.at):
        raise No("held_by_another")
    return None


def _require_day(lead: Lead, day: date, op: Operation) -> None:
    if not day_of(lead.bindings[-1].start) <= day <= day_of(op.at):
        raise No("deal_date_outside", lead.number)


def _mark_dealt(world: World, lead: Lead, op: Operation) -> None:
    lead.deal = Deal(op.wanted["day"], late=lead.status(op.at) != "bound")
    lead.deals += 1
    lead.stage = "dealt"
    lead.version += 1
    collisions.hold_taken(world, lead, "hold_taken_by_deal")
    world.record_lead(lead, "mark_dealt")


def undo_deal(world: World, op: Operation) -> Outcome:
    """Give the hold its old end back, which may have passed; a late deal leaves the lead expired."""
    _require_reason(op)
    lead = _current(world, op)
    if lead.deal is None:
        raise No("status_forbids")
    lead.stage = "expired" if lead.deal.late else "bound"
    lead.deal = None
    lead.version += 1
    world.record_lead(lead, "undo_deal")
    return Outcome(answer={"lead": lead.number, "status": lead.status(op.at)})


def extend(world: World, op: Operation) -> Outcome:
    """Let a running binding end later, once."""
    _require_reason(op)
    lead = _current(world, op)
    if lead.status(op.at) != "bound":
        raise No("status_forbids")
    binding = lead.bindings[-1]
    if binding.extended:
        raise No("extended_before")
    if not 1 <= op.wanted["days"] <= world.days:
        raise No("extension_days_wrong")
    binding.end, binding.extended = end_of(binding.end, op.wanted["days"]), True
    lead.version += 1
    world.record_lead(lead, "extend_binding")
    return Outcome(answer={"lead": lead.number, "ends_at": binding.end})


def rebind(world: World, op: Operation) -> Outcome:
    """Move a running binding to another broker's own lead for the same customer."""
    _require_reason(op)
    held = _current(world, op)
    to = op.wanted["to"]
    _require_rebindable(world, held, to, op)
    own = world.own_leads_for(to, held)
    target = next((one for one in own if held.phones[0] in one.phones), own[0] if own else None)
    if target is not None and world.names(held, target.entered_by):
        raise No("own_person")
    binding = _new_binding(world, held, op)
    close_binding(held, op.at)
    held.stage, held.rebound = "expired", True
    held.version += 1
    if target is None:
        target = _made_lead(world, held, op)
    for other in own:
        if other is not target:
            _merge(world, other, target, op)
    _hand_over(world, held, target, binding, op)
    return Outcome(answer={"lead": held.number, "to_lead": target.number, "made": not own})


def _require_rebindable(world: World, held: Lead, to: str, op: Operation) -> None:
    if held.status(op.at) == "dealt":
        raise No("deal_stands", held.number)
    if held.status(op.at) != "bound":
        raise No("status_forbids")
    if world.people[to].role not in ("broker", "resident"):
        raise No("broker_not_active")
    if to == held.owner:
        raise No("rebind_same_broker")
    world.require_standing(to)
    if world.names(held, to):
        raise No("own_person")


def _new_binding(world: World, held: Lead, op: Operation) -> Binding:
    if op.wanted["keep_end"]:
        old = held.bindings[-1]
        return Binding("rebind", op.at, old.end, old.days, kept=True, extended=old.extended)
    return Binding("rebind", op.at, end_of(op.at, world.days), world.days)


def _made_lead(world: World, held: Lead, op: Operation) -> Lead:
    number = len(world.leads) + 1
    made = Lead(number, op.wanted["to"], op.who, held.surname, held.given, held.phones, op.at)
    made.person = held.person
    world.leads[number] = made
    world.record_lead(made, "enter_lead")
    return made


def _merge(world: World, other: Lead, target: Lead, op: Operation) -> None:
    close_binding(other, op.at)
    other.stage, other.merged_into = other.status(op.at), target.number
    other.version += 1
    collisions.close_as_rebound(world, collisions.pairs_of(world, other), op.at)
    world.record_lead(other, "merge_lead")


def _hand_over(world: World, held: Lead, target: Lead, binding: Binding, op: Operation) -> None:
    if target.status(op.at) != "reported":
        press(world, target, op.at, on_behalf=True)
    target.phones, target.consultant, target.needs = held.phones, held.consultant, held.needs
    target.rebound = False
    target.version += 1
    bind(target, binding, op.at)
    between: list[Pair] = [
        ("held", held.number, target.number),
        ("held", target.number, held.number),
    ]
    collisions.close_as_rebound(world, between, op.at)
    collisions.hold_taken(world, target, "hold_taken_by_rebind")
    world.record_lead(held, "rebind_away")
    world.record_lead(target, "rebind_here")


def pay(world: World, op: Operation) -> Outcome:
    """Pay a broker for a customer whom the gate has scanned."""
    lead = world.lead(op.wanted["lead"])
    amount = op.wanted["amount"]
    if not SMALLEST_FEE <= amount <= LARGEST_FEE or amount != round(amount, 2):
        raise No("fee_amount_wrong")
    if not lead.scans:
        raise No("never_scanned", lead.number)
    number = len(world.fees) + 1
    world.fees[number] = Fee(lead.number, lead.owner, world.people[lead.owner].brokerage, amount)
    world.record_lead(lead, "pay_fee")
    return Outcome(answer={"fee": number})


def void(world: World, op: Operation) -> Outcome:
    """Void a fee, which stays but leaves every total."""
    _require_reason(op)
    fee = world.fees.get(op.wanted["fee"])
    if fee is None:
        raise No("not_found")
    if fee.void:
        raise No("fee_already_voided")
    fee.void = True
    world.record_lead(world.leads[fee.lead], "void_fee")
    return Outcome(answer={"fee": op.wanted["fee"]})


def _current(world: World, op: Operation) -> Lead:
    """Return the lead of a back-office form, unless somebody changed it since the form was shown (R13)."""
    lead = world.lead(op.wanted["lead"])
    if lead.version != op.wanted["version"]:
        raise No("stale")
    return lead


def _require_reason(op: Operation) -> None:
    if not op.wanted["reason"]:
        raise No("reason_missing")
