"""One-time codes: made, limited, carried to a phone by SMS, checked; they prove that a phone is at hand."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import network_of
from lead_system.extensions import db
from lead_system.models import CodeSend, SignInCode
from lead_system.outside.calling import OutsideFailed
from lead_system.outside.sms import CodeSender
from lead_system.services.transaction import (
    Caller,
    atomic,
    insert_or_lock,
    lock_name,
    open_use_case,
)

CODE_LIVES = timedelta(minutes=5)
CODE_TRIES = 5
RESEND_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Limit:
    """At most so many codes within so much time, whatever the hour."""

    codes: int
    within: timedelta


PHONE_LIMITS = (Limit(5, timedelta(hours=1)), Limit(10, timedelta(days=1)))
ADDRESS_LIMITS = (Limit(30, timedelta(hours=1)),)
SENDS_KEPT_FOR = max(limit.within for limit in (*PHONE_LIMITS, *ADDRESS_LIMITS))

_ACCOUNT_PHONE = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True)
class CodeSent:
    """The sign-in code that is on its way, and the row by which it counts toward the limits."""

    code_id: int
    send_id: int = 0


def send_sign_in_code(
    caller: Caller, *, phone: str, address: str, secret: str, sender: CodeSender, now: datetime
) -> CodeSent:
    """Send a one-time code of six digits to a phone, known or not: the answer is the same.

    The code itself is stored nowhere. It is sent after the commit, once, however often the form arrives, and
    with no transaction open. `address` is where the request came from; of it a keyed hash is kept for a day.
    A code that could not be sent is worth nothing, and the next one may be asked for at once.

    Raises:
        Refused: no mobile number; the last code was sent less than 60 s ago; TOO_MANY_CODES for this phone or
            from this address, with the moment from which there is room again; or CODE_NOT_SENT.
    """
    key = _address_key(address, secret=secret)
    sent = _remember_sign_in_code(caller, phone=phone, address=key, now=now)
    code = atomic(lambda: _claim_delivery(sent, secret=secret, now=now))
    if code is not None:
        _deliver(sent, phone=phone, code=code, sender=sender, now=now)
    return sent


@open_use_case("send_sign_in_code", answer=CodeSent)
def _remember_sign_in_code(*, phone: str, address: str, now: datetime) -> CodeSent:
    require_account_phone(phone)
    # Before the row of the phone, in every transaction: else two could wait for each other.
    lock_name(f"code_sends:{address}")
    salt = secrets.token_hex(16)
    first = {"phone": phone, "salt": salt, "sent_at": now, "tries": 0}
    insert_or_lock(SignInCode, first, key="phone")
    row = db.session.execute(_code_for(phone).with_for_update()).scalar_one()
    if row.salt != salt:
        _require_minute_passed(row, now)
    _require_room(CodeSend.phone == phone, PHONE_LIMITS, now)
    _require_room(CodeSend.address == address, ADDRESS_LIMITS, now)
    row.salt, row.sent_at, row.tries = salt, now, 0
    row.delivered_at = row.used_at = None
    send = CodeSend(phone=phone, address=address, sent_at=now)
    db.session.add(send)
    db.session.flush()
    return CodeSent(row.id, send.id)


def require_account_phone(phone: str) -> None:
    """Refuse what is no whole mobile number of eleven digits.

    Raises:
        Refused: ACCOUNT_PHONE_WRONG; the fact `field` is "phone".
    """
    if not _ACCOUNT_PHONE.fullmatch(phone):
        raise Refused(RefusalCode.ACCOUNT_PHONE_WRONG, field="phone")


def _address_key(address: str, *, secret: str) -> str:
    """Return a keyed hash of where a request came from; of IPv6 the network of one household counts."""
    return hmac.new(secret.encode(), f"address:{network_of(address)}".encode(), hashlib.sha256).hexdigest()


def _require_minute_passed(row: SignInCode, now: datetime) -> None:
    """Refuse a second code within a minute, unless the first could not be sent."""
    wait = RESEND_AFTER - (now - row.sent_at)
    if wait > timedelta(0) and not _has_failed(row):
        raise Refused(RefusalCode.CODE_SENT_RECENTLY, seconds=int(wait.total_seconds()) + 1)


def _require_room(whose: ColumnElement[bool], limits: tuple[Limit, ...], now: datetime) -> None:
    """Refuse the code that would be one too many; the row or name locked before makes the count hold."""
    ends = list(_ends_of_full_limits(whose, limits, now))
    if ends:
        raise Refused(RefusalCode.TOO_MANY_CODES, until=max(ends).isoformat())


def _ends_of_full_limits(
    whose: ColumnElement[bool], limits: tuple[Limit, ...], now: datetime
) -> Iterator[datetime]:
    for limit in limits:
        newest_first = (
            select(CodeSend.sent_at)
            .where(whose, CodeSend.sent_at > now - limit.within)
            .order_by(CodeSend.sent_at.desc(), CodeSend.id.desc())
        )
        in_the_way = db.session.scalar(newest_first.offset(limit.codes - 1).limit(1))
        if in_the_way is not None:
            yield in_the_way + limit.within


def find_code_id(phone: str) -> int | None:
    """Return the number of the row of a phone's last code; None where it was never sent one."""
    return db.session.scalar(select(SignInCode.id).where(SignInCode.phone == phone))


