"""Many tries at once are no way round: no more of them are looked at than are free."""

from collections import Counter
from datetime import timedelta

import pytest

from lead_system.domain.guessing import Origin, Target, respects_of_sign_in
from lead_system.domain.roles import Role
from lead_system.services.guessing import count_try, forget_tries
from lead_system.services.sign_in import sign_in_with_password
from tests.races.arena import Arena, Call, call
from tests.support.cast import PASSWORD, Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.refusals import refused

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def try_at_once(login: str, password: str, address: str, known: dict[int, str]) -> Call:
    return call(
        sign_in_with_password, login, password=password, roles=frozenset({Role.GATE}),
        origin=Origin(address, known), secret=SECRET_KEY, now=MONDAY_TEN,
    )  # fmt: skip


def test_of_forty_tries_at_once_five_are_looked_at(cast: Cast, arena: Arena) -> None:
    outcomes = arena.race([try_at_once("gate-feng", "wrong", "203.0.113.7", {})] * 40)

    assert arena.errors == []
    assert Counter(o.refusal for o in outcomes) == {"sign_in_failed": 5, "too_many_tries": 35}


def test_of_forty_tries_at_once_from_a_known_browser_ten_are_looked_at(cast: Cast, arena: Arena) -> None:
    known = {cast.ids["feng"]: "feng's own"}

    outcomes = arena.race([try_at_once("gate-feng", "wrong", "203.0.113.7", known)] * 40)

    assert arena.errors == []
    assert Counter(o.refusal for o in outcomes) == {"sign_in_failed": 10, "too_many_tries": 30}


def test_of_forty_tries_at_once_from_as_many_addresses_thirty_are_looked_at(cast: Cast, arena: Arena) -> None:
    tries = [try_at_once("gate-feng", "wrong", f"198.51.100.{number}", {}) for number in range(40)]

    outcomes = arena.race(tries)

    assert arena.errors == []
    assert Counter(o.refusal for o in outcomes) == {"sign_in_failed": 30, "too_many_tries": 10}


def test_one_who_gets_in_takes_no_count_away_from_under_another_try(cast: Cast, arena: Arena) -> None:
    """The right one deletes the rows of its count while the wrong ones are about to lock them."""
    for number in arena.goes_on():
        respects = respects_of_sign_in(Target(f"name-{number}"), Origin(f"198.51.100.{number}", {}))
        with cast.app.app_context():
            count_try(respects, secret=SECRET_KEY, now=MONDAY_TEN)
        try_it = call(count_try, respects, secret=SECRET_KEY, now=MONDAY_TEN)
        got_in = call(forget_tries, respects, secret=SECRET_KEY, now=MONDAY_TEN)

        outcomes = arena.race([try_it, got_in, try_it, try_it])

        assert {o.refusal for o in outcomes} == {""}


def test_right_passwords_at_once_take_back_exactly_their_own_counts(cast: Cast, arena: Arena) -> None:
    """Of an address that nearly everybody has mistyped at, two who sign in at once leave one try free."""
    logins = {"gate-feng": "feng", "gate-lu": "lu"}
    with cast.app.app_context():
        for number in range(48):
            with refused("sign_in_failed"):
                sign_in_with_password(
                    f"name-{number}", "wrong", frozenset({Role.GATE}),
                    origin=Origin("203.0.113.7", {}), secret=SECRET_KEY, now=MONDAY_TEN,
                )  # fmt: skip

    outcomes = arena.race([try_at_once(login, PASSWORD, "203.0.113.7", {}) for login in logins])

    assert [o.answer.account_id for o in outcomes] == [cast.ids[who] for who in logins.values()]
    again = arena.race([try_at_once("nobody", "wrong", "203.0.113.7", {})] * 2)
    assert [o.refusal for o in again] == ["sign_in_failed"] * 2
    [last] = arena.race([try_at_once("nobody-else", "wrong", "203.0.113.7", {})])
    assert (last.refusal, last.facts["seconds"]) == ("too_many_tries", timedelta(seconds=2).seconds)
