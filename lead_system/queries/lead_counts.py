"""How many customers a search finds: of each tab, of one list, of several searches at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import AGENTS, BACK_OFFICE
from lead_system.extensions import db
from lead_system.models import Account, Lead, LeadNameGram, is_listed
from lead_system.queries import scope
from lead_system.queries.leads import (
    TABS,
    LeadSearch,
    Step,
    conditions_of,
    is_found,
    reached,
    status_expression,
)
from lead_system.queries.names import newest_of_name, only_gram_of
from lead_system.queries.paging import COUNTED_UP_TO, Total, counted_to_the_end
from lead_system.queries.tallies import NOW, Owner, tally_of
from lead_system.statements import Statement


def tab_counts(actor: Account, search: LeadSearch, now: datetime) -> dict[LeadStatus | None, Total]:
    """Return how many rows each tab has under a search; None is the tab "all", the sum of the others.

    Of everybody's customers, a broker's or a brokerage's, the counts are exact. Under another search the
    newest rows are counted up to a limit; beyond it each count is the least that there are.
    """
    owner = _whose(search)
    if owner is not None and _sees_all_of(actor, owner):
        tally = tally_of(owner, now)
        return {None: Total(tally.listed)} | {tab: Total(tally.of(tab)) for tab in TABS}
    gram = only_gram_of(search.name) if search.is_of_name and actor.role in BACK_OFFICE else None
    if gram is not None:
        found = _counted_beside_a_gram(gram, now)
    else:
        found = _counted_by_status(actor, replace(search, status=None), now)
    is_cut = sum(found.values()) > COUNTED_UP_TO
    counts = {None: sum(found.values())} | {tab: found.get(tab, 0) for tab in TABS}
    return {tab: Total(min(count, COUNTED_UP_TO), is_cut=is_cut) for tab, count in counts.items()}


def _counted_by_status(actor: Account, search: LeadSearch, now: datetime) -> dict[LeadStatus, int]:
    """Count the rows found by what they really are, the newest first, up to one more than is shown."""
    status = status_expression(now)
    found = select(status.label("status")).where(is_found(actor, search, now))
    rows = db.session.execute(_newest_by_status(found.order_by(newest_of_name(search.name))))
    return {LeadStatus(name): count for name, count in rows}


def _newest_by_status(found: Select[Any]) -> Select[Any]:
    some = found.limit(COUNTED_UP_TO + 1).subquery()
    return select(some.c.status, func.count()).group_by(some.c.status)


_GRAM: BindParameter[str] = bindparam("gram", type_=LeadNameGram.gram.type)
_BY_GRAM = Statement(
    _newest_by_status(
        select(status_expression(NOW, LeadNameGram).label("status"))
        .where(LeadNameGram.gram == _GRAM, LeadNameGram.status.is_not(None))
        .order_by(LeadNameGram.lead_id.desc())
    )
)


def _counted_beside_a_gram(gram: str, now: datetime) -> dict[LeadStatus, int]:
    """Count the same of everybody whose name has a gram, by what is kept beside it (decision 31)."""
    return {LeadStatus(name): count for name, count in _BY_GRAM.rows({"gram": gram, "now": now})}


def _whose(search: LeadSearch) -> Owner | None:
    """Return whose customers a search finds, all of them; None where it asks for more than an owner.

    Words about brokers that mean one of them, as the phone does, are that broker's customers.
    """
    if search.is_of_all:
        return Owner(search.broker_id, search.brokerage_id)
    match search.named_brokers:
        case (broker_id,) if search.is_of_brokers:
            return Owner(broker_id)
    return None


def _sees_all_of(actor: Account, owner: Owner) -> bool:
    """Say whether somebody sees every customer of an owner."""
    is_own = owner.broker_id == actor.id and actor.role in AGENTS
    return actor.role in BACK_OFFICE or is_own


def count_leads(actor: Account, search: LeadSearch, now: datetime) -> int:
    """Return how many rows the list of customers has under a search, however many."""
    owner = _whose(search)
    if owner is not None and _sees_all_of(actor, owner):
        counts = tab_counts(actor, search, now)
        return int(counts[search.status])
    return int(counted_to_the_end(select(Lead).where(is_found(actor, search, now))))


_TO_REBIND = Statement(
    select(func.count()).select_from(Lead).where(is_listed(), reached(Step.TO_REBIND, NOW))
)


def count_to_rebind(actor: Account, now: datetime) -> int:
    """Return how many bindings of archived brokers or brokerages run on, of whoever sees every customer."""
    return int(_TO_REBIND.value({"now": now})) if scope.sees_every_lead(actor) else 0


def count_each(actor: Account, searches: Sequence[LeadSearch], now: datetime) -> list[int]:
    """Return how many rows the list of customers has under each of several searches, in one query.

    Each is counted for itself, by the index that serves it. None of them may be narrowed to a name: that is
    a join.
    """
    theirs = select(func.count()).select_from(Lead).where(scope.visible_leads(actor), is_listed())
    counts = [theirs.where(*conditions_of(search, now)).scalar_subquery() for search in searches]
    return list(db.session.execute(select(*counts)).one())
