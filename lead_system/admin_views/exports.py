"""导出: the rows of a list, all pages, as a workbook with the screen's columns and scope; each one logged.

The state of a list stands in its address, so an export asks the same address and gets the same rows.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from flask import send_file
from flask_admin import expose
from flask_babel import gettext as _
from sqlalchemy import Select

from lead_system.admin_views.base import Answer, BackOfficeView, present
from lead_system.admin_views.columns import Column
from lead_system.admin_views.workbook import Cell, Sheet, write_workbook
from lead_system.domain.identity import without_full_numbers
from lead_system.domain.sessions import CONFIRMED_FOR
from lead_system.extensions import db
from lead_system.queries.exports import rows_exported_since
from lead_system.queries.paging import Total
from lead_system.services.exports import (
    ROWS_OF_AN_EXPORT,
    begin_export,
    finish_export,
    note_progress,
)
from lead_system.services.transaction import read_snapshot
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first_where
from lead_system.web.filters import moment
from lead_system.web.forms import RequestForm

ROWS_AT_ONCE = 1000
"""Rows that an export reads and writes before it says how far it is."""

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


ROWS_WITHOUT_CONFIRMING = 500
"""The most rows that leave within half an hour without asking again who takes them, in however many files."""


def _is_large(listed: "ExportedList") -> bool:
    """Say whether an export asks first, with those of the last half hour; a wrong search finds no rows."""
    if listed.unanswered_search() is not None:
        return False
    lately = rows_exported_since(signed_in(), present() - CONFIRMED_FOR)
    return lately + listed.count() > ROWS_WITHOUT_CONFIRMING


def rows_of(found: Select[Any], *, at_once: int = 0) -> Iterator[Any]:
    """Give the rows of a selection, whole rows where it selects more than one thing.

    With `at_once` they are fetched in such portions, so that a long list never lies in memory as a whole.
    """
    result = db.session.execute(found.execution_options(yield_per=at_once) if at_once else found)
    yield from result.scalars() if len(found.column_descriptions) == 1 else result


class ExportedList(BackOfficeView):
    """What a list can be exported from: its rows, its columns, and what it was narrowed to."""

    @abstractmethod
    def found_in_order(self) -> Select[Any]:
        """Return the rows found in the order of the screen."""

    @abstractmethod
    def shown(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return rows as the columns read them, with what is looked up once for all of them."""

    @abstractmethod
    def columns_shown(self) -> tuple[Column, ...]:
        """Return the columns of the screen."""

    @abstractmethod
    def count(self) -> int:
        """Return how many rows are found."""

    @abstractmethod
    def state(self) -> Mapping[str, str]:
        """Return everything that says which rows are found, also where the address leaves it unsaid."""

    @abstractmethod
    def filter_lines(self) -> Sequence[tuple[str, str]]:
        """Return what the list is narrowed to, in the words of the screen."""

    @abstractmethod
    def sums(self) -> Sequence[tuple[str, Cell]]:
        """Return figures about all rows found."""

    @abstractmethod
    def unanswered_search(self) -> Answer | None:
        """Return the page that says why a search cannot be answered; None where it can."""

    @expose("/export/", methods=("POST",))
    @confirm_first_where(_is_large)
    def export_view(self) -> Answer:
        """Answer with the rows found, all pages, in the order of the screen, as a workbook; and log it.

        Sent again, the form is logged once as a request, and every file that leaves is counted.
        """
        refusal = self.unanswered_search()
        if refusal is not None:
            return refusal
        form = RequestForm()
        begun = begin_export(
            caller(form),
            request_id=form.request_id.data or "",
            table_name=self.endpoint,
            filters={name: without_full_numbers(value) for name, value in self.state().items()},
            rows_found=self.count(),
            now=present(),
        )
        file = TemporaryFile()  # noqa: SIM115 - closed by the answer that sends it
        rows = self._write_file(file, begun.export_id)
        finish_export(signed_in().id, export_id=begun.export_id, rows_written=rows, now=present())
        file.seek(0)
        made_at = moment(present()).replace(":", "").replace(" ", "_")
        return send_file(
            file, mimetype=EXCEL, as_attachment=True, download_name=f"{self.name}_{made_at}.xlsx"
        )

    def _write_file(self, file: IO[bytes], export_id: int) -> int:
        """Write the workbook from one moment's view of the database; returns the number of rows."""
        read_snapshot()
        columns = self.columns_shown()
        sheet = Sheet(
            title=str(self.name),
            headings=tuple(str(column.title) for column in columns),
            about_title=_("About this file"),
            about=self._about,
        )
        rows = self._exported_rows(export_id)
        return write_workbook(file, sheet, ([column.cell(row) for column in columns] for row in rows))

    def found_for_export(self, export_id: int) -> Select[Any]:
        """Return the rows that an export writes, which are those of the screen."""
        del export_id
        return self.found_in_order()

    def _exported_rows(self, export_id: int) -> Iterator[Any]:
        """Give the rows found, at most as many as an export may have, and say after each portion how far."""
        found = self.found_for_export(export_id).limit(ROWS_OF_AN_EXPORT)
        rows, written = rows_of(found, at_once=ROWS_AT_ONCE), 0
        while portion := list(islice(rows, ROWS_AT_ONCE)):
            yield from self.shown(portion)
            written += len(portion)
            note_progress(export_id, written)

    def _about(self, rows: int) -> list[tuple[str, Cell]]:
        """Return who made the file, when, and with which filter."""
        actor = signed_in()
        return [
            (_("Table"), str(self.name)),
            (_("Exported by"), f"{actor.name} ({actor.login})"),
            (_("Exported at"), present()),
            (_("Rows"), rows),
            *self.sums(),
            *(self.filter_lines() or [(_("Filter"), _("None"))]),
            (_("At most"), _("%(limit)s rows in one file", limit=Total(ROWS_OF_AN_EXPORT))),
        ]
