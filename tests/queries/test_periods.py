"""The periods that the reader of the dashboard may choose."""

from datetime import date

import pytest

from lead_system.queries.dashboard import Days, Period, days_of


@pytest.mark.parametrize(
    ("period", "today", "first"),
    [
        ("7", date(2026, 3, 2), date(2026, 2, 24)),
        ("30", date(2026, 3, 2), date(2026, 2, 1)),
        ("90", date(2026, 3, 2), date(2025, 12, 3)),
        ("month", date(2026, 3, 1), date(2026, 3, 1)),
        ("month", date(2026, 3, 31), date(2026, 3, 1)),
        ("all", date(2026, 3, 2), None),
    ],
)
def test_a_period_ends_today_and_counts_today(period: str, today: date, first: date | None) -> None:
    assert days_of(Period(period), today) == Days(first, today if first else None)
