"""Codes that the gate reads: drawn so that no two people, whatever they are, ever share one."""

from typing import TypedDict

from sqlalchemy import bindparam, or_, select

from lead_system.domain import codes
from lead_system.models import Account, Lead
from lead_system.statements import Statement


class NewCode(TypedDict):
    """The two columns of a code: what the QR picture says, and what is typed when nothing scans."""

    code_token: str
    short_code: str


_IS_TAKEN = Statement(
    select(
        or_(
            select(Lead.id).where(Lead.short_code == bindparam("short_code")).exists(),
            select(Account.id).where(Account.short_code == bindparam("short_code")).exists(),
        )
    )
)


def draw_code() -> NewCode:
    """Draw a code for a lead or a visitor that nobody has, neither customers nor visitors.

    The token is too long to be drawn twice. The unique indexes judge short codes within one table; that a
    customer and a visitor draw the same at the same instant is one chance in a billion, and the gate would
    then read the customer's.
    """
    while True:
        short_code = codes.new_short_code()
        if not _IS_TAKEN.value({"short_code": short_code}):
            return code_of(short_code)


def code_of(short_code: str) -> NewCode:
    """Return a new code with a short code that the caller knows to be nobody's."""
    return NewCode(code_token=codes.new_token(), short_code=short_code)
