"""带看记录: every viewing that a consultant recorded (manual 6.1.a-30, 6.2.d-30)."""

from typing import Any, ClassVar

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import number_in
from lead_system.admin_views.columns import Column, of_account, of_lead, ours, phones
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.scans import LEAD_PAGE
from lead_system.admin_views.searches import ViewingSearchForm
from lead_system.domain.roles import BACK_OFFICE
from lead_system.models import Account, Lead, Viewing
from lead_system.queries import people, scope, visits
from lead_system.queries.visits import ViewingSearch
from lead_system.web.caller import signed_in
from lead_system.web.filters import shown_name


class ViewingsView(ListView):
    """Viewings."""

    roles = BACK_OFFICE
    about = _l("Every showing that a consultant recorded.")
    advice = _l("A row appears when a consultant scans the code of a bound customer and grades the intent.")
    next_step = NextStep(_l("Look at the bound customers"), "leads.index_view", {"status": "bound"})
    search_form_class = ViewingSearchForm
    days_title = _l("Viewed at")
    narrowing_arguments: ClassVar[dict[str, Any]] = {"consultant_id": _l("Account of the consultant")}
    columns: ClassVar[tuple[Column, ...]] = (
        Column("viewed_at", _l("Viewed at"), lambda row: row.viewed_at, Viewing.viewed_at),
        Column("number", _l("Customer number"), lambda row: row.lead_id, Viewing.lead_id, LEAD_PAGE),
        Column(
            "name",
            _l("Customer name"),
            lambda row: shown_name(row.lead),
            of_lead(Lead.name_key, Viewing.lead_id),
            look="words",
        ),
        Column("phone", _l("Customer phone"), lambda row: phones(row.lead), look="phones"),
        Column("intent", _l("Intent"), lambda row: ours(row.intent.value), Viewing.intent),
        Column(
            "consultant",
            _l("Consultant"),
            lambda row: row.consultant.name,
            of_account(Account.name, Viewing.consultant_id),
            look="words",
        ),
        Column(
            "standing_in",
            _l("Standing in"),
            lambda row: ours(_("Yes")) if row.standing_in else None,
            Viewing.standing_in,
        ),
        Column(
            "broker",
            _l("Broker's name"),
            lambda row: row.broker.name,
            of_account(Account.name, Viewing.broker_id),
            look="words",
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of viewings."""
        return scope.visible_viewings(signed_in())

    def found(self) -> Select[Any]:
        """Return the viewings that fit the search."""
        return visits.viewings_found(signed_in(), self._search())

    def _search(self) -> ViewingSearch:
        given = request.args.get("consultant_id")
        consultant_id = number_in(given) if given else None
        return ViewingSearch(consultant_id=consultant_id, **self.search_values())

    def narrowed_to(self) -> Markup | None:
        """Say whose viewings are shown."""
        consultant_id = self._search().consultant_id
        if consultant_id is None:
            return None
        named = Markup("{} <span data-user>{}</span>")
        return named.format(_("Consultant"), people.name_of_consultant(consultant_id))
