"""What the admin decided for everybody, what became of it over time, and the choices that forms offer."""

from collections import Counter
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, CustomerType, HistoryRecord, Setting
from lead_system.queries import scope


def get_settings() -> Setting:
    """Return the one row of settings, which the first migration made."""
    return db.session.execute(select(Setting)).scalar_one()


def changes_of(chain: str, *, at_most: int) -> list[HistoryRecord]:
    """Return the last changes of what a chain of the history names, newest first."""
    found = select(HistoryRecord).where(HistoryRecord.chain == chain)
    shown = (selectinload(HistoryRecord.actor), selectinload(HistoryRecord.payload))
    return list(db.session.scalars(found.options(*shown).order_by(HistoryRecord.id.desc()).limit(at_most)))


def consultant_choices() -> list[Account]:
    """Return the consultants who can be chosen now, by name."""
    active = select(Account).where(Account.role == Role.CONSULTANT, Account.archived_at.is_(None))
    return list(db.session.scalars(active.order_by(Account.name, Account.id)))


class Colleague(NamedTuple):
    """A colleague as a resident may know them: by name, without a phone."""

    id: int
    name: str


def colleague_choices(resident: Account) -> list[Colleague]:
    """Return for whom a resident may enter a customer, by name alone (manual 5.1-2); nobody else has any.

    Where two have the same name, their numbers tell them apart.
    """
    found = select(Account).where(scope.choosable_colleagues(resident)).order_by(Account.name, Account.id)
    colleagues = db.session.scalars(found).all()
    times = Counter(one.name for one in colleagues)
    return [
        Colleague(one.id, one.name if times[one.name] == 1 else f"{one.name} {one.employee_number}")
        for one in colleagues
    ]


def customer_type_choices() -> list[CustomerType]:
    """Return the customer types that can be chosen now, in the order that the admin gave them."""
    offered = select(CustomerType).where(CustomerType.retired_at.is_(None))
    return list(db.session.scalars(offered.order_by(CustomerType.position, CustomerType.id)))


def brokerage_choices() -> list[Brokerage]:
    """Return the brokerages that can be chosen now, by name."""
    active = select(Brokerage).where(Brokerage.archived_at.is_(None))
    return list(db.session.scalars(active.order_by(Brokerage.name, Brokerage.id)))
