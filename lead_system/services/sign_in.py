"""Signing in: agents with phone and one-time code, staff with account name and password."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, func, select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import OUTSIDERS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, SignInCode
from lead_system.services import history
from lead_system.services.transaction import Caller, atomic, insert_unless_taken, open_use_case

CODE_LIVES = timedelta(minutes=5)
CODE_TRIES = 5
RESEND_AFTER = timedelta(seconds=60)

_ACCOUNT_PHONE = re.compile(r"1[3-9][0-9]{9}")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS_HASH = _HASHER.hash(secrets.token_urlsafe())
"""Checked where no such account exists, so that the answer takes as long."""


class CodeSender(Protocol):
    """Whoever carries a sign-in code to a phone."""

    def send(self, phone: str, code: str) -> None:
        """Send the code to the phone."""


@dataclass(frozen=True)
class CodeSent:
    """The sign-in code that is on its way."""

    code_id: int


@dataclass(frozen=True)
class SignedIn:
    """Who signed in; or, with `refusal`, why nobody did (a wrong code is counted, so it is no exception)."""

    account_id: int | None
    refusal: str = ""
    at: str = ""


def send_sign_in_code(
    caller: Caller, *, phone: str, secret: str, sender: CodeSender, now: datetime
) -> CodeSent:
    """Send a one-time code of six digits to a phone, known or not: the answer is the same.

    The code itself is stored nowhere. It is sent after the commit, once, however often the form arrives.

    Raises:
        Refused: no mobile number, or the last code was sent less than 60 s ago.
    """
    sent = _remember_sign_in_code(caller, phone=phone, now=now)
    if atomic(lambda: _claim_delivery(sent.code_id, now)):
        sender.send(phone, _code_of(db.session.get_one(SignInCode, sent.code_id), secret))
    return sent


@open_use_case("send_sign_in_code", answer=CodeSent)
def _remember_sign_in_code(*, phone: str, now: datetime) -> CodeSent:
    require_account_phone(phone)
    salt = secrets.token_hex(16)
    is_first = insert_unless_taken(SignInCode, [{"phone": phone, "salt": salt, "sent_at": now, "tries": 0}])
    row = db.session.execute(_code_for(phone).with_for_update()).scalar_one()
    if not is_first:
        _require_minute_passed(row, now)
        row.salt, row.sent_at, row.tries = salt, now, 0
        row.delivered_at = row.used_at = None
        db.session.flush()
    return CodeSent(row.id)


def require_account_phone(phone: str) -> None:
    """Refuse what is no whole mobile number of eleven digits.

    Raises:
        Refused: ACCOUNT_PHONE_WRONG; the fact `field` is "phone".
    """
    if not _ACCOUNT_PHONE.fullmatch(phone):
        raise Refused(RefusalCode.ACCOUNT_PHONE_WRONG, field="phone")


def _require_minute_passed(row: SignInCode, now: datetime) -> None:
    wait = RESEND_AFTER - (now - row.sent_at)
    if wait > timedelta(0):
        raise Refused(RefusalCode.CODE_SENT_RECENTLY, seconds=int(wait.total_seconds()) + 1)


def _code_for(phone: str) -> Select[SignInCode]:
    return select(SignInCode).where(SignInCode.phone == phone)


def _claim_delivery(code_id: int, now: datetime) -> bool:
    claimed = db.session.execute(
        update(SignInCode)
        .where(SignInCode.id == code_id, SignInCode.delivered_at.is_(None))
        .values(delivered_at=now)
    )
    return claimed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


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


def sign_in_with_code(caller: Caller, *, phone: str, code: str, secret: str, now: datetime) -> SignedIn:
    """Sign in with phone and one-time code; a phone that was never seen gets an account without a profile.

    A code works once, for five minutes and for five tries. Wrong tries are counted, so a refusal here is a
    committed outcome: CODE_WRONG, or ACCOUNT_CLOSED for an archived account with the right code. The form
    sent again is answered the same, but opens nothing once the code itself would be too old.
    """
    signed_in = _sign_in_with_code(caller, phone=phone, code=code, secret=secret, now=now)
    if now - datetime.fromisoformat(signed_in.at) >= CODE_LIVES:
        return SignedIn(None, RefusalCode.CODE_WRONG.value, signed_in.at)
    return signed_in


@open_use_case("sign_in_with_code", answer=SignedIn)
def _sign_in_with_code(*, phone: str, code: str, secret: str, now: datetime) -> SignedIn:
    at = now.isoformat()
    row = db.session.scalar(_code_for(phone).with_for_update())
    if row is None or not _is_usable(row, now):
        return SignedIn(None, RefusalCode.CODE_WRONG.value, at)
    row.tries += 1
    if not hmac.compare_digest(_code_of(row, secret).encode(), code.strip().encode()):
        return SignedIn(None, RefusalCode.CODE_WRONG.value, at)
    row.used_at = now
    account = _agent_with_phone(phone, now)
    if not account.is_active:
        return SignedIn(None, RefusalCode.ACCOUNT_CLOSED.value, at)
    return SignedIn(account.id, "", at)


def _agent_with_phone(phone: str, now: datetime) -> Account:
    account = db.session.scalar(select(Account).where(Account.phone == phone, Account.role.in_(OUTSIDERS)))
    if account is None:
        account = Account(role=Role.BROKER, phone=phone, approval=Approval.NOT_NEEDED, created_at=now)
        db.session.add(account)
        db.session.flush()
        history.record(
            None,
            "open_account",
            chain=f"account:{account.id}",
            changes={"role": [None, "broker"]},
            personal={"phone": phone},
            now=now,
        )
    return account


def sign_in_with_password(login: str, password: str, roles: frozenset[Role]) -> SignedIn:
    """Sign staff in with account name and password, at the door that is meant for their role.

    Capitals and small letters of the account name are the same. Nothing is written, and nothing of the
    password is kept, not even as part of a request's content.

    Raises:
        Refused: SIGN_IN_FAILED whatever is wrong: name, password, role, or the account is archived.
    """
    account = _find_staff(login.strip())
    kept = account.password_hash if account is not None and account.password_hash else _NOBODYS_HASH
    if not is_password(kept, password) or account is None:
        raise Refused(RefusalCode.SIGN_IN_FAILED)
    if not account.is_active or account.role not in roles:
        raise Refused(RefusalCode.SIGN_IN_FAILED)
    return SignedIn(account.id)


def _find_staff(login: str) -> Account | None:
    """Return whose account name this is, whatever the case of its letters.

    Names were once kept as typed, so two may differ in nothing else; the one typed exactly comes first.
    """
    named = select(Account).where(func.lower(Account.login) == login.lower())
    return db.session.scalars(named.order_by((Account.login == login).desc(), Account.id)).first()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _HASHER.hash(password)


def is_password(kept: str, password: str) -> bool:
    """Say whether a password belongs to a hash."""
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
