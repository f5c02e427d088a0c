"""How the database is spoken to: which connections are kept, and how many there are at most."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as NoneLeft

from lead_system.extensions import db, engine_options
from tests.support.databases import both_databases

BUSY_THREADS = 16


@pytest.fixture
def opened(app: Flask) -> Iterator[list[object]]:
    """Every connection that this application's engine has opened."""
    with app.app_context():
        connections: list[object] = []
        db.engine.dispose()
        event.listen(db.engine, "connect", lambda connection, _record: connections.append(connection))
        yield connections


def _use_at_once(many: int) -> list[object]:
    with ExitStack() as stack:
        used = [stack.enter_context(db.engine.connect()) for _ in range(many)]
        return [one.connection.driver_connection for one in used]


@both_databases
def test_connections_of_a_busy_moment_serve_the_next_one_too(opened: list[object]) -> None:
    for _ in range(3):
        _use_at_once(BUSY_THREADS)

    assert len(opened) == BUSY_THREADS


@both_databases
def test_one_after_the_other_use_the_connection_that_was_used_last(opened: list[object]) -> None:
    _use_at_once(BUSY_THREADS)

    assert len({id(_use_at_once(1)[0]) for _ in range(5)}) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_thread_waits_for_a_connection_to_sqlite(opened: list[object]) -> None:
    _use_at_once(100)

    assert len(opened) == 100


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_process_takes_no_more_connections_to_postgresql_than_its_share(opened: list[object]) -> None:
    """Two instances of eight processes fit into the 300 of deploy/postgresql.conf."""
    db.engine.pool._timeout = 0.01  # type: ignore[attr-defined]  # noqa: SLF001 - half a minute else

    with pytest.raises(NoneLeft):
        _use_at_once(17)

    assert len(opened) == 16


def test_application_keeps_its_connections_so(app: Flask) -> None:
    url = str(app.extensions["settings"].database_url)
    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"] == engine_options(url)
    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True
