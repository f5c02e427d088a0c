"""The lead that a visit code stands for: read, or locked by a service that is going to change it."""

from sqlalchemy import Select, bindparam, or_, select

from lead_system.domain.codes import read_code
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import Lead

WITH_CODE = select(Lead).where(
    or_(Lead.code_token == bindparam("code"), Lead.short_code == bindparam("code"))
)


def get_lead_by_code(code: str, found: Select[Lead] = WITH_CODE) -> Lead:
    """Return the lead of a visit code, by link, token or short code; `found` is the select that reads it.

    Raises:
        Refused: CODE_UNKNOWN, or CODE_MERGED where another lead's code counts instead (R8).
    """
    read = read_code(code)
    if read is None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    lead = db.session.scalar(found, {"code": read})
    if lead is None or lead.anonymised_at is not None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    if lead.merged_into_id is not None:
        raise Refused(RefusalCode.CODE_MERGED, lead_id=lead.merged_into_id)
    return lead
