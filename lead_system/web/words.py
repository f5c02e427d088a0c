"""Our own words for what the database calls by a name: one place for every page, list and workbook."""

from enum import StrEnum
from functools import lru_cache

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from lead_system.domain.flag_rules import Flag
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import Approval, Role
from lead_system.models import CollisionEventKind, CollisionKind, CollisionOutcome, CollisionState
from lead_system.web.catalogue import Catalogue, spoken

_WORDS: dict[type[StrEnum], dict[str, LazyString]] = {
    LeadStatus: {
        LeadStatus.ENTERED: _l("Entered"),
        LeadStatus.REPORTED: _l("Reported"),
        LeadStatus.BOUND: _l("Bound"),
        LeadStatus.EXPIRED: _l("Expired"),
        LeadStatus.DEALT: _l("Dealt"),
        LeadStatus.WITHDRAWN: _l("Withdrawn"),
    },
    Role: {
        Role.BROKER: _l("Broker"),
        Role.RESIDENT: _l("Resident"),
        Role.VISITOR: _l("Visitor"),
        Role.GATE: _l("Gate staff"),
        Role.CONSULTANT: _l("Consultant"),
        Role.SECRETARY: _l("Secretary"),
        Role.DIRECTOR: _l("Director"),
        Role.ADMIN: _l("Administrator"),
    },
    Approval: {
        Approval.NOT_NEEDED: _l("No approval needed"),
        Approval.PENDING: _l("Waiting for approval"),
        Approval.APPROVED: _l("Approved"),
        Approval.REJECTED: _l("Rejected"),
    },
    Flag: {
        Flag.WALK_IN_EARLIER: _l("Came alone earlier"),
        Flag.MANY_NUMBERS: _l("Many numbers for one name"),
        Flag.NAME_CORRECTED: _l("Name corrected"),
        Flag.LATE_REPORT: _l("Reported just before the scan"),
        Flag.QUICK_DEAL: _l("Dealt soon after binding"),
    },
    CollisionState: {CollisionState.OPEN: _l("Open"), CollisionState.HANDLED: _l("Handled")},
    CollisionKind: {
        CollisionKind.HELD: _l("Held"),
        CollisionKind.WALK_IN_FIRST: _l("Walk-in first"),
        CollisionKind.OBJECTION: _l("Objection"),
    },
    CollisionOutcome: {
        CollisionOutcome.UNSAID: _l("No outcome given"),
        CollisionOutcome.HOLDER_KEEPS: _l("The holder keeps the customer"),
        CollisionOutcome.CHALLENGER_GETS: _l("The challenger gets the customer"),
        CollisionOutcome.REBOUND: _l("Rebound"),
        CollisionOutcome.DIFFERENT_PEOPLE: _l("They are different people"),
    },
    CollisionEventKind: {
        CollisionEventKind.ENTERED: _l("The challenger entered the customer"),
        CollisionEventKind.CORRECTED: _l("The challenger corrected the entry"),
        CollisionEventKind.REPORTED: _l("The challenger reported the customer"),
        CollisionEventKind.SCANNED: _l("The challenger's code was scanned at the gate"),
        CollisionEventKind.WITHDRAWN: _l("The challenger withdrew the entry"),
        CollisionEventKind.HOLD_TAKEN_BY_SCAN: _l("A scan bound the customer"),
        CollisionEventKind.HOLD_TAKEN_BY_REBIND: _l("A rebind moved the customer"),
        CollisionEventKind.HOLD_TAKEN_BY_DEAL: _l("A deal was marked"),
        CollisionEventKind.HANDLED: _l("Handled"),
        CollisionEventKind.CLOSED_AS_REBOUND: _l("Closed by a rebind"),
        CollisionEventKind.REOPENED: _l("Opened again"),
        CollisionEventKind.OBJECTED: _l("The visitor objected to being reported"),
        CollisionEventKind.CLOSED_AS_DIFFERENT: _l("Closed: one side was declared another person"),
        CollisionEventKind.DECLARED_SAME: _l("The challenger was declared the same person after all"),
    },
}
"""By kind first: members of different kinds may have the same name and then count as equal."""


def word(member: StrEnum) -> str:
    """Return what a status, role, kind or outcome is called in the page's language."""
    return _word(type(member), member, spoken())


@lru_cache(maxsize=500)
def _word(kind: type[StrEnum], name: str, language: Catalogue) -> str:
    """Return a word, which is one of few: a list has it in every row, an export a hundred thousand times."""
    del language  # It tells the words of one language from those of another.
    return str(_WORDS[kind][name])


def role_word(role: str) -> str:
    """Return the word for the role in a history record; the system's own commands have none of ours."""
    return word(Role(role)) if role in set(Role) else str(_l("System"))
