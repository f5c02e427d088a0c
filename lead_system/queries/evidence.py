"""What an evidence file is made of: whole chains of records, as they are stored (B1, B2)."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from lead_system.domain.chain import NOTHING
from lead_system.extensions import db
from lead_system.models import Checkpoint, Collision, HistoryPayload, HistoryRecord
from lead_system.services.history_check import Told


class Single(NamedTuple):
    """A record without its chain, and the hash of the one before it, by which its link can be checked."""

    told: Told
    previous: str


def chains_of(lead_ids: Sequence[int], *, covers: int) -> list[tuple[str, list[Told]]]:
    """Return the chains of some leads and of their collisions, up to the record `covers`; each whole."""
    of_leads = [f"lead:{number}" for number in sorted(lead_ids)]
    of_collisions = [f"collision:{number}" for number in _collisions_of(lead_ids)]
    found = _told().where(HistoryRecord.chain.in_(of_leads + of_collisions), HistoryRecord.id <= covers)
    rows = [Told(*row) for row in db.session.execute(found)]
    rows.sort(key=lambda told: (told.chain.startswith("collision:"), _number(told.chain), told.position))
    return [(chain, list(told)) for chain, told in groupby(rows, key=lambda told: told.chain)]


def single_records(ids: Iterable[int]) -> list[Single]:
    """Return records whose chains are about somebody else too, by number."""
    before = aliased(HistoryRecord)
    found = (
        _told()
        .add_columns(before.hash)
        .join(
            before,
            (before.chain == HistoryRecord.chain) & (before.position == HistoryRecord.position - 1),
            isouter=True,
        )
        .where(HistoryRecord.id.in_(list(ids)))
        .order_by(HistoryRecord.id)
    )
    rows: Sequence[Any] = db.session.execute(found).all()
    return [Single(Told(*row[:-1]), row[-1] or NOTHING) for row in rows]


def newest_checkpoint(covers: int) -> Checkpoint | None:
    """Return the newest checkpoint that covers nothing behind the record `covers`; None without one."""
    found = select(Checkpoint).where(Checkpoint.covers <= covers).order_by(Checkpoint.id.desc()).limit(1)
    return db.session.scalar(found)


def _collisions_of(lead_ids: Sequence[int]) -> list[int]:
    sides = or_(Collision.holding_lead_id.in_(lead_ids), Collision.challenging_lead_id.in_(lead_ids))
    return list(db.session.scalars(select(Collision.id).where(sides).order_by(Collision.id)))


def _number(chain: str) -> int:
    return int(chain.partition(":")[2])


def _told() -> Select[Any]:
    """Return the question for records as they are checked."""
    return select(
        HistoryRecord.id, HistoryRecord.chain, HistoryRecord.position, HistoryRecord.lead_id,
        HistoryRecord.actor_id, HistoryRecord.actor_role, HistoryRecord.action, HistoryRecord.at,
        HistoryRecord.changes, HistoryRecord.payload_hash, HistoryRecord.hash,
        HistoryPayload.salt, HistoryPayload.values,
    ).join(HistoryPayload, HistoryPayload.record_id == HistoryRecord.id, isouter=True)  # fmt: skip
