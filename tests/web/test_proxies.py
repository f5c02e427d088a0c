"""Where a request came from is said by as many proxies as the settings name, and by nobody else."""

import pytest
from flask import request

from lead_system.application import create_app
from lead_system.web.access import public
from tests.support.databases import NO_DEMONSTRATION, Database


@pytest.mark.parametrize(
    ("proxies", "came_from"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.4")]
)
def test_last_words_of_the_named_proxies_count(database: Database, proxies: int, came_from: str) -> None:
    app = create_app(database.settings(proxies=proxies))
    app.add_url_rule("/where", view_func=public("a test asks")(lambda: request.remote_addr or ""))

    answer = app.test_client().get(
        "/where", headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.4, 203.0.113.9"}
    )

    assert answer.text == came_from


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/admin", "/admin/"),
        ("/m", "/m/"),
        ("/admin/leads?name=欧阳&page=2", "/admin/leads/?name=%E6%AC%A7%E9%98%B3&page=2"),
        ("/admin//leads/", "/admin/leads/"),
    ],
)
def test_address_that_is_nearly_right_leads_on_with_the_scheme_of_the_browser(
    database: Database, address: str, leads_to: str
) -> None:
    """The proxy speaks https to the browser and http to us, so a whole address would be of http."""
    behind = {"public_url": "https://sales.example.com", "proxies": 1}
    app = create_app(database.settings(**NO_DEMONSTRATION, **behind))

    answer = app.test_client().get(address, headers={"Host": "sales.example.com"})

    assert (answer.status_code, answer.headers["Location"]) == (308, leads_to)
    assert "http:" not in answer.text
