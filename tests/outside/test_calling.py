"""Calls of other companies' servers end soon, end in one way, and leave nothing secret in the log."""

import logging
import socket
import time
from datetime import UTC, datetime

import pytest

from lead_system.outside.aliyun import AliyunSms
from lead_system.outside.calling import OutsideFailed, ask, fetch
from lead_system.outside.pictures import fetch_picture
from lead_system.outside.sms import CodeSender
from lead_system.outside.tencent import TencentSms
from tests.support.outside import KEY_ID, KEY_SECRET, SIGN_NAME, SMS_APP_ID, TEMPLATE, OutsideWorld

PHONE, CODE = "13900008888", "471199"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BOTH = pytest.mark.parametrize("provider", ["aliyun", "tencent"])


def sender(provider: str, url: str, secret: str = KEY_SECRET) -> CodeSender:
    if provider == "aliyun":
        return AliyunSms(KEY_ID, secret, SIGN_NAME, TEMPLATE, url, 0.5)
    return TencentSms(KEY_ID, secret, SMS_APP_ID, SIGN_NAME, TEMPLATE, "ap-guangzhou", url, 0.5)


@BOTH
def test_provider_takes_the_message_once_and_its_signature_is_right(
    outside: OutsideWorld, provider: str
) -> None:
    sender(provider, outside.url).send(PHONE, CODE, now=NOW)

    assert outside.messages == [(PHONE, CODE)]
    assert outside.calls == ["SendSms"]


@BOTH
def test_wrong_key_is_a_failure_that_surely_sent_nothing(outside: OutsideWorld, provider: str) -> None:
    with pytest.raises(OutsideFailed) as failed:
        sender(provider, outside.url, secret="not the secret").send(PHONE, CODE, now=NOW)

    assert "Signature" in failed.value.cause
    assert not failed.value.may_have_acted
    assert outside.messages == []


ANSWERS = [
    pytest.param(
        "aliyun", {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": PHONE}, False, id="aliyun-limit"
    ),
    pytest.param("aliyun", {}, False, id="aliyun-nothing"),
    pytest.param("tencent", {"Response": {"SendStatusSet": [{"Code": "LimitExceeded"}]}}, False, id="limit"),
    pytest.param("tencent", {"Response": {"SendStatusSet": []}}, False, id="tencent-nobody"),
    pytest.param("tencent", {"Response": None}, False, id="tencent-nothing"),
    pytest.param("tencent", ["Ok"], True, id="a-list"),
    pytest.param("aliyun", 500, True, id="server-error"),
    pytest.param("aliyun", 404, True, id="no-json"),
    pytest.param("tencent", "silence", True, id="silence"),
]


@pytest.mark.parametrize(("provider", "answer", "may_have_acted"), ANSWERS)
def test_every_bad_answer_is_one_exception_without_phone_code_or_key(
    outside: OutsideWorld,
    caplog: pytest.LogCaptureFixture,
    provider: str,
    answer: object,
    may_have_acted: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    caplog.set_level(logging.DEBUG, logger="lead_system")
    caplog.set_level(logging.DEBUG)
    outside.goes_wrong("SendSms", answer)
    begun = time.monotonic()

    with pytest.raises(OutsideFailed) as failed:
        sender(provider, outside.url).send(PHONE, CODE, now=NOW)

    assert failed.value.may_have_acted is may_have_acted
    assert outside.calls == ["SendSms"]
    assert time.monotonic() - begun < 3
    said = caplog.text + str(failed.value)
    assert "did not do what it was asked" in said
    assert not [secret for secret in (PHONE, CODE, KEY_ID, KEY_SECRET) if secret in said]


def test_nobody_there_surely_did_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(OutsideFailed) as failed:
        ask("Somebody", "GET", f"http://127.0.0.1:{port}/", timeout=1)

    assert (failed.value.cause, failed.value.may_have_acted) == ("ConnectError", False)


def test_address_with_secrets_is_not_logged(outside: OutsideWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    fetch("Somebody", "GET", f"{outside.url}/sns/userinfo?secret=between-us", timeout=1)

    assert "between-us" not in caplog.text


def test_avatar_comes_from_an_allowed_place(outside: OutsideWorld) -> None:
    address = outside.shows()

    assert fetch_picture(address, origins=f"https://a.example, {outside.url}", timeout=1)[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    "address",
    [
        "{other}/avatar/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "{allowed}@evil.example/x",
        "{allowed}.evil.example/x",
        "//{allowed}/x",
        "http://[bad",
        "gopher://x",
        "",
    ],
)
def test_server_asks_nobody_else_for_a_picture(outside: OutsideWorld, address: str) -> None:
    other = outside.url.replace("127.0.0.1", "localhost")
    wanted = address.format(other=other, allowed=outside.url)

    with pytest.raises(OutsideFailed, match=r"a place that is not allowed|an address that is none"):
        fetch_picture(wanted, origins=outside.url, timeout=1)

    assert outside.calls == []


def test_picture_that_is_too_large_or_not_there_is_not_taken(outside: OutsideWorld) -> None:
    huge = outside.shows_bytes("huge", b"x" * (2 * 1024 * 1024 + 1))

    for address, cause in ((huge, "too long"), (f"{outside.url}/avatar/none", "HTTP 404")):
        with pytest.raises(OutsideFailed, match=cause):
            fetch_picture(address, origins=outside.url, timeout=1)
