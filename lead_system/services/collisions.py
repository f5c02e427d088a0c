"""撞单: brokers going for a customer whom another broker holds, and all that such a row is told (R7)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, union
from sqlalchemy.orm import InstrumentedAttribute

from lead_system.domain.identity import Key
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Collision,
    CollisionEvent,
    CollisionEventKind,
    CollisionKind,
    CollisionOutcome,
    CollisionState,
    Lead,
    LeadKey,
    WalkIn,
)
from lead_system.services import history, holds
from lead_system.services.lead_keys import has_key, has_name_and_phone, parameters_of
from lead_system.services.surroundings import HOLDER, VISITOR, Seen, see_others
from lead_system.services.transaction import LostRace, insert_unless_taken
from lead_system.statements import Statement


@dataclass(frozen=True)
class _Pair:
    """The two sides of a collision, and its kind: what the unique indexes tell open rows apart by."""

    kind: CollisionKind
    challenging_lead_id: int
    holding_lead_id: int | None = None
    visitor_id: int | None = None

    def opened(self, now: datetime) -> dict[str, object]:
        """Return the row that opens this collision."""
        return asdict(self) | {
            "state": CollisionState.OPEN,
            "opened_at": now,
            "last_event_at": now,
            "note": "",
        }

    def lock_open(self) -> Collision | None:
        """Lock the open row of this pair, and read it; None where there is none."""
        open_row = asdict(self) | {"state": CollisionState.OPEN}
        return db.session.scalar(select(Collision).filter_by(**open_row).with_for_update())


def note_challenge(
    lead: Lead, *kinds: CollisionEventKind, seen: Seen | None = None, actor: Account, now: datetime
) -> list[int]:
    """Write down that `lead` goes for a customer whom others hold; returns the leads that hold.

    Who they are is looked up, unless the caller has `seen` it in this transaction.

    Each holder gets one open collision with this lead, to which later events are added. So does a visitor
    who had come alone before the lead named them. What happens at once is noted in one look: a hold that
    began between two looks would know of the second event only.
    """
    if seen is None:
        seen = see_others(lead, now=now)
    newly_named = seen.get(VISITOR, set()) if CollisionEventKind.ENTERED in kinds else set()
    holders, _told = _tell_who_was_first(lead, kinds, seen, newly_named, actor=actor, now=now)
    return holders


def _tell_who_was_first(
    lead: Lead,
    kinds: Sequence[CollisionEventKind],
    seen: Seen,
    newly_named: set[int],
    *,
    actor: Account,
    now: datetime,
) -> tuple[list[int], set[int]]:
    """Add events to a lead's collisions with holders and walk-ins; returns the holders, and the rows.

    `newly_named` are the visitors whom it has not named before: only with them a walk-in may have come first,
    for what was entered before the walk-in never collides with it.

    Raises:
        LostRace: others hold now than when it was looked.
    """
    holders = holds.lock_other_holders(lead, seen[HOLDER], now=now) if HOLDER in seen else []
    held = [_Pair(CollisionKind.HELD, lead.id, holding_lead_id=holder) for holder in holders]
    told: set[int | None] = {_insert_or_join(pair, kinds, actor, now) for pair in held}
    for visitor_id in sorted(seen.get(VISITOR, ())):
        pair = _Pair(CollisionKind.WALK_IN_FIRST, lead.id, visitor_id=visitor_id)
        told.add(_note_walk_in(pair, kinds, actor, now, may_open=visitor_id in newly_named))
    rows = {row_id for row_id in told if row_id is not None}
    are_new = CollisionEventKind.ENTERED in kinds
    if rows and not are_new and holds.find_other_holders(lead, now=now) != holders:
        raise LostRace  # While a row's lock was waited for, somebody took a hold, and told that row.
    return holders, rows


def note_objection(lead: Lead, visitor: Account, *, words: str, now: datetime) -> None:
    """Write down that a visitor objects to having been reported by `lead`, in the visitor's own words."""
    pair = _Pair(CollisionKind.OBJECTION, lead.id, visitor_id=visitor.id)
    _insert_or_join(pair, (CollisionEventKind.OBJECTED,), visitor, now, words=words)


