"""Uploaded workbooks: the one way in which they are opened, and what of a sheet is read.

What an upload claims to be does not count, and how large it is says little: a few kilobytes can unpack into
gigabytes. So a package is measured before anything of it is unpacked, its parts are looked at before a
parser sees them, only those are parsed that rows need, and rows are read one by one. People's cells are read
as what they show: a phone that Excel keeps as the number 13800000000.0 is text again, and what cannot be
text says so beside its row.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from io import BytesIO
from math import isfinite
from typing import Any, cast
from zipfile import ZipFile

from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.workbook import Workbook
from werkzeug.datastructures import FileStorage

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import without_full_numbers
from lead_system.domain.imports import LONGEST_CELL, MOST_ROWS, Fault, SheetRow

MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 2
"""Largest workbook that is looked at."""

MOST_UNPACKED_MEGABYTES = 16
"""Largest that its parts may be together; a thousand rows are less than one."""

MOST_PARTS = 500
MOST_MARKS = 120_000
"""XML tags of all parts together, each of which costs time and memory; a thousand rows have a third."""

MOST_SHEETS = 100
MOST_COLUMNS = 50
LAST_LINE = 1_048_576
"""Excel's own last row; a file may claim any."""

EXACT_DIGITS = 10**15
"""From here on Excel has lost digits of a number."""

_OLD_PACKAGE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED_PART = "EncryptedPackage".encode("utf-16-le")
"""How a workbook with a password names its content, inside the package of Excel 97."""

_DOCUMENT_TYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref=[\"']([A-Z0-9:]+)[\"']")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MARKS = str.maketrans({"’": "'", "*": "", "＊": ""})

Titles = Mapping[str, Sequence[str]]
"""For each field the headings that mean it, in each language; the first is the one that is shown."""


