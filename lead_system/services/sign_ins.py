"""Sign-ins: who is signed in on which browser, noted in the database so that any can be ended at once."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from lead_system.domain.sessions import has_lapsed, is_worth_noting
from lead_system.extensions import db
from lead_system.models import Account, SignIn
from lead_system.services.outages import find_outage
from lead_system.services.transaction import aside, atomic

KEPT_FOR = timedelta(days=200)
"""How long a sign-in is remembered after it was last seen; by then the longest has lapsed."""

PATIENCE_MILLISECONDS = 250
"""How long noting that somebody was seen waits for other writers: a page must not wait for it."""

_log = logging.getLogger(__name__)


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


def find_signed_in(token: str, *, now: datetime) -> tuple[Account, SignIn] | None:
    """Return whom a token belongs to; None where the sign-in ended or lapsed, or the account is closed.

    One question to the database. That somebody was seen is written down now and then, and only if that can be
    done at once: a database that takes no writes still shows its pages.
    """
    found = db.session.execute(
        select(Account, SignIn).join(SignIn.account).where(SignIn.token_hash == _hash(token))
    ).one_or_none()
    if found is None:
        return None
    account, sign_in = found
    if sign_in.ended_at is not None or not account.is_active:
        return None
    if sign_in.generation != account.session_generation:
        return None
    if has_lapsed(account.role, began_at=sign_in.began_at, seen_at=sign_in.seen_at, now=now):
        return None
    if is_worth_noting(account.role, seen_at=sign_in.seen_at, now=now):
        _note_seen(sign_in.id, now)
    return account, sign_in


def _note_seen(sign_in_id: int, now: datetime) -> None:
    def write(connection: Connection) -> None:
        connection.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now))

    try:
        aside(write, patience_milliseconds=PATIENCE_MILLISECONDS)
    except SQLAlchemyError as error:
        if find_outage(error) is None:
            raise
        _log.info("That somebody was seen could not be noted: %s", type(error).__name__)


def end_sign_in(token: str, *, now: datetime) -> None:
    """End the sign-in that a token belongs to: a copy of the cookie opens nothing. Twice is no harm."""
    ended = update(SignIn).where(SignIn.token_hash == _hash(token), SignIn.ended_at.is_(None))
    atomic(lambda: db.session.execute(ended.values(ended_at=now)))


def forget_old_sign_ins(now: datetime) -> None:
    """Delete the sign-ins that nobody can use any more, but for everybody's last.

    It says when somebody was seen, by which their data is anonymised one day (decision 26).
    """
    later = aliased(SignIn)
    is_not_last = exists().where(later.account_id == SignIn.account_id, later.id > SignIn.id)
    old = delete(SignIn).where(SignIn.seen_at < now - KEPT_FOR, is_not_last)
    atomic(lambda: db.session.execute(old.execution_options(synchronize_session=False)))
