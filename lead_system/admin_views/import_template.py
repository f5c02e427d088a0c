"""The workbook that people fill in before an import.

It has two sheets: an empty one with the headings, and one that says what belongs into each column, with an
example that is therefore never imported. Whoever opens it reads the page's language.

Behind one button stands one of the largest libraries here, so this module is imported when that is pressed.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import IO

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from lead_system.admin_views.import_sheets import SheetColumn, sheet_columns
from lead_system.domain.imports import MOST_ROWS, ImportKind
from lead_system.domain.roles import STAFF_ROLES
from lead_system.web.words import word

_TEXT = "@"
_NEEDED, _OPTIONAL = PatternFill("solid", fgColor="DCE6FB"), PatternFill("solid", fgColor="ECEEF2")
_HINT_WIDTH = 60


def write_template(kind: ImportKind, title: str) -> IO[bytes]:
    """Return the workbook that people fill in, in the page's language."""
    book = Workbook()
    filled_in = book.worksheets[0]
    filled_in.title = title
    columns = sheet_columns(kind)
    _write_headings(filled_in, [(str(c.title), c.width, c.is_needed) for c in columns.values()])
    for number, field in enumerate(columns, 1):
        # As text Excel keeps leading zeros, and makes no dates of what looks like one.
        filled_in.column_dimensions[get_column_letter(number)].number_format = _TEXT
        if field == "role":
            filled_in.add_data_validation(_role_choice(get_column_letter(number)))
    _write_hints(book.create_sheet(_("How to fill it in")), columns)
    file = BytesIO()
    book.save(file)
    file.seek(0)
    return file


def _write_headings(sheet: Worksheet, headings: Sequence[tuple[str, int, bool]]) -> None:
    for number, (title, width, is_needed) in enumerate(headings, 1):
        cell = sheet.cell(row=1, column=number, value=title)
        cell.font, cell.fill = Font(bold=True), _NEEDED if is_needed else _OPTIONAL
        cell.number_format = _TEXT
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"


def _role_choice(letter: str) -> DataValidation:
    words = ",".join(word(role) for role in STAFF_ROLES)
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=True)
    choice.errorTitle, choice.error = _("Role"), _("Choose one of the roles in the list.")
    choice.add(f"{letter}2:{letter}{MOST_ROWS + 1}")
    return choice


def _write_hints(sheet: Worksheet, columns: Mapping[str, SheetColumn]) -> None:
    """Say what belongs into each column; a sheet with these headings is never imported."""
    headings = (
        (_("Column"), 20, True),
        (_("Needed?"), 10, True),
        (_("What belongs there"), _HINT_WIDTH, True),
        (_("Example"), 28, True),
    )
    _write_headings(sheet, headings)
    for column in columns.values():
        needed = _("Yes") if column.is_needed else _("May be blank")
        sheet.append([str(column.title), needed, str(column.hint), str(column.example)])
    sheet.append([])
    for line in (
        _("Fill in the first sheet, one row each. This sheet is not imported."),
        _("At most 1,000 rows. No formulas, no merged cells, no further columns."),
    ):
        sheet.append([line])
    for row in sheet.iter_rows(min_row=2, max_row=len(columns) + 1):
        for cell in row:
            cell.number_format, cell.alignment = _TEXT, Alignment(wrap_text=True, vertical="top")
