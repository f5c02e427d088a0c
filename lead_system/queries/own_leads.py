"""A broker's customers as phones list them: the figures above in one question, a page of rows in another.

Brokers load no page more often. Their customers lie together in an index, newest last, so a page is read at
once with all that is shown of it, as plain values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select, true

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import SOON_DAYS
from lead_system.domain.roles import AGENTS
from lead_system.extensions import db
from lead_system.models import Account, BrokerTally, Lead
from lead_system.queries.lead_counts import count_each, tab_counts
from lead_system.queries.leads import TABS, LeadSearch, is_found
from lead_system.queries.listed_leads import ShownLead, shown_of_a_lead
from lead_system.queries.paging import Found, Total, pages_of
from lead_system.queries.tallies import runs_on

SOON = timedelta(days=max(SOON_DAYS))
"""A protection that ends within this time is pointed out (B7)."""


@dataclass(slots=True)
class OwnLead(ShownLead):
    """A customer as a phone's list shows it."""

    anonymised_at: datetime | None
    has_code: bool
    broker_id: int
    broker_name: str


class ListFigures(NamedTuple):
    """How many customers each tab of a list has, None being "all", and how many protections end soon."""

    tabs: dict[LeadStatus | None, Total]
    ending: int


def figures_of(actor: Account, listed: LeadSearch, now: datetime) -> ListFigures:
    """Return the figures above a list of a broker's; those of all own customers are kept."""
    if listed.is_of_all and listed.broker_id == actor.id and actor.role in AGENTS:
        return _kept_figures(actor.id, now)
    (ending,) = count_each(actor, [ending_soon(listed)], now)
    return ListFigures(tab_counts(actor, listed, now), ending)


def ending_soon(listed: LeadSearch) -> LeadSearch:
    """Return a search narrowed to running protections that end soon."""
    return replace(listed, ends_within=SOON.days)


def _kept_figures(broker_id: int, now: datetime) -> ListFigures:
    """Return a broker's tallies; which bindings still run is counted in the same question (R6)."""
    asked = {"broker_id": broker_id, "now": now, "soon": now + SOON}
    entered, reported, stored, expired, dealt, running, ending = db.session.execute(_KEPT, asked).one()
    counts = (entered, reported, running, expired + stored - running, dealt)
    tabs: dict[LeadStatus | None, Total] = {None: Total(sum(counts))}
    tabs |= {tab: Total(count) for tab, count in zip(TABS, counts, strict=True)}
    return ListFigures(tabs, ending)


def _kept() -> Select[Any]:
    """Build the question of `_kept_figures`, once: it is the same for every broker."""
    broker_id: Any = bindparam("broker_id", type_=Lead.broker_id.type)
    now: Any = bindparam("now", type_=Lead.protect_until.type)
    soon: Any = bindparam("soon", type_=Lead.protect_until.type)
    kept = (
        BrokerTally.entered,
        BrokerTally.reported,
        BrokerTally.bound,
        BrokerTally.expired,
        BrokerTally.dealt,
    )
    sums = select(*(func.coalesce(func.sum(count), 0).label(count.key) for count in kept))
    theirs = sums.where(BrokerTally.broker_id == broker_id).subquery()
    ends_soon = func.count().filter(Lead.protect_until <= soon)
    running = select(func.count().label("running"), ends_soon.label("ending"))
    bound = running.where(Lead.broker_id == broker_id, runs_on(now)).subquery()
    return select(*theirs.c, *bound.c).select_from(theirs.join(bound, true()))


_KEPT = _kept()


def own_page(
    actor: Account, search: LeadSearch, number: int, *, size: int, total: Total, now: datetime
) -> Found[OwnLead]:
    """Return one page of the customers found, the newest first; of what ends soon, the next one first.

    Raises:
        Refused: NOT_FOUND for a page that does not exist. The first one always does, though it may be empty.
    """
    pages = None if total.is_cut else pages_of(total, size)
    if number < 1 or (pages is not None and number > pages):
        raise Refused(RefusalCode.NOT_FOUND)
    rows = _read(_found(actor, search, now).limit(size + 1).offset((number - 1) * size))
    if number > 1 and not rows:
        raise Refused(RefusalCode.NOT_FOUND)
    return Found(rows[:size], number, total, len(rows) > size, pages)


def next_own_endings(actor: Account, now: datetime, *, at_most: int) -> Sequence[OwnLead]:
    """Return a broker's own running bindings that end soon, the next one first (B7)."""
    return _read(_found(actor, ending_soon(LeadSearch(broker_id=actor.id)), now).limit(at_most))


def _found(actor: Account, search: LeadSearch, now: datetime) -> Select[Any]:
    """Return the fields of `OwnLead` of the leads found. Numbers are given in the order of entry."""
    shown = select(
        *shown_of_a_lead(now),
        Lead.anonymised_at,
        Lead.code_token.is_not(None),
        Lead.broker_id,
        Account.name,
    )
    found = shown.join(Account, Account.id == Lead.broker_id)
    found = found.where(is_found(actor, search, now))
    return found.order_by(*((Lead.protect_until, Lead.id) if search.ends_within else (Lead.id.desc(),)))


def _read(found: Select[Any]) -> list[OwnLead]:
    return [OwnLead(*row) for row in db.session.execute(found)]
