"""How guessing is slowed: the waits, what a try counts for, and what is one place."""

from datetime import datetime, timedelta

import pytest

from lead_system.domain.guessing import (
    BY_ADDRESS,
    BY_CONFIRMING,
    BY_NAME,
    BY_NAME_AND_ADDRESS,
    BY_SECOND_STEP,
    FROM_A_KNOWN_BROWSER,
    Origin,
    Pace,
    Target,
    network_of,
    respects_of_codes,
    respects_of_confirming,
    respects_of_second_step,
    respects_of_sign_in,
)

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
STRANGER = Origin("203.0.113.7", {})


@pytest.mark.parametrize(
    ("pace", "failures", "seconds"),
    [
        (BY_NAME_AND_ADDRESS, 0, 0),
        (BY_NAME_AND_ADDRESS, 4, 0),
        (BY_NAME_AND_ADDRESS, 5, 2),
        (BY_NAME_AND_ADDRESS, 6, 4),
        (BY_NAME_AND_ADDRESS, 7, 8),
        (BY_NAME_AND_ADDRESS, 13, 512),
        (BY_NAME_AND_ADDRESS, 14, 900),
        (BY_NAME_AND_ADDRESS, 1_000_000, 900),
        (BY_NAME, 29, 0),
        (BY_NAME, 30, 2),
        (BY_NAME, 34, 32),
        (BY_NAME, 35, 60),
        (BY_NAME, 500, 60),
        (BY_ADDRESS, 49, 0),
        (BY_ADDRESS, 50, 2),
        (BY_ADDRESS, 57, 256),
        (BY_ADDRESS, 58, 300),
        (FROM_A_KNOWN_BROWSER, 9, 0),
        (FROM_A_KNOWN_BROWSER, 10, 2),
        (FROM_A_KNOWN_BROWSER, 18, 300),
        (BY_SECOND_STEP, 4, 0),
        (BY_SECOND_STEP, 5, 2),
        (BY_SECOND_STEP, 14, 900),
        (BY_CONFIRMING, 9, 0),
        (BY_CONFIRMING, 10, 2),
        (BY_CONFIRMING, 18, 300),
    ],
)
def test_wait_doubles_after_the_free_failures_up_to_the_longest(
    pace: Pace, failures: int, seconds: int
) -> None:
    assert pace.wait_after(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("pace", "minutes", "counts"),
    [
        (BY_NAME, -0.01, 7),
        (BY_NAME, 0, 7),
        (BY_NAME, 24 * 60 - 0.01, 7),
        (BY_NAME, 24 * 60, 0),
        (BY_ADDRESS, -0.01, 7),
        (BY_ADDRESS, -60, 7),
        (BY_ADDRESS, 9.99, 7),
        (BY_ADDRESS, 10, 6),
        (BY_ADDRESS, 35, 4),
        (BY_ADDRESS, 70, 0),
        (BY_ADDRESS, 24 * 60, 0),
    ],
)
def test_failures_are_forgotten_a_day_after_the_last_and_those_of_an_address_one_by_one(
    pace: Pace, minutes: float, counts: int
) -> None:
    assert pace.failures_at(NOON + timedelta(minutes=minutes), failures=7, failed_at=NOON) == counts


def about(target: Target, origin: Origin) -> set[tuple[str, ...]]:
    return {respect.about for respect in respects_of_sign_in(target, origin)}


def test_strangers_try_counts_for_name_and_address_alone_and_together() -> None:
    respects = respects_of_sign_in(Target("gate-feng", 7, 3), STRANGER)

    assert [(respect.about, respect.pace, respect.is_somebodys) for respect in respects] == [
        (("name and address", "gate-feng", "3", "203.0.113.7"), BY_NAME_AND_ADDRESS, True),
        (("name", "gate-feng", "3"), BY_NAME, True),
        (("address", "203.0.113.7"), BY_ADDRESS, False),
    ]


def test_try_from_a_known_browser_counts_for_that_browser_alone() -> None:
    [respect] = respects_of_sign_in(Target("gate-feng", 7, 3), Origin("203.0.113.7", {7: "its own", 8: "x"}))

    assert respect.about == ("browser", "7", "3", "its own")
    assert respect.pace == FROM_A_KNOWN_BROWSER
    assert respect.is_somebodys


@pytest.mark.parametrize("known", [{}, {8: "another account"}, {7: ""}])
def test_browser_that_knows_another_account_is_a_strangers(known: dict[int, str]) -> None:
    assert len(respects_of_sign_in(Target("gate-feng", 7, 3), Origin("203.0.113.7", known))) == 3


def test_nobodys_name_is_known_to_no_browser() -> None:
    assert len(respects_of_sign_in(Target("nobody"), Origin("203.0.113.7", {7: "its own"}))) == 3


@pytest.mark.parametrize("login", ["gate-feng", "GATE-Feng", "  gate-feng ", "\tGate-Feng\n"])
def test_no_spelling_of_a_name_is_a_way_round(login: str) -> None:
    assert about(Target(login, 7, 3), STRANGER) == about(Target("gate-feng", 7, 3), STRANGER)


def test_new_password_begins_new_counts_for_the_name_and_not_for_the_address() -> None:
    before, after = about(Target("gate-feng", 7, 3), STRANGER), about(Target("gate-feng", 7, 4), STRANGER)

    assert before & after == {("address", "203.0.113.7")}


def test_second_step_and_confirming_count_apart_for_the_account() -> None:
    assert [respect.about for respect in respects_of_second_step(7, 3)] == [("second step", "7", "3")]
    assert [respect.about for respect in respects_of_confirming(7, 3)] == [("confirming", "7", "3")]


def test_one_time_code_counts_for_its_address_whatever_the_phone() -> None:
    [respect] = respects_of_codes("203.0.113.7")

    assert (respect.about, respect.pace) == (("codes", "203.0.113.7"), BY_ADDRESS)
    assert not respect.is_somebodys


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_one_place_is_an_address_or_the_network_of_one_household(address: str, network: str) -> None:
    assert network_of(address) == network
