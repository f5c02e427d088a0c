"""The code of a visit slip: another one for every fact that was fixed at the scan, and for every key."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import log2

import pytest

from lead_system.domain.signs import SIGNS, in_groups
from lead_system.domain.visit_slips import SIGNS_OF_A_CODE, SlipFacts, code_of, is_code_of, key_of

KEY = key_of("the secret of the sales centre, 32 characters")
SCANNED = datetime(2026, 3, 2, 2, 0, 0, 1, tzinfo=UTC)
FACTS = SlipFacts(7, 3, SCANNED, 11, 5, 12, 13, SCANNED + timedelta(days=30))

OTHER_FACTS = [
    {"number": 8},
    {"lead_id": 4},
    {"scanned_at": SCANNED + timedelta(microseconds=1)},
    {"broker_id": 12},
    {"brokerage_id": 6},
    {"brokerage_id": None},
    {"consultant_id": 11},
    {"gate_id": 12},
    {"protected_until": SCANNED + timedelta(days=31)},
    {"protected_until": None},
    {"broker_id": 12, "consultant_id": 11},
    {"number": 3, "lead_id": 7},
]


def test_the_same_facts_have_the_same_code_wherever_a_clock_stands() -> None:
    shanghai = SCANNED.astimezone(timezone(timedelta(hours=8)))

    assert code_of(replace(FACTS, scanned_at=shanghai), KEY) == code_of(FACTS, KEY)


def test_the_code_is_the_one_that_stands_on_papers_already() -> None:
    """Whoever changes facts or their spelling makes every printed slip a forgery."""
    assert in_groups(code_of(FACTS, KEY)) == "vj68t-d9prh-yt2q8"


def test_a_code_cannot_be_guessed() -> None:
    assert SIGNS_OF_A_CODE * log2(len(SIGNS)) > 74


@pytest.mark.parametrize("changes", OTHER_FACTS, ids=str)
def test_other_facts_have_another_code(changes: dict[str, object]) -> None:
    other = replace(FACTS, **changes)  # type: ignore[arg-type]

    assert code_of(other, KEY) != code_of(FACTS, KEY)
    assert not is_code_of(other, code_of(FACTS, KEY), KEY)


def test_no_two_of_the_others_share_a_code() -> None:
    codes = {code_of(replace(FACTS, **one), KEY) for one in OTHER_FACTS}  # type: ignore[arg-type]

    assert len(codes) == len(OTHER_FACTS)


def test_another_secret_makes_another_code() -> None:
    rivals = key_of("the secret of somebody else, 32 characters")

    assert not is_code_of(FACTS, code_of(FACTS, rivals), KEY)


def test_the_code_is_known_again_as_it_is_printed_and_as_people_type_it() -> None:
    code = in_groups(code_of(FACTS, KEY))

    assert all(is_code_of(FACTS, typed, KEY) for typed in (code, code.upper(), code.replace("-", " ")))


@pytest.mark.parametrize("typed", ["", "-", "x" * 10_000, "确认", "abcde-fghjk-mnpqr"])
def test_anything_else_is_no_code(typed: str) -> None:
    code = code_of(FACTS, KEY)

    assert not is_code_of(FACTS, typed, KEY)
    assert not is_code_of(FACTS, code[:-1], KEY)
    assert not is_code_of(FACTS, f"{code}a", KEY)


def test_a_slip_says_whether_its_scan_bound() -> None:
    assert FACTS.has_bound
    assert not replace(FACTS, protected_until=None).has_bound
