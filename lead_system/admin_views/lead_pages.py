"""One customer's page in the back office, and what is done from there."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup

from lead_system.admin_views.base import Answer, Question, number_in, numbers_in, present
from lead_system.admin_views.columns import phones
from lead_system.admin_views.flag_marks import flag_card
from lead_system.admin_views.forms import BulkDealForm, DealForm, ExtendForm, RebindForm, VersionReasonForm
from lead_system.admin_views.history_words import history_word
from lead_system.admin_views.lists import ListView
from lead_system.admin_views.searches import search_text
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import DECIDERS, Role
from lead_system.models import Account, Lead
from lead_system.queries import (
    bindings,
    collisions,
    deals,
    listed_leads,
    look_alikes,
    offers,
    one_lead,
    persons,
    rebinds,
)
from lead_system.queries.retention import refuse_anonymised
from lead_system.queries.settings import get_settings
from lead_system.services.anonymising import anonymise_lead
from lead_system.services.bindings import extend_binding, rebind_lead
from lead_system.services.deals import mark_dealt, mark_dealt_in_bulk, undo_deal
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.filters import moment, shown_name
from lead_system.web.meanings import meaning
from lead_system.web.sentences import sentence
from lead_system.web.why_not import why_not

_ACTIONS = (
    (Verb.DEAL, ".mark_dealt_view", _l("Mark as dealt"), "button-first"),
    (Verb.LATE_DEAL, ".mark_dealt_view", _l("Mark a late deal"), ""),
    (Verb.REBIND_AWAY, ".rebind_view", _l("Change the broker"), ""),
    (Verb.EXTEND, ".extend_view", _l("Extend the protection"), ""),
    (Verb.UNDO_DEAL, ".undo_deal_view", _l("Undo the deal"), "button-danger"),
)
"""What a director finds on a customer's page, each where `queries.offers` offers it."""


