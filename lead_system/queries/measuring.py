"""How far two moments lie apart, as a whole number that every database works out the same.

Moments are compared by indexes; only what an index has already let through is measured with these.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SECOND = 1_000_000
"""Microseconds, as all lengths here."""

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
_SHANGHAI_IS_AHEAD = 8 * 60 * MINUTE
"""Shanghai has had no summer time since 1991, before anything that is stored here."""


class microseconds(FunctionElement[int]):  # noqa: N801 - it is written like the functions of SQL
    """A moment as microseconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(microseconds, "postgresql")
def _microseconds_there(moment: Any, compiler: SQLCompiler, **how: Any) -> str:
    written = compiler.process(moment.clauses, **how)
    return f"CAST(EXTRACT(EPOCH FROM {written}) * 1000000 AS BIGINT)"


@compiles(microseconds)
def _microseconds_here(moment: Any, compiler: SQLCompiler, **how: Any) -> str:
    """SQLite's own reading of a moment rounds to thousandths, so the last digits are read by themselves."""
    written = compiler.process(moment.clauses, **how)
    whole = f"CAST(strftime('%s', substr({written}, 1, 19)) AS INTEGER)"
    return f"({whole} * 1000000 + CAST(substr({written}, 21, 6) AS INTEGER))"


class day_number(FunctionElement[int]):  # noqa: N801 - it is written like the functions of SQL
    """A day as days since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(day_number, "postgresql")
def _days_there(day: Any, compiler: SQLCompiler, **how: Any) -> str:
    return f"({compiler.process(day.clauses, **how)} - DATE '1970-01-01')"


@compiles(day_number)
def _days_here(day: Any, compiler: SQLCompiler, **how: Any) -> str:
    return f"(CAST(strftime('%s', {compiler.process(day.clauses, **how)}) AS INTEGER) / 86400)"


def shanghai_day_number(moment: Any) -> ColumnElement[int]:
    """Return the Shanghai day of a moment as days since 1970 (R11)."""
    number: ColumnElement[int] = (microseconds(moment) + _SHANGHAI_IS_AHEAD) // DAY
    return number


def between(earlier: Any, later: Any) -> ColumnElement[int]:
    """Return the microseconds from one moment to a later one."""
    length: ColumnElement[int] = microseconds(later) - microseconds(earlier)
    return length
