"""Counts failed tries at passwords and codes, and makes the next one wait (decision 23).

Each try is counted before what was given is looked at, so that a thousand tries at once are no way round:
`count_try`, then look, then `forget_tries` if it was right. Both have transactions of their own, so neither
may be called inside a use case, whose refusal would take the count back.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import FORGOTTEN_AFTER, Respect
from lead_system.extensions import db
from lead_system.models import SignInFailure
from lead_system.services.transaction import atomic, insert_or_lock


def count_try(respects: Sequence[Respect], *, secret: str, now: datetime, field: str = "") -> None:
    """Count a try as a failure in all of its respects, before anybody looks whether it is one.

    Of tries at the same moment one is counted after the other, so no more of them are looked at than are
    free. While the next one has to wait in any respect, nothing is counted in any.

    Raises:
        Refused: TOO_MANY_TRIES, with the whole `seconds` to wait; what was given must not be looked at. The
            fact `field` is `field`.
    """
    atomic(lambda: _count_try(_by_name(respects, secret), now, field))


def forget_tries(respects: Sequence[Respect], *, secret: str, now: datetime) -> None:
    """Take a counted try back, because what was given was right.

    What is somebody's own is cleared; what many share keeps what the others have failed.
    """
    atomic(lambda: _forget_tries(_by_name(respects, secret), now))


def forget_old_failures(now: datetime) -> None:
    """Delete the failures that count no more; to be run once a day."""
    old = delete(SignInFailure).where(SignInFailure.failed_at <= now - FORGOTTEN_AFTER)
    atomic(lambda: db.session.execute(old))


def keyed_hash(about: Sequence[str], *, secret: str) -> str:
    """Return what is kept of a respect: only who has the server's secret could try which it is."""
    return hmac.new(secret.encode(), json.dumps(about).encode(), hashlib.sha256).hexdigest()


def _by_name(respects: Sequence[Respect], secret: str) -> dict[str, Respect]:
    """Return the respects under their kept names, in the order in which their rows are locked."""
    return dict(sorted((keyed_hash(("guessing", *r.about), secret=secret), r) for r in respects))


def _count_try(respects: dict[str, Respect], now: datetime, field: str) -> None:
    for name in respects:
        first = {"name": name, "failures": 0, "failed_at": now, "opens_at": now}
        insert_or_lock(SignInFailure, first, key="name")
    rows = _locked(respects)
    # Of simultaneous tries the later one may be counted first: then this one counts as made with it.
    now = max(now, *(row.failed_at for row in rows))
    wait = max(row.opens_at for row in rows) - now
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        raise Refused(RefusalCode.TOO_MANY_TRIES, seconds=seconds, field=field)
    for row in rows:
        pace = respects[row.name].pace
        row.failures = pace.failures_at(now, failures=row.failures, failed_at=row.failed_at) + 1
        row.failed_at = now
        row.opens_at = now + pace.wait_after(row.failures)


def _forget_tries(respects: dict[str, Respect], now: datetime) -> None:
    for row in _locked(respects):
        pace = respects[row.name].pace
        failures = pace.failures_at(now, failures=row.failures, failed_at=row.failed_at) - 1
        if respects[row.name].is_somebodys or failures <= 0:
            db.session.delete(row)
        else:
            row.failures = failures
            row.opens_at = row.failed_at + pace.wait_after(failures)


def _locked(respects: dict[str, Respect]) -> Sequence[SignInFailure]:
    rows = select(SignInFailure).where(SignInFailure.name.in_(respects)).order_by(SignInFailure.name)
    return db.session.scalars(rows.with_for_update()).all()
