"""Tries at passwords and codes are counted before anybody looks, and the next one waits."""

from datetime import datetime, timedelta

import pytest

from lead_system.domain.guessing import Pace, Respect
from lead_system.extensions import db
from lead_system.models import SignInFailure
from lead_system.services.guessing import count_try, forget_old_failures, forget_tries
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.refusals import refused

pytestmark = [both_databases, pytest.mark.usefixtures("app_context")]

SLOW = Pace(free=2, first=timedelta(seconds=10), longest=timedelta(seconds=30))
PATIENT = Pace(free=4, first=timedelta(seconds=5), longest=timedelta(seconds=30))
NAME = Respect(("name", "gate-feng"), SLOW)
ADDRESS = Respect(("address", "203.0.113.7"), PATIENT, is_somebodys=False)


def at(seconds: float) -> datetime:
    return MONDAY_TEN + timedelta(seconds=seconds)


def count(*respects: Respect, seconds: float = 0, secret: str = SECRET_KEY) -> None:
    count_try(respects, secret=secret, now=at(seconds))


def forget(*respects: Respect, seconds: float = 0) -> None:
    forget_tries(respects, secret=SECRET_KEY, now=at(seconds))


def failures() -> list[int]:
    return sorted(db.session.scalars(db.select(SignInFailure.failures)))


def test_free_tries_need_no_wait_and_the_next_does() -> None:
    count(NAME)
    count(NAME)

    with refused("too_many_tries", seconds=10):
        count(NAME)
    with refused("too_many_tries", seconds=1):
        count(NAME, seconds=9.5)
    count(NAME, seconds=10)
    with refused("too_many_tries", seconds=20):
        count(NAME, seconds=10)


def test_wait_never_grows_beyond_the_longest() -> None:
    for minute in range(10):
        count(NAME, seconds=60 * minute)

    with refused("too_many_tries", seconds=30):
        count(NAME, seconds=540)


def test_while_one_must_wait_nothing_is_counted_in_any_respect() -> None:
    count(NAME)
    count(NAME)

    with refused("too_many_tries"):
        count(NAME, ADDRESS)

    assert failures() == [2]


def test_try_waits_for_the_respect_that_waits_longest() -> None:
    for _ in range(4):
        count(ADDRESS)
    count(NAME, ADDRESS, seconds=5)
    count(NAME, seconds=5)

    with refused("too_many_tries", seconds=10):
        count(NAME, ADDRESS, seconds=5)


def test_success_clears_what_is_somebodys_and_takes_its_own_count_back_from_the_rest() -> None:
    count(NAME, ADDRESS)
    count(ADDRESS)
    count(NAME, ADDRESS)

    forget(NAME, ADDRESS)

    assert failures() == [2]
    count(NAME)
    count(NAME)


def test_success_among_failures_frees_no_more_than_itself() -> None:
    for _ in range(3):
        count(ADDRESS)
        count(NAME, ADDRESS)
        forget(NAME, ADDRESS)
    count(ADDRESS)

    with refused("too_many_tries", seconds=5):
        count(ADDRESS)


def test_success_takes_back_the_wait_that_it_made_itself() -> None:
    for _ in range(4):
        count(ADDRESS)

    forget(ADDRESS)

    count(ADDRESS)


def test_success_alone_leaves_nothing_behind() -> None:
    count(NAME, ADDRESS)
    forget(NAME, ADDRESS)

    assert failures() == []


def test_successes_that_overlap_leave_nothing_behind() -> None:
    """Each takes its own count back at the time at which it came, when a later one may have been counted."""
    for came in (0, 0.001, 0.002):
        count(ADDRESS, seconds=came)

    for came in (0, 0.001, 0.002):
        forget(ADDRESS, seconds=came)

    assert failures() == []


def test_try_that_came_before_one_that_was_counted_first_needs_no_wait_and_counts_with_it() -> None:
    count(ADDRESS, seconds=0.001)
    count(ADDRESS)

    assert failures() == [2]
    assert list(db.session.scalars(db.select(SignInFailure.failed_at))) == [at(0.001)]


def test_try_that_came_before_the_last_free_one_waits_as_long_as_any() -> None:
    count(NAME, seconds=0.5)
    count(NAME, seconds=0.5)

    with refused("too_many_tries", seconds=10):
        count(NAME)


def test_day_without_a_failure_makes_all_free_again() -> None:
    for minute in range(5):
        count(NAME, seconds=60 * minute)

    count(NAME, seconds=240 + 24 * 3600)
    count(NAME, seconds=240 + 24 * 3600)

    assert failures() == [2]


def test_what_counts_no_more_is_deleted() -> None:
    count(NAME)
    count(ADDRESS, seconds=1)

    forget_old_failures(MONDAY_TEN + timedelta(hours=24))

    assert failures() == [1]
    forget_old_failures(MONDAY_TEN + timedelta(hours=25))
    assert failures() == []


def test_nothing_that_was_typed_is_kept_nor_could_be_found_out_without_the_secret() -> None:
    count(NAME, ADDRESS)
    count(NAME, ADDRESS, secret="another secret of more than 32 characters")

    names = set(db.session.scalars(db.select(SignInFailure.name)))
    assert len(names) == 4
    assert {len(name) for name in names} == {64}
    assert not any("feng" in name or "203.0" in name for name in names)