def find_phone_of_code(code_id: int) -> str | None:
    """Return the phone to which a code was sent; None where that is forgotten."""
    return db.session.scalar(select(SignInCode.phone).where(SignInCode.id == code_id))


def _code_for(phone: str) -> Select[SignInCode]:
    return select(SignInCode).where(SignInCode.phone == phone)


def _claim_delivery(sent: CodeSent, *, secret: str, now: datetime) -> str | None:
    """Return the code to whoever is the first to carry it, None to a repeat.

    Raises:
        Refused: CODE_NOT_SENT to a repeat of what could not be sent.
    """
    claimed = db.session.execute(
        update(SignInCode)
        .where(SignInCode.id == sent.code_id, SignInCode.delivered_at.is_(None), SignInCode.used_at.is_(None))
        .values(delivered_at=now)
    )
    row = db.session.get_one(SignInCode, sent.code_id)
    if claimed.rowcount == 1:  # type: ignore[attr-defined]
        return _code_of(row, secret)
    if _has_failed(row):
        raise Refused(RefusalCode.CODE_NOT_SENT)
    return None


def _has_failed(row: SignInCode) -> bool:
    """Say whether a code was given up because it could not be sent."""
    return row.used_at is not None and row.delivered_at is None


def _deliver(sent: CodeSent, *, phone: str, code: str, sender: CodeSender, now: datetime) -> None:
    try:
        sender.send(phone, code, now=now)
    except OutsideFailed as failed:
        is_surely_unsent = not failed.may_have_acted
        atomic(lambda: _give_up(sent, now, counts=not is_surely_unsent))
        raise Refused(RefusalCode.CODE_NOT_SENT) from None


def _give_up(sent: CodeSent, now: datetime, *, counts: bool) -> None:
    """Spend a code that could not be sent; it counts toward the limits only if it may have arrived."""
    row = db.session.get_one(SignInCode, sent.code_id, with_for_update=True)
    row.used_at, row.delivered_at = now, None
    if not counts:
        db.session.execute(delete(CodeSend).where(CodeSend.id == sent.send_id))


def _is_usable(row: SignInCode, now: datetime) -> bool:
    """Say whether a code still opens a door: not used, not guessed at too often, not too old."""
    return row.used_at is None and row.tries < CODE_TRIES and now - row.sent_at < CODE_LIVES


def _code_of(row: SignInCode, secret: str) -> str:
    """Derive the six digits of a code from its row and the server's secret."""
    digest = hmac.new(secret.encode(), f"{row.id}:{row.phone}:{row.salt}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest.digest()[:8]) % 1_000_000:06d}"


def shown_code(phone: str, *, secret: str, now: datetime) -> str | None:
    """Return the code that a phone was just sent, for the demonstration, which shows it on the page."""
    row = db.session.scalar(_code_for(phone))
    if row is None or not _is_usable(row, now):
        return None
    return _code_of(row, secret)


def use_code(phone: str, code: str, *, secret: str, now: datetime) -> bool:
    """Say whether this is the code that the phone was sent, and use it up; a wrong one is counted.

    To be called inside a use case that commits even where the answer is False, or tries would not count.
    """
    row = db.session.scalar(_code_for(phone).with_for_update().execution_options(populate_existing=True))
    if row is None or not _is_usable(row, now):
        return False
    row.tries += 1
    if not hmac.compare_digest(_code_of(row, secret).encode(), code.strip().encode()):
        return False
    row.used_at = now
    return True


def forget_old_sends(now: datetime) -> None:
    """Delete what no limit looks at any more; to be run once a day."""
    atomic(lambda: db.session.execute(delete(CodeSend).where(CodeSend.sent_at <= now - SENDS_KEPT_FOR)))
