"""自然用户 and 自然到访: whose code it is, who came alone, and who names a visitor as their customer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from lead_system.domain.codes import read_code
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import fold_name, visible_digits
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Collision,
    CollisionEvent,
    CollisionEventKind,
    CollisionState,
    Lead,
    LeadKey,
    WalkIn,
)
from lead_system.queries import scope
from lead_system.queries.matching import (
    accounts_with,
    contains,
    has_visible_digits,
    is_within,
    without_spaces,
)


@dataclass(frozen=True)
class WalkInSearch:
    """What the list of walk-ins is narrowed to; blank conditions do not count."""

    name: str = ""
    phone: str = ""
    gate: str = ""
    consultant: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class ObjectionStanding:
    """How a visitor's objections stand: when the last one was made, and whether any is still open."""

    made_at: datetime
    is_open: bool


def find_visitor_by_code(code: str) -> Account | None:
    """Return the visitor whose own code this is, by link, token or short code; None where it is nobody's."""
    read = read_code(code)
    if read is None:
        return None
    own = or_(Account.code_token == read, Account.short_code == read)
    return db.session.scalar(
        select(Account).where(own, Account.role == Role.VISITOR, Account.archived_at.is_(None))
    )


def get_visitor_by_code(code: str) -> Account:
    """Return the visitor whose own code this is.

    Raises:
        Refused: CODE_UNKNOWN.
    """
    visitor = find_visitor_by_code(code)
    if visitor is None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    return visitor


def walk_ins_found(actor: Account, search: WalkInSearch) -> Select[WalkIn]:
    """Return the walk-ins within somebody's scope that fit a search, newest first."""
    conditions = [
        is_within(WalkIn.came_at, search.first_day, search.last_day),
        *(_people(WalkIn.gate_id, search.gate) + _people(WalkIn.consultant_id, search.consultant)),
    ]
    if search.name.strip():
        conditions.append(contains(without_spaces(WalkIn.name), "".join(search.name.split())))
    if search.phone.strip():
        conditions.append(has_visible_digits((WalkIn.phone,), search.phone))
    return (
        select(WalkIn)
        .where(scope.visible_walk_ins(actor), *conditions)
        .options(joinedload(WalkIn.gate, innerjoin=True), joinedload(WalkIn.consultant, innerjoin=True))
        .order_by(WalkIn.came_at.desc(), WalkIn.id.desc())
    )


def _people(account_id: Any, part: str) -> list[ColumnElement[bool]]:
    return [account_id.in_(accounts_with(Account.name, part))] if part.strip() else []


def get_walk_in(actor: Account, walk_in_id: int) -> WalkIn:
    """Return a walk-in that somebody may see.

    Raises:
        Refused: NOT_FOUND.
    """
    found = select(WalkIn).where(WalkIn.id == walk_in_id, scope.visible_walk_ins(actor))
    walk_in = db.session.scalar(found)
    if walk_in is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return walk_in


def has_walked_in(visitor: Account) -> bool:
    """Say whether the gate has ever logged this visitor."""
    return db.session.scalar(select(WalkIn.id).where(WalkIn.visitor_id == visitor.id).limit(1)) is not None


def reports_naming(visitor: Account) -> Select[Lead]:
    """Return the leads by which brokers have reported somebody with a visitor's name and visible digits.

    Whatever its person number: which of two people of one name a visitor is, nobody here can know. What was
    entered but never reported is nobody's business yet; what was withdrawn or merged away has left.
    """
    named = select(LeadKey.lead_id).where(
        LeadKey.name_key == fold_name(visitor.name), LeadKey.phone == visible_digits(visitor.phone)
    )
    return select(Lead).where(Lead.id.in_(named), Lead.first_reported_at.is_not(None)).order_by(Lead.id)


def brokers_reporting(visitor: Account) -> int:
    """Return how many different brokers have reported a visitor; who they are the visitor never learns."""
    found = reports_naming(visitor).order_by(None)
    counted = found.with_only_columns(func.count(func.distinct(Lead.broker_id)))
    return int(db.session.execute(counted).scalar_one())


def find_objection(visitor: Account) -> ObjectionStanding | None:
    """Return how a visitor's objections stand; None where none was ever made."""
    of_visitor = (Collision.visitor_id == visitor.id, CollisionEvent.kind == CollisionEventKind.OBJECTED)
    made = select(CollisionEvent.at).join(CollisionEvent.collision).where(*of_visitor)
    last = db.session.scalar(made.order_by(CollisionEvent.at.desc()).limit(1))
    if last is None:
        return None
    still_open = made.where(Collision.state == CollisionState.OPEN).limit(1)
    return ObjectionStanding(last, db.session.scalar(still_open) is not None)
