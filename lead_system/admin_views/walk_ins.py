"""自然到访: visitors who came without a broker, as the gate logged them (SPEC 3)."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.columns import Column, of_account
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import WalkInSearchForm
from lead_system.domain.roles import BACK_OFFICE
from lead_system.models import Account, WalkIn
from lead_system.queries import scope, visitors
from lead_system.queries.visitors import WalkInSearch
from lead_system.web.caller import signed_in
from lead_system.web.filters import phone7, shown_name


class WalkInsView(ListView):
    """Walk-ins."""

    roles = BACK_OFFICE
    about = _l("Visitors who came without a broker. A broker who enters one later collides with the walk-in.")
    advice = _l("A row appears when gate staff scan a visitor's own code.")
    next_step = NextStep(_l("Look at the gate scans"), "scans.index_view", {})
    search_form_class = WalkInSearchForm
    days_title = _l("Came at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("came_at", _l("Came at"), lambda row: row.came_at, WalkIn.came_at),
        Column("name", _l("Visitor's name"), shown_name, WalkIn.name_key, look="words"),
        Column("phone", _l("Visitor's phone"), lambda row: phone7(row.phone), look="figures"),
        Column(
            "consultant",
            _l("Consultant"),
            lambda row: row.consultant.name,
            of_account(Account.name, WalkIn.consultant_id),
            look="words",
        ),
        Column(
            "gate",
            _l("Gate staff"),
            lambda row: row.gate.name,
            of_account(Account.name, WalkIn.gate_id),
            look="words",
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of walk-ins."""
        return scope.visible_walk_ins(signed_in())

    def found(self) -> Select[Any]:
        """Return the walk-ins that fit the search."""
        return visitors.walk_ins_found(signed_in(), WalkInSearch(**self.search_values()))
