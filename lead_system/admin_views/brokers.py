"""经纪人: brokers and residents, approvals, and what a director may change (manual 6.2.c, 6.3.c)."""

from operator import attrgetter
from typing import Any, ClassVar

from flask import Response, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # its stubs are older

from lead_system.admin_views.archiving import archive_question, what_is_left
from lead_system.admin_views.base import Answer, Question, menu_now, number_in, present
from lead_system.admin_views.columns import Column, PageOf, badge, joined, ours
from lead_system.admin_views.forms import ArchiveForm, BrokerForm, DecideForm
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import BrokerSearchForm
from lead_system.admin_views.signing_out import sign_out_page
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import DECIDERS, Approval
from lead_system.models import Account, Brokerage
from lead_system.queries import people, scope
from lead_system.queries.leads import LeadSearch
from lead_system.queries.people import AgentSearch, AgentTab
from lead_system.queries.settings import brokerage_choices
from lead_system.queries.sorting import Through
from lead_system.services.brokers import (
    approve_resident,
    archive_broker,
    change_broker,
    reject_resident,
)
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.words import word


def _approval(row: Account) -> Markup | None:
    """Return where a resident stands; brokers need no approval."""
    if row.approval is Approval.NOT_NEEDED:
        return None
    return badge(row.approval)


_NAME = attrgetter("name")


