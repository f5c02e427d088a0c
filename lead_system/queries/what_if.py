"""What if protection were so many days (B9): which running bindings would end now or soon; nothing is saved.

It goes by the bindings and the fates of `queries.protection`: a binding ends at once as soon as it is as many
whole days old. So one look at their ages answers for every number of days.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import selectinload

from lead_system.domain.protection import WHAT_IF_SOON
from lead_system.extensions import db
from lead_system.models import Account, Binding, Brokerage, Lead
from lead_system.queries.measuring import DAY, microseconds
from lead_system.queries.paging import Found, one_page
from lead_system.queries.protection import is_running_binding

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROWS_SHOWN = 50


class When(StrEnum):
    """When a binding would end under another number of days."""

    NOW = "now"
    SOON = "soon"
    """Not now, but within seven days of 24 hours from now, the last instant included."""


class Line(NamedTuple):
    """What a number of days would do: how many bindings end now and soon, and of how many brokers now."""

    days: int
    now: int
    soon: int
    brokers: int


class BrokersLine(NamedTuple):
    """How many bindings of one broker would end now and soon."""

    broker_id: int
    name: str
    brokerage: str | None
    now: int
    soon: int


def lines_of(tried: Sequence[int], now: datetime) -> list[Line]:
    """Return what each number of days would do, from two questions, however many numbers there are."""
    ages = _counted(select(_age(now).label("age")), now)
    oldest = _counted(select(func.max(_age(now)).label("age")).group_by(Lead.broker_id), now)
    return [
        Line(
            days,
            _at_least(ages, days),
            _at_least(ages, days - WHAT_IF_SOON) - _at_least(ages, days),
            _at_least(oldest, days),
        )
        for days in tried
    ]


def _counted(found: Select[Any], now: datetime) -> Counter[int]:
    """Return how often each age comes among what is found of the bindings that would be moved."""
    each = _among_movable(found, now).subquery()
    lines = db.session.execute(select(each.c.age, func.count()).group_by(each.c.age))
    return Counter({age: count for age, count in lines})  # noqa: C416 - rows are no pairs to mypy


def _at_least(ages: Counter[int], days: int) -> int:
    return sum(count for age, count in ages.items() if age >= days)


def _age(now: datetime) -> ColumnElement[int]:
    """Return how many whole days of 24 hours ago a binding began."""
    instant = (now - _EPOCH) // timedelta(microseconds=1)
    age: ColumnElement[int] = (instant - microseconds(Binding.bound_at)) // DAY
    return age


def _among_movable(found: Select[Any], now: datetime) -> Select[Any]:
    """Narrow to running bindings that another setting would move: ends extended or kept stay (R6)."""
    is_movable = and_(Binding.extended_at.is_(None), Binding.kept_end.is_(False))
    return found.select_from(Binding).join(Binding.lead).where(is_running_binding(now), is_movable)


def _ends(when: When, days: int, now: datetime) -> ColumnElement[bool]:
    age = _age(now)
    if when is When.NOW:
        return age >= days
    return and_(age < days, age >= days - WHAT_IF_SOON)


def brokers_of(days: int, now: datetime) -> list[BrokersLine]:
    """Return whose bindings would end now or soon under a number of days, the hardest hit first."""
    at_once, soon = (func.count(case((_ends(when, days, now), 1))) for when in When)
    shown: tuple[Any, ...] = (Account.id, Account.name, Brokerage.name, at_once, soon)
    found = (
        _among_movable(select(*shown), now)
        .join(Account, Account.id == Lead.broker_id)
        .outerjoin(Brokerage, Brokerage.id == Account.brokerage_id)
        .group_by(Account.id, Account.name, Brokerage.name)
        .having(at_once + soon > 0)
        .order_by(at_once.desc(), soon.desc(), Account.id)
    )
    return [BrokersLine(*line) for line in db.session.execute(found)]


def bindings_of(broker_id: int, when: When, days: int, now: datetime, *, page: int) -> Found[Binding]:
    """Return the bindings of a broker behind a figure, the oldest first, a page of them.

    Raises:
        Refused: NOT_FOUND for a page that does not exist.
    """
    found = _among_movable(select(Binding), now)
    found = found.where(Lead.broker_id == broker_id, _ends(when, days, now))
    found = found.options(selectinload(Binding.lead)).order_by(Binding.bound_at, Binding.id)
    return one_page(found, page, size=ROWS_SHOWN)
