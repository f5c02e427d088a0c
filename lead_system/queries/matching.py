"""How what was typed into a search matches what is stored: parts of texts, numbers, digits and days.

`%` and `_` are ordinary characters, blank conditions do not count, and ranges of days include both days.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from lead_system.domain.protection import start_of_day
from lead_system.models import NO_ROW, Account, Brokerage, Lead
from lead_system.queries.names import has_name_part
from lead_system.queries.phones import has_phone_part

Row = TypeVar("Row")

LARGEST_ID = 2**31 - 1
LONGEST_NUMBER = 10
PHONE_DIGITS = 7


def contains(column: Any, part: str) -> ColumnElement[bool]:
    """Return the condition that a text holds a part, whatever its case; `%` and `_` stand for themselves."""
    condition: ColumnElement[bool] = column.icontains(part.strip(), autoescape=True)
    return condition


def digits_of(part: str) -> str:
    """Return the digits of what was typed, as ASCII ones are written or not."""
    return "".join(c for c in unicodedata.normalize("NFKC", part) if c.isdecimal())


def has_visible_digits(columns: Iterable[Any], part: str) -> ColumnElement[bool]:
    """Return the condition that one of some phones shows these digits: part of head or tail, or all seven.

    138****5678 may be typed as it is seen. The gap is no neighbourhood: "85" does not find 138****5678.
    """
    digits = digits_of(part)
    if len(digits) == PHONE_DIGITS:
        return or_(*(column == digits for column in columns))
    shown = digits or part
    parts = (f(column) for column in columns for f in (_head, _tail))
    return or_(*(contains(func.coalesce(text, ""), shown) for text in parts))


def _head(phone: Any) -> Any:
    return func.substr(phone, 1, 3)


def _tail(phone: Any) -> Any:
    return func.substr(phone, 4, 4)


def is_number(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that an id is the number that was typed; anything else finds nothing."""
    number = find_row_number(text)
    condition: ColumnElement[bool] = column == (number if number is not None else NO_ROW)
    return condition


def find_row_number(text: str) -> int | None:
    """Return the row number that a text is, None for anything that cannot be one."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        return None
    return int(text) if int(text) <= LARGEST_ID else None


def without_spaces(name: Any) -> Any:
    """Return a name as it is searched for."""
    return func.replace(name, " ", "")


def has_account_phone_part(column: Any, part: str) -> ColumnElement[bool]:
    """Return the condition that an account's phone holds these digits, however they were grouped."""
    plain = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", part))
    return contains(column, re.sub(r"^(\+|00)86", "", plain))


def accounts_with(column: Any, part: str) -> Select[int]:
    """Return the ids of the accounts of which a column holds a part."""
    return select(Account.id).where(contains(column, part))


def accounts_with_phone(part: str) -> Select[int]:
    """Return the ids of the accounts whose phone holds these digits."""
    return select(Account.id).where(has_account_phone_part(Account.phone, part))


def agents_of(brokerage: str) -> Select[int]:
    """Return the ids of the agents who belong now to a brokerage whose name holds a part."""
    return select(Account.id).join(Account.brokerage).where(contains(Brokerage.name, brokerage))


def brokerages_with(part: str) -> Select[int]:
    """Return the ids of the brokerages whose name holds a part."""
    return select(Brokerage.id).where(contains(Brokerage.name, part))


def is_within(column: Any, first_day: date | None, last_day: date | None) -> ColumnElement[bool]:
    """Return the condition that a moment lies on these Shanghai days, both included; None is open (R11)."""
    after = column >= start_of_day(first_day) if first_day else true()
    before = column < start_of_day(last_day + timedelta(days=1)) if last_day else true()
    condition: ColumnElement[bool] = and_(after, before)
    return condition


def with_lead(found: Select[Row], lead: Any, number: str, name: str, phone: str) -> Select[Row]:
    """Return the records whose customer fits these conditions; without any, no customer is looked at."""
    given: list[tuple[str, Callable[[str], ColumnElement[bool]]]] = [
        (number, partial(is_number, Lead.id)),
        (name, has_name_part),
        (phone, has_phone_part),
    ]
    conditions = [condition(text) for text, condition in given if text.strip()]
    return found.join(lead).where(*conditions) if conditions else found
