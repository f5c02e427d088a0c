"""导出记录: who took which rows out of the house, and when (SPEC 4)."""

from typing import Any, ClassVar

from flask import Response, jsonify, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.columns import Column, of_account, ours
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import ExportSearchForm
from lead_system.domain.roles import BACK_OFFICE
from lead_system.models import Account, Export
from lead_system.queries import exports, scope
from lead_system.queries.exports import ExportSearch
from lead_system.web.caller import signed_in
from lead_system.web.words import word


class ExportLogView(ListView):
    """The log of exports: an admin sees everybody's, others their own."""

    roles = BACK_OFFICE
    about = _l("Who took which rows out of the house, and when.")
    advice = _l("A row appears when a list is exported.")
    next_step = NextStep(_l("Look at the customers"), "leads.index_view")
    search_form_class = ExportSearchForm
    days_title = _l("Exported at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("started_at", _l("Exported at"), lambda row: row.started_at, Export.started_at),
        Column(
            "account",
            _l("Exported by"),
            lambda row: row.account.name,
            of_account(Account.name, Export.account_id),
            look="words",
        ),
        Column(
            "role",
            _l("Role"),
            lambda row: ours(word(row.account.role)),
            of_account(Account.role, Export.account_id),
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of exports."""
        return scope.visible_exports(signed_in())

    def found(self) -> Select[Any]:
        """Return the exports that fit the search."""
        return exports.exports_found(signed_in(), ExportSearch(**self.search_values()))

    def found_for_export(self, export_id: int) -> Select[Any]:
        """Leave out the export itself, which was begun after the screen was shown."""
        return self.found_in_order().where(Export.id != export_id)

    def columns_shown(self) -> tuple[Column, ...]:
        """Return the columns; what was exported is called as its own list calls it."""
        return (
            *self.columns,
            Column("table", _l("Table"), self._table),
            Column("filter", _l("Filter"), self._filter, look="long"),
            Column("rows", _l("Rows"), lambda row: row.rows_written, look="amount"),
            Column("files", _l("Files"), lambda row: row.files, look="amount"),
            Column("finished_at", _l("Finished at"), lambda row: row.finished_at),
        )

    def _view_of(self, row: Export) -> Any | None:
        """Return the list that was exported; None where a later release has it no more."""
        views = self.admin._views  # noqa: SLF001 - Flask-Admin has no public list of its views
        return next((view for view in views if view.endpoint == row.table_name), None)

    def _table(self, row: Export) -> str:
        """Return what the list calls itself, or what the row says."""
        view = self._view_of(row)
        return row.table_name if view is None else ours(view.name)

    def _filter(self, row: Export) -> Markup | None:
        """Return what the list was narrowed to, in its own words."""
        view = self._view_of(row)
        lines = [] if view is None else view.filter_in_words(row.filters)
        part = Markup("{}: <span data-user>{}</span>")
        return Markup("; ").join(part.format(title, text) for title, text in lines) if lines else None

    @expose("/progress/")
    def progress_view(self) -> Response:
        """Answer a page that waits for its own export how many rows are written; nothing of another's."""
        export = exports.find_progress(signed_in(), request.args.get("request_id", ""))
        if export is None:
            return jsonify(written=0, found=0, is_finished=False)
        is_finished = export.files > 0
        return jsonify(written=export.rows_written, found=export.rows_found, is_finished=is_finished)
