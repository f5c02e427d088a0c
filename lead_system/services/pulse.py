"""Whether the database can serve: read, written and at the newest migration; one word, and no internals.

Nothing but a committed write shows that a write is possible, so readiness makes one (decision 21).
"""

import os
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from lead_system.extensions import db
from lead_system.models import Pulse
from lead_system.services.outages import Outage, find_outage
from lead_system.services.transaction import aside

FILLING_BYTES = 16 * 1024
PATIENCE_MILLISECONDS = 1_000
"""So long the write waits for other writers; who is only busy is ready."""


class Readiness(StrEnum):
    """What readiness answers."""

    READY = "ready"
    UNREACHABLE = "unreachable"
    READ_ONLY = "read-only"
    FULL = "full"
    NOT_MIGRATED = "not migrated"


_BECAUSE_OF = {
    Outage.UNREACHABLE: Readiness.UNREACHABLE,
    Outage.READ_ONLY: Readiness.READ_ONLY,
    Outage.FULL: Readiness.FULL,
    Outage.BUSY: Readiness.READY,
}


def take_pulse(*, now: datetime) -> Readiness:
    """Read and write the database once, and say whether it can serve; the write is a row that means nothing.

    Waits a second at most for other writers, and for as long as it takes for a database that hangs.
    """
    try:
        if not _is_migrated():
            return Readiness.NOT_MIGRATED
        aside(lambda connection: _beat(connection, now), patience_milliseconds=PATIENCE_MILLISECONDS)
    except SQLAlchemyError as error:
        outage = find_outage(error)
        if outage is None:
            raise
        return Readiness.READ_ONLY if _is_write_protected() else _BECAUSE_OF[outage]
    return Readiness.READY


def _is_write_protected() -> bool:
    """Whether nobody may write SQLite's file, or beside it; SQLite then says only that it cannot open it."""
    file = Path(db.engine.url.database or "")
    is_file = db.engine.dialect.name == "sqlite" and file.exists()
    return is_file and not all(os.access(place, os.W_OK) for place in (file, file.parent))


def _is_migrated() -> bool:
    with db.engine.connect() as connection:
        if not inspect(connection).has_table(_KEPT.name):
            return False
        return set(connection.scalars(select(_KEPT.c.version_num))) == {NEWEST_REVISION}


NEWEST_REVISION = "0015"
"""The last migration. A server has no need of Alembic, and a test compares the two."""

_KEPT = table("alembic_version", column("version_num"))
"""Where Alembic notes how far a database was migrated."""


def _beat(connection: Connection, now: datetime) -> None:
    """Write the one row, also where somebody has emptied the table: a write of no row would show nothing."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    beat = {"beaten_at": now, "filling": os.urandom(FILLING_BYTES)}
    row = dialect.insert(Pulse).values(id=1, **beat)
    connection.execute(row.on_conflict_do_update(index_elements=[Pulse.id], set_=beat))
