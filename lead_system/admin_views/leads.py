"""客户: the customers of all brokers, one customer's page, and what a director may do there."""

from typing import Any, ClassVar

from flask import flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, select

from lead_system.admin_views.base import Answer, ListView, Tab, number_in, numbers_in, present
from lead_system.admin_views.forms import (
    BulkDealForm,
    DealForm,
    LeadSearchForm,
    ReasonForm,
    RebindForm,
    search_text,
)
from lead_system.admin_views.history_words import history_word
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import BACK_OFFICE, DECIDERS
from lead_system.models import Account, Brokerage, Lead
from lead_system.queries import collisions, deals, leads, rebinds, scope
from lead_system.queries.leads import LeadSearch
from lead_system.services.bindings import rebind_lead
from lead_system.services.deals import mark_dealt, mark_dealt_in_bulk, undo_deal
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in

_TAB_TITLES = {
    None: _l("All"),
    LeadStatus.ENTERED: _l("Entered"),
    LeadStatus.REPORTED: _l("Reported"),
    LeadStatus.BOUND: _l("Bound"),
    LeadStatus.EXPIRED: _l("Expired"),
    LeadStatus.DEALT: _l("Dealt"),
}

_ACTIONS = (
    (Verb.DEAL, ".mark_dealt_view", _l("Mark as dealt"), "button-first"),
    (Verb.LATE_DEAL, ".mark_dealt_view", _l("Mark a late deal"), ""),
    (Verb.REBIND_AWAY, ".rebind_view", _l("Change the broker"), ""),
    (Verb.UNDO_DEAL, ".undo_deal_view", _l("Undo the deal"), "button-danger"),
)
"""What a director finds on a customer's page, each where the lifecycle allows it."""


def _of_account(column: Any, owner: Any) -> ColumnElement[Any]:
    """Return a value of the account that a lead refers to, to sort by."""
    found: ColumnElement[Any] = select(column).where(Account.id == owner).correlate(Lead).scalar_subquery()
    return found


