"""Statements that every request of an opening day sends: put into words once, then handed to the driver.

SQLAlchemy spends three times as long on sending a small statement as the driver does, and as long again on
making objects of the rows; a scan sends some thirteen (decision 33). What it promises stays: all happens in
the session's transaction, after what the session had still to write; values are converted by the type of
their column, both ways; whoever listens to statements hears of these; and what the driver complains of is a
DBAPIError.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import Connection, Dialect, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from lead_system.extensions import Model, db

Row = TypeVar("Row", bound=Model)
Convert = Callable[[Any], Any]

_inside: ContextVar[tuple[Session, Connection, Any] | None] = ContextVar("inside", default=None)
"""The writing transaction of this thread, and its cursor: asking for them costs as much as a statement."""


@contextmanager
def sent_through(session: Session, connection: Connection) -> Iterator[None]:
    """Send all statements of the block over a connection on which the session's transaction has begun."""
    before = _inside.set((session, connection, _cursor_of(connection)))
    try:
        yield
    finally:
        _inside.reset(before)


class _Worded(NamedTuple):
    """A statement in the words of one database, and how values go in and come out."""

    text: str
    given: dict[str, Any]
    places: Sequence[str] | None
    into: tuple[tuple[str, Convert], ...]
    out_of: tuple[tuple[int, Convert], ...]
    how: dict[str, Any]

    def filled(self, values: dict[str, Any]) -> Any:
        """Return the parameters as the driver takes them: by name, or in their order."""
        filled = self.given | values
        for name, convert in self.into:
            filled[name] = convert(filled[name])
        return filled if self.places is None else [filled[name] for name in self.places]


class Statement:
    """A statement whose values are all `bindparam`s, and those of an INSERT named in `values`."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._worded: dict[str, _Worded] = {}
        self.names = tuple(getattr(column, "key", "") for column in _columns(statement))

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Send it, and return all rows."""
        worded, cursor = self._sent(values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return [_converted(row, worded.out_of) for row in rows] if worded.out_of else rows

    def first(self, values: dict[str, Any]) -> tuple[Any, ...] | None:
        """Send it, and return the only row; None where there is none."""
        rows = self.rows(values)
        return rows[0] if rows else None

    def named(self, values: dict[str, Any]) -> dict[str, Any] | None:
        """Send it, and return the only row by the names of its columns; None where there is none."""
        row = self.first(values)
        return None if row is None else dict(zip(self.names, row, strict=True))

    def value(self, values: dict[str, Any]) -> Any:
        """Send it, and return the first value of the only row; None where there is none."""
        row = self.first(values)
        return None if row is None else row[0]

    def changed(self, values: dict[str, Any]) -> int:
        """Send it, and return how many rows it changed."""
        _worded, cursor = self._sent(values)
        return int(cursor.rowcount)

    def _sent(self, values: dict[str, Any]) -> tuple[_Worded, Any]:
        session, connection, cursor = _inside.get() or _here()
        session.flush()
        dialect = connection.dialect
        worded = self._worded.get(dialect.name)
        if worded is None:
            worded = self._worded.setdefault(dialect.name, _worded_for(self._statement, dialect))
        parameters = worded.filled(values)
        told = connection, cursor, worded.text, parameters, SimpleNamespace(), False
        for listen in connection.dispatch.before_cursor_execute:
            listen(*told)
        try:
            cursor.execute(worded.text, parameters, **worded.how)
        except dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy_says(error, connection, worded.text) from error
        for listen in connection.dispatch.after_cursor_execute:
            listen(*told)
        return worded, cursor


def _here() -> tuple[Session, Connection, Any]:
    """Return the session's transaction, which begins if none has; somebody reads."""
    connection = db.session.connection()
    return db.session(), connection, _cursor_of(connection)


def _cursor_of(connection: Connection) -> Any:
    """Return a cursor; a connection that broke while nobody used it says so here."""
    try:
        return connection.connection.cursor()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy_says(error, connection, "") from error


def _worded_for(statement: Any, dialect: Dialect) -> _Worded:
    compiled = statement.compile(dialect=dialect)
    converts = (
        (name, _kind(bind.type, dialect).bind_processor(dialect)) for name, bind in compiled.binds.items()
    )
    out_of = (
        (place, _kind(column.type, dialect).result_processor(dialect, None))
        for place, column in enumerate(_columns(statement))
    )
    return _Worded(
        text=compiled.string,
        given={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        places=compiled.positiontup,
        into=tuple((name, convert) for name, convert in converts if convert),
        out_of=tuple((place, convert) for place, convert in out_of if convert),
        # PostgreSQL keeps the plan with the connection; SQLite's driver keeps what it has understood anyway.
        how={"prepare": True} if dialect.name == "postgresql" else {},
    )


def _columns(statement: Any) -> tuple[Any, ...]:
    return tuple(getattr(statement, "exported_columns", ()))


def _kind(of: Any, dialect: Dialect) -> Any:
    return of.dialect_impl(dialect)


def _converted(row: Sequence[Any], out_of: Sequence[tuple[int, Convert]]) -> tuple[Any, ...]:
    values = list(row)
    for place, convert in out_of:
        values[place] = convert(values[place])
    return tuple(values)


def _as_sqlalchemy_says(error: Exception, connection: Connection, text: str) -> BaseException:
    """Return a driver's error as SQLAlchemy would raise it, and give up a connection that is broken."""
    dialect = connection.dialect
    is_broken = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]
    if is_broken:
        connection.invalidate(error)
    return DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_broken,
        dialect=dialect,
    )


def as_read(model: type[Row], values: Mapping[str, Any]) -> Row:
    """Return the session's object for a row of which some columns were read just now, `id` among them.

    What was not read is looked up when somebody asks for it, as of every object of the session.
    """
    inside = _inside.get()
    session = inside[0] if inside else db.session()
    key = inspect(model).identity_key_from_primary_key((values["id"],))
    known = cast(Row | None, session.identity_map.get(key))
    if known is None:
        known = model()
        known.__dict__.update(values)
        make_transient_to_detached(known)
        session.add(known)
        return known
    session.expire(known)
    for name, value in values.items():
        set_committed_value(known, name, value)
    return known
