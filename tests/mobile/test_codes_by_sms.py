"""Signing in with a real provider of SMS: the code arrives there, and never on the page."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.mobile.test_sign_in import NEW_PHONE
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.outside import OutsideWorld, connect

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_code_arrives_by_sms_and_signs_in(
    cast: Cast, stranger: PageClient, outside: OutsideWorld, provider: str
) -> None:
    connect(cast.app, outside, provider)

    page = stranger.submit("/m/sign-in", {"phone": "13500010001"})
    [(phone, code)] = outside.messages
    signed_in = stranger.submit(page, {"code": code})

    assert phone == "13500010001"
    assert code not in page.text
    assert "demonstration and sends no SMS" not in page.page.text
    assert signed_in.request.path == "/m/home"


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        ("aliyun", {"Code": "isv.AMOUNT_NOT_ENOUGH"}),
        ("aliyun", "silence"),
        ("tencent", 502),
        ("tencent", {"Response": {"Error": {"Code": "InternalError"}}}),
    ],
)
def test_code_that_could_not_be_sent_is_said_so_and_may_be_asked_for_at_once(
    cast: Cast, stranger: PageClient, outside: OutsideWorld, provider: str, answer: object
) -> None:
    connect(cast.app, outside, provider)
    outside.goes_wrong("SendSms", answer)

    refused = stranger.submit("/m/sign-in", {"phone": NEW_PHONE})
    again = stranger.submit(refused, {"phone": NEW_PHONE})

    assert refused.status_code == 409
    assert "The code could not be sent. You can try again at once." in refused.page.text
    assert again.request.path == "/m/sign-in/code"
    assert [phone for phone, _ in outside.messages] == [NEW_PHONE]


@pytest.mark.parametrize("phone", ["13500010001", NEW_PHONE], ids=["known", "unknown"])
def test_sixth_code_of_an_hour_is_refused_with_the_time_from_which_there_are_more(
    cast: Cast, stranger: PageClient, clock: StoppedClock, phone: str
) -> None:
    for _ in range(5):
        assert stranger.submit("/m/sign-in", {"phone": phone}).request.path == "/m/sign-in/code"
        clock.forward(timedelta(minutes=2))

    refused = stranger.submit("/m/sign-in", {"phone": phone})

    assert refused.status_code == 409
    assert "Too many codes were sent to this phone or from this connection." in refused.page.text
    assert "Try again after 2026-03-02 11:00." in refused.page.text


def test_address_is_that_of_the_connection(cast: Cast, new_client: Callable[[], PageClient]) -> None:
    def ask(number: int, address: str) -> int:
        client = new_client()
        client.environ_base["REMOTE_ADDR"] = address
        # What anybody can write into a header counts for nothing.
        client.environ_base["HTTP_X_FORWARDED_FOR"] = f"192.0.2.{number}"
        return client.submit("/m/sign-in", {"phone": f"139{number:08d}"}).status_code

    first_thirty = [ask(number, "203.0.113.7") for number in range(30)]

    assert first_thirty == [200] * 30
    assert ask(30, "203.0.113.7") == 409
    assert ask(31, "203.0.113.8") == 200
