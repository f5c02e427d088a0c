"""The migrations lead up and down again on both databases, and end where the models stand."""

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import inspect

from lead_system.application import create_app
from lead_system.extensions import db
from tests.support.databases import MIGRATIONS, DatabaseFactory

on_both = pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)


@pytest.fixture
def empty_app(kind: str, database_factory: DatabaseFactory, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database without any table."""
    with database_factory.empty(kind, tmp_path) as database:
        app = create_app(database.settings())
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


@on_both
@pytest.mark.usefixtures("empty_app")
def test_migrations_and_models_agree(capsys: pytest.CaptureFixture[str]) -> None:
    flask_migrate.upgrade(directory=MIGRATIONS)

    try:
        flask_migrate.check(directory=MIGRATIONS)
    except SystemExit:
        pytest.fail("run `flask db migrate` and read what it wrote:\n" + capsys.readouterr().err)
