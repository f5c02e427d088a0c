"""A database of its own for every test: SQLite by default, PostgreSQL too where a test asks for both.

The real migrations run once per worker and kind, into a template; each test gets a copy of that. PostgreSQL
is a private server in a temporary folder, reached through a socket there, and is stopped at the end. There a
copy takes longer than most tests, so the next test gets the last one's database, with everything put back.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest

from benchmarks.cluster import postgresql_program, server_owner
from lead_system.application import create_app
from lead_system.cli.migrations import init_migrations
from lead_system.config import Secret, Settings, SigningKey, SmsProvider
from lead_system.extensions import db
from tests.support.contents import contents_of, put_back, schema_of
from tests.support.whole_numbers import (
    numbers_in_postgresql,
    numbers_in_sqlite,
    require_clean_file,
    require_none,
)

ROOT = Path(__file__).parents[2]
MIGRATIONS = str(ROOT / "migrations")

SECRET_KEY = "a secret of more than 32 characters that only the tests know"

SERVES = 100
"""After so many tests a PostgreSQL database is made anew: deleted rows still take room."""

END_THE_OTHERS = """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""

both_databases = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""Runs a test once on SQLite and once on PostgreSQL."""

on_postgresql = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""Runs a test about what only PostgreSQL does."""


NO_DEMONSTRATION = {
    "demo": False,
    "sms_provider": SmsProvider.ALIYUN,
    "sms_key_id": "key",
    "sms_key_secret": Secret("of nobody"),
    "sms_sign_name": "确客",
    "sms_template": "SMS_1",
}
"""Settings of a server that sends sign-in codes, as one without the demonstration must."""


@dataclass(frozen=True)
class Database:
    """One test's own database, and the folder for the files that belong to it."""

    kind: str
    url: str
    folder: Path

    def settings(self, **others: Any) -> Settings:
        """Return the settings of a server on this database: a demonstration, but for what is said."""
        usual: dict[str, Any] = {
            "database_url": self.url,
            "secret_key": SigningKey(SECRET_KEY),
            "demo": True,
            "public_url": "http://localhost",
            "data_dir": self.folder,
            "requests_per_minute": 0,
        }
        return Settings(**usual | others)


def migrate(database: Database) -> None:
    """Bring a database to the newest revision, by the same door as `flask db upgrade`."""
    app = create_app(database.settings())
    init_migrations(app)
    with app.app_context():
        flask_migrate.upgrade(directory=MIGRATIONS)
        db.engine.dispose()


class Cluster:
    """A PostgreSQL server of our own that listens on no port.

    It trades durability for speed, unless it is asked to be `durable`: then it runs with the settings of its
    makers, and what it acknowledged must be there after it was killed.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._durable = durable
        self._numbers = count(1)
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make its files, and start it."""
        subprocess.run(
            [
                postgresql_program("initdb"), "-D", self._data, "--username=postgres", "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
            ],
            check=True, capture_output=True, cwd=self.folder, **server_owner(self.folder),
        )  # fmt: skip
        self.start_again()

    def start_again(self) -> None:
        """Start it on the files that it has, as after it was killed, and wait until it answers."""
        arguments: list[str | Path] = ["-D", self._data, "-k", self.folder, "-h", ""]
        fast = () if self._durable else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        for setting in (*fast, "max_connections=200"):
            arguments += ["-c", setting]
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [postgresql_program("postgres"), *arguments],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **server_owner(self.folder),
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)  # At once: nothing of it is wanted any more.
            self._server.wait(timeout=30)
            require_clean_file(self.log)

    def kill(self) -> None:
        """Kill the server with all its processes, without a chance to write anything.

        It is stopped first, so that it starts no other meanwhile, and all are waited for: whoever is left has
        the shared memory, and keeps the next server from starting.
        """
        if self._server is not None:
            self._server.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self._server.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            pids = self.pids()
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._server.wait(timeout=30)
            deadline = time.monotonic() + 30
            while any(map(_is_running, pids)) and time.monotonic() < deadline:
                time.sleep(0.005)

    def pids(self) -> list[int]:
        """Return its processes, the first of which starts all others; each leads a group of its own."""
        assert self._server is not None, "the cluster was never started"
        pid = self._server.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create(self, *, template: str = "template1") -> str:
        """Make a new database from a template and return its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def _execute(self, statement: str) -> None:
        with closing(self.connect()) as connection:
            connection.execute(statement.encode())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                return self._execute("SELECT 1")
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}") from error
                time.sleep(0.05)


def _is_running(pid: int) -> bool:
    """Say whether a process is still there; one that ended and that nobody has taken note of is not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


class _Used:
    """A PostgreSQL database that tests have one after the other, and how it was before the first."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.name = name
        self.times = 0
        self._cluster = cluster
        self._connection = cluster.connect(name)
        self._contents = contents_of(self._connection)
        self._schema = schema_of(self._connection)

    def is_new_again(self) -> bool:
        """Put it back, unless its schema was changed or it has served long enough."""
        self.times += 1
        self._connection.execute(END_THE_OTHERS)
        if self.times > SERVES or schema_of(self._connection) != self._schema:
            return False
        put_back(self._connection, self._contents)
        return True

    def require_no_whole_number(self) -> None:
        """Fail where a test has left a customer's whole number in any table, though it killed the server."""
        try:
            found = numbers_in_postgresql(self._connection)
        except psycopg.OperationalError:
            self._connection = self._cluster.connect(self.name)
            found = numbers_in_postgresql(self._connection)
        require_none("the database", found)

    def close(self) -> None:
        self._connection.close()


