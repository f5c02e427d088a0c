"""Who somebody is, and the groups of roles that rules speak of (docs/rules.md, R12)."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may be; an account has exactly one role."""

    BROKER = "broker"
    RESIDENT = "resident"
    VISITOR = "visitor"
    GATE = "gate"
    CONSULTANT = "consultant"
    SECRETARY = "secretary"
    DIRECTOR = "director"
    ADMIN = "admin"


AGENTS = frozenset({Role.BROKER, Role.RESIDENT})
"""Outside agents of a brokerage: they own leads and sign in with their phone."""

OUTSIDERS = AGENTS | {Role.VISITOR}
"""Everybody who is not the developer's staff: they sign in with their phone or WeChat, without a password."""

PHONE_STAFF = frozenset({Role.GATE, Role.CONSULTANT})
"""The developer's people on site: they use the phone pages, with an account name and a password."""

BACK_OFFICE = frozenset({Role.SECRETARY, Role.DIRECTOR, Role.ADMIN})
"""Those who may open the back office."""

DECIDERS = frozenset({Role.DIRECTOR, Role.ADMIN})
"""Those who settle collisions, rebind customers and mark deals (R7, R8, R9)."""

MANAGED_STAFF = frozenset({Role.CONSULTANT, Role.GATE, Role.SECRETARY, Role.DIRECTOR})
"""Those whose accounts the admin makes and archives (manual 6.3.h, 6.3.i)."""

STAFF_ROLES = (Role.SECRETARY, Role.DIRECTOR, Role.GATE)
"""The roles that the list of staff is about, in the order of the manual (6.3.i-1)."""


class Approval(StrEnum):
    """Where a resident stands with the director; brokers need no approval."""

    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


APPROVED = frozenset({Approval.NOT_NEEDED, Approval.APPROVED})
"""The approvals with which an agent may work."""
