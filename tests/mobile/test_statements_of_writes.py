"""What entering, reporting and scanning ask of the database: how much, and each time by an index."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, has_request_context, request
from sqlalchemy import Engine, event, text

from lead_system.extensions import db
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import Database, both_databases

ENTRY = {
    "surname": "王", "given_name": "小明", "phone1_head": "138", "phone1_tail": "1234",
    "phone2_head": "139", "phone2_tail": "5678", "needs": "看房",
}  # fmt: skip

GROWING = (
    "leads|lead_keys|holds|history|history_payloads|reports|gate_scans|bindings|binding_keys|collisions"
    "|collision_events|handled_requests|walk_ins|sign_ins|accounts|lead_name_grams|broker_tallies"
)
"""Tables that grow with the years; settings, brokerages and customer types are short enough to be read."""


class Day:
    """A customer's way to the binding; each step is one sent form, and returns whose browser sent it."""

    def __init__(self, cast: Cast, phone: Callable[[str], PageClient]) -> None:
        self.cast = cast
        self.fang, self.feng = phone("fang"), phone("feng")
        self.lead_id = 0

    def enters(self) -> PageClient:
        answer = self.fang.submit("/m/customers/enter", ENTRY, button="Only enter", follow=False)
        self.lead_id = int(answer.headers["Location"].rsplit("/", 1)[1])
        return self.fang

    def reports(self) -> PageClient:
        page = f"/m/customers/{self.lead_id}/report"
        assert self.fang.submit(page, button="Report", follow=False).status_code == 302
        return self.fang

    def scans(self) -> PageClient:
        link = f"/m/v/{self.cast.code_of(self.lead_id)}"
        answer = self.feng.submit(link, {"consultant_id": self.cast.ids["xin"]}, follow=False)
        assert answer.status_code == 302
        return self.feng

    def steps(self) -> Iterator[tuple[str, PageClient]]:
        for step in (self.enters, self.reports, self.scans):
            yield step.__name__, step()


@pytest.fixture
def day(cast: Cast, phone: Callable[[str], PageClient]) -> Day:
    return Day(cast, phone)


@both_databases
def test_each_step_of_the_main_job_asks_so_often(day: Day, database: Database) -> None:
    asked = {step: len(client.queries) for step, client in day.steps()}

    # The customer has two phones: one key more to write at the entry, and a hold and a key at the scan.
    # PostgreSQL takes a history record and what is personal of it in one statement, which SQLite cannot.
    is_locked = database.kind == "postgresql"  # The customer's name, for the scan (decision 42).
    assert asked == {"enters": 9 if is_locked else 10, "reports": 9, "scans": 18 if is_locked else 17}


@both_databases
def test_no_step_sets_a_savepoint_or_reads_back_what_it_wrote(day: Day) -> None:
    for step, client in day.steps():
        statements = client.statements
        assert not [one for one in statements if one.startswith("SAVEPOINT")], step

        writes_lead = (one.startswith(("INSERT INTO leads ", "UPDATE leads ")) for one in statements)
        after = statements[list(writes_lead).index(True) :]
        assert not [one for one in after if one.startswith("SELECT leads.")], step


def test_a_scan_sets_no_other_cookie(day: Day) -> None:
    """Who is signed in keeps request ids for the account, so nothing has to be remembered in the session."""
    day.feng.get("/m/gate")
    before = day.feng.get_cookie("session")

    for _step in day.steps():
        pass

    after = day.feng.get_cookie("session")
    assert before
    assert after
    assert after.value == before.value


def test_reading_tables_through_is_noticed(app: Flask, cast: Cast) -> None:
    with app.test_request_context(method="POST"), explained() as plans:
        db.session.execute(text("SELECT id FROM leads WHERE needs = ''"))

    assert read_through(plans) == ["SCAN leads"]


@both_databases
def test_no_step_reads_through_a_table_that_grows(day: Day, app: Flask, database: Database) -> None:
    if database.kind == "postgresql":
        _forbid_reading_through(app)

    with explained() as plans:
        for _step in day.steps():
            pass

    assert not read_through(plans)
    assert any("holds" in line for line in plans)
    assert any("collisions" in line for line in plans)


def _forbid_reading_through(app: Flask) -> None:
    """Have PostgreSQL read short tables as it reads long ones: by an index wherever one fits."""
    with app.app_context():
        name = db.session.scalar(text("SELECT current_database()"))
        db.session.execute(text(f"ALTER DATABASE {name} SET enable_seqscan = off"))
        db.session.commit()
        db.engine.dispose()


def read_through(plans: list[str]) -> list[str]:
    return [line for line in plans if re.search(rf"(Seq Scan on|^SCAN) ({GROWING})\b(?!.* USING)", line)]


@contextmanager
def explained() -> Iterator[list[str]]:
    """Collects how the database goes about every statement of a form that is sent inside."""
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        is_posted = has_request_context() and request.method == "POST"
        # What SQLite says of an INSERT is what it would look at if foreign keys were broken for a moment.
        if not is_posted or not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        if isinstance(parameters, dict):
            with cursor.connection.cursor() as beside:
                beside.execute(f"EXPLAIN {statement}", parameters)
                plans.extend(line for (line,) in beside.fetchall())
        else:
            told = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(line for *_numbers, line in told)

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
