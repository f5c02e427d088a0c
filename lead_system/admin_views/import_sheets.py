"""The workbooks of imports: their columns, what the headings mean, and the passwords made.

What comes back is understood in every language, whichever the template was written in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from lead_system.admin_views.columns import ours
from lead_system.admin_views.workbook import Cell, Sheet, write_workbook
from lead_system.domain.imports import FIELDS, ImportKind, SheetRow
from lead_system.domain.roles import STAFF_ROLES
from lead_system.models import Account
from lead_system.web.language import in_each_language
from lead_system.web.words import word


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
