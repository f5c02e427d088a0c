"""What is worth trying now: which operations stand in each other's way, and which could succeed at all."""

from datetime import datetime

from tests.model.reference.world import World

BROKERS_VERBS = ("enter", "enter", "enter", "report", "report", "report", "correct", "withdraw")
VISIT_VERBS = ("scan", "scan", "scan", "scan", "read_code", "view", "follow_up", "walk_in", "object")
OFFICE_VERBS = ("deal", "deal", "deal_in_bulk", "undo_deal", "rebind", "rebind", "extend", "pay", "void")
DESK_VERBS = ("handle", "handle", "reopen", "reopen", "rebind", "deal", "undo_deal")
HOUSE_VERBS = (
    *("change_protection", "change_protection", "change_protection", "move_broker", "move_broker"),
    *("approve", "approve", "reject", "change_own_brokerage", "change_own_brokerage"),
    *("archive_broker", "archive_staff", "archive_brokerage"),
)
RACING_VERBS = (
    *("scan", "scan", "scan", "report", "report", "enter", "correct", "withdraw", "read_code", "view"),
    *("deal", "undo_deal", "rebind", "rebind", "extend", "handle", "reopen", "pay", "void", "walk_in"),
    *("change_protection", "archive_broker", "archive_brokerage", "archive_staff", "deal_in_bulk", "object"),
    *("change_own_brokerage", "approve", "move_broker"),
)
DUELS = (
    ("scan", "scan"),
    ("scan", "report"),
    ("scan", "rebind"),
    ("scan", "deal"),
    ("scan", "undo_deal"),
    ("scan", "enter"),
    ("scan", "correct"),
    ("scan", "change_protection"),
    ("scan", "archive_broker"),
    ("scan", "archive_brokerage"),
    ("scan", "archive_staff"),
    ("scan", "handle"),
    ("report", "report"),
    ("report", "withdraw"),
    ("report", "handle"),
    ("report", "reopen"),
    ("report", "object"),
    ("report", "change_own_brokerage"),
    ("enter", "enter"),
    ("enter", "correct"),
    ("enter", "walk_in"),
    ("enter", "rebind"),
    ("correct", "withdraw"),
    ("rebind", "rebind"),
    ("rebind", "deal"),
    ("rebind", "extend"),
    ("rebind", "report"),
    ("rebind", "archive_broker"),
    ("rebind", "change_protection"),
    ("extend", "change_protection"),
    ("extend", "deal"),
    ("deal", "deal_in_bulk"),
    ("deal", "undo_deal"),
    ("handle", "handle"),
    ("handle", "reopen"),
    ("void", "void"),
    ("pay", "rebind"),
    ("view", "rebind"),
    ("walk_in", "walk_in"),
)
"""Pairs that stand in each other's way."""

_WANT: dict[str, tuple[str, ...]] = {
    "report": ("entered", "reported", "bound", "expired"),
    "correct": ("entered",),
    "withdraw": ("entered",),
    "read_code": ("reported", "bound", "expired", "dealt"),
    "scan": ("reported", "bound", "expired", "dealt"),
    "view": ("bound", "dealt"),
    "follow_up": ("bound", "dealt"),
    "object": ("reported", "bound"),
    "deal": ("bound", "expired"),
    "deal_in_bulk": ("bound",),
    "undo_deal": ("dealt",),
    "rebind": ("bound",),
    "extend": ("bound",),
    "pay": ("bound", "dealt", "expired"),
}
"""The statuses of which there should be a lead, for an operation to be worth trying."""


def is_promising(world: World, now: datetime, verb: str) -> bool:
    """Whether there is anything now that an operation may succeed with."""
    rows = [row.open for rows in world.collisions.values() for row in rows]
    if verb == "handle":
        return True in rows
    if verb == "reopen":
        return False in rows
    if verb == "void":
        return any(not fee.void for fee in world.fees.values())
    if verb in ("approve", "reject"):
        return any(person.approval in ("pending", "rejected") for person in world.people.values())
    wanted = _WANT.get(verb)
    return wanted is None or any(lead.status(now) in wanted for lead in world.leads.values())


def promising_duels(world: World, now: datetime) -> list[tuple[str, str]]:
    """Return the duels of which both sides may succeed."""
    return [duel for duel in DUELS if all(is_promising(world, now, verb) for verb in duel)]


def may_be_tried(world: World, verb: str) -> bool:
    """Whether there is anything yet that an operation could be about."""
    if verb in ("handle", "reopen"):
        return bool(world.collisions)
    if verb == "void":
        return bool(world.fees)
    return bool(world.leads) or verb not in _WANT
