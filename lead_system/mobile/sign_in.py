"""Signing in: outsiders with phone and one-time code, gate staff and consultants with a password."""

from collections.abc import Callable

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_login import current_user

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import PHONE_STAFF, Role
from lead_system.mobile.forms import PhoneForm, PhoneNumberForm, SignInCodeForm, StaffSignInForm
from lead_system.mobile.frame import Answer, home_of
from lead_system.mobile.typed_phone import remember_phone, remembered_phone
from lead_system.mobile.wechat_person import came_from_wechat, take_picture
from lead_system.outside.sms import code_sender
from lead_system.services.sign_in import SignedIn, sign_in_with_code
from lead_system.services.sign_in_codes import send_sign_in_code, shown_code
from lead_system.web.access import allow, is_safe_next, public
from lead_system.web.caller import caller
from lead_system.web.doors import let_in, let_out, note_refused, try_password
from lead_system.web.errors import retry_after
from lead_system.web.secret import server_secret

sign_in = Blueprint("sign_in", __name__)
PHONE_KEY = "sign_in_phone"


@sign_in.route("/")
@public("the first address of the phone pages; it shows nothing and sends everybody on")
def start() -> Answer:
    """Send people to their home, or to the sign-in."""
    signed_in = current_user.is_authenticated
    return redirect(home_of(current_user) if signed_in else url_for("mobile.sign_in.by_phone"))


@sign_in.route("/sign-in", methods=["GET", "POST"])
@public("nobody has signed in yet")
def by_phone() -> Answer:
    """Ask for the phone, and send a code to it."""
    if current_user.is_authenticated:
        return redirect(home_of(current_user))
    form = PhoneNumberForm()
    if not form.validate_on_submit():
        return phone_page(form), form.status
    try:
        send_code(form)
    except Refused as refused:
        return not_sent(form, refused, key=PHONE_KEY, ask_code=_code_page, ask_phone=phone_page)
    remember_phone(PHONE_KEY, form.number)
    return redirect(url_for("mobile.sign_in.by_code", next=request.args.get("next")))


@sign_in.route("/sign-in/code", methods=["GET", "POST"])
@public("nobody has signed in yet")
def by_code() -> Answer:
    """Ask for the code, and sign in."""
    form = SignInCodeForm()
    phone = remembered_phone(PHONE_KEY)
    if phone is None or current_user.is_authenticated:
        return redirect(url_for("mobile.sign_in.start"))
    if not form.validate_on_submit():
        return _code_page(form, phone), form.status
    try:
        signed_in = _try_code(form, phone)
    except Refused as refused:
        status = form.refuse(refused)
        return _code_page(form, phone), status, retry_after(refused)
    return enter(signed_in, request.args.get("next", ""), way="code")


def _try_code(form: SignInCodeForm, phone: str) -> SignedIn:
    """Sign in with the code that was typed, or raise what the service has counted as refused.

    Raises:
        Refused: TOO_MANY_TRIES, CODE_WRONG or ACCOUNT_CLOSED.
    """
    person = came_from_wechat()
    try:
        signed_in = sign_in_with_code(
            caller(form),
            phone=phone,
            code=form.code.data or "",
            address=request.remote_addr or "",
            wechat=person,
            secret=server_secret(),
            now=now(),
        )
        if signed_in.account_id is None:
            raise Refused(RefusalCode(signed_in.refusal), field="code")
    except Refused as refused:
        note_refused(refused)
        raise
    take_picture(signed_in.account_id, person)
    return signed_in


@sign_in.route("/staff/sign-in", methods=["GET", "POST"])
@public("nobody has signed in yet")
def by_password() -> Answer:
    """Ask gate staff and consultants for account and password, and sign in."""
    if current_user.is_authenticated:
        return redirect(home_of(current_user))
    form = StaffSignInForm()
    if not form.validate_on_submit():
        return render_template("mobile/staff_sign_in.html", form=form), form.status
    try:
        signed_in = try_password(form.login.data, form.password.data, PHONE_STAFF)
    except Refused as refused:
        status = form.refuse(refused)
        return render_template("mobile/staff_sign_in.html", form=form), status, retry_after(refused)
    return enter(signed_in, request.args.get("next", ""), way="password")


@sign_in.route("/sign-out", methods=["POST"])
@allow(*Role)
def sign_out() -> Answer:
    """Sign out, and go to the door that one came in by."""
    door = "by_password" if current_user.is_phone_staff else "by_phone"
    PhoneForm().validate_on_submit()
    let_out()
    return redirect(url_for(f"mobile.sign_in.{door}"))


def not_sent(
    form: PhoneNumberForm,
    refused: Refused,
    *,
    key: str,
    ask_code: Callable[[SignInCodeForm, str], str],
    ask_phone: Callable[[PhoneNumberForm], str],
) -> Answer:
    """Say why no code was sent; one that is on its way can be typed here and now.

    `key` is under which name the session remembers the phone that the code belongs to.
    """
    if refused.code is RefusalCode.CODE_SENT_RECENTLY:
        remember_phone(key, form.number)
        code_form = SignInCodeForm(formdata=None)
        status = code_form.refuse(refused)
        return ask_code(code_form, form.number), status
    status = form.refuse(refused)
    return ask_phone(form), status


def send_code(form: PhoneNumberForm) -> None:
    """Send a code to the phone that was typed.

    Raises:
        Refused: as `send_sign_in_code` does.
    """
    sender = code_sender(current_app.extensions["settings"])
    send_sign_in_code(
        caller(form),
        phone=form.number,
        address=request.remote_addr or "",
        secret=server_secret(),
        sender=sender,
        now=now(),
    )


def enter(signed_in: SignedIn, wanted: str, *, way: str) -> Answer:
    """Remember who signed in, and go on to the phone page that they wanted, or home."""
    home = home_of(let_in(signed_in, way=way, keeps=True))
    return redirect(wanted if wanted.startswith("/m/") and is_safe_next(wanted) else home)


def phone_page(form: PhoneNumberForm) -> str:
    """Return the page that asks for the phone; inside WeChat its button comes first (manual 1.1-1)."""
    return render_template("mobile/sign_in.html", form=form, person=came_from_wechat())


def _code_page(form: SignInCodeForm, phone: str) -> str:
    """Return the page that asks for the code; the demonstration, which sends no SMS, shows it there."""
    return render_template(
        "mobile/sign_in_code.html",
        form=form,
        phone=phone,
        shown=code_for_page(phone),
        person=came_from_wechat(),
    )


def code_for_page(phone: str) -> str | None:
    """Return the code that the page shows, because nobody sends it; only ever in the demonstration."""
    shows = current_app.extensions["settings"].shows_codes
    return shown_code(phone, secret=server_secret(), now=now()) if shows else None
