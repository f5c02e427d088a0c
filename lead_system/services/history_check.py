"""Whether the history is whole (B2): every record linked to the one before, every payload vouched for.

All is read once, chain after chain, as of one moment; what is kept meanwhile is the chain at hand. The links
show a record that was changed, put elsewhere or taken out of the middle; the newest checkpoint, or one that
was kept elsewhere, shows what was cut off or is gone as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import String, cast, exists, func, literal, select

from lead_system.domain.chain import NOTHING, Heads, digest_of, linked, payload_hash
from lead_system.extensions import db
from lead_system.models import HistoryPayload, HistoryRecord, Lead
from lead_system.services.checkpoints import (
    Stated,
    by_chain,
    kept_checkpoints,
    statement_of,
    text_hash,
)
from lead_system.services.history import ANONYMISE
from lead_system.services.signing import Signed, is_genuine, is_ours
from lead_system.services.transaction import read_snapshot

AT_ONCE = 2000
"""How many records are read at once when all of them are."""

NAMED = 20
"""How many findings are kept in words; more are only counted."""


class Damage(StrEnum):
    """What is not as it was written."""

    RECORD_CHANGED = "record changed"
    RECORD_MISSING = "record missing"
    PAYLOAD_CHANGED = "payload changed"
    PAYLOAD_GONE = "payload gone"
    CHAIN_MISSING = "chain missing"
    CUT_OFF = "cut off"
    CHECKPOINT_FORGED = "checkpoint forged"
    CHECKPOINT_MISSING = "checkpoint missing"


class Finding(NamedTuple):
    """A place where the history is not whole: a record, or what else the damage concerns."""

    damage: Damage
    where: str
    position: int = 0
    record_id: int | None = None


@dataclass
class HistoryCheck:
    """What a check of the history found. `anonymised` records vouch for a payload that was taken rightly."""

    records: int = 0
    chains: int = 0
    with_payload: int = 0
    anonymised: int = 0
    checkpoint: Stated | None = None
    damages: int = 0
    findings: list[Finding] = field(default_factory=list)

    def found(self, finding: Finding) -> None:
        """Count a finding, and keep the first ones."""
        self.damages += 1
        if len(self.findings) < NAMED:
            self.findings.append(finding)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return self.damages == 0


class Told(NamedTuple):
    """A record as it is checked, with its payload as far as there is one."""

    id: int | None
    chain: str
    position: int
    lead: int | None
    actor: int | None
    role: str
    action: str
    at: datetime
    changes: dict[str, Any]
    payload: str | None
    hash: str
    salt: str | None
    values: dict[str, Any] | None


def verify_history(
    secret: str, *, elsewhere: Sequence[Signed] = (), progress: Callable[[int], object] = lambda _read: None
) -> HistoryCheck:
    """Check all records, payloads and checkpoints; writes nothing, and lets others go on writing.

    `elsewhere` are checkpoints that were kept outside the database; each must fit what is in it. `progress`
    is told how many more records were read, now and then.
    """
    check = HistoryCheck()
    read_snapshot()
    fitting = [*_kept(check, secret), *_brought(check, elsewhere, secret)]
    ends = [(stated, Heads()) for stated in fitting]
    for chain, records in groupby(_all_records(progress), key=attrgetter("chain")):
        _check_chain(check, chain, records, ends)
    for stated, heads in ends:
        _compare(check, stated, heads.digests())
    for lead_id in db.session.scalars(_leads_without_history()):
        check.found(Finding(Damage.CHAIN_MISSING, f"lead:{lead_id}"))
    return check


def count_records() -> int:
    """Return how many records there are to be checked."""
    return db.session.execute(select(func.count()).select_from(HistoryRecord)).scalar_one()


def _all_records(progress: Callable[[int], object]) -> Iterator[Told]:
    rows = db.session.execute(
        select(
            HistoryRecord.id, HistoryRecord.chain, HistoryRecord.position, HistoryRecord.lead_id,
            HistoryRecord.actor_id, HistoryRecord.actor_role, HistoryRecord.action, HistoryRecord.at,
            HistoryRecord.changes, HistoryRecord.payload_hash, HistoryRecord.hash,
            HistoryPayload.salt, HistoryPayload.values,
        )
        .join(HistoryPayload, HistoryPayload.record_id == HistoryRecord.id, isouter=True)
        .order_by(*by_chain(), HistoryRecord.position)
        .execution_options(yield_per=AT_ONCE)
    )  # fmt: skip
    for portion in rows.partitions():
        yield from map(Told._make, portion)
        progress(len(portion))


def _leads_without_history() -> Any:
    """Leads are made together with their first record, so each has one."""
    chain = literal("lead:") + cast(Lead.id, String)
    return select(Lead.id).where(~exists().where(HistoryRecord.chain == chain)).order_by(Lead.id).limit(NAMED)


def _check_chain(
    check: HistoryCheck, chain: str, records: Iterable[Told], ends: Sequence[tuple[Stated, Heads]]
) -> None:
    """Check one chain, and add its end as of each checkpoint to what that is compared with."""
    covered: list[Told | None] = [None] * len(ends)
    told: list[Told] = []
    for record in records:
        told.append(record)
        for place, (stated, _heads) in enumerate(ends):
            if record.id is not None and record.id <= stated.covers:
                covered[place] = record
    for finding in check_records(told):
        check.found(finding)
    for last, (_stated, heads) in zip(covered, ends, strict=True):
        if last is not None:
            heads.add(chain, last.position, last.hash)
    check.chains += 1
    check.records += len(told)
    check.with_payload += sum(record.salt is not None for record in told)
    check.anonymised += sum(record.salt is None and record.payload is not None for record in told)


def check_records(told: Sequence[Told]) -> Iterator[Finding]:
    """Yield what is wrong with the records of one chain, given in their order: one thing of each record.

    Behind a damaged record the next one is checked against the hash that stands there, so that each damage is
    named once.
    """
    before, place = NOTHING, 0
    taken_before = max((one.position for one in told if one.action == ANONYMISE), default=0)
    for record in told:
        damage = _damage_of(record, before, place + 1, is_taken=record.position < taken_before)
        if damage is not None:
            yield Finding(damage, record.chain, record.position, record.id)
        before, place = record.hash, record.position


def _damage_of(record: Told, before: str, place: int, *, is_taken: bool) -> Damage | None:
    if record.position != place:
        return Damage.RECORD_MISSING
    digest = digest_of(
        chain=record.chain, lead=record.lead, actor=record.actor, role=record.role, action=record.action,
        at=record.at, changes=record.changes, payload=record.payload,
    )  # fmt: skip
    if linked(before, digest) != record.hash:
        return Damage.RECORD_CHANGED
    if record.salt is None or record.values is None:
        return None if record.payload is None or is_taken else Damage.PAYLOAD_GONE
    return None if payload_hash(record.salt, record.values) == record.payload else Damage.PAYLOAD_CHANGED


# Checkpoints.


def _kept(check: HistoryCheck, secret: str) -> list[Stated]:
    """Check that kept checkpoints are signed by us and follow each other; returns the newest."""
    before, number = "", 0
    for kept in kept_checkpoints():
        signed = Signed(kept.statement, kept.signature, kept.signing_key.public_key)
        stated = _read(signed, secret)
        if stated is None:
            check.found(Finding(Damage.CHECKPOINT_FORGED, f"checkpoint:{kept.id}"))
        elif (stated.number, stated.previous) != (number + 1, before):
            check.found(Finding(Damage.CHECKPOINT_MISSING, f"checkpoint:{kept.id}"))
        number, before = (stated.number if stated else number + 1), text_hash(kept.statement)
        check.checkpoint = stated or check.checkpoint
    return [check.checkpoint] if check.checkpoint else []


def _brought(check: HistoryCheck, elsewhere: Sequence[Signed], secret: str) -> Iterator[Stated]:
    for signed in elsewhere:
        stated = _read(signed, secret)
        if stated is None:
            check.found(Finding(Damage.CHECKPOINT_FORGED, "elsewhere"))
        else:
            yield stated


def _read(signed: Signed, secret: str) -> Stated | None:
    """Return what a checkpoint says; None where it was not signed by us."""
    if not is_genuine(signed) or not is_ours(signed.public_key, secret):
        return None
    try:
        return statement_of(signed.text)
    except ValueError:
        return None


def _compare(check: HistoryCheck, stated: Stated, found: dict[str, str]) -> None:
    """Compare the ends that a checkpoint saw with those that records up to there have now."""
    for bucket in sorted(stated.heads.keys() | found.keys()):
        if stated.heads.get(bucket) != found.get(bucket):
            check.found(Finding(Damage.CUT_OFF, bucket, stated.number))
