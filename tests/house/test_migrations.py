"""The migrations lead up and down again on both databases, and end where the models stand."""

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, inspect

from lead_system.application import create_app
from lead_system.cli.migrations import init_migrations
from lead_system.extensions import Base, db
from lead_system.services.pulse import NEWEST_REVISION
from tests.support.databases import MIGRATIONS, DatabaseFactory

on_both = pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)


@pytest.fixture
def empty_app(kind: str, database_factory: DatabaseFactory, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database without any table."""
    with database_factory.empty(kind, tmp_path) as database:
        app = create_app(database.settings())
        init_migrations(app)
        with app.app_context():
            yield app
            db.engine.dispose()


@on_both
@pytest.mark.usefixtures("empty_app")
def test_migrations_lead_up_down_and_up_again() -> None:
    flask_migrate.upgrade(directory=MIGRATIONS)
    tables = set(inspect(db.engine).get_table_names())

    flask_migrate.downgrade(directory=MIGRATIONS, revision="base")
    left = inspect(db.engine).get_table_names()
    flask_migrate.upgrade(directory=MIGRATIONS)

    assert left == ["alembic_version"], "the downgrade must drop what the upgrade made"
    assert set(inspect(db.engine).get_table_names()) == tables


def test_the_newest_revision_is_the_one_that_alembic_finds() -> None:
    assert {NEWEST_REVISION} == set(ScriptDirectory(MIGRATIONS).get_heads())


@on_both
@pytest.mark.usefixtures("empty_app")
def test_migrations_and_models_agree(capsys: pytest.CaptureFixture[str]) -> None:
    flask_migrate.upgrade(directory=MIGRATIONS)

    try:
        flask_migrate.check(directory=MIGRATIONS)
    except SystemExit:
        pytest.fail("run `flask db migrate` and read what it wrote:\n" + capsys.readouterr().err)


@on_both
@pytest.mark.usefixtures("empty_app")
def test_every_constraint_of_the_models_stands_in_a_migrated_database() -> None:
    """Alembic's own check looks at neither; SQLite loses them whenever a table is made anew."""
    flask_migrate.upgrade(directory=MIGRATIONS)

    for table in Base.metadata.sorted_tables:
        found = inspect(db.engine)
        checks = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        keys = {tuple(c.column_keys) for c in table.constraints if isinstance(c, ForeignKeyConstraint)}
        assert {c["name"] for c in found.get_check_constraints(table.name)} == checks, table.name
        assert {tuple(c["constrained_columns"]) for c in found.get_foreign_keys(table.name)} == keys


@on_both
@pytest.mark.usefixtures("empty_app")
def test_rows_of_the_first_release_survive_the_way_up_and_down() -> None:
    flask_migrate.upgrade(directory=MIGRATIONS, revision="0001")
    _write_rows_of_the_first_release()

    flask_migrate.upgrade(directory=MIGRATIONS)
    assert _read("SELECT version FROM brokerages") == _read("SELECT version FROM accounts") == [(1,)]
    assert _read("SELECT amount, picture_id, void_reason FROM fees") == [(20050, None, "")]
    flask_migrate.downgrade(directory=MIGRATIONS, revision="0001")

    assert _read("SELECT amount FROM fees") == [(20050,)]
    assert _read("SELECT kind FROM collision_events") == [("entered",)]


@on_both
@pytest.mark.usefixtures("empty_app")
def test_name_of_the_project_moves_to_its_own_page_and_back() -> None:
    flask_migrate.upgrade(directory=MIGRATIONS, revision="0002")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE settings SET project_name = '澄湖天街', service_phone = '400-1'")

    flask_migrate.upgrade(directory=MIGRATIONS)
    with db.engine.begin() as connection:
        moved = connection.exec_driver_sql("SELECT name, address, version FROM project").all()
        connection.exec_driver_sql("UPDATE project SET name = '澄湖新天街'")
    flask_migrate.downgrade(directory=MIGRATIONS, revision="0002")

    assert [tuple(row) for row in moved] == [("澄湖天街", "", 1)]
    assert _read("SELECT project_name, service_phone FROM settings") == [("澄湖新天街", "400-1")]


def _write_rows_of_the_first_release() -> None:
    at = "'2026-03-02 02:00:00'"
    broker = "'broker', '', '', 'not_needed', ''"
    phone = "'1385678'"
    lead = f"1, 1, '欧阳', '锋', '欧阳锋', {phone}, 0, 'entered', '', {at}, 1"
    account_columns = "id, role, name, phone, approval, rejection_reason, created_at"
    lead_columns = (
        "id, broker_id, entered_by_id, surname, given_name, name_key, phone1, person_number, status, needs,"
        " entered_at, version"
    )
    collision_columns = (
        "id, kind, holding_lead_id, challenging_lead_id, state, opened_at, last_event_at, note"
    )
    for rows in (
        "brokerages (id, name, contact, phone, address) VALUES (1, '安家', '', '', '')",
        f"accounts ({account_columns}) VALUES (1, {broker}, {at})",
        f"leads ({lead_columns}) VALUES (1, {lead}), (2, {lead})",
        f"fees (id, lead_id, broker_id, amount, created_at, created_by_id) VALUES (1, 1, 1, 20050, {at}, 1)",
        f"collisions ({collision_columns}) VALUES (1, 'held', 1, 2, 'open', {at}, {at}, '')",
        f"collision_events (id, collision_id, kind, at, actor_id) VALUES (1, 1, 'entered', {at}, 1)",
    ):
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"INSERT INTO {rows}")


