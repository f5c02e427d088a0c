"""Signing in: outsiders with phone and one-time code or by WeChat, staff with account name and password."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import Origin, Target, respects_of_codes, respects_of_sign_in
from lead_system.domain.roles import OUTSIDERS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.outside.wechat import WechatPerson
from lead_system.services import history
from lead_system.services.guessing import count_try, forget_tries
from lead_system.services.passwords import hash_password, is_outdated, is_password
from lead_system.services.sign_in_codes import CODE_LIVES, use_code
from lead_system.services.transaction import Caller, atomic, open_use_case
from lead_system.services.wechat import find_linked, link_wechat

_NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$Nss0e0Q7n3xalgG9LKvhMw$3DN7JXPT2KsjLDNAyZQNJMb1fpI31CpM9xbUTCGplvQ"
)
"""Checked where no such account exists, so that the answer takes as long; it costs what today's hashes cost.

Of which password it is was never written down. Making it anew would cost each start 50 ms.
"""


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
    address: str,
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

    `address` is where the request comes from: whoever tries the codes of many phones has to wait.

    Raises:
        Refused: TOO_MANY_TRIES, when the code was not looked at.
    """
    respects = respects_of_codes(address)
    count_try(respects, secret=secret, now=now, field="code")
    signed_in = _sign_in_with_code(caller, phone=phone, code=code, wechat=wechat, secret=secret, now=now)
    if signed_in.refusal != RefusalCode.CODE_WRONG:
        forget_tries(respects, secret=secret, now=now)
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


def sign_in_with_password(
    login: str, password: str, roles: frozenset[Role], *, origin: Origin, secret: str, now: datetime
) -> SignedIn:
    """Sign staff in with account name and password, at the door that is meant for their role.

    Capitals and small letters of the account name are the same. Nothing of the password is kept, not even as
    part of a request's content. The try is counted first, in respects that `origin` decides, and a success
    takes that back. Whatever is wrong, the same is asked of the database and one hash is checked, so that
    neither sentence nor time tells which account exists. A hash of outdated costs is made anew.

    Raises:
        Refused: TOO_MANY_TRIES, when the password was not looked at; or SIGN_IN_FAILED whatever is wrong:
            name, password, role, or the account is archived; or TEMPORARY_PASSWORD_OVER for the right
            password a week after an admin has set it. Their fact `account` is for the log alone.
    """
    respects = respects_of_sign_in(_target(login, _find_staff(login.strip())), origin)
    count_try(respects, secret=secret, now=now)
    account = _find_staff(login.strip())
    kept = account.password_hash if account is not None and account.password_hash else _NOBODYS_HASH
    if not is_password(kept, password) or account is None:
        raise Refused(RefusalCode.SIGN_IN_FAILED, account=None if account is None else account.id)
    if not account.is_active or account.role not in roles:
        raise Refused(RefusalCode.SIGN_IN_FAILED, account=account.id)
    if account.temporary_until is not None and now >= account.temporary_until:
        raise Refused(RefusalCode.TEMPORARY_PASSWORD_OVER, account=account.id)
    signed_in = SignedIn(account.id, generation=account.session_generation)
    forget_tries(respects, secret=secret, now=now)
    if is_outdated(kept):
        _hash_anew(signed_in, kept, password)
    return signed_in


def _target(login: str, account: Account | None) -> Target:
    return Target(login) if account is None else Target(login, account.id, account.session_generation)


def _hash_anew(signed_in: SignedIn, kept: str, password: str) -> None:
    """Keep the same password under today's costs, unless it was changed meanwhile.

    The account stays as it is, so there is nothing for the history to tell.
    """
    same = update(Account).where(Account.id == signed_in.account_id, Account.password_hash == kept)
    anew = same.values(password_hash=hash_password(password))
    atomic(lambda: db.session.execute(anew))


def _find_staff(login: str) -> Account | None:
    """Return whose account name this is, whatever the case of its letters.

    Names were once kept as typed, so two may differ in nothing else; the one typed exactly comes first.
    """
    named = select(Account).where(func.lower(Account.login) == login.lower())
    return db.session.scalars(named.order_by((Account.login == login).desc(), Account.id)).first()
