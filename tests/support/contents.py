"""What lies in a PostgreSQL database, kept and put back: far quicker than making another database."""

from dataclasses import dataclass
from decimal import Decimal

from psycopg import Connection
from psycopg.sql import SQL, Identifier

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
NUMBERS = """
    SELECT quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL
    FROM pg_sequences WHERE schemaname = 'public'"""
SCHEMA = {
    "pg_attrdef": "oid",
    "pg_attribute": "attrelid",
    "pg_class": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_namespace": "oid",
    "pg_proc": "oid",
    "pg_trigger": "oid",
    "pg_type": "oid",
}
"""Where PostgreSQL describes a schema, and the column that tells ours from its own."""


@dataclass(frozen=True)
class Contents:
    """The rows of every table that has some, and where the numbering stands."""

    rows: dict[str, bytes]
    numbers: list[tuple[str, int, bool]]


def contents_of(connection: Connection) -> Contents:
    rows = {}
    for table in tables_of(connection):
        with connection.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(table))) as copy:
            rows[table] = b"".join(bytes(block) for block in copy)
    numbers = connection.execute(NUMBERS).fetchall()
    return Contents({table: lines for table, lines in rows.items() if lines}, numbers)


def put_back(connection: Connection, contents: Contents) -> None:
    """Make every table and sequence what it was; the schema must be the same."""
    with connection.transaction():
        # A connection that a test forgot may hold a lock: better an error than to wait for ever.
        connection.execute("SET LOCAL lock_timeout = '20s'; SET LOCAL session_replication_role = replica")
        deletes = [SQL("DELETE FROM {}").format(Identifier(table)) for table in tables_of(connection)]
        connection.execute(SQL(";").join(deletes))
        for table, lines in contents.rows.items():
            with connection.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(table))) as copy:
                copy.write(lines)
        settings = [SQL("SELECT setval({}, {}, {})").format(*number) for number in contents.numbers]
        connection.execute(SQL(";").join(settings))


def schema_of(connection: Connection) -> Decimal:
    """Return a sum over which transaction wrote each line that describes the schema: every change shows."""
    lines = [
        SQL("SELECT concat_ws(' ', {name}, {key}, xmin) AS line FROM {table} WHERE {key} >= 16384").format(
            name=name, key=Identifier(key), table=Identifier(name)
        )
        for name, key in SCHEMA.items()
    ]
    total = SQL("SELECT sum(hashtextextended(line, 0)) FROM ({}) AS lines").format(
        SQL(" UNION ALL ").join(lines)
    )
    (found,) = connection.execute(total).fetchall()
    return Decimal(found[0])


def tables_of(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(TABLES).fetchall()]
