"""How migrations run: online, inside the application, in one transaction that writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from lead_system.extensions import WRITES, db
from lead_system.models import Money, UtcDateTime


def _render(kind: str, thing: object, _context: object) -> str | bool:
    """Write our own column types as the plain types beneath them, so that old migrations never import models."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Money):
        return "sa.BigInteger()"
    return False


@contextmanager
def _tables_may_be_made_anew(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table that others refer to; no row may point into nothing afterwards.

    SQLite cannot change a constraint, so Alembic makes such a table anew. Dropping the old one would count as
    deleting its rows, unless foreign keys are off, and they can only be switched outside a transaction.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _require_whole_keys(connection: Connection) -> None:
    """Stop before the commit where a row refers to one that is not there."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"The migration left rows that refer to nothing: {broken[:5]}")


def _make_file() -> None:
    """Make the file of a SQLite database that is not there yet; the server itself never does."""
    if db.engine.dialect.name == "sqlite" and db.engine.url.database:
        Path(db.engine.url.database).touch()


def _run() -> None:
    _make_file()
    settings = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection, _tables_may_be_made_anew(connection):
        context.configure(
            connection=connection.execution_options(**{WRITES: True}),
            target_metadata=db.metadata,
            render_item=_render,
            **settings,
        )
        with context.begin_transaction():
            context.run_migrations()
            _require_whole_keys(connection)


_run()
