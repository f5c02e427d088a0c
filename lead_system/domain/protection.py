"""How long a binding lasts (R6), and which days it covers (R9, R11)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lead_system.domain.errors import RefusalCode, Refused

SHANGHAI = ZoneInfo("Asia/Shanghai")
REPORTS_PER_DAY = 10
"""Presses of 报备 that are recorded for one lead within one Shanghai day (R3)."""

OBJECTIONS_PER_DAY = 3
"""Objections of one visitor within one Shanghai day; each is about every report at once."""

ANOTHER_VISIT_AFTER = timedelta(seconds=60)
"""How long after a visit a second scan of the same lead asks whether it is another one (R5)."""

SOON_DAYS = (1, 3, 7)
"""How many days before its end a binding is pointed out to its broker, the most pressing mark first (B7)."""

MOST_DAYS = 3650
"""The longest protection that can be set, in days."""

MOST_STEPS = 60
"""Into how many steps the way from one number of days to another is parted at most, to be looked at."""

WHAT_IF_SOON = 7
"""Within how many days from now the next endings are pointed out beside those that would come at once."""

INSTANT = timedelta(microseconds=1)
"""The shortest time that is told apart."""


class Held(NamedTuple):
    """The time for which a binding really held: from its start up to, not including, its end."""

    start: datetime
    end: datetime | None


class Fate(StrEnum):
    """What a changed setting does to a running binding (R6)."""

    LATER = "later"
    EARLIER = "earlier"
    AT_ONCE = "at_once"
    """The days from the binding have passed already, so it ends now."""
    SAME = "same"
    EXTENDED = "extended"
    """Left alone, because somebody extended it."""
    KEPT = "kept"
    """Left alone, because a rebind kept its end."""


MOVED = frozenset({Fate.LATER, Fate.EARLIER, Fate.AT_ONCE})
"""The fates that give a binding another end."""


def require_protection_days(days: int) -> None:
    """Refuse a protection that is no whole number of days between 1 and 3650.

    Raises:
        Refused: PROTECTION_DAYS_WRONG; the fact `field` is "days".
    """
    if not 1 <= days <= MOST_DAYS:
        raise Refused(RefusalCode.PROTECTION_DAYS_WRONG, field="days", limit=MOST_DAYS)


def days_tried(first: int, last: int) -> tuple[int, ...]:
    """Return the numbers of days from one to another that are worth a line, both ends among them.

    Raises:
        Refused: PROTECTION_DAYS_WRONG, or SPAN_REVERSED; the fact `field` is "first" or "last".
    """
    for field, days in (("first", first), ("last", last)):
        if not 1 <= days <= MOST_DAYS:
            raise Refused(RefusalCode.PROTECTION_DAYS_WRONG, field=field, limit=MOST_DAYS)
    if first > last:
        raise Refused(RefusalCode.SPAN_REVERSED, field="first")
    step = max(1, -(-(last - first) // MOST_STEPS))
    return (*range(first, last, step), last)


def reset_until(bound_at: datetime, days: int, *, now: datetime) -> datetime:
    """Return the end of a running binding under another setting: from its binding on, but never in the past.

    Nobody's protection is taken back for a time in which others could not have had the customer.
    """
    return max(protected_until(bound_at, days), now)


def fate_of(*, ends_at: datetime, new_end: datetime, is_extended: bool, is_kept: bool, now: datetime) -> Fate:
    """Say what becomes of a running binding whose end would be `new_end` under another setting."""
    if is_extended:
        return Fate.EXTENDED
    if is_kept:
        return Fate.KEPT
    if new_end <= now:
        return Fate.AT_ONCE
    if new_end == ends_at:
        return Fate.SAME
    return Fate.LATER if new_end > ends_at else Fate.EARLIER


def protected_until(bound_at: datetime, days: int) -> datetime:
    """Return the first moment at which a binding no longer protects: days have 24 hours, all of them."""
    return bound_at + timedelta(days=days)


def soon_mark(ends_at: datetime, now: datetime) -> int | None:
    """Return within how many days of 24 hours a running binding ends: 1, 3 or 7; None for later or never.

    The last instant counts: what ends in exactly three days ends within three.
    """
    left = ends_at - now
    if left <= timedelta(0):
        return None
    return next((days for days in SOON_DAYS if left <= timedelta(days=days)), None)


def extended_until(ends_at: datetime, days: int, *, most_days: int) -> datetime:
    """Return the new end of a binding that is extended by 1 to `most_days` days of 24 hours (R6).

    Raises:
        Refused: EXTENSION_DAYS_WRONG, whose fact `limit` is the most days that are allowed.
    """
    if not 1 <= days <= most_days:
        raise Refused(RefusalCode.EXTENSION_DAYS_WRONG, field="days", limit=most_days)
    return ends_at + timedelta(days=days)


def shanghai_day(moment: datetime) -> date:
    """Return the calendar day in Shanghai on which a moment falls."""
    return moment.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Return the first moment of a Shanghai day, in UTC."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI).astimezone(UTC)


def covers_day(held: Held, day: date) -> bool:
    """Say whether a binding held at some instant of a Shanghai day; one that held for no time covers none."""
    if held.end is not None and held.end <= held.start:
        return False
    last_day = shanghai_day(held.end - INSTANT) if held.end is not None else date.max
    return shanghai_day(held.start) <= day <= last_day


def any_covers_day(helds: Iterable[Held], day: date) -> bool:
    """Say whether at least one of several bindings covers a Shanghai day."""
    return any(covers_day(held, day) for held in helds)
