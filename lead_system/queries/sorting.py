"""A list sorted by what a column shows: by an index of the rows, or of the rows to which they refer.

Rows that show nothing come last, whichever way round. They are a stretch of their own, since an index has
them at the end where they are not wanted as often as not.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import aliased


@dataclass(frozen=True, eq=False)
class Through:
    """A column of another table to which the rows of a list refer, perhaps by way of a third one."""

    column: Any
    joins: tuple[tuple[Any, ColumnElement[bool]], ...]
    is_always_there: bool = False
    reference: Any = None
    """What is null where there is nothing to show, if that is so for no other reason."""

    @classmethod
    def to(cls, column: Any, reference: Any) -> "Through":
        """Return a column of the row to which a reference leads, which must not be null where that is not."""
        there = aliased(column.class_)
        is_always_there = not (column.nullable or reference.nullable)
        joins = ((there, there.id == reference),)
        missing = None if column.nullable else reference
        return cls(getattr(there, column.key), joins, is_always_there, missing)


def in_order(found: Select[Any], order: Any, *, is_descending: bool) -> Select[Any]:
    """Return a selection sorted as a whole; ties go to the newer row."""
    way = _way(order, is_descending=is_descending).nulls_last()
    return _with_column(found, order, isouter=True).order_by(None).order_by(way, _id_of(found).desc())


def in_stretches(found: Select[Any], order: Any, *, is_descending: bool) -> list[Select[Any]]:
    """Return the same rows in the same order: those that show something, and after them the others."""
    newest_first = _id_of(found).desc()
    shown = _with_column(found, order, isouter=False).order_by(None)
    shown = shown.order_by(_way(order, is_descending=is_descending), newest_first)
    if _is_always_there(order):
        return [shown]
    nothing = _showing_nothing(found, order).order_by(None).order_by(newest_first)
    return [shown.where(_column(order).is_not(None)), nothing]


def _showing_nothing(found: Select[Any], order: Any) -> Select[Any]:
    if isinstance(order, Through) and order.reference is not None:
        return found.where(order.reference.is_(None))
    return _with_column(found, order, isouter=True).where(_column(order).is_(None))


def _with_column(found: Select[Any], order: Any, *, isouter: bool) -> Select[Any]:
    """Return a selection from which the column can be seen by which it is sorted."""
    for other, condition in order.joins if isinstance(order, Through) else ():
        found = found.join(other, condition, isouter=isouter)
    return found


def _way(order: Any, *, is_descending: bool) -> ColumnElement[Any]:
    column = _column(order)
    return column.desc() if is_descending else column.asc()


def _column(order: Any) -> ColumnElement[Any]:
    column: ColumnElement[Any] = order.column if isinstance(order, Through) else order
    return column


def _is_always_there(order: Any) -> bool:
    return order.is_always_there if isinstance(order, Through) else not getattr(order, "nullable", True)


def _id_of(found: Select[Any]) -> Any:
    return found.column_descriptions[0]["entity"].id
