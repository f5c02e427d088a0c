"""Pages of customers are read by their indexes: what both databases would do, among many rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from lead_system.clock import now
from lead_system.extensions import db
from tests.admin.conftest import Desk
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.many import add_brokers, add_leads, draw_leads

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS = 20_000


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    """Gives the browser of somebody in the back office."""
    return signed_in


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Collects what is asked of the database, with what is asked for."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plan_of(statement: str, values: Any) -> str:
    """How this database would do it, one step a line."""
    connection = db.session.connection()
    taken = tuple(values) if isinstance(values, list) else values  # A list would be many sets of values.
    how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(how + statement, taken))


def is_about_leads(statement: str) -> bool:
    words = " ".join(statement.split())
    return "FROM leads" in words and words.startswith("SELECT")


def goes_through_all(plan: str) -> list[str]:
    """The steps in which leads are read without an index."""
    steps = [step.strip() for step in plan.splitlines()]
    return [s for s in steps if "Seq Scan on leads" in s or (s.startswith("SCAN leads") and "INDEX" not in s)]


PAGES = {
    "": "ix_leads_listed",
    "?page=100": "ix_leads_listed",
    "?page=9999": "ix_leads_listed",
    "?status=entered": "ix_leads_status_id|ix_leads_listed",
    "?status=expired": "ix_leads_status_id|ix_leads_listed",
    "?status=expired&page=9999": "ix_leads_status_id|ix_leads_listed",
    "?name=欧阳娜": "lead_name_grams",
    "?name=诸": "lead_name_grams",
    "?phone=1385678": "ix_leads_phone1_id",
    "?phone=5678": "ix_leads_phone1_id",
    "?sort=1": "ix_leads_name_key_id",
    "?sort=2&desc=1": "ix_leads_phone1_id",
    "?sort=5": "ix_accounts_name",
    "?sort=9": "ix_leads_expected_visit_at_id",
}
"""Pages of the customers list, and by which index each is read, or by which of two."""


def test_pages_of_customers_are_read_by_their_indexes(cast: Cast, desk: Desk) -> None:
    add_leads(cast, draw_leads(cast, ROWS, now()))
    client = desk("director")
    client.get("/admin/leads/")

    for address, index in PAGES.items():
        with statements() as asked:
            client.get(f"/admin/leads/{address}")
        with cast.app.app_context():
            plans = [plan_of(*one) for one in asked if is_about_leads(one[0])]
        said = f"{address}\n" + "\n\n".join(plans)
        assert any(name in plan for plan in plans for name in index.split("|")), said
        assert not [step for plan in plans for step in goes_through_all(plan)], said


@pytest.mark.parametrize("name", ["诸", "欧阳"])
def test_customers_of_a_name_are_read_in_order_and_no_further_than_shown(
    cast: Cast, desk: Desk, name: str
) -> None:
    add_leads(cast, draw_leads(cast, ROWS, now()))
    client = desk("director")

    with statements() as asked:
        client.get(f"/admin/leads/?name={name}")

    by_name = [one for one in asked if "lead_name_grams" in one[0]]
    assert len(by_name) == 2, "one page, and the counts of the tabs"
    assert [is_about_leads(one[0]) for one in by_name].count(False) == 1, "counts do not look at the leads"
    with cast.app.app_context():
        if db.engine.dialect.name == "sqlite":  # PostgreSQL sorts few rows, and reads many in order.
            assert not [plan for plan in (plan_of(*one) for one in by_name) if "FOR ORDER BY" in plan]


def test_what_every_page_counts_goes_through_no_accounts(cast: Cast, desk: Desk) -> None:
    add_brokers(cast, 3_000, now())
    client = desk("director")
    client.get("/admin/leads/")

    with statements() as asked:
        client.get("/admin/leads/")
    with cast.app.app_context():
        plans = [plan_of(*one) for one in asked if one[0].startswith("SELECT")]

    said = "\n\n".join(plans)
    assert "ix_accounts_pending" in said, "the number in the menu"
    assert "ix_accounts_archived" in said, "bindings that wait for a rebind"
    scans = [step for step in said.splitlines() if "Seq Scan on accounts" in step or "SCAN accounts" in step]
    assert not [step for step in scans if "INDEX" not in step], said
