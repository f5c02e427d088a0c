"""成交 before it is marked or undone: what stands, what would follow, what a selection leaves out (R9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed, real_status, status_after
from lead_system.extensions import db
from lead_system.models import Account, Deal, Lead
from lead_system.queries import scope
from lead_system.queries.retention import refuse_anonymised


class Selection(NamedTuple):
    """The leads of a selection that can be marked dealt together, and those that are left as they are."""

    eligible: list[Lead]
    not_eligible: list[Lead]


def select_for_deal(actor: Account, lead_ids: Sequence[int], now: datetime) -> Selection:
    """Return a selection in two parts, in the order of the numbers.

    Raises:
        Refused: NOT_FOUND when one of them does not exist, or not for this account.
    """
    found = (
        select(Lead)
        .where(Lead.id.in_(lead_ids), scope.visible_leads(actor))
        .options(selectinload(Lead.broker))
        .order_by(Lead.id)
    )
    leads = list(db.session.scalars(found))
    if len(leads) != len(set(lead_ids)):
        raise Refused(RefusalCode.NOT_FOUND)
    may = [is_allowed(Verb.DEAL, lead.status_at(now)) for lead in leads]
    return Selection(
        [lead for lead, ok in zip(leads, may, strict=True) if ok],
        [lead for lead, ok in zip(leads, may, strict=True) if not ok],
    )


def require_dealable(lead: Lead, now: datetime) -> None:
    """Refuse to ask about a deal where none can be marked, in time or late (R9).

    Raises:
        Refused: ANONYMISED, NEVER_HELD, or STATUS_FORBIDS.
    """
    refuse_anonymised(lead)
    status = lead.status_at(now)
    if is_allowed(Verb.DEAL, status):
        return
    status_after(Verb.LATE_DEAL, status)
    if lead.bound_at is None:
        raise Refused(RefusalCode.NEVER_HELD, lead_id=lead.id)


def find_standing_deal(lead: Lead) -> Deal | None:
    """Return the deal that counts for a lead now, None where there is none or it was undone."""
    return db.session.scalar(
        select(Deal)
        .where(Deal.lead_id == lead.id, Deal.undone_at.is_(None))
        .options(selectinload(Deal.marked_by))
    )


def get_standing_deal(lead: Lead, now: datetime) -> Deal:
    """Return the deal that somebody wants to undo.

    Raises:
        Refused: STATUS_FORBIDS where no deal stands.
    """
    deal = find_standing_deal(lead)
    if deal is None:
        raise no_deal(lead, now)
    return deal


def no_deal(lead: Lead, now: datetime) -> Refused:
    """Return the refusal to undo a deal where none stands."""
    status = lead.status_at(now).value
    return Refused(RefusalCode.STATUS_FORBIDS, verb=Verb.UNDO_DEAL.value, status=status)


def status_after_undo(lead: Lead, deal: Deal, now: datetime) -> LeadStatus:
    """Return the status that a lead would have if its deal were undone now (R9)."""
    if deal.late:
        return LeadStatus.EXPIRED
    return real_status(LeadStatus.BOUND, lead.protect_until, now)
