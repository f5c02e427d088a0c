"""自然到访 at the gate: a visitor's own code is scanned, a consultant takes over, no broker has a part."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.mobile.forms import ConfirmForm
from lead_system.mobile.frame import ROWS, Answer, page_number, refusal_page, same_page
from lead_system.queries.paging import one_page
from lead_system.queries.settings import consultant_choices
from lead_system.queries.visitors import WalkInSearch, get_visitor_by_code, get_walk_in, walk_ins_found
from lead_system.queries.visits import visits_today
from lead_system.services.walk_ins import log_walk_in
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.sentences import sentence

walk_ins = Blueprint("walk_ins", __name__)


@walk_ins.route("/gate/walk-ins/log", methods=["POST"])
@allow(Role.GATE)
def log() -> Answer:
    """Log a visitor who came alone, with the chosen consultant."""
    form = ConfirmForm()
    try:
        logged = log_walk_in(
            caller(form),
            code=form.code.data or "",
            consultant_id=form.consultant_id.data,
            another_visit=bool(form.another_visit.data),
            now=now(),
        )
    except Refused as refused:
        return _not_logged(form, refused)
    return redirect(url_for("mobile.walk_ins.walk_in", walk_in_id=logged.walk_in_id))


@walk_ins.route("/gate/scans/walk-ins/<int:walk_in_id>")
@allow(Role.GATE)
def walk_in(walk_in_id: int) -> Answer:
    """Show a walk-in that was logged."""
    return render_template("mobile/walk_in_logged.html", walk_in=get_walk_in(signed_in(), walk_in_id))


@walk_ins.route("/gate/scans/walk-ins")
@allow(Role.GATE)
def listed() -> Answer:
    """List the walk-ins, with a search."""
    texts: dict[str, Any] = {name: request.args.get(name, "") for name in ("name", "phone", "consultant")}
    search = WalkInSearch(**texts)
    found = one_page(walk_ins_found(signed_in(), search), page_number(), size=ROWS)
    return render_template("mobile/walk_ins.html", found=found, search=search, same_page=same_page)


def walk_in_page(form: ConfirmForm, *, asks: str = "") -> str:
    """Return the half-screen question which consultant takes over a visitor who came alone.

    Raises:
        Refused: CODE_UNKNOWN.
    """
    visitor = get_visitor_by_code(form.code.data or "")
    form.offer(consultant_choices())
    shown = {"visitor": visitor, "form": form, "asks": asks, "turns": visits_today(now())}
    return render_template("mobile/walk_in.html", **shown)


def _not_logged(form: ConfirmForm, refused: Refused) -> Answer:
    """Ask for the one answer that is missing, or say why the walk-in cannot be logged."""
    if refused.code is RefusalCode.ANOTHER_VISIT_UNCONFIRMED:
        form.renew()
        form.another_visit.data = "1"
        return walk_in_page(form, asks=sentence(refused)), refused.http_status
    if refused.facts.get("field") != "consultant_id":
        return refusal_page(refused)
    status = form.refuse(refused)
    return walk_in_page(form), status
