"""What happened on each Shanghai day: one grouped query for all measures, the same on every database.

No database is asked for its time zones: the days go along as moments in UTC, and each is counted as a stretch
of an index.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    Date,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import start_of_day
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    Deal,
    Fee,
    GateScan,
    Lead,
    UtcDateTime,
    Viewing,
    WalkIn,
    is_listed,
    is_stored_as,
)
from lead_system.queries import scope


class Measure(StrEnum):
    """What is counted on each day, in the order in which a customer comes along."""

    ENTERED = "entered"
    """Customers who were entered and still stand in the lists."""
    REPORTED = "reported"
    """Customers who were reported for the first time."""
    SCANS = "scans"
    """Visits that the gate confirmed."""
    WALK_INS = "walk_ins"
    """Visitors who came alone, each time they did."""
    BOUND = "bound"
    """Customers of whom a binding began, by a scan or by a rebind."""
    VIEWINGS = "viewings"
    """Showings that a consultant recorded."""
    DEALS = "deals"
    """Customers whose standing deal is dated on this day."""
    FEES = "fees"
    """Viewing fees that were paid and count."""


@dataclass(frozen=True)
class Trend:
    """Counts of several measures for each of the days between two, both included."""

    days: tuple[date, ...]
    counts: Mapping[Measure, Mapping[date, int]]

    def on(self, measure: Measure, day: date) -> int:
        """Return the count of one day; a day without rows counts nought."""
        return self.counts[measure].get(day, 0)

    def between(self, measure: Measure, first: date, last: date) -> int:
        """Return the sum over some days, both included."""
        return sum(count for day, count in self.counts[measure].items() if first <= day <= last)


def counts_by_day(actor: Account, measures: Collection[Measure], first: date, last: date) -> Trend:
    """Return what somebody may see of each Shanghai day from `first` to `last`, both included (R11, R12)."""
    return counts_since(actor, dict.fromkeys(measures, first), last)


def counts_since(actor: Account, firsts: Mapping[Measure, date], last: date) -> Trend:
    """Return the same for measures that begin on days of their own; what lies before its first is nought."""
    first = min(firsts.values())
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    dates, moments = _dates(len(days)), _moments(len(days))
    counted = [
        _counted(measure, actor, dates if measure is Measure.DEALS else moments, (begin - first).days)
        for measure, begin in firsts.items()
    ]
    counts: dict[Measure, dict[date, int]] = {measure: {} for measure in firsts}
    for measure, number, count in db.session.execute(union_all(*counted), _bounds_of(days)):
        if count:
            counts[Measure(measure)][days[number]] = count
    return Trend(days, counts)


def _bounds_of(days: Sequence[date]) -> dict[str, Any]:
    """Return where each day begins, under the names in the tables of days, and where the last one ends."""
    bounds = [*days, days[-1] + timedelta(days=1)]
    dates = {f"dates_{n}": day for n, day in enumerate(bounds)}
    return dates | {f"moments_{n}": start_of_day(day) for n, day in enumerate(bounds)}


@cache
def _dates(count: int) -> CTE:
    return _table_of_days("dates", Date(), count)


@cache
def _moments(count: int) -> CTE:
    return _table_of_days("moments", UtcDateTime(), count)


def _table_of_days(name: str, kind: TypeEngine[Any], count: int) -> CTE:
    """Return days as a table of the question itself: the number, the beginning, and that of the next one.

    It is made of one SELECT a day: a question with VALUES, SQLAlchemy puts into words anew each time.
    """

    def day(n: int) -> Select[Any]:
        begins, ends = (bindparam(f"{name}_{at}", type_=kind) for at in (n, n + 1))
        number = literal_column(str(n), Integer())
        return select(number.label("number"), begins.label("begins"), ends.label("ends"))

    return union_all(*map(day, range(count))).cte(name)


def _counted(measure: Measure, actor: Account, days: Any, first: int) -> Select[Any]:
    """Return for one measure how many rows fell on each day, from the day with the number `first` on.

    Each day is a stretch of an index, which is counted there: to sort all rows into days takes many times as
    long, since every one is then looked at, compared and sorted.
    """
    found, what, moment = _ROWS[measure](actor)
    on_the_day = found.with_only_columns(what).where(moment >= days.c.begins, moment < days.c.ends)
    found_each = select(literal(measure.value), days.c.number, on_the_day.correlate(days).scalar_subquery())
    return found_each.where(days.c.number >= first)


_Rows = tuple[Select[Any], Any, Any]
"""The rows of a measure, how they are counted, and the moment or day on which each counts."""


def _leads(actor: Account) -> Select[Any]:
    return select(Lead).where(scope.visible_leads(actor), is_listed())


def _bound(actor: Account) -> _Rows:
    found = select(Binding).where(scope.binds_listed_lead(actor))
    return found, func.count(Binding.lead_id.distinct()), Binding.bound_at


def _dealt(actor: Account) -> _Rows:
    found = _leads(actor).join(Deal, Deal.lead_id == Lead.id)
    return found.where(Deal.undone_at.is_(None), is_stored_as(LeadStatus.DEALT)), func.count(), Deal.dealt_on


def _scans(actor: Account) -> _Rows:
    return select(GateScan).where(scope.visible_scans(actor)), func.count(), GateScan.scanned_at


def _walk_ins(actor: Account) -> _Rows:
    return select(WalkIn).where(scope.visible_walk_ins(actor)), func.count(), WalkIn.came_at


def _viewings(actor: Account) -> _Rows:
    return select(Viewing).where(scope.visible_viewings(actor)), func.count(), Viewing.viewed_at


def _fees(actor: Account) -> _Rows:
    found = select(Fee).where(scope.visible_fees(actor), Fee.voided_at.is_(None))
    return found, func.count(), Fee.created_at


_ROWS: dict[Measure, Callable[[Account], _Rows]] = {
    Measure.ENTERED: lambda actor: (_leads(actor), func.count(), Lead.entered_at),
    Measure.REPORTED: lambda actor: (_leads(actor), func.count(), Lead.first_reported_at),
    Measure.SCANS: _scans,
    Measure.WALK_INS: _walk_ins,
    Measure.BOUND: _bound,
    Measure.VIEWINGS: _viewings,
    Measure.DEALS: _dealt,
    Measure.FEES: _fees,
}