_WALKED_IN = Statement(select(WalkIn.visitor_id).where(has_name_and_phone(WalkIn)))


def _walked_in(keys: Sequence[Key]) -> set[int]:
    """Return the visitors whom the gate logged under a lead's name and one of its phones."""
    return {visitor_id for (visitor_id,) in _WALKED_IN.rows(parameters_of(keys))}


def _note_walk_in(
    pair: _Pair, kinds: Sequence[CollisionEventKind], actor: Account, now: datetime, *, may_open: bool
) -> int | None:
    """Ask the director once whether a walk-in came first: when a lead begins to name the person.

    Whatever the challenger does later joins the open row. A handled one stays handled.
    """
    if may_open:
        insert_unless_taken(Collision, [pair.opened(now)])
    row = pair.lock_open()
    if row is None:
        return None
    for kind in kinds:
        add_event(row, kind, actor=actor, now=now)
    return row.id


def note_correction(lead: Lead, keys_before: tuple[Key, ...], *, actor: Account, now: datetime) -> None:
    """Write down that an entry names another customer now, or the same one with other phones (R7).

    Those who hold that customer, or came alone before, get a collision. Open ones of the customer of before
    stay open, and are told too.
    """
    seen = see_others(lead, now=now)
    newly_named = seen.get(VISITOR, set()) - _walked_in(keys_before)
    _holders, told = _tell_who_was_first(
        lead, (CollisionEventKind.CORRECTED,), seen, newly_named, actor=actor, now=now
    )
    _tell_open(lead, Collision.id.not_in(told), CollisionEventKind.CORRECTED, actor=actor, now=now)


def note_withdrawal(lead: Lead, *, actor: Account, now: datetime) -> None:
    """Tell the open collisions of an entry that its broker took it back; they stay open (R2)."""
    _tell_open(lead, true(), CollisionEventKind.WITHDRAWN, actor=actor, now=now)


def _tell_open(
    lead: Lead, condition: ColumnElement[bool], kind: CollisionEventKind, *, actor: Account, now: datetime
) -> None:
    """Add an event to the open collisions in which a lead challenges and that fit a condition."""
    for row in lock_open(and_(Collision.challenging_lead_id == lead.id, condition)):
        add_event(row, kind, actor=actor, now=now)


def _insert_or_join(
    pair: _Pair, kinds: Sequence[CollisionEventKind], actor: Account, now: datetime, *, words: str = ""
) -> int:
    """Add events to the open collision of two sides, opening one where there is none; returns its id.

    Two threads may insert at once, and a director may handle the row between our look and our lock. The
    constraint lets one insert win, the lock makes the state certain, and whoever finds no open row begins
    again. A handled row is never joined.
    """
    row = None
    while row is None:
        insert_unless_taken(Collision, [pair.opened(now)])
        row = pair.lock_open()
    for kind in kinds:
        add_event(row, kind, actor=actor, now=now, words=words)
    return row.id


def add_event(
    row: Collision,
    kind: CollisionEventKind,
    *,
    actor: Account,
    now: datetime,
    changes: Mapping[str, object] | None = None,
    personal: Mapping[str, str] | None = None,
    words: str = "",
) -> None:
    """Write an event and its history record.

    `changes` is what the event changed of the row, `personal` the free text that belongs to it, and `words`
    what the actor said, which the event itself keeps too.
    """
    row.last_event_at = now
    db.session.add(CollisionEvent(collision_id=row.id, kind=kind, at=now, actor_id=actor.id, words=words))
    db.session.flush()
    is_visitors = row.visitor_id is not None
    holder = {"visitor": row.visitor_id} if is_visitors else {"holder": row.holding_lead_id}
    said = {"words": words} if words else {}
    history.record(
        actor,
        f"collision_{kind.value}",
        chain=f"collision:{row.id}",
        changes={"challenger": row.challenging_lead_id} | holder | dict(changes or {}),
        personal=dict(personal or {}) | said or None,
        now=now,
    )


def lock_open(condition: ColumnElement[bool]) -> list[Collision]:
    """Lock the open rows that fit a condition, in the order of their ids."""
    return list(db.session.scalars(_open_where(condition)))


