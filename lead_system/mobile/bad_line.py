"""Bad reception at the gate (SPEC B3): the shell that opens without a line, and scans kept on a phone.

The phone keeps what it could not send: code, request id, moment, consultant and whose it is, never a name or
number of a customer. Nothing is decided here or there: what was kept is confirmed by the same service as any
visit, in the order in which it arrives, and only its answer turns amber into green (R5, R11, R13).
"""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.mobile.forms import KeptScanForm
from lead_system.mobile.frame import Answer
from lead_system.mobile.gate import ONE_MORE_ANSWER
from lead_system.queries.settings import consultant_choices
from lead_system.queries.visitors import find_visitor_by_code
from lead_system.services.gate import HELD, confirm_scan
from lead_system.services.walk_ins import log_walk_in
from lead_system.web.access import allow, public
from lead_system.web.caller import caller, signed_in
from lead_system.web.sentences import sentence

bad_line = Blueprint("bad_line", __name__)

WALK_IN, REFUSED, ASKS = "walk_in", "refused", "asks"
"""What the phone is told beside the outcomes of a scan; ASKS that somebody has to answer a question."""

SHELL_FILES = (
    "css/bad_line.css",
    "css/help.css",
    "css/phone.css",
    "icon.svg",
    "js/bad_line_scan.js",
    "js/camera.js",
    "js/kept_list.js",
    "js/kept_scans.js",
    "js/phone.js",
    "js/phone_boxes.js",
    "js/request_id.js",
    "js/visible_digits.js",
    "vendor/barcode-detector/ponyfill.js",
    "vendor/barcode-detector/zxing-exported.js",
    "vendor/barcode-detector/zxing_reader.wasm",
    "vendor/weui.min.css",
)
"""All that the shell loads, so that it opens without a line."""


@bad_line.route("/sw.js")
@public("a browser asks for its worker without saying who sits before it; it holds addresses of files only")
def worker() -> Response:
    """Return the worker, whose text changes with every release because the addresses of files do."""
    files = [url_for("static", filename=name) for name in SHELL_FILES]
    script = render_template("mobile/worker.js", files=files, release=current_app.static_url_path)
    return Response(script, mimetype="text/javascript")


@bad_line.route("/manifest.webmanifest")
@public("what a phone needs to put the pages on its first screen")
def manifest() -> Response:
    """Return what the installed pages are called and look like."""
    sizes = {"icon.svg": "any", "icon-192.png": "192x192", "icon-512.png": "512x512"}
    icons = [{"src": url_for("static", filename=name), "sizes": size} for name, size in sizes.items()]
    padded = {
        "src": url_for("static", filename="icon-maskable.png"),
        "sizes": "512x512",
        "purpose": "maskable",
    }
    said: dict[str, Any] = {
        "name": _("Lead confirmation"),
        "short_name": _("Lead confirmation"),
        "id": "/m/",
        "start_url": "/m/",
        "scope": "/m/",
        "display": "standalone",
        "background_color": "#ededed",
        "theme_color": "#ffffff",
        "icons": [*icons, padded],
    }
    response = jsonify(said)
    response.mimetype = "application/manifest+json"
    return response


@bad_line.route("/gate/shell")
@allow(Role.GATE)
def shell() -> Answer:
    """Show the page that a phone keeps for when there is no line: the reader, and who can be chosen."""
    return render_template("mobile/shell.html", account=signed_in(), consultants=consultant_choices())


@bad_line.route("/gate/line")
@allow(Role.GATE)
def line() -> Response:
    """Tell a phone that the line is back, who is signed in, and the token that its forms need by now."""
    return jsonify(account_id=signed_in().id, csrf_token=generate_csrf())


@bad_line.route("/gate/kept", methods=["POST"])
@allow(Role.GATE)
def send() -> Answer:
    """Confirm a visit whose scan a phone has kept, or that it is about to keep until it hears the answer.

    Only for whoever kept it: another account's scan does not exist for this one (R12).
    """
    form = KeptScanForm()
    if form.account_id.data != str(signed_in().id):
        raise Refused(RefusalCode.NOT_FOUND)
    try:
        return jsonify(_confirm(form))
    except Refused as refused:
        return _not_confirmed(refused)


def _confirm(form: KeptScanForm) -> dict[str, str]:
    """Confirm the visit that a code stands for, a broker's or a visitor's own; returns its outcome and page.

    Raises:
        Refused: what the services refuse; HELD_BY_ANOTHER where others hold the customer.
    """
    code, moment = form.code.data or "", now()
    chosen = {"consultant_id": form.consultant_id.data, "another_visit": bool(form.another_visit.data)}
    if find_visitor_by_code(code) is not None:
        logged = log_walk_in(caller(form), code=code, **chosen, now=moment)
        page = url_for("mobile.walk_ins.walk_in", walk_in_id=logged.walk_in_id)
        return {"outcome": WALK_IN, "url": page}
    confirmed = confirm_scan(caller(form), code=code, **chosen, now=moment)
    if confirmed.outcome == HELD:
        holders = ", ".join(map(str, confirmed.holder_ids))
        raise Refused(RefusalCode.HELD_BY_ANOTHER, holders=holders)
    return {"outcome": confirmed.outcome, "url": url_for("mobile.gate.scan", scan_id=confirmed.scan_id)}


def _not_confirmed(refused: Refused) -> Answer:
    """Answer a refusal that a phone may keep: the sentence names numbers of customers, but no people.

    BUSY is no answer, because nothing was decided: the phone sends the scan again.
    """
    if refused.code is RefusalCode.BUSY:
        raise refused
    outcome = ASKS if refused.code in ONE_MORE_ANSWER else REFUSED
    response = jsonify(outcome=outcome, sentence=sentence(refused))
    response.status_code = refused.http_status
    return response
