"""The one writer of .xlsx files: a sheet of rows and a sheet about them, at the same memory for any length.

Text is text, whatever it looks like. A customer may call himself `=1+1`, and what a cell shows must be what
was entered: never a formula, a link or a number that lost its leading zero. Numbers and dates are real ones,
so that they can be summed and sorted.
"""

import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from math import isfinite
from pathlib import Path
from string import ascii_uppercase
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from lead_system.domain.protection import SHANGHAI

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | int | Decimal | datetime | date | None
"""Text, a whole number, yuan, an aware moment, a day, or nothing."""

MONEY = "#,##0.00"
MOMENT = "yyyy-mm-dd hh:mm"
DAY = "yyyy-mm-dd"

TEXT_UNITS = 32_767
"""The longest text that Excel keeps in a cell, in UTF-16 units: an emoji counts as two."""

NAME_UNITS = 31
"""The longest name of a sheet, in UTF-16 units."""

ROWS_MEASURED = 200
"""How many rows decide how wide the columns are: all of them would have to be kept until the end."""

NARROWEST, WIDEST = 6, 60
_MARGIN, _FILTER_BUTTON = 2, 2

_NEWLINES = re.compile("\r\n?")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t")
_SEAMS = re.compile(r"(?<=_)(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True)
class Sheet:
    """What a workbook says beside its rows.

    `title` and `about_title` name the two sheets; what Excel forbids in a name is cleaned out of them.
    `about` is given the number of rows that were written, and returns the lines of the second sheet.
    """

    title: str
    headings: tuple[str, ...]
    about_title: str
    about: Callable[[int], Sequence[tuple[str, Cell]]]


def write_workbook(file: IO[bytes], sheet: Sheet, rows: Iterable[Sequence[Cell]]) -> int:
    """Write the rows, and the sheet about them, as an .xlsx file; returns how many rows were written.

    Rows are taken one by one and forgotten, at most 1 048 575 of them (Excel's own limit). Moments are shown
    as Shanghai's clocks do (R11), to the minute; yuan with two decimals; Excel keeps 15 digits of a number.
    Text beyond 32 767 characters is cut; characters that XML cannot hold are dropped. `file` gets nothing
    unless the whole workbook could be written, and no temporary file outlives the call.

    Raises:
        TypeError: a cell is of another type, a truth value included.
        ValueError: a moment has no time zone.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - most processes write no workbook

    with TemporaryDirectory(prefix="workbook-") as folder:
        path = Path(folder, "workbook.xlsx")
        with Workbook(path, {"constant_memory": True, "tmpdir": folder}) as book:
            written = _write_sheets(book, sheet, rows)
        with path.open("rb") as whole:
            shutil.copyfileobj(whole, file)
    return written


def _write_sheets(book: "Workbook", sheet: Sheet, rows: Iterable[Sequence[Cell]]) -> int:
    formats = _Formats(book)
    name, about_name = _sheet_names(sheet)
    table = LongTable(book.add_worksheet(name))
    cells_of = CellWriter(formats)
    written = _write_rows(table, formats, cells_of, sheet.headings, rows)
    about = LongTable(book.add_worksheet(about_name))
    _write_about(about, formats, cells_of, sheet.about(written))
    return written


def _write_rows(
    table: "LongTable",
    formats: "_Formats",
    cells_of: "CellWriter",
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
) -> int:
    coming = iter(rows)
    first = list(islice(coming, ROWS_MEASURED))
    table.append_row(1, [cells_of.text(heading, formats.heading) for heading in headings])
    written = 0
    for written, cells in enumerate(chain(first, coming), 1):
        table.append_row(written + 1, [cells_of.write(cell) for cell in cells])
    _set_widths(table, [_width(heading) + _FILTER_BUTTON for heading in headings], first)
    _finish_table(table, written, len(headings))
    return written


class LongTable:
    """A sheet whose rows come as XML, one after the other from the top.

    XlsxWriter keeps each cell as an object, checks it and names it before it is written, which takes four
    times as long; it still makes everything around the rows.
    """

    def __init__(self, worksheet: "Worksheet") -> None:
        self.worksheet = worksheet

    def append_row(self, number: int, cells: Sequence[str]) -> None:
        """Write the next row; a cell is what `CellWriter` made of it, blank where there is nothing."""
        named = [f'<c r="{name}{number}"{cell}' for name, cell in zip(_COLUMNS, cells, strict=False) if cell]
        sheet = self.worksheet
        sheet.row_data_fh.write(f'<row r="{number}">{"".join(named)}</row>')
        sheet.dim_rowmin, sheet.dim_rowmax = 0, number - 1
        sheet.dim_colmin, sheet.dim_colmax = 0, max(len(cells), 1) - 1


_COLUMNS = [f"{first}{second}" for first in ("", *ascii_uppercase) for second in ascii_uppercase]
"""The names of the columns, A to ZZ."""


class CellWriter:
    """Writes values as the XML of cells, without their name."""

    def __init__(self, formats: "_Formats") -> None:
        self._formats = formats
        looks = (formats.money, formats.moment, formats.day)
        self._money, self._moment, self._day = (_style(look) for look in looks)

    def write(self, cell: Cell) -> str:
        """Write a value as what it is."""
        match cell:
            case None:
                return ""
            case str():
                return self.text(cell)
            case bool():
                raise TypeError("A truth value has no words: say what it means as text.")
            case int():
                return _number(cell)
            case Decimal():
                return _number(float(cell), self._money)
            case datetime():
                return _number(_serial(_wall_time(cell)), self._moment)
            case date():
                return _number(_serial(datetime(cell.year, cell.month, cell.day)), self._day)  # noqa: DTZ001
            case _:
                raise TypeError(f"A cell cannot hold {type(cell).__name__}.")

    def text(self, text: str, look: "Format | None" = None) -> str:
        """Write a text that every reader gives back as it is, but for what XML cannot hold.

        Excel takes `_x0041_` for the letter A. Written in two pieces, it is not recognised.
        """
        text = _clean(text)
        if not text:
            return ""
        if look is None and text.startswith(_LIKE_A_FORMULA):
            look = self._formats.quoted
        style = _style(look) if look else ""
        pieces = _SEAMS.split(text) if "_x" in text else [text]
        if len(pieces) > 1:
            runs = "".join(f"<r>{_piece(piece)}</r>" for piece in pieces)
            return f'{style} t="inlineStr"><is>{runs}</is></c>'
        return f'{style} t="inlineStr"><is>{_piece(text)}</is></c>'


def _style(look: "Format") -> str:
    """Return the attribute by which a cell names its look."""
    return f' s="{look._get_xf_index()}"'  # noqa: SLF001 - there is no other way to ask


def _piece(text: str) -> str:
    """Write a text as an element; spaces around it and lines within it count."""
    keeps = "" if text.isprintable() and text[0] != " " and text[-1] != " " else ' xml:space="preserve"'
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<t{keeps}>{text}</t>"


def _number(number: float, style: str = "") -> str:
    if not isfinite(number):
        raise TypeError("A cell cannot hold what is no number.")
    return f"{style}><v>{number:.16G}</v></c>"


_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no zones
_FIRST_OF_MARCH = 61


def _serial(moment: datetime) -> float:
    """Return a moment in days as Excel counts them, for which 1900 was a leap year."""
    since = moment - _DAY_ZERO
    serial = since.days + (since.seconds + since.microseconds / 1e6) / 86400
    return serial if serial >= _FIRST_OF_MARCH else serial - 1


def _write_about(
    table: "LongTable", formats: "_Formats", cells_of: "CellWriter", lines: Sequence[tuple[str, Cell]]
) -> None:
    for number, (label, cell) in enumerate(lines, 1):
        table.append_row(number, [cells_of.text(label, formats.heading), cells_of.write(cell)])
    _set_widths(table, [0, 0], lines)


class _Formats:
    """How the cells of one workbook look."""

    def __init__(self, book: "Workbook") -> None:
        self.heading = book.add_format({"bold": True})
        # Excel then shows the text with an unseen apostrophe before it, and keeps it text when it is edited.
        self.quoted = book.add_format({"quote_prefix": True})
        self.money = book.add_format({"num_format": MONEY})
        self.moment = book.add_format({"num_format": MOMENT})
        self.day = book.add_format({"num_format": DAY})


def _set_widths(table: "LongTable", headings: Sequence[int], rows: Iterable[Sequence[Cell]]) -> None:
    """Make each column as wide as its heading, given as a width, and its cells in these rows."""
    widths = list(headings)
    for cells in rows:
        for column, cell in enumerate(cells):
            widths[column] = max(widths[column], _width(cell))
    for column, width in enumerate(widths):
        table.worksheet.set_column(column, column, min(max(width + _MARGIN, NARROWEST), WIDEST))


def _finish_table(table: "LongTable", rows: int, columns: int) -> None:
    """Keep the headings in sight, and let the reader filter and sort by each of them."""
    sheet = table.worksheet
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, columns - 1)
    # Phones and numbers with leading zeros are meant as text: no green corner says otherwise.
    sheet.ignore_errors({"number_stored_as_text": f"A1:{_COLUMNS[columns - 1]}{rows + 1}"})


def _wall_time(moment: datetime) -> datetime:
    """Return what a clock in Shanghai shows; Excel knows no zones."""
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be shown in Shanghai's.")
    return moment.astimezone(SHANGHAI).replace(tzinfo=None)


def _clean(text: str) -> str:
    """Drop what XML cannot hold, and what is beyond Excel's limit; every line ends with a newline alone."""
    if not text.isprintable():
        text = _NOT_IN_XML.sub("", _NEWLINES.sub("\n", text))
    return _cut(text, TEXT_UNITS)


def _cut(text: str, units: int) -> str:
    """Cut a text to so many UTF-16 units, without splitting a character."""
    if len(text) <= units // 2:
        return text
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def _sheet_names(sheet: Sheet) -> tuple[str, str]:
    """Return two names that Excel allows, and that it can tell apart."""
    name = _sheet_name(sheet.title) or "1"
    about = _sheet_name(sheet.about_title) or "2"
    if about.casefold() == name.casefold():
        about = _cut(about, NAME_UNITS - 2) + " 2"
    return name, about


def _sheet_name(title: str) -> str:
    """Return a title without what Excel forbids: some characters, apostrophes around it, and one word."""
    name = _cut(_NOT_IN_A_NAME.sub(" ", _clean(title)).strip(" '"), NAME_UNITS).strip(" '")
    return f"{name}_" if name.casefold() == "history" else name


def _width(cell: Cell) -> int:
    """Return how wide a cell is in digits; a Chinese character is as wide as two."""
    match cell:
        case None:
            return 0
        case str():
            return max(_text_width(line[:WIDEST]) for line in cell.split("\n"))
        case Decimal():
            return len(f"{cell:,.2f}")
        case datetime():
            return len(MOMENT)
        case date():
            return len(DAY)
        case _:
            return len(str(cell))


def _text_width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "FW" else 1 for character in line)
