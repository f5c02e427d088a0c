"""The time line of one customer: every broker's steps, and who held when, with the names in them (B1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from lead_system.domain.holding import Period, holders_at, periods_of
from lead_system.domain.records import Record
from lead_system.domain.roles import DECIDERS
from lead_system.domain.time_line import COLLISION_STEPS, REBIND_STEPS, Belonging, Step, StepKind, steps_of
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Lead, ProfileChange
from lead_system.queries.customers import Customer, customer_of
from lead_system.queries.records import records_of


class _Move(NamedTuple):
    """A broker left one brokerage for another."""

    at: datetime
    before: int | None


@dataclass(frozen=True)
class _BrokerageAt:
    """Where brokers were at a moment: where they are now, and what they left on the way there.

    A change of the phone alone has the same brokerage before and after, so it says nothing wrong.
    """

    now: Mapping[int, int | None]
    moves: Mapping[int, Sequence[_Move]]

    def __call__(self, broker_id: int, moment: datetime) -> int | None:
        later = (move.before for move in self.moves.get(broker_id, ()) if move.at > moment)
        return next(later, self.now.get(broker_id))


@dataclass(frozen=True)
class TimeLine:
    """All that is known of one customer: leads, steps and periods, each oldest first, and what they name.

    `people` are names by account, `brokerages` names by their id; `belonging` says whose a lead is, and where
    a broker was at a moment.
    """

    customer: Customer
    steps: Sequence[Step]
    periods: Sequence[Period]
    people: Mapping[int, str]
    brokerages: Mapping[int, str]
    belonging: Belonging

    def broker_id(self, lead_id: int | None) -> int | None:
        """Return whose a lead is."""
        return None if lead_id is None else self.belonging.broker_of.get(lead_id)

    def brokerage_then(self, lead_id: int, moment: datetime) -> str:
        """Return the brokerage to which a lead's broker belonged at a moment; blank without one."""
        broker_id = self.broker_id(lead_id)
        brokerage_id = self.belonging.brokerage_at(broker_id, moment) if broker_id else None
        return self.brokerages.get(brokerage_id or 0, "")

    def held_at(self, moment: datetime) -> list[Period]:
        """Return who held the customer at a moment."""
        return holders_at(self.periods, moment)

    def steps_of_broker(self, broker_id: int | None) -> list[Step]:
        """Return the steps that concern a broker, on either side; all of them for None."""
        if broker_id is None:
            return list(self.steps)
        return [step for step in self.steps if broker_id in map(self.broker_id, step.leads)]


def time_line_of(lead: Lead, now: datetime, *, covers: int | None = None) -> TimeLine:
    """Return the time line of a lead's customer, for whoever may see all of it, up to the record `covers`.

    The number of questions is the same however many leads there are.
    """
    customer = customer_of(lead)
    records = [record for record in records_of(customer) if covers is None or record.id <= covers]
    broker_of = _brokers_of(customer, records)
    at_home = _accounts({*broker_of.values(), *_people_in(records)})
    belonging = Belonging(broker_of, _brokerages_of(at_home, set(broker_of.values())))
    return TimeLine(
        customer,
        steps_of(records, belonging, now=now),
        periods_of(records),
        {account_id: name for account_id, (name, _brokerage) in at_home.items()},
        dict(db.session.execute(select(Brokerage.id, Brokerage.name)).all()),
        belonging,
    )


def time_line_for(actor: Account, lead: Lead, now: datetime) -> TimeLine:
    """Return the time line of a lead's customer as somebody may see it.

    Collisions, and where a rebind went and why, are for those who decide, as on the customer's page.
    """
    whole = time_line_of(lead, now)
    if actor.role in DECIDERS:
        return whole
    shown = [_without_dispute(step) for step in whole.steps if step.kind not in COLLISION_STEPS]
    return replace(whole, steps=shown)


_OF_REBINDS = frozenset({"rebind", "broker", "to_lead", "from_lead", "for_rebind_of"})
_NAMES_THE_OTHER = REBIND_STEPS | {StepKind.ENTERED}


def _without_dispute(step: Step) -> Step:
    if step.kind not in _NAMES_THE_OTHER:
        return step
    values = {name: value for name, value in step.values.items() if name not in _OF_REBINDS}
    personal = {} if step.kind in REBIND_STEPS else step.personal
    return replace(step, other_leads=(), values=values, personal=personal)


# Names.


def _brokers_of(customer: Customer, records: Iterable[Record]) -> dict[int, int]:
    """Return whose each lead is: those of the customer, and those that records name beside them."""
    known = {lead.id: lead.broker_id for lead in customer.leads}
    named = {lead_id for record in records for lead_id in _leads_in(record)} - set(known)
    rows = db.session.execute(select(Lead.id, Lead.broker_id).where(Lead.id.in_(named)))
    return known | dict(rows.all())


_NAME_A_LEAD = ("challenger", "holder", "to_lead", "from_lead", "for_rebind_of")


def _leads_in(record: Record) -> set[int]:
    named = {record.changes.get(name) for name in _NAME_A_LEAD} | {record.lead_id}
    merged_into = record.changes.get("merged_into") or ()
    return {lead_id for lead_id in (*named, *record.changes.get("held_by", ()), *merged_into) if lead_id}


def _people_in(records: Iterable[Record]) -> set[int]:
    """Return the accounts that records name: who did it, and consultants who came or went."""
    people: set[int | None] = set()
    for record in records:
        people.add(record.actor_id)
        for name in ("consultant", "consultant_id"):
            value = record.changes.get(name)
            people.update(value if isinstance(value, list) else [value])
    return {one for one in people if one is not None}


def _accounts(ids: set[int]) -> dict[int, tuple[str, int | None]]:
    """Return name and present brokerage of accounts."""
    asked = select(Account.id, Account.name, Account.brokerage_id).where(Account.id.in_(ids))
    return {account_id: (name, brokerage) for account_id, name, brokerage in db.session.execute(asked)}


def _brokerages_of(accounts: Mapping[int, tuple[str, int | None]], brokers: set[int]) -> _BrokerageAt:
    changes = db.session.execute(
        select(ProfileChange.account_id, ProfileChange.changed_at, ProfileChange.old_brokerage_id)
        .where(ProfileChange.account_id.in_(brokers))
        .order_by(ProfileChange.id)
    )
    moves: dict[int, list[_Move]] = {}
    for account_id, at, before in changes:
        moves.setdefault(account_id, []).append(_Move(at, before))
    return _BrokerageAt({broker: accounts[broker][1] for broker in brokers if broker in accounts}, moves)
