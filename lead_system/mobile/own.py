"""Me, in detail: the own avatar and nickname, phone and brokerage, and how they changed."""

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import OUTSIDERS, Role
from lead_system.mobile.forms import (
    FaceForm,
    OwnBrokerageForm,
    PhoneNumberForm,
    SignInCodeForm,
    number_or_none,
)
from lead_system.mobile.frame import Answer, home_of, is_let_in
from lead_system.mobile.sign_in import code_for_page, not_sent, send_code
from lead_system.mobile.typed_phone import remember_phone, remembered_phone
from lead_system.queries.own import find_avatar, has_avatar, own_profile_changes
from lead_system.queries.settings import brokerage_choices
from lead_system.services.own_profile import (
    change_own_brokerage,
    change_own_face,
    change_own_phone,
    require_new_phone,
)
from lead_system.web.access import allow
from lead_system.web.caller import caller, renew_session, signed_in
from lead_system.web.errors import retry_after
from lead_system.web.pictures import read_avatar
from lead_system.web.secret import server_secret
from lead_system.web.sizes import takes_files

own = Blueprint("own", __name__, url_prefix="/me")
PHONE_KEY = "new_own_phone"


@own.route("/avatar")
@allow(*OUTSIDERS)
def avatar() -> Response:
    """Show the own avatar; nobody can ask for anybody else's.

    Raises:
        Refused: NOT_FOUND without one.
    """
    jpeg = find_avatar(signed_in())
    if jpeg is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return Response(jpeg, mimetype="image/jpeg")


@own.route("/face", methods=["GET", "POST"])
@allow(*OUTSIDERS)
@takes_files
def face() -> Answer:
    """Change avatar and nickname, where WeChat did not tell them or told other ones (manual 1.6-1, 1.6-2)."""
    form = FaceForm(obj=signed_in())
    if not form.validate_on_submit():
        return _face_page(form), form.status
    try:
        picture = read_avatar(form.picture.data) if form.picture.data else None
        change_own_face(caller(form), nickname=form.nickname.data or "", picture=picture, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _face_page(form), status
    return redirect(url_for("mobile.profile.me"))


def _face_page(form: FaceForm) -> str:
    return render_template("mobile/face.html", form=form, has_avatar=has_avatar(signed_in()))


@own.route("/phone", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def phone() -> Answer:
    """Ask for the new phone, and send a code to it (manual 1.6-6)."""
    form = PhoneNumberForm()
    if not form.validate_on_submit():
        return _phone_page(form), form.status
    try:
        require_new_phone(signed_in(), form.number)
        send_code(form)
    except Refused as refused:
        return not_sent(form, refused, key=PHONE_KEY, ask_code=_code_page, ask_phone=_phone_page)
    remember_phone(PHONE_KEY, form.number)
    return redirect(url_for("mobile.own.phone_code"))


def _phone_page(form: PhoneNumberForm) -> str:
    return render_template("mobile/own_phone.html", form=form)


@own.route("/phone/code", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def phone_code() -> Answer:
    """Ask for the code that was sent to the new phone, and change to it."""
    new_phone, form = remembered_phone(PHONE_KEY), SignInCodeForm()
    if new_phone is None:
        return redirect(url_for("mobile.own.phone"))
    if not form.validate_on_submit():
        return _code_page(form, new_phone), form.status
    try:
        _change_phone(form, new_phone)
    except Refused as refused:
        status = form.refuse(Refused(refused.code, **refused.facts | {"field": "code"}))
        return _code_page(form, new_phone), status, retry_after(refused)
    session.pop(PHONE_KEY, None)
    flash(_("Your phone was changed. Sign in with the new one from now on."), "success")
    return redirect(url_for("mobile.profile.me"))


def _change_phone(form: SignInCodeForm, new_phone: str) -> None:
    """Change the phone, and go on in this browser; or raise what the service has counted as refused.

    Raises:
        Refused
    """
    code = form.code.data or ""
    changed = change_own_phone(
        caller(form),
        phone=new_phone,
        code=code,
        address=request.remote_addr or "",
        secret=server_secret(),
        now=now(),
    )
    if changed.refusal:
        raise Refused(RefusalCode(changed.refusal))
    renew_session(began=changed.began)


def _code_page(form: SignInCodeForm, new_phone: str) -> str:
    return render_template(
        "mobile/own_phone_code.html", form=form, phone=new_phone, shown=code_for_page(new_phone)
    )


@own.route("/brokerage", methods=["GET", "POST"])
@allow(Role.BROKER, Role.RESIDENT)
def brokerage() -> Answer:
    """Change the brokerage (manual 1.6-7); a resident waits for an approval again."""
    account = signed_in()
    form = OwnBrokerageForm()
    form.offer(brokerage_choices(), account)
    if not form.validate_on_submit():
        return render_template("mobile/own_brokerage.html", form=form), form.status
    version, chosen = number_or_none(form.version.data) or 0, form.brokerage_id.data
    try:
        change_own_brokerage(caller(form), version=version, brokerage_id=chosen, now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return render_template("mobile/own_brokerage.html", form=form), status
    return redirect(url_for("mobile.profile.me") if is_let_in(account) else home_of(account))


@own.route("/changes")
@allow(Role.BROKER, Role.RESIDENT)
def changes() -> Answer:
    """Show when the own phone and brokerage changed, from what to what (manual 1.6-8)."""
    account = signed_in()
    return render_template("mobile/own_changes.html", changes=own_profile_changes(account))
