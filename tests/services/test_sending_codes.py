"""One-time codes are limited by phone and by address; one that could not be sent costs nobody a wait."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from lead_system.domain.errors import Refused
from lead_system.extensions import db
from lead_system.models import CodeSend, SignInCode
from lead_system.outside.calling import OutsideFailed
from lead_system.services.sign_in_codes import forget_old_sends, send_sign_in_code
from lead_system.services.transaction import Caller
from tests.support.cast import Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
PHONE, HOME = "13900008888", "203.0.113.7"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Carrier:
    """Takes codes, or fails as it is told."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.fails: OutsideFailed | None = None

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        del code, now
        if self.fails is not None:
            raise self.fails
        self.sent.append(phone)


Send = Callable[..., None]


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def send(cast: Cast, carrier: Carrier) -> Send:
    """Asks for a code, so long after ten o'clock."""

    def ask(
        after: timedelta = timedelta(0), phone: str = PHONE, address: str = HOME, request_id: str = ""
    ) -> None:
        asked_as = request_id or f"at-{int(after.total_seconds())}-{phone}"
        with cast.app.app_context():
            send_sign_in_code(
                Caller(None, asked_as, session_key="a browser"),
                phone=phone,
                address=address,
                secret=SECRET_KEY,
                sender=carrier,
                now=MONDAY_TEN + after,
            )

    return ask


def phone_number(number: int) -> str:
    return f"139{number:08d}"


@pytest.mark.parametrize("phone", [PHONE, "13500010001"], ids=["unknown", "known"])
def test_phone_gets_five_codes_an_hour(cast: Cast, send: Send, carrier: Carrier, phone: str) -> None:
    for number in range(5):
        send(2 * number * MINUTE, phone)

    with nothing_written(cast.app), refused("too_many_codes", until="2026-03-02T03:00:00+00:00"):
        send(59 * MINUTE, phone)
    send(60 * MINUTE, phone)

    assert carrier.sent == [phone] * 6


def test_phone_gets_ten_codes_a_day(send: Send, carrier: Carrier) -> None:
    for number in range(10):
        send(2 * number * HOUR)

    with refused("too_many_codes", until="2026-03-03T02:00:00+00:00"):
        send(24 * HOUR - MINUTE)
    send(24 * HOUR)

    assert len(carrier.sent) == 11


def test_address_gets_thirty_codes_an_hour_for_whatever_phones(send: Send, carrier: Carrier) -> None:
    for number in range(30):
        send(number * timedelta(seconds=1), phone_number(number))

    with refused("too_many_codes", until="2026-03-02T03:00:00+00:00"):
        send(59 * MINUTE, phone_number(30))
    send(59 * MINUTE, phone_number(31), "203.0.113.8")
    send(60 * MINUTE, phone_number(30))

    assert len(carrier.sent) == 32


def test_one_household_counts_as_one_address(send: Send) -> None:
    for number in range(30):
        send(timedelta(0), phone_number(number), f"2001:db8:1:2::{number:x}")

    with refused("too_many_codes"):
        send(timedelta(0), phone_number(30), "2001:db8:1:2:ffff::1")
    send(timedelta(0), phone_number(30), "2001:db8:1:3::1", request_id="from-next-door")


def test_address_is_kept_as_a_keyed_hash_and_for_a_day_only(cast: Cast, send: Send) -> None:
    send()
    send(12 * HOUR)
    with cast.app.app_context():
        [first, second] = db.session.scalars(db.select(CodeSend).order_by(CodeSend.id))
        assert len(first.address) == 64
        assert HOME not in first.address
        assert first.address == second.address

        forget_old_sends(MONDAY_TEN + 24 * HOUR)

    assert cast.count(CodeSend) == cast.count(CodeSend, sent_at=MONDAY_TEN + 12 * HOUR) == 1


@pytest.mark.parametrize(("may_have_acted", "counted"), [(False, 0), (True, 1)])
def test_code_that_could_not_be_sent_burns_no_minute(
    cast: Cast,
    send: Send,
    carrier: Carrier,
    may_have_acted: bool,  # noqa: FBT001 - pytest passes it by name
    counted: int,
) -> None:
    carrier.fails = OutsideFailed("SMS", "out of order", may_have_acted=may_have_acted)
    with refused("code_not_sent"):
        send(request_id="the-first-time")
    assert cast.count(CodeSend, phone=PHONE) == counted
    carrier.fails = None

    with refused("code_not_sent"):
        send(request_id="the-first-time")
    send(timedelta(seconds=1), request_id="a-second-later")
    with refused("code_sent_recently"):
        send(timedelta(seconds=2), request_id="much-too-soon")

    assert carrier.sent == [PHONE]
    assert cast.count(CodeSend, phone=PHONE) == counted + 1
    assert cast.count(SignInCode, phone=PHONE, used_at=None) == 1


def test_refused_code_leaves_the_last_one_alive(cast: Cast, send: Send) -> None:
    for number in range(5):
        send(2 * number * MINUTE)
    with cast.app.app_context():
        before = db.session.scalars(db.select(SignInCode)).one().salt

    with refused("too_many_codes"):
        send(10 * MINUTE)

    assert cast.count(SignInCode, salt=before, used_at=None) == 1


@pytest.mark.parametrize("round_number", range(4))
def test_many_at_once_from_one_address_never_exceed_the_limit(
    cast: Cast, send: Send, carrier: Carrier, round_number: int
) -> None:
    for number in range(28):
        send(timedelta(0), phone_number(number))
    start, refusals = threading.Barrier(10), list[str]()

    def ask(number: int) -> None:
        start.wait()
        try:
            send(timedelta(0), phone_number(number))
        except Refused as refused_one:
            refusals.append(refused_one.code.value)

    threads = [threading.Thread(target=ask, args=[100 + number]) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(carrier.sent), refusals) == (30, ["too_many_codes"] * 8)
    assert cast.count(CodeSend) == 30
