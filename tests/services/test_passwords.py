"""Passwords: which are refused because they are common, or because they are made of what anybody knows."""

import threading

import pytest

from lead_system.services.passwords import require_strong_password
from tests.support.refusals import refused

ABOUT = ("岳峰", "13600010001", "S0001", "安居客经纪")

COMMON = [
    "password1234",
    "passwordpassword",
    "qwerty123456",
    "1qaz2wsx3edc",
    "1q2w3e4r5t6y",
    "q1w2e3r4t5y6",
    "qwertyuiop123",
    "asdfghjkl123",
    "iloveyou1234",
    "administrator",
    "Password123!",
    "P@ssw0rd1234",
    "unbelievable",
    "qazwsxedcrfv",
    "123qweasdzxc",
    "trustno1trustno1",
    "monkey123456",
    "letmein12345",
]
"""Real ones of twelve characters and more, from lists of what people choose."""

CHINESE_HABITS = [
    "woaini1314520",
    "woaini5201314",
    "5201314woaini",
    "mimamima1234",
    "guanliyuan123",
    "admin1234567",
    "woshiguanliyuan",
    "woaizhongguo",
    "zhongguo2024",
    "wodemima1234",
    "nihao123456789",
    "aa123456aa123456",
    "woaini520mima",
    "我爱你我爱你我爱你我爱你",
    "密码密码密码密码密码密码",
]

MADE_OF_WHAT_IS_KNOWN = [
    "gate-feng-2026",
    "feng-gate-2026",
    "岳峰13600010001",
    "13600010001abc",
    "S0001S0001S0001",
    "确客确客确客确客确客确客",
    "安居客经纪12345678",
    "leadleadlead1",
    "sales-broker-1",
]


def require(password: str) -> None:
    require_strong_password(password, login="gate-feng", about=ABOUT, field="new_password")


@pytest.mark.parametrize("password", COMMON + CHINESE_HABITS + MADE_OF_WHAT_IS_KNOWN)
def test_password_that_would_soon_be_guessed_is_refused(password: str) -> None:
    with refused("password_too_easy", field="new_password"):
        require(password)


def test_neither_width_nor_case_makes_a_common_password_better() -> None:
    for password in ("ＰＡＳＳＷＯＲＤ１２３４", "PASSWORD1234", "ｑｗｅｒｔｙ１２３４５６"):
        with refused("password_too_easy"):
            require(password)


@pytest.mark.parametrize(
    "password",
    [
        "a password of the cast",
        "my very own secret",
        "correct horse battery",
        "  violet tractor 88 harbour  ",
        "澄湖天街的十二个字的口令啊",
        "k3vd-97xp-qm2a-zzt4",
        "#9$2!7@4&8^1%6",
        "violet tractor harbour " * 8,
        "🐢🌋🎻🦀🧵🪁🥁🛶🧭🪐🍄🦉",
    ],
)
def test_password_that_takes_long_to_guess_is_good_whatever_its_signs(password: str) -> None:
    require(password)


def test_same_password_is_good_for_whom_it_says_nothing_about() -> None:
    theirs = "yuefeng-hongshan-88"
    require_strong_password(theirs, login="someone", field="password")

    with refused("password_too_easy"):
        require_strong_password(theirs, login="yuefeng", about=("hongshan",), field="password")


@pytest.mark.parametrize(
    ("password", "code"), [("elevenchars", "password_too_short"), ("xy" * 101, "text_too_long")]
)
def test_length_is_still_asked_first(password: str, code: str) -> None:
    with refused(code, field="new_password"):
        require(password)


def test_people_who_ask_at_once_are_judged_by_their_own_words() -> None:
    """The library keeps the words of a question in a global: each thread must be judged by its own."""
    judged: list[str] = []

    def ask(login: str, password: str) -> None:
        for _ in range(25):
            with refused("password_too_easy"):
                require_strong_password(password, login=login, field="password")
            judged.append(login)

    people = ("zhouqiaoyan", "mubaichuanlu", "xielingxijia")
    threads = [threading.Thread(target=ask, args=(one, f"{one} tz 77")) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(judged) == 75
