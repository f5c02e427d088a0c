"""撞单: who went for whose customer, and the director's handling of it."""

from typing import Any, ClassVar

from flask import Response, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import Answer, Question, menu_now, number_in, numbers_in, present
from lead_system.admin_views.columns import Column, PageOf, badge, ours, phones
from lead_system.admin_views.flag_marks import flag_card, flags_of_sides, side_marks
from lead_system.admin_views.forms import HandleForm, ReopenForm
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.searches import CollisionSearchForm
from lead_system.domain.errors import Refused
from lead_system.domain.roles import DECIDERS, Role
from lead_system.models import Collision, CollisionKind, CollisionOutcome, CollisionState, Lead
from lead_system.queries import collisions, scope
from lead_system.queries.collisions import CollisionSearch
from lead_system.services.collision_handling import (
    PERSONS_OUTCOMES,
    CollisionsHandled,
    handle_collisions,
    reopen_collision,
)
from lead_system.web.caller import caller, signed_in
from lead_system.web.filters import masked, moment, shown_name
from lead_system.web.meanings import meaning
from lead_system.web.sentences import sentence
from lead_system.web.words import word


def _side(side: str, titles: tuple[Any, Any, Any], lead: Any) -> tuple[Column, ...]:
    """Return the columns of one side: the broker, how to reach them, and the number of their lead.

    Where a visitor is the holding side there is no broker, and the phone is masked (R1).
    """
    return (
        Column(side, titles[0], lambda row: _name(lead(row)), look="words"),
        Column(f"{side}_phone", titles[1], lambda row: _phone(lead(row), row.collision), look="figures"),
        Column(
            f"{side}_number",
            titles[2],
            lambda row: lead(row) and lead(row).id,
            getattr(Collision, f"{side}_lead_id"),
            PageOf("leads.details_view", lambda row: lead(row).id),
        ),
    )


def _name(lead: Lead | None) -> str | Markup:
    return ours(word(Role.VISITOR)) if lead is None else lead.broker.name


def _phone(lead: Lead | None, collision: Collision) -> str | None:
    if lead is not None:
        return lead.broker.phone
    return masked(collision.visitor.phone) if collision.visitor else None


_HANDLING = frozenset({"state", "handled_by", "handled_at", "outcome", "note"})
"""Columns that say nothing where every row is open."""


