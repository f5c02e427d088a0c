"""What happened on each Shanghai day: one grouped query for all measures, the same on every database.

No database is asked for its time zones: the days go along as moments in UTC, and a row finds its day by
comparing with them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, case, func, literal, literal_column, select, union_all

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import start_of_day
from lead_system.extensions import db
from lead_system.models import Account, Binding, Deal, Fee, GateScan, Lead, Viewing, WalkIn, is_listed
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
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    counted = [_counted(measure, actor, days) for measure in measures]
    counts: dict[Measure, dict[date, int]] = {measure: {} for measure in measures}
    for measure, number, count in db.session.execute(union_all(*counted)):
        counts[Measure(measure)][days[number]] = count
    return Trend(days, counts)


def _counted(measure: Measure, actor: Account, days: Sequence[date]) -> Select[Any]:
    """Return for one measure how many different rows fell on each day; days are given by their number."""
    found, row_id, moment = _ROWS[measure](actor)
    bounds = [*days, days[-1] + timedelta(days=1)]
    starts: list[Any] = bounds if measure is Measure.DEALS else [start_of_day(day) for day in bounds]
    placed = (
        found.with_only_columns(row_id.label("row"), _day_among(moment, tuple(starts[:-1])).label("day"))
        .where(moment >= starts[0], moment < starts[-1])
        .distinct()
        .subquery()
    )
    return select(literal(measure.value), placed.c.day, func.count()).group_by(placed.c.day)


@lru_cache(maxsize=64)
def _day_among(moment: Any, starts: tuple[date | datetime, ...]) -> Any:
    """Return the number of a moment's day; the same for everybody, and slow to build, so it is kept."""
    return _number_of_day(moment, starts, 0)


def _number_of_day(moment: Any, starts: Sequence[date | datetime], first: int) -> Any:
    """Return the number of the day whose start is the last one not after a moment.

    Halving the days again and again, a row is compared seven times to find one of ninety.
    """
    if len(starts) == 1:
        return literal_column(str(first), Integer)
    middle = len(starts) // 2
    earlier = _number_of_day(moment, starts[:middle], first)
    return case(
        (moment < starts[middle], earlier), else_=_number_of_day(moment, starts[middle:], first + middle)
    )


_Rows = tuple[Select[Any], Any, Any]
"""The rows of a measure, what tells them apart, and the moment or day on which each counts."""


def _leads(actor: Account) -> Select[Any]:
    return select(Lead).where(scope.visible_leads(actor), is_listed())


def _bound(actor: Account) -> _Rows:
    return _leads(actor).join(Binding, Binding.lead_id == Lead.id), Lead.id, Binding.bound_at


def _dealt(actor: Account) -> _Rows:
    found = _leads(actor).join(Deal, Deal.lead_id == Lead.id)
    return found.where(Deal.undone_at.is_(None), Lead.status == LeadStatus.DEALT), Lead.id, Deal.dealt_on


def _scans(actor: Account) -> _Rows:
    return select(GateScan).where(scope.visible_scans(actor)), GateScan.id, GateScan.scanned_at


def _walk_ins(actor: Account) -> _Rows:
    return select(WalkIn).where(scope.visible_walk_ins(actor)), WalkIn.id, WalkIn.came_at


def _viewings(actor: Account) -> _Rows:
    return select(Viewing).where(scope.visible_viewings(actor)), Viewing.id, Viewing.viewed_at


def _fees(actor: Account) -> _Rows:
    found = select(Fee).where(scope.visible_fees(actor), Fee.voided_at.is_(None))
    return found, Fee.id, Fee.created_at


_ROWS: dict[Measure, Callable[[Account], _Rows]] = {
    Measure.ENTERED: lambda actor: (_leads(actor), Lead.id, Lead.entered_at),
    Measure.REPORTED: lambda actor: (_leads(actor), Lead.id, Lead.first_reported_at),
    Measure.SCANS: _scans,
    Measure.WALK_INS: _walk_ins,
    Measure.BOUND: _bound,
    Measure.VIEWINGS: _viewings,
    Measure.DEALS: _dealt,
    Measure.FEES: _fees,
}
