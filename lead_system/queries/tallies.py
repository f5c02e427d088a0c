"""Exact figures of customers that nobody goes through: sums of `broker_tallies`, which triggers keep.

What depends on the clock is never kept (R6). How many of the bindings that are stored still run is counted in
the statement that reads the sums, so that both are of one moment: an expiry shows at its instant.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)

from lead_system.domain.lifecycle import LeadStatus
from lead_system.models import Account, BrokerTally, Lead
from lead_system.statements import Statement

EVERY_STATUS = (
    BrokerTally.entered + BrokerTally.reported + BrokerTally.bound + BrokerTally.expired + BrokerTally.dealt
)
"""How many listed leads a broker has."""


@dataclass(frozen=True)
class Owner:
    """Whose customers are counted: one broker's, those of a brokerage's brokers of today, or everybody's."""

    broker_id: int | None = None
    brokerage_id: int | None = None


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
    named = {name: number for name, number in asdict(owner).items() if number is not None}
    (row,) = _sums_of(*named).rows({"now": now, **named})
    entered, reported, stored, expired, dealt, ever_reported, ever_bound, running = row
    ended = stored - running
    return Tally(entered, reported, running, expired + ended, dealt, ever_reported, ever_bound)


@cache
def _sums_of(*named: str) -> Statement:
    """Ask for the stored figures of an owner who is named by these fields, and how many protections run."""
    kept: tuple[Any, ...] = (
        BrokerTally.entered,
        BrokerTally.reported,
        BrokerTally.bound,
        BrokerTally.expired,
        BrokerTally.dealt,
        BrokerTally.ever_reported,
        BrokerTally.ever_bound,
    )
    running = select(func.count()).select_from(Lead).where(runs_on(NOW), _owned(Lead.broker_id, named))
    sums: list[Any] = [func.coalesce(func.sum(count), 0) for count in kept]
    return Statement(select(*sums, running.scalar_subquery()).where(_owned(BrokerTally.broker_id, named)))


def _owned(broker_id: Any, named: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a broker, given as a column, is or belongs to the owner of a question."""
    members = select(Account.id).where(Account.brokerage_id == bindparam("brokerage_id"))
    conditions = {"broker_id": broker_id == bindparam("broker_id"), "brokerage_id": broker_id.in_(members)}
    return and_(true(), *(conditions[name] for name in named))
