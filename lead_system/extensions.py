"""The Flask extensions, not yet bound to an application, and how the database is spoken to."""

import hashlib
import select
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from flask_babel import Babel
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from psycopg._preparing import PrepareManager
from sqlalchemy import Connection, Dialect, Engine, MetaData, event, make_url
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import Pool

from lead_system.turns import take_turn

SQLITE_BUSY_MILLISECONDS = 30_000
POSTGRESQL_LOCK_MILLISECONDS = 15_000
POSTGRESQL_REACH = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""How long a server that does not answer is waited for, in seconds and, at the end, in milliseconds."""

WRITES = "lead_system_writes"
"""Execution option of a connection whose transaction is going to write; `atomic` sets it."""

PATIENCE = "lead_system_patience"
"""Execution option: how many milliseconds such a connection waits for other writers, where not the usual."""

_TURN = "lead_system_turn"
_LAID_DOWN = "lead_system_laid_down"

_ONLY_WHERE_ASKED_FOR = 2**31
"""How often a statement is sent before psycopg prepares it unasked: no list has one plan for all values."""

ASKS_AFTER_SECONDS = 30
"""After how long without use a connection is asked whether it still leads anywhere."""

POSTGRESQL_CONNECTIONS = 16
"""How many a process has at most: two for each thread of deploy/gunicorn.conf.py, since `aside` takes one."""


def engine_options(database_url: str) -> dict[str, object]:
    """Return how an engine keeps its connections: all that it ever opened, the last one used first.

    SQLAlchemy's own pool keeps five. Eight threads would open and prepare the others again for each request,
    and whoever finds none left waits without an order. SQLite's are only file handles, so none ever waits.
    """
    is_sqlite = make_url(database_url).get_backend_name() == "sqlite"
    limits = {"pool_size": 0} if is_sqlite else {"pool_size": POSTGRESQL_CONNECTIONS, "max_overflow": 0}
    return {"hide_parameters": True, "pool_use_lifo": True, **limits}


class Base(DeclarativeBase):
    """What every table has in common: constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class _PlansKept(psycopg.Connection[Any]):
    """A connection to PostgreSQL that keeps its prepared statements over a rollback, as the server does.

    psycopg gives them up, lest a table had been made in what is rolled back; only migrations make any. Every
    page that reads ends with a rollback, so that hardly any statement would ever find its plan ready.
    """

    def rollback(self) -> None:
        """Roll back, while psycopg has nothing prepared that it could give up.

        Where the line is gone there is nothing left to roll back. A page that was answered ends so, and its
        reader would be told of a defect.
        """
        kept, self._prepared = self._prepared, PrepareManager()
        try:
            super().rollback()
        except psycopg.OperationalError:
            if not self.broken:
                raise
        finally:
            self._prepared = kept


