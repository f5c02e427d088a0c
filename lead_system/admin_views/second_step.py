"""The second step through the door of the back office: a code, after the password was right."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from lead_system.admin_views.base import present
from lead_system.admin_views.forms import SecondStepForm
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.services.second_factor import sign_in_with_second_factor
from lead_system.services.sign_in import SignedIn
from lead_system.web.access import BACK_OFFICE_DOOR, is_safe_next, public
from lead_system.web.addresses import shown_address
from lead_system.web.caller import SecondStep, begin_second_step, caller, find_second_step
from lead_system.web.doors import let_in
from lead_system.web.errors import retry_after
from lead_system.web.logs import note_event
from lead_system.web.secret import server_secret
from lead_system.web.sentences import sentence

blueprint = Blueprint("second_step", __name__, url_prefix="/admin")


def go_on(signed_in: SignedIn, wanted: str) -> ResponseReturnValue:
    """Let in whoever has given the right password, or ask for the second factor of those who have one."""
    account = db.session.get_one(Account, signed_in.account_id)
    if account.has_second_factor:
        begin_second_step(account.id, generation=signed_in.generation)
        return redirect(url_for("second_step.ask_code", next=wanted))
    let_in(signed_in, way="password")
    return redirect(wanted)


@blueprint.route("/sign-in/code", methods=("GET", "POST"))
@public("nobody has signed in yet; without the right password before, it leads to the door")
def ask_code() -> ResponseReturnValue:
    """Ask for the code that the app shows, and let in whoever has it."""
    step, form = find_second_step(), SecondStepForm()
    if current_user.is_authenticated:
        return redirect(_wanted())
    if step is None:
        return _to_the_door()
    if request.method == "GET":
        return _page(form, None)
    try:
        signed_in = _use_code(form, step)
    except Refused as refused:
        note_event("second_factor_failed", account=step.account_id, code=refused.code.value)
        if refused.code is RefusalCode.SIGN_IN_FAILED:
            return _to_the_door()
        return _page(form, refused), refused.http_status, retry_after(refused)
    let_in(signed_in, way="password")
    return redirect(_wanted())


def _use_code(form: SecondStepForm, step: SecondStep) -> SignedIn:
    """Use up the code that was typed, or raise what the service has counted as refused.

    Raises:
        Refused
    """
    signed_in = sign_in_with_second_factor(
        caller(form),
        account_id=step.account_id,
        generation=step.generation,
        code=form.code.data or "",
        secret=server_secret(),
        now=present(),
    )
    if signed_in.refusal:
        raise Refused(RefusalCode(signed_in.refusal), field="code")
    return signed_in


def _to_the_door() -> ResponseReturnValue:
    """Begin again where the password was given too long ago, or is not that of the account any more."""
    flash(_("That took too long, or the account was changed meanwhile. Sign in once more."), "warning")
    return redirect(url_for(BACK_OFFICE_DOOR, next=request.args.get("next")))


def _page(form: SecondStepForm, refused: Refused | None) -> str:
    said = "" if refused is None else sentence(refused)
    is_at_field = refused is not None and form.show_refusal(str(refused.facts.get("field")), said)
    return render_template(
        "admin/second_factor/ask_code.html",
        form=form,
        refusal="" if is_at_field else said,
        action_url=url_for("second_step.ask_code", next=_wanted()),
        here_url=shown_address(),
    )


def _wanted() -> str:
    wanted = request.args.get("next") or ""
    return wanted if is_safe_next(wanted) and wanted.startswith("/admin/") else url_for("admin.index")
