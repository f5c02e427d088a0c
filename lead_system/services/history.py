"""The history (R10): every change leaves a record in the transaction that made it."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lead_system.extensions import db
from lead_system.models import Account, HistoryPayload, HistoryRecord, Lead


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
) -> HistoryRecord:
    """Write who did what to the thing that `chain` names; `actor` None is the system's own command.

    `changes` holds numbers, statuses and dates and stays for ever. Names, digits and free text go into
    `personal`, a payload that can be deleted; both are plain JSON values.
    """
    salt = secrets.token_hex(32)
    row = HistoryRecord(
        chain=chain,
        lead_id=lead.id if lead else None,
        actor_id=actor.id if actor else None,
        actor_role=actor.role.value if actor else "system",
        action=action,
        at=now,
        changes=dict(changes or {}),
        payload_hash=payload_hash(salt, personal) if personal else None,
    )
    db.session.add(row)
    if personal:
        row.payload = HistoryPayload(salt=salt, values=dict(personal))
    db.session.flush()
    return row


def record_lead(
    actor: Account | None,
    action: str,
    lead: Lead,
    *,
    changes: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    now: datetime,
) -> HistoryRecord:
    """Write what happened to a lead, on that lead's chain."""
    return record(
        actor, action, chain=f"lead:{lead.id}", lead=lead, changes=changes, personal=personal, now=now
    )
