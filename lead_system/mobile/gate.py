"""渠道部驻场: gate staff scan visit codes, confirm visits, and look at the records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.mobile import scanning
from lead_system.mobile.forms import ConfirmForm, PhotoForm, ReadForm
from lead_system.mobile.frame import ROWS, Answer, page_number, refusal_page, same_page
from lead_system.models import Lead
from lead_system.queries.paging import one_page
from lead_system.queries.settings import consultant_choices
from lead_system.queries.visit_codes import get_lead_by_code
from lead_system.queries.visitors import find_visitor_by_code
from lead_system.queries.visits import (
    ScanSearch,
    expected_consultant_id,
    find_binding_by_scan,
    get_scan,
    leads_numbered,
    scans_found,
    visits_today,
)
from lead_system.services.gate import HELD, confirm_scan, read_visit_code
from lead_system.web.access import allow
from lead_system.web.caller import caller, signed_in
from lead_system.web.sentences import sentence
from lead_system.web.sizes import takes_files

gate = Blueprint("gate", __name__)
PORT = "mobile.gate"
ONE_MORE_ANSWER = frozenset(
    {
        RefusalCode.CONSULTANT_MISSING,
        RefusalCode.CONSULTANT_NOT_OFFERED,
        RefusalCode.ANOTHER_VISIT_UNCONFIRMED,
    }
)
"""Refusals after which gate staff only have to answer the same page once more."""


@gate.route("/gate")
@allow(Role.GATE)
def scan_page() -> Answer:
    """Show the camera, and the two ways around it: a photo, and typing the short code (manual 3.2-1)."""
    return scanning.scan_page(PORT)


@gate.route("/gate/read", methods=["POST"])
@allow(Role.GATE)
def read() -> Answer:
    """Read a code that the camera saw or that somebody typed."""
    return scanning.read_typed(PORT, _read)


@gate.route("/gate/photo", methods=["POST"])
@allow(Role.GATE)
@takes_files
def photo() -> Answer:
    """Read the code in a photo."""
    return scanning.read_from_photo(PORT, _read)


@gate.route("/gate/confirm", methods=["POST"])
@allow(Role.GATE)
def confirm() -> Answer:
    """Confirm a visit with the chosen consultant (manual 3.2-5, 3.2-6)."""
    form = ConfirmForm()
    code, is_another = form.code.data or "", bool(form.another_visit.data)
    try:
        answer = confirm_scan(
            caller(form),
            code=code,
            consultant_id=form.consultant_id.data,
            another_visit=is_another,
            now=now(),
        )
    except Refused as refused:
        return _not_confirmed(form, refused)
    if answer.outcome == HELD:
        return _held_page(answer.holder_ids)
    return redirect(url_for("mobile.gate.scan", scan_id=answer.scan_id))


@gate.route("/gate/scans/<int:scan_id>")
@allow(Role.GATE)
def scan(scan_id: int) -> Answer:
    """Show a confirmed visit: green, and whether it bound the customer."""
    confirmed = get_scan(signed_in(), scan_id)
    binding = find_binding_by_scan(confirmed)
    return render_template("mobile/scan_confirmed.html", scan=confirmed, binding=binding)


@gate.route("/gate/scans")
@allow(Role.GATE)
def scans() -> Answer:
    """List the gate scans, with a search (manual 3.3)."""
    names = ("number", "name", "phone", "broker", "consultant")
    texts: dict[str, Any] = {name: request.args.get(name, "") for name in names}
    search = ScanSearch(**texts)
    found = one_page(scans_found(signed_in(), search), page_number(), size=ROWS)
    return render_template("mobile/scans.html", found=found, search=search, same_page=same_page)


def confirm_page(lead: Lead, form: ConfirmForm, moment: datetime, *, asks: str = "") -> str:
    """Return the half-screen question: who comes, from which broker, and which consultant takes over.

    The broker's wish, or who has the customer already, is chosen before gate staff choose. Beside each name
    stands how many visits that consultant was given today, so that turns can be fair.
    """
    form.offer(consultant_choices())
    if not form.is_submitted():
        form.consultant_id.data = expected_consultant_id(lead, moment)
    shown = {"lead": lead, "form": form, "asks": asks, "turns": visits_today(moment), "now": moment}
    return render_template("mobile/confirm.html", **shown)


def _read(form: ReadForm | PhotoForm, code: str) -> Answer:
    """Read a code, and lead on to the question; a customer whom another broker holds is turned away.

    A visitor's own code leads to the walk-in.
    """
    visitor = find_visitor_by_code(code)
    if visitor is not None:
        return scanning.lead_on(url_for("mobile.visit_code.open_link", token=visitor.code_token))
    code_read = read_visit_code(caller(form), code=code, now=now())
    if code_read.outcome == HELD:
        return _held_page(code_read.holder_ids)
    question = url_for("mobile.visit_code.open_link", token=code_read.token)
    return scanning.lead_on(question)


def _held_page(holder_ids: Sequence[int]) -> Answer:
    """Say who holds the customer; the attempt is kept already (R5)."""
    refused = Refused(RefusalCode.HELD_BY_ANOTHER, holders=", ".join(map(str, holder_ids)))
    holders = leads_numbered(holder_ids)
    if scanning.is_camera():
        names = ", ".join(f"{lead.broker.name} {lead.broker.phone}" for lead in holders)
        response: Response = jsonify(sentence=f"{sentence(refused)} {names}")
        response.status_code = refused.http_status
        return response
    return refusal_page(refused, holders=holders)


def _not_confirmed(form: ConfirmForm, refused: Refused) -> Answer:
    """Ask for the one answer that is missing, or say why the visit cannot be confirmed."""
    if refused.code not in ONE_MORE_ANSWER:
        return refusal_page(refused)
    lead = get_lead_by_code(form.code.data or "")
    if refused.code is not RefusalCode.ANOTHER_VISIT_UNCONFIRMED:
        status = form.refuse(refused)
        return confirm_page(lead, form, now()), status
    form.renew()
    form.another_visit.data = "1"
    return confirm_page(lead, form, now(), asks=sentence(refused)), refused.http_status
