"""What a list shows of its rows: one definition for the screen and for the exported workbook.

A value's type says how it is written in both. Plain text is what people typed; `Markup` is what we say
ourselves, perhaps around what people typed. Whole numbers, yuan (`Decimal`), moments and days stay what
they are, so that a workbook can calculate with them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from markupsafe import Markup, escape

from lead_system.admin_views.workbook import Cell
from lead_system.models import Lead
from lead_system.queries.listed_leads import ListedLead
from lead_system.queries.sorting import Through
from lead_system.web.addresses import url_with_number
from lead_system.web.filters import phone7
from lead_system.web.words import word

Value = str | Markup | int | Decimal | datetime | date | None


@dataclass(frozen=True)
class PageOf:
    """The page about something that has a number, to which a cell or a button of each row leads."""

    endpoint: str
    number: Callable[[Any], int] = attrgetter("id")
    argument: str = "id"
    more: tuple[tuple[str, str], ...] = ()

    def addresses(self) -> Callable[[Any], str]:
        """Return what writes its address for a row, as HTML."""
        address = escape(url_with_number(self.endpoint, self.argument, **dict(self.more)))
        pattern, number = str(address), self.number
        return lambda row: pattern % number(row)


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its heading, the value of a row, what the list is sorted by, where the value leads."""

    name: str
    title: Any
    value: Callable[[Any], Value]
    order: Any = None
    link: PageOf | None = None
    look: str = ""
    """CSS classes of the cell."""

    hint: Callable[[Any], str] | None = None
    """What the pointer is told over the value; nothing that the value itself does not imply."""

    def cell(self, row: Any) -> Cell:
        """Return what the workbook gets: the value, of our own words the bare text."""
        value = self.value(row)
        return _bare(value) if isinstance(value, Markup) else value


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
