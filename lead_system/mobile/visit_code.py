"""带看二维码: the broker's page that shows it, its picture, and what its link opens for whom."""

from flask import Blueprint, Response, current_app, render_template, url_for
from flask_login import current_user

from lead_system.clock import now
from lead_system.domain.codes import grouped
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.mobile.consultant import viewing_page
from lead_system.mobile.forms import ConfirmForm, ViewingForm
from lead_system.mobile.frame import Answer, refusal_page
from lead_system.mobile.gate import confirm_page
from lead_system.mobile.walk_ins import walk_in_page
from lead_system.models import Account, Lead
from lead_system.queries.one_lead import get_own_lead
from lead_system.queries.project import get_project
from lead_system.queries.visit_codes import get_lead_by_code
from lead_system.queries.visitors import find_visitor_by_code
from lead_system.web.access import allow, public
from lead_system.web.caller import signed_in
from lead_system.web.qr import draw_card

visit_code = Blueprint("visit_code", __name__)


@visit_code.route("/customers/<int:lead_id>/code")
@allow(Role.BROKER, Role.RESIDENT)
def show(lead_id: int) -> Answer:
    """Show the visit code of an own customer, big and bright, to be held up or saved (manual 1.5-11)."""
    lead = _lead_with_code(lead_id)
    return render_template("mobile/visit_code.html", lead=lead, project=get_project())


@visit_code.route("/customers/<int:lead_id>/code.png")
@allow(Role.BROKER, Role.RESIDENT)
def picture(lead_id: int) -> Answer:
    """Return the visit code of an own customer as one picture, without name or number of the customer.

    Like every page it is stored nowhere on the way.
    """
    lead = _lead_with_code(lead_id)
    return code_card(lead)


def code_card(owner: Lead | Account) -> Response:
    """Return the code of a customer or of a visitor as one picture, without name or number in it."""
    path = url_for("mobile.visit_code.open_link", token=owner.code_token)
    link = current_app.extensions["settings"].public_url + path
    return Response(draw_card(link, grouped(owner.short_code or "")), mimetype="image/png")


def _lead_with_code(lead_id: int) -> Lead:
    """Return an own lead that has been reported; anything else does not exist (R12)."""
    lead = get_own_lead(signed_in(), lead_id)
    if not lead.has_code:
        raise Refused(RefusalCode.NOT_FOUND)
    return lead


@visit_code.route("/v/<token>")
@public("a code's link may be opened by anybody's scanner; only gate and consultant learn whose code it is")
def open_link(token: str) -> Answer:
    """Open what a visit code leads to: for the gate the question to confirm, for a consultant the viewing."""
    role = current_user.role if current_user.is_authenticated else None
    if role not in (Role.GATE, Role.CONSULTANT):
        return render_template("mobile/show_at_gate.html")
    try:
        if role is Role.GATE and find_visitor_by_code(token) is not None:
            return walk_in_page(ConfirmForm(code=token))
        if role is Role.GATE:
            return confirm_page(get_lead_by_code(token), ConfirmForm(code=token), now())
        return viewing_page(ViewingForm(code=token), now())
    except Refused as refused:
        return refusal_page(refused)
