"""What every page of the back office has in common: closed by default, scoped, read-only, in words.

Flask-Admin opens a page unless told otherwise and writes forms straight into rows. Here it is the other way
round: a view opens for the roles that it names, shows the rows of `queries.scope`, and changes something
only by calling a service.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, cast

from flask import Response, abort, flash, g, redirect, request
from flask_admin import BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import ColumnElement, Select, func, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from lead_system import clock
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.queries.leads import find_row_number
from lead_system.web.forms import RequestForm
from lead_system.web.sentences import sentence

Answer = str | tuple[str, int] | Response | BaseResponse

_STOCK_PAGES = frozenset(
    {"create_view", "edit_view", "delete_view", "details_view", "export", "ajax_lookup", "ajax_update"}
)
"""Pages of Flask-Admin that write rows or read them past the scope; their routes are never made."""

_WHO_ASKS = frozenset({RefusalCode.NOT_FOUND, RefusalCode.FORBIDDEN, RefusalCode.ACCOUNT_CLOSED})
"""Refusals that are about the caller, not about what the form says; they have a page of their own."""

LARGEST_PAGE = 1_000_000


def present() -> datetime:
    """Return the moment of this request: one for all of its page."""
    if "present" not in g:
        g.present = clock.now()
    return cast(datetime, g.present)


def here() -> str:
    """Return the address of this page, to come back to; of a sent form, without what was sent."""
    return request.full_path.rstrip("?")


def number_in(text: str | None) -> int:
    """Return an id from an address or a form.

    Raises:
        Refused: NOT_FOUND for anything that cannot be an id, as for one that does not exist.
    """
    number = find_row_number(text or "")
    if number is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return number


def numbers_in(texts: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of a selection, each once, in order."""
    return tuple(sorted({number_in(text) for text in texts}))


class BackOfficeView(BaseView):  # type: ignore[misc]
    """A page that is closed unless its class names the roles for which it is open."""

    roles: ClassVar[frozenset[Role]] = frozenset()
    pages_not_served: ClassVar[frozenset[str]] = _STOCK_PAGES

    _urls: Any
    count_endpoint: ClassVar[str] = ""
    """Where the menu asks for the number beside this entry; blank where there is none."""

    def create_blueprint(self, admin: Any) -> Any:
        """Register the pages of this view without those of Flask-Admin that we never serve."""
        pages: list[tuple[str, str, Any]] = self._urls
        self._urls = [page for page in pages if page[1] not in self.pages_not_served]
        return super().create_blueprint(admin)

    def is_accessible(self) -> bool:
        """Whether the account that asks may see this entry of the menu at all."""
        return bool(current_user.is_authenticated) and current_user.role in self.roles

    def _handle_view(self, name: str, **_kwargs: Any) -> None:
        """Refuse whoever may not open this view; `web.access` has asked before, for each page by itself."""
        del name
        if not self.is_accessible():
            abort(HTTPStatus.FORBIDDEN)

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a page; Flask-Admin's own version runs it again after a TypeError and so hides the cause."""
        return fn(self, *args, **kwargs)

    def menu_count(self) -> int | None:
        """Return the number beside this view in the menu."""
        return None

    def render(self, template: str, **kwargs: Any) -> str:
        """Render a page with what the frame needs."""
        kwargs.setdefault("here_url", here())
        page: str = super().render(template, now=present(), **kwargs)
        return page

    def asking_page(
        self, template: str, form: RequestForm, refused: Refused | None, *, back_url: str, **more: Any
    ) -> Answer:
        """Show the page that asks before something happens; after a refusal again, with reason and status."""
        more.setdefault("action_url", here())
        if refused is None:
            return self.render(template, form=form, refusal="", back_url=back_url, **more)
        if refused.code in _WHO_ASKS:
            raise refused
        said = sentence(refused)
        is_at_field = form.show_refusal(cast(str | None, refused.facts.get("field")), said)
        page = self.render(
            template, form=form, refusal="" if is_at_field else said, back_url=back_url, **more
        )
        return page, refused.http_status


@dataclass(frozen=True)
class Tab:
    """One tab above a list, with the number of rows behind it."""

    title: str
    url: str
    count: int
    is_chosen: bool


