"""Workbooks as people fill them in, made by the library that they are read with, cell by cell."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook

BROKERAGE_HEADINGS = ("Company name", "Contact", "Contact's phone", "Address")
CONSULTANT_HEADINGS = ("Employee number", "Name", "Phone", "Account name")
STAFF_HEADINGS = ("Employee number", "Name", "Phone", "Role", "Account name")


def saved(book: Workbook) -> bytes:
    """Return the file of a workbook."""
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def workbook(headings: Sequence[Any], *rows: Sequence[Any]) -> bytes:
    """Return a workbook with one sheet of these rows under these headings."""
    book = Workbook()
    for row in (headings, *rows):
        book.worksheets[0].append(list(row))
    return saved(book)


def filled_in(template: bytes, rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a template with rows typed under its headings, as a person leaves it."""
    book = load_workbook(BytesIO(template))
    for line, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            book.worksheets[0].cell(row=line, column=column, value=value)
    return saved(book)


def upload(data: bytes, name: str = "people.xlsx") -> dict[str, object]:
    """Return a file as the form of an import sends it."""
    return {"file": (BytesIO(data), name)}
