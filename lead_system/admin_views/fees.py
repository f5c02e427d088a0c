"""带看费: what the secretary paid for visits, each with its screenshot (manual 6.1.b, 6.1.c, 6.2.f)."""

from typing import Any, ClassVar, cast

from flask import Response, flash, g, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import Answer, Question, number_in, present
from lead_system.admin_views.columns import Column, PageOf, of_account, of_lead, ours, phones
from lead_system.admin_views.forms import FeeForm, ReasonForm
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.scans import LEAD_PAGE
from lead_system.admin_views.searches import FeeSearchForm
from lead_system.admin_views.workbook import Cell
from lead_system.domain.errors import Refused
from lead_system.domain.roles import BACK_OFFICE, Role
from lead_system.models import Account, Fee, Lead
from lead_system.queries import fees, scope
from lead_system.queries.fees import FeeSearch, FeeState, FeeSums
from lead_system.queries.one_lead import get_lead
from lead_system.services.fees import pay_fee, void_fee
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.filters import money, shown_name
from lead_system.web.meanings import meaning
from lead_system.web.pictures import read_screenshot
from lead_system.web.sentences import sentence_for_page
from lead_system.web.sizes import takes_files


def _details_url(row: Fee) -> str:
    return url_for("fees.details_view", id=row.id)


_DETAILS = PageOf("fees.details_view")


