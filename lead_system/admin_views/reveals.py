"""查看号码记录: who looked at which visitor's whole number, when and why (SPEC 4)."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.columns import Column, PageOf, of_account, ours
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import RevealSearchForm
from lead_system.domain.roles import Role
from lead_system.models import Account, HistoryRecord
from lead_system.queries import reveals, scope
from lead_system.queries.reveals import ListedReveal, RevealSearch
from lead_system.web.caller import signed_in
from lead_system.web.filters import shown_name
from lead_system.web.words import role_word


class RevealsView(ListView):
    """The log of reveals, which only an admin reads."""

    roles = frozenset({Role.ADMIN})
    about = _l(
        "Who looked at which visitor's whole number, when and why. The number itself is not kept here."
    )
    advice = _l("A row appears when somebody has a visitor's whole number shown.")
    next_step = NextStep(_l("Look at the visitors"), "visitors.index_view")
    search_form_class = RevealSearchForm
    days_title = _l("Shown at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("at", _l("Shown at"), lambda row: row.at, HistoryRecord.at),
        Column(
            "account",
            _l("Shown to"),
            lambda row: row.record.actor.name,
            of_account(Account.name, HistoryRecord.actor_id),
            look="words",
        ),
        Column(
            "role",
            _l("Role then"),
            lambda row: ours(role_word(row.record.actor_role)),
            HistoryRecord.actor_role,
        ),
        Column(
            "visitor",
            _l("Visitor"),
            lambda row: shown_name(row.visitor),
            link=PageOf("visitors.details_view", lambda row: row.visitor.id),
            look="words",
        ),
        Column("reason", _l("Reason"), lambda row: row.reason, look="long"),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of reveals."""
        return scope.visible_reveals(signed_in())

    def found(self) -> Select[Any]:
        """Return the reveals that fit the search."""
        return reveals.reveals_found(signed_in(), RevealSearch(**self.search_values()))

    def shown(self, rows: Any) -> list[ListedReveal]:
        """Return the reveals with whose numbers they were."""
        return reveals.with_visitors(rows)
