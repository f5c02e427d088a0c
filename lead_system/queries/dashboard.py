"""What the first page of the back office counts, each figure by the search that also opens its rows.

A figure about customers is the count of a `LeadSearch`; the list behind its link runs the same search, so
the two cannot differ. What happens by day is in `trends`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import joinedload

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Lead, Viewing, is_listed
from lead_system.queries import scope
from lead_system.queries.leads import LeadSearch, Step, conditions_of
from lead_system.queries.matching import is_within

DAYS_TO_THE_END = (1, 3, 7)
"""Days of 24 hours within which an ending protection is pointed out (B7)."""

RANKED = 10
"""How many lines a ranking has at most."""

LONGEST_TREND = 90
"""How many days are drawn at most; more points than that nobody can tell apart."""


class Period(StrEnum):
    """The days that the reader may choose, each up to today."""

    WEEK = "7"
    DAYS_30 = "30"
    DAYS_90 = "90"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True)
class Days:
    """Shanghai days from `first` to `last`, both included; both None for all there ever were."""

    first: date | None
    last: date | None

    def drawn(self, today: date) -> tuple[date, date]:
        """Return the first and the last day that a trend shows."""
        earliest = today - timedelta(days=LONGEST_TREND - 1)
        return (self.first or earliest, self.last or today)


def days_of(period: Period, today: date) -> Days:
    """Return the days of a period that ends today."""
    if period is Period.ALL:
        return Days(None, None)
    if period is Period.MONTH:
        return Days(today.replace(day=1), today)
    return Days(today - timedelta(days=int(period) - 1), today)


def cohort(days: Days) -> dict[str, LeadSearch]:
    """Return the searches of the funnel: those who were entered in these days, and how far they came."""
    entered = LeadSearch(first_day=days.first, last_day=days.last)
    later = {"reported": Step.REPORTED, "bound": Step.BOUND, "dealt": Step.DEALT}
    return {"entered": entered} | {name: replace(entered, step=step) for name, step in later.items()}


def stepped(days: Days, step: Step) -> LeadSearch:
    """Return the search for those who took a step in these days, whenever they were entered."""
    return LeadSearch(step=step, step_from=days.first, step_to=days.last)


def ending(days: int) -> LeadSearch:
    """Return the search for running protections that end within so many days."""
    return LeadSearch(status=LeadStatus.BOUND, ends_within=days)


def achievements(days: Days) -> dict[str, LeadSearch]:
    """Return the searches that rank brokerages, the weightiest first; consultants have no entries."""
    return {
        "dealt": stepped(days, Step.DEALT),
        "bound": stepped(days, Step.BOUND),
        "entered": LeadSearch(first_day=days.first, last_day=days.last),
    }


class Ranked(NamedTuple):
    """One line of a ranking: whose it is, and the figures by name."""

    id: int
    name: str
    figures: Mapping[str, int]


def top_brokerages(actor: Account, days: Days, now: datetime) -> list[Ranked]:
    """Return the brokerages with the most deals in these days, then bindings, then entries; none without any.

    The brokerage is the one to which a customer's broker belongs today, as in the referral table.
    """
    searches = achievements(days)
    conditions = {name: and_(true(), *conditions_of(search, now)) for name, search in searches.items()}
    counts = [func.count().filter(condition).label(name) for name, condition in conditions.items()]
    found = (
        select(Brokerage.id, Brokerage.name, *counts)
        .select_from(Lead)
        .join(Account, Account.id == Lead.broker_id)
        .join(Brokerage, Brokerage.id == Account.brokerage_id)
        .where(scope.visible_leads(actor), is_listed(), or_(*conditions.values()))
        .group_by(Brokerage.id, Brokerage.name)
        .order_by(*(count.desc() for count in counts), Brokerage.id)
        .limit(RANKED)
    )
    return [_ranked(row, list(searches)) for row in db.session.execute(found)]


def top_consultants(actor: Account, days: Days, now: datetime) -> list[Ranked]:
    """Return the consultants with the most deals in these days, then bindings, then viewings.

    Deals and bindings are those of the customers who are assigned to them today; viewings are their own.
    """
    own = Lead.consultant_id == Account.id
    counts = [
        _customers(actor, own, stepped(days, Step.DEALT), now).label("dealt"),
        _customers(actor, own, stepped(days, Step.BOUND), now).label("bound"),
        select(func.count())
        .select_from(Viewing)
        .where(Viewing.consultant_id == Account.id, scope.visible_viewings(actor))
        .where(is_within(Viewing.viewed_at, days.first, days.last))
        .correlate(Account)
        .scalar_subquery()
        .label("viewings"),
    ]
    everybody = select(Account.id, Account.name, *counts).where(Account.role == Role.CONSULTANT).subquery()
    figures = [everybody.c.dealt, everybody.c.bound, everybody.c.viewings]
    found = (
        select(everybody)
        .where(or_(*(figure > 0 for figure in figures)))
        .order_by(*(figure.desc() for figure in figures), everybody.c.id)
        .limit(RANKED)
    )
    return [_ranked(row, ["dealt", "bound", "viewings"]) for row in db.session.execute(found)]


def _customers(actor: Account, whose: Any, search: LeadSearch, now: datetime) -> Any:
    """Return the count of somebody's customers under a search, for each row of the outer query."""
    found = select(func.count()).select_from(Lead).where(whose, scope.visible_leads(actor), is_listed())
    return found.where(*conditions_of(search, now)).correlate(Account).scalar_subquery()


def _ranked(row: Any, names: list[str]) -> Ranked:
    return Ranked(row[0], row[1], dict(zip(names, row[2:], strict=True)))


def next_endings(actor: Account, now: datetime, *, at_most: int) -> list[Lead]:
    """Return the running protections that end first of those pointed out, with broker and brokerage."""
    found = (
        select(Lead)
        .where(scope.visible_leads(actor), is_listed(), *conditions_of(ending(DAYS_TO_THE_END[-1]), now))
        .options(joinedload(Lead.broker, innerjoin=True).joinedload(Account.brokerage))
        .order_by(Lead.protect_until, Lead.id)
        .limit(at_most)
    )
    return list(db.session.scalars(found))
