"""R2, R3: what brokers and residents do with their customers."""

from datetime import datetime
from typing import Any

from tests.model.reference import collisions
from tests.model.reference.world import Lead, No, Operation, Outcome, World, day_of, fold, tidy

PRESSES_A_DAY = 10


def enter(world: World, op: Operation) -> Outcome:
    """Enter a customer, for oneself or for a colleague, and report at once where asked."""
    world.require_standing(op.who)
    owner = _wanted_owner(world, op)
    if op.wanted["report"] and owner != op.who:
        raise No("colleague_reports")
    person = _typed(op.wanted)
    _require_wishes(world, op.wanted, None)
    wishes = {name: op.wanted[name] for name in ("wish", "needs")}
    lead = Lead(len(world.leads) + 1, owner, op.who, entered_at=op.at, **person, **wishes)
    if world.names(lead, owner) or world.names(lead, op.who):
        raise No("own_person")
    twins = world.own_leads(owner, lead.keys)
    if twins and owner != op.who:
        raise No("colleague_has_customer")
    if twins:
        raise No("already_entered", *(twin.number for twin in twins))
    world.leads[lead.number] = lead
    world.record_lead(lead, "enter_lead")
    collisions.challenge(world, lead, "entered", op.at, newly=world.walked_in(lead.keys))
    if op.wanted["report"]:
        press(world, lead, op.at)
        collisions.challenge(world, lead, "reported", op.at)
    return Outcome(answer={"lead": lead.number, "reported": op.wanted["report"]})


def report(world: World, op: Operation) -> Outcome:
    """Press 报备: ten times a day count, and an expired lead is always reported again."""
    world.require_standing(op.who)
    lead = _own(world, op)
    if lead.status(op.at) != "expired" and lead.presses_on(day_of(op.at)) >= PRESSES_A_DAY:
        raise No("reported_enough_today", lead.number)
    _require_wishes(world, op.wanted, lead)
    if (lead.wish, lead.needs) != (op.wanted["wish"], op.wanted["needs"]):
        lead.wish, lead.needs = op.wanted["wish"], op.wanted["needs"]
        world.record_lead(lead, "change_wishes")
    press(world, lead, op.at)
    collisions.challenge(world, lead, "reported", op.at)
    return Outcome(answer={"lead": lead.number})


def correct(world: World, op: Operation) -> Outcome:
    """Correct an entry that was never reported."""
    world.require_standing(op.who)
    lead = _own_entry(world, op)
    person = _typed(op.wanted)
    _require_wishes(world, op.wanted, lead)
    wishes = (op.wanted["wish"], op.wanted["needs"])
    is_another = any(getattr(lead, name) != value for name, value in person.items())
    if not is_another and wishes == (lead.wish, lead.needs):
        return Outcome(answer={"lead": lead.number})
    named_before = world.walked_in(lead.keys)
    if is_another:
        _require_free(world, lead, person)
        lead.surname, lead.given, lead.phones = person["surname"], person["given"], person["phones"]
        lead.person = 0
    lead.wish, lead.needs = wishes
    lead.version += 1
    world.record_lead(lead, "correct_entry")
    if is_another:
        newly = world.walked_in(lead.keys) - named_before
        _holders, told = collisions.challenge(world, lead, "corrected", op.at, newly=newly)
        collisions.tell_open_of(world, lead, "corrected", but=told)
    return Outcome(answer={"lead": lead.number})


def withdraw(world: World, op: Operation) -> Outcome:
    """Take an entry back that was never reported; the customer may then be entered anew."""
    world.require_standing(op.who)
    lead = _own_entry(world, op)
    lead.stage = "withdrawn"
    lead.version += 1
    world.record_lead(lead, "withdraw_entry")
    collisions.tell_open_of(world, lead, "withdrawn")
    return Outcome(answer={"lead": lead.number})


def press(world: World, lead: Lead, now: datetime, *, on_behalf: bool = False) -> None:
    """Record a report; entered and expired leads become reported, and no clock moves."""
    lead.reports += 1
    if not on_behalf:
        lead.presses.append(now)
    if lead.status(now) == "expired":
        lead.rebound = False
    if lead.status(now) in ("entered", "expired"):
        lead.stage = "reported"
    lead.version += 1
    world.record_lead(lead, "report_on_behalf" if on_behalf else "report_lead")


def _wanted_owner(world: World, op: Operation) -> str:
    """Return for whom a lead is entered: colleagues of a resident's own brokerage, who could themselves."""
    chosen: str | None = op.wanted["colleague"]
    if chosen is None:
        return op.who
    actor, colleague = world.people[op.who], world.people[chosen]
    offered = (
        actor.role == "resident"
        and colleague.role in ("broker", "resident")
        and chosen != op.who
        and colleague.brokerage == actor.brokerage
        and not colleague.archived
        and colleague.approval in ("not_needed", "approved")
    )
    if not offered:
        raise No("colleague_not_offered")
    return chosen


def _typed(wanted: Any) -> dict[str, Any]:
    """Return who the customer is, or refuse what was typed."""
    surname, given = tidy(wanted["surname"]), tidy(wanted["given"])
    if not fold(surname) or not fold(given):
        raise No("name_missing")
    for phone in filter(None, (wanted["phone1"], wanted["phone2"])):
        if len(phone) != 7:
            raise No("phone_full_number" if len(phone) == 11 else "phone_incomplete")
    if wanted["phone1"] == wanted["phone2"]:
        raise No("phones_equal")
    phones = tuple(filter(None, (wanted["phone1"], wanted["phone2"])))
    return {"surname": surname, "given": given, "phones": phones}


def _require_wishes(world: World, wanted: Any, lead: Lead | None) -> None:
    """A wished consultant must be offered, or stay as it was."""
    wish = wanted["wish"]
    stays = lead is not None and lead.wish == wish
    if wish is not None and not stays and not world.is_offered(wish):
        raise No("consultant_not_offered")


def _require_free(world: World, lead: Lead, person: dict[str, Any]) -> None:
    becomes = Lead(lead.number, lead.owner, lead.entered_by, entered_at=lead.entered_at, **person)
    if world.names(becomes, lead.owner) or world.names(becomes, lead.entered_by):
        raise No("own_person")
    twins = [one for one in world.own_leads(lead.owner, becomes.keys) if one.number != lead.number]
    if twins:
        raise No("already_entered", *(twin.number for twin in twins))


def _own(world: World, op: Operation) -> Lead:
    """R12: another's lead, or one that has left the lists, does not exist."""
    lead = world.lead(op.wanted["lead"])
    if lead.owner != op.who or not lead.is_listed:
        raise No("not_found")
    return lead


def _own_entry(world: World, op: Operation) -> Lead:
    lead = _own(world, op)
    if lead.status(op.at) != "entered":
        raise No("status_forbids")
    if lead.version != op.wanted["version"]:
        raise No("stale")
    return lead
