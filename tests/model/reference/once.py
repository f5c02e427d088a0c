"""R12, R13: who may ask at all, and that a request acts once. The one door into the model."""

from collections.abc import Callable

from tests.model.reference import brokers, collisions, office, people, persons, visits
from tests.model.reference.world import No, Operation, Outcome, World

AGENTS = frozenset({"broker", "resident"})
DECIDERS = frozenset({"director", "admin"})
ADMIN = frozenset({"admin"})
GATE = frozenset({"gate"})
CONSULTANT = frozenset({"consultant"})
SECRETARY = frozenset({"secretary"})
VISITOR = frozenset({"visitor"})

VERBS: dict[str, tuple[frozenset[str], Callable[[World, Operation], Outcome]]] = {
    "enter": (AGENTS, brokers.enter),
    "report": (AGENTS, brokers.report),
    "correct": (AGENTS, brokers.correct),
    "withdraw": (AGENTS, brokers.withdraw),
    "read_code": (GATE, visits.read_code),
    "scan": (GATE, visits.scan),
    "walk_in": (GATE, visits.walk_in),
    "view": (CONSULTANT, visits.view),
    "follow_up": (CONSULTANT, visits.follow_up),
    "object": (VISITOR, collisions.object_to_reports),
    "handle": (DECIDERS, collisions.handle),
    "reopen": (DECIDERS, collisions.reopen),
    "deal": (DECIDERS, office.deal),
    "deal_in_bulk": (DECIDERS, office.deal_in_bulk),
    "undo_deal": (DECIDERS, office.undo_deal),
    "rebind": (DECIDERS, office.rebind),
    "extend": (DECIDERS, office.extend),
    "tell_apart": (DECIDERS, persons.tell_apart),
    "take_back": (DECIDERS, persons.take_back),
    "pay": (SECRETARY, office.pay),
    "void": (SECRETARY, office.void),
    "archive_broker": (DECIDERS, people.archive_broker),
    "archive_staff": (ADMIN, people.archive_staff),
    "archive_brokerage": (DECIDERS, people.archive_brokerage),
    "approve": (DECIDERS, people.approve),
    "reject": (DECIDERS, people.reject),
    "move_broker": (DECIDERS, people.move_broker),
    "change_own_brokerage": (AGENTS, people.change_own_brokerage),
    "change_protection": (ADMIN, people.change_protection),
}
"""Every operation: who may ask for it, and what happens then."""

FORGOTTEN = frozenset(
    {
        "another_visit_unconfirmed",
        "standing_in_unconfirmed",
        "name_missing",
        "phone_full_number",
        "phone_incomplete",
        "phones_equal",
        "reason_missing",
        "protection_days_wrong",
    }
)
"""Questions write nothing, and what was typed wrong is not remembered: their request ids are free again."""


def perform(world: World, op: Operation) -> Outcome:
    """Let an operation happen to the world, or be refused and leave it as it was."""
    roles, act = VERBS[op.verb]
    person = world.people[op.who]
    if person.archived:
        return Outcome("account_closed")
    if person.role not in roles:
        return Outcome("forbidden")
    wanted = dict(op.wanted)
    known = world.answered.get((op.who, op.verb, op.request))
    if known is not None:
        return known[1] if known[0] == wanted else Outcome("request_reused")
    try:
        outcome = act(world, op)
    except No as no:
        outcome = Outcome(no.code, no.names)
    if outcome.refusal not in FORGOTTEN:
        world.answered[op.who, op.verb, op.request] = (wanted, outcome)
    return outcome
