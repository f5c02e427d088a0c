"""The steps by which brokers came to a customer, made from history records alone (B1).

A record may be several steps: a scan that binds is a scan, a binding and the choice of a consultant. An
expiry is no record: it is derived from the records of the binding, and stored nowhere (R6). What a step's
sentence says follows from its kind and its values, in whatever language it is told (`web/step_rules.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from lead_system.domain.holding import Ending, Period, periods_of
from lead_system.domain.records import Record, in_order


class StepKind(StrEnum):
    """What a step is; the names are stable, evidence files contain them."""

    ENTERED = "entered"
    CORRECTED = "corrected"
    WISHES_CHANGED = "wishes_changed"
    WITHDRAWN = "withdrawn"
    REPORTED = "reported"
    REPORTED_ON_BEHALF = "reported_on_behalf"
    CODE_MADE = "code_made"
    SCANNED = "scanned"
    TURNED_AWAY = "turned_away"
    BOUND = "bound"
    VISITED_AGAIN = "visited_again"
    CONSULTANT_ASSIGNED = "consultant_assigned"
    VIEWED = "viewed"
    GRADED = "graded"
    FOLLOWED_UP = "followed_up"
    FEE_PAID = "fee_paid"
    FEE_VOIDED = "fee_voided"
    COLLISION_OPENED = "collision_opened"
    COLLISION_JOINED = "collision_joined"
    COLLISION_HANDLED = "collision_handled"
    COLLISION_CLOSED = "collision_closed"
    COLLISION_REOPENED = "collision_reopened"
    COLLISION_OF_TWO_PEOPLE = "collision_of_two_people"
    TOLD_APART = "told_apart"
    SAME_AFTER_ALL = "same_after_all"
    REBOUND_AWAY = "rebound_away"
    REBOUND_HERE = "rebound_here"
    MERGED = "merged"
    EXTENDED = "extended"
    PROTECTION_CHANGED = "protection_changed"
    EXPIRED = "expired"
    WILL_EXPIRE = "will_expire"
    DEALT = "dealt"
    UNDONE = "undone"
    WALKED_IN = "walked_in"
    ANONYMISED = "anonymised"
    EVIDENCE_MADE = "evidence_made"
    OTHER = "other"
    """A record of a kind that is not told here; its action is a value."""


COLLISION_STEPS = frozenset(
    {
        StepKind.COLLISION_OPENED,
        StepKind.COLLISION_JOINED,
        StepKind.COLLISION_HANDLED,
        StepKind.COLLISION_CLOSED,
        StepKind.COLLISION_REOPENED,
        StepKind.COLLISION_OF_TWO_PEOPLE,
    }
)
REBIND_STEPS = frozenset({StepKind.REBOUND_AWAY, StepKind.REBOUND_HERE})
_VISITS = frozenset({StepKind.SCANNED, StepKind.VISITED_AGAIN})


@dataclass(frozen=True)
class Step:
    """One thing that happened, at an exact moment.

    `record_id` is the record that shows it, None where it is derived. `lead_id` is the lead that did it or
    that it happened to, None for a walk-in; `other_leads` are the others concerned. `broker_id` is that
    lead's broker and `brokerage_id` the brokerage to which the broker belonged at that moment. `values` are
    plain JSON values by stable names, mostly those of the record; `personal` are names, digits and words.
    """

    kind: StepKind
    at: datetime
    record_id: int | None
    actor_id: int | None = None
    actor_role: str = ""
    lead_id: int | None = None
    other_leads: tuple[int, ...] = ()
    broker_id: int | None = None
    brokerage_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_derived(self) -> bool:
        """Whether it follows from the records without being one."""
        return self.record_id is None

    @property
    def scan_id(self) -> int | None:
        """The confirmed visit that it is, which has a slip; None for every other step."""
        return self.values.get("scan") if self.kind in _VISITS else None

    @property
    def leads(self) -> tuple[int, ...]:
        """All leads that it is about."""
        return (() if self.lead_id is None else (self.lead_id,)) + self.other_leads


@dataclass(frozen=True)
class Belonging:
    """To whom leads belong, and brokers: each lead's broker, and a broker's brokerage at a moment."""

    broker_of: Mapping[int, int]
    brokerage_at: Callable[[int, datetime], int | None]


class _Told(NamedTuple):
    """What a record says beyond itself: a step's kind, its values, and further leads that it is about."""

    kind: StepKind
    values: Mapping[str, Any]
    others: tuple[int, ...] = ()
    has_words: bool = True
    """Whether the personal values of the record belong to this step."""


