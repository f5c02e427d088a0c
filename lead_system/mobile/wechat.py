"""Signing in by WeChat (微信授权登录), and what WeChat's own scanner needs to open.

WeChat leads people back with a GET. That changes nothing here but the session: who is known is signed in,
and who is not verifies a phone first, by a form.
"""

import secrets

from flask import Blueprint, abort, current_app, jsonify, redirect, render_template, request, session, url_for
from flask_login import current_user

from lead_system.clock import now
from lead_system.config import Settings
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.mobile.frame import Answer, home_of
from lead_system.mobile.sign_in import enter
from lead_system.mobile.wechat_person import forget_wechat, remember_wechat
from lead_system.outside.wechat import Wechat, find_wechat, page_signature
from lead_system.services.sign_in import sign_in_with_wechat
from lead_system.services.wechat import person_from_wechat
from lead_system.services.wechat_tickets import get_js_ticket
from lead_system.web.access import allow, public
from lead_system.web.sentences import sentence

wechat = Blueprint("wechat", __name__)
_STATE_KEY = "wechat_state"


@wechat.route("/wechat/start")
@public("nobody has signed in yet")
def start() -> Answer:
    """Lead to WeChat, which asks whether nickname and avatar may be told, and leads back."""
    account = _wechat()
    if current_user.is_authenticated:
        return redirect(home_of(current_user))
    state = secrets.token_urlsafe(16)
    session[_STATE_KEY] = {"state": state, "next": request.args.get("next", "")[:500]}
    back = _settings().public_url + url_for("mobile.wechat.back")
    return redirect(account.authorisation_url(back=back, state=state))


@wechat.route("/wechat/back")
@public("nobody has signed in yet; whom WeChat names is asked from WeChat itself")
def back() -> Answer:
    """Sign in whom WeChat names; somebody new goes on to verify a phone."""
    account, begun = _wechat(), session.pop(_STATE_KEY, None) or {"state": "", "next": ""}
    if current_user.is_authenticated:
        return redirect(home_of(current_user))
    try:
        person = person_from_wechat(account, _allowed_code(begun["state"]))
        signed_in = sign_in_with_wechat(person)
    except Refused as refused:
        page = render_template("mobile/wechat_refused.html", sentence=sentence(refused), wanted=begun["next"])
        return page, refused.http_status
    if signed_in is not None:
        return enter(signed_in, begun["next"], way="wechat")
    remember_wechat(person)
    return redirect(url_for("mobile.sign_in.by_phone", next=begun["next"] or None))


def _allowed_code(state: str) -> str:
    """Return the code that WeChat sent along, if it answers what this session asked.

    Raises:
        Refused: WECHAT_LINK_OLD for an answer to nothing or to something else, WECHAT_NOT_ALLOWED without a
            code, which is how WeChat says no.
    """
    answered = request.args.get("state", "")
    if not state or not secrets.compare_digest(state.encode(), answered.encode()):
        raise Refused(RefusalCode.WECHAT_LINK_OLD)
    code = request.args.get("code", "")
    if not code or len(code) > 512:
        raise Refused(RefusalCode.WECHAT_NOT_ALLOWED)
    return code


@wechat.route("/wechat/forget", methods=["POST"])
@public("nobody has signed in yet")
def forget() -> Answer:
    """Go on without WeChat: the phone that is verified next is not linked."""
    forget_wechat()
    return redirect(url_for("mobile.sign_in.by_phone", next=request.args.get("next")))


@wechat.route("/wechat/signature", methods=["POST"])
@allow(Role.GATE, Role.CONSULTANT)
def signature() -> Answer:
    """Sign one of our pages, so that WeChat opens its own scanner to it.

    Raises:
        Refused: NOT_FOUND for any other address, or what `get_js_ticket` refuses.
    """
    account, url = _wechat(), request.form.get("url", "")
    if not url.startswith(_settings().public_url + "/m/"):
        raise Refused(RefusalCode.NOT_FOUND)
    moment, nonce = now(), secrets.token_hex(8)
    ticket, timestamp = get_js_ticket(account, now=moment), int(moment.timestamp())
    signed = page_signature(ticket, nonce=nonce, timestamp=timestamp, url=url)
    return jsonify(appId=account.app_id, timestamp=timestamp, nonceStr=nonce, signature=signed)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _wechat() -> Wechat:
    """Return the official account; where there is none, these pages do not exist."""
    account = find_wechat(_settings())
    if account is None:
        abort(404)
    return account
