"""A list of the back office: tabs, labelled search fields, sorting and paging, all of it in the address.

A list says which rows there are (`found`) and how one is shown (`columns`); the screen and the workbook
follow from that.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple, cast

from flask import flash, g, redirect, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, select
from wtforms import Form

from lead_system.admin_views.base import Answer, number_in, numbers_in, present
from lead_system.admin_views.columns import Column
from lead_system.admin_views.exports import ExportedList
from lead_system.admin_views.list_state import PAGE_SIZE, PAGE_SIZES, ListState, Part
from lead_system.admin_views.rows import RowLink, rows_written
from lead_system.admin_views.workbook import Cell
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.queries.paging import (
    Stretch,
    Total,
    counted,
    counted_to_the_end,
    ids_between,
    ids_of,
    loaded,
    pages_of,
)
from lead_system.queries.sorting import in_order, in_stretches
from lead_system.services.exports import ROWS_OF_AN_EXPORT
from lead_system.web.meanings import Meaning, meanings
from lead_system.web.sentences import sentence


@dataclass(frozen=True)
class Tab:
    """One tab above a list, with the number of rows behind it."""

    title: str
    url: str
    count: Total
    is_chosen: bool


@dataclass(frozen=True)
class NextStep:
    """The page on which something can be done for a list that has no rows; open to whoever sees the list."""

    title: Any
    endpoint: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Preset:
    """A range of days that people often want, one click away."""

    title: str
    url: str
    is_chosen: bool


class _Page(NamedTuple):
    """The rows of one page as the columns read them, and its place among how many."""

    rows: Sequence[Any]
    total: Total
    number: int
    """Counted from 0."""

    pages: int


_NO_ROWS = _Page((), Total(0), 0, 1)


class Heading(NamedTuple):
    """The heading of a column."""

    title: str
    look: str
    url: str
    """What sorts the list by it; blank where nothing does."""

    sorts: str
    """In which way it sorts the list now, in ARIA's words; blank where it does not."""


