"""PostgreSQL: copied by `pg_dump` at one moment, put back by `pg_restore` and `psql` in one transaction."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine

from lead_system.backups.archive import Dump, Manifest, take_out
from lead_system.backups.contents import ENDINGS, BackupRefused, count_rows, revision_of

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
_CLEAR = """
BEGIN;
SET LOCAL lock_timeout = '15s';
SET LOCAL client_min_messages = 'warning';
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP TABLE public.%I CASCADE', name);
    END LOOP;
    FOR name IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') LOOP
        EXECUTE format('DROP ROUTINE %s CASCADE', name);
    END LOOP;
END $$;
"""
_END = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = '{table}' AND column_name = '{column}') THEN
        {statement};
    END IF;
END $$;
"""
_COUNT = """
DO $$ BEGIN
    IF (SELECT count(*) FROM public."{table}") <> {rows} THEN
        RAISE EXCEPTION 'table {table} has not the {rows} rows of the manifest';
    END IF;
END $$;
"""
_INSIDE = ("--schema=public",)
"""What is put back: what is in the schema, whose tables and triggers' functions are ours, and not itself."""

_FOLDER = "/usr/lib/postgresql/{}/bin"
"""Where Debian keeps the client programs of a version."""
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _Programs(NamedTuple):
    """PostgreSQL's own, of the server's version."""

    pg_restore: str
    psql: str


class PostgresqlDatabase:
    """A database of a PostgreSQL server, reached as the application reaches it."""

    kind = "postgresql"

    def __init__(self, engine: Engine) -> None:
        _, options = engine.dialect.create_connect_args(engine.url)
        self._options = {name: value for name, value in options.items() if name != "context"}
        self.name = f"database {engine.url.database}"

    def rows(self) -> dict[str, int] | None:
        """Count what is in it now."""
        with self._connected() as connection:
            return count_rows(connection, _tables(connection))

    def dump(self, target: Path) -> Dump:
        """Write one moment of the database into a file; readers and writers go on meanwhile.

        The rows are counted in the very snapshot that `pg_dump` reads.

        Raises:
            BackupRefused: `pg_dump` is missing, of another version than the server, or failed.
        """
        target.touch(mode=0o600)
        with self._connected() as connection:
            program = _program("pg_dump", _version_of(connection))
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            ((snapshot,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
            tables = _tables(connection)
            what = ["--format=custom", "--schema=public", f"--snapshot={snapshot}", f"--file={target}"]
            self._run(program, *what)
            return Dump(target, revision_of(connection, tables), count_rows(connection, tables))

    def check(self, dump: Path, manifest: Manifest) -> None:
        """Let `pg_restore` read a dump from its beginning to its end, and write it nowhere.

        Raises:
            BackupRefused: it cannot, or `pg_restore` is missing.
        """
        _require_readable(_program("pg_restore"), dump, manifest)

    def load(self, archive: Path, manifest: Manifest, *, now: datetime) -> None:
        """Put a backup in the place of all tables, in one transaction; what was open in it is ended.

        Raises:
            BackupRefused: the backup is damaged, somebody is connected, PostgreSQL's client is of another
                version than the server, or PostgreSQL refused something.
        """
        with self._connected() as connection:
            version = _version_of(connection)
        programs = _Programs(_program("pg_restore", version), _program("psql", version))
        with tempfile.TemporaryDirectory(prefix="lead-system-restore-") as folder:
            dump = Path(folder) / "database"
            take_out(archive, manifest, dump)
            _require_readable(programs.pg_restore, dump, manifest)
            self._require_nobody_else()
            self._load(programs, dump, manifest, now)

    def _load(self, programs: _Programs, dump: Path, manifest: Manifest, now: datetime) -> None:
        """Send the dump to `psql` between our own BEGIN and COMMIT: where it breaks off, nothing is kept."""
        with tempfile.TemporaryFile() as complaints:
            psql = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
                [programs.psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", self._address],
                env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints,
            )  # fmt: skip
            assert psql.stdin is not None  # noqa: S101 - it was asked for
            try:
                with suppress(BrokenPipeError):  # It stops at an error, and says at which.
                    _feed(psql.stdin, programs.pg_restore, dump, _endings(manifest, now))
            finally:
                _close_quietly(psql.stdin)
                psql.wait()
            if psql.returncode != 0:
                raise BackupRefused(f"PostgreSQL kept nothing of the backup: {_first_error(complaints)}")

    def _require_nobody_else(self) -> None:
        with self._connected() as connection:
            ((others,),) = connection.execute(_OTHERS).fetchall()
        if others:
            raise BackupRefused(f"{others} others are connected to the database: stop the server first.")

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(**self._options, autocommit=True) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise BackupRefused(f"PostgreSQL cannot be reached ({type(error).__name__}).") from None

    @property
    def _address(self) -> str:
        """Where the database is, without the password: everybody may read the arguments of a program."""
        return make_conninfo(**{name: value for name, value in self._options.items() if name != "password"})

    @property
    def _environment(self) -> dict[str, str]:
        password = {"PGPASSWORD": str(self._options["password"])} if "password" in self._options else {}
        return {**os.environ, **password}

    def _run(self, program: str, *arguments: str) -> None:
        _run([program, *arguments, f"--dbname={self._address}"], self._environment)


def _feed(psql: IO[bytes], pg_restore: str, dump: Path, endings: str) -> None:
    psql.write(_CLEAR.encode())
    psql.flush()
    with tempfile.TemporaryFile() as complaints:
        written = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [pg_restore, "--no-owner", "--no-privileges", *_INSIDE, "--file=-", str(dump)],
            stdout=psql, stderr=complaints, check=False,
        )  # fmt: skip
        if written.returncode != 0:
            raise BackupRefused(f"pg_restore could not read the backup: {_first_error(complaints)}")
    psql.write(endings.encode())


def _endings(manifest: Manifest, now: datetime) -> str:
    """Return what ends the transaction: end what was open, count every table, commit."""
    _require_plain_names(manifest)
    ends = "".join(
        _END.format(table=ending.table, column=ending.column, statement=ending.statement("postgresql", now))
        for ending in ENDINGS
    )
    counts = "".join(_COUNT.format(table=table, rows=int(rows)) for table, rows in manifest.rows.items())
    return f"SET search_path = public;\n{ends}{counts}COMMIT;\n"


def _require_readable(pg_restore: str, dump: Path, manifest: Manifest) -> None:
    _require_plain_names(manifest)
    _run([pg_restore, "--file=/dev/null", str(dump)], os.environ)


def _require_plain_names(manifest: Manifest) -> None:
    """Refuse a manifest that names tables in a way that none of ours is named: names become statements."""
    if not all(_PLAIN_NAME.fullmatch(table) for table in manifest.rows):
        raise BackupRefused("The manifest of the backup names tables that are not ours.")


def _tables(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES).fetchall()]


