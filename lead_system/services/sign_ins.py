"""Sign-ins: who is signed in on which browser, noted in the database so that any can be ended at once."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import respects_of_confirming
from lead_system.domain.roles import AGENTS, DECIDERS, MANAGED_STAFF, Role
from lead_system.domain.sessions import has_lapsed, is_worth_noting
from lead_system.extensions import db
from lead_system.models import Account, SignIn
from lead_system.services import history
from lead_system.services.brokers import SignInsBegunAnew, lock_account
from lead_system.services.guessing import count_try, forget_tries
from lead_system.services.outages import find_outage
from lead_system.services.passwords import is_password
from lead_system.services.second_factor import is_code_used_up
from lead_system.services.transaction import aside, atomic, use_case
from lead_system.statements import Statement, as_read

KEPT_FOR = timedelta(days=200)
"""How long a sign-in is remembered after it was last seen; by then the longest has lapsed."""

PATIENCE_MILLISECONDS = 250
"""How long noting that somebody was seen waits for other writers: a page must not wait for it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignInsEnded:
    """How many sign-ins were ended."""

    ended: int


def _hash(token: str) -> str:
    """Return what is kept of a token; it is random enough that no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_sign_in(account_id: int, *, generation: int, browser: str, now: datetime) -> str:
    """Note that somebody signed in, and return the token by which their browser is known from now on.

    `generation` is the account's when the password or code was looked at: were the password changed, or the
    account archived, between that and this, the token opens nothing.
    """
    token = secrets.token_urlsafe(32)
    sign_in = {
        "account_id": account_id,
        "token_hash": _hash(token),
        "generation": generation,
        "browser": browser,
        "began_at": now,
        "seen_at": now,
        "confirmed_at": now,
    }
    atomic(lambda: db.session.add(SignIn(**sign_in)))
    return token


class CurrentSignIn(NamedTuple):
    """The sign-in that a request belongs to: plain values, since every request asks for them."""

    account: Account
    id: int
    generation: int
    began_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None


def find_signed_in(token: str, *, now: datetime) -> CurrentSignIn | None:
    """Return the sign-in that a token opens; None where it ended or lapsed, or the account is closed.

    One question to the database. That somebody was seen is written down now and then, and only if that can be
    done at once: a database that takes no writes still shows its pages.
    """
    found = _SIGNED_IN.first({"token_hash": _hash(token)})
    if found is None:
        return None
    account = as_read(Account, dict(zip(_ACCOUNTS.c.keys(), found, strict=False)))
    sign_in = CurrentSignIn(account, *found[len(_ACCOUNTS.c) :])
    if sign_in.ended_at is not None or not account.is_active:
        return None
    if sign_in.generation != account.session_generation:
        return None
    if has_lapsed(account.role, began_at=sign_in.began_at, seen_at=sign_in.seen_at, now=now):
        return None
    if is_worth_noting(account.role, seen_at=sign_in.seen_at, now=now):
        _note_seen(sign_in.id, now)
    return sign_in


_ACCOUNTS: Any = Account.__table__
_SIGN_INS: Any = SignIn.__table__
_SIGNED_IN = Statement(
    select(_ACCOUNTS, *(_SIGN_INS.c[name] for name in CurrentSignIn._fields[1:]))
    .join(_SIGN_INS, _SIGN_INS.c.account_id == _ACCOUNTS.c.id)
    .where(_SIGN_INS.c.token_hash == bindparam("token_hash"))
)
"""Asked for every request of somebody who is signed in, and so past the ORM (decision 33)."""


def _note_seen(sign_in_id: int, now: datetime) -> None:
    def write(connection: Connection) -> None:
        connection.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now))

    try:
        aside(write, patience_milliseconds=PATIENCE_MILLISECONDS)
    except SQLAlchemyError as error:
        if find_outage(error) is None:
            raise
        _log.info("That somebody was seen could not be noted: %s", type(error).__name__)


def renew_sign_in(token: str, *, began: int = 0) -> str | None:
    """Give a sign-in another token, and return it; the one before opens nothing any more.

    `began` is the generation that its own new password, or the like, has begun, 0 where none has: into that
    one it is taken over, from the one just before. Any other is somebody else's doing, and ends this sign-in
    with the others. Returns None where the token is nobody's, or was renewed meanwhile.
    """
    renewed = secrets.token_urlsafe(32)

    def renew() -> bool:
        sign_in = db.session.scalar(select(SignIn).where(SignIn.token_hash == _hash(token)).with_for_update())
        if sign_in is None:
            return False
        if sign_in.generation == began - 1:
            sign_in.generation = began
        sign_in.token_hash = _hash(renewed)
        return True

    return renewed if atomic(renew) else None


def end_sign_in(token: str, *, now: datetime) -> None:
    """End the sign-in that a token belongs to: a copy of the cookie opens nothing. Twice is no harm."""
    ended = update(SignIn).where(SignIn.token_hash == _hash(token), SignIn.ended_at.is_(None))
    atomic(lambda: db.session.execute(ended.values(ended_at=now)))


def confirm_sign_in(sign_in: CurrentSignIn, *, password: str, code: str, secret: str, now: datetime) -> None:
    """Write down that whoever is signed in has just proved again who they are, as they did at the door.

    That takes the password and, with a second factor, a code as well, which is used up. Tries are counted
    before they are looked at. Of a repeat, the code was used before.

    Raises:
        Refused: TOO_MANY_TRIES, PASSWORD_WRONG (field `confirm_password`), or SECOND_FACTOR_WRONG (field
            `confirm_code`).
    """
    account = sign_in.account
    sign_in_id, respects = sign_in.id, respects_of_confirming(account.id, account.session_generation)
    count_try(respects, secret=secret, now=now)
    if not is_password(account.password_hash or "", password):
        raise Refused(RefusalCode.PASSWORD_WRONG, field="confirm_password")
    atomic(lambda: _confirm(sign_in_id, code=code, secret=secret, now=now))
    forget_tries(respects, secret=secret, now=now)


def _confirm(sign_in_id: int, *, code: str, secret: str, now: datetime) -> None:
    sign_in = db.session.get_one(SignIn, sign_in_id, populate_existing=True)
    account = lock_account(Account.id == sign_in.account_id)
    if account.has_second_factor and not is_code_used_up(account, code, secret=secret, now=now):
        raise Refused(RefusalCode.SECOND_FACTOR_WRONG, field="confirm_code")
    sign_in.confirmed_at = now


@use_case("end_own_sign_in", roles=frozenset(Role), answer=SignInsEnded)
def end_own_sign_in(actor: Account, *, sign_in_id: int, now: datetime) -> SignInsEnded:
    """End one of one's own sign-ins, on whichever browser it is. One that has ended stays so.

    Raises:
        Refused: NOT_FOUND for anybody else's.
    """
    own = and_(SignIn.id == sign_in_id, SignIn.account_id == actor.id)
    if db.session.scalar(select(SignIn.id).where(own)) is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return _end(own, now)


@use_case("end_other_sign_ins", roles=frozenset(Role), answer=SignInsEnded)
def end_other_sign_ins(actor: Account, *, but_id: int, now: datetime) -> SignInsEnded:
    """End all of one's own sign-ins but one, which is the caller's present one."""
    return _end(and_(SignIn.account_id == actor.id, SignIn.id != but_id), now)


def _end(which: ColumnElement[bool], now: datetime) -> SignInsEnded:
    ended = update(SignIn).where(which, SignIn.ended_at.is_(None)).values(ended_at=now).returning(SignIn.id)
    return SignInsEnded(len(db.session.scalars(ended).all()))


@use_case("sign_out_everywhere", roles=DECIDERS, answer=SignInsBegunAnew)
def sign_out_everywhere(actor: Account, *, account_id: int, now: datetime) -> SignInsBegunAnew:
    """End all sign-ins of a broker or, by an admin, of a member of staff; they may sign in again.

    The account's next generation begins, also for whoever is signing in at this moment; the history says who
    did it.

    Raises:
        Refused: NOT_FOUND for an account that the caller does not manage, and for an archived one.
    """
    managed = AGENTS | MANAGED_STAFF if actor.role is Role.ADMIN else AGENTS
    account = lock_account(
        and_(Account.id == account_id, Account.role.in_(managed), Account.archived_at.is_(None))
    )
    account.session_generation += 1
    history.record(actor, "sign_out_everywhere", chain=f"account:{account.id}", now=now)
    return SignInsBegunAnew(account.id, account.session_generation)


def forget_old_sign_ins(now: datetime) -> None:
    """Delete the sign-ins that nobody can use any more, but for everybody's last.

    It says when somebody was seen, by which their data is anonymised one day (decision 26).
    """
    later = aliased(SignIn)
    is_not_last = exists().where(later.account_id == SignIn.account_id, later.id > SignIn.id)
    old = delete(SignIn).where(SignIn.seen_at < now - KEPT_FOR, is_not_last)
    atomic(lambda: db.session.execute(old.execution_options(synchronize_session=False)))