class ListView(BackOfficeView, ModelView):  # type: ignore[misc]
    """A list with tabs, labelled search fields, sorting and paging, all of it in the address.

    Flask-Admin's forms, inline editing, deletion and export stay off: a row changes by a service only.
    """

    can_create = can_edit = can_delete = can_export = False
    can_set_page_size = True
    page_size = 50
    page_size_options = (20, 50, 100)
    column_display_pk = True
    column_sortable_list = ()
    column_display_actions = False
    action_disallowed_list = ("delete",)

    search_form_class: ClassVar[type[Form]]
    tab_argument: ClassVar[str] = ""
    tabs_title: ClassVar[Any] = _l("Tabs")
    orders: ClassVar[Mapping[str, ColumnElement[Any]]] = {}
    """Column → what it is sorted by."""

    first_column: ClassVar[str] = "id"

    # What a subclass says about its rows.

    @abstractmethod
    def visible(self) -> ColumnElement[bool]:
        """Return the condition of `queries.scope` for the rows that the actor may see."""

    @abstractmethod
    def found(self) -> Select[Any]:
        """Return the rows of this list: visible, in the chosen tab, fitting the search."""

    @abstractmethod
    def tabs(self) -> list[Tab]:
        """Return the tabs with their counts under the present search."""

    def beside(self, rows: Sequence[Any]) -> dict[str, Any]:
        """Return what the rows of this page are shown with, looked up once for all of them."""
        del rows
        return {}

    # What Flask-Admin asks.

    def is_sortable(self, name: str) -> bool:
        """Whether the heading of a column sorts the list."""
        return name in self.orders

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
        found = self.found()
        total = db.session.execute(
            found.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        ).scalar_one()
        page = min(page, max(0, (total - 1) // size))
        order = self.orders.get(sort_column or "")
        if order is not None:
            found = found.order_by(None).order_by(order.desc() if sort_desc else order.asc())
        rows = db.session.scalars(found.order_by(self.model.id.desc()).limit(size).offset(page * size)).all()
        self._template_args.update(self.beside(rows), page=page)
        return total, rows

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
        known = sort is not None and 0 <= sort < len(self._list_columns)
        return ViewArgs(
            page=page - 1,
            page_size=request.args.get("page_size", 0, type=int),
            sort=sort if known else None,
            sort_desc=1 if request.args.get("desc") == "1" else 0,
            extra_args=self.tab_argument_kept() | self.search_kept(),
        )

    def _get_list_url(self, view_args: ViewArgs) -> str:
        """Return the address of this list in another state, without what is the default anyway."""
        size = self.get_safe_page_size(view_args.page_size)
        return cast(
            str,
            self.get_url(
                ".index_view",
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
                    field.data = "" if field.errors else field.data
        return cast(Form, g.search_form)

    def search_kept(self) -> dict[str, str]:
        """Return the search fields that are filled, for the links of the page."""
        return {field.name: field.data.strip() for field in self.search_form() if (field.data or "").strip()}

    def tab_argument_kept(self) -> dict[str, str]:
        """Return the chosen tab for the links of the page."""
        tab = request.args.get(self.tab_argument, "")
        return {self.tab_argument: tab} if tab else {}

    @expose("/")
    def index_view(self) -> Answer:
        """Show one page of the list; a search that cannot be answered says why and shows no rows."""
        args = self._get_list_extra_args()
        self._template_args.update(self._searching(args) | self._moving(args), tabs=self.tabs())
        page: str = super().index_view()
        return (page, HTTPStatus.UNPROCESSABLE_ENTITY) if self.search_form().errors else page

    def _searching(self, args: ViewArgs) -> dict[str, Any]:
        """Return what the search fields need: their errors, what a new search keeps, and the way out."""
        form = self.search_form()
        size = self.get_safe_page_size(args.page_size) if args.page_size else None
        kept = {"sort": args.sort, "desc": args.sort_desc or None, "page_size": size}
        errors = [str(error) for errors in form.errors.values() for error in errors]
        return {
            "search_form": form,
            "search_error": errors[0] if errors else "",
            "is_searching": bool(self.search_kept() or errors),
            "kept_args": self.tab_argument_kept()
            | {name: kept[name] for name in kept if kept[name] is not None},
            "clear_url": self._get_list_url(args.clone(page=0, extra_args=self.tab_argument_kept())),
            "tabs_title": self.tabs_title,
        }

    def _moving(self, args: ViewArgs) -> dict[str, Any]:
        """Return the addresses of this list in other states; a new order or size begins at page 1."""
        first = args.clone(page=0)

        def sort_url(column: int, is_sorted: bool) -> str:  # noqa: FBT001 - called by the template
            return self._get_list_url(first.clone(sort=column, sort_desc=is_sorted and not args.sort_desc))

        def page_size_url(size: int) -> str:
            return self._get_list_url(first.clone(page_size=size))

        return {"here_url": self._get_list_url(args), "sort_url": sort_url, "page_size_url": page_size_url}

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