def _version_of(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10_000


def _program(name: str, version: int | None = None) -> str:
    """Find one of PostgreSQL's client programs, of the server's version where that is given.

    A newer `pg_dump` writes what the server's own `pg_restore` cannot read, and a newer `pg_restore` sets
    what the server does not know. Debian keeps several versions, each in a folder of its own.

    Raises:
        BackupRefused: it is missing, or of another version.
    """
    found = list(filter(None, (shutil.which(name), shutil.which(name, path=_FOLDER.format(version)))))
    if not found:
        raise BackupRefused(
            f"{name} is missing. Install PostgreSQL's client: apt-get install postgresql-client"
        )
    fitting = [one for one in found if version in (None, _version_said_by(one))]
    if not fitting:
        raise BackupRefused(
            f"{name} is of another version than the server. Install the client of its version: "
            f"apt-get install postgresql-client-{version}"
        )
    return fitting[0]


def _version_said_by(program: str) -> int | None:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - its own program
    version = re.search(r"\) (\d+)", said.stdout)
    return int(version[1]) if version else None


def _run(command: list[str], environment: Any) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - PostgreSQL's own programs
    if done.returncode != 0:
        # The last line: Debian's wrapper warns first where the server is on another machine.
        said = done.stderr.strip().splitlines() or ["no reason was given"]
        raise BackupRefused(f"{Path(command[0]).name} failed: {said[-1]}")


def _first_error(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").splitlines()
    return next((line for line in lines if "ERROR" in line or "error" in line), "no reason was given")


def _close_quietly(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # Whoever read it may have ended.
        pipe.close()
