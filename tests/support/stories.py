"""Stories that many tests begin with: told once by each worker, and copied for every later test."""

import inspect
import io
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import pytest
from flask import Flask

from lead_system.clock import now
from lead_system.extensions import db
from tests.support.contents import Contents, contents_of, put_back
from tests.support.databases import Database, write_over
from tests.support.frozen import StoppedClock

if TYPE_CHECKING:
    from tests.support.cast import Cast

Result = TypeVar("Result")


@dataclass(frozen=True)
class _End:
    """How things stood when a story had been told."""

    database: Path | Contents
    moment: datetime
    result: bytes


class Stories:
    """What this worker has told so far, each story with a copy of the database at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends: dict[str, _End] = {}

    def told(
        self,
        name: str,
        app: Flask,
        database: Database,
        tell: Callable[[], Result],
        *,
        clock: "StoppedClock | None",
        cast: "Cast | None",
    ) -> Result:
        """Tell a story, or put database, clock and result where they were when it had been told."""
        known = f"{name}.{database.kind}"
        if known not in self._ends:
            result = tell()
            _forget_connections(app)
            self._ends[known] = _End(self._kept(known, database), now(), _written(result, cast))
            return result
        end = self._ends[known]
        _forget_connections(app)
        if isinstance(end.database, Contents):
            with _connected(database) as connection:
                put_back(connection, end.database)
        else:
            write_over(Path(_file_of(database)), end.database)
        if clock is not None:
            clock.at(end.moment)
        told: Result = _read(end.result, cast)
        return told

    def _kept(self, known: str, database: Database) -> Path | Contents:
        if database.kind == "postgresql":
            with _connected(database) as connection:
                return contents_of(connection)
        copy = self._folder / f"{known}.sqlite3"
        with closing(sqlite3.connect(_file_of(database))) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        return copy


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    return Stories(tmp_path_factory.mktemp("stories"))


def told_once(tell: Callable[..., Result]) -> Callable[..., Result]:
    """Make the fixture of a story that the cast plays by the test's clock, and that is told once a worker."""
    name = f"{tell.__module__}.{tell.__qualname__}"
    wanted = list(inspect.signature(tell).parameters)

    @wraps(tell)
    def begin(stories: Stories, app: Flask, database: Database, **needs: Any) -> Result:
        return stories.told(
            name, app, database, lambda: tell(**{need: needs[need] for need in wanted}),
            clock=needs["clock"], cast=needs["cast"],
        )  # fmt: skip

    asked = dict.fromkeys(["stories", "app", "database", "cast", "clock", *wanted])
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(need, kind) for need in asked])
    begin.__signature__ = signature  # type: ignore[attr-defined]
    return pytest.fixture(begin)


def _file_of(database: Database) -> str:
    return database.url.removeprefix("sqlite:///")


def _connected(database: Database) -> AbstractContextManager[psycopg.Connection]:
    return closing(psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True))


def _forget_connections(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def _written(result: object, cast: "Cast | None") -> bytes:
    """Write a result down; the cast in it is only named, since each test has a cast of its own."""
    written = io.BytesIO()
    pickler = pickle.Pickler(written)
    pickler.persistent_id = lambda thing: "cast" if cast is not None and thing is cast else None  # type: ignore[method-assign]
    pickler.dump((cast and cast.ids, cast and cast.types, result))
    return written.getvalue()


def _read(written: bytes, cast: "Cast | None") -> Any:
    unpickler = pickle.Unpickler(io.BytesIO(written))  # noqa: S301 - this process wrote it
    unpickler.persistent_load = lambda _name: cast  # type: ignore[method-assign]
    ids, types, result = unpickler.load()
    if cast is not None:
        cast.ids, cast.types = ids, types
    return result
