"""Flags (B8) as pages ask for them: whom a flag is raised for, in SQL, and the facts behind the figures.

Whom it is raised for is asked of some days or of some leads, never of all: each flag happens at a moment that
has an index. The conditions say what `domain.flags` says; a test holds that the two agree. Nothing but pages
reads this module.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from lead_system.domain.flag_rules import Flag, FlagRule, FlagRules, flags_on
from lead_system.domain.flags import Entry, raise_many_numbers
from lead_system.extensions import db
from lead_system.models import (
    Binding,
    Deal,
    HistoryPayload,
    HistoryRecord,
    Lead,
    WalkIn,
    is_listed,
)
from lead_system.queries.matching import is_within
from lead_system.queries.measuring import DAY, MINUTE, between, day_number, shanghai_day_number
from lead_system.queries.numbers import IDS, is_among
from lead_system.queries.paging import read


class Days(NamedTuple):
    """Some Shanghai days, both included."""

    first: date
    last: date


class _Source(NamedTuple):
    """The leads of which a flag is raised, the column that names them, and when it happened."""

    found: Select[Any]
    lead_id: Any
    moment: Any


def _walk_in_earlier(_rule: FlagRule) -> _Source:
    earlier = exists().where(
        WalkIn.name_key == Lead.name_key,
        WalkIn.phone.in_((Lead.phone1, Lead.phone2)),
        WalkIn.came_at < Lead.entered_at,
    )
    return _Source(select(Lead.id).where(earlier), Lead.id, Lead.entered_at)


_LAST, _OTHER = aliased(Lead), aliased(Lead)
"""The entry with which a stretch of 24 hours ends, and the entries within it."""


def _many_numbers(rule: FlagRule) -> _Source:
    """Return the leads that lie in a stretch of 24 hours, ended by an entry, with so many first phones."""
    phones = (
        select(func.count(_OTHER.phone1.distinct()))
        .where(_is_of_the_name_of(_OTHER, _LAST), _OTHER.entered_at <= _LAST.entered_at)
        .where(between(_OTHER.entered_at, _LAST.entered_at) <= DAY)
        .correlate(_LAST)
        .scalar_subquery()
    )
    many = (
        select(literal_column("1"))
        .where(_is_of_the_name_of(_LAST, Lead), _LAST.entered_at >= Lead.entered_at)
        .where(between(Lead.entered_at, _LAST.entered_at) <= DAY, phones >= rule.limit)
        .correlate(Lead)
        .exists()
    )
    return _Source(select(Lead.id).where(Lead.merged_into_id.is_(None), many), Lead.id, Lead.entered_at)


def _is_of_the_name_of(one: Any, other: Any) -> ColumnElement[bool]:
    """Return the condition that two leads are of one broker and one folded name; merged ones are no entry."""
    is_entry = one.merged_into_id.is_(None)
    return and_(one.broker_id == other.broker_id, one.name_key == other.name_key, is_entry)


def _name_corrected(_rule: FlagRule) -> _Source:
    """A correction keeps the names that it changed in its payload, and is none once that is gone (R10)."""
    parts = (HistoryPayload.values[name].as_string().is_not(None) for name in ("surname", "given_name"))
    found = (
        select(HistoryRecord.lead_id)
        .join(HistoryPayload, HistoryPayload.record_id == HistoryRecord.id)
        .where(HistoryRecord.action == literal_column("'correct_entry'"), or_(*parts))
    )
    return _Source(found, HistoryRecord.lead_id, HistoryRecord.at)


def _late_report(rule: FlagRule) -> _Source:
    before = aliased(Binding)
    is_first = ~exists().where(
        before.lead_id == Binding.lead_id, before.scan_id.is_not(None), before.id < Binding.id
    )
    found = (
        select(Binding.lead_id)
        .join(Lead, Lead.id == Binding.lead_id)
        .where(Binding.scan_id.is_not(None), is_first)
        .where(between(Lead.first_reported_at, Binding.bound_at) <= rule.limit * MINUTE)
    )
    return _Source(found, Binding.lead_id, Binding.bound_at)


def _quick_deal(rule: FlagRule) -> _Source:
    days = day_number(Deal.dealt_on) - shanghai_day_number(Binding.bound_at)
    found = select(Deal.lead_id).join(Binding, Binding.lead_id == Deal.lead_id)
    found = found.where(Deal.undone_at.is_(None), days.between(0, rule.limit))
    return _Source(found, Deal.lead_id, Deal.dealt_on)


_SOURCES: dict[Flag, Callable[[FlagRule], _Source]] = {
    Flag.WALK_IN_EARLIER: _walk_in_earlier,
    Flag.MANY_NUMBERS: _many_numbers,
    Flag.NAME_CORRECTED: _name_corrected,
    Flag.LATE_REPORT: _late_report,
    Flag.QUICK_DEAL: _quick_deal,
}


def raised_within(flag: Flag, rule: FlagRule, days: Days) -> Select[int]:
    """Return the leads of which a flag was raised by what happened on some days; one may be named twice."""
    source = _SOURCES[flag](rule)
    if flag is Flag.QUICK_DEAL:
        return source.found.where(source.moment.between(days.first, days.last))
    found = source.found.where(is_within(source.moment, days.first, days.last))
    return _of_busy_names(found, rule, days) if flag is Flag.MANY_NUMBERS else _of_listed(found, flag)


def _of_listed(found: Select[int], flag: Flag) -> Select[int]:
    """The index of moments of entry has the listed leads alone, which are all that a list shows."""
    return found.where(is_listed()) if flag is Flag.WALK_IN_EARLIER else found


def _of_busy_names(found: Select[int], rule: FlagRule, days: Days) -> Select[int]:
    """Look at each entry only where a broker entered one name with many phones on these days at all.

    Few do, and the entries of some days are soon grouped; to compare each with its neighbours is not.
    """
    wide = is_within(Lead.entered_at, days.first - timedelta(days=1), days.last + timedelta(days=1))
    entries = [
        select(Lead.broker_id, Lead.name_key, Lead.phone1).where(wide, one)
        for one in (is_listed(), Lead.status == literal_column("'withdrawn'"))
    ]
    entry = union_all(*entries).subquery()
    busy = (
        select(entry.c.broker_id, entry.c.name_key)
        .group_by(entry.c.broker_id, entry.c.name_key)
        .having(func.count(entry.c.phone1.distinct()) >= rule.limit)
    )
    return found.where(is_listed(), tuple_(Lead.broker_id, Lead.name_key).in_(busy))


def _raised_for(flag: Flag, rule: FlagRule) -> Any:
    """Return those among some leads of which a flag is raised; of many numbers, the entries to look at."""
    if flag is Flag.MANY_NUMBERS:
        return _ENTRIES_OF_NAMES
    source = _SOURCES[flag](rule)
    leads = source.found.where(is_among(source.lead_id, IDS)).subquery()
    nothing = (cast(null(), column.type) for column in _OF_AN_ENTRY)
    return select(literal(flag.value).label("flag"), leads.c[0].label("lead_id"), *nothing)


_ASKED = aliased(Lead)
_NAMES = select(_ASKED.broker_id, _ASKED.name_key).where(is_among(_ASKED.id, IDS)).distinct().subquery()
_OF_AN_ENTRY = (Lead.broker_id, Lead.name_key, Lead.phone1, Lead.entered_at)
_ENTRIES_OF_NAMES = (
    select(literal(Flag.MANY_NUMBERS.value).label("flag"), Lead.id.label("lead_id"), *_OF_AN_ENTRY)
    .join(_NAMES, and_(Lead.broker_id == _NAMES.c.broker_id, Lead.name_key == _NAMES.c.name_key))
    .where(Lead.merged_into_id.is_(None))
)
"""All entries of the brokers and names that are asked about. To compare each with each would take the
database as many steps as their number squared, and a broker decides how many there are.
"""


def hits(flags: Sequence[Flag], rules: FlagRules, days: Days) -> CTE:
    """Return which flags were raised of which leads by what happened on some days, as a table."""
    found = [_named(flag, raised_within(flag, rules[flag], days)) for flag in flags]
    return union_all(*found).cte("hits")


def _named(flag: Flag, found: Select[int]) -> Select[Any]:
    leads = found.subquery()
    return select(literal(flag.value).label("flag"), leads.c[0].label("lead_id"))


def flags_of(ids: Sequence[int], rules: FlagRules) -> dict[int, tuple[Flag, ...]]:
    """Return which flags are raised of leads, in one question for all; who has none is not named."""
    flags = flags_on(rules)
    if not ids or not flags:
        return {}
    found = union_all(*(_raised_for(flag, rules[flag]) for flag in flags))
    raised: dict[int, set[str]] = {}
    entered: dict[tuple[int, str], dict[int, Entry]] = {}
    for flag, lead_id, broker_id, name_key, phone, at in read(found, ids=ids):
        if flag == Flag.MANY_NUMBERS:
            entered.setdefault((broker_id, name_key), {})[lead_id] = Entry(at, phone)
        else:
            raised.setdefault(lead_id, set()).add(flag)
    for lead_id in _with_many_numbers(entered.values(), rules[Flag.MANY_NUMBERS].limit) & set(ids):
        raised.setdefault(lead_id, set()).add(Flag.MANY_NUMBERS)
    return {lead_id: tuple(flag for flag in Flag if flag in names) for lead_id, names in raised.items()}


def _with_many_numbers(names: Iterable[dict[int, Entry]], limit: int) -> set[int]:
    """Return the leads that have the flag, of the entries of some names by their leads."""
    found: set[int] = set()
    for entries in names:
        moments = raise_many_numbers(tuple(entries.values()), limit)
        found |= {lead_id for lead_id, entry in entries.items() if entry.at in moments}
    return found


def has_any(found: CTE, flag: Flag | None) -> ColumnElement[bool]:
    """Return the condition that a lead is among the hits, of one flag or of any."""
    leads = select(found.c.lead_id)
    if flag is not None:
        leads = leads.where(found.c.flag == flag.value)
    condition: ColumnElement[bool] = Lead.id.in_(leads)
    return condition


def counts_of(found: CTE, of_leads: Select[Any]) -> dict[Flag | None, int]:
    """Return how many of some leads are among the hits, by flag; None is of any flag."""
    leads = of_leads.with_only_columns(Lead.id, maintain_column_froms=True).order_by(None).subquery()
    here = select(found.c.flag, found.c.lead_id).join(leads, leads.c.id == found.c.lead_id).cte("here")
    number = func.count(here.c.lead_id.distinct())
    each = select(here.c.flag, number).group_by(here.c.flag)
    lines = db.session.execute(union_all(each, select(literal("any"), number)))
    counts = {flag: count for flag, count in lines}  # noqa: C416 - rows are no pairs to mypy
    return {None: counts["any"]} | {flag: counts.get(flag.value, 0) for flag in Flag}
