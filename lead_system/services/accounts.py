"""Accounts: signing in, completing the profile, letting residents in, and making staff accounts."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_name, clean_reason
from lead_system.domain.roles import AGENTS, DECIDERS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, SignInCode
from lead_system.services import history
from lead_system.services.transaction import (
    Caller,
    atomic,
    insert_unless_taken,
    open_use_case,
    use_case,
)

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


@dataclass(frozen=True)
class AccountChanged:
    """The account that was changed."""

    account_id: int


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
    if not _ACCOUNT_PHONE.fullmatch(phone):
        raise Refused(RefusalCode.ACCOUNT_PHONE_WRONG, field="phone")
    salt = secrets.token_hex(16)
    is_first = insert_unless_taken(SignInCode, [{"phone": phone, "salt": salt, "sent_at": now, "tries": 0}])
    row = db.session.execute(_code_for(phone).with_for_update()).scalar_one()
    if not is_first:
        _require_minute_passed(row, now)
        row.salt, row.sent_at, row.tries = salt, now, 0
        row.delivered_at = row.used_at = None
        db.session.flush()
    return CodeSent(row.id)


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
    account = db.session.scalar(select(Account).where(Account.phone == phone, Account.role.in_(AGENTS)))
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

    Nothing is written, and nothing of the password is kept, not even as part of a request's content.

    Raises:
        Refused: SIGN_IN_FAILED whatever is wrong: name, password, role, or the account is archived.
    """
    account = db.session.scalar(select(Account).where(Account.login == login.strip()))
    kept = account.password_hash if account is not None and account.password_hash else _NOBODYS_HASH
    if not is_password(kept, password) or account is None:
        raise Refused(RefusalCode.SIGN_IN_FAILED)
    if not account.is_active or account.role not in roles:
        raise Refused(RefusalCode.SIGN_IN_FAILED)
    return SignedIn(account.id)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _HASHER.hash(password)


def is_password(kept: str, password: str) -> bool:
    """Say whether a password belongs to a hash."""
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@use_case("complete_profile", roles=AGENTS, answer=AccountChanged)
def complete_profile(
    actor: Account, *, name: str, brokerage_id: int | None, role: str, now: datetime
) -> AccountChanged:
    """Give a new account its name, brokerage and role (manual 1.2); a resident then waits for approval.

    A resident who was rejected may send the profile again, and waits again.

    Raises:
        Refused: the profile is complete already, the name is wrong, or the brokerage or role not offered.
    """
    actor = _lock_account(actor.id)
    if actor.has_profile and actor.approval is not Approval.REJECTED:
        raise Refused(RefusalCode.PROFILE_ALREADY_COMPLETE)
    cleaned = clean_name(name, field="name")
    if role not in {Role.BROKER.value, Role.RESIDENT.value}:
        raise Refused(RefusalCode.ROLE_NOT_OFFERED, field="role")
    brokerage = db.session.get(Brokerage, brokerage_id) if brokerage_id is not None else None
    if brokerage is None or not brokerage.is_active:
        raise Refused(RefusalCode.BROKERAGE_NOT_OFFERED, field="brokerage_id")
    before = {"role": actor.role.value, "brokerage": actor.brokerage_id, "approval": actor.approval.value}
    old_name = actor.name
    actor.name, actor.brokerage_id, actor.role = cleaned, brokerage.id, Role(role)
    actor.approval = Approval.PENDING if actor.role is Role.RESIDENT else Approval.NOT_NEEDED
    actor.rejection_reason = ""
    actor.profile_completed_at = now
    actor.employee_number = actor.employee_number or f"B{actor.id:05d}"
    history.record(
        actor,
        "complete_profile",
        chain=f"account:{actor.id}",
        changes={
            "role": [before["role"], role],
            "brokerage": [before["brokerage"], brokerage.id],
            "approval": [before["approval"], actor.approval.value],
        },
        personal={"name": [old_name, cleaned]},
        now=now,
    )
    return AccountChanged(actor.id)


@use_case("approve_resident", roles=DECIDERS, answer=AccountChanged)
def approve_resident(actor: Account, *, account_id: int, now: datetime) -> AccountChanged:
    """Let a waiting or rejected resident in; the phone pages open at the next click (manual 6.2.c-8).

    Raises:
        Refused: NOT_FOUND, or the account does not wait for an approval.
    """
    resident = _lock_resident(account_id)
    _decide(actor, resident, approval=Approval.APPROVED, now=now)
    return AccountChanged(resident.id)


@use_case("reject_resident", roles=DECIDERS, answer=AccountChanged)
def reject_resident(actor: Account, *, account_id: int, reason: str, now: datetime) -> AccountChanged:
    """Turn a waiting resident away with a reason, which the phone shows.

    Raises:
        Refused: NOT_FOUND, no reason, or the account does not wait for an approval.
    """
    resident = _lock_resident(account_id)
    _decide(actor, resident, approval=Approval.REJECTED, reason=clean_reason(reason), now=now)
    return AccountChanged(resident.id)


def _lock_account(account_id: int) -> Account:
    """Lock an account and read it afresh, so that two forms of one person come one after the other."""
    return db.session.execute(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _lock_resident(account_id: int) -> Account:
    if db.session.get(Account, account_id) is None:
        raise Refused(RefusalCode.NOT_FOUND)
    resident = _lock_account(account_id)
    if resident.role is not Role.RESIDENT or not resident.is_active:
        raise Refused(RefusalCode.NOT_FOUND)
    return resident


def _decide(
    actor: Account, resident: Account, *, approval: Approval, reason: str = "", now: datetime
) -> None:
    before = resident.approval
    if before is Approval.APPROVED or before is approval:
        raise Refused(RefusalCode.NOT_WAITING)
    resident.approval, resident.rejection_reason = approval, reason
    history.record(
        actor,
        "decide_resident",
        chain=f"account:{resident.id}",
        changes={"approval": [before.value, approval.value]},
        personal={"reason": reason} if reason else None,
        now=now,
    )


@dataclass(frozen=True)
class NewStaff:
    """A staff account as it is to be made."""

    role: Role
    name: str
    phone: str
    login: str
    password: str
    employee_number: str


def open_staff_account(staff: NewStaff, *, now: datetime) -> int:
    """Make a staff account by command, as the first admin is; returns its id.

    Raises:
        ValueError: the account name or employee number was used before, by anybody, ever.
    """
    return atomic(lambda: _open_staff_account(staff, now))


def _open_staff_account(staff: NewStaff, now: datetime) -> int:
    taken = (Account.login == staff.login) | (Account.employee_number == staff.employee_number)
    if db.session.scalar(select(Account.id).where(taken)) is not None:
        raise ValueError(f"Account name {staff.login} or employee number {staff.employee_number} is taken.")
    account = Account(
        role=staff.role,
        name=clean_name(staff.name, field="name"),
        phone=staff.phone,
        login=staff.login,
        password_hash=hash_password(staff.password),
        employee_number=staff.employee_number,
        approval=Approval.NOT_NEEDED,
        profile_completed_at=now,
        created_at=now,
    )
    db.session.add(account)
    db.session.flush()
    history.record(
        None,
        "open_account",
        chain=f"account:{account.id}",
        changes={"role": [None, staff.role.value]},
        personal={"name": account.name, "phone": account.phone, "login": staff.login},
        now=now,
    )
    return account.id