class DatabaseFactory:
    """Makes migrated databases, each kind's template on first need."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._folder = folder
        self._durable = durable
        self._sqlite_template: Path | None = None
        self._cluster: Cluster | None = None
        self._postgresql_template = ""
        self._used: list[_Used] = []

    @contextmanager
    def migrated(self, kind: str, folder: Path) -> Iterator[Database]:
        """A database that is searched for whole numbers when the test has ended."""
        if kind == "sqlite":
            yield self._migrated_sqlite(folder)
            require_none("the database", numbers_in_sqlite(folder / "leads.sqlite3"))
        else:
            used = self._clean_postgresql()
            yield Database("postgresql", self.running_cluster().url(used.name), folder)
            self._used.append(used)
            used.require_no_whole_number()

    def standing(self, folder: Path) -> Database:
        """A SQLite database that tests have one after the other, since a server stands on it."""
        file = folder / "leads.sqlite3"
        if not file.exists():
            self._migrated_sqlite(folder)
        return Database("sqlite", f"sqlite:///{file}", folder)

    @contextmanager
    def new_again(self, folder: Path) -> Iterator[Database]:
        """That database with the content of a new one."""
        database = self.standing(folder)
        write_over(folder / "leads.sqlite3", self._template())
        yield database
        require_none("the database", numbers_in_sqlite(folder / "leads.sqlite3"))

    @contextmanager
    def empty(self, kind: str, folder: Path) -> Iterator[Database]:
        """A database without any table, for the tests of the migrations themselves."""
        if kind == "sqlite":
            yield Database(kind, f"sqlite:///{folder / 'empty.sqlite3'}", folder)
        else:
            with self._postgresql(folder, template="template1") as database:
                yield database

    @contextmanager
    def alone(self, kind: str, folder: Path) -> Iterator[Database]:
        """A migrated database of which nobody has a connection open, this factory included."""
        if kind == "sqlite":
            yield self._migrated_sqlite(folder)
        else:
            with self._postgresql(folder, template=self._template_name()) as database:
                yield database

    def close(self) -> None:
        for used in self._used:
            used.close()
        if self._cluster is not None:
            self._cluster.stop()
            shutil.rmtree(self._cluster.folder, ignore_errors=True)

    def _migrated_sqlite(self, folder: Path) -> Database:
        copy = shutil.copy(self._template(), folder / "leads.sqlite3")
        return Database("sqlite", f"sqlite:///{copy}", folder)

    def _template(self) -> Path:
        if self._sqlite_template is None:
            template = self._folder / "template.sqlite3"
            migrate(Database("sqlite", f"sqlite:///{template}", self._folder))
            self._sqlite_template = template
        return self._sqlite_template

    def _clean_postgresql(self) -> _Used:
        """Put the database of the test before back to how it was when it was new, or else make another."""
        cluster = self.running_cluster()
        while self._used:
            used = self._used.pop()
            if used.is_new_again():
                return used
            used.close()
            cluster.drop(used.name)
        return _Used(cluster, cluster.create(template=self._template_name()))

    def _template_name(self) -> str:
        if not self._postgresql_template:
            cluster = self.running_cluster()
            name = cluster.create()
            migrate(Database("postgresql", cluster.url(name), self._folder))
            self._postgresql_template = name
        return self._postgresql_template

    @contextmanager
    def _postgresql(self, folder: Path, *, template: str) -> Iterator[Database]:
        cluster = self.running_cluster()
        name = cluster.create(template=template)
        try:
            yield Database("postgresql", cluster.url(name), folder)
        finally:
            cluster.drop(name)

    def running_cluster(self) -> Cluster:
        """Return the PostgreSQL server of this factory, started on first need."""
        if self._cluster is None:
            # A short path: the socket's own may have 107 characters at most.
            cluster = Cluster(Path(tempfile.mkdtemp(prefix="leads-pg-")), durable=self._durable)
            self._cluster = cluster
            cluster.start()
        return self._cluster


def write_over(file: Path, content: Path) -> None:
    """Give a SQLite database other content in one transaction, whoever has it open."""
    with closing(sqlite3.connect(content)) as source, closing(sqlite3.connect(file, timeout=30)) as target:
        source.backup(target)


@pytest.fixture(scope="session")
def database_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseFactory]:
    factory = DatabaseFactory(tmp_path_factory.mktemp("databases"))
    try:
        yield factory
    finally:
        factory.close()


@pytest.fixture
def database(
    request: pytest.FixtureRequest, database_factory: DatabaseFactory, tmp_path: Path
) -> Iterator[Database]:
    """A freshly migrated database: SQLite, or as `both_databases` says.

    Whoever looks at the live server gets the one on which that stands, put back to how it was when new.
    """
    if stands_on_live_server(request):
        made = database_factory.new_again(request.getfixturevalue("live_folder"))
    else:
        made = database_factory.migrated(getattr(request, "param", "sqlite"), tmp_path)
    with made as database:
        yield database


@pytest.fixture(scope="session")
def live_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server that outlives a test."""
    return tmp_path_factory.mktemp("live_server")


def stands_on_live_server(request: pytest.FixtureRequest) -> bool:
    """Tell whether a test looks at the live server, and at the one that all others share."""
    is_own = request.node.get_closest_marker("own_server") is not None
    return "live_server" in request.fixturenames and not is_own and not hasattr(request, "param")
