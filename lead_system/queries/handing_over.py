"""Whose customers wait for somebody else, because their consultant, broker or brokerage has left (R10)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Lead, is_listed
from lead_system.queries import scope
from lead_system.queries.leads import Step, reached

MOST_AT_ONCE = 200
"""How many customers are handed over at once: one transaction locks them all, and nobody waits for long."""


class Leaver(NamedTuple):
    """An archived consultant, and how many customers are theirs still: bound, dealt, or wishing for them."""

    consultant: Account
    customers: int


def is_gone(broker: Account) -> bool:
    """Whether a broker is archived, or the brokerage is (R10)."""
    return not broker.is_active or (broker.brokerage is not None and not broker.brokerage.is_active)


def is_of_consultant(consultant_id: object, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a customer is a consultant's: assigned while held, or wishing for them."""
    held = and_(Lead.consultant_id == consultant_id, reached(Step.HELD, now))
    wishing = and_(Lead.wished_consultant_id == consultant_id, reached(Step.OPEN, now))
    return and_(is_listed(), or_(held, wishing))


def leavers(now: datetime) -> list[Leaver]:
    """Return the archived consultants who have customers still, by name."""
    counted = select(func.count()).select_from(Lead).where(is_of_consultant(Account.id, now))
    customers = counted.correlate(Account).scalar_subquery()
    gone = and_(Account.role == Role.CONSULTANT, Account.archived_at.is_not(None))
    rows = db.session.execute(select(Account, customers).where(gone).order_by(Account.name, Account.id))
    return [Leaver(account, count) for account, count in rows if count]


def customers_of_consultant(actor: Account, consultant_id: int, now: datetime) -> list[Lead]:
    """Return the customers of a consultant, as many as are handed over at once."""
    return _some(actor, is_of_consultant(consultant_id, now))


def customers_to_rebind(actor: Account, now: datetime) -> list[Lead]:
    """Return the running bindings of archived brokers and brokerages, as many as are handed over at once."""
    return _some(actor, and_(is_listed(), reached(Step.TO_REBIND, now)))


def _some(actor: Account, condition: ColumnElement[bool]) -> list[Lead]:
    found: Select[Lead] = select(Lead).where(scope.visible_leads(actor), condition)
    found = found.options(joinedload(Lead.broker).joinedload(Account.brokerage), joinedload(Lead.consultant))
    leads: Sequence[Lead] = db.session.scalars(found.order_by(Lead.id).limit(MOST_AT_ONCE)).all()
    return list(leads)