def _read(statement: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


@on_both
@pytest.mark.usefixtures("empty_app")
def test_customer_types_of_an_earlier_release_get_an_order_and_folded_names() -> None:
    flask_migrate.upgrade(directory=MIGRATIONS, revision="0002")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO customer_types (id, name) VALUES"
            " (1, '住 宅'), (2, 'SOHO'), (3, 'ＳＯＨＯ'), (4, 'A·座')"
        )

    flask_migrate.upgrade(directory=MIGRATIONS, revision="0003")
    rows = _read("SELECT id, name_key, position, version FROM customer_types ORDER BY id")
    settings = _read("SELECT protection_days, service_link, version FROM settings")
    flask_migrate.downgrade(directory=MIGRATIONS, revision="0002")

    assert rows == [(1, "住宅", 1, 1), (2, "soho", 2, 1), (3, "soho#3", 3, 1), (4, "a座", 4, 1)]
    assert settings == [(30, "", 1)]
    assert _read("SELECT name FROM customer_types ORDER BY id")[0] == ("住 宅",)
    assert _read("SELECT protection_days FROM settings") == [(30,)]


@on_both
@pytest.mark.usefixtures("empty_app")
def test_triggers_that_keep_figures_and_names_stand_after_all_migrations() -> None:
    """SQLite drops them with a table that a migration makes anew: whoever does so has to make them again."""
    flask_migrate.upgrade(directory=MIGRATIONS)

    catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'leads'"
    if db.engine.dialect.name == "postgresql":
        catalogue = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'leads'::regclass AND NOT tgisinternal"
    found = {name for (name,) in _read(catalogue)}

    on_sqlite = {
        f"keep_{what}_of_{row}" for what in ("tally", "name_grams") for row in ("new", "changed", "deleted")
    }
    on_sqlite.add("keep_gram_status_of_changed")
    on_postgresql = {"keep_tally", "keep_name_grams", "keep_gram_status"}
    keeping = on_postgresql if db.engine.dialect.name == "postgresql" else on_sqlite
    assert found >= keeping | {"refuse_another_broker"}


@on_both
@pytest.mark.usefixtures("empty_app")
def test_parts_of_names_that_are_there_get_their_status_and_give_it_back() -> None:
    flask_migrate.upgrade(directory=MIGRATIONS, revision="0013")
    at, end = "'2026-03-02 02:00:00'", "'2026-04-01 15:59:59'"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO accounts (id, role, name, phone, approval, rejection_reason, created_at)"
            f" VALUES (1, 'broker', '', '', 'not_needed', '', {at})"
        )
        columns = (
            "broker_id, entered_by_id, surname, given_name, name_key, phone1, person_number, needs, version,"
            " entered_at, id, status, first_reported_at, bound_at, protect_until, code_token, short_code"
        )
        for own in (
            "1, 'entered', NULL, NULL, NULL, NULL, NULL",
            "2, 'withdrawn', NULL, NULL, NULL, NULL, NULL",
            f"3, 'bound', {at}, {at}, {end}, '1', '2'",
        ):
            connection.exec_driver_sql(
                f"INSERT INTO leads ({columns})"
                f" VALUES (1, 1, '林', '晓', '林晓', '1385678', 0, '', 1, {at}, {own})"
            )

    flask_migrate.upgrade(directory=MIGRATIONS)
    found = _read("SELECT gram, lead_id, status, protect_until IS NULL FROM lead_name_grams ORDER BY 2, 1")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE leads SET status = 'withdrawn' WHERE id = 1")
    followed = _read("SELECT DISTINCT status FROM lead_name_grams WHERE lead_id = 1")
    flask_migrate.downgrade(directory=MIGRATIONS, revision="0013")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE leads SET name_key = '林' WHERE id = 2")
        connection.exec_driver_sql("UPDATE leads SET status = 'entered' WHERE id = 1")
    left = _read("SELECT * FROM lead_name_grams ORDER BY 2, 1")

    parts = ("晓", "林", "林晓")
    assert found == [
        *((part, 1, "entered", True) for part in parts),
        *((part, 2, None, True) for part in parts),
        *((part, 3, "bound", False) for part in parts),
    ]
    assert followed == [(None,)]
    assert left == [*((part, 1) for part in parts), ("林", 2), *((part, 3) for part in parts)]


@pytest.mark.postgresql
@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.usefixtures("empty_app")
def test_status_beside_a_part_of_a_name_is_read_off_its_index() -> None:
    """Neither Alembic nor a plan among few rows says so."""
    flask_migrate.upgrade(directory=MIGRATIONS)

    ((definition,),) = _read("SELECT indexdef FROM pg_indexes WHERE indexname = 'pk_lead_name_grams'")

    assert str(definition).endswith("(gram, lead_id) INCLUDE (status, protect_until)")