def _open_where(condition: ColumnElement[bool]) -> Select[Collision]:
    return (
        select(Collision)
        .where(Collision.state == CollisionState.OPEN, condition)
        .order_by(Collision.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _where_side_has_key(side: InstrumentedAttribute[Any]) -> Select[int]:
    """Return the open collisions that have, on one side, a lead with one of the keys.

    Each side is looked up by its own index; asked for together, every open collision would be looked at.
    """
    joined = select(Collision.id).join(LeadKey, LeadKey.lead_id == side)
    return joined.where(has_key(LeadKey), Collision.state == CollisionState.OPEN)


_sides = (Collision.holding_lead_id, Collision.challenging_lead_id)
_OPEN_OF_CUSTOMER = Statement(
    _open_where(Collision.id.in_(union(*map(_where_side_has_key, _sides)))).with_only_columns(Collision.id)
)


def note_hold_taken(lead: Lead, kind: CollisionEventKind, *, actor: Account, now: datetime) -> None:
    """Tell every open collision of this customer that a new hold was taken, whichever side it was on.

    The caller has locked the customer (`lock_customers`).
    """
    told = [row_id for (row_id,) in _OPEN_OF_CUSTOMER.rows(parameters_of(lead.keys))]
    for row in lock_open(Collision.id.in_(told)) if told else ():
        add_event(row, kind, actor=actor, now=now)


def close_between(one: Lead, other: Lead, *, actor: Account, now: datetime) -> None:
    """Close the open collisions between two leads, either way round, because one was rebound to the other."""
    ids = (one.id, other.id)
    between = and_(Collision.holding_lead_id.in_(ids), Collision.challenging_lead_id.in_(ids))
    _close_as_rebound(between, actor=actor, now=now)


def close_all_of(lead: Lead, *, actor: Account, now: datetime) -> None:
    """Close every open collision of a lead that was merged into another by a rebind."""
    _close_as_rebound(_has_side(lead), actor=actor, now=now)


def _has_side(lead: Lead) -> ColumnElement[bool]:
    return or_(Collision.holding_lead_id == lead.id, Collision.challenging_lead_id == lead.id)


def _close_as_rebound(condition: ColumnElement[bool], *, actor: Account, now: datetime) -> None:
    for row in lock_open(condition):
        row.state = CollisionState.HANDLED
        row.handled_at = now
        row.outcome = CollisionOutcome.REBOUND
        changes = {"state": ["open", "handled"], "outcome": row.outcome.value}
        add_event(row, CollisionEventKind.CLOSED_AS_REBOUND, actor=actor, now=now, changes=changes)


def close_as_different(lead: Lead, *, reason: str, actor: Account, now: datetime) -> None:
    """Handle the open collisions of a lead that was declared another person, visitors' ones too (R4).

    Whoever declares it handles them, with the reason as the note, so that a person can open one again (R7).
    """
    for row in lock_open(_has_side(lead)):
        kind = CollisionEventKind.CLOSED_AS_DIFFERENT
        write_handling(row, CollisionOutcome.DIFFERENT_PEOPLE, kind, note=reason, actor=actor, now=now)


def note_same_person(lead: Lead, *, actor: Account, now: datetime) -> None:
    """Write down that a lead goes for a held customer since it is the same person after all (R4, R7).

    As after an entry: whoever holds the customer now gets a collision, and what is open of a walk-in is told.
    What the declaration had closed stays handled: no machine opens it again.
    """
    note_challenge(lead, CollisionEventKind.DECLARED_SAME, actor=actor, now=now)


def write_handling(
    row: Collision,
    outcome: CollisionOutcome,
    kind: CollisionEventKind,
    *,
    note: str,
    actor: Account,
    now: datetime,
) -> None:
    """Write into a locked open row that somebody handled it, and how, with an event of a kind."""
    row.state = CollisionState.HANDLED
    row.handled_at = now
    row.handled_by_id = actor.id
    row.outcome = outcome
    row.note = note
    changes = {"state": ["open", "handled"], "outcome": outcome.value}
    personal = {"note": note} if note else None
    add_event(row, kind, actor=actor, now=now, changes=changes, personal=personal)
