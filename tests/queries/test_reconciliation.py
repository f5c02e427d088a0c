"""B10: every check finds what breaks its rule, names the row, and finds nothing where nothing is broken."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from lead_system.clock import now
from lead_system.extensions import WRITES, db
from lead_system.queries.reconciliation.check import Found, spelled
from lead_system.queries.reconciliation.checks import CHECKS, INVARIANTS
from lead_system.queries.reconciliation.figures import FIGURES, FigureCheck
from lead_system.services.anonymising import anonymise_lead
from tests.queries.reconciliation_cases import CASES, Case, everything_happens
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.stories import told_once

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


HISTORY = ("history", "history_payloads")


@told_once
def centre(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    """A sales centre in which everything has happened, with the numbers of its records by name."""
    records = everything_happens(cast, clock)
    records["anonymised"] = cast.enters("fang", ("郑", "和", "1380011"))
    with cast.app.app_context():
        anonymise_lead(
            cast.as_("admin"), lead_id=records["anonymised"], version=1, reason="本人要求", now=now()
        )
    return records | cast.ids | _numbers(cast, records)


def _numbers(cast: Cast, of: dict[str, int]) -> dict[str, int]:
    """Return the numbers of rows that no call of the story returned."""
    asked = {
        "extended_binding": f"SELECT id FROM bindings WHERE lead_id = {of['extended']}",
        "target_binding": f"SELECT id FROM bindings WHERE lead_id = {of['target']}",
        "rebind": f"SELECT id FROM rebinds WHERE from_lead_id = {of['moved']}",
        "visit": f"SELECT max(id) FROM gate_scans WHERE lead_id = {of['held']}",
        "visit_record": f"SELECT id FROM history WHERE lead_id = {of['held']} AND action = 'visit_again'",
        "picture": f"SELECT picture_id FROM fees WHERE id = {of['fee']}",
        "request": "SELECT min(id) FROM handled_requests",
        "shop": "SELECT min(id) FROM customer_types",
    }
    with cast.app.app_context():
        return {name: db.session.execute(text(one)).scalar_one() for name, one in asked.items()}


@contextmanager
def damage(cast: Cast, case: Case, centre: dict[str, int]) -> Iterator[None]:
    """Break what a case breaks, past every constraint, in a transaction that is taken back."""
    with cast.app.app_context():
        db.session.connection(execution_options={WRITES: True})
        is_sqlite = db.session.get_bind().dialect.name == "sqlite"
        db.session.execute(text("PRAGMA ignore_check_constraints = ON")) if is_sqlite else None
        for table in case.bare:
            (_lay_bare_in_sqlite if is_sqlite else _lay_bare_in_postgresql)(table)
        try:
            for statement in case.statements:
                changed = db.session.execute(text(statement.format(**centre)))
                assert changed.rowcount or "payloads" in statement, f"{statement} changed nothing"  # type: ignore[attr-defined]
            yield
        finally:
            if is_sqlite:
                db.session.execute(text("PRAGMA ignore_check_constraints = OFF"))
            db.session.rollback()


def _lay_bare_in_sqlite(table: str) -> None:
    """Take indexes and triggers from a table; a unique constraint goes only with the table itself."""
    db.session.execute(text("PRAGMA defer_foreign_keys = ON"))
    if table in {"holds", "bindings", "binding_keys", "handled_requests", "lead_keys"}:
        for statement in (
            f"CREATE TABLE bare AS SELECT * FROM {table}",
            f"DROP TABLE {table}",
            f"ALTER TABLE bare RENAME TO {table}",
        ):
            db.session.execute(text(statement))
    kinds = f"SELECT type, name FROM sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL"
    for kind, name in db.session.execute(text(f"{kinds} AND type = 'index' AND sql LIKE '%UNIQUE%'")).all():
        db.session.execute(text(f"DROP {kind} {name}"))
    if table in HISTORY:
        for kind, name in db.session.execute(text(f"{kinds} AND type = 'trigger'")).all():
            db.session.execute(text(f"DROP {kind} {name}"))


def _lay_bare_in_postgresql(table: str) -> None:
    """Take checks, uniqueness and, of the history, triggers from a table."""
    of_table = f"FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype IN ('c', 'u')"
    for name in db.session.scalars(text(f"SELECT conname {of_table}")).all():
        db.session.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE'))
    unique = (
        f"SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '{table}'::regclass"
        " AND indisunique AND NOT indisprimary"
    )
    for name in db.session.scalars(text(unique)).all():
        db.session.execute(text(f"DROP INDEX {name}"))
    if table in HISTORY:
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def broken_now() -> dict[str, Found]:
    """Return what every check finds that finds anything."""
    found = {check.name: check.find(now()) for check in CHECKS}
    return {name: one for name, one in found.items() if one.total}


def test_where_everything_has_happened_no_check_finds_anything(cast: Cast, centre: dict[str, int]) -> None:
    with cast.app.app_context():
        assert broken_now() == {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_damage_is_found_by_its_check_alone_which_names_the_row(
    cast: Cast, centre: dict[str, int], case: Case
) -> None:
    with damage(cast, case, centre):
        found = broken_now()

    assert set(found) == {case.check} | case.also
    assert found[case.check].total >= 1
    assert found[case.check].rows[0][case.column] == centre[case.record]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_figure_that_differs_from_its_rows_is_found(
    cast: Cast, centre: dict[str, int], figure: FigureCheck
) -> None:
    with cast.app.app_context():
        rows = figure.shown(now())

        found = figure._replace(shown=lambda moment: figure.shown(moment) + 1).find(now())

    assert found == Found(1, [{"figure": rows + 1, "rows": rows}])


def test_query_that_is_shown_can_be_asked_as_it_stands(cast: Cast) -> None:
    with cast.app.app_context():
        for check in INVARIANTS:
            values = {"now": now().replace(tzinfo=None)} if ":now" in check.query() else {}
            assert db.session.execute(text(check.query()), values).all() == []


@pytest.mark.parametrize(
    ("moment", "day", "last_day"),
    [
        ("2026-03-02 15:59:59.000000", "2026-03-02", "2026-03-02"),
        ("2026-03-02 16:00:00.000000", "2026-03-03", "2026-03-02"),
        ("2026-03-02 16:00:01.000000", "2026-03-03", "2026-03-03"),
    ],
)
def test_days_are_those_of_shanghai_on_both_databases(
    cast: Cast, moment: str, day: str, last_day: str
) -> None:
    with cast.app.app_context():
        dialect = db.engine.dialect.name
        at = "CAST(:at AS text)" if dialect == "sqlite" else "CAST(:at AS timestamp) AT TIME ZONE 'UTC'"
        asked = spelled("SELECT DAY(m.at), LAST_DAY(m.at) FROM (SELECT :at AS at) AS m", dialect)

        row = db.session.execute(text(asked.replace(":at", at)), {"at": moment})

        assert [str(one) for one in row.one()] == [day, last_day]
