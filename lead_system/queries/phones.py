"""The visible digits of a customer's phones, found by the indexes over all seven.

Four stars stand between head and tail, so digits are looked for in either, never across. There are only
seventy heads of mobile numbers: a tail is looked up behind each of them.
"""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union_all
from sqlalchemy.orm import aliased

from lead_system.models import Lead, is_no_lead

HEADS = tuple(f"1{second}{third}" for second in range(3, 10) for third in range(10))
"""What a mobile number begins with (R1)."""

HEAD_DIGITS = 3
TAIL_DIGITS = 4


def has_phone_part(part: str) -> ColumnElement[bool]:
    """Return the condition that a customer's phone shows these digits: part of its head or tail, or all."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", part) if c.isdecimal())
    if 0 < len(digits) < TAIL_DIGITS:
        return or_(*(_has_few(phone, digits) for phone in (Lead.phone1, Lead.phone2)))
    if len(digits) not in {TAIL_DIGITS, HEAD_DIGITS + TAIL_DIGITS}:
        return is_no_lead()
    phones = [digits] if len(digits) > TAIL_DIGITS else [head + digits for head in HEADS]
    other = aliased(Lead)
    sides = (select(other.id).where(phone.in_(phones)) for phone in (other.phone1, other.phone2))
    return Lead.id.in_(union_all(*sides))


def _has_few(phone: Any, digits: str) -> ColumnElement[bool]:
    """Return the condition on so few digits that many phones have them: the newest are soon found."""
    head, tail = func.substr(phone, 1, HEAD_DIGITS), func.substr(phone, HEAD_DIGITS + 1)
    return or_(head.contains(digits), tail.contains(digits))
