"""工作台: the first page of the back office. What waits, how it goes; each figure opens its rows (B4, B7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lead_system.admin_views.base import Answer, BackOfficeView, menu_now, present
from lead_system.admin_views.figures import DayFigure, Figure, leads_url, rows_url, viewings_url
from lead_system.admin_views.lists import Preset
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import BACK_OFFICE, DECIDERS, Role
from lead_system.models import Account, CollisionState
from lead_system.queries import fees
from lead_system.queries.dashboard import (
    DAYS_TO_THE_END,
    Days,
    Period,
    Ranked,
    achievements,
    cohort,
    count_cohort,
    days_of,
    ending,
    has_customers,
    next_endings,
    stepped,
    top_brokerages,
    top_consultants,
)
from lead_system.queries.first_steps import was_ever_scanned
from lead_system.queries.lead_counts import count_each
from lead_system.queries.leads import LeadSearch, Step
from lead_system.queries.people import AgentTab
from lead_system.queries.trends import Measure, Trend, counts_since
from lead_system.web.caller import signed_in

ENDINGS_SHOWN = 8
DAYS_WITHOUT_FEE = 30
"""How far back the secretary is reminded of visits for which no fee was paid."""

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)

_PERIODS = {
    Period.WEEK: _l("7 days"),
    Period.DAYS_30: _l("30 days"),
    Period.DAYS_90: _l("90 days"),
    Period.MONTH: _l("This month"),
    Period.ALL: _l("All"),
}
_MEASURES = {
    Measure.ENTERED: _l("Customers entered"),
    Measure.REPORTED: _l("Customers reported"),
    Measure.SCANS: _l("Gate scans"),
    Measure.WALK_INS: _l("Walk-ins"),
    Measure.BOUND: _l("Newly bound"),
    Measure.VIEWINGS: _l("Viewings"),
    Measure.DEALS: _l("Deals"),
    Measure.FEES: _l("Viewing fees paid"),
}
_DRAWN = (Measure.ENTERED, Measure.SCANS, Measure.BOUND, Measure.DEALS)
_STEPS = {"entered": _l("Entered"), "reported": _l("Reported"), "bound": _l("Bound"), "dealt": _l("Dealt")}
_RANKED = {
    "dealt": _l("Deals"),
    "bound": _l("Bound"),
    "entered": _l("Entered"),
    "viewings": _l("Viewings"),
}


@dataclass(frozen=True)
class Task:
    """Something that waits for the reader: how much of it, in words, and where it is done."""

    figure: Figure
    words: str


@dataclass(frozen=True)
class FunnelStep:
    """One step of the funnel: how many came so far, in per cent of those entered and of the step before."""

    title: str
    figure: Figure
    percent: int
    percent_of_last: int


@dataclass(frozen=True)
class Ranking:
    """A table of the best: headings, and for each name its figures."""

    headings: list[str]
    lines: list[tuple[str, list[Figure]]]


class DashboardView(BackOfficeView):
    """The first page of the back office."""

    roles = BACK_OFFICE

    @expose("/")
    def index(self) -> Answer:
        """Show what waits, today's figures and how it goes; rankings and endings to those who decide.

        An admin of a system where nobody was ever scanned is led through the first steps instead.
        """
        if signed_in().role is Role.ADMIN and not was_ever_scanned():
            return redirect(url_for("first_steps.index"))
        period = _chosen_period()
        days = days_of(period, shanghai_day(present()))
        customers = _customers(signed_in(), days)
        page = _page_for_all(days, customers)
        if signed_in().role in DECIDERS:
            page |= _page_for_deciders(days, customers)
        return self.render("admin/dashboard.html", periods=_periods(period), **page)


def _chosen_period() -> Period:
    """Return the period of the address, the last 30 days unless it names one.

    Raises:
        Refused: NOT_FOUND for a period that does not exist.
    """
    chosen = request.args.get("period") or Period.DAYS_30.value
    if chosen not in set(Period):
        raise Refused(RefusalCode.NOT_FOUND)
    return Period(chosen)


def _periods(chosen: Period) -> list[Preset]:
    return [
        Preset(str(title), url_for("admin.index", period=period.value), period is chosen)
        for period, title in _PERIODS.items()
    ]


def _page_for_all(days: Days, customers: Mapping[str, Figure]) -> dict[str, Any]:
    """Return what everybody in the back office sees."""
    today = shanghai_day(present())
    first, last = days.drawn(today)
    week = dict.fromkeys(Measure, today - _WEEK)
    drawn = dict.fromkeys(_DRAWN, min(first, today - _WEEK))
    trend = counts_since(signed_in(), week | drawn, last)
    return {
        "today": today,
        "is_new": not (customers["entered"].count or has_customers(signed_in())),
        "tasks": _tasks(signed_in(), customers),
        "day_figures": _day_figures(signed_in(), trend, today),
        "funnel": _funnel(customers),
        "trend_headings": [str(_MEASURES[measure]) for measure in _DRAWN],
        "trend_rows": _trend_rows(trend, first),
        "is_cut": days.first is None,
    }


def _page_for_deciders(days: Days, customers: Mapping[str, Figure]) -> dict[str, Any]:
    """Return what only those see who decide: the rankings, and whose protection ends soon (B7, 6.2, 6.3)."""
    actor, now = signed_in(), present()
    return {
        "brokerages": _ranking_of_brokerages(top_brokerages(actor, days, now), days),
        "consultants": _ranking_of_consultants(top_consultants(actor, days, now), days),
        "endings": [(days_left, customers[f"ending_{days_left}"]) for days_left in DAYS_TO_THE_END],
        "next_endings": next_endings(actor, now, at_most=ENDINGS_SHOWN),
    }


def _customers(actor: Account, days: Days) -> dict[str, Figure]:
    """Return all figures that are numbers of customers, counted in two queries."""
    waiting = _waiting(actor)
    counts = count_cohort(actor, days, present())
    counts |= zip(waiting, count_each(actor, list(waiting.values()), present()), strict=True)
    return {
        name: Figure(counts[name], leads_url(search)) for name, search in (cohort(days) | waiting).items()
    }


def _waiting(actor: Account) -> dict[str, LeadSearch]:
    """Return the searches for customers who wait for somebody in this role."""
    if actor.role is Role.SECRETARY:
        today = shanghai_day(present())
        recently = Days(today - timedelta(days=DAYS_WITHOUT_FEE - 1), today)
        return {"without_fee": stepped(recently, Step.WITHOUT_FEE)}
    endings = {f"ending_{days}": ending(days) for days in DAYS_TO_THE_END}
    return {"to_rebind": LeadSearch(step=Step.TO_REBIND), **endings}


def _tasks(actor: Account, customers: Mapping[str, Figure]) -> list[Task]:
    """Return what waits for somebody now; nothing where nothing does."""
    if actor.role is Role.SECRETARY:
        tasks = [_fees_to_pay(customers["without_fee"])]
    else:
        tasks = [_open_collisions(), _waiting_residents(), _to_rebind(customers["to_rebind"])]
    return [task for task in tasks if task.figure.count]


def _fees_to_pay(figure: Figure) -> Task:
    words = ngettext(
        "customer scanned in the last 30 days has no viewing fee yet",
        "customers scanned in the last 30 days have no viewing fee yet",
        figure.count,
    )
    return Task(figure, words)


def _open_collisions() -> Task:
    count = menu_now().open_collisions
    url = url_for("collisions.index_view", state=CollisionState.OPEN.value)
    return Task(Figure(count, url), ngettext("open collision", "open collisions", count))


def _waiting_residents() -> Task:
    count = menu_now().waiting_residents
    url = url_for("brokers.index_view", tab=AgentTab.WAITING.value)
    words = ngettext("resident waits for approval", "residents wait for approval", count)
    return Task(Figure(count, url), words)


def _to_rebind(figure: Figure) -> Task:
    words = ngettext(
        "running binding of an archived broker or brokerage to rebind",
        "running bindings of archived brokers or brokerages to rebind",
        figure.count,
    )
    return Task(figure, words)


def _day_figures(actor: Account, trend: Trend, today: date) -> list[DayFigure]:
    """Return what was counted today, with yesterday and the seven days before today beside it."""

    def figure(measure: Measure, first: date, last: date) -> Figure:
        return Figure(trend.between(measure, first, last), rows_url(measure, first, last))

    paid = fees.fee_sums(actor, fees.FeeSearch(first_day=today, last_day=today)).total
    return [
        DayFigure(
            str(title),
            figure(measure, today, today),
            figure(measure, today - _DAY, today - _DAY),
            figure(measure, today - _WEEK, today - _DAY),
            amount=paid if measure is Measure.FEES else None,
        )
        for measure, title in _MEASURES.items()
    ]


def _funnel(customers: Mapping[str, Figure]) -> list[FunnelStep]:
    """Return the steps of those who were entered in the period."""
    entered = last = customers["entered"].count
    steps = []
    for name, title in _STEPS.items():
        count = customers[name].count
        steps.append(FunnelStep(str(title), customers[name], _percent(count, entered), _percent(count, last)))
        last = count
    return steps


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _trend_rows(trend: Trend, first: date) -> list[tuple[date, list[Figure]]]:
    """Return what was drawn of each day of the period."""
    return [
        (day, [Figure(trend.on(measure, day), rows_url(measure, day, day)) for measure in _DRAWN])
        for day in trend.days
        if day >= first
    ]


def _ranking_of_brokerages(ranked: Sequence[Ranked], days: Days) -> Ranking:
    searches = achievements(days)

    def figures(row: Ranked) -> list[Figure]:
        theirs = {name: replace(search, brokerage_id=row.id) for name, search in searches.items()}
        return [Figure(row.figures[name], leads_url(search)) for name, search in theirs.items()]

    return Ranking([str(_RANKED[name]) for name in searches], [(row.name, figures(row)) for row in ranked])


def _ranking_of_consultants(ranked: Sequence[Ranked], days: Days) -> Ranking:
    searches = achievements(days)

    def figures(row: Ranked) -> list[Figure]:
        theirs = {name: replace(searches[name], consultant_id=row.id) for name in ("dealt", "bound")}
        counted = [Figure(row.figures[name], leads_url(search)) for name, search in theirs.items()]
        return [*counted, Figure(row.figures["viewings"], viewings_url(days, row.id))]

    headings = [str(_RANKED[name]) for name in ("dealt", "bound", "viewings")]
    return Ranking(headings, [(row.name, figures(row)) for row in ranked])
