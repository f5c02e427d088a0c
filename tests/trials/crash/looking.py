"""Looks into a database behind the application's back, waiting while it is down."""

import sqlite3
import time
from contextlib import closing
from typing import Any

import psycopg

from tests.support.databases import Database

GIVES_UP_SECONDS = 60


class Eye:
    """Reads a database of either kind with a connection for each look, so that no crash makes it blind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return what a statement finds, as soon as the database answers."""
        deadline = time.monotonic() + GIVES_UP_SECONDS
        while True:
            try:
                return self._read(statement)
            except (psycopg.OperationalError, sqlite3.OperationalError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def lead(self, lead_id: int, column: str) -> Any:
        """Return one value of a lead."""
        ((value,),) = self.rows(f"SELECT {column} FROM leads WHERE id = {lead_id:d}")
        return value

    def open_collision(self, holding: int, challenging: int) -> int:
        """Return the id of the one open collision between two leads, 0 where there is not exactly one."""
        found = self.rows(
            "SELECT id FROM collisions WHERE state = 'open'"
            f" AND holding_lead_id = {holding:d} AND challenging_lead_id = {challenging:d}"
        )
        return int(found[0][0]) if len(found) == 1 else 0

    def _read(self, statement: str) -> list[tuple[Any, ...]]:
        if self._database.kind == "sqlite":
            path = self._database.url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=30)) as connection:
                return connection.execute(statement).fetchall()
        url = self._database.url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()
