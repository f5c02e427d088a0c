"""What the address of a list says: tab, search, what narrows it, order and page; and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import Field, Form

from lead_system.admin_views.base import BackOfficeView, number_in
from lead_system.admin_views.columns import Column
from lead_system.admin_views.searches import DayField
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.web.catalogue import Catalogue, spoken

LARGEST_PAGE = 1_000_000

PAGE_SIZES = (20, 50, 100)
PAGE_SIZE = 50
"""How many rows a page has unless its address says otherwise."""


@dataclass(frozen=True)
class Part:
    """Which part of the rows found a page shows, and in which order."""

    page: int = 0
    """Counted from 0; in addresses from 1."""

    size: int = PAGE_SIZE
    sort: int | None = None
    """By which of the list's columns; None is the list's own order."""

    is_descending: bool = False

    def in_address(self) -> dict[str, int]:
        """Return what an address says of it, without what is the default anyway."""
        said = {
            "page": (self.page + 1) * bool(self.page),
            "sort": self.sort,
            "desc": int(self.is_descending),
            "page_size": self.size * (self.size != PAGE_SIZE),
        }
        return {name: value for name, value in said.items() if value or (name == "sort" and value == 0)}


_FIRST = Part()


class ListState(BackOfficeView):
    """The state of a list, all of which stands in its address."""

    columns: ClassVar[tuple[Column, ...]]
    search_form_class: ClassVar[type[Form]]
    tab_argument: ClassVar[str] = ""
    tabs_title: ClassVar[Any] = _l("Tabs")
    tab_titles: ClassVar[Mapping[str, Any]] = {}
    """What the address calls a tab, and what the screen does; the first one is the default."""

    narrowing_arguments: ClassVar[Mapping[str, Any]] = {}
    """What other pages' figures add to the address to open their rows, and what that is called."""

    days_title: ClassVar[Any] = ""
    """Which moment the two days of the search are about; blank where the list has no such search."""

    def narrowed_to(self) -> Markup | None:
        """Say in words what the narrowing arguments leave of the list; None where there are none."""
        return None

    def search_form(self) -> Form:
        """Return the search fields as they were filled, checked once per request."""
        if "search_form" not in g:
            g.search_form = self.search_form_class(request.args)
            if not g.search_form.validate():
                for field in g.search_form:  # What was wrongly typed is not repeated on the page.
                    if field.errors:
                        field.data, field.raw_data = None, []
        return cast(Form, g.search_form)

    def search_fields(self) -> Markup:
        """Return the search fields for the page, the days after the others."""
        fields = sorted(self.search_form(), key=lambda field: isinstance(field, DayField))
        return Markup("\n").join([self._written(field) for field in fields])

    def _written(self, field: Field) -> Markup:
        """Write a field; one that nobody has filled in is the same for everybody, and written once."""
        if field.errors or field.data not in {None, ""}:
            return _as_html(field, self.label_of(field))
        key = field.name, spoken()
        if key not in self._blank_fields:
            self._blank_fields[key] = _as_html(field, self.label_of(field))
        return self._blank_fields[key]

    @cached_property
    def _blank_fields(self) -> dict[tuple[str, Catalogue], Markup]:
        """The fields as they are before anybody searches, in each language that was asked for."""
        return {}

    def search_values(self) -> dict[str, Any]:
        """Return the search fields that are filled, as a query takes them."""
        return {field.name: field.data for field in self.search_form() if field.data not in (None, "")}

    def search_kept(self) -> dict[str, str]:
        """Return the search fields that are filled, for the links of the page."""
        values = self.search_values()
        return {n: v.isoformat() if isinstance(v, date) else str(v) for n, v in values.items()}

    def narrowing_kept(self) -> dict[str, str]:
        """Return the narrowing arguments of the address, for the links of the page."""
        given = request.args.items()
        return {name: value for name, value in given if value and name in self.narrowing_arguments}

    def chosen_tab(self) -> str:
        """Return what the address calls the chosen tab, or the default one; blank where there are none.

        Raises:
            Refused: NOT_FOUND for a tab that does not exist.
        """
        default = next(iter(self.tab_titles), "")
        tab = request.args.get(self.tab_argument) or default
        if self.tab_titles and tab not in self.tab_titles:
            raise Refused(RefusalCode.NOT_FOUND)
        return tab

    def tab_argument_kept(self) -> dict[str, str]:
        """Return the chosen tab for the links of the page, unless it is the default one."""
        tab = self.chosen_tab()
        return {} if tab == next(iter(self.tab_titles), "") else {self.tab_argument: tab}

    def kept(self) -> dict[str, str]:
        """Return everything of the address that says which rows are found."""
        return self.tab_argument_kept() | self.narrowing_kept() | self.search_kept()

    def state(self) -> dict[str, str]:
        """Return everything that says which rows are found, the default tab included."""
        return ({self.tab_argument: self.chosen_tab()} if self.tab_titles else {}) | self.kept()

    def part(self) -> Part:
        """Read from the address which part of the rows is shown; unknown arguments are dropped.

        Raises:
            Refused: NOT_FOUND for a page that is no number or below 1. One beyond the last is the last one,
                because rows leave a tab while somebody works through it.
        """
        page = number_in(request.args.get("page", "1"))
        if not 1 <= page <= LARGEST_PAGE:
            raise Refused(RefusalCode.NOT_FOUND)
        size = request.args.get("page_size", 0, type=int)
        sort = request.args.get("sort", type=int)
        is_known = sort is not None and 0 <= sort < len(self.columns)
        return Part(
            page - 1,
            size if size in PAGE_SIZES else PAGE_SIZE,
            sort if is_known else None,
            is_descending=request.args.get("desc") == "1",
        )

    def address(self, kept: Mapping[str, str], part: Part = _FIRST, *, page: str = ".index_view") -> str:
        """Return the address of this list in a state."""
        arguments = {**part.in_address(), **kept}
        here: str = self.get_url(page)
        return f"{here}?{urlencode(arguments)}" if arguments else here

    def filter_lines(self) -> list[tuple[str, str]]:
        """Return what the list was narrowed to, in the words of the screen."""
        narrowed = self.narrowed_to()
        only = [(_("Only"), narrowed.striptags())] if narrowed else []
        kept = {self.tab_argument: self.chosen_tab()} | self.search_kept()
        return [*only, *self.filter_in_words(kept)]

    def label_of(self, field: Field) -> str:
        """Return what a search field is called; the two days say which moment they are about."""
        label = str(field.label.text)
        return f"{self.days_title} {label}" if isinstance(field, DayField) else label

    def narrowing_word(self, name: str, value: str) -> str:
        """Return what a narrowing argument says in words; a number speaks for itself."""
        del name
        return value

    def filter_in_words(self, kept: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return what an address of this list narrows it to: each condition as the screen calls it."""
        lines = []
        if kept.get(self.tab_argument) in self.tab_titles:
            lines.append((str(self.tabs_title), str(self.tab_titles[kept[self.tab_argument]])))
        narrowed = {name: kept[name] for name in self.narrowing_arguments if name in kept}
        lines += [(str(self.narrowing_arguments[n]), self.narrowing_word(n, v)) for n, v in narrowed.items()]
        for one in self.search_form_class():
            if one.name in kept:
                words = {choice.value: choice.label for choice in getattr(one, "choices", None) or ()}
                lines.append((self.label_of(one), str(words.get(kept[one.name], kept[one.name]))))
        return lines


def _as_html(field: Field, label: str) -> Markup:
    """Write a search field; what is wrong with it stands under all of them."""
    said = {"aria-describedby": "search-error", "aria-invalid": "true"} if field.errors else {}
    written = Markup('<div class="field"><label for="{}">{}</label>{}</div>')
    return written.format(field.id, label, field(**said))
