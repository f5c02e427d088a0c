"""改绑: the records of those that happened; and before one happens, what exactly would follow (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, status_after
from lead_system.domain.protection import protected_until
from lead_system.domain.roles import AGENTS, APPROVED
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Lead, LeadKey, Rebind
from lead_system.queries import scope
from lead_system.queries.matching import accounts_with, contains, is_number, is_within
from lead_system.queries.names import has_name_part
from lead_system.queries.settings import get_settings

CHOICES_SHOWN = 20


@dataclass(frozen=True)
class RebindSearch:
    """What the list of rebinds is narrowed to; number and broker may be of either side."""

    number: str = ""
    name: str = ""
    broker: str = ""
    actor: str = ""
    first_day: date | None = None
    last_day: date | None = None


def rebinds_found(actor: Account, search: RebindSearch) -> Select[Rebind]:
    """Return the records of rebinds that somebody may see and that fit a search, newest first."""
    conditions = [is_within(Rebind.at, search.first_day, search.last_day)]
    if search.number.strip():
        sides = (Rebind.from_lead_id, Rebind.to_lead_id)
        conditions.append(or_(*(is_number(side, search.number) for side in sides)))
    if search.name.strip():
        conditions.append(Rebind.from_lead_id.in_(select(Lead.id).where(has_name_part(search.name))))
    if search.broker.strip():
        named = accounts_with(Account.name, search.broker)
        conditions.append(or_(Rebind.from_broker_id.in_(named), Rebind.to_broker_id.in_(named)))
    if search.actor.strip():
        conditions.append(Rebind.actor_id.in_(accounts_with(Account.name, search.actor)))
    shown = (Rebind.from_lead, Rebind.from_broker, Rebind.to_broker, Rebind.actor)
    return (
        select(Rebind)
        .where(scope.visible_rebinds(actor), *conditions)
        .options(*(selectinload(one) for one in shown))
        .order_by(Rebind.at.desc(), Rebind.id.desc())
    )


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


def brokers_for(lead: Lead, search: str) -> list[Account]:
    """Return the agents to whom a lead could go and who fit a search by name, phone or brokerage."""
    fit = (
        select(Account)
        .join(Account.brokerage)
        .where(
            _may_get(lead), or_(*(contains(c, search) for c in (Account.name, Account.phone, Brokerage.name)))
        )
        .options(selectinload(Account.brokerage))
        .order_by(Account.name, Account.id)
        .limit(CHOICES_SHOWN)
    )
    return list(db.session.scalars(fit))


def _may_get(lead: Lead) -> ColumnElement[bool]:
    """Return the condition on an account and its brokerage under which it may get a lead (R8)."""
    return and_(
        Account.role.in_(AGENTS),
        Account.id != lead.broker_id,
        Account.archived_at.is_(None),
        Account.profile_completed_at.is_not(None),
        Account.approval.in_(APPROVED),
        Brokerage.archived_at.is_(None),
    )


def foresee(lead: Lead, to_broker_id: int | None, now: datetime) -> RebindForesight | None:
    """Say what moving a bound lead to another broker would do; None as long as no broker is chosen.

    The service decides again when it is done; this only tells, from what is known now.

    Raises:
        Refused: the lead is not bound, or the broker does not exist or has the lead already.
    """
    require_rebindable(lead, now)
    if to_broker_id is None:
        return None
    broker = get_other_agent(lead, to_broker_id)
    own = matching_leads(broker, lead)
    target = target_among(own, lead)
    days = get_settings().protection_days
    return RebindForesight(
        to_broker=broker,
        to_lead=target,
        merged_leads=tuple(one for one in own if one is not target),
        is_reported_on_behalf=target is None or target.status_at(now) is not LeadStatus.REPORTED,
        days=days,
        restarted_end=protected_until(now, days),
    )


def require_rebindable(lead: Lead, now: datetime) -> None:
    """Refuse to move a lead whose binding does not run, or on which a deal stands (R8).

    Raises:
        Refused: DEAL_STANDS or STATUS_FORBIDS.
    """
    if lead.status_at(now) is LeadStatus.DEALT:
        raise Refused(RefusalCode.DEAL_STANDS, lead_id=lead.id)
    status_after(Verb.REBIND_AWAY, lead.status_at(now))


def get_other_agent(lead: Lead, broker_id: int) -> Account:
    """Return the agent to whom a lead is to go.

    A phone without a profile is nobody's broker yet, as in every list (`scope.visible_agents`).

    Raises:
        Refused: there is no such agent, or the lead is this agent's already.
    """
    is_agent = and_(Account.role.in_(AGENTS), Account.profile_completed_at.is_not(None))
    broker = db.session.scalar(select(Account).where(Account.id == broker_id, is_agent))
    if broker is None:
        raise Refused(RefusalCode.BROKER_NOT_ACTIVE)
    if broker.id == lead.broker_id:
        raise Refused(RefusalCode.REBIND_SAME_BROKER)
    return broker


def matching_leads(broker: Account, lead: Lead) -> list[Lead]:
    """Return the broker's own leads for a held customer, by number: none, one, or two with one phone each."""
    keys = select(LeadKey.lead_id).where(
        LeadKey.broker_id == broker.id,
        LeadKey.name_key == lead.name_key,
        LeadKey.phone.in_([key.phone for key in lead.keys]),
        LeadKey.person_number == lead.person_number,
    )
    return list(db.session.scalars(select(Lead).where(Lead.id.in_(keys)).order_by(Lead.id)))


def target_among(own: Sequence[Lead], held: Lead) -> Lead | None:
    """Return which of a broker's matching leads a rebind binds: the one with the held phone 1 (R8)."""
    first = own[0] if own else None
    return next((lead for lead in own if held.phone1 in (lead.phone1, lead.phone2)), first)
