"""撞单处理: what the director makes of collisions, and how a handling is taken back (R7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason, clean_text
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import Account, Collision, CollisionEventKind, CollisionOutcome, CollisionState
from lead_system.queries.collisions import require_reopenable
from lead_system.services.collisions import add_event, lock_open, write_handling
from lead_system.services.transaction import use_case

PERSONS_OUTCOMES = (
    CollisionOutcome.UNSAID,
    CollisionOutcome.HOLDER_KEEPS,
    CollisionOutcome.CHALLENGER_GETS,
    CollisionOutcome.DIFFERENT_PEOPLE,
)
"""The outcomes that a person may choose; REBOUND is written by a rebind alone."""


@dataclass(frozen=True)
class CollisionsHandled:
    """Which collisions this call handled, and which somebody else had handled before."""

    handled_ids: tuple[int, ...]
    already_handled_ids: tuple[int, ...]


@dataclass(frozen=True)
class CollisionReopened:
    """The collision that is open again."""

    collision_id: int


@use_case("handle_collisions", roles=DECIDERS, answer=CollisionsHandled)
def handle_collisions(
    actor: Account,
    *,
    collision_ids: tuple[int, ...],
    outcome: str | None = None,
    note: str = "",
    now: datetime,
) -> CollisionsHandled:
    """Mark collisions as handled (R7, manual 6.2.e-5), with an outcome and a note where somebody cares to.

    Rows that somebody else handled before stay as that person left them and are named in the answer.

    Raises:
        Refused: nothing was chosen, one of them does not exist, or the note holds a full number.
    """
    note = clean_text(note, field="note")
    if not collision_ids:
        raise Refused(RefusalCode.NOTHING_CHOSEN)
    chosen = CollisionOutcome.UNSAID if not outcome else _persons_outcome(outcome)
    ids = set(collision_ids)
    known = set(db.session.scalars(select(Collision.id).where(Collision.id.in_(ids))))
    if known != ids:
        raise Refused(RefusalCode.NOT_FOUND)
    rows = lock_open(Collision.id.in_(ids))
    for row in rows:
        write_handling(row, chosen, CollisionEventKind.HANDLED, note=note, actor=actor, now=now)
    handled = tuple(row.id for row in rows)
    return CollisionsHandled(handled, tuple(sorted(ids - set(handled))))


def _persons_outcome(text: str) -> CollisionOutcome:
    for outcome in PERSONS_OUTCOMES:
        if outcome.value == text:
            return outcome
    raise Refused(RefusalCode.OUTCOME_UNKNOWN, field="outcome")


@use_case("reopen_collision", roles=DECIDERS, answer=CollisionReopened)
def reopen_collision(
    actor: Account, *, collision_id: int, seen: str, reason: str, now: datetime
) -> CollisionReopened:
    """Open a collision again that a person had handled, with a reason (R7).

    `seen` is when it was handled, in ISO form, as the page showed it: a later handling by somebody else is
    not undone unread. It stands as if nobody had handled it; who had, when and how stays in its history. Two
    open rows of one pair can never be: where the challenger's next report comes in between, the unique index
    stops us, and the next round finds that report's row.

    Raises:
        Refused: NOT_FOUND, the reason is missing, COLLISION_NOT_HANDLED, COLLISION_CLOSED_BY_SYSTEM,
            NEWER_COLLISION_OPEN, whose fact `collision_id` is that one, or STALE.
    """
    reason = clean_reason(reason)
    row = _get_reopenable(collision_id)
    if row.handled_at is None or row.handled_at.isoformat() != seen:
        raise Refused(RefusalCode.STALE)
    changes = {
        "state": ["handled", "open"],
        "outcome": [row.outcome.value if row.outcome else None, None],
        "handled_by": [row.handled_by_id, None],
        "handled_at": [row.handled_at.isoformat(), None],
    }
    personal = {"reason": reason} | ({"note": row.note} if row.note else {})
    row.state = CollisionState.OPEN
    row.handled_at = row.handled_by_id = row.outcome = None
    row.note = ""
    add_event(row, CollisionEventKind.REOPENED, actor=actor, now=now, changes=changes, personal=personal)
    return CollisionReopened(row.id)


def _get_reopenable(collision_id: int) -> Collision:
    """Lock a collision that a person had handled, and that no open one has replaced."""
    row = db.session.scalar(
        select(Collision)
        .where(Collision.id == collision_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND)
    require_reopenable(row)
    return row
