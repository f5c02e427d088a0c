"""The back office as a whole: the menu in reading order, which is the only list of its views."""

from typing import Any

from flask import Flask, redirect, url_for
from flask_admin import Admin, expose
from flask_admin.menu import MenuView
from flask_babel import lazy_gettext as _l

from lead_system.admin_views import door
from lead_system.admin_views.base import Answer, BackOfficeView
from lead_system.admin_views.collisions import CollisionsView
from lead_system.admin_views.leads import LeadsView
from lead_system.domain.roles import BACK_OFFICE
from lead_system.extensions import db
from lead_system.models import Collision, Lead

_WORK = "work"


class StartView(BackOfficeView):
    """The address of the back office itself."""

    roles = BACK_OFFICE

    @expose("/")
    def index(self) -> Answer:
        """Go to the customers, with which everybody's work begins."""
        return redirect(url_for("leads.index_view"))

    def is_visible(self) -> bool:
        """Whether the menu shows it: there is nothing to see here."""
        return False


class CountedMenuView(MenuView):  # type: ignore[misc]
    """A menu entry that may have a number beside it."""

    @property
    def count(self) -> int | None:
        """The number, asked once for each page."""
        number: int | None = self._view.menu_count()
        return number

    @property
    def count_url(self) -> str | None:
        """Where the page asks for the number again; None where this entry has none."""
        return url_for(self._view.count_endpoint) if self._view.count_endpoint else None


class BackOffice(Admin):  # type: ignore[misc]
    """Flask-Admin with our menu entries."""

    def _add_view_to_menu(self, view: Any) -> None:
        self.add_menu_item(CountedMenuView(view.name, view), view.category)


def init_back_office(app: Flask) -> None:
    """Build the back office and hand it to the application."""
    office = BackOffice(
        name="lead_system", index_view=StartView(name=_l("Start"), endpoint="admin", url="/admin")
    )
    for group, title in ((_WORK, _l("Daily work")),):
        office.add_category(group)
        office.get_category_menu_item(group).name = title
    office.add_views(
        LeadsView(Lead, db, _l("Customers"), _WORK, "leads", menu_icon_value="customers"),
        CollisionsView(Collision, db, _l("Collisions"), _WORK, "collisions", menu_icon_value="collisions"),
    )
    office.init_app(app)
    app.register_blueprint(door.blueprint)
