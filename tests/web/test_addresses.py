"""Addresses on pages: worked out once for an endpoint, and the same as Flask would build them each time."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule

from lead_system.domain.lifecycle import LeadStatus
from lead_system.web.addresses import AddressingFlask

VALUES: list[Any] = [0, 1, 1_234_567_000, 9_223_372_036_854_775_807, date(2026, 3, 2), LeadStatus.BOUND, None]
MORE: list[dict[str, Any]] = [{}, {"id": 7}, {"page": None, "first_day": date(2026, 3, 2)}]
TYPED: list[Any] = ["孙 & 1", "100%", "%(id)s", True, 2.5]


def built_by_flask(app: Flask, endpoint: str, values: dict[str, Any]) -> str:
    return Flask.url_for(app, endpoint, **values)


def takes_numbers_only(rule: Rule) -> bool:
    return all(type(one).__name__ == "RowNumberConverter" for one in rule._converters.values())  # noqa: SLF001


def test_every_address_is_the_one_that_flask_builds(app: Flask) -> None:
    endpoints = [rule for rule in app.url_map.iter_rules() if takes_numbers_only(rule)]
    assert len(endpoints) > 100

    with app.test_request_context("/admin/leads/"):
        for rule, more in product(endpoints, MORE):
            values: dict[str, Any] = {**dict.fromkeys(rule.arguments, 12), **more}
            assert [url_for(rule.endpoint, **values) for _ in "ab"] == [
                built_by_flask(app, rule.endpoint, values)
            ] * 2


@pytest.mark.parametrize("value", VALUES + TYPED)
@pytest.mark.parametrize("endpoint", ["leads.details_view", ".index_view"])
def test_values_are_written_as_flask_writes_them(app: Flask, endpoint: str, value: Any) -> None:
    with app.test_request_context("/admin/leads/"):
        expected = built_by_flask(app, endpoint, {"id": value, "of": 3})

        url_for(endpoint, id=5, of=6)
        assert url_for(endpoint, id=value, of=3) == expected


def test_addresses_below_a_prefix_and_with_a_host_are_their_own(app: Flask) -> None:
    with app.test_request_context("/admin/leads/"):
        assert url_for("leads.index_view", id=1) == "/admin/leads/?id=1"
        assert url_for("leads.index_view", id=1, _anchor="end") == "/admin/leads/?id=1#end"
        assert url_for("leads.index_view", id=1, _external=True) == "http://localhost/admin/leads/?id=1"
    with app.test_request_context("/admin/leads/", environ_overrides={"SCRIPT_NAME": "/sales"}):
        assert url_for("leads.index_view", id=1) == "/sales/admin/leads/?id=1"


def test_what_people_typed_is_not_kept(app: Flask) -> None:
    assert isinstance(app, AddressingFlask)
    with app.test_request_context("/admin/leads/"):
        url_for("leads.index_view", name="孙小满")
        url_for("leads.details_view", id=4_711)

    kept = str(app._patterns)  # noqa: SLF001 - what is kept has no other door
    assert "leads.details_view" in kept
    assert not [typed for typed in ("孙小满", "4711", "%E5") if typed in kept]
