"""The workbooks of imports: the template that people fill in, what its headings mean, the passwords made.

A template has two sheets: an empty one with the headings, and one that says what belongs into each column,
with an example that is therefore never imported. Whoever opens it reads the page's language; what comes
back is understood in every language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from lead_system.admin_views.columns import ours
from lead_system.admin_views.workbook import Cell, Sheet, write_workbook
from lead_system.domain.imports import FIELDS, MOST_ROWS, ImportKind, SheetRow
from lead_system.domain.roles import STAFF_ROLES
from lead_system.models import Account
from lead_system.web.language import in_each_language
from lead_system.web.words import word

_TEXT = "@"
_NEEDED, _OPTIONAL = PatternFill("solid", fgColor="DCE6FB"), PatternFill("solid", fgColor="ECEEF2")
_HINT_WIDTH = 60


@dataclass(frozen=True)
class SheetColumn:
    """One column of a template: its heading, what belongs into it, an example, its width in digits."""

    title: LazyString
    hint: LazyString
    example: LazyString | str
    width: int
    is_needed: bool = True


_NAME = SheetColumn(_l("Name"), _l("At most 30 letters; no digits."), _l("Lin Qing"), 18)
_BROKERAGE = {
    "name": SheetColumn(
        _l("Company name"),
        _l("At most 60 characters. Used for no other brokerage, now or before."),
        _l("Qinghe Homes"),
        32,
    ),
    "contact": SheetColumn(_l("Contact"), _l("At most 30 characters."), _l("Lin Qing"), 18, is_needed=False),
    "phone": SheetColumn(
        _l("Contact's phone"),
        _l("5 to 20 digits; spaces, hyphens, brackets and + may stand between them."),
        "028-8888 6666",
        20,
        is_needed=False,
    ),
    "address": SheetColumn(
        _l("Address"), _l("At most 120 characters."), _l("1 Tianfu Avenue, Chengdu"), 44, is_needed=False
    ),
}
_PERSON = {
    "employee_number": SheetColumn(
        _l("Employee number"),
        _l("1 to 20 letters, digits or hyphens. Used for nobody else, now or before."),
        "C-0101",
        20,
    ),
    "name": _NAME,
    "phone": SheetColumn(_l("Phone"), _l("The whole mobile number: eleven digits."), "13800000000", 18),
    "role": SheetColumn(
        _l("Role"),
        _l("Choose from the list in the cell."),
        LazyString(lambda: word(STAFF_ROLES[0])),
        16,
    ),
    "login": SheetColumn(
        _l("Account name"),
        _l("3 to 30 small letters, digits, dots, hyphens, underscores. Used for nobody else, now or before."),
        "lin.qing",
        24,
    ),
}


def sheet_columns(kind: ImportKind) -> dict[str, SheetColumn]:
    """Return the columns of a kind's workbook by their fields, in order."""
    columns = _BROKERAGE if kind is ImportKind.BROKERAGES else _PERSON
    return {field: columns[field] for field in FIELDS[kind]}


def titles_of(kind: ImportKind) -> dict[str, tuple[str, ...]]:
    """Return the headings that mean each field, in every language, the page's own first."""
    return {field: in_each_language(column.title) for field, column in sheet_columns(kind).items()}


def with_roles_read(rows: Sequence[SheetRow]) -> list[SheetRow]:
    """Return rows with roles as the rules know them, whichever language they were written in.

    A word that is no role stays as it is, and the rules refuse it.
    """
    roles = {
        said.casefold(): role.value
        for role in STAFF_ROLES
        for said in in_each_language(LazyString(lambda role=role: word(role)))
    }

    def read(cells: Mapping[str, str]) -> dict[str, str]:
        role = cells.get("role", "").strip()
        return {**cells, "role": roles.get(role.casefold(), role)} if "role" in cells else dict(cells)

    return [replace(row, cells=read(row.cells)) for row in rows]


# The template.


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


# The passwords.


def write_passwords(accounts: Sequence[Account], passwords: Mapping[str, str]) -> IO[bytes]:
    """Return the temporary passwords of new accounts as a workbook, for whoever hands them out."""
    sheet = Sheet(
        title=_("Temporary passwords"),
        headings=(_("Employee number"), _("Name"), _("Account name"), _("Temporary password")),
        about_title=_("About this file"),
        about=_about_passwords,
    )
    file = BytesIO()
    write_workbook(file, sheet, [_password_row(account, passwords) for account in accounts])
    file.seek(0)
    return file


def _password_row(account: Account, passwords: Mapping[str, str]) -> tuple[Cell, ...]:
    login = account.login or ""
    return account.employee_number, account.name, login, passwords.get(login, "")


def _about_passwords(rows: int) -> list[tuple[str, Cell]]:
    return [
        (_("Rows"), rows),
        (_("Passwords"), _("Each has to be changed at the first sign-in. Delete this file afterwards.")),
    ]


def shown_cell(field: str, text: str) -> str | Markup:
    """Return a cell of a row as a page shows it: a role in words, the rest as it was typed."""
    role = next((role for role in STAFF_ROLES if role == text), None) if field == "role" else None
    return text if role is None else ours(word(role))
