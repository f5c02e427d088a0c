"""The databases of the tests: each test begins with a new one, whatever the test before did to its own."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.support.contents import contents_of
from tests.support.databases import Database, DatabaseFactory

pytestmark = pytest.mark.postgresql

DIRT = (
    "INSERT INTO brokerages (name, contact, phone, address, version) VALUES ('百川地产', '', '', '', 1)",
    "UPDATE settings SET service_phone = '400-1'",
    "DELETE FROM project",
    "DELETE FROM alembic_version",
    "SELECT setval('brokerages_id_seq', 4711)",
)
CHANGES = (
    "ALTER TABLE brokerages ADD CONSTRAINT no_more CHECK (name <> '云山地产')",
    "ALTER TABLE brokerages ALTER contact SET DEFAULT 'x'",
    "CREATE TABLE more (id int)",
    "DROP TABLE handled_requests",
    "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
)


def connected(database: Database) -> psycopg.Connection:
    return psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True)


@pytest.mark.parametrize("dirt", DIRT)
def test_next_test_finds_the_rows_and_numbers_of_a_new_database(
    database_factory: DatabaseFactory, tmp_path: Path, dirt: str
) -> None:
    with database_factory.migrated("postgresql", tmp_path) as one, closing(connected(one)) as connection:
        new = contents_of(connection)
        connection.execute(dirt.encode())
        assert contents_of(connection) != new

    with database_factory.migrated("postgresql", tmp_path) as other, closing(connected(other)) as connection:
        assert contents_of(connection) == new


def test_next_test_waits_for_no_transaction_that_was_left_open(
    database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    with database_factory.migrated("postgresql", tmp_path) as one:
        forgotten = connected(one)
        forgotten.execute("BEGIN; UPDATE settings SET service_phone = '400-1'")

    with database_factory.migrated("postgresql", tmp_path) as other, closing(connected(other)) as connection:
        assert connection.execute("SELECT service_phone FROM settings").fetchall() == [("",)]
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()


@pytest.mark.parametrize("change", CHANGES)
def test_database_whose_schema_was_changed_is_not_used_again(
    database_factory: DatabaseFactory, tmp_path: Path, change: str
) -> None:
    with database_factory.migrated("postgresql", tmp_path) as one, closing(connected(one)) as connection:
        connection.execute(change.encode())

    with database_factory.migrated("postgresql", tmp_path) as other:
        assert other.url != one.url


def test_two_databases_at_once_are_two(database_factory: DatabaseFactory, tmp_path: Path) -> None:
    with (
        database_factory.migrated("postgresql", tmp_path) as one,
        database_factory.migrated("postgresql", tmp_path) as other,
    ):
        assert one.url != other.url
