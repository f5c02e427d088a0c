"""How long somebody stays signed in: while they use it, and at most so long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lead_system.domain.roles import BACK_OFFICE, PHONE_STAFF, Role

CONFIRMED_FOR = timedelta(minutes=30)
"""How long after the password was given nobody is asked for it again before something that matters."""

_SEEN_PARTS = 24
"""Into how many parts an idle limit is cut; being seen is written down once in each."""


@dataclass(frozen=True)
class SessionLimits:
    """After how long without a request a sign-in lapses, and after how long in any case."""

    idle: timedelta
    absolute: timedelta


OFFICE_LIMITS = SessionLimits(idle=timedelta(hours=2), absolute=timedelta(hours=12))
"""A day in the office: computers there are left alone at lunch, and everybody's data is on them."""

PHONE_STAFF_LIMITS = SessionLimits(idle=timedelta(hours=12), absolute=timedelta(days=7))
"""A week at the gate: whoever scans must not be stopped in the middle of a day."""

OUTSIDER_LIMITS = SessionLimits(idle=timedelta(days=30), absolute=timedelta(days=180))
"""A telephone of one's own, and each sign-in costs an SMS."""


def limits_of(role: Role) -> SessionLimits:
    """Return how long somebody of this role stays signed in."""
    if role in BACK_OFFICE:
        return OFFICE_LIMITS
    return PHONE_STAFF_LIMITS if role in PHONE_STAFF else OUTSIDER_LIMITS


def has_lapsed(role: Role, *, began_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Say whether a sign-in is over: at the limit itself, it is."""
    limits = limits_of(role)
    return now - seen_at >= limits.idle or now - began_at >= limits.absolute


def is_worth_noting(role: Role, *, seen_at: datetime, now: datetime) -> bool:
    """Say whether being seen now should be written down; the idle limit is exact to a 24th of itself."""
    return now - seen_at >= limits_of(role).idle / _SEEN_PARTS


def is_confirmed(confirmed_at: datetime, now: datetime) -> bool:
    """Say whether the password was given lately enough for something that matters."""
    return now - confirmed_at < CONFIRMED_FOR
