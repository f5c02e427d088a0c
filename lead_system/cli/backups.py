"""Backups: `flask backup`, `flask verify-backup`, `flask restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask.cli import with_appcontext

from lead_system.backups.archive import Manifest, read_manifest, take_out, write_archive
from lead_system.backups.contents import BackupRefused, is_empty, is_newest_revision, require_known_revision
from lead_system.backups.postgresql import PostgresqlDatabase
from lead_system.backups.sqlite import SqliteDatabase
from lead_system.clock import now
from lead_system.extensions import db

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("backup")
@_FILE
@with_appcontext
def backup(file: Path) -> None:
    """Write the whole database, pictures included, into FILE, while people go on working."""
    database = _own_database()
    with _in_words():
        taken_at = now().isoformat(timespec="seconds")
        manifest = write_archive(file.absolute(), kind=database.kind, taken_at=taken_at, dump=database.dump)
    click.echo(f"{file}: {_told(manifest)}.")


@click.command("verify-backup")
@_FILE
@with_appcontext
def verify_backup(file: Path) -> None:
    """Check that FILE is whole and can be read, and say what is in it; nothing is restored."""
    with _in_words(), TemporaryDirectory(prefix="lead-system-verify-") as folder:
        manifest = read_manifest(file)
        require_known_revision(manifest.revision)
        dump = Path(folder) / "database"
        take_out(file, manifest, dump)
        _database_of_kind(manifest.kind).check(dump, manifest)
    click.echo(f"{file} is whole: {_told(manifest)}.")


@click.command("restore")
@_FILE
@click.option(
    "--replace", is_flag=True, help="Also where the database is not empty: all that is in it is lost."
)
@click.option("--yes", is_flag=True, help="Do not ask before anything is replaced.")
@with_appcontext
def restore(file: Path, *, replace: bool, yes: bool) -> None:
    """Put the backup in FILE into this installation's database, whole or not at all; stop the server first.

    Everybody signs in anew afterwards: all sign-ins are ended, and all codes are void.
    """
    database = _own_database()
    with _in_words():
        manifest = read_manifest(file)
        _require_kind(manifest, database.kind)
        require_known_revision(manifest.revision)
        _require_leave(database.rows(), name=database.name, replace=replace, yes=yes)
        database.load(file, manifest, now=now())
    click.echo(f"{database.name} is what it was: {_told(manifest)}.")
    click.echo("Every table has as many rows as the backup. All sign-ins are ended and all codes void.")
    if not is_newest_revision(manifest.revision):
        click.echo("The backup is of an earlier release: run `flask db upgrade` before the server starts.")


def _own_database() -> SqliteDatabase | PostgresqlDatabase:
    return _database_of_kind(db.engine.dialect.name)


def _database_of_kind(kind: str) -> SqliteDatabase | PostgresqlDatabase:
    if kind == "sqlite":
        return SqliteDatabase(Path(db.engine.url.database or "").absolute())
    return PostgresqlDatabase(db.engine)


def _require_kind(manifest: Manifest, kind: str) -> None:
    if manifest.kind != kind:
        raise BackupRefused(f"The backup is of {manifest.kind}, and this installation's database is {kind}.")


def _require_leave(rows: dict[str, int] | None, *, name: str, replace: bool, yes: bool) -> None:
    """Replace only what is empty, or what somebody says may be lost."""
    if rows is not None and is_empty(rows):
        return
    held = "something that cannot be read" if rows is None else f"{sum(rows.values())} rows"
    if not replace:
        raise BackupRefused(f"{name} is not empty: it holds {held}. To lose them, add --replace.")
    if not yes:
        click.confirm(f"{name} holds {held}, which will be lost. Replace them?", abort=True)


def _told(manifest: Manifest) -> str:
    rows = sum(manifest.rows.values())
    return f"{rows} rows in {len(manifest.rows)} tables of {manifest.taken_at}, migration {manifest.revision}"


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BackupRefused as refused:
        raise click.ClickException(str(refused)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The file'}: {error.strerror}.") from None
