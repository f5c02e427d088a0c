"""A history record as plain values, so that what follows from it can be worked out without a database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Record:
    """Who did what to which thing, when, from what to what (R10).

    `chain` names the thing ("lead:12", "collision:3"), `actor_role` is the role at that time. `changes` are
    numbers, statuses and dates as JSON has them; `personal` are names, digits and words, and is empty where
    there were none or they were anonymised.
    """

    id: int
    chain: str
    lead_id: int | None
    actor_id: int | None
    actor_role: str
    action: str
    at: datetime
    changes: Mapping[str, Any]
    personal: Mapping[str, Any] = field(default_factory=dict)


def in_order(records: Iterable[Record]) -> list[Record]:
    """Return records in the order in which they were written, which on one chain is what happened."""
    return sorted(records, key=lambda record: record.id)


def moment_of(text: str) -> datetime:
    """Return a moment as a record keeps it."""
    return datetime.fromisoformat(text)
