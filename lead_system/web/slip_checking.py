"""The page on which whoever holds a visit slip checks it: no sign-in, and nothing is stored (decision 41)."""

from flask import Blueprint, Flask, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from lead_system.domain.errors import Refused
from lead_system.services.visit_slips import VisitSlip, check_slip
from lead_system.web.access import public
from lead_system.web.forms import RequestForm
from lead_system.web.secret import server_secret
from lead_system.web.sentences import sentence
from lead_system.web.slip_words import slip_lines

slip_checking = Blueprint("slip_checking", __name__)

_REASON = "whoever holds the paper checks it without an account, and is shown only what the paper says"


class SlipForm(RequestForm):
    """The two things on the paper by which it is checked."""

    number = StringField(
        _l("Slip number"),
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 12, "required": True},
    )
    code = StringField(
        _l("Verification code"),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "maxlength": 40, "required": True},
    )


@slip_checking.get("/verify/slip")
@public(_REASON)
def ask() -> ResponseReturnValue:
    """Ask for number and code; the address on the paper brings the number along."""
    form = SlipForm(number=request.args.get("number", ""))
    form.renew()
    return _page(form)


@slip_checking.post("/verify/slip")
@public(_REASON)
def check() -> ResponseReturnValue:
    """Say whether such a slip was issued here, and what it says; one refusal for all that is wrong."""
    form = SlipForm()
    try:
        slip = check_slip(form.number.data or "", form.code.data or "", secret=server_secret())
    except Refused as refused:
        form.renew()
        return _page(form, refusal=sentence(refused)), refused.http_status
    return _page(SlipForm(formdata=None), slip)


def checking_address(number: int | None = None) -> str:
    """Return where slips are checked, as it stands on paper; with a number, that one is filled in there."""
    return str(current_app.extensions["settings"].public_url + url_for("slip_checking.ask", number=number))


def _page(form: SlipForm, slip: VisitSlip | None = None, refusal: str = "") -> str:
    return render_template(
        "verify_slip.html",
        form=form,
        lines=slip_lines(slip) if slip else [],
        is_anonymised=slip is not None and slip.scan.lead.anonymised_at is not None,
        refusal=refusal,
    )


def init_slip_checking(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(slip_checking)
