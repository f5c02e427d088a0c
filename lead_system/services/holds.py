"""占有: who holds a customer now, and the only ways in which a hold begins, moves and ends (R4)."""

from datetime import datetime

from sqlalchemy import and_, bindparam, delete, or_, select, update

from lead_system.extensions import db
from lead_system.models import Hold, Lead, is_live_hold
from lead_system.services.lead_keys import has_key, parameters_of
from lead_system.services.transaction import LostRace, insert_unless_taken
from lead_system.statements import Statement


class HoldTaken(Exception):
    """Another lead holds one of the keys; the constraint said so, and nothing of the attempt may stay."""


_IN_ORDER = (Hold.name_key, Hold.phone, Hold.person_number)
_is_live = is_live_hold(bindparam("now"))

IS_ANOTHERS = and_(has_key(Hold), _is_live, Hold.lead_id.is_distinct_from(bindparam("lead_id")))
"""The condition of a live hold of one of a lead's keys that is another lead's."""

_others = select(Hold.id, Hold.lead_id).where(IS_ANOTHERS)
_OTHERS = Statement(_others)
_OTHERS_KEPT = Statement(_others.order_by(*_IN_ORDER).with_for_update(read=True))

_ended_leads = select(Hold.lead_id).where(has_key(Hold), Hold.ends_at <= bindparam("now"))
_is_ended = and_(Hold.lead_id.in_(_ended_leads), Hold.ends_at <= bindparam("now"))
_ENDED = (
    select(Hold.id)
    .where(or_(_is_ended, Hold.lead_id == bindparam("lead_id")))
    .order_by(*_IN_ORDER)
    .with_for_update()
)


def _parameters(lead: Lead, now: datetime) -> dict[str, object]:
    return parameters_of(lead.keys) | {"lead_id": lead.id, "now": now}


def find_other_holders(lead: Lead, *, now: datetime) -> list[int]:
    """Return the numbers of the other leads that hold one of this lead's keys, in their order.

    There are at most two: different brokers may hold the two phones.
    """
    return sorted({lead_id for _hold, lead_id in _OTHERS.rows(_parameters(lead, now))})


def lock_other_holders(lead: Lead, seen: set[int], *, now: datetime) -> list[int]:
    """Keep the other holders of this lead's keys, as they were seen, the holders until the transaction ends.

    Returns them in their order.

    Without the lock, a rebind that commits between our look and our collision would leave the collision with
    somebody who holds no longer, unknown to the new holder.

    Raises:
        LostRace: others hold than were seen by the time that the lock came.
    """
    locked = {lead_id for _hold, lead_id in _OTHERS_KEPT.rows(_parameters(lead, now))}
    if seen != locked:
        raise LostRace
    return sorted(locked)


def take(lead: Lead, *, ends_at: datetime | None, now: datetime) -> None:
    """Hold all of a lead's keys until `ends_at`, or for good where it is None.

    Ended holds in the way are deleted first, whole: every row of every lead whose ended hold has one of
    these keys, and what is left of the lead's own former hold, which its status says has ended, though
    perhaps by a clock that was later than ours. Mostly nothing is in the way, so they are looked for when the
    constraint has said no. Rows are locked and inserted in the order of their keys, so that two takers wait
    for each other instead of locking each other out.

    Raises:
        HoldTaken: another lead holds one of the keys. The caller undoes what was written.
    """
    rows = [
        {
            "lead_id": lead.id,
            "name_key": key.name,
            "phone": key.phone,
            "person_number": key.person_number,
            "ends_at": ends_at,
        }
        for key in lead.keys
    ]
    if insert_unless_taken(Hold, rows):
        return
    ended_rows = db.session.scalars(_ENDED, _parameters(lead, now)).all()
    db.session.execute(delete(Hold).where(Hold.id.in_(ended_rows)))
    if not insert_unless_taken(Hold, rows):
        raise HoldTaken


def release(lead: Lead) -> int:
    """Delete every hold row of a lead, ended or not; returns how many there were."""
    deleted = db.session.execute(delete(Hold).where(Hold.lead_id == lead.id))
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def move_end(lead: Lead, *, ends_at: datetime | None, now: datetime) -> bool:
    """Give a running hold another end, or none as a deal does; False where the lead lost some of its keys."""
    changed = db.session.execute(
        update(Hold).where(Hold.lead_id == lead.id, Hold.ends_at > now).values(ends_at=ends_at)
    )
    return changed.rowcount == len(lead.keys)  # type: ignore[attr-defined,no-any-return]


def give_back_end(lead: Lead, *, ends_at: datetime | None) -> None:
    """Give a hold under a deal its end back; one that has passed ends it (R9)."""
    db.session.execute(update(Hold).where(Hold.lead_id == lead.id).values(ends_at=ends_at))
