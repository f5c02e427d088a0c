"""Tests that leak a customer's whole number, each in another way; tests/test_number_search.py runs them.

Every one of them must fail. The name says by which search.
"""

import io
import logging
from collections.abc import Callable

import pytest
from flask import Flask, send_file
from flask.typing import ResponseReturnValue
from openpyxl import Workbook

from lead_system.web.access import public
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import Database, both_databases
from tests.support.server import Server

NUMBER = "13812345678"
PAGE = "<!doctype html><html lang='en'><title>x</title><h1>x</h1><p data-user>{}</p></html>"


@both_databases
def test_database(cast: Cast) -> None:
    cast.change("hong", nickname=NUMBER)


def test_log(app: Flask) -> None:
    logging.getLogger("lead_system.somewhere").info("looked for %s", NUMBER)


def test_fact_of_an_event(app: Flask) -> None:
    logging.getLogger("lead_system.security").info("event", extra={"facts": {"phone": NUMBER}})


def test_server_log(database: Database) -> None:
    server = Server(database)
    server.log.write_text(f"GET /m/customers?q={NUMBER}\n", encoding="utf-8")
    server.close()


def _answering(app: Flask, client: PageClient, answer: Callable[[], ResponseReturnValue]) -> None:
    app.add_url_rule("/leak", "leak", public("a leak")(answer))
    client.get("/leak")


@pytest.mark.alters_the_app
def test_page(app: Flask, client: PageClient) -> None:
    _answering(app, client, lambda: PAGE.format(NUMBER))


@pytest.mark.alters_the_app
def test_json(app: Flask, client: PageClient) -> None:
    _answering(app, client, lambda: {"phone": NUMBER})


@pytest.mark.alters_the_app
def test_header(app: Flask, client: PageClient) -> None:
    _answering(
        app, client, lambda: ("", 200, {"Content-Type": "text/plain", "Content-Location": f"/q={NUMBER}"})
    )


@pytest.mark.alters_the_app
def test_workbook(app: Flask, client: PageClient) -> None:
    book, file = Workbook(), io.BytesIO()
    book.create_sheet().append(["洪七", NUMBER])
    book.save(file)
    file.seek(0)
    _answering(app, client, lambda: send_file(file, download_name="leak.xlsx"))