def read_workbook(upload: FileStorage | None, titles: Titles) -> list[SheetRow]:
    """Return the rows of the first visible sheet that has these headings; blank rows are none.

    Raises:
        Refused: FILE_MISSING, FILE_TOO_LARGE, FILE_LOCKED for one with a password, FILE_NOT_WORKBOOK (also
            for the name of something else), SHEET_MISSING, HEADINGS_MISSING, HEADING_UNKNOWN, HEADING_TWICE,
            CELLS_MERGED, ROWS_MISSING or ROWS_TOO_MANY. The fact `field` is "file".
    """
    data = upload.read(MOST_MEGABYTES * MEGABYTE + 1) if upload is not None else b""
    if not data:
        raise _refused(RefusalCode.FILE_MISSING)
    if upload is None or not (upload.filename or "").strip().lower().endswith(".xlsx"):
        raise _refused(RefusalCode.FILE_NOT_WORKBOOK)
    try:
        _require_harmless(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of what a template of ours never has, and is not looked at.
            reader = _SheetReader(BytesIO(data), read_only=True, keep_links=False)
            with closing(reader.archive):
                reader.read()
                return _read_rows(reader.wb, titles)
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - a broken workbook makes openpyxl raise nearly anything
        raise _refused(RefusalCode.FILE_NOT_WORKBOOK) from None


def _refused(code: RefusalCode, **facts: str | int) -> Refused:
    return Refused(code, field="file", **facts)


def _too_large() -> Refused:
    return _refused(RefusalCode.FILE_TOO_LARGE, limit=MOST_MEGABYTES, unpacked=MOST_UNPACKED_MEGABYTES)


def _require_harmless(data: bytes) -> None:
    """Refuse a package that is too large, also unpacked, is locked, or defines its own entities.

    A part never unpacks into more than its entry says: `zipfile` stops there.
    """
    if len(data) > MOST_MEGABYTES * MEGABYTE:
        raise _too_large()
    if data.startswith(_OLD_PACKAGE):
        is_locked = _LOCKED_PART in data
        raise _refused(RefusalCode.FILE_LOCKED if is_locked else RefusalCode.FILE_NOT_WORKBOOK)
    with ZipFile(BytesIO(data)) as package:
        parts = package.infolist()
        unpacked = sum(part.file_size for part in parts)
        if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED_MEGABYTES * MEGABYTE:
            raise _too_large()
        if any(part.flag_bits & 1 for part in parts):
            raise _refused(RefusalCode.FILE_LOCKED)
        _require_few_marks(package.read(part) for part in parts)


def _require_few_marks(sources: Iterable[bytes]) -> None:
    """Refuse parts that define entities of their own, or have more tags than can be parsed at once."""
    marks = 0
    for source in sources:
        if any(mark in source for mark in _DOCUMENT_TYPES):
            raise _refused(RefusalCode.FILE_NOT_WORKBOOK)
        marks += source.count(b"<")
        if marks > MOST_MARKS:
            raise _too_large()


class _SheetReader(ExcelReader):
    """openpyxl's reader without what rows do not need: charts with their pictures, properties, themes."""

    def read(self) -> None:
        """Read what the rows need, in openpyxl's order."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.read_worksheets()

    def read_worksheets(self) -> None:
        """List the sheets, unless there are so many, or one so often, that looking for ours takes minutes."""
        parts = [rel.target for _, rel in self.parser.find_sheets()]
        if len(parts) > MOST_SHEETS:
            raise _too_large()
        if len(set(parts)) < len(parts):
            raise _refused(RefusalCode.FILE_NOT_WORKBOOK)
        super().read_worksheets()

    def read_chartsheet(self, sheet: Any, rel: Any) -> None:
        """Leave out a sheet that is a chart."""


def _read_rows(book: Workbook, titles: Titles) -> list[SheetRow]:
    sheet, fields = _find_sheet(book, titles)
    merged = _MERGED.search(_source_of(sheet))
    if merged:
        raise _refused(RefusalCode.CELLS_MERGED, cells=merged.group(1).decode())
    rows: list[SheetRow] = []
    for row in _rows_below(sheet, fields):
        if len(rows) == MOST_ROWS:
            raise _refused(RefusalCode.ROWS_TOO_MANY, limit=MOST_ROWS)
        rows.append(row)
    if not rows:
        raise _refused(RefusalCode.ROWS_MISSING)
    return rows


def _find_sheet(book: Workbook, titles: Titles) -> tuple[Any, dict[int, str]]:
    """Return the first visible sheet with our headings, and which of its columns is which field.

    Where no sheet has them, the refusal speaks of the first one.
    """
    refusals = []
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            sheet.reset_dimensions()  # What a file says of its own size is not believed.
            try:
                headings = next(_lines(sheet, 1, MOST_COLUMNS), ())
                return sheet, _fields_of(headings, titles)
            except Refused as refused:
                refusals.append(refused)
    raise refusals[0] if refusals else _refused(RefusalCode.SHEET_MISSING)


def _lines(sheet: Any, last: int, columns: int) -> Iterator[tuple[Any, ...]]:
    return cast(Iterator[tuple[Any, ...]], sheet.iter_rows(max_row=last, max_col=columns))


def _source_of(sheet: Any) -> bytes:
    """Return the sheet's own part; read row by row, openpyxl does not say which cells are merged."""
    package: ZipFile = sheet.parent._archive  # noqa: SLF001 - there is no public door
    return package.read(sheet._worksheet_path)  # noqa: SLF001 - there is no public door


def _fields_of(headings: Sequence[Any], titles: Titles) -> dict[int, str]:
    meant = {_folded(title): field for field, names in titles.items() for title in names}
    fields: dict[int, str] = {}
    unknown = ""
    for column, cell in enumerate(headings):
        heading = _text_of(cell)[0].strip()
        field = meant.get(_folded(heading))
        if field in fields.values():
            raise _refused(RefusalCode.HEADING_TWICE, headings=titles[cast(str, field)][0])
        if field is not None:
            fields[column] = field
        elif heading:
            unknown = unknown or heading[:60]
    missing = [names[0] for field, names in titles.items() if field not in fields.values()]
    if missing:
        raise _refused(RefusalCode.HEADINGS_MISSING, headings=" · ".join(missing))
    if unknown:
        raise _refused(RefusalCode.HEADING_UNKNOWN, name=without_full_numbers(unknown))
    return fields


def _folded(heading: str) -> str:
    return "".join(unicodedata.normalize("NFKC", heading).translate(_MARKS).split()).casefold()


def _rows_below(sheet: Any, fields: Mapping[int, str]) -> Iterator[SheetRow]:
    """Give the rows under the headings that hold anything in our columns, with their numbers."""
    # One formatted cell at the bottom of a sheet makes a million rows: a blank one must cost next to nothing.
    for line, cells in enumerate(_lines(sheet, LAST_LINE, max(fields) + 1), 1):
        if line > 1 and any(cell is not EMPTY_CELL for cell in cells):
            row = _row_of(line, {field: cells[column] for column, field in fields.items()})
            if row.faults or any(text.strip() for text in row.cells.values()):
                yield row


def _row_of(line: int, cells: Mapping[str, Any]) -> SheetRow:
    read = {field: _text_of(cell) for field, cell in cells.items()}
    faults = tuple(
        Fault(code.value, {"field": field, "limit": LONGEST_CELL})
        for field, (_, code) in read.items()
        if code is not None
    )
    return SheetRow(line, {field: text for field, (text, _) in read.items()}, faults)


def _text_of(cell: Any) -> tuple[str, RefusalCode | None]:
    """Return what a cell shows, or as much of it as can be shown and why it cannot be read."""
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "f":
        return "", RefusalCode.CELL_HAS_FORMULA
    if isinstance(value, datetime | date | time | timedelta):
        return str(value), RefusalCode.CELL_IS_DATE
    if cell.data_type == "e" or isinstance(value, bool):
        return str(value), RefusalCode.CELL_UNREADABLE
    return _number(value) if isinstance(value, int | float) else _typed(str(value))


def _number(value: float) -> tuple[str, RefusalCode | None]:
    """Return the digits of a number, without the `.0` under which a whole one may be kept."""
    if not isfinite(value) or abs(value) >= EXACT_DIGITS:
        return "", RefusalCode.CELL_UNREADABLE
    return str(int(value)) if value == int(value) else repr(value), None


def _typed(raw: str) -> tuple[str, RefusalCode | None]:
    """Return a text; Excel writes signs that XML cannot hold as `_x0007_`."""
    text = _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), raw)
    if len(text) > LONGEST_CELL:
        return "", RefusalCode.TEXT_TOO_LONG
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\t\n\r" for c in text):
        return _ESCAPED.sub("", raw), RefusalCode.TEXT_NOT_READABLE
    return text, None
