"""A part of a customer's name, found by the characters and pairs that `lead_name_grams` keeps of every name.

Both the part and the name are folded as R1 compares customers: case, width, spaces and dots do not count.
"""

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import aliased

from lead_system.domain.identity import fold_name
from lead_system.models import Lead, LeadNameGram, is_no_lead

LONGEST_GRAM = 2
LOOKED_UP = 4
"""The most pairs of a part that are looked up; what is left by these is read."""

_LOOK_UPS = tuple(aliased(LeadNameGram) for _ in range(LOOKED_UP))


def has_name_part(part: str) -> ColumnElement[bool]:
    """Return the condition that the customer's name, surname and given name as one, holds a part.

    It joins a row of grams for each pair of the part, never more than one to a lead, and so stands beside
    other conditions but in no OR. A part that folds to nothing finds nobody.
    """
    folded = fold_name(part)
    if not folded:
        return is_no_lead()
    conditions: list[ColumnElement[bool]] = []
    for kept, gram in zip(_LOOK_UPS, _grams_of(folded), strict=False):
        conditions += [kept.gram == gram, kept.lead_id == Lead.id]
    if len(folded) > LONGEST_GRAM:
        conditions.append(Lead.name_key.contains(folded, autoescape=True))
    return and_(*conditions)


def newest_of_name(part: str) -> ColumnElement[int]:
    """Return the order from the newest lead on, for a statement that `has_name_part` narrows.

    It is asked of the first look-up, which lies in that order: SQLite does not see that it is the lead's.
    """
    return _LOOK_UPS[0].lead_id.desc() if fold_name(part) else Lead.id.desc()


def only_gram_of(part: str) -> str | None:
    """Return the gram that a part is found by alone; None where there is more to look at, or nothing."""
    folded = fold_name(part)
    return folded if 0 < len(folded) <= LONGEST_GRAM else None


def _grams_of(folded: str) -> list[str]:
    """Return by what a part is looked up: itself where it is short, otherwise each pair in it once."""
    pairs = (folded[place : place + 2] for place in range(max(1, len(folded) - 1)))
    return list(dict.fromkeys(pairs))


def reads_as(part: str) -> ColumnElement[bool]:
    """Return the same condition, for few leads that are found by something else: their names are read."""
    folded = fold_name(part)
    if not folded:
        return is_no_lead()
    return and_(Lead.name_key.contains(folded, autoescape=True), Lead.anonymised_at.is_(None))
