"""What a database of either kind has in it: tables, rows, a revision, and whether anybody is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from lead_system.config import PROJECT_FOLDER

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


class BackupRefused(Exception):
    """A backup was not taken or not restored; the sentence says why, and what helps. Nothing was changed."""


class Found(Protocol):
    """What a question to the database found."""

    def fetchall(self) -> Sequence[Any]:
        """Return all rows."""
        ...


class Asked(Protocol):
    """A connection of either driver."""

    def execute(self, statement: Any, /) -> Found:
        """Ask a question."""
        ...


_MOMENTS = {"sqlite": "%Y-%m-%d %H:%M:%S.%f", "postgresql": "%Y-%m-%d %H:%M:%S.%f+00"}


@dataclass(frozen=True)
class Ending:
    """What is ended after a restore: which column, how, in which rows; older releases lack some columns."""

    table: str
    column: str
    change: str
    which: str = "true"

    def statement(self, kind: str, now: datetime) -> str:
        """Return the statement that ends it, as a kind of database writes moments."""
        moment = f"'{now.astimezone(UTC).strftime(_MOMENTS[kind])}'"
        return f"UPDATE {self.table} SET {self.change.format(moment=moment)} WHERE {self.which}"  # noqa: S608 - written below


ENDINGS = (
    Ending("accounts", "session_generation", "session_generation = session_generation + 1"),
    Ending("sign_ins", "ended_at", "ended_at = {moment}", "ended_at IS NULL"),
    Ending("sign_in_codes", "used_at", "used_at = {moment}", "used_at IS NULL"),
    Ending("recovery_codes", "used_at", "used_at = {moment}", "used_at IS NULL"),
)
"""A backup remembers as open what may have been ended or used since; none of it comes back to life."""


def count_rows(connection: Asked, tables: Sequence[str]) -> dict[str, int]:
    """Count the rows of each table; the caller's transaction decides of which moment."""
    counts = {}
    for table in tables:
        ((counts[table],),) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()  # noqa: S608 - our tables
    return counts


def revision_of(connection: Asked, tables: Sequence[str]) -> str:
    """Return the migration that a database stands at; blank where none ever ran."""
    if "alembic_version" not in tables:
        return ""
    found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(found[0][0]) if len(found) == 1 else ""


def is_empty(rows: dict[str, int]) -> bool:
    """Whether nobody has an account in a database: none ever signed in, so nothing was ever written.

    Tables without ours beside them belong to somebody else, and are not empty.
    """
    return not rows or ("alembic_version" in rows and rows.get("accounts") == 0)


def require_known_revision(revision: str) -> None:
    """Refuse the rows of a later release, which this code would not understand.

    Raises:
        BackupRefused: no migration of this code has that name.
    """
    if revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise BackupRefused(
            f"The backup stands at migration {revision or 'none'}, which this release does not know: "
            "it comes from a later one. Install that release, then restore."
        )


def is_newest_revision(revision: str) -> bool:
    """Whether no migration is left to run."""
    return [revision] == _scripts().get_heads()


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - a server takes no backup

    return ScriptDirectory(str(PROJECT_FOLDER / "migrations"))
