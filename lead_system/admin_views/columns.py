"""What a list shows of its rows: one definition for the screen and for the exported workbook.

A value's type says how it is written in both. Plain text is what people typed; `Markup` is what we say
ourselves, perhaps around what people typed. Whole numbers, yuan (`Decimal`), moments and days stay what
they are, so that a workbook can calculate with them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from lead_system.admin_views.base import present
from lead_system.admin_views.workbook import Cell
from lead_system.models import Lead
from lead_system.queries.leads import ListedLead
from lead_system.queries.sorting import Through
from lead_system.web.filters import day, exact, money, phone7
from lead_system.web.words import word

LONG_TEXT = 60
"""Characters from which the screen may cut a text; the pointer is told the whole of it."""

Value = str | Markup | int | Decimal | datetime | date | None


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its heading, the value of a row, what the list is sorted by, where the value leads."""

    name: str
    title: Any
    value: Callable[[Any], Value]
    order: Any = None
    link: Callable[[Any], str | None] | None = None
    look: str = ""
    """CSS classes of the cell."""

    hint: Callable[[Any], str] | None = None
    """What the pointer is told over the value; nothing that the value itself does not imply."""

    def cell(self, row: Any) -> Cell:
        """Return what the workbook gets: the value, of our own words the bare text."""
        value = self.value(row)
        return _bare(value) if isinstance(value, Markup) else value

    def html(self, row: Any) -> str:
        """Return what the screen gets: marked where people typed it, a link where it leads somewhere."""
        value = self.value(row)
        if value is None or value == "":
            return '<span class="faint">–</span>'
        address = self.link(row) if self.link else None
        text = _as_html(value, self.hint(row) if self.hint else "")
        return text if address is None else f'<a href="{escape(address)}">{text}</a>'


def _as_html(value: Value, hint: str) -> str:
    """Return a value as HTML in which nothing of others is left unescaped."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        whole = f' title="{escape(value)}"' if len(value) > LONG_TEXT else ""
        return f"<span data-user{whole}>{escape(value)}</span>"
    if isinstance(value, datetime):
        return exact(value, present(), hint)
    if isinstance(value, date):
        return f'<time datetime="{day(value)}">{day(value)}</time>'
    text = money(value) if isinstance(value, Decimal) else str(value)
    return f'<span class="figures">{escape(text)}</span>'


def cells_of(columns: Sequence[Column]) -> Callable[[Any], Markup]:
    """Return what writes a row's cells: one string for a row, since a template pays for each piece of a page.

    The first cell stays in sight while a wide table is moved.
    """
    tags = [
        f'<td class="{escape(column.look)}{"" if n else " pin-start"}">' for n, column in enumerate(columns)
    ]
    parts = list(zip(tags, columns, strict=True))

    def cells(row: Any) -> Markup:
        written = "".join([f"{tag}{column.html(row)}</td>" for tag, column in parts])
        return Markup(written)  # noqa: S704 - `Column.html` has escaped what is not ours

    return cells


def ours(text: object) -> Markup:
    """Return our own words as a value, so that they are not taken for what people typed."""
    return escape(str(text))


def badge(member: StrEnum) -> Markup:
    """Return a status as a word in its colour."""
    return _badge(member.value, word(member))


@lru_cache(maxsize=200)
def _badge(name: str, text: str) -> Markup:
    return Markup('<span class="badge badge-%s">%s</span>') % (name, text)


@lru_cache(maxsize=200)
def _bare(value: Markup) -> str:
    """Return what our own words say; a long table has few that differ."""
    return value.striptags()


def joined(parts: list[Markup]) -> Markup | None:
    """Return several short remarks as one value; None where there is none."""
    return Markup(" · ").join(parts) if parts else None


def phones(lead: Lead | ListedLead) -> str:
    """Return a customer's phones as they may be seen, the second after the first."""
    return ", ".join(phone7(phone) for phone in (lead.phone1, lead.phone2) if phone)


def of_account(column: Any, owner: Any) -> Through:
    """Return a value of the account that a row refers to, to sort by."""
    return Through.to(column, owner)


def of_lead(column: Any, owner: Any) -> Through:
    """Return a value of the customer that a row refers to, to sort by."""
    return Through.to(column, owner)
