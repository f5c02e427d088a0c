"""The one place that commits: lost races run again, and whoever loses for good is told so."""

import sqlite3
from contextlib import closing, suppress

import pytest
from sqlalchemy import select

from lead_system.extensions import db
from lead_system.models import Brokerage
from lead_system.services.transaction import atomic, attempt
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.refusals import nothing_written, refused


def add(name: str) -> str:
    db.session.add(Brokerage(name=name))
    db.session.flush()
    return name


@both_databases
def test_lost_race_runs_again_and_sees_the_winner(cast: Cast) -> None:
    names = iter(["安家置业", "新公司"])

    with cast.app.app_context():
        assert atomic(lambda: add(next(names))) == "新公司"

    assert cast.count(Brokerage) == 3


@both_databases
def test_race_that_is_lost_every_time_is_refused_in_words(cast: Cast) -> None:
    with nothing_written(cast.app), cast.app.app_context(), refused("busy"):
        atomic(lambda: add("安家置业"))


@both_databases
def test_mistake_in_the_work_leaves_nothing_and_is_not_hidden(cast: Cast) -> None:
    def work() -> None:
        add("新公司")
        raise ZeroDivisionError

    with nothing_written(cast.app), cast.app.app_context(), pytest.raises(ZeroDivisionError):
        atomic(work)


@both_databases
def test_attempt_that_fails_leaves_the_rest_of_the_transaction(cast: Cast) -> None:
    def work() -> None:
        add("先做的")
        with suppress(ZeroDivisionError), attempt():
            add("后做的")
            raise ZeroDivisionError

    with cast.app.app_context():
        atomic(work)
        names = set(db.session.scalars(select(Brokerage.name)))

    assert names == {"安家置业", "百川地产", "先做的"}


@both_databases
def test_sqlite_connections_wait_for_each_other_and_keep_foreign_keys(cast: Cast) -> None:
    with cast.app.app_context():
        if db.engine.dialect.name != "sqlite":
            settings = [db.session.execute(db.text("SHOW lock_timeout")).scalar_one()]
            assert settings == ["15s"]
        else:
            names = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
            settings = [db.session.execute(db.text(f"PRAGMA {name}")).scalar_one() for name in names]
            assert settings == ["wal", 1, 30000, 2]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestSqliteWriteLock:
    """A deferred transaction that turns into a writer cannot wait: SQLite calls it locked at once."""

    def can_begin_to_write(self, cast: Cast) -> bool:
        """Say whether another process could take the write lock now."""
        path = cast.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def test_writing_transaction_takes_the_lock_before_it_reads(self, cast: Cast) -> None:
        with cast.app.app_context():
            assert atomic(lambda: self.can_begin_to_write(cast)) is False

    def test_page_that_reads_keeps_nobody_from_writing(self, cast: Cast) -> None:
        with cast.app.app_context():
            db.session.scalars(select(Brokerage)).all()
            assert self.can_begin_to_write(cast) is True
