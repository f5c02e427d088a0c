"""Tells a database that cannot serve at the moment from a defect of ours, by the codes of its driver.

An outage passes, and what it interrupted may be sent again; anything else that a database complains of is a
mistake in the code, stays a failure and is logged as one.
"""

import sqlite3
from enum import StrEnum

from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError, OperationalError


class Outage(StrEnum):
    """Why the database cannot serve, in one word that gives nothing away."""

    UNREACHABLE = "unreachable"
    READ_ONLY = "read-only"
    FULL = "full"
    BUSY = "busy"


_SQLITE = {
    sqlite3.SQLITE_FULL: Outage.FULL,
    sqlite3.SQLITE_READONLY: Outage.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Outage.UNREACHABLE,
    sqlite3.SQLITE_IOERR: Outage.UNREACHABLE,
    sqlite3.SQLITE_BUSY: Outage.BUSY,
}
"""By SQLite's primary codes; BUSY comes only after the time-out of the connection."""

_POSTGRESQL = {
    "25006": Outage.READ_ONLY,  # read_only_sql_transaction
    "53100": Outage.FULL,  # disk_full
    "55P03": Outage.BUSY,  # lock_not_available
    "57P01": Outage.UNREACHABLE,  # admin_shutdown
    "57P02": Outage.UNREACHABLE,  # crash_shutdown
    "57P03": Outage.UNREACHABLE,  # cannot_connect_now
    "57P05": Outage.UNREACHABLE,  # idle_session_timeout
}
_POSTGRESQL_CLASSES = {
    "08": Outage.UNREACHABLE,  # connection exceptions
    "53": Outage.UNREACHABLE,  # out of memory, of connections, of other resources
    "58": Outage.UNREACHABLE,  # the system under it failed
}


def find_outage(error: BaseException) -> Outage | None:
    """Return which outage an error comes from; None where it is a defect.

    What was being undone when the error came counts too: a full disk ends a transaction of SQLite by itself,
    and the savepoint that our code then rolls back to is gone.
    """
    seen: BaseException | None = error
    while seen is not None:
        if found := _outage_of(seen):
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def _outage_of(error: BaseException) -> Outage | None:
    if isinstance(error, exc.TimeoutError):
        return Outage.BUSY  # Every connection of the pool was in use for as long as one may wait.
    if not isinstance(error, DBAPIError):
        return None
    if error.connection_invalidated:
        return Outage.UNREACHABLE
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)
    return _postgresql_outage(error)


def _postgresql_outage(error: DBAPIError) -> Outage | None:
    """A connection that is refused, or breaks, has no code: nobody was there to send one."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return Outage.UNREACHABLE if isinstance(error, OperationalError) else None
    return _POSTGRESQL.get(state) or _POSTGRESQL_CLASSES.get(state[:2])
