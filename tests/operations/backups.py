"""What the tests of backups work with: commands, rows, and people who write meanwhile."""

import copy
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy
from flask import Flask

from lead_system.cli.migrations import init_migrations
from lead_system.extensions import db
from tests.support.cast import Cast

Rows = dict[str, list[dict[str, Any]]]
ENDED = (("sign_ins", "ended_at"), ("sign_in_codes", "used_at"), ("recovery_codes", "used_at"))
HAN = "安邦昌德恩丰广和嘉康隆明宁平庆荣瑞泰祥兴"


def run(app: Flask, *arguments: str, typed: str = "") -> tuple[int, str]:
    """Run a command of the server, to which nobody is connected; returns its exit code and what it said."""
    with app.app_context():
        db.engine.dispose()
    return run_beside(app, *arguments, typed=typed)


def run_beside(app: Flask, *arguments: str, typed: str = "") -> tuple[int, str]:
    """Run a command beside the people who are connected, with all that `flask` offers."""
    if "db" not in app.cli.commands:
        init_migrations(app)
    ended = app.test_cli_runner().invoke(args=arguments, input=typed)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.output


def rows_of(app: Flask) -> Rows:
    """Return every row of every table, also of those that no model knows."""
    with app.app_context():
        tables = sqlalchemy.MetaData()
        tables.reflect(db.engine)
        with db.engine.connect() as connection:
            found = {
                table.name: [dict(row._mapping) for row in connection.execute(sqlalchemy.select(table))]  # noqa: SLF001 - its public name
                for table in tables.tables.values()
            }
        db.engine.dispose()
    return {name: sorted(lines, key=repr) for name, lines in found.items()}


def with_all_ended(rows: Rows, moment: datetime) -> Rows:
    """Return how rows must be when a backup of them was restored at a moment."""
    ended = copy.deepcopy(rows)
    for line in ended["accounts"]:
        line["session_generation"] += 1
    for table, column in ENDED:
        for line in ended[table]:
            line[column] = line[column] or moment
    return {name: sorted(lines, key=repr) for name, lines in ended.items()}


@contextmanager
def people_writing(cast: Cast) -> Iterator[list[int]]:
    """Let three brokers enter customers all the while; gives the numbers of those that were acknowledged."""
    acknowledged: list[int] = []
    numbers = count(1)
    over = threading.Event()

    def write(who: str) -> None:
        while not over.is_set():
            number = next(numbers)
            name = "".join(HAN[number // 20**place % 20] for place in (1, 0))
            acknowledged.append(cast.enters(who, ("试", name, f"139{number:04d}"), reports=True))

    threads = [threading.Thread(target=write, args=(who,)) for who in ("fang", "qiang", "wei")]
    for thread in threads:
        thread.start()
    try:
        while len(acknowledged) < 5 and all(thread.is_alive() for thread in threads):
            over.wait(0.01)
        yield acknowledged
    finally:
        over.set()
        for thread in threads:
            thread.join()


def rewritten(file: Path, target: Path, **changes: Any) -> Path:
    """Write a backup whose manifest says something else than that of `file`."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        new.writestr("manifest.json", json.dumps(manifest | changes))
        new.writestr("database", old.read("database"))
    return target
