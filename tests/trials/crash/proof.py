"""Compares what was acknowledged with what the database has, fact by fact.

A fact is a row, or a record of the history, that one action must leave exactly once. Only the load writes
into the database, so the facts there must be those of the acknowledged actions: any that is missing is lost,
and any that is there too often was done twice.
"""

from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.support.cast import Cast
from tests.trials.crash.journal import Action
from tests.trials.crash.looking import Eye

Fact = tuple[str, ...]

RECORDS = {
    "enter": ("enter_lead",),
    "withdraw": ("withdraw_entry",),
    "report": ("report_lead",),
    "handle": ("collision_handled",),
    "pay": ("pay_fee",),
    "view": ("record_viewing",),
    "extend": ("extend_binding",),
    "rebind": ("rebind_away",),
    "deal": ("mark_dealt",),
    "undo": ("undo_deal",),
}
"""The record of the history that each action leaves on the chain of what it is about."""

FACTS = {
    "enter": "SELECT id, broker_id FROM leads",
    "withdraw": "SELECT id FROM leads WHERE withdrawn_at IS NOT NULL",
    "report": "SELECT lead_id FROM reports WHERE lead_id IS NOT NULL",
    "scan": "SELECT lead_id, id FROM gate_scans",
    "handle": "SELECT id FROM collisions WHERE state = 'handled' AND handled_by_id IS NOT NULL",
    "pay": "SELECT lead_id FROM fees WHERE picture_id IS NOT NULL",
    "view": "SELECT lead_id FROM viewings",
    "extend": "SELECT lead_id FROM bindings WHERE extended_at IS NOT NULL",
    "rebind": "SELECT from_lead_id, to_lead_id FROM rebinds",
    "deal": "SELECT lead_id FROM deals",
    "undo": "SELECT lead_id FROM deals WHERE undone_at IS NOT NULL",
    "record": "SELECT chain, action FROM history",
    "answered": "SELECT asker, request_id FROM handled_requests WHERE asker LIKE 'account:%'",
}
"""What the database has of each kind of fact."""

SAYS_ONLY_WHAT_FOLLOWS = ("collision_reported", "collision_entered", "collision_hold_taken_by_deal",
                          "collision_hold_taken_by_rebind", "collision_hold_taken_by_scan",
                          "collision_closed_as_rebound", "collision_scanned")  # fmt: skip
"""Records that follow from an action on another chain; whether they are whole is asked below."""

RULES = {
    "a bound or dealt lead without one open binding": """
        SELECT l.id FROM leads l WHERE l.status IN ('bound', 'dealt') AND
        (SELECT count(*) FROM bindings b WHERE b.lead_id = l.id AND b.ended_at IS NULL) <> 1""",
    "a lead that holds other keys than its own": """
        SELECT l.id FROM leads l WHERE l.status IN ('bound', 'dealt') AND
        (SELECT count(*) FROM holds h JOIN lead_keys k ON k.lead_id = l.id AND k.phone = h.phone
            AND k.name_key = h.name_key WHERE h.lead_id = l.id)
        <> (SELECT count(*) FROM lead_keys k WHERE k.lead_id = l.id)""",
    "a hold without a bound or dealt lead": """
        SELECT h.id FROM holds h JOIN leads l ON l.id = h.lead_id WHERE l.status NOT IN ('bound', 'dealt')""",
    "a hold that ends at another moment than its lead": """
        SELECT h.id FROM holds h JOIN leads l ON l.id = h.lead_id
        WHERE l.status = 'bound' AND (h.ends_at IS NULL OR h.ends_at <> l.protect_until)""",
    "a deal whose hold still ends": """
        SELECT h.id FROM holds h JOIN leads l ON l.id = h.lead_id
        WHERE l.status = 'dealt' AND h.ends_at IS NOT NULL""",
    "a binding without its keys": """
        SELECT b.id FROM bindings b
        WHERE NOT EXISTS (SELECT 1 FROM binding_keys k WHERE k.binding_id = b.id)""",
    "a listed lead without a key": """
        SELECT l.id FROM leads l WHERE l.status <> 'withdrawn' AND l.merged_into_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM lead_keys k WHERE k.lead_id = l.id)""",
    "a withdrawn lead with a key": """
        SELECT l.id FROM leads l JOIN lead_keys k ON k.lead_id = l.id WHERE l.status = 'withdrawn'""",
    "a reported lead without a report": """
        SELECT l.id FROM leads l WHERE l.status NOT IN ('entered', 'withdrawn')
        AND NOT EXISTS (SELECT 1 FROM reports r WHERE r.lead_id = l.id)""",
    "a first scan without its binding": """
        SELECT s.id FROM gate_scans s WHERE NOT EXISTS (SELECT 1 FROM gate_scans e WHERE e.lead_id = s.lead_id
        AND e.id < s.id) AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.scan_id = s.id)""",
    "a rebind without its binding": """
        SELECT r.id FROM rebinds r WHERE NOT EXISTS (SELECT 1 FROM bindings b WHERE b.rebind_id = r.id)""",
    "a dealt lead without one standing deal": """
        SELECT l.id FROM leads l WHERE (l.status = 'dealt') <>
        ((SELECT count(*) FROM deals d WHERE d.lead_id = l.id AND d.undone_at IS NULL) = 1)""",
    "a collision without an event": """
        SELECT c.id FROM collisions c
        WHERE NOT EXISTS (SELECT 1 FROM collision_events e WHERE e.collision_id = c.id)""",
    "a collision whose events are not its records": """
        SELECT c.id FROM collisions c
        WHERE (SELECT count(*) FROM collision_events e WHERE e.collision_id = c.id)
        <> (SELECT count(*) FROM history h WHERE h.chain = 'collision:' || c.id)""",
    "a picture without a fee": """
        SELECT p.id FROM pictures p WHERE NOT EXISTS (SELECT 1 FROM fees f WHERE f.picture_id = p.id)""",
    "a record whose payload is gone": """
        SELECT h.id FROM history h WHERE h.payload_hash IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM history_payloads p WHERE p.record_id = h.id)""",
    "a claimed request without an answer": "SELECT id FROM handled_requests WHERE answer IS NULL",
}
"""What must never be half-written: each asks for the rows that are."""


