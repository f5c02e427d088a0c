"""The one place that commits: lost races run again, and whoever loses for good is told so."""

from contextlib import suppress

import pytest
from sqlalchemy import select

from lead_system.extensions import db
from lead_system.models import Brokerage
from lead_system.services.transaction import atomic, attempt
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.refusals import nothing_written, refused

pytestmark = both_databases


def add(name: str) -> str:
    db.session.add(Brokerage(name=name))
    db.session.flush()
    return name


def test_lost_race_runs_again_and_sees_the_winner(cast: Cast) -> None:
    names = iter(["安家置业", "新公司"])

    with cast.app.app_context():
        assert atomic(lambda: add(next(names))) == "新公司"

    assert cast.count(Brokerage) == 3


def test_race_that_is_lost_every_time_is_refused_in_words(cast: Cast) -> None:
    with nothing_written(cast.app), cast.app.app_context(), refused("busy"):
        atomic(lambda: add("安家置业"))


def test_mistake_in_the_work_leaves_nothing_and_is_not_hidden(cast: Cast) -> None:
    def work() -> None:
        add("新公司")
        raise ZeroDivisionError

    with nothing_written(cast.app), cast.app.app_context(), pytest.raises(ZeroDivisionError):
        atomic(work)


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


def test_sqlite_connections_wait_for_each_other_and_keep_foreign_keys(cast: Cast) -> None:
    with cast.app.app_context():
        if db.engine.dialect.name != "sqlite":
            settings = [db.session.execute(db.text("SHOW lock_timeout")).scalar_one()]
            assert settings == ["15s"]
        else:
            names = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
            settings = [db.session.execute(db.text(f"PRAGMA {name}")).scalar_one() for name in names]
            assert settings == ["wal", 1, 30000, 2]
