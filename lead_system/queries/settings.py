"""What the admin decided for everybody, and the choices that forms offer."""

from sqlalchemy import select

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, CustomerType, Setting


def get_settings() -> Setting:
    """Return the one row of settings, which the first migration made."""
    return db.session.execute(select(Setting)).scalar_one()


def consultant_choices() -> list[Account]:
    """Return the consultants who can be chosen now, by name."""
    active = select(Account).where(Account.role == Role.CONSULTANT, Account.archived_at.is_(None))
    return list(db.session.scalars(active.order_by(Account.name, Account.id)))


def customer_type_choices() -> list[CustomerType]:
    """Return the customer types that can be chosen now, by number."""
    offered = select(CustomerType).where(CustomerType.retired_at.is_(None))
    return list(db.session.scalars(offered.order_by(CustomerType.id)))


def brokerage_choices() -> list[Brokerage]:
    """Return the brokerages that can be chosen now, by name."""
    active = select(Brokerage).where(Brokerage.archived_at.is_(None))
    return list(db.session.scalars(active.order_by(Brokerage.name, Brokerage.id)))
