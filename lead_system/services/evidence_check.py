"""Whether an evidence file is as this installation made it (B1); if not, which record or part was changed.

The signature says whether anything was changed; the links between the records, and the digests of the other
parts, say what. So whoever changes one thing is told which, and whoever recomputes everything still fails at
the signature. What somebody sends may be anything: all of it is looked at as if it were.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, cast

from lead_system.domain.chain import canonical, digest_of, linked, moment_text
from lead_system.domain.evidence_file import (
    EVIDENCE,
    PAPER,
    README,
    SIGNATURE,
    NotEvidenceError,
    pack,
    unpack,
)
from lead_system.services.history_check import Damage, Finding, Told, check_records
from lead_system.services.signing import Signed, is_genuine

FORMAT = "lead-evidence/1"

LARGEST_TEXT = 8 * 1024 * 1024
"""Bytes of the largest `evidence.json` that is looked at: several thousand records."""

MOST_VALUES = 400_000
"""How many values it may have: each takes memory when it is read, however short it is spelled."""

LONGEST_SIGNATURE = 500
"""Bytes of the longest `signature.json`."""

MOST_LEADS = 200
LONGEST_ADDRESS = 200
LONGEST_WORD = 60
"""Characters of a text from the file that are shown."""

NAMED = 20
"""How many changes are kept in words; more are only counted."""

CHAINS, DIGESTS, FILES, SINGLE = "chains", "digests", "files", "single_records"


class Change(StrEnum):
    """What is not as it was made."""

    NOT_EVIDENCE = "not evidence"
    NOT_OURS = "not ours"
    TEXT_CHANGED = "text changed"
    RECORD_CHANGED = "record changed"
    RECORD_MISSING = "record missing"
    PAYLOAD_CHANGED = "payload changed"
    PAYLOAD_GONE = "payload gone"
    CHAIN_MISSING = "chain missing"
    CUT_OFF = "cut off"
    PART_CHANGED = "part changed"
    PAPER_CHANGED = "paper changed"
    README_CHANGED = "readme changed"
    PACKED_ANEW = "packed anew"


class Difference(NamedTuple):
    """One thing that was changed: a record by chain, position and id, or a part by its name."""

    change: Change
    where: str = ""
    position: int = 0
    record_id: int | None = None


@dataclass(frozen=True)
class About:
    """What an evidence file says of itself; blank or 0 where it does not."""

    made_at: datetime | None
    made_by: str
    role: str
    site: str
    lead: int
    leads: tuple[int, ...]
    checkpoint: int


@dataclass
class EvidenceCheck:
    """What a check of an evidence file found.

    `is_signed` says that the signature fits the text and is ours. `anonymised` records vouch for a payload
    that was taken.
    """

    about: About | None = None
    public_key: str = ""
    is_signed: bool = False
    chains: int = 0
    records: int = 0
    anonymised: int = 0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    def found(self, difference: Difference) -> None:
        """Count what was changed, and keep the first ones."""
        self.count += 1
        if len(self.differences) < NAMED:
            self.differences.append(difference._replace(where=difference.where[:LONGEST_WORD]))

    @property
    def is_genuine(self) -> bool:
        """Whether every byte is as this installation made it."""
        return self.count == 0

    @property
    def was_damaged_before(self) -> bool:
        """Whether the file is as it was made, of records that were not whole any more."""
        afterwards = (Change.PAPER_CHANGED, Change.README_CHANGED, Change.PACKED_ANEW)
        return (
            self.is_signed
            and self.count > 0
            and all(one.change not in afterwards for one in self.differences)
        )

    @property
    def is_evidence(self) -> bool:
        """Whether it can be read as an evidence file at all."""
        return self.about is not None


def check_evidence(data: bytes, is_ours: Callable[[str], bool]) -> EvidenceCheck:
    """Check an evidence file; `is_ours` says whether a public key is that of whoever should have made it.

    Writes nothing and raises nothing, whatever `data` is.
    """
    check = EvidenceCheck()
    try:
        contents = unpack(data)
        told = _read(contents[EVIDENCE])
    except NotEvidenceError:
        check.found(Difference(Change.NOT_EVIDENCE))
        return check
    check.about = _about(told)
    _check_signature(check, contents, is_ours)
    for difference in _all_differences(check, told, contents):
        check.found(difference)
    if check.is_genuine and pack(contents) != data:
        check.found(Difference(Change.PACKED_ANEW))
    return check


def part_digest(part: Any) -> str:
    """Return the digest of a part that is not a chain, by which a change in it is found."""
    return hashlib.sha256(canonical(part)).hexdigest()


# Reading.


def _read(text: bytes) -> dict[str, Any]:
    """Read what an evidence file says.

    Raises:
        NotEvidenceError: it is too large, no JSON, or not of our format.
    """
    values = sum(text.count(sign) for sign in (b",", b"[", b"{"))
    if len(text) > LARGEST_TEXT or values > MOST_VALUES:
        raise NotEvidenceError("too large")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotEvidenceError("no JSON") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise NotEvidenceError("another format")
    try:
        canonical(told)
    except (ValueError, RecursionError) as error:
        raise NotEvidenceError("values that nobody can write down") from error
    return told


def _about(told: Mapping[str, Any]) -> About:
    made_by, checkpoint = _object(told.get("made_by")), _object(told.get("checkpoint"))
    leads = (_number(_object(lead).get("number")) for lead in _list(told.get("leads")))
    return About(
        made_at=_moment(told.get("made_at")),
        made_by=_text(made_by.get("name"))[:LONGEST_WORD],
        role=_text(made_by.get("role"))[:LONGEST_WORD],
        site=_text(told.get("site"))[:LONGEST_ADDRESS],
        lead=_number(told.get("lead")),
        leads=tuple(leads)[:MOST_LEADS],
        checkpoint=_number(checkpoint.get("number")),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _moment(value: Any) -> datetime | None:
    """Return a moment that is spelled as records spell it; None for any other."""
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment if moment_text(moment) == value else None
    except (ValueError, OverflowError):
        return None


# Signature, files and parts.


def _check_signature(
    check: EvidenceCheck, contents: Mapping[str, bytes], is_ours: Callable[[str], bool]
) -> None:
    try:
        signed = _signed(contents)
        fits = contents[SIGNATURE] == signature_text(signed) and is_genuine(signed)
    except (ValueError, RecursionError):
        signed, fits = Signed("", "", ""), False
    check.public_key = signed.public_key
    if not fits:
        check.found(Difference(Change.TEXT_CHANGED))
    elif not is_ours(signed.public_key):
        check.found(Difference(Change.NOT_OURS))
    check.is_signed = check.count == 0


def _signed(contents: Mapping[str, bytes]) -> Signed:
    """Read the signature of the text; blank where the file is longer than one can be."""
    spelled = contents[SIGNATURE]
    said = _object(json.loads(spelled)) if len(spelled) <= LONGEST_SIGNATURE else {}
    return Signed(contents[EVIDENCE].decode(), _text(said.get("signature")), _text(said.get("public_key")))


def signature_text(signed: Signed) -> bytes:
    """Return the content of `signature.json`."""
    return canonical({"public_key": signed.public_key, "signature": signed.signature})


def _all_differences(
    check: EvidenceCheck, told: Mapping[str, Any], contents: Mapping[str, bytes]
) -> Iterator[Difference]:
    chains = [_object(chain) for chain in _list(told.get(CHAINS))]
    check.chains = len(chains)
    for chain in chains:
        yield from _differences_of_chain(check, chain)
    known = {_text(chain.get("chain")) for chain in chains}
    for name in _list(told.get("chain_names")):
        if _text(name) not in known:
            yield Difference(Change.CHAIN_MISSING, _text(name))
    yield from (one for single in _list(told.get(SINGLE)) for one in _differences_of_single(_object(single)))
    yield from _differences_of_parts(told)
    files = _object(told.get(FILES))
    for name, change in ((PAPER, Change.PAPER_CHANGED), (README, Change.README_CHANGED)):
        if files.get(name) != hashlib.sha256(contents[name]).hexdigest():
            yield Difference(change, name)


def _differences_of_parts(told: Mapping[str, Any]) -> Iterator[Difference]:
    digests = _object(told.get(DIGESTS))
    parts = {name: value for name, value in told.items() if name not in (CHAINS, DIGESTS)}
    for name in sorted(parts.keys() | digests.keys()):
        if name not in parts or digests.get(name) != part_digest(parts[name]):
            yield Difference(Change.PART_CHANGED, name)


# Records.

_CHANGES = {
    Damage.RECORD_CHANGED: Change.RECORD_CHANGED,
    Damage.RECORD_MISSING: Change.RECORD_MISSING,
    Damage.PAYLOAD_CHANGED: Change.PAYLOAD_CHANGED,
    Damage.PAYLOAD_GONE: Change.PAYLOAD_GONE,
}
_SAID = frozenset({"action", "actor", "at", "chain", "changes", "lead", "payload", "role"})
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def _differences_of_chain(check: EvidenceCheck, chain: Mapping[str, Any]) -> Iterator[Difference]:
    name, records = _text(chain.get("chain")), _list(chain.get("records"))
    told = [_told(name, _object(record)) for record in records]
    check.records += len(told)
    check.anonymised += sum(one.salt is None and one.payload is not None for one in told)
    yield from map(_difference, check_records(told))
    last = (told[-1].position, told[-1].hash) if told else (0, "")
    ends = _object(chain.get("ends_at"))
    if (ends.get("position"), ends.get("hash")) != last:
        yield Difference(Change.CUT_OFF, name, last[0], told[-1].id if told else None)


def _difference(finding: Finding) -> Difference:
    return Difference(_CHANGES[finding.damage], finding.where, finding.position, finding.record_id)


def _told(chain: str, record: Mapping[str, Any]) -> Told:
    """Return a record as it is checked; one of which something is no value that we write is a changed one."""
    said, payload = _object(record.get("said")), _object(record.get("payload"))
    at = _moment(said.get("at"))
    is_well_formed = (
        at is not None and said.keys() == _SAID and said["chain"] == chain
        and isinstance(said["changes"], dict) and isinstance(said["payload"], str | None)
        and _is_payload(record.get("payload"))
    )  # fmt: skip
    record_id, position = _number(record.get("id")), _number(record.get("position"))
    record_hash = _hash(record.get("hash"))
    if not is_well_formed:
        return Told(record_id, chain, position, None, None, "", "", _NEVER, {}, None, record_hash, None, None)
    return Told(
        record_id, chain, position, said["lead"], said["actor"], said["role"], said["action"],
        cast(datetime, at), said["changes"], said["payload"], record_hash,
        payload.get("salt"), payload.get("values"),
    )  # fmt: skip


def _hash(value: Any) -> str:
    """Return a hash; blank for what cannot be one."""
    text = _text(value)
    return text if text.isascii() else ""


def _is_payload(payload: Any) -> bool:
    """Whether a payload is none, or has the shape of one."""
    if payload is None:
        return True
    has_both = isinstance(payload, dict) and payload.keys() == {"salt", "values"}
    return has_both and isinstance(payload["salt"], str) and isinstance(payload["values"], dict)


def _differences_of_single(record: Mapping[str, Any]) -> Iterator[Difference]:
    """Check a record that stands alone: its chain is about somebody else too, so only its link is shown."""
    said = _object(record.get("said"))
    told = _told(_text(said.get("chain")), {**record, "payload": None})
    digest = digest_of(
        chain=told.chain, lead=told.lead, actor=told.actor, role=told.role, action=told.action, at=told.at,
        changes=told.changes, payload=told.payload,
    )  # fmt: skip
    if linked(_hash(record.get("previous")), digest) != told.hash:
        yield Difference(Change.RECORD_CHANGED, told.chain, told.position, told.id)
