"""客户: the customers of all brokers, in tabs by status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, case, func
from sqlalchemy.orm import aliased

from lead_system.admin_views.base import present
from lead_system.admin_views.columns import Column, PageOf, badge, joined, of_account, ours, phones
from lead_system.admin_views.evidence import EvidencePages
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.narrowing import days_in_words, end_in_words, narrowing_values
from lead_system.admin_views.person_pages import PersonPages
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import LeadSearchForm
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import BACK_OFFICE, DECIDERS
from lead_system.models import Account, Brokerage, Lead
from lead_system.queries import (
    customer_types,
    lead_counts,
    listed_leads,
    people,
    scope,
)
from lead_system.queries.leads import TABS, LeadSearch, Step, with_people
from lead_system.queries.listed_leads import ListedLead
from lead_system.queries.paging import Stretch
from lead_system.queries.sorting import Through
from lead_system.web.caller import signed_in
from lead_system.web.filters import remaining, shown_name
from lead_system.web.meanings import Mark

_STEPS = {
    Step.REPORTED: _l("ever reported"),
    Step.BOUND: _l("ever bound"),
    Step.DEALT: _l("dealt now"),
    Step.HELD: _l("bound or dealt now"),
    Step.OPEN: _l("entered or reported now"),
    Step.TO_REBIND: _l("bound to an archived broker or brokerage"),
    Step.WITHOUT_FEE: _l("scanned, no viewing fee yet"),
}


def _marks(row: ListedLead) -> Markup | None:
    """Return what is remarkable about a customer: who else holds them, who they are, and a rebind."""
    held = Markup('<a class="mark mark-warning" href="{}">{} <span data-user>{}</span></a>')
    marks = [
        held.format(url_for("leads.details_view", id=holder.id), _("Held by"), holder.broker_name)
        for holder in row.holders
    ]
    if row.person_number:
        marks.append(ours(_("Another person, no. %(number)s", number=row.person_number)))
    if row.status is LeadStatus.EXPIRED and row.rebound_at:
        marks.append(ours(_("Rebound")))
    if row.status is LeadStatus.BOUND and row.broker_archived_at:
        marks.append(ours(_("Broker archived")))
    return joined(marks)


_END_STORED = case(
    (Lead.status == LeadStatus.BOUND, Lead.protect_until),
    (Lead.status == LeadStatus.EXPIRED, func.coalesce(Lead.rebound_at, Lead.protect_until)),
)
"""What `_end` shows, to sort by."""


_BROKER = aliased(Account)
_OF_BROKERAGE = Through(
    Brokerage.name,
    ((_BROKER, _BROKER.id == Lead.broker_id), (Brokerage, Brokerage.id == _BROKER.brokerage_id)),
)


def _end(row: ListedLead) -> datetime | None:
    """Return when a running protection ends, or when an ended one did; a deal has no end."""
    if row.status is LeadStatus.BOUND:
        return row.protect_until
    return row.rebound_at or row.protect_until if row.status is LeadStatus.EXPIRED else None


def _left(row: ListedLead) -> str:
    """Return how much of a running protection is left."""
    left = remaining(row.protect_until, present()) if row.status is LeadStatus.BOUND else ""
    return _("%(time)s left", time=left) if left else ""


_DETAILS = PageOf("leads.details_view")


class LeadsView(PersonPages, EvidencePages):
    """Customers (manual 6.1.a, 6.2.d, 6.3.d)."""

    roles = BACK_OFFICE
    pages_not_served = ListView.pages_not_served - {"details_view"}
    list_template = "admin/leads/list.html"
    about = _l("Every customer, as each broker entered them.")
    next_step = NextStep(_l("Show the phone address"), "help.poster_view")
    row_links = (RowLink(_l("Details"), _DETAILS, _l("No. %(number)s")),)
    explained = (*TABS, Mark.HELD_BY, Mark.REBOUND, Mark.BROKER_ARCHIVED, Mark.ANOTHER_PERSON)
    search_form_class = LeadSearchForm
    tab_argument = "status"
    tabs_title = _l("Status")
    tab_titles: ClassVar[dict[str, Any]] = {
        "all": _l("All"),
        LeadStatus.ENTERED.value: _l("Entered"),
        LeadStatus.REPORTED.value: _l("Reported"),
        LeadStatus.BOUND.value: _l("Bound"),
        LeadStatus.EXPIRED.value: _l("Expired"),
        LeadStatus.DEALT.value: _l("Dealt"),
    }
    days_title = _l("Entered at")
    narrowing_arguments: ClassVar[dict[str, Any]] = {
        "step": _l("Step"),
        "step_from": _l("Step taken from"),
        "step_to": _l("Step taken to"),
        "ends_within": _l("Days until the protection ends"),
        "broker_id": _l("Account of the broker"),
        "brokerage_id": _l("Number of the brokerage"),
        "consultant_id": _l("Account of the consultant"),
        "wished_id": _l("Account of the wished consultant"),
        "type_id": _l("Number of the customer type"),
    }
    columns: ClassVar[tuple[Column, ...]] = (
        Column("id", _l("Customer number"), lambda row: row.id, Lead.id, _DETAILS),
        Column(
            "full_name",
            _l("Customer name"),
            shown_name,
            Lead.name_key,
            look="words name",
        ),
        Column("phone1", _l("Customer phone"), phones, Lead.phone1, look="phones"),
        Column("status", _l("Status"), lambda row: badge(row.status)),
        Column("marks", _l("Marks"), _marks, look="words"),
        Column(
            "broker",
            _l("Bound broker"),
            lambda row: row.broker_name,
            of_account(Account.name, Lead.broker_id),
            look="words",
        ),
        Column(
            "broker_phone",
            _l("Broker's phone"),
            lambda row: row.broker_phone,
            of_account(Account.phone, Lead.broker_id),
            look="figures",
        ),
        Column(
            "brokerage",
            _l("Brokerage"),
            lambda row: row.brokerage_name,
            _OF_BROKERAGE,
            look="words",
        ),
        Column(
            "entered_by",
            _l("Entered by"),
            lambda row: row.entered_by_name,
            look="words",
        ),
        Column(
            "expected_visit_at",
            _l("Expected visit"),
            lambda row: row.expected_visit_at,
            Lead.expected_visit_at,
        ),
        Column(
            "consultant",
            _l("Consultant"),
            lambda row: row.consultant_name,
            of_account(Account.name, Lead.consultant_id),
            look="words",
        ),
        Column("protect_until", _l("Protected until"), _end, _END_STORED, hint=_left),
    )

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of customers."""
        return scope.visible_leads(signed_in())

    def _search(self) -> LeadSearch:
        """Return what the address narrows the list to.

        Raises:
            Refused: NOT_FOUND for a step, a day or a number that cannot be.
        """
        if "lead_search" not in g:
            kept = narrowing_values(self.narrowing_kept())
            tab = self.chosen_tab()
            status = None if tab == "all" else LeadStatus(tab)
            g.lead_search = with_people(LeadSearch(status=status, **kept, **self.search_values()))
        return cast(LeadSearch, g.lead_search)

    def found(self) -> Select[Any]:
        """Return the customers of the tab that fit the search, the newest number first."""
        return listed_leads.leads_found(signed_in(), self._search(), present()).order_by(Lead.id.desc())

    def newest_ids(self) -> Stretch:
        """Return the numbers of the customers found, the newest first."""
        return listed_leads.newest_ids(signed_in(), self._search(), present())

    def count(self) -> int:
        """Return how many customers are found, however many."""
        return lead_counts.count_leads(signed_in(), self._search(), present())

    def loaded(self, ids: Sequence[int]) -> list[ListedLead]:
        """Return the customers of these numbers as the columns read them."""
        return listed_leads.listed_leads(ids, present())

    def found_for_export(self, export_id: int) -> Select[Any]:
        """Return what the columns read of the customers, as plain values."""
        del export_id
        lines = listed_leads.lines_found(signed_in(), self._search(), present())
        return self.in_order_of_address(lines.order_by(Lead.id.desc()))

    def tab_counts(self) -> dict[str, int]:
        """Return how many customers each of the six tabs has."""
        counts = lead_counts.tab_counts(signed_in(), self._search(), present())
        return {status.value if status else "all": count for status, count in counts.items()}

    def shown(self, rows: Any) -> list[ListedLead]:
        """Return the customers of an export with who else holds them."""
        return listed_leads.with_holders(rows, present())

    def narrowed_to(self) -> Markup | None:
        """Say whose customers are shown, and how far they came."""
        search = self._search()
        named = (
            (_("Broker"), search.broker_id and people.name_of_agent(search.broker_id)),
            (_("Brokerage"), search.brokerage_id and people.name_of_brokerage(search.brokerage_id)),
            (_("Consultant"), search.consultant_id and people.name_of_consultant(search.consultant_id)),
            (_("Wished consultant"), search.wished_id and people.name_of_consultant(search.wished_id)),
            (_("Customer type"), search.type_id and customer_types.name_of_type(search.type_id)),
        )
        parts = [Markup("{} <span data-user>{}</span>").format(what, name) for what, name in named if name]
        if search.step:
            days = days_in_words(search.step, search.step_from, search.step_to)
            parts.append(ours(days or _STEPS[search.step]))
        if search.ends_within:
            parts.append(ours(end_in_words(search.ends_within)))
        return joined(parts)

    def narrowing_word(self, name: str, value: str) -> str:
        """Return what a narrowing argument says in words."""
        return str(_STEPS[Step(value)]) if name == "step" else value

    def may_decide(self) -> bool:
        """Whether who looks may mark deals, rebind and extend."""
        return signed_in().role in DECIDERS

    def to_rebind(self) -> int:
        """Return how many running bindings of archived brokers or brokerages wait for a rebind (R10)."""
        return lead_counts.count_to_rebind(signed_in(), present()) if self.may_decide() else 0

    def is_action_allowed(self, name: str) -> bool:
        """Whether a selection may be acted on: by those who decide, in tabs where it is of use."""
        is_useful = request.args.get("status") in (None, "", "all", LeadStatus.BOUND.value)
        return super().is_action_allowed(name) and signed_in().role in DECIDERS and is_useful
