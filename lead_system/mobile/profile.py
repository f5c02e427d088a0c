"""Me: the profile that a new agent completes, how a resident's approval stands, and the own data."""

from flask import Blueprint, redirect, render_template, url_for

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.roles import OUTSIDERS, PHONE_STAFF, Approval, Role
from lead_system.mobile.forms import ProfileForm
from lead_system.mobile.frame import Answer, home_of, is_let_in
from lead_system.queries.own import has_avatar
from lead_system.queries.settings import brokerage_choices, get_settings
from lead_system.services.brokers import complete_profile
from lead_system.services.staff import change_own_password
from lead_system.web.access import allow
from lead_system.web.caller import caller, renew_session, signed_in
from lead_system.web.errors import retry_after
from lead_system.web.forms import OwnPasswordForm
from lead_system.web.logs import note_event
from lead_system.web.secret import server_secret
from lead_system.web.sentences import sentence

profile = Blueprint("profile", __name__)


@profile.route("/profile", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def complete() -> Answer:
    """Ask for name, brokerage and role; a rejected resident may send them again."""
    account = signed_in()
    if account.has_profile and account.approval is not Approval.REJECTED:
        return redirect(home_of(account))
    form = ProfileForm(obj=account if account.has_profile else None)
    form.offer(brokerage_choices())
    if not form.validate_on_submit():
        return _page(form), form.status
    name, role = form.name.data or "", form.role.data or ""
    try:
        complete_profile(caller(form), name=name, brokerage_id=form.brokerage_id.data, role=role, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _page(form), status
    return redirect(url_for("mobile.sign_in.start"))


def _page(form: ProfileForm) -> str:
    """Return the page of the profile, with what WeChat has told already (manual 1.2-1, 1.2-2)."""
    return render_template("mobile/profile.html", form=form, has_avatar=has_avatar(signed_in()))


@profile.route("/profile/standing")
@allow(Role.BROKER, Role.RESIDENT)
def standing() -> Answer:
    """Tell a resident that the approval is awaited, or why it was refused."""
    if is_let_in(signed_in()) or not signed_in().has_profile:
        return redirect(home_of(signed_in()))
    return render_template("mobile/standing.html", is_rejected=signed_in().approval is Approval.REJECTED)


@profile.route("/password", methods=["GET", "POST"])
@allow(Role.GATE, Role.CONSULTANT)
def change_password() -> Answer:
    """Change the own password; a temporary one has to be changed before anything else opens."""
    form = OwnPasswordForm()
    if not form.validate_on_submit():
        return render_template("mobile/password.html", form=form)
    try:
        current, new = form.typed()
        changed = change_own_password(
            caller(form), current_password=current, new_password=new, secret=server_secret(), now=now()
        )
    except Refused as refused:
        if not form.show_refusal(str(refused.facts.get("field")), sentence(refused)):
            raise
        return render_template("mobile/password.html", form=form), refused.http_status, retry_after(refused)
    renew_session(began=changed.began)
    note_event("password_changed", account=changed.account_id)
    return redirect(home_of(signed_in()))


@profile.route("/me")
@allow(*OUTSIDERS, *PHONE_STAFF)
def me() -> Answer:
    """Show the own data, how to reach the sales centre, and the way out."""
    return render_template("mobile/me.html", settings=get_settings(), has_avatar=has_avatar(signed_in()))
