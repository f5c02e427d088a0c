"""Whatever is wrong with a backup, or with the moment, is said in a sentence, and nothing is changed."""

import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
from flask import Flask

from lead_system.application import create_app
from lead_system.backups import postgresql
from lead_system.extensions import db
from tests.operations.backups import rewritten, rows_of, run, run_beside
from tests.support.cast import Cast
from tests.support.databases import SECRET_KEY, Database, both_databases, on_postgresql


@pytest.fixture
def backup(cast: Cast, tmp_path: Path) -> Path:
    """A good backup of the cast and one customer."""
    cast.enters("fang", reports=True)
    file = tmp_path / "good.backup"
    assert run(cast.app, "backup", str(file))[0] == 0
    return file


def refuses(app: Flask, *arguments: str, because: str) -> None:
    """Expect a command to end with a sentence that says why, and to leave every row as it is."""
    before = rows_of(app)

    code, said = run(app, *arguments)

    assert code == 1
    assert because in said
    assert rows_of(app) == before


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def flip_a_byte_inside(file: Path) -> None:
    """Damage the dump in a ZIP that is whole, so that only the manifest knows."""
    with zipfile.ZipFile(file) as archive:
        manifest, dump = archive.read("manifest.json"), bytearray(archive.read("database"))
    dump[len(dump) // 2] ^= 1
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("database", bytes(dump))


def empty(file: Path) -> None:
    file.write_bytes(b"")


def write_something_else(file: Path) -> None:
    file.write_text("no backup at all")


def forget_the_manifest(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("database", b"x")


@pytest.mark.parametrize(
    "damage",
    [cut_off, flip_a_byte, empty, write_something_else, forget_the_manifest],
    ids=lambda damage: damage.__name__,
)
def test_damaged_file_is_neither_restored_nor_called_whole(
    cast: Cast, backup: Path, damage: Callable[[Path], None]
) -> None:
    damage(backup)

    refuses(cast.app, "restore", str(backup), "--replace", "--yes", because="damaged")
    refuses(cast.app, "verify-backup", str(backup), because="damaged")


@both_databases
def test_damaged_dump_in_a_whole_file_is_noticed_by_the_manifest(cast: Cast, backup: Path) -> None:
    flip_a_byte_inside(backup)

    refuses(cast.app, "restore", str(backup), "--replace", "--yes", because="damaged")
    refuses(cast.app, "verify-backup", str(backup), because="damaged")


@both_databases
def test_backup_overwrites_nothing(cast: Cast, backup: Path) -> None:
    before = backup.read_bytes()

    refuses(cast.app, "backup", str(backup), because="exists already")

    assert backup.read_bytes() == before
    assert [file.name for file in backup.parent.glob("*good*")] == ["good.backup"]


@both_databases
def test_database_with_people_in_it_is_replaced_only_when_told_to(cast: Cast, backup: Path) -> None:
    refuses(cast.app, "restore", str(backup), because="--replace")


def test_backup_of_a_later_release_is_refused(cast: Cast, backup: Path, tmp_path: Path) -> None:
    later = rewritten(backup, tmp_path / "later", revision="9999")

    refuses(cast.app, "restore", str(later), "--replace", "--yes", because="later")


@both_databases
def test_backup_with_other_rows_than_its_manifest_says_changes_nothing(
    cast: Cast, backup: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(backup) as archive:
        text = archive.read("manifest.json").decode()
    rows = json.loads(text)["rows"]
    wrong = rewritten(backup, tmp_path / "wrong", rows=rows | {"leads": rows["leads"] + 1})

    refuses(cast.app, "restore", str(wrong), "--replace", "--yes", because="rows")


@both_databases
def test_nothing_is_restored_under_a_running_server(cast: Cast, backup: Path, database: Database) -> None:
    server = create_app(database.settings())
    with server.app_context():
        connection = db.engine.connect()
        connection.execute(sqlalchemy.text("SELECT 1"))
        connection.commit()

        code, said = run(cast.app, "restore", str(backup), "--replace", "--yes")

        assert (code, "stop the server" in said) == (1, True), said
        found = connection.execute(sqlalchemy.text("SELECT count(*) FROM leads")).scalar()
        connection.close()
        db.engine.dispose()
    assert found == 1


def test_missing_file_is_said(cast: Cast, tmp_path: Path) -> None:
    refuses(cast.app, "restore", str(tmp_path / "nowhere"), "--replace", "--yes", because="There is no file")


@pytest.mark.parametrize("kind", ["postgresql", "pigeons"])
def test_backup_of_another_kind_of_database_is_refused(
    cast: Cast, backup: Path, tmp_path: Path, kind: str
) -> None:
    other = rewritten(backup, tmp_path / "other", kind=kind)

    refuses(
        cast.app,
        "restore",
        str(other),
        "--replace",
        "--yes",
        because="backup is of" if kind == "postgresql" else "later release",
    )


def test_damaged_sqlite_file_is_not_backed_up_and_can_be_replaced(
    cast: Cast, backup: Path, database: Database, tmp_path: Path
) -> None:
    rows = rows_of(cast.app)["leads"]
    with cast.app.app_context():
        db.engine.dispose()
    file = database.folder / "leads.sqlite3"
    file.write_bytes(b"rubbish" * 5000)
    Path(f"{file}-wal").write_bytes(b"rubbish")
    target = tmp_path / "never.backup"

    failed, _ = run(cast.app, "backup", str(target))
    asked, _ = run(cast.app, "restore", str(backup))
    done, said = run(cast.app, "restore", str(backup), "--replace", "--yes")

    assert (failed, asked, done) == (1, 1, 0), said
    assert not target.exists()
    assert not Path(f"{file}-wal").exists()
    assert rows_of(cast.app)["leads"] == rows


def put_program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(stat.S_IRWXU)


@on_postgresql
def test_password_stands_on_no_command_line(
    cast: Cast, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database.url.replace("postgres@", "postgres:wo-bu-gaosu-ni@")
    app = create_app(database.settings(database_url=url))
    for name in ("pg_dump", "psql", "pg_restore"):
        record = f'echo "$0 $@ / $PGPASSWORD" >>{tmp_path}/said; exec /usr/bin/{name} "$@"'
        put_program(tmp_path / "bin", name, record)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    assert run(app, "backup", str(tmp_path / "b"))[0] == 0
    with cast.app.app_context():
        db.engine.dispose()
    code, said = run(app, "restore", str(tmp_path / "b"), "--replace", "--yes")

    assert code == 0, said
    lines = (tmp_path / "said").read_text().splitlines()
    arguments, passwords = zip(*(line.split(" / ") for line in lines), strict=True)
    assert not any("wo-bu-gaosu-ni" in given for given in arguments)
    assert passwords.count("wo-bu-gaosu-ni") == 2, lines
    assert not any(SECRET_KEY in line for line in lines)


@on_postgresql
@pytest.mark.parametrize(
    ("script", "says"),
    [
        (None, "apt-get install postgresql-client"),
        ("echo 'pg_dump (PostgreSQL) 9.6.24'", "pg_dump is of another version than the server"),
        ("echo 'pg_dump (PostgreSQL) 99.1'", "pg_dump is of another version than the server"),
        (
            (
                '[ "$1" = --version ] && exec /usr/bin/pg_dump --version\n'
                'echo "Warning: no cluster" >&2; echo "disk full" >&2; exit 1'
            ),
            "pg_dump failed: disk full",
        ),
    ],
    ids=["missing", "too old", "too new", "fails in the middle"],
)
def test_client_program_that_cannot_serve_is_named_and_leaves_no_half_file(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, says: str
) -> None:
    target = tmp_path / "kept" / "never.backup"
    target.parent.mkdir()
    if script:
        put_program(tmp_path / "bin", "pg_dump", script)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(postgresql, "_FOLDER", "/nowhere/{}")

    code, said = run_beside(cast.app, "backup", str(target))

    assert (code, says in said) == (1, True), said
    assert not list(target.parent.iterdir())


@on_postgresql
@pytest.mark.parametrize("name", ["pg_restore", "psql"])
def test_newer_client_restores_nothing_unless_the_server_s_own_is_beside_it(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert run(cast.app, "backup", str(tmp_path / "b"))[0] == 0
    put_program(tmp_path / "bin", name, f"echo '{name} (PostgreSQL) 99.1'")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    with monkeypatch.context() as only:
        only.setattr(postgresql, "_FOLDER", "/nowhere/{}")
        code, said = run(cast.app, "restore", str(tmp_path / "b"), "--replace", "--yes")
    assert (code, f"{name} is of another version than the server" in said) == (1, True), said

    code, said = run(cast.app, "restore", str(tmp_path / "b"), "--replace", "--yes")
    assert code == 0, said
