"""SQLite: copied by `VACUUM INTO` while people write, put back by renaming a whole file into place."""

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from lead_system.backups.archive import Dump, Manifest, keep_name, take_out
from lead_system.backups.contents import ENDINGS, BackupRefused, count_rows, revision_of
from lead_system.extensions import SQLITE_BUSY_MILLISECONDS

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
_COLUMNS = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
_BESIDE = ("-wal", "-shm", "-journal")


class SqliteDatabase:
    """A SQLite file, which need not be there yet."""

    kind = "sqlite"

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def name(self) -> str:
        """How people know this database."""
        return str(self._file)

    def rows(self) -> dict[str, int] | None:
        """Count what is in it now; None where the file cannot be read."""
        if not self._file.exists():
            return {}
        try:
            with _opened(self._file) as connection:
                return _counted(connection)
        except sqlite3.DatabaseError:
            return None

    def dump(self, target: Path) -> Dump:
        """Write one moment of the database into a file, without what was deleted; writers go on meanwhile."""
        if not self._file.exists():
            raise BackupRefused(f"There is no database {self._file}.")
        target.touch(mode=0o600)
        try:
            with _opened(self._file) as connection:
                connection.execute("VACUUM INTO ?", (str(target),))
            with _opened(target) as copy:
                _require_whole(copy)
                tables = _tables(copy)
                return Dump(target, revision_of(copy, tables), count_rows(copy, tables))
        except sqlite3.Error as error:
            raise BackupRefused(f"SQLite could not copy {self._file}: {error}.") from None

    def check(self, dump: Path, manifest: Manifest) -> None:
        """Look whether a dump is a whole database with the rows of its manifest.

        Raises:
            BackupRefused: it is not.
        """
        try:
            with _opened(dump) as connection:
                _require_whole(connection)
                _require_rows(connection, manifest)
        except sqlite3.Error as error:
            raise BackupRefused(f"The database in the backup cannot be read: {error}.") from None

    def load(self, archive: Path, manifest: Manifest, *, now: datetime) -> None:
        """Put a backup in the place of this database, whole or not at all; what was open in it is ended.

        Raises:
            BackupRefused: the backup is damaged, or somebody has the database open.
        """
        with tempfile.TemporaryDirectory(dir=self._file.parent, prefix=".restore-") as folder:
            copy = Path(folder) / "database"
            take_out(archive, manifest, copy)
            self.check(copy, manifest)
            with _opened(copy) as connection:
                columns = set(connection.execute(_COLUMNS).fetchall())
                for ending in ENDINGS:
                    if (ending.table, ending.column) in columns:
                        connection.execute(ending.statement("sqlite", now))
                _require_whole(connection)
                _require_rows(connection, manifest)
            if self._file.exists():
                _belong_to_the_same(copy, self._file)
                _close(self._file)
            copy.replace(self._file)
        keep_name(self._file)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that is there; each statement is a transaction of its own."""
    address = f"file:{quote(str(file))}?mode=rw"
    patience = SQLITE_BUSY_MILLISECONDS / 1000
    with closing(sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)) as connection:
        yield connection


def _tables(connection: sqlite3.Connection) -> list[str]:
    return sorted(name for (name,) in connection.execute(_TABLES))


def _counted(connection: sqlite3.Connection) -> dict[str, int]:
    return count_rows(connection, _tables(connection))


def _require_whole(connection: sqlite3.Connection) -> None:
    found = [line for (line,) in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"] or connection.execute("PRAGMA foreign_key_check").fetchall():
        raise BackupRefused("The database is damaged: SQLite's own check finds faults in it.")


def _require_rows(connection: sqlite3.Connection, manifest: Manifest) -> None:
    if _counted(connection) != manifest.rows:
        raise BackupRefused("The tables do not have as many rows as the backup's manifest says.")


def _belong_to_the_same(copy: Path, file: Path) -> None:
    """Let whoever may read the old file read the new one, also where somebody else restores."""
    old = file.stat()
    copy.chmod(stat.S_IMODE(old.st_mode))
    if os.geteuid() == 0:
        os.chown(copy, old.st_uid, old.st_gid)


def _close(file: Path) -> None:
    """Take away what lies beside a database that is about to be replaced; it would be read into the new one.

    SQLite leaves WAL mode only if nobody else has the file open, so this also tells whether the server runs.

    Raises:
        BackupRefused: somebody has it open.
    """
    try:
        with _opened(file) as connection:
            connection.execute("PRAGMA busy_timeout = 1000")
            ((mode,),) = connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.OperationalError as error:
        mode = "wal" if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else ""
    except sqlite3.DatabaseError:
        mode = ""  # Damaged: nobody needs what lies beside it.
    if mode == "wal":
        raise BackupRefused("Somebody has the database open: stop the server first.")
    for suffix in _BESIDE:
        Path(f"{file}{suffix}").unlink(missing_ok=True)
