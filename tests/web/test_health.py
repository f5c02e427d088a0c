"""What machines ask: /healthz answers whatever the database does, /readyz after a write of its own."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from lead_system.extensions import db
from lead_system.web import health
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import both_databases
from tests.support.statements import writes


def read(app: Flask, statement: str) -> Any:
    with app.app_context():
        return db.session.execute(text(statement)).scalar_one()


def change(app: Flask, statement: str) -> None:
    with app.app_context():
        db.session.execute(text(statement))
        db.session.commit()


@both_databases
def test_ready_server_has_written(cast: Cast, client: PageClient) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ready\n", "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert read(cast.app, "SELECT beaten_at FROM pulse") is not None
    assert len(read(cast.app, "SELECT filling FROM pulse")) == 16384
    assert len(writes(client.queries)) == 1


@both_databases
def test_it_writes_where_the_row_is_gone_as_in_a_demonstration(cast: Cast, client: PageClient) -> None:
    change(cast.app, "DELETE FROM pulse")

    assert client.get("/readyz").status_code == 200

    assert read(cast.app, "SELECT length(filling) FROM pulse") == 16384


def test_nobody_can_make_it_write_more_than_once_a_second(
    cast: Cast, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ASKS_EVERY_SECONDS", 60.0)
    beats: list[object] = []
    with cast.app.app_context():
        event.listen(db.engine, "commit", beats.append)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: cast.app.test_client().get("/readyz").status_code, range(40)))

    assert answers == [200] * 40
    assert len(beats) == 1


@both_databases
def test_database_of_another_release_is_not_migrated(cast: Cast, client: PageClient) -> None:
    change(cast.app, "UPDATE alembic_version SET version_num = '0006'")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.text) == (503, "not migrated\n")
    assert read(cast.app, "SELECT beaten_at FROM pulse") is None


@pytest.mark.parametrize("who", ["stranger", "fang"])
def test_process_answers_without_asking_the_database(
    cast: Cast, app: Flask, client: PageClient, signed_in: Any, who: str
) -> None:
    browser = client if who == "stranger" else signed_in(who)
    Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")).unlink()

    answer = browser.get("/healthz")

    assert (answer.status_code, answer.text, answer.mimetype) == (200, "alive\n", "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.queries == []
    assert browser.get("/m/sign-in").status_code in (200, 503)


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_neither_can_be_posted_to(cast: Cast, client: PageClient, address: str) -> None:
    assert client.post(address).status_code in (400, 405)
