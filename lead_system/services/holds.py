"""占有: who holds a customer now, and the only ways in which a hold begins, moves and ends (R4)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from lead_system.domain.identity import Key
from lead_system.extensions import db
from lead_system.models import Hold, Lead, is_live_hold
from lead_system.services.transaction import LostRace, insert_unless_taken


class HoldTaken(Exception):
    """Another lead holds one of the keys; the constraint said so, and nothing of the attempt may stay."""


def _has_one_of(keys: Iterable[Key]) -> Any:
    return or_(
        *(
            and_(Hold.name_key == key.name, Hold.phone == key.phone, Hold.person_number == key.person_number)
            for key in keys
        )
    )


def find_other_holders(lead: Lead, *, now: datetime) -> list[Lead]:
    """Return the other leads that hold one of this lead's keys, in the order of their numbers.

    There are at most two: different brokers may hold the two phones.
    """
    holders = select(Hold.lead_id).where(_has_one_of(lead.keys), is_live_hold(now), Hold.lead_id != lead.id)
    return list(db.session.scalars(select(Lead).where(Lead.id.in_(holders)).order_by(Lead.id)))


def lock_other_holders(lead: Lead, *, now: datetime) -> list[Lead]:
    """Return the other holders of this lead's keys, and keep them the holders until the transaction ends.

    Without the lock, a rebind that commits between our look and our collision would leave the collision with
    somebody who holds no longer, unknown to the new holder.

    Raises:
        LostRace: a hold that was seen was gone when its lock came.
    """
    held = [_has_one_of(lead.keys), is_live_hold(now), Hold.lead_id != lead.id]
    seen = db.session.scalars(select(Hold.id).where(*held)).all()
    order = (Hold.name_key, Hold.phone, Hold.person_number)
    shared = select(Hold.id).where(*held).order_by(*order).with_for_update(read=True)
    locked = db.session.scalars(shared).all()
    if set(seen) != set(locked):
        raise LostRace
    return find_other_holders(lead, now=now)


def take(lead: Lead, *, ends_at: datetime | None, now: datetime) -> None:
    """Hold all of a lead's keys until `ends_at`, or for good where it is None.

    Ended holds in the way are deleted first, whole: every row of every lead whose ended hold has one of
    these keys, and what is left of the lead's own former hold, which its status says has ended, though
    perhaps by a clock that was later than ours. Rows are locked and inserted in the order of their keys, so
    that two takers wait for each other instead of locking each other out.

    Raises:
        HoldTaken: another lead holds one of the keys. Call inside `attempt()`, which undoes the rest.
    """
    ended_leads = select(Hold.lead_id).where(_has_one_of(lead.keys), Hold.ends_at <= now)
    is_ended = and_(Hold.lead_id.in_(ended_leads), Hold.ends_at <= now)
    ended_rows = db.session.scalars(
        select(Hold.id)
        .where(or_(is_ended, Hold.lead_id == lead.id))
        .order_by(Hold.name_key, Hold.phone, Hold.person_number)
        .with_for_update()
    ).all()
    db.session.execute(delete(Hold).where(Hold.id.in_(ended_rows)))
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
