"""From the facts about a customer to flags with their figures (B8). They inform, and nothing reads them.

`queries.flags` says the same in SQL, to find who is flagged; a test holds that the two agree.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, NamedTuple

from lead_system.domain.flag_rules import Flag, FlagRule, FlagRules, flags_on
from lead_system.domain.protection import shanghai_day

MANY_WITHIN = timedelta(hours=24)
"""In which time the different phones count that one broker enters for one name."""


class Correction(NamedTuple):
    """A change of the written name after the entry; only the changed parts of it are told."""

    at: datetime
    old: str
    new: str


class Entry(NamedTuple):
    """An entry of the same broker for the same folded name: when, and with which first phone."""

    at: datetime
    phone: str


@dataclass(frozen=True)
class Facts:
    """What flags are raised from, about one lead.

    `bound_by_scan_at` is its first binding by a scan. `walked_in_at` are walk-ins of its name and one of its
    phones, `bound_at` all its bindings, `dealt_on` its standing deal, and `entries` those of its broker for
    its folded name within 24 hours of its own, which is among them; withdrawn ones count.
    """

    entered_at: datetime
    first_reported_at: datetime | None = None
    bound_by_scan_at: datetime | None = None
    walked_in_at: Sequence[datetime] = ()
    corrections: Sequence[Correction] = ()
    dealt_on: date | None = None
    bound_at: Sequence[datetime] = ()
    entries: Sequence[Entry] = ()


@dataclass(frozen=True)
class WalkInEarlier:
    """The person first came alone at `came_at`, before the entry; `times` walk-ins were before it."""

    flag: ClassVar[Flag] = Flag.WALK_IN_EARLIER
    came_at: datetime
    entered_at: datetime
    times: int


@dataclass(frozen=True)
class ManyNumbers:
    """The most different phones of one name within 24 hours around this entry, from when to when."""

    flag: ClassVar[Flag] = Flag.MANY_NUMBERS
    phones: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class NameCorrected:
    """The name was corrected `times` times, the last time so."""

    flag: ClassVar[Flag] = Flag.NAME_CORRECTED
    times: int
    last: Correction


@dataclass(frozen=True)
class LateReport:
    """The first report, and the scan that bound the lead soon after."""

    flag: ClassVar[Flag] = Flag.LATE_REPORT
    reported_at: datetime
    scanned_at: datetime


@dataclass(frozen=True)
class QuickDeal:
    """The last binding up to the day of the deal, and how many calendar days lie between."""

    flag: ClassVar[Flag] = Flag.QUICK_DEAL
    bound_at: datetime
    dealt_on: date
    days: int


Raised = WalkInEarlier | ManyNumbers | NameCorrected | LateReport | QuickDeal
"""A flag with its figures."""


def flags_raised(facts: Facts, rules: FlagRules) -> tuple[Raised, ...]:
    """Return the flags of a lead that are switched on and raised by its facts, in their order."""
    found = (_RAISE[flag](facts, rules[flag]) for flag in flags_on(rules))
    return tuple(one for one in found if one is not None)


def _walk_in_earlier(facts: Facts, _rule: FlagRule) -> Raised | None:
    """A walk-in at the very instant of the entry is no earlier one."""
    earlier = [came_at for came_at in facts.walked_in_at if came_at < facts.entered_at]
    return WalkInEarlier(min(earlier), facts.entered_at, len(earlier)) if earlier else None


def _many_numbers(facts: Facts, rule: FlagRule) -> Raised | None:
    """Look at each stretch of 24 hours, its ends included, that ends with an entry and holds this one."""
    most: ManyNumbers | None = None
    for stretch in _stretches(facts.entries):
        holds_this = facts.entered_at <= stretch.last_at <= facts.entered_at + MANY_WITHIN
        if holds_this and stretch.phones >= rule.limit and (most is None or stretch.phones > most.phones):
            most = stretch
    return most


def raise_many_numbers(entries: Sequence[Entry], limit: int) -> set[datetime]:
    """Return the moments of those entries of one broker for one name whose leads have the flag.

    All entries are gone through once, however many they are.
    """
    ends = [stretch.last_at for stretch in _stretches(entries) if stretch.phones >= limit]
    return {entry.at for entry in entries if _next(ends, entry.at) <= entry.at + MANY_WITHIN}


def _next(moments: Sequence[datetime], at: datetime) -> datetime:
    """Return the first of some ordered moments that is not before one; the end of all time where none is."""
    place = bisect_left(moments, at)
    return moments[place] if place < len(moments) else datetime.max.replace(tzinfo=at.tzinfo)


def _stretches(entries: Sequence[Entry]) -> Iterator[ManyNumbers]:
    """Yield the stretch of 24 hours that ends with each moment of an entry, in their order."""
    ordered = sorted(entries)
    phones: Counter[str] = Counter()
    first = 0
    for last, group in groupby(ordered, key=attrgetter("at")):
        phones.update(entry.phone for entry in group)
        while ordered[first].at < last - MANY_WITHIN:
            gone = ordered[first].phone
            phones[gone] -= 1
            if not phones[gone]:
                del phones[gone]
            first += 1
        yield ManyNumbers(len(phones), ordered[first].at, last)


def _name_corrected(facts: Facts, _rule: FlagRule) -> Raised | None:
    times = len(facts.corrections)
    return NameCorrected(times, max(facts.corrections)) if times else None


def _late_report(facts: Facts, rule: FlagRule) -> Raised | None:
    """The last instant counts: what was scanned exactly so many minutes after the report is flagged."""
    if facts.first_reported_at is None or facts.bound_by_scan_at is None:
        return None
    if facts.bound_by_scan_at - facts.first_reported_at > timedelta(minutes=rule.limit):
        return None
    return LateReport(facts.first_reported_at, facts.bound_by_scan_at)


def _quick_deal(facts: Facts, rule: FlagRule) -> Raised | None:
    """A deal has a day and no hour, so days are those of Shanghai's calendar (R11)."""
    if facts.dealt_on is None:
        return None
    before = [at for at in facts.bound_at if shanghai_day(at) <= facts.dealt_on]
    if not before:
        return None
    days = (facts.dealt_on - shanghai_day(max(before))).days
    return QuickDeal(max(before), facts.dealt_on, days) if days <= rule.limit else None


_RAISE: dict[Flag, Callable[[Facts, FlagRule], Raised | None]] = {
    Flag.WALK_IN_EARLIER: _walk_in_earlier,
    Flag.MANY_NUMBERS: _many_numbers,
    Flag.NAME_CORRECTED: _name_corrected,
    Flag.LATE_REPORT: _late_report,
    Flag.QUICK_DEAL: _quick_deal,
}
