"""Evidence about one customer (B1): all records of all brokers, with what they show, signed as one file.

Who takes one is on record first, on the chain of the lead that was asked about and no other: the time line of
the customer shows it beside all leads, and a broker's lead is not written to for a dispute of others. The
file ends with that record, so a repeat of the request gets the same one, whatever happened meanwhile.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lead_system.domain.chain import canonical, moment_text
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.evidence_file import EVIDENCE, LARGEST_FILE, PAPER, README, SIGNATURE, pack
from lead_system.domain.holding import Period
from lead_system.domain.roles import DECIDERS
from lead_system.domain.time_line import Step
from lead_system.extensions import db
from lead_system.models import Account, Checkpoint, HistoryRecord, Lead
from lead_system.queries.evidence import Single, chains_of, newest_checkpoint, single_records
from lead_system.queries.time_line import TimeLine, time_line_of
from lead_system.services import history
from lead_system.services.checkpoints import statement_of
from lead_system.services.evidence_check import (
    CHAINS,
    DIGESTS,
    FILES,
    FORMAT,
    LARGEST_TEXT,
    SINGLE,
    part_digest,
    signature_text,
)
from lead_system.services.history_check import Told
from lead_system.services.signing import public_key_of, register_key, sign
from lead_system.services.transaction import atomic, use_case

MOST_STEPS = 2_000
"""The most steps of a paper, which take some fifteen seconds; no customer has a tenth of them."""

README_TEXT = Path(__file__).with_name("evidence_readme.txt").read_bytes()


@dataclass(frozen=True)
class EvidenceAsked:
    """Who asked for evidence is on record: `covers` is that record, with which the file ends."""

    covers: int
    made_at: str


@dataclass(frozen=True)
class Evidence:
    """What an evidence file says; its paper is drawn from the time line, and shows where the chains end."""

    content: dict[str, Any]
    line: TimeLine
    ends: Mapping[str, tuple[int, str]]
    hashes: Mapping[int, str]
    """The hash of each record, by its number."""


@use_case("make_evidence", roles=DECIDERS, answer=EvidenceAsked)
def ask_for_evidence(actor: Account, *, lead_id: int, now: datetime) -> EvidenceAsked:
    """Write down that somebody takes evidence about a lead's customer out of the house; writes a record.

    An anonymised lead has evidence like any other: numbers, moments and hashes are left of it.

    Raises:
        Refused: NOT_FOUND, or EVIDENCE_TOO_LARGE for a customer of more than MOST_STEPS steps.
    """
    lead = db.session.scalar(select(Lead).where(Lead.id == lead_id).with_for_update(key_share=True))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    if len(time_line_of(lead, now).steps) > MOST_STEPS:
        raise Refused(RefusalCode.EVIDENCE_TOO_LARGE)
    history.record_lead(actor, history.MAKE_EVIDENCE, lead, now=now)
    own = select(HistoryRecord.id).where(HistoryRecord.chain == f"lead:{lead_id}")
    last = db.session.execute(own.order_by(HistoryRecord.position.desc()).limit(1)).scalar_one()
    return EvidenceAsked(last, moment_text(now))


def gather_evidence(lead: Lead, asked: EvidenceAsked, *, site: str, language: str) -> Evidence:
    """Return what is known of a lead's customer up to the record `asked.covers`; writes nothing.

    `site` is the address under which the installation is reached, `language` the one of the paper.
    """
    now = datetime.fromisoformat(asked.made_at)
    line = time_line_of(lead, now, covers=asked.covers)
    chains = chains_of([one.id for one in line.customer.leads], covers=asked.covers)
    of_chains = {told.id for _chain, records in chains for told in records}
    single = single_records(_beside(line.steps, of_chains))
    content = {
        "format": FORMAT,
        "made_at": asked.made_at,
        "made_by": _maker(asked.covers),
        "site": site,
        "language": language,
        "lead": lead.id,
        "leads": [_lead(one, now) for one in line.customer.leads],
        "is_cut": line.customer.is_cut,
        CHAINS: [_chain(chain, records) for chain, records in chains],
        "chain_names": [chain for chain, _records in chains],
        SINGLE: [_single(one) for one in single],
        "names": _names(line),
        "periods": [_period(one) for one in line.periods],
        "steps": [_step(one) for one in line.steps],
        "checkpoint": _checkpoint(newest_checkpoint(asked.covers)),
    }
    ends = {chain: (records[-1].position, records[-1].hash) for chain, records in chains}
    told = [one for _chain, records in chains for one in records] + [one.told for one in single]
    return Evidence(content, line, ends, {one.id or 0: one.hash for one in told})


def seal_evidence(content: Mapping[str, Any], paper: bytes, *, secret: str, now: datetime) -> bytes:
    """Return the evidence file: what it says, its paper, and the signature over both; notes the key.

    Raises:
        Refused: as `sealed` does.
    """
    file = sealed(content, paper, secret)
    atomic(lambda: register_key(public_key_of(secret), now))
    return file


def sealed(content: Mapping[str, Any], paper: bytes, secret: str) -> bytes:
    """Return the one file of some content and paper; the same give the same bytes.

    Raises:
        Refused: EVIDENCE_TOO_LARGE where nobody would check a file of that size.
    """
    files = {
        PAPER: hashlib.sha256(paper).hexdigest(),
        README: hashlib.sha256(README_TEXT).hexdigest(),
    }
    said = {**content, FILES: files}
    digests = {name: part_digest(part) for name, part in said.items() if name != CHAINS}
    text = canonical(said | {DIGESTS: digests})
    if len(text) > LARGEST_TEXT or len(text) + len(paper) > LARGEST_FILE - LARGEST_TEXT:
        raise Refused(RefusalCode.EVIDENCE_TOO_LARGE)
    signed = sign(text.decode(), secret)
    return pack({README: README_TEXT, EVIDENCE: text, PAPER: paper, SIGNATURE: signature_text(signed)})


# What the file says.


def _beside(steps: Iterable[Step], of_chains: set[int | None]) -> list[int]:
    """Return the records that steps are told from, but whose chains are no lead's and no collision's."""
    return sorted({step.record_id for step in steps if step.record_id is not None} - of_chains)


def _maker(record_id: int) -> dict[str, Any]:
    actor_id, role, name = db.session.execute(
        select(HistoryRecord.actor_id, HistoryRecord.actor_role, Account.name)
        .join(Account, Account.id == HistoryRecord.actor_id)
        .where(HistoryRecord.id == record_id)
    ).one()
    return {"account": actor_id, "name": name, "role": role}


def _lead(lead: Lead, now: datetime) -> dict[str, Any]:
    phones = [phone for phone in (lead.phone1, lead.phone2) if phone and phone.strip()]
    return {
        "number": lead.id,
        "broker": lead.broker_id,
        "entered_by": lead.entered_by_id,
        "name": lead.full_name,
        "phones": phones,
        "person_number": lead.person_number,
        "status": lead.status_at(now).value,
        "merged_into": lead.merged_into_id,
    }


def _chain(chain: str, records: Sequence[Told]) -> dict[str, Any]:
    last = records[-1]
    return {
        "chain": chain,
        "ends_at": {"position": last.position, "hash": last.hash},
        "records": [_record(told) for told in records],
    }


def _record(told: Told) -> dict[str, Any]:
    payload = None if told.salt is None else {"salt": told.salt, "values": told.values}
    return {
        "id": told.id,
        "position": told.position,
        "said": _said(told),
        "hash": told.hash,
        "payload": payload,
    }


def _said(told: Told) -> dict[str, Any]:
    """Return exactly what a record's digest covers."""
    return {
        "action": told.action,
        "actor": told.actor,
        "at": moment_text(told.at),
        "chain": told.chain,
        "changes": told.changes,
        "lead": told.lead,
        "payload": told.payload,
        "role": told.role,
    }


