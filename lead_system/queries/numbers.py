"""Rows asked for by their numbers, sent as one value: with a place for each, texts would differ."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, Boolean, Dialect, Integer, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Numbers(TypeDecorator[Sequence[int]]):
    """Numbers as PostgreSQL takes them, an array, and as SQLite does, a JSON text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        return ARRAY(Integer) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        """Return what is sent."""
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


IDS: BindParameter[Sequence[int]] = bindparam("ids", type_=_Numbers())
"""The numbers that a statement is told when it is sent."""


class is_among(FunctionElement[bool]):  # noqa: N801 - it is written like the other conditions
    """The condition that a number is one of some, given as one value."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Stand as it is: for SQLite it would be compared with 1, and then no index be used."""
        del against
        return self


@compiles(is_among, "postgresql")
def _in_array(condition: Any, compiler: SQLCompiler, **how: Any) -> str:
    number, numbers = (compiler.process(part, **how) for part in condition.clauses)
    return f"{number} = ANY ({numbers})"


@compiles(is_among)
def _in_json(condition: Any, compiler: SQLCompiler, **how: Any) -> str:
    number, numbers = (compiler.process(part, **how) for part in condition.clauses)
    return f"{number} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - both are compiled, not typed
