"""The server answers to its own names only: no address that it sends may begin with somebody else's."""

import pytest

from lead_system.application import create_app
from lead_system.config import Settings
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import NO_DEMONSTRATION, Database


def status_of(settings: Settings, host: str) -> int:
    return create_app(settings).test_client().get("/healthz", headers={"Host": host}).status_code


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("sales.example.com", 200),
        ("sales.example.com:443", 200),
        ("10.0.0.7", 200),
        ("inner.example.com", 200),
        ("example.com", 400),
        ("evil.sales.example.com", 400),
        ("sales.example.com.evil.example", 400),
        ("sales.example.com@evil.example", 400),
        ("localhost", 400),
        ("127.0.0.1", 400),
    ],
)
def test_only_named_hosts_are_answered(database: Database, host: str, status: int) -> None:
    named = {
        "public_url": "https://sales.example.com",
        "hosts": "10.0.0.7, inner.example.com",
    }

    assert status_of(database.settings(**NO_DEMONSTRATION, **named), host) == status


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8000", 200), ("127.0.0.1:8000", 200), ("evil", 400)]
)
def test_demonstration_is_reached_on_this_machine(database: Database, host: str, status: int) -> None:
    assert status_of(database.settings(), host) == status


@pytest.mark.parametrize("address", ["/", "/m/", "/admin/", "/admin/leads/", "/nothing"])
def test_no_answer_leads_to_a_host_that_was_made_up(cast: Cast, client: PageClient, address: str) -> None:
    answer = client.get(address, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    assert (answer.status_code, answer.text) == (400, "本服务器不使用该名称。\n")
    assert "evil" not in f"{answer.headers}{answer.text}"


@pytest.mark.parametrize("host", ["evil.example", "[::1", "a b"])
@pytest.mark.parametrize("address", ["/m/sw.js", "/verify/slip", "/admin/leads/", "/nothing"])
def test_made_up_host_is_answered_before_whatever_else_is_wrong(
    cast: Cast, client: PageClient, host: str, address: str
) -> None:
    """Other complaints have pages, whose addresses begin with the name by which we are called."""
    too_long = {"CONTENT_LENGTH": "99999999999", "CONTENT_TYPE": "application/x-www-form-urlencoded"}

    answer = client.post(address, headers={"Host": host}, environ_overrides=too_long)

    assert (answer.status_code, answer.text) == (400, "本服务器不使用该名称。\n")


def test_forwarded_host_changes_nothing(cast: Cast, client: PageClient) -> None:
    answer = client.get("/", headers={"X-Forwarded-Host": "evil.example"})

    assert answer.location == "/m/"
