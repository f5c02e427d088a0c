"""What stands around a lead when its broker does something with it, seen in one look.

Each question is a SELECT of what was found, by its word here, and a number. Asked one by one they would be a
third of what an entry or a report sends to the database (decision 33).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select, union_all

from lead_system.models import Account, Hold, Lead, LeadKey, Report, WalkIn
from lead_system.services.holds import IS_ANOTHERS
from lead_system.services.lead_keys import IS_TWIN, has_name_and_phone, parameters_of
from lead_system.statements import Statement

HOLDER, VISITOR, TWIN, REPORTS, CODE = "holder", "visitor", "twin", "reports", "code"

Seen = dict[str, set[int]]
"""The numbers that were found, by what they are numbers of."""


def _numbers(of: str, number: Any) -> Select[Any]:
    return select(literal(of), number)


_HOLDERS = _numbers(HOLDER, Hold.lead_id).where(IS_ANOTHERS)
_VISITORS = _numbers(VISITOR, WalkIn.visitor_id).where(has_name_and_phone(WalkIn))
_TWINS = _numbers(TWIN, LeadKey.lead_id).where(IS_TWIN)
_REPORTS = _numbers(REPORTS, func.count()).where(
    Report.lead_id == bindparam("lead_id"),
    Report.reported_at >= bindparam("since"),
    Report.on_behalf.is_(False),
)
_CODES = (
    _numbers(CODE, Lead.id).where(Lead.short_code == bindparam("short_code")),
    _numbers(CODE, Account.id).where(Account.short_code == bindparam("short_code")),
)

_OTHERS = Statement(union_all(_HOLDERS, _VISITORS))
_OF_AN_ENTRY = Statement(union_all(_HOLDERS, _VISITORS, _TWINS))
_OF_A_REPORT = Statement(union_all(_HOLDERS, _VISITORS, _REPORTS, *_CODES))


def see_others(lead: Lead, *, now: datetime) -> Seen:
    """Return the other holders of a lead's keys, and the visitors whom the gate logged under them."""
    return _seen(_OTHERS, lead, {"now": now})


def see_before_entry(lead: Lead, *, now: datetime) -> Seen:
    """Return the same, and the broker's own leads with this name and one of these phones (R2)."""
    return _seen(_OF_AN_ENTRY, lead, {"now": now, "broker_id": lead.broker_id})


def see_before_report(lead: Lead, *, since: datetime, short_code: str, now: datetime) -> Seen:
    """Return who else there is, how many own reports there were `since`, and who has a code already.

    The lead is locked, so that no report of it can come in between.
    """
    return _seen(_OF_A_REPORT, lead, {"now": now, "since": since, "short_code": short_code})


def _seen(look: Statement, lead: Lead, asked: Mapping[str, Any]) -> Seen:
    seen: Seen = {}
    for what, number in look.rows({**parameters_of(lead.keys), "lead_id": lead.id, **asked}):
        seen.setdefault(what, set()).add(number)
    return seen
