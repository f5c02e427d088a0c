"""The lead that a visit code stands for: read, or locked by a service that is going to change it."""

from collections.abc import Callable

from sqlalchemy import bindparam, or_, select

from lead_system.domain.codes import read_code
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import Lead

HAS_CODE = or_(Lead.code_token == bindparam("code"), Lead.short_code == bindparam("code"))
_WITH_CODE = select(Lead).where(HAS_CODE)


def _find(read_code: str) -> Lead | None:
    return db.session.scalar(_WITH_CODE, {"code": read_code})


def get_lead_by_code(code: str, find: Callable[[str], Lead | None] = _find) -> Lead:
    """Return the lead of a visit code, by link, token or short code; `find` reads it by either of the last.

    Raises:
        Refused: CODE_UNKNOWN, or CODE_MERGED where another lead's code counts instead (R8).
    """
    read = read_code(code)
    if read is None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    lead = find(read)
    if lead is None or lead.anonymised_at is not None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    if lead.merged_into_id is not None:
        raise Refused(RefusalCode.CODE_MERGED, lead_id=lead.merged_into_id)
    return lead
