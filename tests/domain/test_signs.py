"""Codes for paper: no sign is mistaken, none looks like a mobile number, and typing is forgiven."""

import hashlib
from itertools import product

import pytest

from lead_system.domain.identity import has_full_number
from lead_system.domain.signs import SIGNS, in_groups, spelled, typed_signs


def test_no_two_signs_look_alike() -> None:
    assert len(set(SIGNS)) == len(SIGNS) == 31
    assert not set(SIGNS) & set("01ilo")


@pytest.mark.parametrize(
    "groups", list(product(("33333", "86386", "22222", "3abcd"), repeat=3)), ids="-".join
)
def test_no_code_looks_like_a_mobile_number(groups: tuple[str, ...]) -> None:
    """A mobile number begins with a 1, which is no sign; codes of digits alone are the nearest to one."""
    assert not has_full_number(in_groups("".join(groups)))
    assert not has_full_number("".join(groups))


def test_a_digest_is_spelled_in_so_many_signs_and_always_the_same() -> None:
    digest = hashlib.sha256(b"one").digest()

    assert spelled(digest, 15) == spelled(digest, 15)
    assert spelled(digest, 15)[:10] == spelled(digest, 10)
    assert set(spelled(digest, 40)) <= set(SIGNS)
    assert spelled(hashlib.sha256(b"two").digest(), 15) != spelled(digest, 15)
    assert spelled(bytes(32), 5) == "aaaaa"


def test_a_code_is_printed_in_fives() -> None:
    assert in_groups("abcdefghjkmnpqr") == "abcde-fghjk-mnpqr"


@pytest.mark.parametrize(
    "typed",
    [
        "abc23-def45",
        "ABC23 DEF45",
        " abc23def45\n",
        "ａｂｃ２３－ｄｅｆ４５",
        "abc23\u2013def45",
        "a-b-c-2-3 d e f 4 5",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert typed_signs(typed) == "abc23def45"