class ListView(ListState, ExportedList, ModelView):  # type: ignore[misc]
    """A list whose state stands in the address.

    Flask-Admin's forms, inline editing, deletion and export stay off: a row changes by a service only.
    """

    can_create = can_edit = can_delete = can_export = False
    form = Form  # An empty one: Flask-Admin need not make any out of the table.
    page_sizes = PAGE_SIZES
    column_sortable_list = ()
    column_display_actions = False
    action_disallowed_list = ("delete",)
    list_template = "admin/list.html"

    about: ClassVar[Any] = ""
    """One sentence under the heading."""

    advice: ClassVar[Any] = ""
    """What an empty list says: when rows will come, or what to do for it."""

    next_step: ClassVar[NextStep | None] = None
    """The button under that advice."""

    explained: ClassVar[tuple[StrEnum, ...]] = ()
    """The words of this list that the glossary above it explains."""

    row_links: ClassVar[tuple[RowLink, ...]] = ()
    """The buttons at the end of each row."""

    has_row_end: ClassVar[bool] = False
    """Whether the list's template writes the ends of its rows by itself, with more than links."""

    # What a subclass says about its rows.

    @abstractmethod
    def visible(self) -> ColumnElement[bool]:
        """Return the condition of `queries.scope` for the rows that the actor may see."""

    @abstractmethod
    def found(self) -> Select[Any]:
        """Return the rows of this list in their order: visible, in the chosen tab, fitting the search."""

    def newest_ids(self) -> Stretch:
        """Return the ids of the rows of this list in its own order."""
        return ids_of(self.found())

    def count(self) -> int:
        """Return how many rows are found, however many."""
        return counted_to_the_end(self.found())

    def total(self) -> Total:
        """Return how many rows are found, as far as they are counted; with tabs they have been already."""
        if self.tab_titles:
            return Total.of(self._counts_of_tabs()[self.chosen_tab()])
        return counted(self.found())

    def shown(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return rows as the columns read them, with what is looked up once for all of them."""
        return rows

    def loaded(self, ids: Sequence[int]) -> Sequence[Any]:
        """Return the rows of one page as the columns read them; the scope has let their ids through."""
        return self.shown(loaded(self.found(), ids))

    def tab_counts(self) -> Mapping[str, int]:
        """Return for each tab how many rows it has under the present search."""
        return {}

    def _counts_of_tabs(self) -> Mapping[str, int]:
        """Return the counts of the tabs, asked once for each page."""
        if "counts_of_tabs" not in g:
            g.counts_of_tabs = self.tab_counts()
        return cast(Mapping[str, int], g.counts_of_tabs)

    def tabs(self) -> list[Tab]:
        """Return the tabs with their counts; none where the list has none."""
        counts = self._counts_of_tabs() if self.tab_titles else {}
        return [
            Tab(str(title), self.tab_url(name), Total.of(counts[name]), is_chosen=name == self.chosen_tab())
            for name, title in self.tab_titles.items()
        ]

    def columns_shown(self) -> tuple[Column, ...]:
        """Return the columns of the chosen tab."""
        return self.columns

    def glossary(self) -> Sequence[Meaning]:
        """Return what the words of this list mean."""
        return meanings(*self.explained)

    def sums(self) -> list[tuple[str, Cell]]:
        """Return figures about all rows found, for the head of the list and the workbook's second sheet."""
        return []

    # What Flask-Admin asks.

    def get_list_columns(self) -> list[tuple[str, Any]]:
        """Return names and headings, by whose order the address names what the list is sorted by."""
        return [(column.name, column.title) for column in self.columns]

    def get_query(self) -> Any:
        """Return the rows within the actor's scope."""
        return db.session.query(self.model).filter(self.visible())

    def get_count_query(self) -> Any:
        """Count the rows within the actor's scope, with `count(*)`: the stock query binds a text instead."""
        return db.session.query(func.count()).select_from(self.model).filter(self.visible())

    def get_one(self, id: str) -> Any:  # noqa: A002 - Flask-Admin's name
        """Return one row within the actor's scope.

        Raises:
            Refused: NOT_FOUND for another's row, as for one that does not exist (R12).
        """
        row = db.session.scalar(select(self.model).where(self.model.id == number_in(id), self.visible()))
        if row is None:
            raise Refused(RefusalCode.NOT_FOUND)
        return row

    def found_in_order(self) -> Select[Any]:
        """Return the rows found in the order that the address asks for."""
        return self.in_order_of_address(self.found())

    def in_order_of_address(self, found: Select[Any]) -> Select[Any]:
        """Return rows, given in their own order, in the order that the address asks for."""
        part = self.part()
        order = None if part.sort is None else self.columns[part.sort].order
        if order is None:
            return found
        return in_order(found, order, is_descending=part.is_descending)

    def _stretches(self, part: Part) -> list[Stretch]:
        """Return the ids of the rows found in the wanted order, or their own."""
        order = None if part.sort is None else self.columns[part.sort].order
        if order is None:
            return [self.newest_ids()]
        return [ids_of(one) for one in in_stretches(self.found(), order, is_descending=part.is_descending)]

    def _rows_of(self, part: Part) -> "_Page":
        """Return the rows of one page, and how many there are; a page beyond the last is the last."""
        stretches, size, page = self._stretches(part), part.size, part.page
        total = self.total()
        page = page if total.is_cut else min(page, pages_of(total, size) - 1)
        ids = ids_between(stretches, page * size, (page + 1) * size + 1, total=total)
        if page and not ids:
            total = Total(self.count())
            page = pages_of(total, size) - 1
            ids = ids_between(stretches, page * size, (page + 1) * size, total=total)
        pages = max(pages_of(total, size), page + 1 + (len(ids) > size))
        return _Page(self.loaded(ids[:size]), total, page, pages)

    # The page.

    def unanswered_search(self) -> Answer | None:
        """Return the page that says why a search cannot be answered; None where it can."""
        return self.index_view() if self.search_form().errors else None

    def tab_url(self, tab: str) -> str:
        """Return the address of a tab under the present search; the default one needs no name."""
        named = {} if tab == next(iter(self.tab_titles)) else {self.tab_argument: tab}
        return self.address(named | self.narrowing_kept() | self.search_kept())

    @expose("/")
    def index_view(self) -> Answer:
        """Show one page of the list; a search that cannot be answered says why and shows no rows."""
        part, is_wrong = self.part(), bool(self.search_form().errors)
        searching = self._searching(part)
        found = _NO_ROWS if is_wrong else self._rows_of(part)
        page = self.render(
            self.list_template, **searching, **self._showing(found, part), **self._moving(part)
        )
        return (page, HTTPStatus.UNPROCESSABLE_ENTITY) if is_wrong else page

    def _showing(self, found: "_Page", part: Part) -> dict[str, Any]:
        """Return what the table needs: rows, headings, and what can be done with a selection."""
        columns, actions, kept = self.columns_shown(), self.get_actions_list()[0], self.kept()
        written = rows_written(columns, self.row_links, can_be_ticked=bool(actions))
        return {
            "tabs": self.tabs(),
            "count": found.total,
            "sums": self.sums() if found is not _NO_ROWS else [],
            "headings": [self._heading(column, part, kept) for column in columns],
            "has_row_end": bool(self.row_links) or self.has_row_end,
            "rows": [(row, written(row)) for row in found.rows],
            "actions": actions,
            "page": found.number,
            "num_pages": found.pages,
            "is_last_known": not found.total.is_cut,
        }

    def _heading(self, column: Column, part: Part, kept: Mapping[str, str]) -> Heading:
        """Return a heading; the address counts all columns of the list, whether they are shown or not."""
        if column.order is None:
            return Heading(str(column.title), column.look, "", "")
        place = self.columns.index(column)
        is_sorted = part.sort == place
        turned = Part(0, part.size, place, is_descending=is_sorted and not part.is_descending)
        said = ("descending" if part.is_descending else "ascending") if is_sorted else ""
        return Heading(str(column.title), column.look, self.address(kept, turned), said)

    def _searching(self, part: Part) -> dict[str, Any]:
        """Return what the search fields need: their errors, what a new search keeps, and the way out."""
        form = self.search_form()
        errors = [str(error) for errors in form.errors.values() for error in errors]
        first, tab, narrowed = replace(part, page=0), self.tab_argument_kept(), self.narrowing_kept()
        return {
            "search_error": errors[0] if errors else "",
            "is_searching": bool(self.search_kept() or narrowed or errors),
            "kept_args": tab | narrowed | first.in_address(),
            "clear_url": self.address(tab, first),
            "tabs_title": self.tabs_title,
            "narrowed_to": self.narrowed_to(),
            "presets": self._presets(first),
        }

    def _presets(self, first: Part) -> list[Preset]:
        """Return today, the last seven days and this month, where the list can be narrowed to days."""
        if not self.days_title:
            return []
        today, kept, searched = shanghai_day(present()), self.kept(), self.search_kept().items()
        ranges = (
            (_("Today"), today),
            (_("Last 7 days"), today - timedelta(days=6)),
            (_("This month"), today.replace(day=1)),
        )
        presets = []
        for title, first_day in ranges:
            days = {"first_day": first_day.isoformat(), "last_day": today.isoformat()}
            presets.append(Preset(title, self.address(kept | days, first), days.items() <= searched))
        return presets

    def _moving(self, part: Part) -> dict[str, Any]:
        """Return the addresses of this list in other states; a new order or size begins at page 1."""
        kept, first = self.kept(), replace(part, page=0)

        def pager_url(page: int) -> str:
            return self.address(kept, replace(part, page=page))

        def page_size_url(size: int) -> str:
            return self.address(kept, replace(first, size=size))

        return {
            "part": part,
            "here_url": self.address(kept, part),
            "pager_url": pager_url,
            "page_size_url": page_size_url,
            "export_url": self.address(kept, replace(first, size=PAGE_SIZE), page=".export_view"),
            "export_limit": Total(ROWS_OF_AN_EXPORT),
        }

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Answer:
        """Begin an action on a selection; each answers with a page that asks before anything happens."""
        name, ids = request.form.get("action", ""), request.form.getlist("rowid")
        if name not in self._actions_data or not self.is_action_allowed(name):
            raise Refused(RefusalCode.FORBIDDEN)
        if not ids:
            flash(sentence(Refused(RefusalCode.NOTHING_CHOSEN)), "error")
            return redirect(self.way_back())
        return cast(Answer, self._actions_data[name][0](numbers_in(ids)))

    def way_back(self) -> str:
        """Return the address of the list as the form knew it, if it is one of this list."""
        wanted = request.form.get("next") or request.form.get("url") or ""
        here: str = self.get_url(".index_view")
        return wanted if wanted == here or wanted.startswith(f"{here}?") else here
