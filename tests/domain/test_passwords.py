"""Passwords: what is good enough to be set."""

import pytest

from lead_system.domain.passwords import require_good_password
from tests.support.refusals import refused


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "quite-a-good-1",
        "澄湖天街的十二个字的口令啊",
        "aaaaaaaaaaab",
        "abcdefghijkm",
        "abcdefabcdef",
        "12345678901a",
        "x" * 100 + "y" * 100,
    ],
)
def test_password_of_twelve_mixed_characters_is_good(password: str) -> None:
    require_good_password(password, login="gate-feng", field="password")


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "十一个字的口令太短了吧"])
def test_password_under_twelve_characters_is_too_short(password: str) -> None:
    with refused("password_too_short", limit=12, field="new_password"):
        require_good_password(password, login="gate-feng", field="new_password")


def test_password_over_two_hundred_characters_is_too_long() -> None:
    with refused("text_too_long", limit=200, field="password"):
        require_good_password("xy" * 100 + "z", login="gate-feng", field="password")


@pytest.mark.parametrize(
    "password",
    [
        "my gate-feng password",
        "MY GATE-FENG PASSWORD",
        "ｍｙ　ｇａｔｅ－ｆｅｎｇ　ｗｏｒｄ",
        "aaaaaaaaaaaa",
        "aAaAaAaAaAaA",
        "            ",
        "123456789012",
        "839201746558",
        "１２３４５６７８９０１２",
        "abcdefghijkl",
        "ABCDEFGHIJKL",
        "lkjihgfedcba",
        "uvwxyzabcdefgh",
        "abcdefghijklmnopqrstuvwxyz" * 3,
        "qwertyuiopas",
        "mnbvcxzlkjhg",
    ],
)
def test_password_that_anybody_would_try_is_too_easy(password: str) -> None:
    with refused("password_too_easy", field="password"):
        require_good_password(password, login="gate-feng", field="password")


def test_account_without_a_name_forbids_no_password() -> None:
    require_good_password("quite-a-good-1", login="", field="password")
