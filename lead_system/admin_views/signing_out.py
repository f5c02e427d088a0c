"""The page that signs somebody else out on every browser, for those who manage their accounts."""

from flask import flash, redirect, request
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from lead_system.admin_views.base import Answer, BackOfficeView, Question, present
from lead_system.models import Account
from lead_system.queries.sign_ins import standing_sign_ins
from lead_system.services.sign_ins import sign_out_everywhere
from lead_system.web.caller import caller, signed_in
from lead_system.web.forms import RequestForm
from lead_system.web.logs import note_event


def sign_out_page(view: BackOfficeView, person: Account, subject: Markup) -> Answer:
    """Ask before a person is signed out everywhere; do it."""
    form, back_url = RequestForm(), view.get_url(".index_view")
    if request.method == "GET":
        return view.question_page(_question(person, subject), form, None, back_url=back_url)
    sign_out_everywhere(caller(form), account_id=person.id, now=present())
    note_event("sessions_ended", account=person.id, by=signed_in().id)
    flash(_("This person is signed out on every browser."), "success")
    return redirect(back_url)


def _question(person: Account, subject: Markup) -> Question:
    standing = len(standing_sign_ins(person, present()))
    return Question(
        _("Sign out everywhere"),
        _("Sign out everywhere"),
        subject=subject,
        foresight=(
            ngettext("Signed in on %(num)s browser now.", "Signed in on %(num)s browsers now.", standing),
            _("Each of them is signed out at its next click. The account itself stays as it is."),
            _("Whoever knows the password, or has the phone, can sign in again."),
        ),
    )
