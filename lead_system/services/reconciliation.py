"""Reconciliation (B10): run every check in one snapshot of the database, and keep what each found.

Checks only read, and a run is no change of what they look at: it leaves a row of its own and no history. Its
progress is written aside, so that others see how far it is.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import Account, Reconciliation
from lead_system.queries.reconciliation.check import Checked
from lead_system.queries.reconciliation.checks import CHECKS
from lead_system.queries.reconciliations import find_run_going_on
from lead_system.services.transaction import (
    aside,
    atomic,
    dialect_name,
    lock_name,
    read_snapshot,
    use_case,
)

KEPT_FOR = timedelta(days=400)
"""For how long runs are kept."""

SECONDS_OF_A_BUTTON = 40.0
"""How long the page waits for a run; what was not reached by then is left to the daily command. Browsers and
nginx have patience for a minute."""

_STEPS_BETWEEN_LOOKS = 20_000
"""How many steps SQLite takes before it looks at the time again: some milliseconds."""

_CANCELLED = "57014"
"""What PostgreSQL calls a statement that took too long."""


@dataclass(frozen=True)
class Result:
    """What a check found: how many rows break it, the first of them, and how long it took."""

    name: str
    count: int
    rows: list[dict[str, int | str | None]]
    seconds: float


@dataclass(frozen=True)
class ReconciliationBegun:
    """The run that is on record now."""

    run_id: int


@use_case("begin_reconciliation", roles=DECIDERS, answer=ReconciliationBegun)
def begin_reconciliation(actor: Account, *, now: datetime) -> ReconciliationBegun:
    """Put a run on record that somebody asked for; a repeat gets the same one, which is then not run again.

    Raises:
        Refused: RECONCILIATION_RUNS while another one goes on.
    """
    return ReconciliationBegun(_begin(actor.id, now=now))


def begin_by_command(now: datetime) -> int:
    """Put a run on record that the daily command makes; returns its id. Old runs are forgotten.

    Raises:
        Refused: RECONCILIATION_RUNS while another one goes on.
    """
    return atomic(lambda: _begin(None, now=now))


def _begin(account_id: int | None, *, now: datetime) -> int:
    lock_name("reconciliation")
    if find_run_going_on(now) is not None:
        raise Refused(RefusalCode.RECONCILIATION_RUNS)
    db.session.execute(delete(Reconciliation).where(Reconciliation.began_at < now - KEPT_FOR))
    run = Reconciliation(account_id=account_id, checks=len(CHECKS), began_at=now, seen_at=now)
    db.session.add(run)
    db.session.flush()
    return run.id


def is_begun_only(run_id: int) -> bool:
    """Whether nothing of a run was done yet: a repeated request must not run it again."""
    run = db.session.get(Reconciliation, run_id)
    return run is not None and run.finished_at is None and not run.results


def run_checks(
    run_id: int,
    *,
    clock: Callable[[], datetime],
    seconds: float | None = None,
    say: Callable[[Checked, Result], None] | None = None,
    checks: Sequence[Checked] = CHECKS,
) -> list[Result]:
    """Run the checks one after the other, all of one moment, and keep what they found; returns it.

    After `seconds` the rest is left out; None takes as long as it takes. `say` hears of each result.
    """
    results: list[Result] = []
    now, deadline = clock(), None if seconds is None else time.monotonic() + seconds
    read_snapshot()
    for check in checks:
        result = _result_of(check, now, deadline)
        if result is None:
            break
        results.append(result)
        _keep(run_id, results, seen_at=clock())
        if say is not None:
            say(check, result)
    read_snapshot()  # Whoever reads on sees what was written beside the old one.
    _keep(run_id, results, seen_at=clock(), is_finished=True)
    return results


def _result_of(check: Checked, now: datetime, deadline: float | None) -> Result | None:
    """Return what a check found; None where the time is up."""
    began = time.monotonic()
    if deadline is not None and began >= deadline:
        return None
    try:
        with _until(deadline):
            found = check.find(now)
    except OperationalError as error:
        if not _was_stopped(error):
            raise
        return None
    return Result(check.name, found.total, found.rows, round(time.monotonic() - began, 3))


def _keep(run_id: int, results: list[Result], *, seen_at: datetime, is_finished: bool = False) -> None:
    """Write how far a run is, beside the snapshot in which it reads."""
    values: dict[str, Any] = {
        "results": [asdict(one) for one in results],
        "broken": sum(1 for one in results if one.count),
        "seen_at": seen_at,
    }
    if is_finished:
        values["finished_at"] = seen_at
    written = update(Reconciliation).where(Reconciliation.id == run_id).values(**values)
    aside(lambda connection: connection.execute(written))


@contextmanager
def _until(deadline: float | None) -> Iterator[None]:
    """Let the database stop what takes longer; the snapshot ends with it, so nothing is asked afterwards."""
    if deadline is None:
        yield
    elif dialect_name() == "postgresql":
        left = max(1, int((deadline - time.monotonic()) * 1000))
        db.session.execute(select(func.set_config("statement_timeout", str(left), True)))  # noqa: FBT003
        yield
    else:
        driver: Any = db.session.connection().connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)


def _was_stopped(error: OperationalError) -> bool:
    """Tell a question that took too long from a database that cannot answer."""
    cause: Any = error.orig
    is_interrupted = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return is_interrupted or getattr(cause, "sqlstate", None) == _CANCELLED
