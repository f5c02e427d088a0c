"""客户: a broker enters customers, reports visits, and looks at the own list."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.roles import Role
from lead_system.mobile.forms import EntryForm, WishesForm
from lead_system.mobile.frame import ROWS, Answer, chosen, page_number, same_page
from lead_system.queries.bindings import ended_bindings
from lead_system.queries.lead_counts import count_each
from lead_system.queries.leads import TABS, LeadSearch
from lead_system.queries.one_lead import get_lead, get_own_lead
from lead_system.queries.own_leads import ending_soon, figures_of, own_page
from lead_system.queries.paging import Total
from lead_system.queries.settings import colleague_choices, consultant_choices, customer_type_choices
from lead_system.services.leads import enter_lead, report_lead
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.meanings import meanings

broker = Blueprint("broker", __name__)


class ListOf(StrEnum):
    """Whose customers a resident's list shows, where they are not the own ones."""

    COLLEAGUES = "colleagues"


class Soon(StrEnum):
    """What a list may be narrowed to instead of a status: protections that end within so many days."""

    WEEK = "7"


class Asked(NamedTuple):
    """Which list the address asks for: whose, and narrowed to what."""

    listed_of: ListOf | None
    soon: Soon | None
    everything: LeadSearch
    """All tabs of the list that is shown."""
    other: LeadSearch
    """A resident's other list."""
    search: LeadSearch
    """What is shown of the list."""


@broker.route("/customers")
@allow(Role.BROKER, Role.RESIDENT)
def customers() -> Answer:
    """List the customers under six tabs, with a search over number, name and digits (manual 1.5).

    A resident has two such lists: the own customers, and those entered for colleagues (R12).
    """
    actor, moment, asked = signed_in(), now(), _asked(signed_in().id)
    counts, ending = figures_of(actor, asked.everything, moment)
    total = Total(ending) if asked.soon else counts[asked.search.status]
    return render_template(
        "mobile/customers.html",
        found=own_page(actor, asked.search, page_number(), size=ROWS, total=total, now=moment),
        **asked._asdict(),
        counts=counts,
        lists=_both_lists(asked, counts[None], moment) if actor.role is Role.RESIDENT else {},
        ending_count=ending,
        tabs=(None, *TABS),
        explained=meanings(*TABS),
        now=moment,
        same_page=same_page,
    )


def _asked(broker_id: int) -> Asked:
    listed_of, soon = chosen("of", ListOf), chosen("soon", Soon)
    own = LeadSearch(anything=request.args.get("q", ""), broker_id=broker_id)
    assigned = replace(own, broker_id=None, assigned_by_id=broker_id)
    everything, other = (assigned, own) if listed_of else (own, assigned)
    search = ending_soon(everything) if soon else replace(everything, status=chosen("tab", TABS))
    return Asked(listed_of, soon, everything, other, search)


def _both_lists(asked: Asked, shown: int, moment: datetime) -> dict[ListOf | None, int]:
    """Return how many customers each of a resident's lists has, the own one first."""
    (hidden,) = count_each(signed_in(), [asked.other], moment)
    own, assigned = (hidden, shown) if asked.listed_of else (shown, hidden)
    return {None: own, ListOf.COLLEAGUES: assigned}


@broker.route("/customers/enter", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def enter() -> Answer:
    """Enter a customer, and with the other button report the visit at once (manual 1.4).

    A resident may choose a colleague, whose customer it then is (manual 5.1-2).
    """
    form = EntryForm()
    if not form.validate_on_submit():
        return _entry_page(form), form.status
    wanted = {"then_report": "then_report" in request.form, "colleague_id": form.colleague_id.data}
    try:
        entered = enter_lead(caller(form), entry=form.entry(), **wanted, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _entry_page(form, own=refused.facts.get("lead_id")), status
    flash(_entered_words(**wanted), "success")
    return redirect(url_for("mobile.broker.customer", lead_id=entered.lead_id))


def _entry_page(form: EntryForm, *, own: object = None) -> str:
    """Show the form; what it offers is looked up only then, not for an entry that is taken at once."""
    form.offer(customer_type_choices(), consultant_choices())
    form.offer_colleagues(colleague_choices(signed_in()))
    return render_template("mobile/enter.html", form=form, own=own)


def _entered_words(*, then_report: bool, colleague_id: int | None) -> str:
    if colleague_id is not None:
        return str(_("The customer is entered and belongs to your colleague, who can report the visit."))
    return str(_("The customer is entered and reported.") if then_report else _("The customer is entered."))


@broker.route("/customers/<int:lead_id>")
@allow(Role.BROKER, Role.RESIDENT)
def customer(lead_id: int) -> Answer:
    """Show one customer."""
    lead, moment = get_lead(signed_in(), lead_id), now()
    return render_template(
        "mobile/customer.html",
        lead=lead,
        is_own=lead.broker_id == signed_in().id,
        ended=ended_bindings(lead, moment),
        now=moment,
    )


@broker.route("/customers/<int:lead_id>/report", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def report(lead_id: int) -> Answer:
    """Report a visit of an own customer, with what the broker wishes this time (manual 1.5-10)."""
    form = WishesForm()
    if not form.is_submitted():
        return _report_page(lead_id, WishesForm(obj=get_own_lead(signed_in(), lead_id)))
    if not form.validate():
        return _report_page(lead_id, form), form.status
    try:
        report_lead(caller(form), lead_id=lead_id, wishes=form.wishes(), now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _report_page(lead_id, form), status
    flash(_("The visit is reported. Show the visit code at the gate."), "success")
    return redirect(url_for("mobile.broker.customer", lead_id=lead_id))


def _report_page(lead_id: int, form: WishesForm) -> str:
    """Show the form; a visit that is reported at once needs no choices, nor the customer read before."""
    lead = get_own_lead(signed_in(), lead_id)
    form.offer(customer_type_choices(), consultant_choices(), lead)
    return render_template("mobile/report.html", lead=lead, form=form, now=now())