class LeadPages(ListView):
    """What the list of customers opens: one customer, and the page that asks before each action on one."""

    @expose("/details/")
    def details_view(self) -> Answer:
        """Show everything about one customer."""
        lead = self.get_one(request.args.get("id", ""))
        return self.render(
            "admin/leads/details.html",
            lead=lead,
            status=lead.status_at(present()),
            details=_details(signed_in(), lead),
            flags=flag_card(signed_in(), lead),
            **self._offered_actions(lead),
            why_not_pay=_why_not_pay(lead),
            meaning=meaning,
            may_decide=signed_in().role in DECIDERS,
            may_pay=signed_in().role is Role.SECRETARY,
            may_anonymise=signed_in().role is Role.ADMIN and lead.anonymised_at is None,
            history_word=history_word,
        )

    def _offered_actions(self, lead: Lead) -> dict[str, Any]:
        """Return the buttons of what may be done with a customer, and why the rest is not offered."""
        all_offers = offers.offers_for(signed_in(), lead, present())
        offered = {offer.verb for offer in all_offers if offer.refused is None}
        buttons = [
            {"title": title, "url": self.get_url(endpoint, id=lead.id), "look": look}
            for verb, endpoint, title, look in _ACTIONS
            if verb in offered
        ]
        return {"lead_actions": buttons, "not_offered": why_not(all_offers, lead, present())}

    def _asked_about(
        self, template: str, lead: Lead, form: Any, refused: Refused | None, **more: Any
    ) -> Answer:
        """Show the page that asks before an action on one customer, again with the reason for a refusal."""
        if refused is None:
            form.version.data = lead.version
        return self.asking_page(template, form, refused, back_url=details_url(lead), lead=lead, **more)

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
        return redirect(details_url(lead))

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
        lead, form = self.get_one(request.args.get("id", "")), VersionReasonForm()
        if request.method == "GET":
            return self._undo_page(lead, form, None)
        try:
            reason = form.reason.data or ""
            undo_deal(caller(form), lead_id=lead.id, version=form.seen, reason=reason, now=present())
        except Refused as refused:
            return self._undo_page(lead, form, refused)
        flash(_("The deal of customer number %(number)s is undone.", number=lead.id), "success")
        return redirect(details_url(lead))

    def _undo_page(self, lead: Lead, form: VersionReasonForm, refused: Refused | None) -> Answer:
        deal = deals.find_standing_deal(lead)
        if deal is None:
            raise refused or deals.no_deal(lead, present())
        after = deals.status_after_undo(lead, deal, present())
        return self._asked_about(
            "admin/leads/undo_deal.html", lead, form, refused, deal=deal, status_after=after
        )

    # Extension.

    @expose("/extend/", methods=("GET", "POST"))
    @allow(*DECIDERS)
    def extend_view(self) -> Answer:
        """Ask for days and reason; extend a running binding, which is possible once (R6)."""
        lead, form = self.get_one(request.args.get("id", "")), ExtendForm()
        if request.method == "GET":
            bindings.get_extendable(lead, present())
            return self._extend_page(lead, form, None)
        try:
            extended = extend_binding(
                caller(form),
                lead_id=lead.id,
                version=form.seen,
                days=form.days.data or 0,
                reason=form.reason.data or "",
                now=present(),
            )
        except Refused as refused:
            return self._extend_page(lead, form, refused)
        end = moment(datetime.fromisoformat(extended.ends_at))
        flash(_("Customer number %(number)s is protected until %(end)s.", number=lead.id, end=end), "success")
        return redirect(details_url(lead))

    def _extend_page(self, lead: Lead, form: ExtendForm, refused: Refused | None) -> Answer:
        if refused is None:
            form.version.data = lead.version
        limit = get_settings().protection_days
        form.days.description = _("A whole number between 1 and %(limit)s.", limit=limit)
        question = Question(
            heading=_("Extend the protection"),
            subject=_about(lead),
            foresight=(
                _("The protection ends on %(end)s now.", end=moment(lead.protect_until)),
                _("Every day adds 24 hours to that end."),
                _("A binding can be extended once; this is that once."),
            ),
            button=_("Extend"),
        )
        return self.question_page(question, form, refused, back_url=details_url(lead))

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

    # Personal values.

    @expose("/anonymise/", methods=("GET", "POST"))
    @allow(Role.ADMIN)
    @confirm_first
    def anonymise_view(self) -> Answer:
        """Ask for the reason; take the personal values of a customer who asked for it (decision 26)."""
        lead, form = self.get_one(request.args.get("id", "")), VersionReasonForm()
        if request.method == "GET":
            refuse_anonymised(lead)
            return self._anonymise_page(lead, form, None)
        reason = form.reason.data or ""
        try:
            anonymise_lead(caller(form), lead_id=lead.id, version=form.seen, reason=reason, now=present())
        except Refused as refused:
            return self._anonymise_page(lead, form, refused)
        flash(_("The customer's data is anonymised."), "success")
        return redirect(details_url(lead))

    def _anonymise_page(self, lead: Lead, form: VersionReasonForm, refused: Refused | None) -> Answer:
        if refused is None:
            form.version.data = lead.version
        others = ", ".join(str(other.id) for other in one_lead.leads_of_same_customer(lead))
        also = _("The same happens to the other numbers of this customer: %(numbers)s.", numbers=others)
        question = Question(
            heading=_("Anonymise the customer"),
            subject=_about(lead),
            foresight=(
                _("Name, digits, needs, notes and reasons are deleted. Nobody can undo this."),
                _("Number, status, scans, viewings and fees stay. The visit code is refused at the gate."),
                *((also,) if others else ()),
            ),
            button=_("Anonymise"),
            is_danger=True,
        )
        return self.question_page(question, form, refused, back_url=details_url(lead))


def _why_not_pay(lead: Lead) -> str:
    """Return why the secretary cannot pay a fee now; blank where that can be, or for anybody else."""
    refused = offers.refusal_of_fee(signed_in(), lead)
    return "" if refused is None else sentence(refused)


def details_url(lead: Lead) -> str:
    """Return the address of a customer's page."""
    return url_for("leads.details_view", id=lead.id)


def _about(lead: Lead) -> Markup:
    """Return the line that says which customer a page is about."""
    named = Markup('{} <span class="cell-name" data-user>{}</span> <span class="figures">{}</span>')
    return named.format(_("No. %(number)s", number=lead.id), shown_name(lead), phones(lead))


def _details(actor: Account, lead: Lead) -> dict[str, Any]:
    """Return the sections of a customer's page; rebinds and collisions only for those who decide."""
    decides = actor.role in DECIDERS
    return {
        "holders": listed_leads.holders_of([lead.id], present()).get(lead.id, []),
        "deal": deals.find_standing_deal(lead),
        "binding": bindings.find_open_binding(lead),
        "scans": one_lead.scans_of(lead),
        "viewings": one_lead.viewings_of(lead),
        "follow_ups": one_lead.follow_ups_of(lead),
        "fees": one_lead.fees_of(lead),
        "rebinds": one_lead.rebinds_of(lead) if decides else [],
        "collisions": collisions.collisions_of(actor, lead) if decides else [],
        "others": one_lead.leads_of_same_customer(lead),
        "look_alikes": look_alikes.look_alikes_of(actor, lead),
        "may_be_told_apart": decides and persons.may_be_told_apart(lead, present()),
        "history": one_lead.history_of(lead),
    }
