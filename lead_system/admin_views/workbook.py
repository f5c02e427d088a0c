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
from pathlib import Path
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
_SEAMS = re.compile(r"(?<=_)(?=x[0-9A-Fa-f]{4}_)|(?<=\A<)(?=r>)")


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
    written = _write_rows(_Page(book.add_worksheet(name), formats), sheet.headings, rows)
    _write_about(_Page(book.add_worksheet(about_name), formats), sheet.about(written))
    return written


def _write_rows(page: "_Page", headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    coming = iter(rows)
    first = list(islice(coming, ROWS_MEASURED))
    for column, heading in enumerate(headings):
        page.write_text(0, column, heading, page.formats.heading)
    written = 0
    for written, cells in enumerate(chain(first, coming), 1):
        for column, cell in enumerate(cells):
            page.write(written, column, cell)
    page.set_widths([_width(heading) + _FILTER_BUTTON for heading in headings], first)
    page.finish_table(written, len(headings))
    return written


def _write_about(page: "_Page", lines: Sequence[tuple[str, Cell]]) -> None:
    for row, (label, cell) in enumerate(lines):
        page.write_text(row, 0, label, page.formats.heading)
        page.write(row, 1, cell)
    page.set_widths([0, 0], lines)


class _Formats:
    """How the cells of one workbook look."""

    def __init__(self, book: "Workbook") -> None:
        self.heading: Format = book.add_format({"bold": True})
        self.plain: Format = book.add_format()
        # Excel then shows the text with an unseen apostrophe before it, and keeps it text when it is edited.
        self.quoted: Format = book.add_format({"quote_prefix": True})
        self.money: Format = book.add_format({"num_format": MONEY})
        self.moment: Format = book.add_format({"num_format": MOMENT})
        self.day: Format = book.add_format({"num_format": DAY})


class _Page:
    """One sheet while it is being written, row by row from the top."""

    def __init__(self, worksheet: "Worksheet", formats: _Formats) -> None:
        self.formats = formats
        self._worksheet = worksheet

    def write(self, row: int, column: int, cell: Cell) -> None:
        """Write a value as what it is."""
        match cell:
            case None:
                pass
            case str():
                self.write_text(row, column, cell)
            case bool():
                raise TypeError("A truth value has no words: say what it means as text.")
            case int():
                self._worksheet.write_number(row, column, cell)
            case Decimal():
                self._worksheet.write_number(row, column, float(cell), self.formats.money)
            case datetime():
                self._worksheet.write_datetime(row, column, _wall_time(cell), self.formats.moment)
            case date():
                self._worksheet.write_datetime(row, column, cell, self.formats.day)
            case _:
                raise TypeError(f"A cell cannot hold {type(cell).__name__}.")

    def write_text(self, row: int, column: int, text: str, look: "Format | None" = None) -> None:
        """Write a text that every reader gives back as it is, but for what XML cannot hold.

        Two kinds of text need care. Excel takes `_x0041_` for the letter A; XlsxWriter hides that from it,
        but not where two share an underscore, and other readers show what it hid. And `<r>…</r>` is written
        by XlsxWriter as it stands, as markup. Written in two pieces, neither is recognised.
        """
        text = _clean(text)
        if not text:
            return
        if look is None and text.startswith(_LIKE_A_FORMULA):
            look = self.formats.quoted
        if "_x" in text or text.startswith("<r>"):
            pieces = _SEAMS.split(text)
            if len(pieces) > 1:
                run = look or self.formats.plain
                runs = chain.from_iterable((run, piece) for piece in pieces)
                self._worksheet.write_rich_string(row, column, *runs, look or self.formats.plain)
                return
        self._worksheet.write_string(row, column, text, look)

    def set_widths(self, headings: Sequence[int], rows: Iterable[Sequence[Cell]]) -> None:
        """Make each column as wide as its heading, given as a width, and its cells in these rows."""
        widths = list(headings)
        for cells in rows:
            for column, cell in enumerate(cells):
                widths[column] = max(widths[column], _width(cell))
        for column, width in enumerate(widths):
            self._worksheet.set_column(column, column, min(max(width + _MARGIN, NARROWEST), WIDEST))

    def finish_table(self, rows: int, columns: int) -> None:
        """Keep the headings in sight, and let the reader filter and sort by each of them."""
        from xlsxwriter.utility import xl_range  # noqa: PLC0415 - as in write_workbook

        self._worksheet.freeze_panes(1, 0)
        self._worksheet.autofilter(0, 0, rows, columns - 1)
        # Phones and numbers with leading zeros are meant as text: no green corner says otherwise.
        self._worksheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, rows, columns - 1)})


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
