"""导入: brokerages, consultants and staff from a workbook: chosen, looked at, carried out (SPEC B5).

Each of the three lists has these pages. What a file says waits in the database, so the page that shows it
can be left, reloaded and answered by any process.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from flask import Response, current_app, jsonify, redirect, request, send_file
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup
from sqlalchemy import ColumnElement, true

from lead_system.admin_views.base import Answer, number_in, present
from lead_system.admin_views.exports import EXCEL
from lead_system.admin_views.forms import CarryOutForm, ImportFileForm, PasswordSheetForm
from lead_system.admin_views.import_sheets import (
    sheet_columns,
    shown_cell,
    titles_of,
    with_roles_read,
    write_passwords,
)
from lead_system.admin_views.lists import ListView
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.imports import ImportKind, SheetRow
from lead_system.models import Import
from lead_system.queries.imports import accounts_made, get_import
from lead_system.services.imports import carry_out_import, check_rows, read_import, take_passwords
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first, confirm_first_where
from lead_system.web.sentences import sentence_for_page
from lead_system.web.sizes import takes_files

SEALED_SECONDS = 3600
"""How long the page with the passwords can still make a file of them."""


def _makes_accounts(view: "ImportedList") -> bool:
    """Say whether the rows of a list's files become accounts, whose temporary passwords are then shown."""
    return view.import_kind is not ImportKind.BROKERAGES


class ImportedList(ListView):
    """A list whose rows can be imported from a workbook."""

    import_kind: ClassVar[ImportKind]
    narrowing_arguments: ClassVar[dict[str, Any]] = {"import_id": _l("Number of the import")}

    # The rows that an import made.

    def _import_narrowed_to(self) -> Import | None:
        wanted = request.args.get("import_id")
        return get_import(signed_in(), number_in(wanted), self.import_kind) if wanted else None

    def within_import(self) -> ColumnElement[bool]:
        """Return the condition that leaves of the list what an import made, where the address names one."""
        narrowed = self._import_narrowed_to()
        return true() if narrowed is None else self.model.id.in_(narrowed.made)

    def narrowed_to(self) -> Markup | None:
        """Say which file the rows came with."""
        narrowed = self._import_narrowed_to()
        if narrowed is None:
            return None
        return Markup("{} <span data-user>{}</span>").format(_("Imported from"), narrowed.file_name)

    # The file.

    @expose("/import/", methods=("GET", "POST"))
    @confirm_first_where(_makes_accounts)
    @takes_files
    def import_view(self) -> Answer:
        """Ask for a workbook; keep its rows and go on to look at them. Nothing is imported yet."""
        from lead_system.web.workbooks import read_workbook  # noqa: PLC0415 - as below

        form = ImportFileForm()
        if request.method == "GET":
            return self._file_page(form, None)
        try:
            upload = form.file.data
            rows = with_roles_read(read_workbook(upload, titles_of(self.import_kind)))
            name = upload.filename or ""
            read = read_import(caller(form), kind=self.import_kind, file_name=name, rows=rows, now=present())
        except Refused as refused:
            return self._file_page(form, refused)
        return redirect(self.get_url(".check_view", id=read.import_id))

    def _file_page(self, form: ImportFileForm, refused: Refused | None) -> Answer:
        return self.asking_page(
            "admin/imports/file.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            columns=sheet_columns(self.import_kind).values(),
        )

    @expose("/import/template/")
    def template_view(self) -> Response:
        """Answer with the workbook that people fill in."""
        # A system in use imports next to nothing, and openpyxl is a sixth of what a process would keep.
        from lead_system.admin_views.import_template import write_template  # noqa: PLC0415

        title = str(self.name)
        name = _("%(list)s template", list=title)
        file = write_template(self.import_kind, title)
        return send_file(file, mimetype=EXCEL, as_attachment=True, download_name=f"{name}.xlsx")

    # Its rows.

    @expose("/import/check/", methods=("GET", "POST"))
    @confirm_first_where(_makes_accounts)
    def check_view(self) -> Answer:
        """Show every row with what is wrong with it; import them, and show what was made."""
        import_id, form = number_in(request.args.get("id")), CarryOutForm()
        read = get_import(signed_in(), import_id, self.import_kind)
        if request.method == "GET":
            return self._done_page(read, {}) if read.is_carried_out else self._check_page(read, form, None)
        try:
            carried_out = carry_out_import(
                caller(form), import_id=import_id, good_only=form.leaves_out_bad, now=present()
            )
        except Refused as refused:
            return self._check_page(read, form, refused)
        if not carried_out.passwords:
            return redirect(self.get_url(".check_view", id=import_id))
        return self._done_page(read, carried_out.passwords)

    def _check_page(self, read: Import, form: CarryOutForm, refused: Refused | None) -> Answer:
        rows = () if read.is_carried_out else check_rows(read)
        columns = sheet_columns(self.import_kind)
        return self.asking_page(
            "admin/imports/check.html",
            form,
            refused,
            back_url=self.get_url(".import_view"),
            read=read,
            good=[row for row in rows if row.is_good],
            bad=[row for row in rows if not row.is_good],
            columns=columns,
            shown_cell=shown_cell,
            said=sentence_for_page,
        )

    @expose("/import/progress/")
    def progress_view(self) -> Response:
        """Answer the page that waits for its import how many passwords are made."""
        read = get_import(signed_in(), number_in(request.args.get("id")), self.import_kind)
        return jsonify(done=read.passwords_made, of=read.rows_read)

    def _done_page(self, read: Import, passwords: Mapping[str, str]) -> Answer:
        """Show what an import made and left out; passwords only in the one answer that has them."""
        return self.render(
            "admin/imports/done.html",
            read=read,
            left_out=[SheetRow.kept(values) for values in read.rows],
            columns=sheet_columns(self.import_kind),
            said=sentence_for_page,
            has_passwords=_makes_accounts(self),
            accounts=accounts_made(read) if passwords else (),
            passwords=passwords,
            form=PasswordSheetForm(sealed=_seal(read, passwords)),
        )


class ImportedAccounts(ImportedList):
    """A list of accounts, whose imports make temporary passwords."""

    @expose("/import/passwords/", methods=("POST",))
    @confirm_first
    def passwords_view(self) -> Response:
        """Answer with the passwords of the page that shows them, as a workbook; and log it.

        They come from that page, sealed, for nothing here keeps them.
        """
        form, import_id = PasswordSheetForm(), number_in(request.args.get("id"))
        made = get_import(signed_in(), import_id, self.import_kind)
        passwords = _unseal(made, form.sealed.data or "")
        take_passwords(caller(form), import_id=import_id, now=present())
        file, name = write_passwords(accounts_made(made), passwords), _("Temporary passwords")
        return send_file(file, mimetype=EXCEL, as_attachment=True, download_name=f"{name}.xlsx")


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast(str, current_app.secret_key), salt="import-passwords")


def _seal(read: Import, passwords: Mapping[str, str]) -> str:
    """Return passwords as they travel with their own page, which shows them anyway."""
    return _sealer().dumps([read.id, dict(passwords)]) if passwords else ""


def _unseal(made: Import, sealed: str) -> dict[str, str]:
    """Return the passwords that a page of this import has brought back.

    Raises:
        Refused: PASSWORDS_GONE for what this server did not seal for this import within the hour.
    """
    try:
        import_id, passwords = _sealer().loads(sealed, max_age=SEALED_SECONDS)
    except BadData:
        raise Refused(RefusalCode.PASSWORDS_GONE) from None
    if import_id != made.id:
        raise Refused(RefusalCode.PASSWORDS_GONE)
    return cast(dict[str, str], passwords)
