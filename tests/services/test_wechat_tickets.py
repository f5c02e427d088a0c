"""What WeChat lends the server: kept for all processes, borrowed anew by one, and made do with to its end."""

import threading
from datetime import datetime, timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import WechatTicket
from lead_system.outside.wechat import Wechat, find_wechat
from lead_system.services.wechat_tickets import get_js_ticket
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.outside import OutsideWorld, connect
from tests.support.refusals import refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
HOUR = timedelta(hours=1)
TOKEN, TICKET = "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket"


@pytest.fixture
def lender(cast: Cast, outside: OutsideWorld) -> Wechat:
    connect(cast.app, outside)
    wechat = find_wechat(cast.app.extensions["settings"])
    assert wechat is not None
    return wechat


def ticket(cast: Cast, lender: Wechat, now: datetime = MONDAY_TEN) -> str:
    with cast.app.app_context():
        return get_js_ticket(lender, now=now)


def test_ticket_is_borrowed_once_and_kept_until_shortly_before_its_end(
    cast: Cast, lender: Wechat, outside: OutsideWorld
) -> None:
    almost = MONDAY_TEN + 2 * HOUR - timedelta(minutes=5, seconds=1)

    assert [ticket(cast, lender), ticket(cast, lender, almost)] == ["ticket-1", "ticket-1"]
    assert outside.calls == [TOKEN, TICKET]
    assert ticket(cast, lender, almost + timedelta(seconds=1)) == "ticket-2"
    assert outside.calls == [TOKEN, TICKET] * 2


@pytest.mark.parametrize("errcode", [40001, 42001, 40014])
def test_token_that_wechat_disowns_is_replaced_once(
    cast: Cast, lender: Wechat, outside: OutsideWorld, errcode: int
) -> None:
    outside.goes_wrong(TICKET, {"errcode": errcode, "errmsg": "access_token expired"})

    assert ticket(cast, lender) == "ticket-2"
    assert outside.calls == [TOKEN, TICKET, TOKEN, TICKET]


def test_token_that_stays_disowned_is_given_up_after_one_more_try(
    cast: Cast, lender: Wechat, outside: OutsideWorld
) -> None:
    outside.goes_wrong(TICKET, *[{"errcode": 42001}] * 2)

    with refused("wechat_not_reached"):
        ticket(cast, lender)

    assert outside.calls == [TOKEN, TICKET, TOKEN, TICKET]


@pytest.mark.parametrize(
    "error",
    [
        (TOKEN, {"errcode": 45009}, "wechat_busy"),
        (TOKEN, {"errcode": 40164}, "wechat_not_reached"),
        (TOKEN, {"access_token": "x"}, "wechat_not_reached"),
        (TICKET, 500, "wechat_not_reached"),
        (TICKET, {"errcode": 0, "ticket": "", "expires_in": 7200}, "wechat_not_reached"),
    ],
)
def test_what_cannot_be_borrowed_is_refused_and_may_be_tried_again_at_once(
    cast: Cast, lender: Wechat, outside: OutsideWorld, error: tuple[str, object, str]
) -> None:
    call, answer, code = error
    outside.goes_wrong(call, answer)

    with refused(code):
        ticket(cast, lender)

    assert cast.count(WechatTicket, name="jsapi_ticket") == 0
    assert ticket(cast, lender).startswith("ticket-")


def test_ticket_about_to_end_serves_while_there_is_no_other(
    cast: Cast, lender: Wechat, outside: OutsideWorld
) -> None:
    ticket(cast, lender)
    outside.goes_wrong(TOKEN, 502, 502)
    end = MONDAY_TEN + 2 * HOUR

    assert ticket(cast, lender, end - timedelta(seconds=1)) == "ticket-1"
    with refused("wechat_not_reached"):
        ticket(cast, lender, end)


def test_many_at_once_borrow_one_ticket(cast: Cast, lender: Wechat, outside: OutsideWorld) -> None:
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(ticket(cast, lender))) for _ in range(5)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told == ["ticket-1"] * 5
    assert outside.calls == [TOKEN, TICKET]


def test_turn_of_a_process_that_died_is_taken_over_after_half_a_minute(
    cast: Cast, lender: Wechat, outside: OutsideWorld
) -> None:
    with cast.app.app_context():
        ends = MONDAY_TEN + timedelta(seconds=30)
        db.session.add(WechatTicket(name="turn", value="of the dead", expires_at=ends))
        db.session.commit()

    assert ticket(cast, lender, MONDAY_TEN + timedelta(seconds=30)) == "ticket-1"
    assert outside.lent == 1