def steps_of(records: Iterable[Record], belonging: Belonging, *, now: datetime) -> list[Step]:
    """Return all steps of one customer, oldest first; what has still to come stands last."""
    ordered = in_order(records)
    openings = _openings(ordered)
    placed = [
        (step, (step.at, record.id, place))
        for record in ordered
        for place, step in enumerate(_steps_of_record(record, openings, belonging))
    ]
    placed += [
        (_expiry(period, ends, belonging, now), (ends, period.term_in, _AFTER_ALL))
        for period, ends in _expiries(ordered)
    ]
    return [step for step, _place in sorted(placed, key=lambda one: one[1])]


_AFTER_ALL = 99
"""An end that a record moved to its own moment comes after what that record itself tells."""


def _steps_of_record(record: Record, openings: Mapping[str, Record], belonging: Belonging) -> list[Step]:
    if record.chain.startswith(_COLLISION):
        return [_step(record, _told_of_collision(record, openings[record.chain]), belonging)]
    tell = _TELLS.get(record.action)
    told = tell(record) if tell else [_Told(StepKind.OTHER, {"action": record.action})]
    return [_step(record, one, belonging) for one in told]


def _step(record: Record, told: _Told, belonging: Belonging) -> Step:
    lead_id = record.changes.get("challenger", record.lead_id)
    broker_id = belonging.broker_of.get(lead_id) if lead_id is not None else None
    return Step(
        told.kind,
        record.at,
        record.id,
        record.actor_id,
        record.actor_role,
        lead_id,
        told.others,
        broker_id,
        _brokerage_then(record, broker_id, belonging),
        told.values,
        record.personal if told.has_words else {},
    )


def _brokerage_then(record: Record, broker_id: int | None, belonging: Belonging) -> int | None:
    """Return the brokerage of a lead's broker at a record: as it says, or as the broker's own changes do."""
    if broker_id is None:
        return None
    said = record.changes.get("brokerage")
    return said if isinstance(said, int) else belonging.brokerage_at(broker_id, record.at)


def _expiries(records: Iterable[Record]) -> list[tuple[Period, datetime]]:
    """Return the periods that end with their protection, because nothing ended them before; and when."""
    periods = periods_of(records)
    return [(one, one.ends) for one in periods if one.ends is not None and one.ended_by is Ending.EXPIRY]


def _expiry(period: Period, ends: datetime, belonging: Belonging, now: datetime) -> Step:
    """Return the end of a protection that nothing ended before; one in the future is only announced."""
    broker_id = belonging.broker_of.get(period.lead_id)
    return Step(
        StepKind.EXPIRED if ends <= now else StepKind.WILL_EXPIRE,
        ends,
        None,
        lead_id=period.lead_id,
        broker_id=broker_id,
        brokerage_id=belonging.brokerage_at(broker_id, min(ends, now)) if broker_id else None,
        values={
            "bound_at": period.begins.isoformat(),
            "bound_in": period.began_in,
            "days": period.days,
            "term": period.term.value,
            "term_at": period.term_at.isoformat(),
            "term_in": period.term_in,
        },
    )


# What the records of a lead tell.


def _as(kind: StepKind) -> Callable[[Record], list[_Told]]:
    return lambda record: [_Told(kind, record.changes)]


def _reported(record: Record) -> list[_Told]:
    told = [_Told(StepKind.REPORTED, record.changes)]
    return told + _code(record)


def _on_behalf(record: Record) -> list[_Told]:
    return [_Told(StepKind.REPORTED_ON_BEHALF, record.changes), *_code(record)]


def _code(record: Record) -> list[_Told]:
    """Say that the visit code was made: by the first report, which is the one of an entered lead (R3)."""
    is_first = record.changes["status"][0] == "entered"
    return [_Told(StepKind.CODE_MADE, {}, has_words=False)] if is_first else []


def _bound(record: Record) -> list[_Told]:
    return [
        _Told(StepKind.SCANNED, {"scan": record.changes["scan"]}),
        _Told(StepKind.BOUND, record.changes),
        _Told(StepKind.CONSULTANT_ASSIGNED, {"consultant": [None, record.changes["consultant"]]}),
    ]


def _visited(record: Record) -> list[_Told]:
    told = [_Told(StepKind.VISITED_AGAIN, record.changes)]
    if "consultant" in record.changes:
        told.append(_Told(StepKind.CONSULTANT_ASSIGNED, {"consultant": record.changes["consultant"]}))
    return told


