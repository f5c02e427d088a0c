"""Watches the SQL that a request sends: a page that is only read must not write, nor ask too often."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

WRITING = ("insert", "update", "delete", "replace", "merge", "create", "drop", "alter", "truncate")
HOUSEKEEPING = ("pragma", "savepoint", "release", "set", "show")

_watched: ContextVar[list[str] | None] = ContextVar("watched statements", default=None)


@event.listens_for(Engine, "before_cursor_execute")
def _watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    watched = _watched.get()
    if watched is not None:
        watched.append(statement)


@contextmanager
def watched_statements() -> Iterator[list[str]]:
    """Collects every statement that is executed inside, in this thread."""
    statements: list[str] = []
    token = _watched.set(statements)
    try:
        yield statements
    finally:
        _watched.reset(token)


def queries(statements: list[str]) -> list[str]:
    """The statements that ask for data, without transactions and connection settings."""
    return [one for one in statements if _first_word(one) not in (*HOUSEKEEPING, "begin")]


def writes(statements: list[str]) -> list[str]:
    """The statements that change data, also behind a WITH, or that take SQLite's write lock."""
    return [one for one in statements if _is_write(one)]


def _is_write(statement: str) -> bool:
    words = statement.lower().split()
    if words[:1] == ["with"]:
        return any(word in WRITING[:3] for word in words)
    return words[:2] == ["begin", "immediate"] or words[0] in WRITING


def _first_word(statement: str) -> str:
    return statement.split(maxsplit=1)[0].lower()
