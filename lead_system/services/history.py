"""The history (R10): every change leaves a record in the transaction that made it."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select

from lead_system.extensions import db
from lead_system.models import Account, HistoryPayload, HistoryRecord, Lead
from lead_system.services.transaction import dialect_name, insert_row, read_snapshot
from lead_system.statements import Statement

REVEALS = "reveals"
"""The chain on which every look at a visitor's whole number stands."""

AT_ONCE = 1000
"""How many records are read at once when all of them are: as much as lies in memory of a long history."""


@dataclass
class HistoryCheck:
    """What a check of the history found; `first_changed` is the first record whose payload was changed.

    `anonymised` are records that vouch for a payload which is gone, and so cannot be wrong about it.
    """

    records: int = 0
    with_payload: int = 0
    anonymised: int = 0
    first_changed: int | None = None


class _Vouched(NamedTuple):
    """A record's hash beside the payload that it vouches for, as far as either exists."""

    id: int
    payload_hash: str | None
    salt: str | None
    values: dict[str, Any] | None


def payload_hash(salt: str, values: Mapping[str, Any]) -> str:
    """Return the hash by which a record vouches for its payload without containing it."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((salt + text).encode()).hexdigest()


def record(
    actor: Account | None,
    action: str,
    *,
    chain: str,
    lead: Lead | None = None,
    changes: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write who did what to the thing that `chain` names; `actor` None is the system's own command.

    `changes` holds numbers, statuses and dates and stays for ever. Names, digits and free text go into
    `personal`, a payload that can be deleted; both are plain JSON values.
    """
    salt = secrets.token_hex(32)
    row = {
        "chain": chain,
        "lead_id": lead.id if lead else None,
        "actor_id": actor.id if actor else None,
        "actor_role": actor.role.value if actor else "system",
        "action": action,
        "at": now,
        "changes": dict(changes or {}),
        "payload_hash": payload_hash(salt, personal) if personal else None,
    }
    # What happened stands before its record: whatever the session had still to write goes first.
    if not personal:
        insert_row(HistoryRecord, **row)
    elif dialect_name() == "postgresql":
        _RECORD_WITH_PAYLOAD.changed(row | {"salt": salt, "personal": dict(personal)})
    else:
        record_id = insert_row(HistoryRecord, **row)
        insert_row(HistoryPayload, record_id=record_id, salt=salt, values=dict(personal))


_COLUMNS = ("chain", "lead_id", "actor_id", "actor_role", "action", "at", "changes", "payload_hash")
_record = (
    insert(HistoryRecord)
    .values({name: bindparam(name) for name in _COLUMNS})
    .returning(HistoryRecord.id)
    .cte("record")
)
_payload = select(
    _record.c.id,
    bindparam("salt", type_=HistoryPayload.salt.type),
    bindparam("personal", type_=HistoryPayload.values.type),
)
_RECORD_WITH_PAYLOAD = Statement(
    insert(HistoryPayload).from_select(["record_id", "salt", "values"], _payload)
)
"""Both at once, as only PostgreSQL can."""


def record_lead(
    actor: Account | None,
    action: str,
    lead: Lead,
    *,
    changes: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write what happened to a lead, on that lead's chain."""
    record(actor, action, chain=f"lead:{lead.id}", lead=lead, changes=changes, personal=personal, now=now)


def verify_history() -> HistoryCheck:
    """Compare every payload with the hash in its record; reads all of one moment in portions, writes nothing.

    A payload that was changed, put to another record or added to one that has none is found; one that was
    deleted is anonymous. The records themselves are not linked to each other yet.
    """
    found = HistoryCheck()
    for vouched in _all_vouched():
        found.records += 1
        if vouched.salt is not None:
            found.with_payload += 1
        elif vouched.payload_hash is not None:
            found.anonymised += 1
        if not _is_unchanged(vouched) and found.first_changed is None:
            found.first_changed = vouched.id
    return found


def _all_vouched() -> Iterator[_Vouched]:
    read_snapshot()
    rows = db.session.execute(
        select(HistoryRecord.id, HistoryRecord.payload_hash, HistoryPayload.salt, HistoryPayload.values)
        .join(HistoryPayload, HistoryPayload.record_id == HistoryRecord.id, isouter=True)
        .order_by(HistoryRecord.id)
        .execution_options(yield_per=AT_ONCE)
    )
    return (_Vouched(*row) for row in rows)


def _is_unchanged(vouched: _Vouched) -> bool:
    if vouched.salt is None or vouched.values is None:
        return vouched.salt is None
    return payload_hash(vouched.salt, vouched.values) == vouched.payload_hash
