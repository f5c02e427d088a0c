"""From the facts about a customer to flags with their figures (B8). They inform, and nothing reads them.

`queries.flags` says the same in SQL, to find who is flagged; a test holds that the two agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
    for last in sorted(entry.at for entry in facts.entries):
        if not facts.entered_at <= last <= facts.entered_at + MANY_WITHIN:
            continue
        within = [entry for entry in facts.entries if last - MANY_WITHIN <= entry.at <= last]
        phones = len({entry.phone for entry in within})
        if phones >= rule.limit and (most is None or phones > most.phones):
            most = ManyNumbers(phones, min(entry.at for entry in within), last)
    return most


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
