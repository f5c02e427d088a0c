"""One page of a list, and how many pages there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db

Row = TypeVar("Row")


@dataclass(frozen=True)
class Found(Generic[Row]):
    """The rows of one page, its number counted from 1, and how many rows all pages have together."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int


def one_page(found: Select[Row], number: int, *, size: int, total: int | None = None) -> Found[Row]:
    """Return one page of an ordered selection; `total` saves the counting where it is known already.

    Raises:
        Refused: NOT_FOUND for a page that does not exist. The first one always does, though it may be empty.
    """
    if total is None:
        total = db.session.execute(_counted(found)).scalar_one()
    pages = max(1, -(-total // size))
    if not 1 <= number <= pages:
        raise Refused(RefusalCode.NOT_FOUND)
    rows = db.session.scalars(found.limit(size).offset((number - 1) * size)).all()
    return Found(rows, number, pages, total)


def _counted(found: Select[Any]) -> Select[int]:
    """Return the count of a selection, without the order and the columns that counting does not need."""
    return found.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
