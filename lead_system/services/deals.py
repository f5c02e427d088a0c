"""成交: a director marks a lead dealt by hand, and undoes it (R9)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason, clean_text
from lead_system.domain.lifecycle import LeadStatus, Verb, status_after
from lead_system.domain.protection import Held, any_covers_day, shanghai_day
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import Account, Binding, CollisionEventKind, Deal, Lead
from lead_system.queries.deals import get_standing_deal
from lead_system.services import collisions, history, holds
from lead_system.services.lead_keys import lock_customers
from lead_system.services.leads import lock_lead, move
from lead_system.services.transaction import LostRace, attempt, require_version, use_case

LARGEST_AMOUNT = Decimal("9999999999.99")
"""Ten billion yuan: no amount has the eleven digits of a mobile number (R1)."""
UNIT_LENGTH = 40


@dataclass(frozen=True)
class DealTerms:
    """A deal: its Shanghai day, unit and amount in yuan where known, and a reason if it is late."""

    dealt_on: date
    unit: str = ""
    amount: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True)
class DealMarked:
    """The deal that stands now."""

    deal_id: int
    lead_id: int


@dataclass(frozen=True)
class DealsMarked:
    """The leads that were marked dealt together."""

    lead_ids: tuple[int, ...]


@dataclass(frozen=True)
class DealUndone:
    """The lead whose deal was undone, and the status that it has again."""

    lead_id: int
    status: str


@use_case("mark_dealt", roles=DECIDERS, answer=DealMarked)
def mark_dealt(actor: Account, *, lead_id: int, version: int, terms: DealTerms, now: datetime) -> DealMarked:
    """Mark a lead dealt (manual 6.2.d-38): its holds lose their end, so nobody else can bind the customer.

    A bound lead, with a day from its binding to today; or, with a reason, a lead that expired or was
    reported again, with a day on which it really held, if nobody else holds the customer now.

    Raises:
        Refused: wrong status, day, amount or reason; HELD_BY_ANOTHER; or STALE.
    """
    lead = lock_lead(Lead.id == lead_id)
    require_version(lead, version)
    deal = _deal(lead, terms, actor=actor, now=now)
    return DealMarked(deal.id, lead.id)


@use_case("mark_dealt_in_bulk", roles=DECIDERS, answer=DealsMarked)
def mark_dealt_in_bulk(
    actor: Account, *, lead_ids: tuple[int, ...], dealt_on: date, now: datetime
) -> DealsMarked:
    """Mark several bound leads dealt on one day, all of them or none.

    Raises:
        Refused: nothing chosen, or what `mark_dealt` refuses for one of them, whose number is the fact
            `lead_id`.
    """
    ids = tuple(sorted(set(lead_ids)))
    if not ids:
        raise Refused(RefusalCode.NOTHING_CHOSEN)
    for lead_id in ids:
        lead = lock_lead(Lead.id == lead_id)
        if lead.status_at(now) is not LeadStatus.BOUND:
            status = lead.status_at(now).value
            raise Refused(RefusalCode.STATUS_FORBIDS, verb="deal", status=status, lead_id=lead_id)
        _deal(lead, DealTerms(dealt_on), actor=actor, now=now)
    return DealsMarked(ids)


def _deal(lead: Lead, terms: DealTerms, *, actor: Account, now: datetime) -> Deal:
    unit = _clean_unit(terms.unit)
    amount = _clean_amount(terms.amount)
    is_late = lead.status_at(now) is not LeadStatus.BOUND
    reason = clean_reason(terms.reason) if is_late else clean_text(terms.reason, field="reason")
    if is_late:
        before, after = _deal_late(lead, terms.dealt_on, now=now)
    else:
        before, after = _deal_in_time(lead, terms.dealt_on, now=now)
    deal = Deal(
        lead_id=lead.id,
        dealt_on=terms.dealt_on,
        unit=unit,
        amount=amount,
        late=is_late,
        reason=reason,
        marked_at=now,
        marked_by_id=actor.id,
    )
    db.session.add(deal)
    db.session.flush()
    collisions.note_hold_taken(lead, CollisionEventKind.HOLD_TAKEN_BY_DEAL, actor=actor, now=now)
    _record_deal(actor, lead, deal, [before.value, after.value], now=now)
    return deal


def _deal_in_time(lead: Lead, day: date, *, now: datetime) -> tuple[LeadStatus, LeadStatus]:
    """Take the end off the running hold; a day outside binding and today is refused."""
    if lead.bound_at is None or not shanghai_day(lead.bound_at) <= day <= shanghai_day(now):
        raise Refused(RefusalCode.DEAL_DATE_OUTSIDE, field="dealt_on", lead_id=lead.id)
    moved = move(lead, Verb.DEAL, now=now)
    if not holds.move_end(lead, ends_at=None, now=now):
        raise Refused(RefusalCode.STALE, lead_id=lead.id)
    return moved


def _deal_late(lead: Lead, day: date, *, now: datetime) -> tuple[LeadStatus, LeadStatus]:
    """Take a new hold for a deal that was made while an ended binding still held (R9)."""
    status_after(Verb.LATE_DEAL, lead.status_at(now))
    if not lead.is_listed:
        raise Refused(RefusalCode.STATUS_FORBIDS, verb="late_deal", status=lead.status.value)
    helds = _times_held(lead)
    if not helds:
        raise Refused(RefusalCode.NEVER_HELD, lead_id=lead.id)
    if day > shanghai_day(now) or not any_covers_day(helds, day):
        raise Refused(RefusalCode.DEAL_DATE_OUTSIDE, field="dealt_on", lead_id=lead.id)
    lock_customers(lead.name_key)
    try:
        with attempt():
            moved = move(lead, Verb.LATE_DEAL, now=now)
            holds.take(lead, ends_at=None, now=now)
            return moved
    except holds.HoldTaken:
        holders = holds.find_other_holders(lead, now=now)
        if not holders:
            raise LostRace from None
        numbers = ", ".join(map(str, holders))
        raise Refused(RefusalCode.HELD_BY_ANOTHER, holders=numbers) from None


def _times_held(lead: Lead) -> list[Held]:
    """Return for how long the lead's bindings really held: to their end, or to the rebind before it."""
    bindings = db.session.scalars(select(Binding).where(Binding.lead_id == lead.id))
    return [Held(b.bound_at, min(b.ends_at, b.ended_at) if b.ended_at else b.ends_at) for b in bindings]