class LeadsView(ListView):
    """Customers (manual 6.1.a, 6.2.d, 6.3.d)."""

    roles = BACK_OFFICE
    pages_not_served = ListView.pages_not_served - {"details_view"}
    list_template = "admin/leads/list.html"
    search_form_class = LeadSearchForm
    tab_argument = "status"
    tabs_title = _l("Status")
    column_list = (
        "id",
        "full_name",
        "phone1",
        "status",
        "broker",
        "broker_phone",
        "brokerage",
        "expected_visit_at",
        "consultant",
        "protect_until",
    )
    column_labels: ClassVar[dict[str, Any]] = {
        "id": _l("Customer number"),
        "full_name": _l("Customer name"),
        "phone1": _l("Customer phone"),
        "status": _l("Status"),
        "broker": _l("Bound broker"),
        "broker_phone": _l("Broker's phone"),
        "brokerage": _l("Brokerage"),
        "expected_visit_at": _l("Expected visit"),
        "consultant": _l("Consultant"),
        "protect_until": _l("Protected until"),
    }
    orders: ClassVar[dict[str, Any]] = {
        "id": Lead.id,
        "full_name": Lead.name_key,
        "phone1": Lead.phone1,
        "broker": _of_account(Account.name, Lead.broker_id),
        "broker_phone": _of_account(Account.phone, Lead.broker_id),
        "brokerage": select(Brokerage.name)
        .join(Account, Account.brokerage_id == Brokerage.id)
        .where(Account.id == Lead.broker_id)
        .correlate(Lead)
        .scalar_subquery(),
        "expected_visit_at": Lead.expected_visit_at,
        "consultant": _of_account(Account.name, Lead.consultant_id),
        "protect_until": Lead.protect_until,
    }

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of customers."""
        return scope.visible_leads(signed_in())

    def _search(self) -> LeadSearch:
        """Return what the address narrows the list to.

        Raises:
            Refused: NOT_FOUND for a tab that does not exist.
        """
        tab = request.args.get("status") or "all"
        statuses = {"all": None} | {status.value: status for status in leads.TABS}
        if tab not in statuses:
            raise Refused(RefusalCode.NOT_FOUND)
        texts: dict[str, Any] = {**self.search_kept()}
        return LeadSearch(status=statuses[tab], **texts)

    def found(self) -> Select[Any]:
        """Return the customers of the tab that fit the search."""
        return leads.leads_found(signed_in(), self._search(), present())

    def tabs(self) -> list[Tab]:
        """Return the six tabs with their counts."""
        search = self._search()
        counts = leads.tab_counts(signed_in(), search, present())
        return [
            Tab(
                title=str(title),
                url=self.get_url(".index_view", status=status and status.value, **self.search_kept()),
                count=counts[status],
                is_chosen=status is search.status,
            )
            for status, title in _TAB_TITLES.items()
        ]

    def beside(self, rows: Any) -> dict[str, Any]:
        """Return who really holds these customers."""
        return {"holders": leads.holders_of(rows, present()), "status": self._search().status or "all"}

    def is_action_allowed(self, name: str) -> bool:
        """Whether a selection may be acted on: by those who decide, in tabs where it is of use."""
        is_useful = request.args.get("status") in (None, "", "all", LeadStatus.BOUND.value)
        return super().is_action_allowed(name) and signed_in().role in DECIDERS and is_useful

    # One customer.

    @expose("/details/")
    def details_view(self) -> Answer:
        """Show everything about one customer."""
        lead = self.get_one(request.args.get("id", ""))
        return self.render(
            "admin/leads/details.html",
            lead=lead,
            status=lead.status_at(present()),
            details=_details(signed_in(), lead),
            lead_actions=self._offered_actions(lead),
            may_decide=signed_in().role in DECIDERS,
            history_word=history_word,
        )

    def _offered_actions(self, lead: Lead) -> list[dict[str, Any]]:
        if signed_in().role not in DECIDERS:
            return []
        was_bound = lead.bound_at is not None
        return [
            {"title": title, "url": self.get_url(endpoint, id=lead.id), "look": look}
            for verb, endpoint, title, look in _ACTIONS
            if is_allowed(verb, lead.status_at(present())) and was_bound
        ]

    def _details_url(self, lead: Lead) -> str:
        url: str = self.get_url(".details_view", id=lead.id)
        return url

    def _asked_about(
        self, template: str, lead: Lead, form: Any, refused: Refused | None, **more: Any
    ) -> Answer:
        """Show the page that asks before an action on one customer, again with the reason for a refusal."""
        if refused is None:
            form.version.data = lead.version
        return self.asking_page(template, form, refused, back_url=self._details_url(lead), lead=lead, **more)

    # Deals.

    @expose("/mark-dealt/", methods=("GET", "POST"))
    @allow(*DECIDERS)
    def mark_dealt_view(self) -> Answer:
        """Ask for date, unit and amount of a deal; mark it (manual 6.2.d-38)."""
        lead, form = self.get_one(request.args.get("id", "")), DealForm()
        if request.method == "GET":
            deals.require_dealable(lead, present())
            form.dealt_on.data = shanghai_day(present())
            return self._deal_page(lead, form, None)
        try:
            terms = form.terms()
            mark_dealt(caller(form), lead_id=lead.id, version=form.seen, terms=terms, now=present())
        except Refused as refused:
            return self._deal_page(lead, form, refused)
        flash(_("Customer number %(number)s is dealt.", number=lead.id), "success")
        return redirect(self._details_url(lead))

    def _deal_page(self, lead: Lead, form: DealForm, refused: Refused | None) -> Answer:
        is_late = lead.status_at(present()) is not LeadStatus.BOUND
        return self._asked_about("admin/leads/mark_dealt.html", lead, form, refused, is_late=is_late)

    @action("mark_dealt", _l("Mark as dealt"))
    def action_mark_dealt(self, ids: tuple[int, ...]) -> Answer:
        """Ask before the chosen customers are marked dealt together."""
        form = BulkDealForm(formdata=None)
        form.dealt_on.data = shanghai_day(present())
        return self._bulk_page(ids, form, None)

    @expose("/mark-dealt-in-bulk/", methods=("POST",))
    @allow(*DECIDERS)
    def mark_dealt_in_bulk_view(self) -> Answer:
        """Mark several customers dealt, all or none."""
        ids, form = numbers_in(request.form.getlist("lead_ids")), BulkDealForm()
        try:
            if form.dealt_on.data is None:
                raise Refused(RefusalCode.MOMENT_WRONG, field="dealt_on")
            mark_dealt_in_bulk(caller(form), lead_ids=ids, dealt_on=form.dealt_on.data, now=present())
        except Refused as refused:
            return self._bulk_page(ids, form, refused)
        said = ngettext("%(num)s customer is dealt.", "%(num)s customers are dealt.", len(ids))
        flash(said, "success")
        return redirect(self.get_url(".index_view", status=LeadStatus.DEALT.value))

    def _bulk_page(self, ids: tuple[int, ...], form: BulkDealForm, refused: Refused | None) -> Answer:
        eligible, not_eligible = deals.select_for_deal(signed_in(), ids, present())
        return self.asking_page(
            "admin/leads/mark_dealt_in_bulk.html",
            form,
            refused,
            back_url=self.way_back(),
            action_url=self.get_url(".mark_dealt_in_bulk_view"),
            eligible=eligible,
            not_eligible=not_eligible,
        )

    @expose("/undo-deal/", methods=("GET", "POST"))
    @allow(*DECIDERS)
    def undo_deal_view(self) -> Answer:
        """Ask for the reason; undo the deal."""
        lead, form = self.get_one(request.args.get("id", "")), ReasonForm()
        if request.method == "GET":
            return self._undo_page(lead, form, None)
        try:
            reason = form.reason.data or ""
            undo_deal(caller(form), lead_id=lead.id, version=form.seen, reason=reason, now=present())
        except Refused as refused:
            return self._undo_page(lead, form, refused)
        flash(_("The deal of customer number %(number)s is undone.", number=lead.id), "success")
        return redirect(self._details_url(lead))

    def _undo_page(self, lead: Lead, form: ReasonForm, refused: Refused | None) -> Answer:
        deal = deals.get_standing_deal(lead, present())
        after = deals.status_after_undo(lead, deal, present())
        return self._asked_about(
            "admin/leads/undo_deal.html", lead, form, refused, deal=deal, status_after=after
        )

    # Rebind.

    @expose("/rebind/", methods=("GET", "POST"))
    @allow(*DECIDERS)
    def rebind_view(self) -> Answer:
        """Find the new broker, say what would follow, ask for the reason; rebind (manual 6.2.d-33)."""
        lead, form = self.get_one(request.args.get("id", "")), RebindForm()
        if request.method == "GET":
            return self._rebind_page(lead, form, None)
        try:
            number = self._rebind(lead, form)
        except Refused as refused:
            return self._rebind_page(lead, form, refused)
        said = _("The customer is now customer number %(number)s of the new broker.", number=number)
        flash(said, "success")
        return redirect(self.get_url(".details_view", id=number))

    def _rebind(self, lead: Lead, form: RebindForm) -> int:
        """Move the customer to the broker of the address; returns the number that is bound now."""
        return rebind_lead(
            caller(form),
            lead_id=lead.id,
            version=form.seen,
            to_broker_id=number_in(request.args.get("to")),
            reason=form.reason.data or "",
            keep_end=form.keep_end.data == "yes",
            now=present(),
        ).to_lead_id

    def _rebind_page(self, lead: Lead, form: RebindForm, refused: Refused | None) -> Answer:
        foresight = None
        try:
            foresight = rebinds.foresee(lead, self._new_broker(), present())
        except Refused as reason:
            refused = refused or reason
        typed = search_text(request.args.get("broker"))
        brokers = [] if foresight else rebinds.brokers_for(lead, typed)
        more = {"foresight": foresight, "broker_search": typed, "brokers": brokers}
        return self._asked_about("admin/leads/rebind.html", lead, form, refused, **more)

    def _new_broker(self) -> int | None:
        """Return the broker who was chosen; None before one was."""
        return number_in(request.args["to"]) if request.args.get("to") else None


def _details(actor: Account, lead: Lead) -> dict[str, Any]:
    """Return the sections of a customer's page; rebinds and collisions only for those who decide."""
    decides = actor.role in DECIDERS
    return {
        "holders": leads.holders_of([lead], present())[lead.id],
        "deal": deals.find_standing_deal(lead),
        "scans": leads.scans_of(lead),
        "viewings": leads.viewings_of(lead),
        "follow_ups": leads.follow_ups_of(lead),
        "fees": leads.fees_of(lead),
        "rebinds": leads.rebinds_of(lead) if decides else [],
        "collisions": collisions.collisions_of(actor, lead) if decides else [],
        "others": leads.leads_of_same_customer(lead),
        "history": leads.history_of(lead),
    }
