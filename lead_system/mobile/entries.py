"""录入 before its first report: the broker corrects the entry, or takes it back (R2)."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.lifecycle import Verb
from lead_system.domain.roles import Role
from lead_system.mobile.forms import CorrectionForm, WithdrawalForm, number_or_none
from lead_system.mobile.frame import Answer
from lead_system.models import Lead
from lead_system.queries.one_lead import get_own_entry
from lead_system.queries.settings import consultant_choices, customer_type_choices
from lead_system.services.entries import correct_entry, withdraw_entry
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in

entries = Blueprint("entries", __name__)


@entries.route("/customers/<int:lead_id>/correct", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def correct(lead_id: int) -> Answer:
    """Correct names, phones and wishes of an own entry that was never reported."""
    form = CorrectionForm()
    if not form.is_submitted():
        return _correction_page(lead_id, CorrectionForm.of(_entry(lead_id, Verb.CORRECT))), form.status
    if not form.validate():
        return _correction_page(lead_id, form), form.status
    try:
        version = number_or_none(form.version.data) or 0
        correct_entry(caller(form), lead_id=lead_id, version=version, entry=form.entry(), now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _correction_page(lead_id, form, own=refused.facts.get("lead_id")), status
    flash(_("The entry is corrected."), "success")
    return redirect(url_for("mobile.broker.customer", lead_id=lead_id))


@entries.route("/customers/<int:lead_id>/withdraw", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def withdraw(lead_id: int) -> Answer:
    """Say what a withdrawal means, and take an own entry back that was never reported."""
    form = WithdrawalForm()
    if not form.is_submitted():
        return _withdrawal_page(lead_id, WithdrawalForm(obj=_entry(lead_id, Verb.WITHDRAW))), form.status
    try:
        version = number_or_none(form.version.data) or 0
        withdraw_entry(caller(form), lead_id=lead_id, version=version, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _withdrawal_page(lead_id, form), status
    flash(_("The entry is withdrawn."), "success")
    return redirect(url_for("mobile.broker.customers"))


def _entry(lead_id: int, verb: Verb) -> Lead:
    """Return the entry that a page is about.

    The services come first where a form was sent: a repeat is answered the same, whatever became of the
    entry meanwhile (R13). Only what they refuse is shown again, if there still is an entry to show.
    """
    return get_own_entry(signed_in(), lead_id, verb, now())


def _correction_page(lead_id: int, form: CorrectionForm, *, own: object = None) -> str:
    lead = _entry(lead_id, Verb.CORRECT)
    form.offer(customer_type_choices(), consultant_choices(), lead)
    return render_template("mobile/correct.html", lead=lead, form=form, own=own)


def _withdrawal_page(lead_id: int, form: WithdrawalForm) -> str:
    lead = _entry(lead_id, Verb.WITHDRAW)
    return render_template("mobile/withdraw.html", lead=lead, form=form, now=now())
