"""The visible digits of a customer's phones, found by indexes over all seven, and over the last four.

Four stars stand between head and tail, so digits are looked for in either, never across. There are only ten
thousand tails: a part of one is looked up as all tails that hold it.
"""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal_column, or_

from lead_system.models import Lead

HEAD_DIGITS = 3
TAIL_DIGITS = 4
FEWEST_LOOKED_UP = 3
"""Of fewer digits nearly every phone has some: there is nothing to look up."""


def has_phone_part(part: str) -> ColumnElement[bool]:
    """Return the condition that a customer's phone shows these digits: part of its head or tail, or all."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", part) if c.isdecimal())
    if not digits:
        return false()
    return or_(*(_shows(phone, digits) for phone in (Lead.phone1, Lead.phone2)))


def _shows(phone: Any, digits: str) -> ColumnElement[bool]:
    if len(digits) == HEAD_DIGITS + TAIL_DIGITS:
        return and_(phone == digits)
    tail = tail_of(phone)
    if len(digits) == TAIL_DIGITS:
        return and_(tail == digits)
    if len(digits) == FEWEST_LOOKED_UP:
        return or_(phone.between(digits + "0000", digits + "9999"), tail.in_(_tails_with(digits)))
    head = func.substr(phone, 1, HEAD_DIGITS)
    return or_(head.contains(digits), tail.contains(digits)) if len(digits) < FEWEST_LOOKED_UP else false()


def tail_of(phone: Any) -> ColumnElement[str]:
    """Return the last four digits of a phone, spelled as the index over them spells it."""
    return func.substr(phone, literal_column(str(HEAD_DIGITS + 1)), literal_column(str(TAIL_DIGITS)))


def _tails_with(digits: str) -> list[str]:
    """Return the tails that hold three digits one after the other."""
    return sorted({tail for n in range(10) for tail in (f"{n}{digits}", f"{digits}{n}")})
