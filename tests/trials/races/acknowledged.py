"""Whether each acknowledged change is there once, with its history record, and nothing beside (R10, R13).

Three books are compared: the answers that the server keeps for repeats, the history, and the rows
themselves. What is in one and not in another was lost, or happened twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from lead_system.extensions import db
from lead_system.models import HandledRequest, HistoryRecord
from tests.trials.findings import Broken, Finding

Entry = tuple[str, str]
"""An action as the history calls it, and what it was done to."""


def _on_lead(*actions: str, key: str = "lead_id") -> Callable[[dict[str, Any]], list[Entry]]:
    return lambda answer: [(action, f"lead:{answer[key]}") for action in actions]


def _on_account(action: str) -> Callable[[dict[str, Any]], list[Entry]]:
    return lambda answer: [(action, f"account:{answer['account_id']}")]


def _scan(answer: dict[str, Any]) -> list[Entry]:
    if answer["outcome"] == "held":
        return [("scan_turned_away", f"lead:{answer['lead_id']}")]
    action = "bind_by_scan" if answer["outcome"] == "bound" else "visit_again"
    return [(action, f"scan {answer['scan_id']}")]


def _entry(answer: dict[str, Any]) -> list[Entry]:
    actions = ("enter_lead", "report_lead") if answer["reported"] else ("enter_lead",)
    return [(action, f"lead:{answer['lead_id']}") for action in actions]


def _rebind(answer: dict[str, Any]) -> list[Entry]:
    made = [("enter_lead", f"lead:{answer['to_lead_id']}")] if answer["lead_was_made"] else []
    away, here = f"lead:{answer['from_lead_id']}", f"lead:{answer['to_lead_id']}"
    return [("rebind_away", away), ("rebind_here", here), *made]


def _handling(answer: dict[str, Any]) -> list[Entry]:
    return [("collision_handled", f"collision:{number}") for number in answer["handled_ids"]]


def _own_phone(answer: dict[str, Any]) -> list[Entry]:
    return [] if answer["refusal"] else [("change_broker", f"account:{answer['account_id']}")]


def _change_of_protection(answer: dict[str, Any]) -> list[Entry]:
    return [("change_protection", f"{answer['days']} days")]


TOLD: dict[str, Callable[[dict[str, Any]], list[Entry]]] = {
    "confirm_scan": _scan,
    "enter_lead": _entry,
    "report_lead": _on_lead("report_lead"),
    "correct_entry": _on_lead("correct_entry"),
    "withdraw_entry": _on_lead("withdraw_entry"),
    "rebind_lead": _rebind,
    "mark_dealt": _on_lead("mark_dealt"),
    "mark_dealt_in_bulk": lambda answer: [("mark_dealt", f"lead:{number}") for number in answer["lead_ids"]],
    "undo_deal": _on_lead("undo_deal"),
    "extend_binding": _on_lead("extend_binding"),
    "pay_fee": lambda answer: [("pay_fee", f"fee {answer['fee_id']}")],
    "void_fee": lambda answer: [("void_fee", f"fee {answer['fee_id']}")],
    "handle_collisions": _handling,
    "reopen_collision": lambda answer: [("collision_reopened", f"collision:{answer['collision_id']}")],
    "approve_resident": _on_account("decide_resident"),
    "reject_resident": _on_account("decide_resident"),
    "archive_broker": _on_account("archive_account"),
    "archive_staff": _on_account("archive_account"),
    "archive_brokerage": lambda answer: [("archive_brokerage", f"brokerage:{answer['brokerage_id']}")],
    "change_broker": _on_account("change_broker"),
    "change_own_phone": _own_phone,
    "change_own_password": _on_account("change_own_password"),
    "change_protection": _change_of_protection,
    "log_walk_in": lambda answer: [("log_walk_in", f"walk-in {answer['walk_in_id']}")],
    "add_customer_type": lambda answer: [("add_customer_type", f"type {answer['type_id']}")],
    "open_plot": lambda answer: [("open_plot", f"plot:{answer['plot_id']}")],
}
"""Action of a kept answer → what the history must say of it, once."""

COMPARED = frozenset(
    {
        "add_customer_type",
        "archive_account",
        "archive_brokerage",
        "bind_by_scan",
        "change_broker",
        "change_own_password",
        "change_protection",
        "collision_handled",
        "collision_reopened",
        "correct_entry",
        "decide_resident",
        "enter_lead",
        "extend_binding",
        "log_walk_in",
        "mark_dealt",
        "open_plot",
        "pay_fee",
        "rebind_away",
        "rebind_here",
        "report_lead",
        "scan_turned_away",
        "undo_deal",
        "visit_again",
        "void_fee",
        "withdraw_entry",
    }
)
"""What the history may say of these only where somebody was answered so."""

_NAMED = {
    "bind_by_scan": ("scan", "scan"),
    "visit_again": ("scan", "scan"),
    "pay_fee": ("fee", "fee"),
    "void_fee": ("fee", "fee"),
    "log_walk_in": ("walk-in", "walk_in"),
    "add_customer_type": ("type", "customer_type"),
}
"""Records that are told apart by a number among their values: what it is called here, and there."""

ROWS = (
    ("a scan", ("bind_by_scan", "visit_again"), "scan", "SELECT id FROM gate_scans"),
    (
        "a binding by a scan",
        ("bind_by_scan",),
        "binding",
        "SELECT id FROM bindings WHERE scan_id IS NOT NULL",
    ),
    ("a rebind away", ("rebind_away",), "rebind", "SELECT id FROM rebinds"),
    (
        "a rebind here",
        ("rebind_here",),
        "rebind",
        "SELECT rebind_id FROM bindings WHERE rebind_id IS NOT NULL",
    ),
    ("a deal", ("mark_dealt",), "deal", "SELECT id FROM deals"),
    ("an undone deal", ("undo_deal",), "deal", "SELECT id FROM deals WHERE undone_at IS NOT NULL"),
    ("a fee", ("pay_fee",), "fee", "SELECT id FROM fees"),
    ("a void fee", ("void_fee",), "fee", "SELECT id FROM fees WHERE voided_at IS NOT NULL"),
    ("a walk-in", ("log_walk_in",), "walk_in", "SELECT id FROM walk_ins"),
    ("a merged lead", ("merge_lead",), "", "SELECT id FROM leads WHERE merged_into_id IS NOT NULL"),
    ("a lead", ("enter_lead",), "", "SELECT id FROM leads"),
    ("a report", ("report_lead", "report_on_behalf"), "", "SELECT lead_id FROM reports"),
    ("a withdrawn lead", ("withdraw_entry",), "", "SELECT id FROM leads WHERE status = 'withdrawn'"),
)
"""What lies in a table, the actions that wrote it, the value that names it ("" the lead), and its rows."""


def broken_books(app: Flask) -> Iterator[Finding]:
    """Yield what was acknowledged and not written, what was written unasked, and rows without a record."""
    with app.app_context():
        history = db.session.execute(
            select(HistoryRecord.action, HistoryRecord.chain, HistoryRecord.changes)
        ).all()
        asked = db.session.execute(select(HandledRequest.action, HandledRequest.answer)).all()
        told, written = _told(asked), _written(history)
        yield from _more(Broken.LOST, "acknowledged without its history record", told, written)
        yield from _more(Broken.DOUBLE, "a history record that nobody was answered for", written, told)
        for what, actions, name, rows in ROWS:
            found = Counter(str(number) for number in db.session.scalars(text(rows)))
            wrote = Counter(_number(r.chain, r.changes, name) for r in history if r.action in actions)
            yield from _rows_compared(what, found, wrote)
        events = Counter(
            (f"collision_{kind}", f"collision:{number}")
            for kind, number in db.session.execute(text("SELECT kind, collision_id FROM collision_events"))
        )
        yield from _rows_compared("an event of a collision", events, _chained(history, "collision_"))


def _number(chain: str, changes: dict[str, Any], name: str) -> str:
    return str(changes.get(name)) if name else chain.partition(":")[2]


def _told(asked: Iterable[Any]) -> Counter[Entry]:
    """Return what the history must say, by the answers that people were given."""
    told: Counter[Entry] = Counter()
    for action, kept in asked:
        answer = (kept or {}).get("answer")
        if answer is not None and action in TOLD:
            told.update(TOLD[action](answer))
    return told


def _written(history: Iterable[Any]) -> Counter[Entry]:
    """Return what the history does say of the same actions, in the same words."""
    return Counter(_entry_of(record) for record in history if record.action in COMPARED)


def _entry_of(record: Any) -> Entry:
    if record.action == "change_protection":
        return record.action, f"{record.changes['protection_days'][1]} days"
    if record.action in _NAMED:
        called, name = _NAMED[record.action]
        return record.action, f"{called} {record.changes.get(name)}"
    return record.action, record.chain


def _chained(history: Iterable[Any], prefix: str) -> Counter[Entry]:
    return Counter((r.action, r.chain) for r in history if r.action.startswith(prefix))


def _rows_compared(what: str, rows: Counter[Any], records: Counter[Any]) -> Iterator[Finding]:
    """Yield rows of which the history knows nothing, and records of rows that are not there.

    A second row of something that is recorded has happened twice; the first one has lost its record.
    """
    for entry, spare in (rows - records).items():
        broken = Broken.DOUBLE if records[entry] else Broken.LOST
        yield Finding(broken, f"{what} without its history record", f"  {entry} × {spare}")
    yield from _more(Broken.LOST, f"{what} is gone from its table", records, rows)


def _more(broken: Broken, what: str, one: Counter[Any], other: Counter[Any]) -> Iterator[Finding]:
    """Yield what one book has more often than the other."""
    for entry, times in (one - other).items():
        yield Finding(broken, what, f"  {entry} × {times}")