def facts_of(action: Action, cast: Cast) -> list[Fact]:
    """Return the facts that an acknowledged action must have left, each once."""
    assert action.answer is not None
    about = action.about or action.answer.number
    asker = cast.ids[action.who]
    chain = f"{'collision' if action.what == 'handle' else 'lead'}:{about}"
    row = _ROWS.get(action.what, _about)(action, about, asker)
    records = [("record", chain, record) for record in RECORDS.get(action.what, ())]
    facts = [row, *records, ("answered", f"account:{asker}", action.request_id)]
    if action.what == "rebind":
        facts.append(("record", f"lead:{row[2]}", "rebind_here"))
    if "then_report" in action.fields:
        facts += [("report", str(about)), ("record", chain, "report_lead")]
    return facts


def _about(action: Action, about: int, _asker: int) -> Fact:
    return (action.what, str(about))


def _entered(action: Action, about: int, asker: int) -> Fact:
    return (action.what, str(about), str(asker))


def _scanned(action: Action, about: int, _asker: int) -> Fact:
    assert action.answer is not None
    return (action.what, str(about), str(action.answer.number))


def _rebound(action: Action, about: int, _asker: int) -> Fact:
    assert action.answer is not None
    (to,) = parse_qs(urlsplit(action.answer.location).query)["id"]
    return (action.what, str(about), to)


_ROWS: dict[str, Callable[[Action, int, int], Fact]] = {
    "enter": _entered,
    "scan": _scanned,
    "rebind": _rebound,
}


def expected(actions: list[Action], cast: Cast) -> Counter[Fact]:
    """Return the facts of all acknowledged actions; of a lead's scans the first binds it."""
    facts = Counter(fact for action in actions for fact in facts_of(action, cast))
    bound: set[int] = set()
    scans = sorted((a.answer.number, a.about) for a in actions if a.what == "scan" and a.answer is not None)
    for _, lead_id in scans:
        facts[("record", f"lead:{lead_id}", "visit_again" if lead_id in bound else "bind_by_scan")] += 1
        bound.add(lead_id)
    return facts


def found(eye: Eye) -> Counter[Fact]:
    """Return the facts that the database has."""
    facts = Counter(
        (kind, *map(str, row)) for kind, statement in FACTS.items() for row in eye.rows(statement)
    )
    return Counter({f: n for f, n in facts.items() if f[-1] not in SAYS_ONLY_WHAT_FOLLOWS})


def half_written(eye: Eye, kind: str) -> list[str]:
    """Return what is half-written, or damaged in the file itself."""
    broken = [f"{name}: {rows[:5]}" for name, rule in RULES.items() if (rows := eye.rows(rule))]
    if kind == "sqlite":
        sound = {"integrity_check": [("ok",)], "foreign_key_check": []}
        broken += [f"{name} fails" for name, good in sound.items() if eye.rows(f"PRAGMA {name}") != good]
    return broken
