"""改绑: the records of customers who were moved to another broker (manual 6.2.d-32 to 6.2.d-37)."""

from operator import attrgetter
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.columns import Column, PageOf, of_account, of_lead, ours
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import RebindSearchForm
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Lead, Rebind
from lead_system.queries import rebinds, scope
from lead_system.queries.rebinds import RebindSearch
from lead_system.web.caller import signed_in
from lead_system.web.filters import shown_name


class RebindsView(ListView):
    """Rebinds."""

    roles = DECIDERS
    about = _l("Customers whom a director moved to another broker.")
    advice = _l("A row appears when the broker of a bound customer is changed on the customer's page.")
    next_step = NextStep(_l("Look at the bound customers"), "leads.index_view", {"status": "bound"})
    search_form_class = RebindSearchForm
    days_title = _l("Rebound at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("at", _l("Rebound at"), lambda row: row.at, Rebind.at),
        Column(
            "name",
            _l("Customer name"),
            lambda row: shown_name(row.from_lead),
            of_lead(Lead.name_key, Rebind.from_lead_id),
            look="words",
        ),
        Column(
            "from_broker",
            _l("From broker"),
            lambda row: row.from_broker.name,
            of_account(Account.name, Rebind.from_broker_id),
            look="words",
        ),
        Column(
            "from_number",
            _l("From number"),
            lambda row: row.from_lead_id,
            Rebind.from_lead_id,
            PageOf("leads.details_view", attrgetter("from_lead_id")),
        ),
        Column(
            "to_broker",
            _l("To broker"),
            lambda row: row.to_broker.name,
            of_account(Account.name, Rebind.to_broker_id),
            look="words",
        ),
        Column(
            "to_number",
            _l("To number"),
            lambda row: row.to_lead_id,
            Rebind.to_lead_id,
            PageOf("leads.details_view", attrgetter("to_lead_id")),
        ),
        Column("old_end", _l("Old end"), lambda row: row.old_end, Rebind.old_end),
        Column("new_end", _l("New end"), lambda row: row.new_end, Rebind.new_end),
        Column(
            "kept_end",
            _l("Protection"),
            lambda row: ours(_("end kept") if row.kept_end else _("clock restarted")),
            Rebind.kept_end,
        ),
        Column(
            "actor",
            _l("Changed by"),
            lambda row: row.actor.name,
            of_account(Account.name, Rebind.actor_id),
            look="words",
        ),
        Column(
            "actor_login",
            _l("Account"),
            lambda row: row.actor.login,
            of_account(Account.login, Rebind.actor_id),
        ),
        Column("reason", _l("Reason"), lambda row: row.reason, look="long"),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of rebinds."""
        return scope.visible_rebinds(signed_in())

    def found(self) -> Select[Any]:
        """Return the rebinds that fit the search."""
        return rebinds.rebinds_found(signed_in(), RebindSearch(**self.search_values()))
