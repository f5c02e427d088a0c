"""The Flask extensions, not yet bound to an application, and how the database is spoken to."""

import sqlite3
from typing import TYPE_CHECKING, Any

from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

SQLITE_BUSY_MILLISECONDS = 30_000
POSTGRESQL_LOCK_MILLISECONDS = 15_000
WRITES = "lead_system_writes"
"""Execution option of a connection whose transaction is going to write; `atomic` sets it."""


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
migrate = Migrate(render_as_batch=True, compare_type=True)
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    """Give every new connection the settings without which the promises of R4 do not hold."""
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # Transactions begin below, not inside the driver.
        for pragma in (
            f"busy_timeout={SQLITE_BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {POSTGRESQL_LOCK_MILLISECONDS}")
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Begin SQLite transactions in words, taking the write lock at once where something will be written.

    A deferred transaction that reads first and writes later cannot wait for another writer: SQLite answers
    "database is locked" whatever the busy timeout. Readers stay deferred, and so never wait at all.
    """
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
