"""What WeChat lends the server for two hours, kept in the database and refreshed by one process at a time.

WeChat makes an old token worthless when it lends another, and lends only so many a day. So whoever finds
the kept one ending takes the turn, which is a row, asks WeChat with no transaction open, and keeps the
answer; the others go on with the old one while it lasts, or wait for the new one.
"""

import secrets
import time
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import WechatTicket
from lead_system.outside.calling import OutsideFailed
from lead_system.outside.wechat import TOKEN_EXPIRED, Lent
from lead_system.services.transaction import atomic, insert_unless_taken
from lead_system.services.wechat import refusal_for

ACCESS_TOKEN, JS_TICKET, TURN = "access_token", "jsapi_ticket", "turn"
EARLY = timedelta(minutes=5)
"""So long before its end a token is borrowed anew; the old one works until then."""

TURN_LASTS = timedelta(seconds=30)
"""After so long a turn is over whatever became of its process; three slow calls take less."""

WAIT_SECONDS, LOOK_EVERY_SECONDS = 6.0, 0.2


class Lender(Protocol):
    """WeChat, as far as it lends."""

    def lend_access_token(self, *, anew: bool = False) -> Lent:
        """Lend the token of the account's server."""

    def lend_ticket(self, access_token: str) -> Lent:
        """Lend the ticket for the JS-SDK."""


def get_js_ticket(lender: Lender, *, now: datetime) -> str:
    """Return a ticket for the JS-SDK that still works; at most one process at a time asks for another.

    Raises:
        Refused: WECHAT_BUSY or WECHAT_NOT_REACHED where there is none and none can be had.
    """
    if ticket := _find(JS_TICKET, good_until=now + EARLY):
        return ticket
    turn = secrets.token_hex(8)
    if atomic(lambda: _takes_turn(turn, now)):
        try:
            return _borrow_ticket(lender, now)
        except OutsideFailed as failed:
            return _make_do(refusal_for(failed.cause), now)
        finally:
            atomic(lambda: _end_turn(turn, now))
    return _find(JS_TICKET, good_until=now) or _wait_for_ticket(now)


def _find(name: str, *, good_until: datetime) -> str | None:
    """Return what is kept under a name, if it is good for longer."""
    row = db.session.get(WechatTicket, name, populate_existing=True)
    return row.value if row is not None and row.expires_at > good_until else None


def _takes_turn(turn: str, now: datetime) -> bool:
    """Say whether it is this process's turn to ask WeChat: a row is there once, and taken over at its end."""
    row = {"name": TURN, "value": turn, "expires_at": now + TURN_LASTS}
    if insert_unless_taken(WechatTicket, [row]):
        return True
    taken = db.session.execute(
        update(WechatTicket)
        .where(WechatTicket.name == TURN, WechatTicket.expires_at <= now)
        .values(value=turn, expires_at=now + TURN_LASTS)
    )
    return taken.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _end_turn(turn: str, now: datetime) -> None:
    """Give the turn back, unless it took too long and is somebody else's by now."""
    db.session.execute(
        update(WechatTicket)
        .where(WechatTicket.name == TURN, WechatTicket.value == turn)
        .values(expires_at=now)
    )


def _borrow_ticket(lender: Lender, now: datetime) -> str:
    """Borrow a ticket, with the kept access token or another; one that WeChat disowns is replaced once."""
    kept = atomic(lambda: _find(ACCESS_TOKEN, good_until=now + EARLY))
    try:
        lent = lender.lend_ticket(kept or _borrow_access_token(lender, now, anew=False))
    except OutsideFailed as failed:
        if failed.cause not in TOKEN_EXPIRED:
            raise
        lent = lender.lend_ticket(_borrow_access_token(lender, now, anew=True))
    atomic(lambda: _keep(JS_TICKET, lent, now))
    return lent.value


def _borrow_access_token(lender: Lender, now: datetime, *, anew: bool) -> str:
    lent = lender.lend_access_token(anew=anew)
    atomic(lambda: _keep(ACCESS_TOKEN, lent, now))
    return lent.value


def _keep(name: str, lent: Lent, now: datetime) -> None:
    ends = now + timedelta(seconds=lent.seconds)
    db.session.merge(WechatTicket(name=name, value=lent.value, expires_at=ends))


def _make_do(code: RefusalCode, now: datetime) -> str:
    """Go on with the ticket that is about to end, where WeChat lends no other.

    Raises:
        Refused: there is none.
    """
    if ticket := _find(JS_TICKET, good_until=now):
        return ticket
    raise Refused(code)


def _wait_for_ticket(now: datetime) -> str:
    """Wait until whoever has the turn has kept a ticket.

    Raises:
        Refused: WECHAT_NOT_REACHED.
    """
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        time.sleep(LOOK_EVERY_SECONDS)
        if ticket := atomic(lambda: _find(JS_TICKET, good_until=now)):
            return ticket
    raise Refused(RefusalCode.WECHAT_NOT_REACHED)
