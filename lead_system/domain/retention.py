"""How long personal values are kept, and what stands in their place afterwards (R10).

What takes the place of a name or a phone keeps every constraint, is nobody's, and can never be typed: no
search finds it, no two are one customer, and no phone of that kind signs in.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import SHANGHAI

FEWEST_MONTHS, MOST_MONTHS = 6, 120
"""Between which the admin may choose: as long as disputes last, and not longer than anybody could say why."""

SHOWN_FOR = timedelta(minutes=1)
"""How long a repeat of a reveal shows the phone again: a double tap or a bad line, not another look."""

NO_DIGITS = " " * 7
"""The phone of a customer without personal values."""

NO_WORDS = "—"
"""What stands where a reason may not be blank."""


def require_retention_months(months: int) -> None:
    """Refuse a retention that is no whole number of months between 6 and 120.

    Raises:
        Refused: RETENTION_MONTHS_WRONG; the fact `field` is "months".
    """
    if not FEWEST_MONTHS <= months <= MOST_MONTHS:
        raise Refused(
            RefusalCode.RETENTION_MONTHS_WRONG, field="months", least=FEWEST_MONTHS, limit=MOST_MONTHS
        )


def months_before(now: datetime, months: int) -> datetime:
    """Return the moment some calendar months before another, on Shanghai's calendar.

    A day that the earlier month has not is its last one.
    """
    local = now.astimezone(SHANGHAI)
    counted = local.year * 12 + local.month - 1 - months
    year, month = counted // 12, counted % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day).astimezone(UTC)


def nobodys_phone(account_id: int) -> str:
    """Return what stands in place of an account's phone: unique, and no number at all."""
    return f"#{account_id}"
