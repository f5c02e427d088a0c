"""Whom WeChat has just named, until the phone is verified: remembered in this session for 15 minutes.

It is whoever holds the phone in hand. Without an end, somebody else who signs in later on the same phone
would be linked to them.
"""

from dataclasses import asdict
from datetime import datetime, timedelta

from flask import current_app, request, session

from lead_system.clock import now
from lead_system.config import Settings
from lead_system.domain.errors import Refused
from lead_system.outside.calling import OutsideFailed
from lead_system.outside.pictures import fetch_picture
from lead_system.outside.wechat import WechatPerson
from lead_system.services.own_profile import take_wechat_avatar
from lead_system.services.transaction import Caller
from lead_system.web.forms import fresh_request_id
from lead_system.web.pictures import draw_avatar

REMEMBERED_FOR = timedelta(minutes=15)
_KEY = "wechat_person"


def is_inside_wechat() -> bool:
    """Say whether the page is opened in WeChat's own browser, where alone its sign-in works."""
    return "MicroMessenger" in request.user_agent.string


def wechat_facts() -> dict[str, bool]:
    """Tell every phone page whether it may offer what works only in WeChat and with our account there."""
    settings: Settings = current_app.extensions["settings"]
    return {"is_wechat": bool(settings.wechat_app_id) and is_inside_wechat()}


def remember_wechat(person: WechatPerson) -> None:
    """Remember whom WeChat named, until a phone is verified."""
    session[_KEY] = asdict(person) | {"at": now().isoformat()}


def came_from_wechat() -> WechatPerson | None:
    """Return whom WeChat named a moment ago in this session."""
    kept = session.get(_KEY)
    if kept is None or now() - datetime.fromisoformat(kept["at"]) >= REMEMBERED_FOR:
        return None
    return WechatPerson(kept["openid"], kept["nickname"], kept["picture"])


def forget_wechat() -> None:
    """Forget whom WeChat named."""
    session.pop(_KEY, None)


def take_picture(account_id: int, person: WechatPerson | None) -> None:
    """Take somebody's avatar from WeChat, if they have none; without a picture they come in all the same."""
    if person is None or not person.picture:
        return
    settings: Settings = current_app.extensions["settings"]
    try:
        data = fetch_picture(
            person.picture,
            origins=settings.wechat_picture_origins,
            timeout=settings.outside_timeout_seconds,
        )
        picture = draw_avatar(data)
    except (OutsideFailed, Refused):
        return
    take_wechat_avatar(Caller(account_id, fresh_request_id()), picture=picture, now=now())
