"""What is worth trying now: which operations stand in each other's way, and which could succeed at all."""

from collections.abc import Callable
from datetime import datetime

from tests.model.pool import having
from tests.model.reference.world import World

BROKERS_VERBS = ("enter", "enter", "enter", "enter", "report", "report", "report", "correct", "withdraw")
VISIT_VERBS = ("scan", "scan", "scan", "scan", "read_code", "view", "follow_up", "walk_in", "object")
OFFICE_VERBS = (
    "deal",
    "deal",
    "deal_in_bulk",
    "undo_deal",
    "rebind",
    "rebind",
    "extend",
    "pay",
    "void",
    "tell_apart",
    "take_back",
)
DESK_VERBS = ("handle", "handle", "reopen", "reopen", "rebind", "deal", "undo_deal")
HOUSE_VERBS = (
    *(("change_protection",) * 6),
    *(("approve", "reject", "reject", "move_broker", "change_own_brokerage") * 2),
    *("archive_broker", "archive_staff", "archive_brokerage"),
)
RACING_VERBS = (
    *(("scan", "report", "enter", "rebind", "deal") * 4),
    *(("correct", "withdraw", "read_code", "view", "undo_deal", "extend", "handle", "reopen") * 2),
    *("tell_apart", "tell_apart", "take_back"),
    *("pay", "void", "walk_in", "change_protection", "deal_in_bulk", "object", "follow_up"),
    *("change_own_brokerage", "approve", "move_broker", "archive_broker", "archive_staff"),
)
DUELS = (
    ("scan", "scan"),
    ("scan", "report"),
    ("scan", "rebind"),
    ("scan", "deal"),
    ("scan", "undo_deal"),
    ("scan", "enter"),
    ("scan", "correct"),
    ("scan", "withdraw"),
    ("scan", "change_protection"),
    ("scan", "archive_broker"),
    ("scan", "archive_brokerage"),
    ("scan", "archive_staff"),
    ("scan", "handle"),
    ("scan", "object"),
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
    ("rebind", "correct"),
    ("rebind", "withdraw"),
    ("rebind", "object"),
    ("rebind", "archive_broker"),
    ("rebind", "change_protection"),
    ("extend", "change_protection"),
    ("extend", "deal"),
    ("deal", "deal_in_bulk"),
    ("deal", "undo_deal"),
    ("tell_apart", "tell_apart"),
    ("tell_apart", "scan"),
    ("tell_apart", "correct"),
    ("tell_apart", "enter"),
    ("tell_apart", "rebind"),
    ("tell_apart", "handle"),
    ("take_back", "scan"),
    ("take_back", "report"),
    ("take_back", "rebind"),
    ("take_back", "enter"),
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
    "deal": ("bound", "expired"),
    "deal_in_bulk": ("bound",),
    "undo_deal": ("dealt",),
    "rebind": ("bound",),
    "extend": ("bound",),
    "tell_apart": ("entered", "reported", "expired"),
}
"""The statuses of which there should be a lead, for an operation to be worth trying."""


_MAY_SUCCEED: dict[str, Callable[[World], bool]] = {
    "handle": lambda world: any(row.open for rows in world.collisions.values() for row in rows),
    "reopen": lambda world: any(not row.open for rows in world.collisions.values() for row in rows),
    "void": lambda world: any(not fee.void for fee in world.fees.values()),
    "approve": lambda world: any(one.approval in ("pending", "rejected") for one in world.people.values()),
    "reject": lambda world: any(one.approval == "pending" for one in world.people.values()),
    "object": lambda world: any(world.reports_naming(who) for who in having("visitor")),
    "take_back": lambda world: any(lead.person for lead in world.leads.values()),
    "pay": lambda world: any(lead.scans for lead in world.leads.values()),
}
"""What there should be, for the other operations to be worth trying."""


def is_promising(world: World, now: datetime, verb: str) -> bool:
    """Whether there is anything now that an operation may succeed with."""
    if verb in _MAY_SUCCEED:
        return _MAY_SUCCEED[verb](world)
    return verb not in _WANT or any(lead.status(now) in _WANT[verb] for lead in world.leads.values())


def promising_duels(world: World, now: datetime) -> list[tuple[str, str]]:
    """Return the duels of which both sides may succeed."""
    return [duel for duel in DUELS if all(is_promising(world, now, verb) for verb in duel)]


def may_be_tried(world: World, verb: str) -> bool:
    """Whether there is anything yet that an operation could be about."""
    if verb in ("handle", "reopen"):
        return bool(world.collisions)
    if verb == "void":
        return bool(world.fees)
    return bool(world.leads) or verb not in (*_WANT, "pay", "take_back")
