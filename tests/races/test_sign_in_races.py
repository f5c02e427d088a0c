"""Sign-ins are ended while the browsers that they belong to take another token."""

import pytest

from lead_system.services import sign_ins
from tests.races.arena import Arena, call
from tests.services.test_sign_ins import begins, opens
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def test_sign_in_that_is_renewed_meanwhile_is_signed_out_with_the_others(cast: Cast, arena: Arena) -> None:
    for _ in arena.goes_on():
        token = begins(cast, "director")

        _, renewed = arena.race(
            [
                call(
                    sign_ins.sign_out_everywhere,
                    cast.as_("admin"),
                    account_id=cast.ids["director"],
                    now=NOW,
                ),
                call(sign_ins.renew_sign_in, token),
            ]
        )

        assert [opens(cast, one) for one in (token, renewed.answer)] == [False, False]


def test_token_that_two_answers_renew_at_once_is_renewed_by_one(cast: Cast, arena: Arena) -> None:
    for _ in arena.goes_on():
        token = begins(cast, "director")

        outcomes = arena.race([call(sign_ins.renew_sign_in, token) for _ in range(2)])

        given = [outcome.answer for outcome in outcomes if outcome.answer]
        assert [opens(cast, one) for one in given] == [True]
