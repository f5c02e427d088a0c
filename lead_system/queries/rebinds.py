"""改绑 before it happens: which broker may be chosen, and what exactly would follow (R8)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, status_after
from lead_system.domain.protection import protected_until
from lead_system.domain.roles import AGENTS, APPROVED
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Lead, LeadKey
from lead_system.queries.leads import contains
from lead_system.queries.settings import get_settings

CHOICES_SHOWN = 20


@dataclass(frozen=True)
class RebindForesight:
    """What a rebind would do, for the page that asks before it is done.

    `to_lead` is the new broker's own lead that would be bound, None where one would be made;
    `merged_leads` are further leads of theirs that would go into it.
    """

    to_broker: Account
    to_lead: Lead | None
    merged_leads: tuple[Lead, ...]
    is_reported_on_behalf: bool
    days: int
    restarted_end: datetime


def require_rebindable(lead: Lead, now: datetime) -> None:
    """Refuse to foresee the rebind of a lead that is not bound now.

    Raises:
        Refused: DEAL_STANDS, or STATUS_FORBIDS.
    """
    if lead.status_at(now) is LeadStatus.DEALT:
        raise Refused(RefusalCode.DEAL_STANDS, lead_id=lead.id)
    status_after(Verb.REBIND_AWAY, lead.status_at(now))


def brokers_for(lead: Lead, search: str) -> list[Account]:
    """Return the agents to whom a lead could go and who fit a search by name, phone or brokerage."""
    fit = (
        select(Account)
        .join(Account.brokerage)
        .where(
            Account.role.in_(AGENTS),
            Account.id != lead.broker_id,
            Account.archived_at.is_(None),
            Account.profile_completed_at.is_not(None),
            Account.approval.in_(APPROVED),
            Brokerage.archived_at.is_(None),
            or_(*(contains(text, search) for text in (Account.name, Account.phone, Brokerage.name))),
        )
        .options(selectinload(Account.brokerage))
        .order_by(Account.name, Account.id)
        .limit(CHOICES_SHOWN)
    )
    return list(db.session.scalars(fit))


def foresee_rebind(lead: Lead, to_broker_id: int, now: datetime) -> RebindForesight:
    """Say what moving a bound lead to another broker would do.

    The service decides again when it is done; this only tells, from what is known now.

    Raises:
        Refused: the lead is not bound, or the broker does not exist or has the lead already.
    """
    require_rebindable(lead, now)
    broker = db.session.scalar(select(Account).where(Account.id == to_broker_id, Account.role.in_(AGENTS)))
    if broker is None:
        raise Refused(RefusalCode.BROKER_NOT_ACTIVE)
    if broker.id == lead.broker_id:
        raise Refused(RefusalCode.REBIND_SAME_BROKER)
    own = _own_leads(broker, lead)
    target = next((one for one in own if lead.phone1 in (one.phone1, one.phone2)), own[0] if own else None)
    days = get_settings().protection_days
    return RebindForesight(
        to_broker=broker,
        to_lead=target,
        merged_leads=tuple(one for one in own if one is not target),
        is_reported_on_behalf=target is None or target.status_at(now) is not LeadStatus.REPORTED,
        days=days,
        restarted_end=protected_until(now, days),
    )


def _own_leads(broker: Account, lead: Lead) -> list[Lead]:
    """Return the broker's own leads for the same customer, in the order of their numbers."""
    keys = select(LeadKey.lead_id).where(
        LeadKey.broker_id == broker.id,
        LeadKey.name_key == lead.name_key,
        LeadKey.phone.in_([key.phone for key in lead.keys]),
        LeadKey.person_number == lead.person_number,
    )
    return list(db.session.scalars(select(Lead).where(Lead.id.in_(keys)).order_by(Lead.id)))
