"""The life of a lead (R3): its statuses, the verbs that move it, and the one table that says which may.

Two statuses are told apart here. The *stored* one is what the row says; a bound lead whose protection has
run out still says bound there. The *real* one is what every reader says (`real_status`). The table speaks
of real statuses only.
"""

from datetime import datetime
from enum import StrEnum

from lead_system.domain.errors import RefusalCode, Refused


class LeadStatus(StrEnum):
    """Where a lead stands."""

    ENTERED = "entered"
    REPORTED = "reported"
    BOUND = "bound"
    EXPIRED = "expired"
    DEALT = "dealt"
    WITHDRAWN = "withdrawn"


class Verb(StrEnum):
    """What can happen to a lead."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    REPORT = "report"
    SCAN = "scan"
    REBIND_AWAY = "rebind_away"
    REBIND_HERE = "rebind_here"
    DEAL = "deal"
    LATE_DEAL = "late_deal"
    UNDO_DEAL = "undo_deal"
    UNDO_LATE_DEAL = "undo_late_deal"
    EXTEND = "extend"
    SHOW = "show"
    TELL_APART = "tell_apart"


_E, _R, _B, _X, _D, _W = LeadStatus

TRANSITIONS: dict[Verb, dict[LeadStatus, LeadStatus]] = {
    Verb.CORRECT: {_E: _E},
    Verb.WITHDRAW: {_E: _W},
    Verb.REPORT: {_E: _R, _R: _R, _B: _B, _X: _R, _D: _D},
    Verb.SCAN: {_R: _B, _B: _B, _D: _D},
    Verb.REBIND_AWAY: {_B: _X},
    Verb.REBIND_HERE: {_E: _B, _R: _B, _X: _B},
    Verb.DEAL: {_B: _D},
    Verb.LATE_DEAL: {_R: _D, _X: _D},
    Verb.UNDO_DEAL: {_D: _B},
    Verb.UNDO_LATE_DEAL: {_D: _X},
    Verb.EXTEND: {_B: _B},
    Verb.SHOW: {_B: _B, _D: _D},
    Verb.TELL_APART: {_E: _E, _R: _R, _X: _X},
}
"""Verb → status before → status after. What is not listed is not allowed."""


def real_status(stored: LeadStatus, protect_until: datetime | None, now: datetime) -> LeadStatus:
    """Return what every reader says of a lead: a binding that has reached its end is expired (R6).

    At `now == protect_until` the protection is over. `queries.leads.status_expression` says the same in SQL.
    """
    if stored is LeadStatus.BOUND and protect_until is not None and protect_until <= now:
        return LeadStatus.EXPIRED
    return stored


def is_allowed(verb: Verb, status: LeadStatus) -> bool:
    """Say whether a verb may happen to a lead in this real status."""
    return status in TRANSITIONS[verb]


def status_after(verb: Verb, status: LeadStatus) -> LeadStatus:
    """Return the status into which a verb moves a lead, the same one where it does not move it.

    Raises:
        Refused: the table has no such arrow.
    """
    if not is_allowed(verb, status):
        raise Refused(RefusalCode.STATUS_FORBIDS, verb=verb.value, status=status.value)
    return TRANSITIONS[verb][status]
