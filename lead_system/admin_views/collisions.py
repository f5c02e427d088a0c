"""撞单: who went for whose customer, and the director's handling of it."""

from typing import Any, ClassVar

from flask import Response, flash, jsonify, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import Answer, ListView, Tab, numbers_in, present
from lead_system.admin_views.forms import CollisionSearchForm, HandleForm
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import DECIDERS
from lead_system.models import Collision, CollisionState
from lead_system.queries import collisions, scope
from lead_system.queries.collisions import CollisionSearch
from lead_system.services.collisions import PERSONS_OUTCOMES, CollisionsHandled, handle_collisions
from lead_system.web.caller import caller, signed_in
from lead_system.web.filters import moment

_TABS = {
    "open": (CollisionState.OPEN, _l("Open")),
    "handled": (CollisionState.HANDLED, _l("Handled")),
    "all": (None, _l("All")),
}
DEFAULT_TAB = "open"


class CollisionsView(ListView):
    """Collisions (manual 6.2.e, 6.3.e)."""

    roles = DECIDERS
    list_template = "admin/collisions/list.html"
    search_form_class = CollisionSearchForm
    tab_argument = "state"
    tabs_title = _l("State")
    first_column = "name"
    count_endpoint = "collisions.open_count_view"
    column_list = ("name", "phone", "holder", "challenger", "kind", "opened_at", "last_event_at", "state")
    column_labels: ClassVar[dict[str, Any]] = {
        "name": _l("Customer name"),
        "phone": _l("Customer phone"),
        "holder": _l("Holder"),
        "challenger": _l("Challenger"),
        "kind": _l("Kind"),
        "opened_at": _l("Opened at"),
        "last_event_at": _l("Last event"),
        "state": _l("State"),
    }
    orders: ClassVar[dict[str, Any]] = {
        "holder": Collision.holding_lead_id,
        "challenger": Collision.challenging_lead_id,
        "opened_at": Collision.opened_at,
        "last_event_at": Collision.last_event_at,
    }

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of collisions."""
        return scope.visible_collisions(signed_in())

    def _search(self) -> CollisionSearch:
        """Return what the address narrows the list to.

        Raises:
            Refused: NOT_FOUND for a tab that does not exist.
        """
        tab = request.args.get("state") or DEFAULT_TAB
        if tab not in _TABS:
            raise Refused(RefusalCode.NOT_FOUND)
        return CollisionSearch(state=_TABS[tab][0], **self.search_kept())

    def found(self) -> Select[Any]:
        """Return the collisions of the tab that fit the search."""
        return collisions.collisions_found(signed_in(), self._search())

    def tabs(self) -> list[Tab]:
        """Return the tabs with their counts."""
        search = self._search()
        counts = collisions.tab_counts(signed_in(), search)
        return [
            Tab(
                title=str(title),
                url=self.get_url(
                    ".index_view", **({} if tab == DEFAULT_TAB else {"state": tab}), **self.search_kept()
                ),
                count=counts[state],
                is_chosen=state is search.state,
            )
            for tab, (state, title) in _TABS.items()
        ]

    def beside(self, rows: Any) -> dict[str, Any]:
        """Return how many events these collisions have."""
        return {
            "event_counts": collisions.event_counts(rows),
            "state": request.args.get("state") or DEFAULT_TAB,
        }

    def is_action_allowed(self, name: str) -> bool:
        """Whether a selection may be acted on: not where everything is handled already."""
        return super().is_action_allowed(name) and request.args.get("state") != CollisionState.HANDLED.value

    # The number in the menu.

    def menu_count(self) -> int | None:
        """Return how many collisions wait, as many as the default tab has rows."""
        return collisions.open_count(signed_in())

    @expose("/open-count/")
    def open_count_view(self) -> Response:
        """Answer the menu, which asks again and again."""
        return jsonify(count=collisions.open_count(signed_in()))

    # Handling.

    @action("handle", _l("Handle"))
    def action_handle(self, ids: tuple[int, ...]) -> Answer:
        """Ask for outcome and note before the chosen collisions are handled."""
        return self._selection_page(ids, HandleForm(formdata=None), None)

    @expose("/handle/", methods=("POST",))
    def handle(self) -> Answer:
        """Mark collisions handled: one with a click, a selection with outcome and note (manual 6.2.e-5)."""
        ids, form = numbers_in(request.form.getlist("collision_ids")), HandleForm()
        try:
            handled = handle_collisions(
                caller(form),
                collision_ids=ids,
                outcome=form.outcome.data or None,
                note=form.note.data or "",
                now=present(),
            )
        except Refused as refused:
            return self._selection_page(ids, form, refused)
        self._say(handled)
        return redirect(self.way_back())

    def _selection_page(self, ids: tuple[int, ...], form: HandleForm, refused: Refused | None) -> Answer:
        return self.asking_page(
            "admin/collisions/handle_selected.html",
            form,
            refused,
            back_url=self.way_back(),
            action_url=self.get_url(".handle"),
            collisions=collisions.get_collisions(signed_in(), ids),
            outcomes=PERSONS_OUTCOMES[1:],
        )

    def _say(self, handled: CollisionsHandled) -> None:
        """Say what was handled now, and of the rest who handled it and when (R7)."""
        number = len(handled.handled_ids)
        if number:
            flash(
                ngettext("%(num)s collision is handled.", "%(num)s collisions are handled.", number),
                "success",
            )
        for row in collisions.get_collisions(signed_in(), handled.already_handled_ids):
            flash(_handled_before(row), "warning")


def _handled_before(row: Collision) -> Markup:
    """Return who handled a collision before, and when; names are marked as what people typed."""
    named = Markup("<span data-user>{}</span>")
    by = named.format(row.handled_by.name) if row.handled_by else _("the system")
    said = Markup(_("Handled before by %(name)s at %(moment)s."))  # noqa: S704 - our own sentence
    said %= {"name": by, "moment": moment(row.handled_at)}
    return named.format(row.challenging_lead.full_name) + " · " + said
