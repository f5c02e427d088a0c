"""Where the product lives while the model is beside it: one database, put back before every example."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
from flask import Flask

from lead_system.extensions import db
from tests.model.answers import Seen
from tests.model.numbering import Numbering, move_in
from tests.model.product import perform
from tests.model.reference.world import Operation
from tests.support.client import on_database
from tests.support.contents import Contents, contents_of, put_back
from tests.support.databases import Database, write_over

MOST_AT_ONCE = 3


class Room:
    """The product on one database, with everybody moved in."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE)
        self._numbering = move_in(app)
        self._beginning = self._kept()

    @property
    def kind(self) -> str:
        return self.database.kind

    def put_back(self) -> Numbering:
        """Make the database what it was when everybody had moved in."""
        if isinstance(self._beginning, Contents):
            with closing(_connected(self.database)) as connection:
                put_back(connection, self._beginning)
        else:
            write_over(_file_of(self.database), self._beginning)
        return self._numbering.clone()

    def perform(self, op: Operation, numbering: Numbering) -> Seen:
        with self.app.app_context():
            return perform(op, numbering)

    def perform_together(self, ops: Sequence[Operation], numbering: Numbering) -> list[Seen]:
        """Call the services in threads of their own that all begin at the same instant."""
        barrier = Barrier(len(ops))

        def run(op: Operation) -> Seen:
            with self.app.app_context():
                barrier.wait(timeout=30)
                return perform(op, numbering)

        return list(self._threads.map(run, ops))

    def read(self, reading: Callable[[], Any]) -> Any:
        with self.app.app_context():
            return reading()

    def close(self) -> None:
        self._threads.shutdown()
        with self.app.app_context():
            db.engine.dispose()

    def _kept(self) -> Path | Contents:
        if self.database.kind == "postgresql":
            with closing(_connected(self.database)) as connection:
                return contents_of(connection)
        copy = self.database.folder / "beginning.sqlite3"
        with closing(sqlite3.connect(_file_of(self.database))) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        return copy


@contextmanager
def room_on(app: Flask, database: Database) -> Iterator[Room]:
    """Let everybody move into a database."""
    with on_database(app, database):
        room = Room(app, database)
        try:
            yield room
        finally:
            room.close()


def _file_of(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


def _connected(database: Database) -> psycopg.Connection:
    return psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True)
