"""Where one is signed in: the own sign-ins, which everybody on the phone pages can end."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import OUTSIDERS, PHONE_STAFF
from lead_system.mobile.forms import PhoneForm
from lead_system.mobile.frame import Answer
from lead_system.queries.sign_ins import find_own_sign_in, own_sign_ins
from lead_system.services.sign_ins import end_other_sign_ins, end_own_sign_in
from lead_system.web.access import allow
from lead_system.web.caller import caller, current_sign_in, signed_in
from lead_system.web.logs import note_event

sessions = Blueprint("sessions", __name__, url_prefix="/sessions")


@sessions.route("")
@allow(*OUTSIDERS, *PHONE_STAFF)
def all_own() -> Answer:
    """Show on which browsers one is signed in, since when, and when each was last used."""
    this_one = current_sign_in()
    own = own_sign_ins(signed_in(), now(), this_id=this_one.id)
    return render_template("mobile/sessions.html", sign_ins=own, this_one=this_one)


@sessions.route("/<int:sign_in_id>/end", methods=["GET", "POST"])
@allow(*OUTSIDERS, *PHONE_STAFF)
def end(sign_in_id: int) -> Answer:
    """Ask before a sign-in on another browser is ended; end it."""
    form = PhoneForm()
    if not form.validate_on_submit():
        found = find_own_sign_in(signed_in(), sign_in_id, now())
        if found is None:
            raise Refused(RefusalCode.NOT_FOUND)
        return render_template("mobile/session_end.html", form=form, sign_in=found)
    ended = end_own_sign_in(caller(form), sign_in_id=sign_in_id, now=now()).ended
    note_event("sessions_ended", account=signed_in().id, ended=ended)
    flash(_("That browser is signed out."), "success")
    return redirect(url_for("mobile.sessions.all_own"))


@sessions.route("/end-others", methods=["GET", "POST"])
@allow(*OUTSIDERS, *PHONE_STAFF)
def end_others() -> Answer:
    """Ask before all other sign-ins are ended; end them."""
    form = PhoneForm()
    if not form.validate_on_submit():
        return render_template("mobile/session_end.html", form=form, sign_in=None)
    ended = end_other_sign_ins(caller(form), but_id=current_sign_in().id, now=now()).ended
    note_event("sessions_ended", account=signed_in().id, ended=ended)
    flash(_("You are signed out on all other browsers."), "success")
    return redirect(url_for("mobile.sessions.all_own"))