def _clean_unit(text: str) -> str:
    unit = clean_text(text, field="unit")
    if len(unit) > UNIT_LENGTH:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field="unit", limit=UNIT_LENGTH)
    return unit


def _clean_amount(amount: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    if not amount.is_finite() or not 0 < amount <= LARGEST_AMOUNT or amount != round(amount, 2):
        raise Refused(RefusalCode.DEAL_AMOUNT_WRONG, field="amount")
    return amount


def _record_deal(actor: Account, lead: Lead, deal: Deal, status: list[str], *, now: datetime) -> None:
    changes = {
        "status": status,
        "deal": deal.id,
        "dealt_on": deal.dealt_on.isoformat(),
        "amount": str(deal.amount) if deal.amount is not None else None,
        "late": deal.late,
    }
    personal = {name: text for name, text in (("unit", deal.unit), ("reason", deal.reason)) if text}
    history.record_lead(actor, "mark_dealt", lead, changes=changes, personal=personal, now=now)


@use_case("undo_deal", roles=DECIDERS, answer=DealUndone)
def undo_deal(actor: Account, *, lead_id: int, version: int, reason: str, now: datetime) -> DealUndone:
    """Undo a deal with a reason (R9).

    The hold gets its old end back, which has ended it if that has passed meanwhile. A late deal, which had
    taken a hold of its own, leaves the lead expired.

    Raises:
        Refused: no deal stands, the reason is missing, or STALE.
    """
    reason = clean_reason(reason)
    lead = lock_lead(Lead.id == lead_id)
    require_version(lead, version)
    deal = get_standing_deal(lead, now)
    if deal.late:
        move(lead, Verb.UNDO_LATE_DEAL, now=now)
        holds.release(lead)
    else:
        move(lead, Verb.UNDO_DEAL, now=now)
        holds.give_back_end(lead, ends_at=lead.protect_until)
    deal.undone_at, deal.undone_by_id, deal.undo_reason = now, actor.id, reason
    db.session.flush()
    status = lead.status_at(now).value
    changes = {"status": ["dealt", status], "deal": deal.id}
    history.record_lead(actor, "undo_deal", lead, changes=changes, personal={"reason": reason}, now=now)
    return DealUndone(lead.id, status)
