"""R6, R9 and R11: ends and days, written out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from lead_system.domain.errors import Refused
from lead_system.domain.protection import (
    MOVED,
    Held,
    any_covers_day,
    covers_day,
    fate_of,
    protected_until,
    require_protection_days,
    reset_until,
    shanghai_day,
    soon_mark,
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("bound_at", "days", "end"),
    [
        ("2026-03-01T02:00:00", 1, "2026-03-02T02:00:00"),
        ("2026-03-01T02:00:00", 30, "2026-03-31T02:00:00"),
        ("2028-02-28T23:59:59", 2, "2028-03-01T23:59:59"),
        ("2026-03-01T02:00:00", 3650, "2036-02-27T02:00:00"),
    ],
)
def test_protection_lasts_days_of_24_hours(bound_at: str, days: int, end: str) -> None:
    assert protected_until(utc(bound_at), days) == utc(end)


@pytest.mark.parametrize(
    ("moment", "day"), [("2026-03-01T15:59:59", date(2026, 3, 1)), ("2026-03-01T16:00:00", date(2026, 3, 2))]
)
def test_day_changes_at_midnight_in_shanghai(moment: str, day: date) -> None:
    assert shanghai_day(utc(moment)) == day


HELD = Held(
    utc("2026-03-01T02:00:00"), utc("2026-03-05T16:00:00")
)  # Until midnight before the 6th, Shanghai.


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        (date(2026, 2, 28), False),
        (date(2026, 3, 1), True),
        (date(2026, 3, 5), True),
        (date(2026, 3, 6), False),
    ],
)
def test_binding_covers_every_day_that_contains_an_instant_of_it(day: date, *, covered: bool) -> None:
    assert covers_day(HELD, day) is covered


@pytest.mark.parametrize("day", [date.min, date.max])
def test_impossible_day_is_simply_not_covered(day: date) -> None:
    assert not covers_day(HELD, day)


def test_binding_that_ended_as_it_began_covers_no_day() -> None:
    at = utc("2026-03-01T02:00:00")

    assert not covers_day(Held(at, at), date(2026, 3, 1))


def test_one_of_several_bindings_is_enough() -> None:
    later = Held(utc("2026-05-01T02:00:00"), None)

    assert any_covers_day([HELD, later], date(2026, 5, 9))
    assert not any_covers_day([HELD, later], date(2026, 4, 9))


BOUND_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY_10 = BOUND_AT + timedelta(days=10)


@pytest.mark.parametrize(
    ("days", "reset_to"),
    [(30, 30), (31, 31), (3650, 3650), (11, 11), (10, 10), (9, 10), (1, 10)],
)
def test_another_setting_counts_from_the_binding_but_never_ends_before_now(days: int, reset_to: int) -> None:
    assert reset_until(BOUND_AT, days, now=DAY_10) == BOUND_AT + timedelta(days=reset_to)


# The binding ends on day 30; it is day 10.
@pytest.mark.parametrize(
    ("days", "extended", "kept", "fate"),
    [
        (31, False, False, "later"), (30, False, False, "same"), (29, False, False, "earlier"),
        (11, False, False, "earlier"), (10, False, False, "at_once"), (1, False, False, "at_once"),
        (31, True, False, "extended"), (30, True, False, "extended"), (1, True, False, "extended"),
        (31, False, True, "kept"), (30, False, True, "kept"), (1, False, True, "kept"),
        (1, True, True, "extended"),
    ],
)  # fmt: skip
def test_fate_of_a_running_binding(days: int, *, extended: bool, kept: bool, fate: str) -> None:
    new_end = reset_until(BOUND_AT, days, now=DAY_10)

    found = fate_of(
        ends_at=BOUND_AT + timedelta(days=30),
        new_end=new_end,
        is_extended=extended,
        is_kept=kept,
        now=DAY_10,
    )

    assert found.value == fate
    assert (found in MOVED) is (fate in ("later", "earlier", "at_once"))


@pytest.mark.parametrize(("days", "allowed"), [(-1, 0), (0, 0), (1, 1), (30, 1), (3650, 1), (3651, 0)])
def test_protection_lasts_one_to_3650_days(days: int, allowed: int) -> None:
    if allowed:
        require_protection_days(days)
        return
    with pytest.raises(Refused) as raised:
        require_protection_days(days)
    assert raised.value.code.value == "protection_days_wrong"
    assert raised.value.facts == {"field": "days", "limit": 3650}


@pytest.mark.parametrize(
    ("left", "mark"),
    [
        (timedelta(days=7, microseconds=1), None),
        (timedelta(days=7), 7),
        (timedelta(days=3, microseconds=1), 7),
        (timedelta(days=3), 3),
        (timedelta(days=1, microseconds=1), 3),
        (timedelta(days=1), 1),
        (timedelta(microseconds=1), 1),
        (timedelta(0), None),
        (timedelta(days=-1), None),
    ],
    ids=str,
)
def test_end_is_marked_by_how_soon_it_comes(left: timedelta, mark: int | None) -> None:
    now = utc("2026-03-01T02:00:00")

    assert soon_mark(now + left, now) == mark
