"""One code of an app, or one from paper, given at once on several browsers: it opens one of them."""

from datetime import timedelta

import pytest

from lead_system.services import second_factor
from lead_system.services.transaction import Caller
from tests.races.arena import Arena, Call, Outcome, call
from tests.services.test_second_factor import SECRET, Phone, turns_on
from tests.support.authenticator import code_at
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]

BROWSERS = 4


def types(phone: Phone, code: str, number: int, browser: int, seconds: int) -> Call:
    return call(
        second_factor.sign_in_with_second_factor,
        Caller(None, f"request-{number}-{browser}", f"browser-{browser}"),
        account_id=phone.cast.ids["director"],
        generation=2,
        code=code,
        secret=SECRET,
        now=NOW + timedelta(seconds=seconds),
    )


def let_in(outcomes: list[Outcome]) -> list[bool]:
    """Who was let in; of the others each was told that the code is wrong, or to wait."""
    for outcome in outcomes:
        assert (outcome.refusal or outcome.answer.refusal) in ("", "second_factor_wrong", "too_many_tries")
    return sorted(not outcome.refusal and outcome.answer.account_id is not None for outcome in outcomes)


def test_one_code_of_an_app_opens_one_browser(cast: Cast, arena: Arena) -> None:
    phone = turns_on(cast, "director")
    for number in arena.goes_on():
        # Each round a day later: no try of the round before counts any more.
        seconds = number * 86_400
        code = code_at(phone.key, NOW + timedelta(seconds=seconds))

        outcomes = arena.race([types(phone, code, number, i, seconds) for i in range(BROWSERS)])

        assert let_in(outcomes) == [False] * (BROWSERS - 1) + [True]


def test_one_recovery_code_opens_one_browser(cast: Cast, arena: Arena) -> None:
    phone = turns_on(cast, "director")
    for number in arena.goes_on():
        seconds = number * 86_400
        with cast.app.app_context():
            code, *_ = second_factor.make_recovery_codes(
                Caller(cast.ids["director"], f"new-codes-{number}"), secret=SECRET, now=NOW
            )

        outcomes = arena.race([types(phone, code, number, i, seconds) for i in range(BROWSERS)])

        assert let_in(outcomes) == [False] * (BROWSERS - 1) + [True]
