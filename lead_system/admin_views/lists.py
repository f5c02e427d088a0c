"""A list of the back office: tabs, labelled search fields, sorting and paging, all of it in the address.

A list says which rows there are (`found`) and how one is shown (`columns`); the screen and the workbook
follow from that.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, ClassVar, cast

from flask import flash, g, redirect, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, func, select
from wtforms import Field, Form

from lead_system.admin_views.base import Answer, number_in, numbers_in, present
from lead_system.admin_views.columns import Column, cells_of
from lead_system.admin_views.exports import ExportedList
from lead_system.admin_views.searches import DayField
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

LARGEST_PAGE = 1_000_000


@dataclass(frozen=True)
class Tab:
    """One tab above a list, with the number of rows behind it."""

    title: str
    url: str
    count: int
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


class ListView(ExportedList, ModelView):  # type: ignore[misc]
    """A list whose state stands in the address.

    Flask-Admin's forms, inline editing, deletion and export stay off: a row changes by a service only.
    """

    can_create = can_edit = can_delete = can_export = False
    form = Form  # An empty one: Flask-Admin need not make any out of the table.
    can_set_page_size = True
    page_size = 50
    page_size_options = (20, 50, 100)
    column_sortable_list = ()
    column_display_actions = False
    action_disallowed_list = ("delete",)
    list_template = "admin/list.html"

    columns: ClassVar[tuple[Column, ...]]
    about: ClassVar[Any] = ""
    """One sentence under the heading."""

    advice: ClassVar[Any] = ""
    """What an empty list says: when rows will come, or what to do for it."""

    next_step: ClassVar[NextStep | None] = None
    """The button under that advice."""

    explained: ClassVar[tuple[StrEnum, ...]] = ()
    """The words of this list that the glossary above it explains."""

    has_row_end: ClassVar[bool] = False
    """Whether the list's template puts links or buttons at the end of each row."""

    search_form_class: ClassVar[type[Form]]
    tab_argument: ClassVar[str] = ""
    tabs_title: ClassVar[Any] = _l("Tabs")
    tab_titles: ClassVar[Mapping[str, Any]] = {}
    """What the address calls a tab, and what the screen does; the first one is the default."""

    narrowing_arguments: ClassVar[Mapping[str, Any]] = {}
    """What other pages' figures add to the address to open their rows, and what that is called."""

    days_title: ClassVar[Any] = ""
    """Which moment the two days of the search are about; blank where the list has no such search."""

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
            count = self._counts_of_tabs()[self.chosen_tab()]
            return count if isinstance(count, Total) else Total(count)
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
            Tab(str(title), self.tab_url(name), counts[name], is_chosen=name == self.chosen_tab())
            for name, title in self.tab_titles.items()
        ]

    def columns_shown(self) -> tuple[Column, ...]:
        """Return the columns of the chosen tab."""
        return self.columns

    def narrowed_to(self) -> Markup | None:
        """Say in words what the narrowing arguments leave of the list; None where there are none."""
        return None

    def glossary(self) -> list[Meaning]:
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

    def get_list(  # noqa: PLR0917 - Flask-Admin's signature
        self,
        page: int,
        sort_column: str | None,
        sort_desc: bool,  # noqa: FBT001 - Flask-Admin's signature
        search: str | None,
        filters: Any,
        execute: bool = True,  # noqa: FBT001, FBT002 - Flask-Admin's signature
        page_size: int | None = None,
    ) -> tuple[int, Sequence[Any]]:
        """Return how many rows are found, and those of one page."""
        del search, filters, execute
        size = page_size or self.page_size
        if self.search_form().errors:
            return 0, []
        stretches = self._stretches(sort_column, is_descending=bool(sort_desc))
        total = self.total()
        page = page if total.is_cut else min(page, pages_of(total, size) - 1)
        ids = ids_between(stretches, page * size, (page + 1) * size + 1, total=total)
        if page and not ids:
            total = Total(self.count())
            page = pages_of(total, size) - 1
            ids = ids_between(stretches, page * size, (page + 1) * size, total=total)
        known = max(pages_of(total, size), page + 1 + (len(ids) > size))
        self._template_args.update(page=page, num_pages=known, is_last_known=not total.is_cut)
        return total, self.loaded(ids[:size])

    def found_in_order(self) -> Select[Any]:
        """Return the rows found in the order that the address asks for."""
        return self.in_order_of_address(self.found())

    def in_order_of_address(self, found: Select[Any]) -> Select[Any]:
        """Return rows, given in their own order, in the order that the address asks for."""
        args = self._get_list_extra_args()
        order = self.columns[args.sort].order if args.sort is not None else None
        if order is None:
            return found
        return in_order(found, order, is_descending=bool(args.sort_desc))

    def _stretches(self, sort_column: str | None, *, is_descending: bool) -> list[Stretch]:
        """Return the ids of the rows found in the wanted order, or their own."""
        order = next((c.order for c in self.columns if c.name == sort_column), None)
        if order is None:
            return [self.newest_ids()]
        return [ids_of(one) for one in in_stretches(self.found(), order, is_descending=is_descending)]

    def _get_list_extra_args(self) -> ViewArgs:
        """Read the address; a page counts from 1 there, and unknown arguments are dropped.

        Raises:
            Refused: NOT_FOUND for a page that is no number or below 1. One beyond the last is the last one,
                because rows leave a tab while somebody works through it.
        """
        page = number_in(request.args.get("page", "1"))
        if not 1 <= page <= LARGEST_PAGE:
            raise Refused(RefusalCode.NOT_FOUND)
        sort = request.args.get("sort", type=int)
        known = sort is not None and 0 <= sort < len(self.columns)
        return ViewArgs(
            page=page - 1,
            page_size=request.args.get("page_size", 0, type=int),
            sort=sort if known else None,
            sort_desc=1 if request.args.get("desc") == "1" else 0,
            extra_args=self.kept(),
        )

    def _get_list_url(self, view_args: ViewArgs) -> str:
        """Return the address of this list in another state, without what is the default anyway."""
        return self._url_in_state(".index_view", view_args)

    def _url_in_state(self, endpoint: str, view_args: ViewArgs) -> str:
        size = self.get_safe_page_size(view_args.page_size)
        return cast(
            str,
            self.get_url(
                endpoint,
                page=view_args.page + 1 if view_args.page else None,
                sort=view_args.sort,
                desc=1 if view_args.sort_desc else None,
                page_size=size if size != self.page_size else None,
                **view_args.extra_args,
            ),
        )

    # The search and the tabs.

    def search_form(self) -> Form:
        """Return the search fields as they were filled, checked once per request."""
        if "search_form" not in g:
            g.search_form = self.search_form_class(request.args)
            if not g.search_form.validate():
                for field in g.search_form:  # What was wrongly typed is not repeated on the page.
                    if field.errors:
                        field.data, field.raw_data = None, []
        return cast(Form, g.search_form)

    def search_values(self) -> dict[str, Any]:
        """Return the search fields that are filled, as a query takes them."""
        return {field.name: field.data for field in self.search_form() if field.data not in (None, "")}

    def search_kept(self) -> dict[str, str]:
        """Return the search fields that are filled, for the links of the page."""
        values = self.search_values()
        return {n: v.isoformat() if isinstance(v, date) else str(v) for n, v in values.items()}

    def narrowing_kept(self) -> dict[str, str]:
        """Return the narrowing arguments of the address, for the links of the page."""
        given = {name: request.args.get(name, "") for name in self.narrowing_arguments}
        return {name: value for name, value in given.items() if value}

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

    def tab_url(self, tab: str) -> str:
        """Return the address of a tab under the present search; the default one needs no name."""
        named = {} if tab == next(iter(self.tab_titles)) else {self.tab_argument: tab}
        return cast(str, self.get_url(".index_view", **named, **self.narrowing_kept(), **self.search_kept()))

    @expose("/")
    def index_view(self) -> Answer:
        """Show one page of the list; a search that cannot be answered says why and shows no rows."""
        args = self._get_list_extra_args()
        columns = self.columns_shown()
        self._template_args.update(self._searching(args) | self._moving(args), tabs=self.tabs())
        self._template_args.update(columns=columns, cells=cells_of(columns))
        if not self.search_form().errors:
            self._template_args.update(sums=self.sums())
        page: str = super().index_view()
        return (page, HTTPStatus.UNPROCESSABLE_ENTITY) if self.search_form().errors else page

    def _searching(self, args: ViewArgs) -> dict[str, Any]:
        """Return what the search fields need: their errors, what a new search keeps, and the way out."""
        form = self.search_form()
        size = self.get_safe_page_size(args.page_size) if args.page_size else None
        kept = {"sort": args.sort, "desc": args.sort_desc or None, "page_size": size}
        errors = [str(error) for errors in form.errors.values() for error in errors]
        beside = self.tab_argument_kept() | self.narrowing_kept()
        return {
            "search_form": form,
            "search_error": errors[0] if errors else "",
            "is_searching": bool(self.search_kept() or self.narrowing_kept() or errors),
            "kept_args": beside | {name: kept[name] for name in kept if kept[name] is not None},
            "clear_url": self._get_list_url(args.clone(page=0, extra_args=self.tab_argument_kept())),
            "tabs_title": self.tabs_title,
            "narrowed_to": self.narrowed_to(),
            "presets": self._presets(args),
        }

    def _presets(self, args: ViewArgs) -> list[Preset]:
        """Return today, the last seven days and this month, where the list can be narrowed to days."""
        if not self.days_title:
            return []
        today = shanghai_day(present())
        ranges = (
            (_("Today"), today),
            (_("Last 7 days"), today - timedelta(days=6)),
            (_("This month"), today.replace(day=1)),
        )
        presets = []
        for title, first in ranges:
            days = {"first_day": first.isoformat(), "last_day": today.isoformat()}
            url = self._get_list_url(args.clone(page=0, extra_args=self.kept() | days))
            presets.append(Preset(title, url, days.items() <= self.search_kept().items()))
        return presets

    def _moving(self, args: ViewArgs) -> dict[str, Any]:
        """Return the addresses of this list in other states; a new order or size begins at page 1."""
        first = args.clone(page=0)

        def sort_url(column: int, is_sorted: bool) -> str:  # noqa: FBT001 - called by the template
            return self._get_list_url(first.clone(sort=column, sort_desc=is_sorted and not args.sort_desc))

        def page_size_url(size: int) -> str:
            return self._get_list_url(first.clone(page_size=size))

        return {
            "here_url": self._get_list_url(args),
            "sort_url": sort_url,
            "page_size_url": page_size_url,
            "export_url": self._url_in_state(".export_view", first.clone(page_size=0)),
            "export_limit": f"{ROWS_OF_AN_EXPORT:,}",
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

    # What the list is narrowed to, in words.

    def unanswered_search(self) -> Answer | None:
        """Return the page that says why a search cannot be answered; None where it can."""
        return self.index_view() if self.search_form().errors else None

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
