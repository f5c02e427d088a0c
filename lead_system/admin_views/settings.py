"""设置: protection, retention, how to reach the sales centre, and the way to the own password (6.3.j)."""

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from lead_system.admin_views.base import Answer, Question, present
from lead_system.admin_views.flag_pages import FlagSettingsPages
from lead_system.admin_views.forms import ContactForm, ProtectionForm, RetentionForm
from lead_system.admin_views.setting_changes import last_changes
from lead_system.admin_views.what_if import WhatIfPages
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import require_protection_days
from lead_system.domain.retention import require_retention_months
from lead_system.domain.roles import Role
from lead_system.queries.flag_settings import get_flag_settings, rules_in
from lead_system.queries.protection import foresee
from lead_system.queries.retention import concerned
from lead_system.queries.settings import get_settings
from lead_system.services.protection import SETTINGS, ProtectionChanged, change_protection
from lead_system.services.settings import change_contact, change_retention
from lead_system.web.caller import caller
from lead_system.web.confirming import confirm_first


class SettingsView(FlagSettingsPages, WhatIfPages):
    """Protection, retention and contact."""

    roles = frozenset({Role.ADMIN})

    @expose("/")
    def index_view(self) -> Answer:
        """Show what is set, what each setting does, and who changed it."""
        settings, form = get_settings(), ProtectionForm(formdata=None)
        form.days.data = str(settings.protection_days)
        retention_form = RetentionForm(formdata=None)
        retention_form.months.data = str(settings.retention_months)
        return self.render(
            "admin/settings/index.html",
            settings=settings,
            form=form,
            retention_form=retention_form,
            flags=rules_in(get_flag_settings()),
            changes=last_changes(SETTINGS),
        )

    # Protection.

    @expose("/protection/", methods=("GET", "POST"))
    @confirm_first
    def protection_view(self) -> Answer:
        """Say what other days would do; change the protection (manual 6.3.j-2)."""
        if request.method == "GET":
            return self._preview()
        form = ProtectionForm()
        try:
            done = change_protection(
                caller(form),
                version=form.seen,
                days=form.wanted_days,
                also_running=form.is_for_running,
                now=present(),
            )
        except Refused as refused:
            return self._protection_page(form, refused)
        flash(_done(done), "success")
        return redirect(self.get_url(".index_view"))

    def _preview(self) -> Answer:
        """Show what the days of the address would do; nothing is written."""
        form = ProtectionForm(formdata=None)
        form.days.data = request.args.get("days", "").strip()[:10]
        form.version.data = get_settings().version
        try:
            if "days" in request.args:
                require_protection_days(form.wanted_days)
        except Refused as refused:
            return self._protection_page(form, refused)
        return self._protection_page(form, None)

    def _protection_page(self, form: ProtectionForm, refused: Refused | None) -> Answer:
        """Ask for days that can be; of those that can, say what they do and ask for the yes."""
        is_wrong = refused is not None and refused.code is RefusalCode.PROTECTION_DAYS_WRONG
        foresight = foresee(form.wanted_days, present()) if form.wanted_days and not is_wrong else None
        return self.asking_page(
            "admin/settings/protection.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            action_url=self.get_url(".protection_view"),
            settings=get_settings(),
            foresight=foresight,
        )

    # Retention.

    @expose("/retention/", methods=("GET", "POST"))
    @confirm_first
    def retention_view(self) -> Answer:
        """Say whom another retention would concern today; change it (R10)."""
        if request.method == "GET":
            return self._retention_preview()
        form = RetentionForm()
        try:
            done = change_retention(caller(form), version=form.seen, months=form.wanted_months, now=present())
        except Refused as refused:
            return self._retention_page(form, refused)
        said = ngettext(
            "Personal data is kept for %(num)s month.",
            "Personal data is kept for %(num)s months.",
            done.months,
        )
        flash(said, "success")
        return redirect(self.get_url(".index_view"))

    def _retention_preview(self) -> Answer:
        """Show whom the months of the address would concern; nothing is written."""
        form = RetentionForm(formdata=None)
        form.months.data = request.args.get("months", "").strip()[:10]
        form.version.data = get_settings().version
        try:
            if "months" in request.args:
                require_retention_months(form.wanted_months)
        except Refused as refused:
            return self._retention_page(form, refused)
        return self._retention_page(form, None)

    def _retention_page(self, form: RetentionForm, refused: Refused | None) -> Answer:
        """Ask for months that can be; of those that can, say whom they concern and ask for the yes."""
        is_wrong = refused is not None and refused.code is RefusalCode.RETENTION_MONTHS_WRONG
        wanted = 0 if is_wrong else form.wanted_months
        return self.asking_page(
            "admin/settings/retention.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            action_url=self.get_url(".retention_view"),
            settings=get_settings(),
            foresight=concerned(wanted, present()) if wanted else None,
        )

    # Contact.

    @expose("/contact/", methods=("GET", "POST"))
    @confirm_first
    def contact_view(self) -> Answer:
        """Change service phone and customer-service link (manual 6.3.j-12)."""
        form = ContactForm(obj=get_settings() if request.method == "GET" else None)
        if request.method == "GET":
            return self._contact_page(form, None)
        try:
            change_contact(
                caller(form),
                version=form.seen,
                service_phone=form.service_phone.data or "",
                service_link=form.service_link.data or "",
                now=present(),
            )
        except Refused as refused:
            return self._contact_page(form, refused)
        flash(_("The contact is saved. The phone pages show it at once."), "success")
        return redirect(self.get_url(".index_view"))

    def _contact_page(self, form: ContactForm, refused: Refused | None) -> Answer:
        question = Question(_("Change the contact"), _("Save"))
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))


def _done(done: ProtectionChanged) -> str:
    """Say what a change of the protection did."""
    said = [_("New bindings last %(days)s days.", days=done.days)]
    if done.moved:
        said.append(
            ngettext(
                "%(num)s running binding got another end.",
                "%(num)s running bindings got another end.",
                done.moved,
            )
        )
    if done.ended:
        said.append(ngettext("%(num)s of them ended at once.", "%(num)s of them ended at once.", done.ended))
    return " ".join(said)
