"""The history (R10, B2): every change leaves a record in its own transaction, linked to the one before."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, String, bindparam, func, insert, literal, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lead_system.domain.chain import NOTHING, digest_of, payload_hash
from lead_system.models import Account, HistoryPayload, HistoryRecord, Lead
from lead_system.services.transaction import dialect_name, insert_row
from lead_system.statements import Statement

REVEALS = "reveals"
"""The chain on which every look at a visitor's whole number stands."""

MAKE_EVIDENCE = "make_evidence"
"""The action of whoever took an evidence file about a lead."""

ANONYMISE = "anonymise"
"""The action after which the payloads before it in its chain may be gone."""


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
    said: dict[str, Any] = {
        "chain": chain,
        "actor": actor.id if actor else None,
        "role": actor.role.value if actor else "system",
        "lead": lead.id if lead else None,
        "action": action,
        "at": now,
        "changes": dict(changes or {}),
        "payload": payload_hash(salt, personal) if personal else None,
    }
    row = said | {"digest": digest_of(**said)}
    # What happened stands before its record: whatever the session had still to write goes first.
    if not personal:
        _RECORD.changed(row)
    elif dialect_name() == "postgresql":
        _RECORD_WITH_PAYLOAD.changed(row | {"salt": salt, "personal": dict(personal)})
    else:
        record_id = _RECORD.value(row)
        insert_row(HistoryPayload, record_id=record_id, salt=salt, values=dict(personal))


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


class _Sha256(FunctionElement[str]):
    """The SHA-256 of a text in hexadecimal, worked out by the database (`extensions` taught it to SQLite)."""

    inherit_cache = True
    type = String()


@compiles(_Sha256, "postgresql")
def _sha256_of_postgresql(element: _Sha256, compiler: SQLCompiler, **options: Any) -> str:
    return f"encode(sha256(convert_to({compiler.process(element.clauses, **options)}, 'UTF8')), 'hex')"


@compiles(_Sha256, "sqlite")
def _sha256_of_sqlite(element: _Sha256, compiler: SQLCompiler, **options: Any) -> str:
    return f"sha256_hex({compiler.process(element.clauses, **options)})"


def _linking() -> Insert:
    """Return the INSERT of a record behind the last one of its chain, which it links to by itself.

    Of two that link to the same one, the database refuses the second, and its whole use case runs again. A
    lead's chain is never fought for: whoever writes it has locked the lead.
    """
    kept = HistoryRecord.__table__.c
    of_chain = kept.chain == bindparam("chain", type_=kept.chain.type)
    last = select(kept.position, kept.hash).where(of_chain).order_by(kept.position.desc()).limit(1)
    head = last.subquery("head")
    digest = bindparam("digest", type_=kept.hash.type)
    values = {
        "position": func.coalesce(head.c.position, 0) + 1,
        "hash": _Sha256(func.coalesce(head.c.hash, NOTHING).concat(digest)),
    } | {column: bindparam(said, type_=kept[column].type) for column, said in _SAID.items()}
    there_is_one = select(literal(1)).subquery("one").outerjoin(head, true())
    return (
        insert(HistoryRecord)
        .from_select(list(values), select(*values.values()).select_from(there_is_one), include_defaults=False)
        .returning(HistoryRecord.id)
    )


_SAID = {
    "chain": "chain",
    "lead_id": "lead",
    "actor_id": "actor",
    "actor_role": "role",
    "action": "action",
    "at": "at",
    "changes": "changes",
    "payload_hash": "payload",
}
"""The columns of a record that its digest covers, and what they are called there."""

_RECORD = Statement(_linking())
_record = _linking().cte("record")
_payload = select(
    _record.c.id,
    bindparam("salt", type_=HistoryPayload.salt.type),
    bindparam("personal", type_=HistoryPayload.values.type),
)
_RECORD_WITH_PAYLOAD = Statement(
    insert(HistoryPayload).from_select(["record_id", "salt", "values"], _payload)
)
"""Both at once, as only PostgreSQL can."""
