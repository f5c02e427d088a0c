"""The door of the back office: sign in with account name and password, sign out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from lead_system.admin_views.base import present
from lead_system.admin_views.forms import SignInForm
from lead_system.admin_views.second_step import go_on
from lead_system.domain.errors import Refused
from lead_system.domain.roles import BACK_OFFICE
from lead_system.services.staff import change_own_password
from lead_system.web.access import allow, is_safe_next, public
from lead_system.web.addresses import shown_address
from lead_system.web.caller import caller, renew_session
from lead_system.web.doors import let_out, try_password
from lead_system.web.errors import retry_after
from lead_system.web.forms import OwnPasswordForm
from lead_system.web.logs import note_event
from lead_system.web.secret import server_secret
from lead_system.web.sentences import sentence

blueprint = Blueprint("back_office_door", __name__, url_prefix="/admin")


@blueprint.route("/sign-in", methods=("GET", "POST"))
@public("the door itself")
def sign_in() -> ResponseReturnValue:
    """Show the door, and let in whoever has the key."""
    form = SignInForm()
    if request.method == "GET":
        is_in = current_user.is_authenticated and current_user.role in BACK_OFFICE
        return redirect(_wanted()) if is_in else _page(form)
    try:
        signed_in = try_password(form.login.data, form.password.data, BACK_OFFICE)
    except Refused as refused:
        form.renew()
        return _page(form, sentence(refused)), refused.http_status, retry_after(refused)
    return go_on(signed_in, _wanted())


@blueprint.post("/sign-out")
@public("signing out twice does no harm")
def sign_out() -> ResponseReturnValue:
    """Forget who was signed in, and go back to the door."""
    let_out()
    return redirect(url_for("back_office_door.sign_in"))


@blueprint.route("/password", methods=("GET", "POST"))
@allow(*BACK_OFFICE)
def change_password() -> ResponseReturnValue:
    """Change the own password; a temporary one has to be changed before anything else opens."""
    form = OwnPasswordForm()
    if request.method == "GET":
        return _password_page(form)
    try:
        current, new = form.typed()
        changed = change_own_password(
            caller(form), current_password=current, new_password=new, secret=server_secret(), now=present()
        )
    except Refused as refused:
        if not form.show_refusal(str(refused.facts.get("field")), sentence(refused)):
            raise
        return _password_page(form), refused.http_status, retry_after(refused)
    renew_session(began=changed.began)
    note_event("password_changed", account=changed.account_id)
    flash(_("Your password is changed."), "success")
    return redirect(url_for("admin.index"))


def _password_page(form: OwnPasswordForm) -> str:
    return render_template("admin/password.html", form=form, here_url=shown_address())


def _page(form: SignInForm, refusal: str = "") -> str:
    wanted = request.args.get("next")
    return render_template(
        "admin/sign_in.html",
        form=form,
        refusal=refusal,
        next_url=wanted if is_safe_next(wanted) else None,
        here_url=shown_address(),
    )


def _wanted() -> str:
    """Return where somebody wanted to go before signing in, if that is a page of the back office."""
    wanted = request.args.get("next") or ""
    return wanted if is_safe_next(wanted) and wanted.startswith("/admin/") else url_for("admin.index")