def _single(single: Single) -> dict[str, Any]:
    """Return a record without its payload, which has a visitor's number."""
    told = single.told
    return {
        "id": told.id,
        "position": told.position,
        "said": _said(told),
        "hash": told.hash,
        "previous": single.previous,
    }


def _names(line: TimeLine) -> dict[str, dict[str, str]]:
    """Return the names of the people and brokerages that the file names by number, as they are now."""
    belonging = {line.belonging.broker_of.get(lead.id) for lead in line.customer.leads}
    people = belonging | set(line.people)
    of_steps = {step.brokerage_id for step in line.steps}
    return {
        "people": {str(one): line.people.get(one, "") for one in sorted(filter(None, people))},
        "brokerages": {str(one): line.brokerages.get(one, "") for one in sorted(filter(None, of_steps))},
    }


def _period(period: Period) -> dict[str, Any]:
    return {
        "lead": period.lead_id,
        "begins": moment_text(period.begins),
        "begun_by": period.begun_by.value,
        "began_in": period.began_in,
        "ends": moment_text(period.ends) if period.ends else None,
        "ended_by": period.ended_by.value if period.ended_by else None,
        "ended_in": period.ended_in,
        "days": period.days,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "at": moment_text(step.at),
        "record": step.record_id,
        "actor": step.actor_id,
        "role": step.actor_role,
        "lead": step.lead_id,
        "other_leads": list(step.other_leads),
        "broker": step.broker_id,
        "brokerage": step.brokerage_id,
        "values": dict(step.values),
    }


def _checkpoint(checkpoint: Checkpoint | None) -> dict[str, Any] | None:
    if checkpoint is None:
        return None
    return {
        "number": statement_of(checkpoint.statement).number,
        "statement": checkpoint.statement,
        "signature": checkpoint.signature,
        "public_key": checkpoint.signing_key.public_key,
    }
