"""The log: a line of JSON for each request, an id that ties them together, and nothing personal."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import abort

from lead_system.application import create_app
from lead_system.config import LogLevel
from lead_system.extensions import db
from lead_system.web.access import public
from lead_system.web.logs import JsonLines, note_event
from tests.support.cast import OUYANG, PASSWORD, Cast
from tests.support.client import PageClient
from tests.support.databases import Database
from tests.support.full_numbers import FULL_CUSTOMER_NUMBERS

Lines = list[dict[str, Any]]


class _Kept(logging.Handler):
    """Keeps the lines that the server would write."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def log() -> Iterator[_Kept]:
    kept = _Kept()
    logging.getLogger("lead_system").addHandler(kept)
    yield kept
    logging.getLogger("lead_system").removeHandler(kept)


def lines_of(log: _Kept, what: str = "request") -> Lines:
    return [line for line in map(json.loads, log.texts) if line["what"] == what]


def test_request_leaves_one_line_with_who_what_and_how_long(
    cast: Cast, signed_in: Callable[[str], PageClient], log: _Kept
) -> None:
    lead_id = cast.enters("fang", OUYANG, reports=True)

    answer = signed_in("fang").get(f"/m/customers/{lead_id}")

    (line,) = lines_of(log)
    assert line["route"] == "/m/customers/<int:lead_id>"
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "INFO")
    assert line["account"] == cast.ids["fang"]
    assert line["milliseconds"] > 0
    assert line["at"].endswith("+00:00")
    assert line["request"] == answer.headers["X-Request-Id"]


def test_stranger_and_unknown_address_leave_a_line_too(cast: Cast, client: PageClient, log: _Kept) -> None:
    client.get("/nothing/here?name=欧阳锋")

    (line,) = lines_of(log)
    assert (line["route"], line["status"], line["account"]) == (None, 404, None)


def test_nothing_that_anybody_typed_stands_in_the_log(
    cast: Cast, client: PageClient, signed_in: Callable[[str], PageClient], log: _Kept
) -> None:
    """Names, numbers, searches, codes in addresses, passwords: also of requests that were refused."""
    lead_id = cast.enters("fang", OUYANG, reports=True)
    secrets = [
        "欧阳",
        "王芳",
        "13500010001",
        *FULL_CUSTOMER_NUMBERS,
        cast.code_of(lead_id),
        PASSWORD,
        "gate-feng",
    ]

    client.submit("/m/staff/sign-in", {"login": "gate-feng", "password": PASSWORD})
    client.get(f"/m/v/{cast.code_of(lead_id)}")
    secretary = signed_in("secretary")
    secretary.get("/admin/leads/?name=欧阳锋")
    secretary.get("/admin/find/?q=13500010001")
    fang = signed_in("fang")
    page = fang.get("/m/customers/enter")
    for number in FULL_CUSTOMER_NUMBERS:
        fang.forge(page, {"surname": "欧阳", "phone1_head": number})

    assert len(log.texts) >= 7
    text = "\n".join(log.texts)
    assert [secret for secret in secrets if secret in text] == []


def test_error_tells_its_kind_and_place_and_keeps_its_message(
    cast: Cast, log: _Kept, database: Database
) -> None:
    app = create_app(database.settings())

    def fails() -> str:
        db.session.execute(db.text("INSERT INTO accounts (phone) VALUES ('13500010001')"))
        return ""

    app.add_url_rule("/fails", view_func=public("a test asks")(fails))

    answer = app.test_client().get("/fails")

    assert answer.status_code == 500
    (error,) = [json.loads(text)["error"] for text in log.texts if "error" in json.loads(text)]
    assert error["kind"] == "sqlalchemy.exc.IntegrityError"
    assert error["code"] in ("23502", "SQLITE_CONSTRAINT_NOTNULL")
    assert any(place.endswith(" fails") for place in error["where"])
    assert "13500010001" not in "\n".join(log.texts)
    assert "13500010001" not in answer.text
    assert "INSERT" not in answer.text


def test_defect_keeps_the_path_to_itself_in_which_a_code_stands(
    cast: Cast, log: _Kept, database: Database
) -> None:
    app = create_app(database.settings())

    def fails(token: str) -> str:
        raise KeyError(token)

    app.add_url_rule("/fails/<token>", view_func=public("a test asks")(fails))

    answer = app.test_client().get("/fails/Xq7-a-visit-code")

    assert answer.status_code == 500
    (error,) = [line for line in map(json.loads, log.texts) if "error" in line]
    assert (error["what"], error["level"]) == ("Unforeseen error", "ERROR")
    assert error["request"] == answer.headers["X-Request-Id"]
    assert error["error"]["kind"] == "builtins.KeyError"
    assert [line["route"] for line in lines_of(log)] == ["/fails/<token>"]
    assert "Xq7" not in "\n".join(log.texts)


def test_error_page_names_the_request_by_which_the_log_is_searched(
    cast: Cast, log: _Kept, database: Database
) -> None:
    app = create_app(database.settings())
    app.add_url_rule("/fails", view_func=public("a test asks")(lambda: abort(503)))

    answer = app.test_client().get("/fails")

    assert answer.headers["X-Request-Id"] in answer.text


@pytest.mark.parametrize(("proxies", "taken"), [(0, False), (1, True)])
@pytest.mark.parametrize("given", ["0123456789abcdef0123456789abcdef"])
def test_id_of_a_named_proxy_is_taken_over_and_nobody_elses(
    database: Database, cast: Cast, given: str, proxies: int, *, taken: bool
) -> None:
    app = create_app(database.settings(proxies=proxies))

    answer = app.test_client().get("/healthz", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"] == given) is taken


@pytest.mark.parametrize("given", ["", "x", '"},{"what":"forged', "A" * 32, "0" * 65, "0123 4567 89ab cdef"])
def test_id_that_could_be_anything_else_is_not_taken(database: Database, cast: Cast, given: str) -> None:
    app = create_app(database.settings(proxies=1))

    number = app.test_client().get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]

    assert number != given
    assert len(number) == 32


def test_nobody_writes_a_line_of_their_own(log: _Kept) -> None:
    note_event('something\n{"what": "request"}', account=1)

    assert len(log.texts) == 1
    assert "\n" not in log.texts[0]
    assert json.loads(log.texts[0])["account"] == 1


def test_level_of_the_settings_counts(database: Database, cast: Cast, log: _Kept) -> None:
    quiet = create_app(database.settings(log_level=LogLevel.WARNING))
    try:
        quiet.test_client().get("/m/sign-in")
        assert log.texts == []
    finally:
        logging.getLogger("lead_system").setLevel(logging.INFO)


def test_log_asks_the_database_nothing(
    cast: Cast, signed_in: Callable[[str], PageClient], log: _Kept
) -> None:
    client = signed_in("feng")
    client.get("/static/css/phone.css")

    assert client.queries == []
    assert lines_of(log) == []


def test_line_after_signing_in_names_who_did(cast: Cast, client: PageClient, log: _Kept) -> None:
    client.submit("/admin/sign-in", {"login": "secretary", "password": PASSWORD}, follow=False)
    client.get("/admin/leads/")

    assert [line["account"] for line in lines_of(log)][-1] == cast.ids["secretary"]
    assert cast.account("secretary", "id") == cast.ids["secretary"]
