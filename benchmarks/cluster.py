"""A PostgreSQL server of our own for one run: durable as in production, on a socket that nobody else opens.

Its files are kept between runs, since filling a million rows takes longer than measuring them; they are used
again only where they fit what would be filled now (`fits`), and by one run at a time.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypedDict

import psycopg

from lead_system.config import PROJECT_FOLDER

SETTINGS = (
    # Durable, as deploy/postgresql.conf says and as PostgreSQL is by itself.
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    # What PostgreSQL's own documentation advises for a server with some memory.
    "shared_buffers=1GB",
    "max_connections=300",
    # Only for filling: building an index in memory, and few interruptions.
    "maintenance_work_mem=512MB",
    "max_wal_size=8GB",
    "wal_level=minimal",
    "max_wal_senders=0",
)


class Cluster:
    """The server, and the databases in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._data = folder / "data"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make its files unless they are there, and start it."""
        if not self._data.exists():
            subprocess.run(
                [
                    postgresql_program("initdb"), "-D", self._data, "--username=postgres", "--auth=trust",
                    "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                ],
                check=True, capture_output=True, cwd=self.folder, **server_owner(self.folder),
            )  # fmt: skip
        self._end_leftover()
        arguments: list[str | Path] = ["-D", self._data, "-k", self.folder, "-h", ""]
        for setting in SETTINGS:
            arguments += ["-c", setting]
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                [postgresql_program("postgres"), *arguments],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **server_owner(self.folder),
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop it in order, so that its files can be used again."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(timeout=120)

    def _end_leftover(self) -> None:
        """End the server of a run that was killed, which nobody waits for any more."""
        note = self._data / "postmaster.pid"
        if not note.exists():
            return
        pid = int(note.read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self._data).encode() in command.read_bytes():
            os.kill(pid, signal.SIGINT)
            while command.exists():
                time.sleep(0.1)

    @property
    def version(self) -> str:
        """What the server says that it is."""
        with closing(self.connect()) as connection:
            return str(connection.info.parameter_status("server_version"))

    def url(self, name: str) -> str:
        """Return the address of a database as our application is given it."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        """Connect to a database; every statement commits by itself."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def has(self, name: str) -> bool:
        """Whether there is such a database."""
        with closing(self.connect()) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def names(self) -> list[str]:
        """Return which databases there are beside PostgreSQL's own."""
        with closing(self.connect()) as connection:
            found = connection.execute(
                "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
            )
            return [str(name) for (name,) in found]

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database with the rows of another, which nobody may have open."""
        self.drop(name)
        # Copying files is several times faster than writing all rows into the log too.
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def rename(self, name: str, to: str) -> None:
        """Give a database its final name, by which it is known to be whole."""
        self._execute(f"ALTER DATABASE {name} RENAME TO {to}")

    def drop(self, name: str) -> None:
        """Delete a database, whoever has it open."""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with closing(self.connect()) as connection:
            connection.execute(statement.encode())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                return self._execute("SELECT 1")
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}") from error
                time.sleep(0.05)


@contextmanager
def running_cluster(fits: str) -> Iterator[Cluster]:
    """Start the kept cluster if it was made for `fits`, a new one otherwise; stop it when the block ends.

    Raises:
        SystemExit: another run uses it at this moment.
    """
    # A short path: the socket's own may have 107 characters at most.
    copy = hashlib.sha256(str(PROJECT_FOLDER).encode()).hexdigest()[:6]
    folder = Path(tempfile.gettempdir(), f"lead-bench-{copy}-{fits[:8]}")
    _forget_others(folder, f"lead-bench-{copy}-*")
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"Another benchmark uses {folder} at this moment.") from None
        cluster = Cluster(folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def _forget_others(folder: Path, names: str) -> None:
    """Delete what earlier runs of this copy kept for other schemas or rows, unless one of them still runs."""
    for other in folder.parent.glob(names):
        if other == folder or not (other / "lock").exists():
            continue
        with (other / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(other, ignore_errors=True)


def postgresql_program(name: str) -> Path:
    """Return a program of the newest PostgreSQL that is installed."""
    folder = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return folder / name


class Owner(TypedDict, total=False):
    """As whom a program is started; nothing where we may start it ourselves."""

    user: int
    group: int


def server_owner(folder: Path) -> Owner:
    """PostgreSQL refuses to run as root: hand the folder to the user that its package made."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid}
