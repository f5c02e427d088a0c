"""Pages of records are read by their indexes: what both databases would do, among many rows."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from sqlalchemy import insert, text

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Collision, Fee, GateScan, Rebind, Viewing
from tests.admin.conftest import Desk
from tests.queries.test_plans import plan_of, statements
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.many import add_leads, plain_lead

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS = 6_000

Row = dict[str, Any]


class Records(NamedTuple):
    """One list of records: how one of its rows is made, and by which index its pages are read."""

    endpoint: str
    model: Any
    row: Callable[[Cast, int], Row]
    index_used: str


def scan(cast: Cast, n: int) -> Row:
    people = {"gate_id": "feng", "consultant_id": "xin", "broker_id": "fang"}
    named = {column: cast.ids[who] for column, who in people.items()}
    return named | {"lead_id": n, "scanned_at": now() - timedelta(minutes=n)}


def viewing(cast: Cast, n: int) -> Row:
    people = {"consultant_id": cast.ids["xin"], "broker_id": cast.ids["fang"]}
    return people | {"lead_id": n, "intent": "A", "viewed_at": now() - timedelta(minutes=n)}


def fee(cast: Cast, n: int) -> Row:
    people = {"created_by_id": cast.ids["secretary"], "broker_id": cast.ids["fang"]}
    return people | {"lead_id": n, "amount": Decimal(100), "created_at": now() - timedelta(minutes=n)}


def collision(cast: Cast, n: int) -> Row:
    """One between neighbours; every tenth is open."""
    moment = now() - timedelta(minutes=n)
    handled = None if n % 10 == 0 else moment
    return {
        "kind": "held",
        "holding_lead_id": n,
        "challenging_lead_id": n % ROWS + 1,
        "state": "handled" if handled else "open",
        "opened_at": moment,
        "last_event_at": moment,
        "handled_at": handled,
        "handled_by_id": cast.ids["director"] if handled else None,
    }


def rebind(cast: Cast, n: int) -> Row:
    people = {"from_broker_id": "fang", "to_broker_id": "qiang", "actor_id": "director"}
    named = {column: cast.ids[who] for column, who in people.items()}
    leads = {"from_lead_id": n, "to_lead_id": n % ROWS + 1}
    moments = {"at": now() - timedelta(minutes=n), "old_end": now(), "new_end": now()}
    return named | leads | moments | {"reason": "调整"}


def add(model: Any, rows: list[Row]) -> None:
    """Write rows as they are, and let the database count what it plans by."""
    db.session.execute(insert(model), rows)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    """Gives the browser of somebody in the back office."""
    return signed_in


def reads_rows(statement: str, table: str) -> bool:
    """Whether it asks which rows stand on the page, or for these; what counts goes through more."""
    words = " ".join(statement.split())
    return words.startswith(f"SELECT {table}.id") and f"FROM {table}" in words


def goes_through(table: str, plan: str) -> list[str]:
    """The steps in which a table is read without an index."""
    steps = [step.strip() for step in plan.splitlines()]
    scans = (f"Seq Scan on {table}", f"SCAN {table}")
    return [step for step in steps if any(scan in step for scan in scans) and "INDEX" not in step]


LISTS = (
    Records("scans", GateScan, scan, "ix_gate_scans_scanned_at"),
    Records("viewings", Viewing, viewing, "ix_viewings_viewed_at"),
    Records("fees", Fee, fee, "ix_fees_created_at"),
    Records("collisions", Collision, collision, "ix_collisions_state_last_event_at"),
    Records("rebinds", Rebind, rebind, "ix_rebinds_at"),
)


@pytest.mark.parametrize("this", [pytest.param(one, id=one.endpoint) for one in LISTS])
def test_pages_of_records_are_read_by_their_indexes(cast: Cast, desk: Desk, this: Records) -> None:
    add_leads(cast, [plain_lead(cast, n, now()) for n in range(1, ROWS + 1)])
    with cast.app.app_context():
        add(this.model, [this.row(cast, n) for n in range(1, ROWS + 1)])
    client, table = desk("director"), this.model.__tablename__
    client.get(f"/admin/{this.endpoint}/")

    for page in ("", "?page=9999"):
        with statements() as asked:
            client.get(f"/admin/{this.endpoint}/{page}")
        with cast.app.app_context():
            plans = [plan_of(*one) for one in asked if reads_rows(one[0], table)]
        said = f"{this.endpoint} {page}\n" + "\n\n".join(plans)
        assert len(plans) == 2, said
        assert this.index_used in plans[0], said
        assert not [step for plan in plans for step in goes_through(table, plan)], said
