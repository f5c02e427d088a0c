"""How the records of the history vouch for each other (B2): canonical form, digest and link.

Whoever doubts us recomputes this with any language that has JSON and SHA-256: docs/evidence.md says it in
words. Nothing here may ever change for records that exist.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NOTHING = ""
"""What the first record of a chain follows."""


_SPELLING = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value: keys in the order of their characters, no spaces, UTF-8."""
    return _SPELLING.encode(value).encode()


def moment_text(at: datetime) -> str:
    """Return a moment as records spell it, in UTC with six decimals: `2026-03-02T06:05:00.000000Z`.

    Raises:
        ValueError: the moment has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def digest_of(
    *,
    chain: str,
    lead: int | None,
    actor: int | None,
    role: str,
    action: str,
    at: datetime,
    changes: Mapping[str, Any],
    payload: str | None,
) -> str:
    """Return the SHA-256, in hexadecimal, of all that a record says; `payload` is the hash of its payload."""
    said = {
        "action": action,
        "actor": actor,
        "at": moment_text(at),
        "chain": chain,
        "changes": changes,
        "lead": lead,
        "payload": payload,
        "role": role,
    }
    return hashlib.sha256(canonical(said)).hexdigest()


def linked(previous: str, digest: str) -> str:
    """Return a record's hash: that of the record before it in its chain and its own digest, hashed together.

    `previous` is NOTHING for the first. Both are hexadecimal text, and are joined as text.
    """
    return hashlib.sha256((previous + digest).encode("ascii")).hexdigest()


def payload_hash(salt: str, values: Mapping[str, Any]) -> str:
    """Return the hash by which a record vouches for its payload without containing it (R10)."""
    return hashlib.sha256(salt.encode() + canonical(values)).hexdigest()


LEADS_IN_ONE = 1000
"""How many chains of one kind a checkpoint puts together: so it stays small, and still says where to look."""


def bucket_of(chain: str) -> str:
    """Return under which name a checkpoint keeps the end of a chain: of lead:12345 that is "lead:12"."""
    kind, _colon, number = chain.partition(":")
    return f"{kind}:{int(number) // LEADS_IN_ONE}" if number.isdecimal() else kind


class Heads:
    """The ends of all chains, put together bucket by bucket: the same ends give the same digests.

    They are added in the order of `length of the name, name by its characters`, which is that of the numbers.
    """

    def __init__(self) -> None:
        self.chains = 0
        self._buckets: dict[str, Any] = {}

    def add(self, chain: str, position: int, record_hash: str) -> None:
        """Add the last record of a chain."""
        self.chains += 1
        bucket = self._buckets.setdefault(bucket_of(chain), hashlib.sha256())
        bucket.update(f"{chain} {position} {record_hash}\n".encode())

    def digests(self) -> dict[str, str]:
        """Return the digest of each bucket, in hexadecimal."""
        return {name: bucket.hexdigest() for name, bucket in self._buckets.items()}
