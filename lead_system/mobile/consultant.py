"""置业顾问: a consultant scans a customer's code, grades the intent, and follows up."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import Role
from lead_system.mobile import scanning
from lead_system.mobile.forms import FollowUpForm, PhotoForm, ReadForm, ViewingForm
from lead_system.mobile.frame import ROWS, Answer, chosen, page_number, refusal_page, same_page
from lead_system.models import Intent, Lead
from lead_system.queries.follow_ups import count_due, due_follow_ups
from lead_system.queries.one_lead import follow_ups_of, get_lead, viewings_of
from lead_system.queries.paging import one_page
from lead_system.queries.visits import ViewingSearch, get_viewable_lead, viewings_found
from lead_system.services.viewings import add_follow_up, record_viewing
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.sentences import sentence
from lead_system.web.sizes import takes_files

consultant = Blueprint("consultant", __name__)
PORT = "mobile.consultant"
ONE_MORE_ANSWER = frozenset({RefusalCode.INTENT_UNKNOWN, RefusalCode.STANDING_IN_UNCONFIRMED})
"""Refusals after which the consultant only has to answer the same page once more."""


@consultant.route("/consultant")
@allow(Role.CONSULTANT)
def scan_page() -> Answer:
    """Show the camera, and the two ways around it (manual 4.2-1)."""
    return scanning.scan_page(PORT)


@consultant.route("/consultant/read", methods=["POST"])
@allow(Role.CONSULTANT)
def read() -> Answer:
    """Read a code that the camera saw or that somebody typed; nothing is written yet."""
    return scanning.read_typed(PORT, _read)


@consultant.route("/consultant/photo", methods=["POST"])
@allow(Role.CONSULTANT)
@takes_files
def photo() -> Answer:
    """Read the code in a photo."""
    return scanning.read_from_photo(PORT, _read)


@consultant.route("/consultant/viewing", methods=["POST"])
@allow(Role.CONSULTANT)
def record() -> Answer:
    """Record the viewing with its intent (manual 4.2-3)."""
    form = ViewingForm()
    code, intent, is_standing_in = form.code.data or "", form.intent.data or "", bool(form.standing_in.data)
    try:
        recorded = record_viewing(
            caller(form), code=code, intent=intent, standing_in=is_standing_in, now=now()
        )
    except Refused as refused:
        return _not_recorded(form, refused)
    flash(_("The viewing is recorded."), "success")
    return redirect(url_for("mobile.consultant.customer", lead_id=recorded.lead_id))


@consultant.route("/consultant/viewings")
@allow(Role.CONSULTANT)
def viewings() -> Answer:
    """List the own viewings, with a search (manual 4.3)."""
    names = ("number", "name", "broker")
    texts: dict[str, Any] = {name: request.args.get(name, "") for name in names}
    search = ViewingSearch(**texts, intent=chosen("intent", Intent))
    found = one_page(viewings_found(signed_in(), search), page_number(), size=ROWS)
    return render_template(
        "mobile/viewings.html",
        found=found,
        search=search,
        intents=list(Intent),
        due=count_due(signed_in(), shanghai_day(now())),
        same_page=same_page,
    )


@consultant.route("/consultant/viewings/due")
@allow(Role.CONSULTANT)
def due() -> Answer:
    """List the customers with whom the consultant wanted to get in touch by today."""
    today = shanghai_day(now())
    found = one_page(due_follow_ups(signed_in(), today), page_number(), size=ROWS)
    return render_template(
        "mobile/due_follow_ups.html", found=found, today=today, now=now(), same_page=same_page
    )


@consultant.route("/consultant/viewings/customers/<int:lead_id>", methods=["GET", "POST"])
@allow(Role.CONSULTANT)
def customer(lead_id: int) -> Answer:
    """Show a customer's viewings and follow-ups, and add more (manual 4.3-9, 4.3-10)."""
    lead = get_lead(signed_in(), lead_id)
    form = FollowUpForm()
    if not form.validate_on_submit():
        return _customer_page(lead, form), form.status
    try:
        note, next_on = form.note.data or "", form.next_on.data
        add_follow_up(caller(form), lead_id=lead_id, note=note, next_on=next_on, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _customer_page(lead, form), status
    flash(_("The follow-up is added."), "success")
    return redirect(url_for("mobile.consultant.customer", lead_id=lead_id))


def viewing_page(form: ViewingForm, moment: datetime, *, asks: str = "") -> str:
    """Return the half-screen question how strong the intent is.

    Raises:
        Refused: unknown code, or NOT_BOUND_YET, which tells what has to happen before a viewing.
    """
    lead = get_viewable_lead(form.code.data or "", moment)
    return render_template("mobile/viewing.html", lead=lead, form=form, asks=asks, now=moment)


def _read(_form: ReadForm | PhotoForm, code: str) -> Answer:
    """Lead on to the page on which the viewing is recorded; what cannot be shown is refused at once."""
    lead = get_viewable_lead(code, now())
    return scanning.lead_on(url_for("mobile.visit_code.open_link", token=lead.code_token))


def _not_recorded(form: ViewingForm, refused: Refused) -> Answer:
    """Ask for the one answer that is missing, or say why there can be no viewing."""
    if refused.code not in ONE_MORE_ANSWER:
        return refusal_page(refused)
    if refused.code is not RefusalCode.STANDING_IN_UNCONFIRMED:
        status = form.refuse(refused)
        return viewing_page(form, now()), status
    form.renew()
    form.standing_in.data = "1"
    return viewing_page(form, now(), asks=sentence(refused)), refused.http_status


def _customer_page(lead: Lead, form: FollowUpForm) -> str:
    return render_template(
        "mobile/consultant_customer.html",
        lead=lead,
        form=form,
        viewings=viewings_of(lead),
        follow_ups=follow_ups_of(lead),
        today=shanghai_day(now()),
        now=now(),
    )
