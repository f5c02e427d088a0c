"""The runs of the reconciliation: the last one, and what each check found when it was last run (B10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lead_system.extensions import db
from lead_system.models import Reconciliation

RUNS_SHOWN = 20
BROKEN_OFF_AFTER = timedelta(minutes=30)
"""A run that said nothing for so long is not going on any more: the server was stopped meanwhile."""


@dataclass(frozen=True)
class LastResult:
    """What a check found when it was last run, and when that was; `count` rows broke it, `rows` the first."""

    name: str
    count: int
    rows: list[dict[str, Any]]
    seconds: float
    at: datetime

    @property
    def is_broken(self) -> bool:
        """Whether anything was found."""
        return self.count > 0


def last_runs() -> list[Reconciliation]:
    """Return the last runs, newest first."""
    found = select(Reconciliation).order_by(Reconciliation.id.desc()).limit(RUNS_SHOWN)
    return list(db.session.scalars(found.options(selectinload(Reconciliation.account))))


def find_run_going_on(now: datetime) -> Reconciliation | None:
    """Return the run that goes on now, if any does."""
    return db.session.scalar(
        select(Reconciliation)
        .where(Reconciliation.finished_at.is_(None), Reconciliation.seen_at > now - BROKEN_OFF_AFTER)
        .order_by(Reconciliation.id.desc())
    )


def last_results(runs: list[Reconciliation]) -> dict[str, LastResult]:
    """Return the newest result of each check by its name: a run that was cut short leaves older ones."""
    newest: dict[str, LastResult] = {}
    for run in runs:
        for one in run.results:
            result = LastResult(one["name"], one["count"], one["rows"], one["seconds"], run.began_at)
            newest.setdefault(result.name, result)
    return newest
