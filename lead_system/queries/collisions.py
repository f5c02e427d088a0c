"""撞单 as they are seen: one list, its tabs, and the number beside the menu entry, which all agree (R7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.flag_rules import Flag
from lead_system.extensions import db
from lead_system.models import Account, Collision, CollisionEvent, CollisionState, Lead
from lead_system.queries import scope
from lead_system.queries.matching import (
    contains,
    has_account_phone_part,
    is_number,
    is_within,
)
from lead_system.queries.names import has_name_part
from lead_system.queries.phones import has_phone_part

_BOTH_SIDES = (
    selectinload(Collision.holding_lead).selectinload(Lead.broker),
    selectinload(Collision.visitor),
    selectinload(Collision.challenging_lead).selectinload(Lead.broker),
    selectinload(Collision.handled_by),
)


@dataclass(frozen=True)
class CollisionSearch:
    """What the list of collisions is narrowed to; `number` and `broker` may be of either side."""

    state: CollisionState | None = None
    name: str = ""
    phone: str = ""
    number: str = ""
    broker: str = ""
    first_day: date | None = None
    last_day: date | None = None


class ListedCollision(NamedTuple):
    """A collision as a list shows it, the number of its events, and flags by the number of a lead."""

    collision: Collision
    events: int
    flags: Mapping[int, tuple[Flag, ...]] = MappingProxyType({})

    @property
    def id(self) -> int:
        """The number of the collision."""
        return self.collision.id


def _is_about(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the lead of one side fits a condition on leads."""
    leads = select(Lead.id).where(condition)
    return or_(Collision.holding_lead_id.in_(leads), Collision.challenging_lead_id.in_(leads))


def _conditions_of(search: CollisionSearch) -> list[ColumnElement[bool]]:
    broker = aliased(Account)
    conditions = [is_within(Collision.opened_at, search.first_day, search.last_day)]
    if search.name.strip():
        conditions.append(_is_about(has_name_part(search.name)))
    if search.phone.strip():
        conditions.append(_is_about(has_phone_part(search.phone)))
    if search.number.strip():
        conditions.append(_is_about(is_number(Lead.id, search.number)))
    if search.broker.strip():
        named = select(broker.id).where(
            or_(contains(broker.name, search.broker), has_account_phone_part(broker.phone, search.broker))
        )
        conditions.append(_is_about(Lead.broker_id.in_(named)))
    return conditions


def collisions_found(actor: Account, search: CollisionSearch) -> Select[Collision]:
    """Return the collisions that somebody may see and that fit a search, the latest event first."""
    in_tab = [] if search.state is None else [Collision.state == search.state]
    return (
        select(Collision)
        .where(scope.visible_collisions(actor), *in_tab, *_conditions_of(search))
        .options(*_BOTH_SIDES)
        .order_by(Collision.last_event_at.desc(), Collision.id.desc())
    )


def tab_counts(actor: Account, search: CollisionSearch) -> dict[CollisionState | None, int]:
    """Return how many rows each tab has under a search; None is the tab "all"."""
    everywhere = collisions_found(actor, replace(search, state=None)).order_by(None).options()
    rows = db.session.execute(
        everywhere.with_only_columns(Collision.state, func.count(), maintain_column_froms=True).group_by(
            Collision.state
        )
    )
    found: dict[CollisionState, int] = dict(rows.all())
    counts: dict[CollisionState | None, int] = {state: found.get(state, 0) for state in CollisionState}
    return counts | {None: sum(counts.values())}


def counted_open(actor: Account) -> Select[int]:
    """Return the question for the number beside the menu entry: the rows of the default tab, no search."""
    is_open = Collision.state == CollisionState.OPEN
    return select(func.count()).select_from(Collision).where(scope.visible_collisions(actor), is_open)


def open_count(actor: Account) -> int:
    """Return the number beside the menu entry."""
    return db.session.execute(counted_open(actor)).scalar_one()


def with_events(collisions: Sequence[Collision]) -> list[ListedCollision]:
    """Return collisions with how many events each has, looked up once for all."""
    rows = db.session.execute(
        select(CollisionEvent.collision_id, func.count())
        .where(CollisionEvent.collision_id.in_([row.id for row in collisions]))
        .group_by(CollisionEvent.collision_id)
    )
    counts: dict[int, int] = dict(rows.all())
    return [ListedCollision(row, counts.get(row.id, 0)) for row in collisions]


def get_collision(actor: Account, collision_id: int) -> Collision:
    """Return a collision that somebody may see, with its events and who caused them.

    Raises:
        Refused: NOT_FOUND.
    """
    found = select(Collision).where(Collision.id == collision_id, scope.visible_collisions(actor))
    events = selectinload(Collision.events).selectinload(CollisionEvent.actor)
    row = db.session.scalar(found.options(*_BOTH_SIDES, events))
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return row


def get_collisions(actor: Account, ids: Sequence[int]) -> list[Collision]:
    """Return these collisions, the latest event first.

    Raises:
        Refused: NOT_FOUND when one of them does not exist, or not for this account.
    """
    found = collisions_found(actor, CollisionSearch()).where(Collision.id.in_(ids))
    rows = list(db.session.scalars(found.order_by(Collision.id.desc())))
    if len(rows) != len(set(ids)):
        raise Refused(RefusalCode.NOT_FOUND)
    return rows


def collisions_of(actor: Account, lead: Lead) -> list[Collision]:
    """Return the collisions of a lead on either side, with their events, the newest first."""
    of_lead = or_(Collision.holding_lead_id == lead.id, Collision.challenging_lead_id == lead.id)
    found = select(Collision).where(scope.visible_collisions(actor), of_lead).order_by(Collision.id.desc())
    return list(db.session.scalars(found.options(*_BOTH_SIDES, selectinload(Collision.events))))


def require_reopenable(row: Collision) -> None:
    """Refuse to open a collision again that no person has handled, or that an open one has replaced (R7).

    Raises:
        Refused: COLLISION_NOT_HANDLED, COLLISION_CLOSED_BY_SYSTEM, ANONYMISED where one side is by now, or
            NEWER_COLLISION_OPEN, whose fact `collision_id` is that one.
    """
    if row.is_open:
        raise Refused(RefusalCode.COLLISION_NOT_HANDLED)
    if row.handled_by_id is None:
        raise Refused(RefusalCode.COLLISION_CLOSED_BY_SYSTEM)
    sides = (row.challenging_lead, row.holding_lead, row.visitor)
    if any(side is not None and side.anonymised_at is not None for side in sides):
        raise Refused(RefusalCode.ANONYMISED)
    newer_id = _find_open_twin(row)
    if newer_id is not None:
        raise Refused(RefusalCode.NEWER_COLLISION_OPEN, collision_id=newer_id)


def _find_open_twin(row: Collision) -> int | None:
    """Return the open collision of the same kind between the same two sides, the same way round."""
    return db.session.scalar(
        select(Collision.id).where(
            Collision.kind == row.kind,
            Collision.holding_lead_id == row.holding_lead_id,
            Collision.visitor_id == row.visitor_id,
            Collision.challenging_lead_id == row.challenging_lead_id,
            Collision.state == CollisionState.OPEN,
        )
    )
