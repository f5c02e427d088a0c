"""What the first page of the back office counts, each figure by the search that also opens its rows.

A figure about customers is the count of a `LeadSearch`; the list behind its link runs the same search, so
the two cannot differ. What happens by day is in `trends`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, exists, func, literal, or_, select, true, union_all
from sqlalchemy.orm import joinedload

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Binding, Brokerage, BrokerTally, Lead, Viewing, is_listed
from lead_system.queries import scope
from lead_system.queries.leads import LeadSearch, Step, conditions_of, is_found, reached
from lead_system.queries.matching import is_within
from lead_system.queries.tallies import EVERY_STATUS, EVERYBODY, tally_of

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

    @property
    def is_open(self) -> bool:
        """Whether these are all days."""
        return self.first is None and self.last is None

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


def count_cohort(actor: Account, days: Days, now: datetime) -> dict[str, int]:
    """Return how many customers each search of the funnel finds; of all days, the kept figures say it."""
    if days.is_open and scope.sees_every_lead(actor):
        tally = tally_of(EVERYBODY, now)
        return dict(
            zip(cohort(days), (tally.listed, tally.ever_reported, tally.ever_bound, tally.dealt), strict=True)
        )
    searches = cohort(days)
    counts = [func.count().filter(reached(search.step, now)) for search in searches.values()]
    entered = is_found(actor, searches["entered"], now)
    row = db.session.execute(select(*counts).select_from(Lead).where(entered)).one()
    return dict(zip(searches, row, strict=True))


def has_customers(actor: Account) -> bool:
    """Whether the list of customers has any row; for whoever sees all, a kept figure says it."""
    any_row = exists().where(scope.visible_leads(actor), is_listed())
    if scope.sees_every_lead(actor):
        any_row = exists().where(EVERY_STATUS > 0)
    return db.session.execute(select(any_row)).scalar_one()


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
    if days.is_open and scope.sees_every_lead(actor):
        done = _kept_of_brokers()
    else:
        done = _counted_by(Lead.broker_id, actor, days, searches, now)
    sums = [func.sum(done.c[name]).label(name) for name in searches]
    found = (
        select(Brokerage.id, Brokerage.name, *sums)
        .join(Account, Account.brokerage_id == Brokerage.id)
        .join(done, done.c.owner_id == Account.id)
        .group_by(Brokerage.id, Brokerage.name)
        .having(or_(*(total > 0 for total in sums)))
        .order_by(*(total.desc() for total in sums), Brokerage.id)
        .limit(RANKED)
    )
    return [_ranked(row, list(searches)) for row in db.session.execute(found)]


def top_consultants(actor: Account, days: Days, now: datetime) -> list[Ranked]:
    """Return the consultants with the most deals in these days, then bindings, then viewings.

    Deals and bindings are those of the customers who are assigned to them today; viewings are their own.
    """
    done = _counted_by(Lead.consultant_id, actor, days, _of_consultants(days), now)
    shown = (
        select(Viewing.consultant_id.label("owner_id"), func.count().label("viewings"))
        .where(scope.visible_viewings(actor), is_within(Viewing.viewed_at, days.first, days.last))
        .group_by(Viewing.consultant_id)
        .subquery()
    )
    figures = [func.coalesce(figure, 0) for figure in (done.c.dealt, done.c.bound, shown.c.viewings)]
    found = (
        select(Account.id, Account.name, *figures)
        .join(done, done.c.owner_id == Account.id, isouter=True)
        .join(shown, shown.c.owner_id == Account.id, isouter=True)
        .where(Account.role == Role.CONSULTANT, or_(*(figure > 0 for figure in figures)))
        .order_by(*(figure.desc() for figure in figures), Account.id)
        .limit(RANKED)
    )
    return [_ranked(row, ["dealt", "bound", "viewings"]) for row in db.session.execute(found)]


def _of_consultants(days: Days) -> dict[str, LeadSearch]:
    """Return the searches of `achievements` by which consultants are ranked: they enter nobody."""
    return {name: search for name, search in achievements(days).items() if search.step is not None}


def _counted_by(
    owner: Any, actor: Account, days: Days, searches: Mapping[str, LeadSearch], now: datetime
) -> Any:
    """Return for each broker or consultant how many customers each search finds, as the list would."""
    whose = owner.label("owner_id")
    theirs = (scope.visible_leads(actor), is_listed(), owner.is_not(None))
    if days.is_open:  # Nothing but a state to look at: all are gone through once.
        conditions = {name: and_(true(), *conditions_of(search, now)) for name, search in searches.items()}
        counts = (func.count().filter(condition).label(name) for name, condition in conditions.items())
        return select(whose, *counts).where(*theirs).group_by(owner).subquery()
    counted = [
        select(whose, literal(name).label("name"), func.count().label("found"))
        .where(*theirs, *conditions_of(search, now))
        .group_by(owner)
        for name, search in searches.items()
        if search.step is not Step.BOUND
    ]
    each = union_all(*counted, _bound_by(owner, actor, days)).subquery()
    sums = (func.sum(case((each.c.name == name, each.c.found), else_=0)).label(name) for name in searches)
    return select(each.c.owner_id, *sums).group_by(each.c.owner_id).subquery()


def _bound_by(owner: Any, actor: Account, days: Days) -> Select[Any]:
    """Return for each broker or consultant how many customers were bound in these days.

    It begins with the bindings of the days: PostgreSQL would rather read all customers than look these up,
    if it had the choice. They are sorted, since customers who lie side by side are looked up in half the
    time. A binding knows its broker, who never changes; of its customer's consultant of today only the
    customer does.
    """
    bound = select(Binding.lead_id, Binding.broker_id).distinct()
    bound = bound.where(is_within(Binding.bound_at, days.first, days.last), scope.binds_listed_lead(actor))
    taken = bound.order_by(Binding.lead_id, Binding.broker_id).subquery()
    of_lead = select(Lead.consultant_id).where(Lead.id == taken.c.lead_id).scalar_subquery()
    named = select((taken.c.broker_id if owner is Lead.broker_id else of_lead).label("owner_id"))
    whose = named.select_from(taken).subquery()
    found = select(whose.c.owner_id, literal("bound").label("name"), func.count().label("found"))
    return found.group_by(whose.c.owner_id)


def _kept_of_brokers() -> Any:
    """Return the kept figures of all days by broker, under the names of `achievements`."""
    return select(
        BrokerTally.broker_id.label("owner_id"),
        BrokerTally.dealt.label("dealt"),
        BrokerTally.ever_bound.label("bound"),
        EVERY_STATUS.label("entered"),
    ).subquery()


def _ranked(row: Any, names: list[str]) -> Ranked:
    return Ranked(row[0], row[1], dict(zip(names, row[2:], strict=True)))


def next_endings(actor: Account, now: datetime, *, at_most: int) -> list[Lead]:
    """Return the running protections that end first of those pointed out, with broker and brokerage."""
    found = (
        select(Lead)
        .where(is_found(actor, ending(DAYS_TO_THE_END[-1]), now))
        .options(joinedload(Lead.broker, innerjoin=True).joinedload(Account.brokerage))
        .order_by(Lead.protect_until, Lead.id)
        .limit(at_most)
    )
    return list(db.session.scalars(found))