class CollisionsView(ListView):
    """Collisions (manual 6.2.e, 6.3.e)."""

    roles = DECIDERS
    pages_not_served = ListView.pages_not_served - {"details_view"}
    list_template = "admin/collisions/list.html"
    about = _l("Brokers who went for a customer whom another broker holds, or who came alone or objects.")
    next_step = NextStep(_l("Look at the bound customers"), "leads.index_view", {"status": "bound"})
    has_row_end = True
    explained = (*CollisionState, *CollisionKind, *CollisionOutcome)
    search_form_class = CollisionSearchForm
    tab_argument = "state"
    tabs_title = _l("State")
    tab_titles: ClassVar[dict[str, Any]] = {
        CollisionState.OPEN.value: _l("Open"),
        CollisionState.HANDLED.value: _l("Handled"),
        "all": _l("All"),
    }
    days_title = _l("Opened at")
    count_endpoint = "collisions.open_count_view"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "name", _l("Customer name"), lambda row: shown_name(row.collision.challenging_lead), look="words"
        ),
        Column(
            "phone",
            _l("Customer phone"),
            lambda row: phones(row.collision.challenging_lead),
            look="phones",
        ),
        *_side(
            "holding",
            (_l("Holder"), _l("Holder's phone"), _l("Holder's number")),
            lambda row: row.collision.holding_lead,
        ),
        *_side(
            "challenging",
            (_l("Challenger"), _l("Challenger's phone"), _l("Challenger's number")),
            lambda row: row.collision.challenging_lead,
        ),
        Column("kind", _l("Kind"), lambda row: ours(word(row.collision.kind)), Collision.kind),
        Column("events", _l("Events"), lambda row: row.events, link=PageOf("collisions.details_view")),
        Column("flags", _l("Flags"), lambda row: side_marks(row.collision, row.flags), look="words"),
        Column("opened_at", _l("Opened at"), lambda row: row.collision.opened_at, Collision.opened_at),
        Column(
            "last_event_at",
            _l("Last event"),
            lambda row: row.collision.last_event_at,
            Collision.last_event_at,
        ),
        Column("state", _l("State"), lambda row: badge(row.collision.state), Collision.state),
        Column("handled_by", _l("Handled by"), lambda row: _handler(row.collision), look="words"),
        Column("handled_at", _l("Handled at"), lambda row: row.collision.handled_at, Collision.handled_at),
        Column("outcome", _l("Outcome"), lambda row: _outcome(row.collision), Collision.outcome),
        Column("note", _l("Note"), lambda row: row.collision.note, look="long"),
    )

    # The list.

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of collisions."""
        return scope.visible_collisions(signed_in())

    def _search(self) -> CollisionSearch:
        tab = self.chosen_tab()
        return CollisionSearch(state=None if tab == "all" else CollisionState(tab), **self.search_values())

    def found(self) -> Select[Any]:
        """Return the collisions of the tab that fit the search."""
        return collisions.collisions_found(signed_in(), self._search())

    def tab_counts(self) -> dict[str, int]:
        """Return how many collisions each tab has."""
        counts = collisions.tab_counts(signed_in(), self._search())
        return {state.value if state else "all": count for state, count in counts.items()}

    def columns_shown(self) -> tuple[Column, ...]:
        """Leave out of the open tab what is said of handled rows only."""
        is_open = self.chosen_tab() == CollisionState.OPEN.value
        return tuple(c for c in self.columns if not (is_open and c.name in _HANDLING))

    def shown(self, rows: Any) -> list[collisions.ListedCollision]:
        """Return the collisions with how many events each has, and the flags of both sides."""
        flags = flags_of_sides(rows)
        return [row._replace(flags=flags) for row in collisions.with_events(rows)]

    def is_action_allowed(self, name: str) -> bool:
        """Whether a selection may be acted on: not where everything is handled already."""
        return super().is_action_allowed(name) and request.args.get("state") != CollisionState.HANDLED.value

    # The number in the menu.

    def menu_count(self) -> int | None:
        """Return how many collisions wait, as many as the default tab has rows."""
        return menu_now().open_collisions

    @expose("/open-count/")
    def open_count_view(self) -> Response:
        """Answer the menu, which asks again and again."""
        return jsonify(count=collisions.open_count(signed_in()))

    # One collision.

    @expose("/details/")
    def details_view(self) -> Answer:
        """Show both sides of a collision and everything that happened between them."""
        collision = collisions.get_collision(signed_in(), number_in(request.args.get("id")))
        return self.render(
            "admin/collisions/details.html",
            collision=collision,
            flags=flag_card(signed_in(), collision.holding_lead, collision.challenging_lead),
            why_not_reopen=_why_not_reopen(collision),
            meaning=meaning,
        )

    @expose("/reopen/", methods=("GET", "POST"))
    def reopen_view(self) -> Answer:
        """Ask for the reason; open a collision again that a person had handled (R7)."""
        collision = collisions.get_collision(signed_in(), number_in(request.args.get("id")))
        form = ReopenForm()
        if request.method == "GET":
            return self._reopen_page(collision, form, None)
        try:
            reopen_collision(
                caller(form),
                collision_id=collision.id,
                seen=form.seen.data or "",
                reason=form.reason.data or "",
                now=present(),
            )
        except Refused as refused:
            return self._reopen_page(collision, form, refused)
        flash(_("The collision is open again."), "success")
        return redirect(_details_url(collision.id))

    def _reopen_page(self, collision: Collision, form: ReopenForm, refused: Refused | None) -> Answer:
        if refused is None and collision.handled_at is not None:
            form.seen.data = collision.handled_at.isoformat()
        question = Question(
            heading=_("Open the collision again"),
            subject=Markup("<span data-user>{}</span>").format(shown_name(collision.challenging_lead)),
            foresight=(
                _("It stands among the open collisions again, and counts in the menu."),
                _("Who handled it, with which outcome and note, stays in the history."),
            ),
            button=_("Open again"),
        )
        return self.question_page(question, form, refused, back_url=_details_url(collision.id))

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
            unsaid=CollisionOutcome.UNSAID,
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


def _why_not_reopen(row: Collision) -> str:
    """Return why a collision cannot be opened again; blank where it can."""
    try:
        collisions.require_reopenable(row)
    except Refused as refused:
        return sentence(refused)
    return ""


def _handled_before(row: Collision) -> Markup:
    """Return who handled a collision before, and when; names are marked as what people typed."""
    named = Markup("<span data-user>{}</span>")
    by = named.format(row.handled_by.name) if row.handled_by else _("the system")
    said = Markup(_("Handled before by %(name)s at %(moment)s."))  # noqa: S704 - our own sentence
    said %= {"name": by, "moment": moment(row.handled_at)}
    return named.format(shown_name(row.challenging_lead)) + " · " + said


def _details_url(collision_id: int) -> str:
    return url_for("collisions.details_view", id=collision_id)


def _handler(row: Collision) -> str | Markup | None:
    """Return who handled a collision; the system closes one after a rebind."""
    if row.is_open:
        return None
    return row.handled_by.name if row.handled_by else ours(_("by the system"))


def _outcome(row: Collision) -> Markup | None:
    return ours(word(row.outcome)) if row.outcome else None
