"""A figure and the address that opens its rows: made from the same search, so that the two agree."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import url_for

from lead_system.admin_views.leads import LeadsView
from lead_system.queries.dashboard import Days, stepped
from lead_system.queries.fees import FeeState
from lead_system.queries.leads import LeadSearch, Step
from lead_system.queries.trends import Measure

_FIRST_END_FIRST = [column.name for column in LeadsView.columns].index("protect_until")
"""How the address of the customers sorts them by the end of their protection."""

_RECORDS: dict[Measure, tuple[str, dict[str, Any]]] = {
    Measure.SCANS: ("scans.index_view", {}),
    Measure.WALK_INS: ("walk_ins.index_view", {}),
    Measure.VIEWINGS: ("viewings.index_view", {}),
    Measure.FEES: ("fees.index_view", {"state": FeeState.PAID.value}),
}
"""The measures that count records: the list of those, and what else its address needs."""

_STEPS = {Measure.REPORTED: Step.REPORTED, Measure.BOUND: Step.BOUND, Measure.DEALS: Step.DEALT}
"""The measures that count customers by a step that they took."""


@dataclass(frozen=True)
class Figure:
    """A number of rows, and where they are listed."""

    count: int
    url: str


@dataclass(frozen=True)
class DayFigure:
    """What was counted today, beside yesterday and the seven days before today."""

    title: str
    today: Figure
    yesterday: Figure
    week: Figure
    amount: Decimal | None = None
    """What today's rows come to in yuan, where they are money."""

    @property
    def average(self) -> str:
        """The average of the seven days before today, to one decimal."""
        return f"{self.week.count / 7:.1f}"


def leads_url(search: LeadSearch) -> str:
    """Return the address of the list of customers under a search; endings begin with the next one."""
    kept = {name: value for name, value in vars(search).items() if value is not None and value != ""}
    if search.ends_within:
        kept["sort"] = _FIRST_END_FIRST
    return url_for("leads.index_view", **kept)


def rows_url(measure: Measure, first: date, last: date) -> str:
    """Return the address that lists what a measure counts from one day to another, both included."""
    if measure in _RECORDS:
        endpoint, more = _RECORDS[measure]
        return url_for(endpoint, first_day=first, last_day=last, **more)
    step = _STEPS.get(measure)
    entered = LeadSearch(first_day=first, last_day=last)
    return leads_url(stepped(Days(first, last), step) if step else entered)


def viewings_url(days: Days, consultant_id: int) -> str:
    """Return the address that lists a consultant's viewings of some days."""
    return url_for(
        "viewings.index_view", consultant_id=consultant_id, first_day=days.first, last_day=days.last
    )