@event.listens_for(Engine, "do_connect")
def _reach(dialect: Dialect, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Say how a database is reached: PostgreSQL within seconds, and SQLite only where its file is.

    SQLite would make a file that is not there, and go on in an empty database; only migrations make one.
    """
    if dialect.name == "postgresql":
        return _PlansKept.connect(
            *arguments, prepare_threshold=_ONLY_WHERE_ASKED_FOR, **{**POSTGRESQL_REACH, **options}
        )
    if arguments and arguments[0] != ":memory:" and not options.get("uri"):
        arguments[0] = f"file:{quote(arguments[0])}?mode=rw"
        options["uri"] = True
    return None


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, record: Any) -> None:
    """Give every new connection the settings without which the promises of R4 do not hold."""
    if isinstance(connection, sqlite3.Connection):
        path = str(connection.execute("PRAGMA database_list").fetchone()[2])
        record.info["file"] = path, _file_at(path)
        connection.isolation_level = None  # Transactions begin below, not inside the driver.
        for pragma in (
            f"busy_timeout={SQLITE_BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {POSTGRESQL_LOCK_MILLISECONDS}")
            cursor.execute("SET TIME ZONE 'UTC'")
            # The database lies in memory or on a disk without an arm: rows out of order cost hardly more.
            cursor.execute("SET random_page_cost = 1.1")
            # A page's question is answered before other processes have begun to help; and many ask at once.
            cursor.execute("SET max_parallel_workers_per_gather = 0")
        connection.commit()


def _sha256_hex(text: str) -> str:
    """Return what PostgreSQL's own function says of a text, in hexadecimal; SQLite has none."""
    return hashlib.sha256(text.encode()).hexdigest()


def _file_at(path: str) -> tuple[int, int] | None:
    """Return what tells the file at a path from any other; None where there is none, or it has no path."""
    try:
        found = Path(path).stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


@event.listens_for(Pool, "checkout")
def _require_same_file(connection: Any, record: Any, _proxy: Any) -> None:
    """Leave a SQLite file that was moved away or replaced: what is written into it, nobody would find."""
    if isinstance(connection, sqlite3.Connection):
        path, opened = record.info["file"]
        if opened != _file_at(path):
            raise DisconnectionError


@event.listens_for(Pool, "checkout")
def _require_alive(connection: Any, record: Any, _proxy: Any) -> None:
    """Leave a connection to PostgreSQL that broke while nobody used it, without asking the server each time.

    A server that ends, or ends a connection, says so: there is something to read. Only a line that fell
    silent needs a question, and is asked where the connection has lain for a while. One that was just opened
    is not looked at: of what breaks it, its first statement hears, which is an outage; SQLAlchemy would only
    open others, and then give up in words of its own.
    """
    if not isinstance(connection, psycopg.Connection) or _LAID_DOWN not in record.info:
        return
    lay_seconds = time.monotonic() - record.info[_LAID_DOWN]
    try:
        reading = select.poll()
        reading.register(connection.fileno(), select.POLLIN)
        is_told = bool(reading.poll(0))
        if not is_told and lay_seconds > ASKS_AFTER_SECONDS:
            connection.execute("SELECT 1")
            connection.rollback()
    except (psycopg.Error, OSError, ValueError):
        is_told = True
    if is_told:
        raise InvalidatePoolError


@event.listens_for(Pool, "checkin")
def _lay_down(_connection: Any, record: Any) -> None:
    record.info[_LAID_DOWN] = time.monotonic()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Begin SQLite transactions in words, taking the write lock at once where something will be written.

    A deferred transaction that reads first and writes later cannot wait for another writer: SQLite answers
    "database is locked" whatever the busy timeout. Readers stay deferred, and so never wait at all.
    """
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get(WRITES, False):
        _begin_in_turn(connection)
    else:
        # Asks the file for nothing yet, so there is nothing that SQLAlchemy would have to put in its words.
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")


def _begin_in_turn(connection: Connection) -> None:
    """Stand in line for the write lock; whoever waited too long asks SQLite once more, and hears its no.

    A connection that writes again before it is given back, as migrations do, still has its turn.
    """
    patience: int = connection.get_execution_options().get(PATIENCE, SQLITE_BUSY_MILLISECONDS)
    record: Any = connection.connection.record_info
    path: str = connection.connection.info["file"][0]
    try:
        if path and _TURN not in record:
            record[_TURN] = take_turn(path, patience_seconds=patience / 1000)
    except TimeoutError:
        _begin_at_once(connection)
    except OSError:  # Nothing can be put beside the file: then SQLite alone says who comes when.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_at_once(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MILLISECONDS}")


@event.listens_for(Pool, "checkin")
def _leave_turn(_connection: Any, record: Any) -> None:
    """Let the next one write, whatever became of the transaction: its connection is done with."""
    turn = record.record_info.pop(_TURN, None)
    if turn is not None:
        turn.leave()


def analyze(index: str, connection: Connection) -> None:
    """Have SQLite count what one index of ours holds, for its choice of ways."""
    connection.exec_driver_sql(f'ANALYZE "{index}"')
