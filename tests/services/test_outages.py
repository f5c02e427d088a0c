"""Which errors of a database are outages, which word each has, and that defects are none."""

import sqlite3
from typing import Any

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, event, exc, text

from lead_system.extensions import db
from lead_system.services.outages import find_outage
from lead_system.services.transaction import atomic
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.refusals import nothing_written

SQLITE = {
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read-only",
    "SQLITE_READONLY_DBMOVED": "read-only",
    "SQLITE_READONLY_DIRECTORY": "read-only",
    "SQLITE_CANTOPEN": "unreachable",
    "SQLITE_CANTOPEN_ISDIR": "unreachable",
    "SQLITE_IOERR": "unreachable",
    "SQLITE_IOERR_WRITE": "unreachable",
    "SQLITE_IOERR_FSYNC": "unreachable",
    "SQLITE_BUSY": "busy",
    "SQLITE_ERROR": None,
    "SQLITE_CORRUPT": None,
    "SQLITE_CONSTRAINT_CHECK": None,
    "SQLITE_CONSTRAINT_UNIQUE": None,
    "SQLITE_MISMATCH": None,
}
POSTGRESQL = {
    "ReadOnlySqlTransaction": "read-only",
    "DiskFull": "full",
    "TooManyConnections": "unreachable",
    "OutOfMemory": "unreachable",
    "AdminShutdown": "unreachable",
    "CrashShutdown": "unreachable",
    "CannotConnectNow": "unreachable",
    "ConnectionFailure": "unreachable",
    "SystemError": "unreachable",
    "IoError": "unreachable",
    "LockNotAvailable": "busy",
    "OperationalError": "unreachable",
    "QueryCanceled": None,
    "UniqueViolation": None,
    "CheckViolation": None,
    "UndefinedTable": None,
    "SyntaxError": None,
    "InterfaceError": None,
}


def of_sqlite(name: str) -> exc.DBAPIError:
    error = sqlite3.OperationalError("in whatever words")
    error.sqlite_errorcode = getattr(sqlite3, name)
    return exc.OperationalError("SELECT", {}, error)


def of_postgresql(name: str) -> exc.DBAPIError:
    error = getattr(psycopg.errors, name, None) or getattr(psycopg, name)
    wrapped = exc.InterfaceError if name == "InterfaceError" else exc.OperationalError
    return wrapped("SELECT", {}, error("in whatever words"))


@pytest.mark.parametrize(("name", "word"), SQLITE.items())
def test_codes_of_sqlite(name: str, word: str | None) -> None:
    assert find_outage(of_sqlite(name)) == word


@pytest.mark.parametrize(("name", "word"), POSTGRESQL.items())
def test_codes_of_postgresql(name: str, word: str | None) -> None:
    assert find_outage(of_postgresql(name)) == word


def test_waiting_in_vain_for_a_connection_is_one_and_a_mistake_with_the_session_is_none() -> None:
    assert find_outage(exc.TimeoutError()) == "busy"
    assert find_outage(exc.PendingRollbackError("")) is None
    assert find_outage(ValueError()) is None


def test_outage_is_found_behind_the_error_that_undoing_it_made() -> None:
    behind = of_sqlite("SQLITE_ERROR")
    behind.__context__ = of_sqlite("SQLITE_FULL")

    assert find_outage(behind) == "full"


@both_databases
def test_defect_is_no_outage(cast: Cast) -> None:
    with cast.app.app_context():
        for statement in (
            "SELECT * FROM no_such_table",
            "SELECT 1 +",
            "INSERT INTO leads (id) VALUES (NULL)",
        ):
            with pytest.raises(exc.DBAPIError) as raised:
                atomic(lambda wrong=statement: db.session.execute(text(wrong)))  # type: ignore[misc]
            assert find_outage(raised.value) is None, statement


@pytest.mark.postgresql
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestConnectionThatBreaks:
    """Once before the commit it is tried again; what became of a commit, only the database knows."""

    def end_own_connection(self) -> None:
        """Let an administrator end the connection that this session works with."""
        pid = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    def test_before_the_commit_the_work_runs_once_more(self, cast: Cast) -> None:
        rounds = []

        def work() -> str:
            rounds.append("round")
            db.session.execute(text("UPDATE brokerages SET contact = contact || 'x'"))
            if len(rounds) == 1:
                self.end_own_connection()
            return str(db.session.execute(text("SELECT min(contact) FROM brokerages")).scalar_one())

        with cast.app.app_context():
            assert atomic(work) == "x"

        assert len(rounds) == 2

    def test_a_second_time_it_is_an_outage(self, cast: Cast) -> None:
        rounds = []

        def work() -> None:
            rounds.append("round")
            db.session.execute(text("UPDATE brokerages SET contact = 'x'"))
            self.end_own_connection()
            db.session.execute(text("SELECT 1"))

        with nothing_written(cast.app), cast.app.app_context():
            with pytest.raises(exc.DBAPIError) as raised:
                atomic(work)
            assert find_outage(raised.value) == "unreachable"

        assert len(rounds) == 2

    def test_at_the_end_of_a_page_that_was_read_nobody_hears_of_it(self, cast: Cast) -> None:
        """What was answered stays so: there is nothing to take back, and the next page has another one."""
        with cast.app.app_context():
            self.end_own_connection()

        with cast.app.app_context():
            assert db.session.execute(text("SELECT 1")).scalar_one() == 1

    def test_as_soon_as_it_is_opened_and_each_time_it_is_an_outage(self, cast: Cast) -> None:
        """As by a server that falls again while it comes back."""
        with cast.app.app_context(), create_engine(db.engine.url, poolclass=NullPool).connect() as other:

            def end(connection: Any, _record: Any) -> None:
                ended = text("SELECT pg_terminate_backend(:pid, 5000)")
                other.execute(ended, {"pid": connection.info.backend_pid})

            db.session.rollback()
            db.engine.dispose()
            event.listen(db.engine, "connect", end)
            try:
                with pytest.raises(exc.DBAPIError) as raised:
                    db.session.execute(text("SELECT 1"))
            finally:
                event.remove(db.engine, "connect", end)
                db.session.rollback()
                db.engine.dispose()

        assert find_outage(raised.value) == "unreachable"

    def test_in_the_commit_nothing_runs_again(self, cast: Cast) -> None:
        rounds = []

        def work() -> None:
            rounds.append("round")
            db.session.execute(text("UPDATE brokerages SET contact = 'x'"))
            self.end_own_connection()

        with nothing_written(cast.app), cast.app.app_context():
            with pytest.raises(exc.DBAPIError) as raised:
                atomic(work)
            assert find_outage(raised.value) == "unreachable"

        assert len(rounds) == 1