class FeesView(ListView):
    """Viewing fees."""

    roles = BACK_OFFICE
    pages_not_served = ListView.pages_not_served - {"details_view"}
    list_template = "admin/fees/list.html"
    about = _l("What was paid to brokers for visits.")
    advice = _l("Open a customer whom the gate has scanned; the secretary writes the fee down there.")
    next_step = NextStep(_l("Look at the bound customers"), "leads.index_view", {"status": "bound"})
    row_links = (RowLink(_l("Details"), _DETAILS, _l("Fee %(number)s")),)
    explained = (FeeState.PAID, FeeState.VOID)
    search_form_class = FeeSearchForm
    tab_argument = "state"
    tabs_title = _l("Status")
    tab_titles: ClassVar[dict[str, Any]] = {
        "all": _l("All"),
        FeeState.PAID.value: _l("Paid"),
        FeeState.VOID.value: _l("Void"),
    }
    days_title = _l("Created at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("amount", _l("Fee amount"), lambda row: row.amount, Fee.amount, _DETAILS, look="amount"),
        Column(
            "broker_name",
            _l("Broker's name"),
            lambda row: row.broker.name,
            of_account(Account.name, Fee.broker_id),
            look="words",
        ),
        Column(
            "broker_phone",
            _l("Broker's phone"),
            lambda row: row.broker.phone,
            of_account(Account.phone, Fee.broker_id),
            look="figures",
        ),
        Column("brokerage", _l("Brokerage"), lambda row: row.brokerage and row.brokerage.name, look="words"),
        Column("number", _l("Customer number"), lambda row: row.lead_id, Fee.lead_id, LEAD_PAGE),
        Column(
            "name",
            _l("Customer name"),
            lambda row: shown_name(row.lead),
            of_lead(Lead.name_key, Fee.lead_id),
            look="words",
        ),
        Column("phone", _l("Customer phone"), lambda row: phones(row.lead), look="phones"),
        Column("created_at", _l("Created at"), lambda row: row.created_at, Fee.created_at),
        Column(
            "created_by",
            _l("Created by"),
            lambda row: row.created_by.name,
            of_account(Account.name, Fee.created_by_id),
            look="words",
        ),
        Column(
            "state", _l("Status"), lambda row: ours(_("Void") if row.is_void else _("Paid")), Fee.voided_at
        ),
    )

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of fees."""
        return scope.visible_fees(signed_in())

    def _search(self) -> FeeSearch:
        tab = self.chosen_tab()
        return FeeSearch(state=None if tab == "all" else FeeState(tab), **self.search_values())

    def found(self) -> Select[Any]:
        """Return the fees of the tab that fit the search."""
        return fees.fees_found(signed_in(), self._search())

    def tab_counts(self) -> dict[str, int]:
        """Return how many fees each tab has."""
        sums = self._sums()
        return {"all": sums.paid + sums.void, "paid": sums.paid, "void": sums.void}

    def sums(self) -> list[tuple[str, Cell]]:
        """Return the total of the fees that count; voided ones are never in it (SPEC 4)."""
        search = self._search()
        if search.state is FeeState.VOID:
            return []
        return [(_("Total without void fees"), self._sums().total)]

    def _sums(self) -> FeeSums:
        """Return the counts and the total under the search, asked once for each page."""
        if "fee_sums" not in g:
            g.fee_sums = fees.fee_sums(signed_in(), self._search())
        return cast(FeeSums, g.fee_sums)

    # One fee.

    @expose("/details/")
    def details_view(self) -> Answer:
        """Show one fee with its screenshot."""
        fee = fees.get_fee(signed_in(), number_in(request.args.get("id")))
        is_secretary = signed_in().role is Role.SECRETARY
        why_not = sentence_for_page(fees.already_voided(fee)) if is_secretary and fee.is_void else ""
        return self.render(
            "admin/fees/details.html",
            fee=fee,
            may_void=is_secretary and not fee.is_void,
            why_not_void=why_not,
            meaning=meaning(FeeState.VOID if fee.is_void else FeeState.PAID),
        )

    @expose("/picture/")
    def picture_view(self) -> Response:
        """Answer with the screenshot of a fee that the actor may see, small or whole."""
        small = request.args.get("size") == "small"
        jpeg = fees.get_screenshot(signed_in(), number_in(request.args.get("id")), small=small)
        return Response(jpeg, mimetype="image/jpeg")

    @expose("/pay/", methods=("GET", "POST"))
    @allow(Role.SECRETARY)
    @takes_files
    def pay_view(self) -> Answer:
        """Ask for amount and screenshot; write down a fee of one customer (manual 6.1.b-4, 6.1.b-5)."""
        lead = get_lead(signed_in(), number_in(request.args.get("lead")))
        form = FeeForm()
        if request.method == "GET":
            fees.require_scanned(lead)
            return self._pay_page(lead, form, None)
        try:
            picture = read_screenshot(form.picture.data)
            pay_fee(caller(form), lead_id=lead.id, amount=form.yuan(), picture=picture, now=present())
        except Refused as refused:
            return self._pay_page(lead, form, refused)
        flash(_("The viewing fee of customer number %(number)s is written down.", number=lead.id), "success")
        return redirect(url_for("leads.details_view", id=lead.id, _anchor="fees"))

    def _pay_page(self, lead: Lead, form: FeeForm, refused: Refused | None) -> Answer:
        payee = Markup("{} <strong data-user>{}</strong> <span class='figures'>{}</span>")
        subject = Markup('{} <span class="cell-name" data-user>{}</span>')
        question = Question(
            heading=_("Pay a viewing fee"),
            subject=subject.format(_("No. %(number)s", number=lead.id), shown_name(lead)),
            foresight=(
                payee.format(
                    _("The fee goes to the broker of this customer:"), lead.broker.name, lead.broker.phone
                ),
                _("It cannot be changed later, only voided with a reason."),
            ),
            button=_("Write down the fee"),
        )
        return self.question_page(
            question, form, refused, back_url=url_for("leads.details_view", id=lead.id, _anchor="fees")
        )

    @expose("/void/", methods=("GET", "POST"))
    @allow(Role.SECRETARY)
    def void_view(self) -> Answer:
        """Ask for the reason; void a fee, which then leaves every total."""
        fee, form = fees.get_fee(signed_in(), number_in(request.args.get("id"))), ReasonForm()
        if request.method == "GET":
            return self._void_page(fee, form, None)
        try:
            void_fee(caller(form), fee_id=fee.id, reason=form.reason.data or "", now=present())
        except Refused as refused:
            return self._void_page(fee, form, refused)
        flash(_("The viewing fee is void."), "success")
        return redirect(_details_url(fee))

    def _void_page(self, fee: Fee, form: ReasonForm, refused: Refused | None) -> Answer:
        subject = Markup("{} · {} <span data-user>{}</span>")
        question = Question(
            heading=_("Void the viewing fee"),
            subject=subject.format(
                money(fee.amount), _("No. %(number)s", number=fee.lead_id), shown_name(fee.lead)
            ),
            foresight=(
                _("The fee stays in the list, marked void, and leaves every total."),
                _("It cannot be brought back. A wrong amount is voided and written down again."),
            ),
            button=_("Void the fee"),
            is_danger=True,
        )
        return self.question_page(question, form, refused, back_url=_details_url(fee))
