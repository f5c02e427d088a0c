"""How long somebody stays signed in, role by role, to the second."""

from datetime import datetime, timedelta

import pytest

from lead_system.domain.roles import Role
from lead_system.domain.sessions import has_lapsed, is_confirmed, is_worth_noting

NOW = datetime.fromisoformat("2026-03-02T02:00:00+00:00")
SECOND = timedelta(seconds=1)

OFFICE = (timedelta(hours=2), timedelta(hours=12))
SITE = (timedelta(hours=12), timedelta(days=7))
OUTSIDE = (timedelta(days=30), timedelta(days=180))
LIMITS = [
    (Role.SECRETARY, *OFFICE),
    (Role.DIRECTOR, *OFFICE),
    (Role.ADMIN, *OFFICE),
    (Role.GATE, *SITE),
    (Role.CONSULTANT, *SITE),
    (Role.BROKER, *OUTSIDE),
    (Role.RESIDENT, *OUTSIDE),
    (Role.VISITOR, *OUTSIDE),
]
NOTED_AFTER = [
    (Role.ADMIN, timedelta(minutes=5)),
    (Role.GATE, timedelta(minutes=30)),
    (Role.BROKER, timedelta(hours=30)),
]


def test_every_role_has_its_limits_here() -> None:
    assert {role for role, _, _ in LIMITS} == set(Role)


@pytest.mark.parametrize(("role", "idle", "absolute"), LIMITS)
def test_sign_in_lapses_when_it_was_not_used_for_so_long(
    role: Role, idle: timedelta, absolute: timedelta
) -> None:
    def lapsed_after(unused: timedelta) -> bool:
        return has_lapsed(role, began_at=NOW - unused, seen_at=NOW - unused, now=NOW)

    assert absolute > idle
    assert [lapsed_after(idle - SECOND), lapsed_after(idle), lapsed_after(idle + SECOND)] == [
        False, True, True
    ]  # fmt: skip


@pytest.mark.parametrize(("role", "idle", "absolute"), LIMITS)
def test_sign_in_lapses_in_the_end_however_much_it_is_used(
    role: Role, idle: timedelta, absolute: timedelta
) -> None:
    del idle

    def lapsed_after(age: timedelta) -> bool:
        return has_lapsed(role, began_at=NOW - age, seen_at=NOW, now=NOW)

    assert [lapsed_after(absolute - SECOND), lapsed_after(absolute), lapsed_after(absolute + SECOND)] == [
        False, True, True
    ]  # fmt: skip


@pytest.mark.parametrize(("role", "after"), NOTED_AFTER)
def test_being_seen_is_worth_writing_down_once_in_a_24th_of_the_idle_limit(
    role: Role, after: timedelta
) -> None:
    assert not is_worth_noting(role, seen_at=NOW - after + SECOND, now=NOW)
    assert is_worth_noting(role, seen_at=NOW - after, now=NOW)


@pytest.mark.parametrize(
    ("ago", "confirmed"),
    [
        (timedelta(0), True),
        (timedelta(minutes=30) - SECOND, True),
        (timedelta(minutes=30), False),
        (timedelta(days=1), False),
    ],
)
def test_a_password_counts_for_half_an_hour(ago: timedelta, *, confirmed: bool) -> None:
    assert is_confirmed(NOW - ago, NOW) is confirmed
