"""Databases with a given number of leads, made by the server itself: 2 000 brokers over three years.

`people.sql` to `history.sql` write the rows that the services would have written, `derived.sql` those that
triggers keep. Triggers and foreign keys sleep meanwhile; `checks.sql` then asks what they would have refused.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.cluster import Cluster
from benchmarks.names import given_characters, surname_slots
from lead_system.config import PROJECT_FOLDER
from lead_system.services.passwords import hash_password

PASSWORD = "what everybody of the staff types"  # noqa: S105 - opens nothing but the rows made here
YEARS = 3
RECONCILED = 10_000
"""Up to how many leads all checks of the product are run too; the same statements fill every size."""

FRESH_HOURS = 12
"""Rows are as old as they say when they are made; half a day later too few protections would run still."""

HERE = Path(__file__).parent
STEPS = ("people", "leads", "visits", "money", "history", "derived")


class UnfitRows(Exception):
    """What was filled breaks a promise that the schema or a trigger keeps."""


def fingerprint() -> str:
    """Return what kept databases must have been made from to be used again."""
    sources = [*sorted(HERE.iterdir()), HERE.parent / "names.py", HERE.parent / "cluster.py"]
    sources += sorted((PROJECT_FOLDER / "migrations" / "versions").glob("*.py"))
    text = b"".join(path.read_bytes() for path in sources if path.is_file())
    return hashlib.sha256(text).hexdigest()


def template(cluster: Cluster, rows: int) -> str:
    """Return the name of a database with so many leads, made now unless a fresh one is there."""
    begun = datetime.now(UTC)
    for name in cluster.names():
        if name.startswith(f"leads_{rows}_at_") and _is_fresh(name, begun):
            return name
    name = f"leads_{rows}_at_{begun:%Y%m%d%H%M}"
    unfinished = cluster.create(f"filling_{rows}")
    migrate(cluster.url(unfinished))
    with closing(cluster.connect(unfinished)) as connection:
        fill(connection, rows, begun)
        check(connection)
    if rows <= RECONCILED:
        reconcile(cluster.url(unfinished))
    cluster.rename(unfinished, name)
    return name


def _is_fresh(name: str, now: datetime) -> bool:
    made = datetime.strptime(name.rpartition("_")[2], "%Y%m%d%H%M").replace(tzinfo=UTC)
    return now - made < timedelta(hours=FRESH_HOURS)


def migrate(url: str) -> None:
    """Make the schema by the command that a server's owner types."""
    _flask(url, "db", "upgrade").check_returncode()


def reconcile(url: str) -> None:
    """Ask every check of the product, and whether the chains of the history are whole.

    Raises:
        UnfitRows: something is broken; the message is what the commands print.
    """
    for command in ("reconcile", "verify-history"):
        done = _flask(url, command)
        if done.returncode:
            raise UnfitRows(done.stdout.decode() + done.stderr.decode())


def _flask(url: str, *command: str) -> subprocess.CompletedProcess[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "LEAD_DATABASE_URL": url,
            "LEAD_DATA_DIR": folder,
            "LEAD_DEMO": "1",
            "LEAD_SECRET_KEY": "thrown away together with the folder",
        }
        program = [sys.executable, "-m", "flask", *command]
        return subprocess.run(program, check=False, capture_output=True, cwd=PROJECT_FOLDER, env=environment)


def fill(connection: psycopg.Connection, rows: int, now: datetime) -> None:
    """Write all rows, and leave the database as one that has stood for years: counted, vacuumed, indexed."""
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "work_mem = '512MB'"):
        connection.execute(f"SET {setting}".encode())
    connection.execute("SET TIME ZONE 'UTC'")
    _lay_out(connection, rows, now)
    indexes = _drop_indexes(connection)
    connection.execute(_sql("functions"))
    for step in STEPS:
        connection.execute(_sql(step))
    for index in indexes:
        connection.execute(index.encode())
    connection.execute(_sql("sequences"))
    connection.execute("SET session_replication_role = origin")
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


def check(connection: psycopg.Connection) -> None:
    """Ask for rows that must not be.

    Raises:
        UnfitRows: there are some; the message says which.
    """
    questions = [one for one in _sql("checks").decode().split(";") if one.strip()]
    for question in (*questions, *_references(connection)):
        found = connection.execute(question.encode()).fetchone()
        if found is not None:
            raise UnfitRows(f"{question.strip()}\nfound {found}")


def _lay_out(connection: psycopg.Connection, rows: int, now: datetime) -> None:
    """Lay out what the steps draw from: the moment, the number of rows, and the parts of names."""
    connection.execute(
        "CREATE TEMP TABLE clock (rows bigint, now timestamptz, began_at timestamptz, password_hash text)"
    )
    began_at = now - timedelta(days=365 * YEARS)
    connection.execute(
        "INSERT INTO clock VALUES (%s, %s, %s, %s)", [rows, now, began_at, hash_password(PASSWORD)]
    )
    for table, column, values in (
        ("surnames", "surname", surname_slots()),
        ("letters", "letter", given_characters()),
    ):
        connection.execute(f"CREATE TEMP TABLE {table} (slot int PRIMARY KEY, {column} text)".encode())
        with connection.cursor() as cursor:
            insert = f"INSERT INTO {table} VALUES (%s, %s)"
            cursor.executemany(insert.encode(), list(enumerate(values)))


def _drop_indexes(connection: psycopg.Connection) -> list[str]:
    """Drop all indexes that no constraint rests on, and return how to make them again, which is faster."""
    found = connection.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT indisprimary
        AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)"""
    ).fetchall()
    for name, _how in found:
        connection.execute(f"DROP INDEX {name}".encode())
    return [str(how) for _name, how in found]


def _references(connection: psycopg.Connection) -> list[str]:
    """Return for each foreign key of one column the question for a row that refers to nothing."""
    found = connection.execute(
        """SELECT conrelid::regclass::text, a.attname, confrelid::regclass::text, b.attname
        FROM pg_constraint
        JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
        JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1]
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND cardinality(conkey) = 1"""
    ).fetchall()
    return [
        f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {other} o WHERE o.{key} = {table}.{column}) LIMIT 1"
        for table, column, other, key in found
    ]


def _sql(name: str) -> bytes:
    return (HERE / f"{name}.sql").read_bytes()
