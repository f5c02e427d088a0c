"""Exact figures of customers that nobody goes through: sums of `broker_tallies`, which triggers keep.

What depends on the clock is never kept (R6). How many of the bindings that are stored still run is counted in
the statement that reads the sums, so that both are of one moment: an expiry shows at its instant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)

from lead_system.domain.lifecycle import LeadStatus
from lead_system.models import Account, BrokerTally, Lead
from lead_system.queries.paging import read

EVERY_STATUS = (
    BrokerTally.entered + BrokerTally.reported + BrokerTally.bound + BrokerTally.expired + BrokerTally.dealt
)
"""How many listed leads a broker has."""


@dataclass(frozen=True)
class Owner:
    """Whose customers are counted: one broker's, those of a brokerage's brokers of today, or everybody's."""

    broker_id: int | None = None
    brokerage_id: int | None = None

    def owns(self, broker_id: Any) -> ColumnElement[bool]:
        """Return the condition that a broker, given as a column, is or belongs to this owner."""
        members = select(Account.id).where(Account.brokerage_id == self.brokerage_id)
        conditions = []
        if self.broker_id is not None:
            conditions.append(broker_id == self.broker_id)
        if self.brokerage_id is not None:
            conditions.append(broker_id.in_(members))
        return and_(true(), *conditions)


EVERYBODY = Owner()

NOW: BindParameter[datetime] = bindparam("now", type_=Lead.protect_until.type)
"""The moment of asking, in statements that are built once."""


class Tally(NamedTuple):
    """How many listed customers an owner has at a moment, by real status, and how many ever came how far."""

    entered: int
    reported: int
    bound: int
    """Those whose protection runs."""
    expired: int
    """Those that are stored so, and those whose protection has ended by now."""
    dealt: int
    ever_reported: int
    ever_bound: int

    @property
    def listed(self) -> int:
        """How many there are in all."""
        return self.entered + self.reported + self.bound + self.expired + self.dealt

    def of(self, status: LeadStatus) -> int:
        """Return how many have a status; withdrawn ones are listed nowhere."""
        return 0 if status is LeadStatus.WITHDRAWN else int(getattr(self, status.value))


def runs_on(now: Any) -> ColumnElement[bool]:
    """Return the condition that a lead's protection runs (R6), in the words of the index of bound leads.

    Nothing is asked about lists: a bound lead is in them, for it is neither withdrawn nor, by a constraint,
    merged away.
    """
    return and_(Lead.status == literal_column("'bound'"), Lead.protect_until > now)


def tally_of(owner: Owner, now: datetime) -> Tally:
    """Return an owner's figures at a moment."""
    statement = _SUMS_OF_EVERYBODY if owner == EVERYBODY else _sums_of(owner)
    (row,) = read(statement, now=now)
    entered, reported, stored, expired, dealt, ever_reported, ever_bound, running = row
    ended = stored - running
    return Tally(entered, reported, running, expired + ended, dealt, ever_reported, ever_bound)


def _sums_of(owner: Owner) -> Select[Any]:
    """Return the stored figures of an owner, and how many protections run."""
    kept: tuple[Any, ...] = (
        BrokerTally.entered,
        BrokerTally.reported,
        BrokerTally.bound,
        BrokerTally.expired,
        BrokerTally.dealt,
        BrokerTally.ever_reported,
        BrokerTally.ever_bound,
    )
    running = select(func.count()).select_from(Lead).where(runs_on(NOW), owner.owns(Lead.broker_id))
    sums: list[Any] = [func.coalesce(func.sum(count), 0) for count in kept]
    return select(*sums, running.scalar_subquery()).where(owner.owns(BrokerTally.broker_id))


_SUMS_OF_EVERYBODY = _sums_of(EVERYBODY)