def _turned_away(record: Record) -> list[_Told]:
    values = {"outcome": "held_by_another"} | dict(record.changes)  # Older records keep no other refusal.
    return [_Told(StepKind.TURNED_AWAY, values, tuple(record.changes["held_by"]))]


def _viewed(record: Record) -> list[_Told]:
    graded = {"viewing": record.changes["viewing"], "intent": record.changes["intent"]}
    return [_Told(StepKind.VIEWED, record.changes), _Told(StepKind.GRADED, graded)]


def _rebound_away(record: Record) -> list[_Told]:
    return [_Told(StepKind.REBOUND_AWAY, record.changes, (record.changes["to_lead"],))]


def _rebound_here(record: Record) -> list[_Told]:
    told = [_Told(StepKind.REBOUND_HERE, record.changes, (record.changes["from_lead"],))]
    if "consultant_id" in record.changes:
        taken = {"consultant": record.changes["consultant_id"], "by_rebind": True}
        told.append(_Told(StepKind.CONSULTANT_ASSIGNED, taken, has_words=False))
    return told


def _merged(record: Record) -> list[_Told]:
    return [_Told(StepKind.MERGED, record.changes, (record.changes["merged_into"][1],))]


def _assigned(record: Record) -> list[_Told]:
    kind = StepKind.CONSULTANT_ASSIGNED if "consultant" in record.changes else StepKind.WISHES_CHANGED
    return [_Told(kind, dict(record.changes) | {"handed_over": True})]


_TELLS: dict[str, Callable[[Record], list[_Told]]] = {
    "enter_lead": _as(StepKind.ENTERED),
    "correct_entry": _as(StepKind.CORRECTED),
    "change_wishes": _as(StepKind.WISHES_CHANGED),
    "withdraw_entry": _as(StepKind.WITHDRAWN),
    "report_lead": _reported,
    "report_on_behalf": _on_behalf,
    "bind_by_scan": _bound,
    "visit_again": _visited,
    "scan_turned_away": _turned_away,
    "record_viewing": _viewed,
    "add_follow_up": _as(StepKind.FOLLOWED_UP),
    "pay_fee": _as(StepKind.FEE_PAID),
    "void_fee": _as(StepKind.FEE_VOIDED),
    "rebind_away": _rebound_away,
    "rebind_here": _rebound_here,
    "merge_lead": _merged,
    "extend_binding": _as(StepKind.EXTENDED),
    "reset_protection": _as(StepKind.PROTECTION_CHANGED),
    "mark_dealt": _as(StepKind.DEALT),
    "undo_deal": _as(StepKind.UNDONE),
    "log_walk_in": _as(StepKind.WALKED_IN),
    "assign_consultant": _assigned,
    "declare_another_person": _as(StepKind.TOLD_APART),
    "declare_same_person": _as(StepKind.SAME_AFTER_ALL),
    "anonymise": _as(StepKind.ANONYMISED),
    "make_evidence": _as(StepKind.EVIDENCE_MADE),
}


# What the records of a collision tell.

_COLLISION = "collision:"
_ENDS_OF_COLLISION = {
    "collision_handled": StepKind.COLLISION_HANDLED,
    "collision_closed_as_rebound": StepKind.COLLISION_CLOSED,
    "collision_reopened": StepKind.COLLISION_REOPENED,
    "collision_closed_as_different": StepKind.COLLISION_OF_TWO_PEOPLE,
    "anonymise": StepKind.ANONYMISED,
}


def _openings(ordered: Iterable[Record]) -> dict[str, Record]:
    """Return the first record of each collision, which opened it."""
    openings: dict[str, Record] = {}
    for record in ordered:
        if record.chain.startswith(_COLLISION):
            openings.setdefault(record.chain, record)
    return openings


def _told_of_collision(record: Record, opening: Record) -> _Told:
    """Say what a record did to a collision; the first event of one opened it (R7)."""
    joined = StepKind.COLLISION_OPENED if record.id == opening.id else StepKind.COLLISION_JOINED
    values = {
        "collision": int(record.chain.removeprefix(_COLLISION)),
        "collision_kind": _kind_of_collision(opening),
        "event": record.action.removeprefix("collision_"),
    }
    holder = record.changes.get("holder")
    others = () if holder is None else (holder,)
    return _Told(_ENDS_OF_COLLISION.get(record.action, joined), dict(record.changes) | values, others)


def _kind_of_collision(opening: Record) -> str:
    """Return which kind a collision is of, as the table calls it: its first record shows it."""
    if opening.changes.get("holder") is not None:
        return "held"
    return "objection" if opening.action == "collision_objected" else "walk_in_first"
