"""WeChat: who comes from there, whose account that is, and the account that is linked by a verified phone."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import NAME_LENGTH, clean_line
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.outside.calling import OutsideFailed
from lead_system.outside.wechat import SNAPSHOT, Wechat, WechatPerson
from lead_system.services import history

_USED_OR_OLD = frozenset({"40029", "40163", "41008", "42003"})
"""What WeChat calls a code that is wrong, was used before, is missing or is too old."""

_ASKED_TOO_OFTEN = frozenset({"45009", "45011"})


def person_from_wechat(wechat: Wechat, code: str) -> WechatPerson:
    """Return who allowed the sign-in in WeChat, as WeChat says to the server itself.

    The nickname is blank where it is none that is kept here.

    Raises:
        Refused: WECHAT_LINK_OLD, WECHAT_NOT_ALLOWED where only a preview was allowed, WECHAT_BUSY, or
            WECHAT_NOT_REACHED.
    """
    try:
        person = wechat.person_of(code)
    except OutsideFailed as failed:
        raise Refused(refusal_for(failed.cause)) from None
    return replace(person, nickname=acceptable_nickname(person.nickname))


def refusal_for(cause: str) -> RefusalCode:
    """Return how people are told of what WeChat, or the line to it, says was wrong."""
    if cause in _USED_OR_OLD:
        return RefusalCode.WECHAT_LINK_OLD
    if cause in _ASKED_TOO_OFTEN:
        return RefusalCode.WECHAT_BUSY
    return RefusalCode.WECHAT_NOT_ALLOWED if cause == SNAPSHOT else RefusalCode.WECHAT_NOT_REACHED


def find_linked(openid: str) -> Account | None:
    """Return the account that is linked to a person in WeChat, archived or not."""
    return db.session.scalar(select(Account).where(Account.openid == openid))


def link_wechat(account: Account, person: WechatPerson, *, now: datetime) -> None:
    """Link an account, whose phone has just been verified, to a person in WeChat; inside a transaction.

    The nickname is taken where the account has none. An account that was linked to the same person before
    is no longer, for the phone at hand counts; the link of an archived one stays where it is. Both are
    written down.
    """
    holder = db.session.scalar(select(Account).where(Account.openid == person.openid).with_for_update())
    if holder is account or (holder is not None and not holder.is_active):
        return
    if holder is not None:
        _set_openid(holder, None, by=account, now=now)
        db.session.flush()  # Before the other takes it, for an openid is unique.
    if not account.nickname:
        account.nickname = person.nickname
    _set_openid(account, person.openid, by=account, now=now)


def _set_openid(account: Account, openid: str | None, *, by: Account, now: datetime) -> None:
    action = "link_wechat" if openid else "unlink_wechat"
    before, account.openid = account.openid, openid
    account.version += 1
    personal = {"openid": [before, openid]}
    if openid and account.nickname:
        personal["nickname"] = [None, account.nickname]
    history.record(by, action, chain=f"account:{account.id}", personal=personal, now=now)


def acceptable_nickname(raw: str) -> str:
    """Return a nickname from elsewhere as it may be kept here; blank where it may not."""
    try:
        return clean_line(raw[:NAME_LENGTH], field="nickname", limit=NAME_LENGTH)
    except Refused:
        return ""
