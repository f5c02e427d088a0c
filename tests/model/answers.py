"""What the product answered, and whether that is what the model predicts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.model.numbering import Numbering
from tests.model.reference.world import Outcome


@dataclass(frozen=True)
class Seen:
    """What the product answered, in its own numbers; `error` is what may never be."""

    refusal: str = ""
    lead_named: object = None
    answer: Any = None
    error: str = ""

    def __str__(self) -> str:
        return self.error or (f"refused {self.refusal}" if self.refusal else f"answered {self.answer}")


LEADS = ("lead", "to_lead")


def agrees(predicted: Outcome, seen: Seen, numbering: Numbering) -> bool:
    """Say whether the product answered what the model predicts, learning the numbers of new rows."""
    if seen.error or predicted.refusal != seen.refusal:
        return False
    if predicted.refusal:
        named = {numbering.leads.get(number) for number in predicted.names}
        return not named or seen.lead_named is None or seen.lead_named in named
    return all(_is_same(name, value, seen.answer, numbering) for name, value in predicted.answer.items())


_READ: dict[str, Callable[[Any], Any]] = {
    "lead": lambda answer: getattr(answer, "lead_id", None) or getattr(answer, "from_lead_id", None),
    "to_lead": lambda answer: answer.to_lead_id,
    "made": lambda answer: answer.lead_was_made,
    "fee": lambda answer: answer.fee_id,
    "holders": lambda answer: frozenset(answer.holder_ids),
    "leads": lambda answer: frozenset(answer.lead_ids),
    "handled": lambda answer: len(answer.handled_ids),
    "before": lambda answer: len(answer.already_handled_ids),
    "ends_at": lambda answer: datetime.fromisoformat(answer.ends_at),
}


def _is_same(name: str, predicted: Any, answer: Any, numbering: Numbering) -> bool:
    seen = _READ.get(name, lambda one: getattr(one, name))(answer)
    if name in LEADS:
        return _is_called(numbering.leads, predicted, seen)
    if name == "fee":
        return _is_called(numbering.fees, predicted, seen)
    if name in ("holders", "leads"):
        return {numbering.leads.get(number) for number in predicted} == set(seen)
    return bool(predicted == seen)


def _is_called(known: dict[int, int], number: int, row_id: int) -> bool:
    """Say whether a row is the model's of this number; a number that is new is given to a row that is new."""
    if number not in known and row_id not in known.values():
        known[number] = row_id
    return known.get(number) == row_id
