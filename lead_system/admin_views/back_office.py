"""The back office as a whole: the menu in reading order, which is the only list of its views."""

from functools import cached_property
from typing import Any, NamedTuple

from flask import Flask, url_for
from flask_admin import Admin
from flask_babel import lazy_gettext as _l

from lead_system.admin_views import confirming, door, second_step
from lead_system.admin_views.base import BackOfficeView
from lead_system.admin_views.brokerages import BrokeragesView
from lead_system.admin_views.brokers import BrokersView
from lead_system.admin_views.collisions import CollisionsView
from lead_system.admin_views.customer_types import CustomerTypesView
from lead_system.admin_views.dashboard import DashboardView
from lead_system.admin_views.export_log import ExportLogView
from lead_system.admin_views.fees import FeesView
from lead_system.admin_views.finder import FinderView
from lead_system.admin_views.first_steps import FirstStepsView
from lead_system.admin_views.flags import FlagsView
from lead_system.admin_views.handing_over import HandingOverView
from lead_system.admin_views.help import HelpView
from lead_system.admin_views.leads import LeadsView
from lead_system.admin_views.plots import PlotsView
from lead_system.admin_views.profile_changes import ProfileChangesView
from lead_system.admin_views.project import ProjectView
from lead_system.admin_views.rebinds import RebindsView
from lead_system.admin_views.reconciliation import ReconciliationView
from lead_system.admin_views.referrals import ReferralsView
from lead_system.admin_views.reveals import RevealsView
from lead_system.admin_views.scans import ScansView
from lead_system.admin_views.second_factor import SecondFactorView
from lead_system.admin_views.sessions import SessionsView
from lead_system.admin_views.settings import SettingsView
from lead_system.admin_views.staff import ConsultantsView, StaffView
from lead_system.admin_views.viewings import ViewingsView
from lead_system.admin_views.visitors import VisitorsView
from lead_system.admin_views.walk_ins import WalkInsView
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Brokerage,
    Collision,
    CustomerType,
    Export,
    Fee,
    GateScan,
    HistoryRecord,
    Lead,
    Plot,
    ProfileChange,
    Rebind,
    Viewing,
    WalkIn,
)
from lead_system.web.catalogue import Catalogue, spoken

_GROUPS = {
    "work": _l("Daily work"),
    "records": _l("Records"),
    "people": _l("People"),
    "settings": _l("Settings"),
}

_MENU: tuple[tuple[type[BackOfficeView], Any, Any, str, str], ...] = (
    (LeadsView, Lead, _l("Customers"), "work", "leads"),
    (CollisionsView, Collision, _l("Collisions"), "work", "collisions"),
    (FeesView, Fee, _l("Viewing fees"), "work", "fees"),
    (ReferralsView, Account, _l("Referral table"), "work", "referrals"),
    (ScansView, GateScan, _l("Gate scans"), "records", "scans"),
    (WalkInsView, WalkIn, _l("Walk-ins"), "records", "walk_ins"),
    (VisitorsView, Account, _l("Visitors"), "records", "visitors"),
    (ViewingsView, Viewing, _l("Viewings"), "records", "viewings"),
    (RebindsView, Rebind, _l("Rebinds"), "records", "rebinds"),
    (FlagsView, Lead, _l("Flags"), "records", "flags"),
    (ProfileChangesView, ProfileChange, _l("Profile changes"), "records", "profile_changes"),
    (ExportLogView, Export, _l("Exports"), "records", "exports"),
    (RevealsView, HistoryRecord, _l("Reveals"), "records", "reveals"),
    (ReconciliationView, None, _l("Reconciliation"), "records", "reconciliation"),
    (BrokersView, Account, _l("Brokers"), "people", "brokers"),
    (BrokeragesView, Brokerage, _l("Brokerages"), "people", "brokerages"),
    (ConsultantsView, Account, _l("Consultants"), "people", "consultants"),
    (StaffView, Account, _l("Staff"), "people", "staff"),
    (HandingOverView, None, _l("Handing over"), "people", "handing_over"),
    (SettingsView, None, _l("Protection and contact"), "settings", "settings"),
    (ProjectView, None, _l("Project page"), "settings", "project"),
    (PlotsView, Plot, _l("Plots"), "settings", "plots"),
    (CustomerTypesView, CustomerType, _l("Customer types"), "settings", "customer_types"),
)
"""View, table of a list, title, group, and the name in addresses, which is also that of the drawing."""


class MenuEntry(NamedTuple):
    """A page in the menu, with what it is called in one language."""

    view: BackOfficeView
    url: str
    name: str
    count_url: str
    """Where the page asks for its number again; blank where it has none."""


class MenuGroup(NamedTuple):
    """What stands under one heading of the menu."""

    name: str
    entries: tuple[MenuEntry, ...]


class BackOffice(Admin):  # type: ignore[misc]
    """Flask-Admin with our menu: what a role may open, in one language, is worked out once."""

    @cached_property
    def _menus(self) -> dict[tuple[Role, Catalogue], list[MenuGroup]]:
        return {}

    def menu_of(self, role: Role) -> list[MenuGroup]:
        """Return what a role may open, in the page's language."""
        key = role, spoken()
        if key not in self._menus:
            groups = [MenuGroup(str(_GROUPS[group]), self._entries(group, role)) for group in _GROUPS]
            self._menus[key] = [group for group in groups if group.entries]
        return self._menus[key]

    def _entries(self, group: str, role: Role) -> tuple[MenuEntry, ...]:
        return tuple(
            MenuEntry(
                view,
                url_for(f"{view.endpoint}.{view._default_view}"),  # noqa: SLF001 - Flask-Admin has no other word
                str(view.name),
                url_for(view.count_endpoint) if view.count_endpoint else "",
            )
            for view in self._views
            if view.category == group and role in view.roles
        )


def init_back_office(app: Flask) -> None:
    """Build the back office and hand it to the application."""
    start = DashboardView(
        _l("Dashboard"), "work", endpoint="admin", url="/admin", menu_icon_value="dashboard"
    )
    office = BackOffice(name="lead_system", index_view=start)
    first = FirstStepsView(_l("First steps"), "work", "first_steps", "/admin/first-steps")
    first.menu_icon_value = "first_steps"
    office.add_view(first)
    office.add_view(HelpView(_l("Words and rules"), endpoint="help", url="/admin/help"))
    office.add_view(FinderView(_l("Find a customer"), endpoint="finder", url="/admin/find"))
    office.add_view(SessionsView(_l("Where you are signed in"), endpoint="sessions", url="/admin/sessions"))
    office.add_view(
        SecondFactorView(_l("Second factor"), endpoint="second_factor", url="/admin/second-factor")
    )
    for kind, model, title, group, endpoint in _MENU:
        table = (model, db) if model else ()
        office.add_view(kind(*table, title, group, endpoint, menu_icon_value=endpoint))
    office.init_app(app)
    for blueprint in (door.blueprint, second_step.blueprint, confirming.blueprint):
        app.register_blueprint(blueprint)
