"""Compares what was acknowledged with what the database has, fact by fact.

A fact is a row, or a record of the history, that one action must leave exactly once. Only the load writes
into the database, so the facts there must be those of the acknowledged actions: any that is missing is lost,
and any that is there too often was done twice.
"""

from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from lead_system.clock import now
from tests.support.cast import Cast
from tests.trials.centre import Centre
from tests.trials.crash.journal import Action
from tests.trials.crash.looking import Eye
from tests.trials.invariants import broken_invariants

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


def half_written(centre: Centre) -> list[str]:
    """Return what is half-written, or damaged in the file itself."""
    broken = [str(finding) for finding in broken_invariants(centre.app, now())]
    if centre.kind == "sqlite":
        eye = Eye(centre.database)
        sound = {"integrity_check": [("ok",)], "foreign_key_check": []}
        broken += [f"{name} fails" for name, good in sound.items() if eye.rows(f"PRAGMA {name}") != good]
    return broken
