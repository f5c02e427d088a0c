"""What every answer tells the browser: whatever it answers, and whoever asks."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lead_system.application import create_app
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient
from tests.support.databases import Database

ADDRESSES = ("/admin/sign-in", "/m/sign-in", "/admin/leads/", "/nothing/here", "/healthz", "/m/project/0")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "frame-src": "'none'",
    "connect-src": "'self'",
    "worker-src": "'self'",
}
PUBLIC = "https://sales.example.com"


@pytest.fixture
def behind_tls(cast: Cast, database: Database) -> Flask:
    """The application as it is where phones reach it over HTTPS."""
    return create_app(database.settings(public_url=PUBLIC))


def browser_of(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("who", ["stranger", "fang", "secretary"])
def test_every_answer_has_them(
    cast: Cast, client: PageClient, signed_in: Callable[[str], PageClient], who: str, address: str
) -> None:
    browser = client if who == "stranger" else signed_in(who)

    answer = browser.get(address)

    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert {name: policy.get(name) for name in POLICY} == POLICY
    assert "unsafe-inline" not in str(policy)
    assert "'unsafe-eval'" not in str(policy)


def test_a_page_may_use_the_camera_and_nothing_else(cast: Cast, client: PageClient) -> None:
    allowed = client.get("/m/sign-in").headers["Permissions-Policy"].split(", ")

    assert "camera=(self)" in allowed
    assert {"microphone=()", "geolocation=()", "payment=()", "usb=()"} <= set(allowed)
    assert [one for one in allowed if not one.endswith("=()")] == ["camera=(self)"]


@pytest.mark.parametrize("address", [*ADDRESSES, "/static/css/phone.css"])
def test_browsers_are_bound_to_https_where_there_is_https(behind_tls: Flask, address: str) -> None:
    answer = browser_of(behind_tls).get(address, base_url=PUBLIC)

    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


def test_nobody_is_bound_to_https_where_there_is_none(cast: Cast, client: PageClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/m/sign-in").headers


def test_every_cookie_is_bound_to_the_host_and_to_https(behind_tls: Flask) -> None:
    browser = browser_of(behind_tls)
    page = browser.get("/admin/sign-in", base_url=PUBLIC).text
    token = page.split('name="csrf_token" ', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    forms = (
        ("/language", {"language": "en"}),
        ("/theme", {"theme": "dark"}),
        ("/admin/sign-in", {"login": "secretary", "password": PASSWORD}),
    )

    cookies = [
        cookie
        for address, fields in forms
        for cookie in browser.post(
            address, base_url=PUBLIC, data={"csrf_token": token, "request_id": "0123456789", **fields},
            headers={"Referer": PUBLIC},
        ).headers.getlist("Set-Cookie")
    ]  # fmt: skip

    kept = {cookie.split("=", 1)[0] for cookie in cookies}
    assert {"__Host-session", "__Host-language", "__Host-theme"} <= kept
    assert all(name.startswith("__Host-") for name in kept)
    for cookie in cookies:
        attributes = set(cookie.split("; ")[1:])
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes, cookie
        assert "Domain" not in cookie


def test_session_of_another_name_is_not_taken_behind_https(behind_tls: Flask, cast: Cast) -> None:
    """A neighbouring host can set a plain cookie for ours, but none with the prefix."""
    browser = browser_of(behind_tls)
    browser.set_cookie("session", "anything", domain="sales.example.com")
    browser.set_cookie("language", "en", domain="sales.example.com")

    assert 'lang="zh-CN"' in browser.get("/admin/sign-in", base_url=PUBLIC).text
