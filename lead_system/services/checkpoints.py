"""Checkpoints of the history (B2): where all its chains end at a moment, signed, and to be kept elsewhere.

Links between records cannot show that the last ones of a chain were cut off, or that a whole chain is gone; a
checkpoint can, for all that it covers. It follows the one before it, as records do.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select, text

from lead_system.domain.chain import Heads, canonical, moment_text
from lead_system.extensions import db
from lead_system.models import Checkpoint, HistoryRecord
from lead_system.services.signing import Signed, register_key, sign
from lead_system.services.transaction import atomic, dialect_name, insert_row, lock_name, read_snapshot

FORMAT = "lead-history-checkpoint/1"
AT_ONCE = 2000


class Stated(NamedTuple):
    """What a checkpoint says: how far it reaches, and the digest of the ends in each bucket."""

    number: int
    made_at: str
    covers: int
    records: int
    chains: int
    heads: dict[str, str]
    previous: str


def make_checkpoint(secret: str, *, now: datetime) -> Signed:
    """Sign where all chains end now, keep that, and return it; others go on writing meanwhile.

    What it covers is settled in an instant in which nobody writes; the ends are then read in peace.
    """
    covers = atomic(_last_record)
    read_snapshot()
    heads = Heads()
    for chain, position, record_hash in _ends(covers):
        heads.add(chain, position, record_hash)
    records = db.session.execute(
        select(func.count()).select_from(HistoryRecord).where(HistoryRecord.id <= covers)
    ).scalar_one()
    said = {
        "chains": heads.chains,
        "covers": covers,
        "format": FORMAT,
        "heads": heads.digests(),
        "made_at": moment_text(now),
        "records": records,
    }
    return atomic(lambda: _keep(said, secret, now))


def _last_record() -> int:
    """Return the number of the last record, while no record is on its way that has a smaller one."""
    if dialect_name() == "postgresql":
        db.session.execute(text("LOCK TABLE history IN SHARE MODE"))
    return db.session.execute(select(func.coalesce(func.max(HistoryRecord.id), 0))).scalar_one()


def _ends(covers: int) -> Iterator[tuple[str, int, str]]:
    """Yield chain, position and hash of the last record of each chain, among those that are covered."""
    last = (
        select(HistoryRecord.chain, func.max(HistoryRecord.position).label("position"))
        .where(HistoryRecord.id <= covers)
        .group_by(HistoryRecord.chain)
        .subquery()
    )
    is_last = and_(HistoryRecord.chain == last.c.chain, HistoryRecord.position == last.c.position)
    found = (
        select(HistoryRecord.chain, HistoryRecord.position, HistoryRecord.hash)
        .join(last, is_last)
        .order_by(*by_chain())
        .execution_options(yield_per=AT_ONCE)
    )
    return ((row.chain, row.position, row.hash) for row in db.session.execute(found))


def by_chain() -> tuple[Any, Any]:
    """Return the order in which chains are gone through, the same whatever language the database sorts in."""
    collation = "C" if dialect_name() == "postgresql" else "BINARY"
    return func.length(HistoryRecord.chain), HistoryRecord.chain.collate(collation)


def _keep(said: dict[str, Any], secret: str, now: datetime) -> Signed:
    lock_name("checkpoints")
    before = _find_newest()
    said["number"] = statement_of(before.statement).number + 1 if before else 1
    said["previous"] = text_hash(before.statement) if before else ""
    signed = sign(canonical(said).decode(), secret)
    insert_row(
        Checkpoint,
        made_at=now,
        covers=said["covers"],
        statement=signed.text,
        signature=signed.signature,
        signing_key_id=register_key(signed.public_key, now),
    )
    return signed


def statement_of(statement: str) -> Stated:
    """Read what a checkpoint says.

    Raises:
        ValueError: it is not a checkpoint, or of another format.
    """
    said = json.loads(statement)
    if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
        raise ValueError("not a checkpoint")
    try:
        return Stated(**said)
    except TypeError as error:
        raise ValueError("not a checkpoint") from error


def text_hash(statement: str) -> str:
    """Return the hash by which the next checkpoint follows this one."""
    return hashlib.sha256(statement.encode()).hexdigest()


def kept_checkpoints() -> list[Checkpoint]:
    """Return all checkpoints of the database, the oldest first."""
    return list(db.session.scalars(select(Checkpoint).order_by(Checkpoint.id)))


def _find_newest() -> Checkpoint | None:
    """Return the newest checkpoint; None where none was ever made."""
    return db.session.scalar(select(Checkpoint).order_by(Checkpoint.id.desc()).limit(1))
