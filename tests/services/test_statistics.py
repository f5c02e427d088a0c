"""What SQLite chooses its ways by is counted once a day."""

import pytest
from sqlalchemy import text

from lead_system.clock import now
from lead_system.extensions import db
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.many import add_leads, draw_leads

pytestmark = pytest.mark.usefixtures("clock")

ROWS = 5_000

TO_REBIND = """EXPLAIN QUERY PLAN SELECT count(*) FROM leads
    WHERE status <> 'withdrawn' AND merged_into_id IS NULL AND status = 'bound'
    AND protect_until > '2026-11-26' AND broker_id IN (
        SELECT accounts.id FROM accounts LEFT OUTER JOIN brokerages ON brokerages.id = brokerage_id
        WHERE accounts.archived_at IS NOT NULL OR brokerages.archived_at IS NOT NULL
    )"""


def _run_daily(cast: Cast) -> None:
    result = cast.app.test_cli_runner().invoke(args=["forget-requests"])
    assert result.exit_code == 0, result.output


def _plan_of(cast: Cast, statement: str) -> str:
    with cast.app.app_context():
        return "\n".join(row[-1] for row in db.session.execute(text(statement)))


def _forget_counts(cast: Cast) -> None:
    """Leave the database as one is in which many were entered by day."""
    with cast.app.app_context():
        db.session.execute(text("DELETE FROM sqlite_stat1"))
        db.session.commit()
        db.engine.dispose()


@both_databases
def test_daily_run_counts_only_where_nobody_else_does(cast: Cast) -> None:
    cast.enters("fang")

    _run_daily(cast)

    with cast.app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        counted = "SELECT tbl, idx, stat FROM sqlite_stat1" if is_sqlite else "SELECT relname FROM pg_class"
        rows = db.session.execute(text(counted)).all()
    assert (("leads", "ix_leads_broker_id_id", "1 1 1") in rows) is is_sqlite


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_customers_of_few_brokers_are_no_longer_looked_for_among_all_that_are_bound(cast: Cast) -> None:
    add_leads(cast, draw_leads(cast, ROWS, now()))
    _forget_counts(cast)
    assert "ix_leads_status_id (status=?)" in _plan_of(cast, TO_REBIND)

    _run_daily(cast)

    assert "(broker_id=? AND protect_until>?)" in _plan_of(cast, TO_REBIND)
