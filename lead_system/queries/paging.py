"""One page of a list, and how many rows there are, at a price that does not grow with the list.

Which rows stand on a page is asked of an index first, from the nearer end of the list where its length is
known; only these rows are then loaded, with what is shown of them. Where no exact count is cheap, counting
stops after so many rows, and says so (decision 31).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    UnaryExpression,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql import operators

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db

Row = TypeVar("Row")
Stretch = Select[int] | tuple[Select[int], ...]
"""The ids of an ordered selection, or of several that are merged by id."""

COUNTED_UP_TO = 10_000
"""The most rows that a list counts; of more it says that there are more."""


class Total(int):
    """A number of rows, which is only the least that there are where the counting was cut.

    It is written as what it is, "10 000" or "10 000+", wherever a page shows it.
    """

    is_cut: bool

    def __new__(cls, rows: int, *, is_cut: bool = False) -> Self:
        """Make one of so many rows."""
        total = super().__new__(cls, rows)
        total.is_cut = is_cut
        return total

    @classmethod
    def of(cls, rows: int) -> "Total":
        """Return a number of rows as what it is; a plain one is the whole."""
        return rows if isinstance(rows, Total) else cls(rows)

    @property
    def is_unknown(self) -> bool:
        """Whether it says nothing: none were met as far as was counted."""
        return self.is_cut and not self

    def __str__(self) -> str:
        """Write the number, its thousands parted, with a plus where there are more."""
        if self.is_unknown:
            return "…"
        return f"{int(self):,}".replace(",", " ") + "+" * self.is_cut

    def __format__(self, how: str) -> str:
        """Write it likewise into a longer text."""
        return format(int(self), how) if how else str(self)


@dataclass(frozen=True)
class Found(Generic[Row]):
    """The rows of one page, its number counted from 1, how many rows there are, and whether more follow."""

    rows: Sequence[Row]
    number: int
    total: Total
    has_next: bool
    pages: int | None
    """How many pages there are; None where nobody has counted that far."""


def one_page(found: Select[Row], number: int, *, size: int, total: Total | None = None) -> Found[Row]:
    """Return one page of an ordered selection; `total` saves the counting where it is known already.

    Raises:
        Refused: NOT_FOUND for a page that does not exist. The first one always does, though it may be empty.
    """
    total = counted(found) if total is None else total
    pages = None if total.is_cut else pages_of(total, size)
    if number < 1 or (pages is not None and number > pages):
        raise Refused(RefusalCode.NOT_FOUND)
    begin = (number - 1) * size
    ids = ids_between([ids_of(found)], begin, begin + size + 1, total=total)
    if number > 1 and not ids:
        raise Refused(RefusalCode.NOT_FOUND)
    return Found(loaded(found, ids[:size]), number, total, len(ids) > size, pages)


def read(statement: Executable, **values: Any) -> Sequence[Any]:
    """Return the lines of a statement that asks for plain values, straight from the connection.

    The session would do the same with three times the work: it looks for rows that it knows already.
    """
    return db.session.connection().execute(statement, values).all()


def pages_of(total: int, size: int) -> int:
    """Return how many pages so many rows fill; there is always a first one."""
    return max(1, -(-total // size))


def counted(found: Select[Any]) -> Total:
    """Return how many rows a selection has, looking at one more than are counted."""
    some: Select[Any] = found.with_only_columns(literal_column("1"), maintain_column_froms=True).order_by(
        None
    )
    rows = _number_of(some.limit(COUNTED_UP_TO + 1))
    return Total(min(rows, COUNTED_UP_TO), is_cut=rows > COUNTED_UP_TO)


def counted_to_the_end(found: Select[Any]) -> Total:
    """Return how many rows a selection has, however many."""
    one = found.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return Total(db.session.execute(one).scalar_one())


def _number_of(rows: Select[Any]) -> int:
    return db.session.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def ids_of(found: Select[Any]) -> Select[int]:
    """Return the ids of an ordered selection of whole rows."""
    return found.with_only_columns(_entity(found).id, maintain_column_froms=True)


def ids_between(stretches: Sequence[Stretch], begin: int, end: int, *, total: Total) -> list[int]:
    """Return the ids at places of a list, which is made of ordered selections one after the other.

    Where the length of the list is known, its second half is read backwards: the last page is as near as
    the first.
    """
    end = end if total.is_cut else min(end, total)
    if total.is_cut or begin <= total - end:
        return _ids(stretches, begin, end)
    turned = [_turned(one) for one in reversed(stretches)]
    return _ids(turned, total - end, total - begin)[::-1]


def _ids(stretches: Sequence[Stretch], begin: int, end: int) -> list[int]:
    """Return the ids at these places, counted from where the selections begin."""
    ids: list[int] = []
    for one in stretches:
        found = db.session.scalars(_part(one, begin, end)).all() if begin < end else ()
        ids += found
        if len(found) == end - begin or one is stretches[-1]:
            break
        passed = begin + len(found) if found or not begin else _length_of(one)
        begin, end = max(0, begin - passed), end - passed
    return ids


def _part(stretch: Stretch, begin: int, end: int) -> Select[int]:
    """Return the ids at these places of a stretch.

    Of each selection that is merged no more is read than could stand before the end.
    """
    if isinstance(stretch, Select):
        return stretch.limit(end - begin).offset(begin)
    way = stretch[0]._order_by_clauses  # noqa: SLF001 - SQLAlchemy has no other word for it
    heads = (one.limit(end).subquery() for one in stretch)
    merged = union_all(*(select(head.c.id) for head in heads)).subquery()
    return select(merged.c.id).order_by(_like(way[0], merged.c.id)).limit(end - begin).offset(begin)


def _length_of(stretch: Stretch) -> int:
    parts = (stretch,) if isinstance(stretch, Select) else stretch
    return sum(_number_of(one.order_by(None)) for one in parts)


def loaded(found: Select[Any], ids: Sequence[int]) -> list[Any]:
    """Return the rows of these ids in their order, with all that the selection loads beside them.

    Where it selects figures beside each row, these come from the selection itself.
    """
    if not ids:
        return []
    entity = _entity(found)
    if len(found.column_descriptions) > 1:
        lines = db.session.execute(found.where(entity.id.in_(ids)).order_by(None))
        by_id = {line[0].id: line for line in lines}
    else:
        options = found._with_options  # noqa: SLF001 - SQLAlchemy has no other word for it
        rows = db.session.scalars(select(entity).where(entity.id.in_(ids)).options(*options))
        by_id = {row.id: row for row in rows}
    return [by_id[one] for one in ids if one in by_id]


def _entity(found: Select[Any]) -> Any:
    return found.column_descriptions[0]["entity"]


def _turned(stretch: Stretch) -> Stretch:
    """Return a stretch in the opposite order."""
    if isinstance(stretch, tuple):
        return tuple(_turned_around(one) for one in stretch)
    return _turned_around(stretch)


def _turned_around(ids: Select[int]) -> Select[int]:
    order = ids._order_by_clauses  # noqa: SLF001 - SQLAlchemy has no other word for it
    return ids.order_by(None).order_by(*(_opposite(clause) for clause in order))


def _opposite(clause: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an order the other way round: the last first."""
    if isinstance(clause, UnaryExpression) and clause.modifier is operators.desc_op:
        return clause.element.asc()
    return (clause.element if _is_ascending(clause) else clause).desc()


def _is_ascending(clause: ColumnElement[Any]) -> bool:
    return isinstance(clause, UnaryExpression) and clause.modifier is operators.asc_op


def _like(clause: ColumnElement[Any], column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the order of a column that is that of another."""
    is_descending = isinstance(clause, UnaryExpression) and clause.modifier is operators.desc_op
    return column.desc() if is_descending else column.asc()
