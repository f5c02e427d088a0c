"""客户: a broker enters customers, reports visits, and looks at the own list."""

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.roles import Role
from lead_system.mobile.forms import EntryForm, WishesForm
from lead_system.mobile.frame import ROWS, Answer, chosen, page_number, same_page
from lead_system.models import Lead
from lead_system.queries.leads import TABS, LeadSearch, get_lead, get_own_lead, leads_found, tab_counts
from lead_system.queries.paging import one_page
from lead_system.queries.settings import consultant_choices, customer_type_choices
from lead_system.services.leads import enter_lead, report_lead
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.meanings import meanings

broker = Blueprint("broker", __name__)


@broker.route("/customers")
@allow(Role.BROKER, Role.RESIDENT)
def customers() -> Answer:
    """List the customers under six tabs, with a search over number, name and digits (manual 1.5)."""
    moment = now()
    search = LeadSearch(status=chosen("tab", TABS), anything=request.args.get("q", ""))
    counts = tab_counts(signed_in(), search, moment)
    listed = leads_found(signed_in(), search, moment).order_by(Lead.entered_at.desc(), Lead.id.desc())
    found = one_page(listed, page_number(), size=ROWS, total=counts[search.status])
    return render_template(
        "mobile/customers.html",
        found=found,
        search=search,
        counts=counts,
        tabs=(None, *TABS),
        explained=meanings(*TABS),
        now=moment,
        same_page=same_page,
    )


@broker.route("/customers/enter", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def enter() -> Answer:
    """Enter a customer, and with the other button report the visit at once (manual 1.4)."""
    form = EntryForm()
    form.offer(customer_type_choices(), consultant_choices())
    if not form.validate_on_submit():
        return render_template("mobile/enter.html", form=form), form.status
    then_report = "then_report" in request.form
    try:
        entered = enter_lead(caller(form), entry=form.entry(), then_report=then_report, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return render_template("mobile/enter.html", form=form, own=refused.facts.get("lead_id")), status
    flash(
        _("The customer is entered and reported.") if then_report else _("The customer is entered."),
        "success",
    )
    return redirect(url_for("mobile.broker.customer", lead_id=entered.lead_id))


@broker.route("/customers/<int:lead_id>")
@allow(Role.BROKER, Role.RESIDENT)
def customer(lead_id: int) -> Answer:
    """Show one customer."""
    lead = get_lead(signed_in(), lead_id)
    return render_template(
        "mobile/customer.html", lead=lead, is_own=lead.broker_id == signed_in().id, now=now()
    )


@broker.route("/customers/<int:lead_id>/report", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def report(lead_id: int) -> Answer:
    """Report a visit of an own customer, with what the broker wishes this time (manual 1.5-10)."""
    lead = get_own_lead(signed_in(), lead_id)
    form = WishesForm(obj=lead)
    form.offer(customer_type_choices(), consultant_choices(), lead)
    if not form.validate_on_submit():
        return _report_page(lead, form, now()), form.status
    try:
        report_lead(caller(form), lead_id=lead_id, wishes=form.wishes(), now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _report_page(lead, form, now()), status
    flash(_("The visit is reported. Show the visit code at the gate."), "success")
    return redirect(url_for("mobile.broker.customer", lead_id=lead_id))


def _report_page(lead: Lead, form: WishesForm, moment: datetime) -> str:
    return render_template("mobile/report.html", lead=lead, form=form, now=moment)
