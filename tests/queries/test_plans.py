"""Pages of customers are read by their indexes: what both databases say that they would do, among many rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from lead_system.clock import now
from lead_system.extensions import db
from tests.admin.conftest import desk  # noqa: F401 - a fixture
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import both_databases
from tests.support.many import add_leads, draw_leads

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS = 20_000


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
    how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(how + statement, values))


def is_about_leads(statement: str) -> bool:
    return "FROM leads" in statement and ("leads.id FROM" in statement or "count(*)" in statement)


def goes_through_all(plan: str) -> list[str]:
    """The steps in which leads are read without an index."""
    steps = [step.strip() for step in plan.splitlines()]
    return [s for s in steps if "Seq Scan on leads" in s or (s.startswith("SCAN leads") and "INDEX" not in s)]


@pytest.fixture
def plans(cast: Cast, desk: Any) -> Any:  # noqa: F811 - the fixture
    """Gives the plans of what a page of the customers list asks about leads, among many."""
    add_leads(cast, draw_leads(cast, ROWS, now()))
    client: PageClient = desk("director")

    def plans(address: str) -> Sequence[str]:
        client.get(f"/admin/leads/{address}")
        with statements() as asked:
            client.get(f"/admin/leads/{address}")
        with cast.app.app_context():
            return [plan_of(*one) for one in asked if is_about_leads(one[0])]

    return plans


@pytest.mark.parametrize(
    ("address", "index"),
    [
        ("", "ix_leads_listed"),
        ("?page=100", "ix_leads_listed"),
        ("?page=9999", "ix_leads_listed"),
        ("?status=entered", "ix_leads_status_id"),
        ("?status=expired", "ix_leads_status_id"),
        ("?status=expired&page=9999", "ix_leads_status_id"),
        ("?name=欧阳娜", "pk_lead_name_grams|lead_name_grams USING PRIMARY KEY"),
        ("?name=诸", "pk_lead_name_grams|lead_name_grams USING PRIMARY KEY"),
        ("?phone=1385678", "ix_leads_phone1_id"),
        ("?phone=5678", "ix_leads_phone1_id"),
        ("?sort=1", "ix_leads_name_key_id"),
        ("?sort=2&desc=1", "ix_leads_phone1_id"),
        ("?sort=9", "ix_leads_expected_visit_at_id"),
    ],
)
def test_a_page_of_customers_is_read_by_its_index(plans: Any, address: str, index: str) -> None:
    found = plans(address)

    assert found
    assert any(name in plan for plan in found for name in index.split("|")), "\n\n".join(found)
    assert not [step for plan in found for step in goes_through_all(plan)], "\n\n".join(found)