class BrokersView(ListView):
    """Brokers and residents."""

    roles = DECIDERS
    list_template = "admin/brokers/list.html"
    about = _l("Brokers and residents who have completed their profile on the phone.")
    advice = _l("A broker appears here after the first sign-in on the phone.")
    next_step = NextStep(_l("Show the phone address"), "help.poster_view")
    row_links = (
        RowLink(
            _l("Decide"),
            PageOf("brokers.decide_view"),
            _NAME,
            is_offered=lambda row: row.approval in {Approval.PENDING, Approval.REJECTED},
            look="button-soft",
        ),
        RowLink(_l("Change records"), PageOf("profile_changes.index_view", argument="account_id"), _NAME),
        RowLink(_l("Change"), PageOf("brokers.change_view"), _NAME),
        RowLink(_l("End sessions"), PageOf("brokers.sign_out_view"), _NAME),
        RowLink(_l("Archive"), PageOf("brokers.archive_view"), _NAME),
    )
    explained = (Approval.NOT_NEEDED, Approval.PENDING, Approval.APPROVED, Approval.REJECTED)
    search_form_class = BrokerSearchForm
    tab_argument = "tab"
    tabs_title = _l("Kind")
    tab_titles: ClassVar[dict[str, Any]] = {
        "all": _l("All"),
        AgentTab.BROKERS.value: _l("Brokers"),
        AgentTab.RESIDENTS.value: _l("Residents"),
        AgentTab.WAITING.value: _l("Waiting for approval"),
        AgentTab.REJECTED.value: _l("Rejected"),
    }
    narrowing_arguments: ClassVar[dict[str, Any]] = {"brokerage_id": _l("Number of the brokerage")}
    count_endpoint = "brokers.waiting_count_view"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "employee_number", _l("Employee number"), lambda row: row.employee_number, Account.employee_number
        ),
        Column("name", _l("Name"), lambda row: row.name, Account.name, look="words name"),
        Column("phone", _l("Phone"), lambda row: row.phone, Account.phone, look="figures"),
        Column("role", _l("Broker or resident"), lambda row: ours(word(row.role)), Account.role),
        Column(
            "brokerage",
            _l("Brokerage"),
            lambda row: row.brokerage and row.brokerage.name,
            Through(Brokerage.name, ((Brokerage, Brokerage.id == Account.brokerage_id),)),
            look="words",
        ),
        Column("approval", _l("Approval"), _approval, Account.approval),
        Column("created_at", _l("Since"), lambda row: row.created_at, Account.created_at),
    )

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of brokers."""
        return scope.visible_agents(signed_in())

    def _search(self) -> AgentSearch:
        tab, given = self.chosen_tab(), request.args.get("brokerage_id")
        return AgentSearch(
            tab=None if tab == "all" else AgentTab(tab),
            brokerage_id=number_in(given) if given else None,
            **self.search_values(),
        )

    def found(self) -> Select[Any]:
        """Return the brokers of the tab that fit the search."""
        return people.agents_found(signed_in(), self._search())

    def tab_counts(self) -> dict[str, int]:
        """Return how many brokers each tab has."""
        counts = people.agent_tab_counts(signed_in(), self._search())
        return {tab.value if tab else "all": count for tab, count in counts.items()}

    def narrowed_to(self) -> Markup | None:
        """Say of which brokerage the brokers are."""
        brokerage_id = self._search().brokerage_id
        if brokerage_id is None:
            return None
        return Markup("<span data-user>{}</span>").format(people.name_of_brokerage(brokerage_id))

    # The number in the menu.

    def menu_count(self) -> int | None:
        """Return how many residents wait, as many as that tab has rows."""
        return menu_now().waiting_residents

    @expose("/waiting-count/")
    def waiting_count_view(self) -> Response:
        """Answer the menu, which asks again and again."""
        return jsonify(count=people.waiting_count(signed_in()))

    # One broker.

    def _asked_about(self) -> Account:
        return people.get_agent(signed_in(), number_in(request.args.get("id")))

    @expose("/decide/", methods=("GET", "POST"))
    def decide_view(self) -> Answer:
        """Let a resident in, or turn them away with a reason (manual 6.2.c-8)."""
        resident, form = self._asked_about(), DecideForm()
        if request.method == "GET":
            return self._decide_page(resident, form, None)
        try:
            said = self._decide(resident, form)
        except Refused as refused:
            return self._decide_page(resident, form, refused)
        flash(said, "success")
        return redirect(self.get_url(".index_view", tab=AgentTab.WAITING.value))

    def _decide(self, resident: Account, form: DecideForm) -> Markup:
        named = Markup("<span data-user>{}</span>").format(resident.name)
        if request.form.get("decision") == "reject":
            reason = form.reason.data or ""
            reject_resident(
                caller(form), account_id=resident.id, version=form.seen, reason=reason, now=present()
            )
            return Markup(_("%(name)s is rejected, and reads the reason on the phone.")) % {"name": named}  # noqa: S704
        if request.form.get("decision") != "approve":
            raise Refused(RefusalCode.DECISION_MISSING)
        approve_resident(caller(form), account_id=resident.id, version=form.seen, now=present())
        return Markup(_("%(name)s is approved, and may work from the next click on.")) % {"name": named}  # noqa: S704

    def _decide_page(self, resident: Account, form: DecideForm, refused: Refused | None) -> Answer:
        if refused is None:
            if resident.approval not in (Approval.PENDING, Approval.REJECTED):
                raise Refused(RefusalCode.NOT_WAITING)
            form.version.data = resident.version
        back_url = self.get_url(".index_view", tab=AgentTab.WAITING.value)
        more = {"resident": resident, "since": people.waiting_since(resident)}
        return self.asking_page("admin/brokers/decide.html", form, refused, back_url=back_url, **more)

    @expose("/change/", methods=("GET", "POST"))
    @confirm_first
    def change_view(self) -> Answer:
        """Change phone and brokerage of a broker, and nothing else (manual 6.2.c-13)."""
        broker, form = self._asked_about(), BrokerForm()
        self._offer_brokerages(form, broker)
        if request.method == "GET":
            form.phone.data, form.brokerage_id.data = broker.phone, broker.brokerage_id
            return self._change_page(broker, form, None)
        try:
            change_broker(
                caller(form),
                account_id=broker.id,
                version=form.seen,
                phone=form.phone.data or "",
                brokerage_id=form.brokerage_id.data,
                now=present(),
            )
        except Refused as refused:
            return self._change_page(broker, form, refused)
        flash(_("The changes are saved and stand in the change records."), "success")
        return redirect(url_for("profile_changes.index_view", account_id=broker.id))

    def _offer_brokerages(self, form: BrokerForm, broker: Account) -> None:
        """Offer the active brokerages, and the present one though it may be archived."""
        offered = {brokerage.id: brokerage.name for brokerage in brokerage_choices()}
        if broker.brokerage is not None:
            offered.setdefault(broker.brokerage.id, broker.brokerage.name)
        form.brokerage_id.choices = [SelectChoice(number, name) for number, name in offered.items()]

    def _change_page(self, broker: Account, form: BrokerForm, refused: Refused | None) -> Answer:
        if refused is None:
            form.version.data = broker.version
        question = Question(
            heading=_("Change phone and brokerage"),
            subject=_person(broker),
            foresight=(
                _("The broker signs in with the new phone from now on."),
                _("Running bindings, gate scans and fees stay as they are."),
                _("The change is kept in the change records."),
            ),
            button=_("Save"),
        )
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))

    @expose("/sign-out/", methods=("GET", "POST"))
    @confirm_first
    def sign_out_view(self) -> Answer:
        """Say what it means to sign a broker out everywhere; do it."""
        broker = self._asked_about()
        return sign_out_page(self, broker, _person(broker))

    @expose("/archive/", methods=("GET", "POST"))
    def archive_view(self) -> Answer:
        """Say what an archiving leaves behind; archive a broker (R10)."""
        form, wanted = ArchiveForm(), number_in(request.args.get("id"))
        if request.method == "GET":
            return self._archive_page(self._asked_about(), form, None)
        try:
            archive_broker(caller(form), account_id=wanted, version=form.seen, now=present())
        except Refused as refused:
            return self._archive_page(self._asked_about(), form, refused)
        flash(_("The broker is archived and signed out."), "success")
        return redirect(self.get_url(".index_view"))

    def _archive_page(self, broker: Account, form: ArchiveForm, refused: Refused | None) -> Answer:
        if refused is None:
            form.version.data = broker.version
        search = LeadSearch(broker_id=broker.id)
        left = what_is_left(
            people.consequences(signed_in(), search, present()),
            lambda **state: url_for("leads.index_view", broker_id=broker.id, **state),
        )
        question = archive_question(_("Archive the broker"), _person(broker), *left)
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))


def _person(account: Account) -> Markup:
    """Return a broker's name and number, as what people typed."""
    parts = [Markup("<span data-user>{}</span>").format(account.name)]
    return joined([*parts, ours(account.employee_number)] if account.employee_number else parts) or Markup()
