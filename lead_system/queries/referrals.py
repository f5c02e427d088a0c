"""渠道推荐数据表: for each broker, how many customers ever came how far (SPEC 4, manual 6.2.g)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager

from lead_system.extensions import db
from lead_system.models import Account, Brokerage, BrokerTally
from lead_system.queries import scope
from lead_system.queries.matching import contains, has_account_phone_part
from lead_system.queries.tallies import EVERY_STATUS


@dataclass(frozen=True)
class ReferralSearch:
    """What the referral table is narrowed to (manual 6.2.g-9 to 6.2.g-11)."""

    brokerage: str = ""
    name: str = ""
    phone: str = ""


class Referral(NamedTuple):
    """One broker's line: cumulative figures, but for the deals, which are those that stand now."""

    broker: Account
    entered: int
    reported: int
    bound: int
    dealt: int

    @property
    def id(self) -> int:
        """The broker's account."""
        return self.broker.id


def referrals_found(actor: Account, search: ReferralSearch) -> Select[Any]:
    """Return the lines of the table in its one order: dealt, bound, reported, entered, all descending.

    The brokerage is today's. Every figure is kept, and is the number of rows that it opens.
    """
    kept = (EVERY_STATUS, BrokerTally.ever_reported, BrokerTally.ever_bound, BrokerTally.dealt)
    figures = [func.coalesce(figure, 0) for figure in kept]
    return (
        _brokers_found(actor, search)
        .join(BrokerTally, BrokerTally.broker_id == Account.id, isouter=True)
        .add_columns(*figures)
        .options(contains_eager(Account.brokerage))
        .order_by(*(figure.desc() for figure in reversed(figures)), Account.id)
    )


def count_referrals(actor: Account, search: ReferralSearch) -> int:
    """Return how many lines the table has."""
    brokers = _brokers_found(actor, search).with_only_columns(func.count(), maintain_column_froms=True)
    return db.session.execute(brokers).scalar_one()


def _brokers_found(actor: Account, search: ReferralSearch) -> Select[Account]:
    parts = ((Brokerage.name, search.brokerage), (Account.name, search.name))
    conditions = [contains(column, part) for column, part in parts if part.strip()]
    if search.phone.strip():
        conditions.append(has_account_phone_part(Account.phone, search.phone))
    brokers = select(Account).join(Account.brokerage, isouter=True)
    return brokers.where(scope.visible_agents(actor), *conditions)
