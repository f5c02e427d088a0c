"""What another protection would do to the bindings that run now (R6), for the preview and the change."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import contains_eager

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import MOVED, Fate, fate_of, reset_until
from lead_system.extensions import db
from lead_system.models import Account, Binding, Hold, Lead


class Outlook(NamedTuple):
    """A running binding under another setting: what becomes of it, its end, and its new end."""

    binding: Binding
    fate: Fate
    old_end: datetime
    new_end: datetime

    @property
    def is_moved(self) -> bool:
        """Whether the binding gets another end."""
        return self.fate in MOVED


class BrokersPart(NamedTuple):
    """How many bindings of one broker would end later, earlier and at once."""

    broker: Account
    later: int
    earlier: int
    at_once: int


@dataclass(frozen=True)
class Foresight:
    """What a number of days would do to the running bindings, and whom it concerns, the hardest hit first."""

    days: int
    counts: Counter[Fate]
    brokers: tuple[BrokersPart, ...]

    @property
    def moved(self) -> int:
        """How many running bindings would get another end."""
        return sum(self.counts[fate] for fate in MOVED)


def runs(now: datetime) -> ColumnElement[bool]:
    """Return the condition under which a lead's protection runs: bound, with its end still to come (R6)."""
    condition: ColumnElement[bool] = and_(Lead.status == LeadStatus.BOUND, Lead.protect_until > now)
    return condition


def running_bindings(now: datetime) -> Select[Any]:
    """Return the open bindings of the leads that are protected and really hold, by lead number."""
    found = select(Binding).join(Binding.lead).where(is_running_binding(now))
    return found.options(contains_eager(Binding.lead)).order_by(Lead.id)


def is_running_binding(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a binding, beside its lead, is open, runs and really holds.

    A lead whose end has come by another machine's clock, and whose customer was taken, holds no longer.
    """
    holds = exists().where(Hold.lead_id == Lead.id, Hold.ends_at > now)
    condition: ColumnElement[bool] = and_(Binding.ended_at.is_(None), runs(now), holds)
    return condition


def outlook(bindings: Iterable[Binding], days: int, now: datetime) -> list[Outlook]:
    """Say of running bindings what becomes of each with another number of days."""
    return [_outlook(binding, days, now) for binding in bindings]


def _outlook(binding: Binding, days: int, now: datetime) -> Outlook:
    new_end = reset_until(binding.bound_at, days, now=now)
    fate = fate_of(
        ends_at=binding.ends_at,
        new_end=new_end,
        is_extended=binding.extended_at is not None,
        is_kept=binding.kept_end,
        now=now,
    )
    return Outlook(binding, fate, binding.ends_at, new_end)


def foresee(days: int, now: datetime) -> Foresight:
    """Return what a number of days would do to the bindings that run now; nothing is written."""
    broker = contains_eager(Binding.lead).selectinload(Lead.broker)
    found = running_bindings(now).options(broker, broker.selectinload(Account.brokerage))
    seen = outlook(db.session.scalars(found), days, now)
    return Foresight(days, Counter(one.fate for one in seen), _parts(seen))


def _parts(seen: Iterable[Outlook]) -> tuple[BrokersPart, ...]:
    brokers: dict[int, Account] = {}
    fates: dict[int, Counter[Fate]] = {}
    for one in seen:
        if one.is_moved:
            broker = one.binding.lead.broker
            brokers[broker.id] = broker
            fates.setdefault(broker.id, Counter())[one.fate] += 1
    parts = [
        BrokersPart(brokers[number], of[Fate.LATER], of[Fate.EARLIER], of[Fate.AT_ONCE])
        for number, of in fates.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.at_once, -part.earlier, -part.later, part.broker.id)))
