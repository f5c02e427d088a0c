"""Signing in: outsiders with phone and one-time code or by WeChat, staff with account name and password."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import OUTSIDERS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.outside.wechat import WechatPerson
from lead_system.services import history
from lead_system.services.sign_in_codes import CODE_LIVES, use_code
from lead_system.services.transaction import Caller, open_use_case
from lead_system.services.wechat import find_linked, link_wechat

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS_HASH = _HASHER.hash(secrets.token_urlsafe())
"""Checked where no such account exists, so that the answer takes as long."""


@dataclass(frozen=True)
class SignedIn:
    """Who signed in; or, with `refusal`, why nobody did (a wrong code is counted, so it is no exception).

    `generation` is the account's at the moment when what was given was looked at.
    """

    account_id: int | None
    refusal: str = ""
    at: str = ""
    generation: int = 1


def sign_in_with_code(
    caller: Caller,
    *,
    phone: str,
    code: str,
    wechat: WechatPerson | None = None,
    secret: str,
    now: datetime,
) -> SignedIn:
    """Sign in with phone and one-time code; a phone that was never seen gets an account without a profile.

    A code works once, for five minutes and for five tries. Wrong tries are counted, so a refusal here is a
    committed outcome: CODE_WRONG, or ACCOUNT_CLOSED for an archived account with the right code. The form
    sent again is answered the same, but opens nothing once the code itself would be too old.

    With `wechat`, the account is linked to whom WeChat said it is: from then on WeChat alone signs in, and
    another account that was linked to the same person is no longer.
    """
    signed_in = _sign_in_with_code(caller, phone=phone, code=code, wechat=wechat, secret=secret, now=now)
    if now - datetime.fromisoformat(signed_in.at) >= CODE_LIVES:
        return SignedIn(None, RefusalCode.CODE_WRONG.value, signed_in.at)
    return signed_in


@open_use_case("sign_in_with_code", answer=SignedIn)
def _sign_in_with_code(
    *, phone: str, code: str, wechat: WechatPerson | None, secret: str, now: datetime
) -> SignedIn:
    at = now.isoformat()
    if not use_code(phone, code, secret=secret, now=now):
        return SignedIn(None, RefusalCode.CODE_WRONG.value, at)
    account = _outsider_with_phone(phone, now)
    if not account.is_active:
        return SignedIn(None, RefusalCode.ACCOUNT_CLOSED.value, at)
    if wechat is not None:
        link_wechat(account, wechat, now=now)
    return SignedIn(account.id, "", at, account.session_generation)


def _outsider_with_phone(phone: str, now: datetime) -> Account:
    """Return whose phone this is; somebody new begins as a broker, until the profile says otherwise."""
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


def sign_in_with_wechat(person: WechatPerson) -> SignedIn | None:
    """Sign in whoever is linked to a person in WeChat; None where nobody is. Nothing is written.

    Raises:
        Refused: ACCOUNT_CLOSED for an archived account.
    """
    account = find_linked(person.openid)
    if account is None:
        return None
    if not account.is_active:
        raise Refused(RefusalCode.ACCOUNT_CLOSED)
    return SignedIn(account.id, generation=account.session_generation)


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
    return SignedIn(account.id, generation=account.session_generation)


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
