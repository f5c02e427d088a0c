"""自然用户 and 自然到访: whose code it is, who came alone, and who names a visitor as their customer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from lead_system.domain.codes import read_code
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import fold_name, visible_digits
from lead_system.domain.retention import SHOWN_FOR
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Collision,
    CollisionEvent,
    CollisionEventKind,
    CollisionState,
    HistoryRecord,
    Lead,
    LeadKey,
    SignIn,
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


class VisitorTab(StrEnum):
    """The tabs above the visitors."""

    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class VisitorSearch:
    """What the list of visitors is narrowed to; `phone` is part of the visible digits, days are the first."""

    tab: VisitorTab = VisitorTab.ACTIVE
    name: str = ""
    phone: str = ""
    first_day: date | None = None
    last_day: date | None = None


class ListedVisitor(NamedTuple):
    """A visitor beside how often they came alone, and when they were last seen on the phone pages."""

    account: Account
    walk_ins: int
    seen_at: datetime | None

    @property
    def id(self) -> int:
        """The visitor's account."""
        return self.account.id


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
    is_known = and_(Lead.first_reported_at.is_not(None), Lead.anonymised_at.is_(None))
    return select(Lead).where(Lead.id.in_(named), is_known).order_by(Lead.id)


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


def visitors_found(actor: Account, search: VisitorSearch) -> Select[Account]:
    """Return the visitors whom somebody may see and who fit a search, newest first."""
    is_archived = Account.archived_at.is_not(None)
    conditions = [
        scope.visible_visitors(actor),
        is_archived if search.tab is VisitorTab.ARCHIVED else ~is_archived,
        is_within(Account.created_at, search.first_day, search.last_day),
    ]
    if search.name.strip():
        conditions.append(contains(without_spaces(Account.name), "".join(search.name.split())))
    if search.phone.strip():
        conditions.append(has_visible_digits((visible_phone(),), search.phone))
    return select(Account).where(*conditions).order_by(Account.id.desc())


def visible_phone() -> ColumnElement[str]:
    """Return the seven digits of an account's phone that others may see, to search and to sort by."""
    head, tail = (func.substr(Account.phone, *part, type_=String) for part in ((1, 3), (8, 4)))
    return head + tail


def visitor_tab_counts(actor: Account, search: VisitorSearch) -> dict[VisitorTab, int]:
    """Return how many rows each tab has under a search."""
    return {tab: _count(visitors_found(actor, replace(search, tab=tab))) for tab in VisitorTab}


def _count(found: Select[Any]) -> int:
    counted = found.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    return int(db.session.execute(counted).scalar_one())


def with_visits(visitors: Sequence[Account]) -> list[ListedVisitor]:
    """Return visitors with their walk-ins and when they were last seen, looked up once for all."""
    ids = [visitor.id for visitor in visitors]
    came = select(WalkIn.visitor_id, func.count()).where(WalkIn.visitor_id.in_(ids))
    seen = select(SignIn.account_id, func.max(SignIn.seen_at)).where(SignIn.account_id.in_(ids))
    times: dict[int, int] = dict(db.session.execute(came.group_by(WalkIn.visitor_id)).all())
    last: dict[int, datetime] = dict(db.session.execute(seen.group_by(SignIn.account_id)).all())
    return [ListedVisitor(one, times.get(one.id, 0), last.get(one.id)) for one in visitors]


def get_visitor(actor: Account, account_id: int) -> Account:
    """Return a visitor whom somebody may see, archived or not.

    Raises:
        Refused: NOT_FOUND.
    """
    visitor = db.session.scalar(
        select(Account).where(Account.id == account_id, scope.visible_visitors(actor))
    )
    if visitor is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return visitor


def find_revealed_phone(account_id: int, revealed_at: str, now: datetime) -> str | None:
    """Return the number that a reveal lets somebody see; None to a repeat of it that comes too late."""
    if now - datetime.fromisoformat(revealed_at) >= SHOWN_FOR:
        return None
    return db.session.scalar(
        select(Account.phone).where(Account.id == account_id, Account.anonymised_at.is_(None))
    )


def walk_ins_of(visitor: Account) -> list[WalkIn]:
    """Return the walk-ins of a visitor, newest first."""
    found = select(WalkIn).where(WalkIn.visitor_id == visitor.id).order_by(WalkIn.id.desc())
    shown = (selectinload(WalkIn.gate), selectinload(WalkIn.consultant))
    return list(db.session.scalars(found.options(*shown)))


def collisions_with(visitor: Account) -> list[Collision]:
    """Return the collisions in which a visitor is the holding side, newest first."""
    found = select(Collision).where(Collision.visitor_id == visitor.id).order_by(Collision.id.desc())
    lead = selectinload(Collision.challenging_lead)
    return list(db.session.scalars(found.options(lead, lead.selectinload(Lead.broker))))


def history_of_visitor(visitor: Account) -> list[HistoryRecord]:
    """Return what happened to a visitor's account, newest first."""
    found = select(HistoryRecord).where(HistoryRecord.chain == f"account:{visitor.id}")
    return list(
        db.session.scalars(found.options(selectinload(HistoryRecord.actor)).order_by(HistoryRecord.id.desc()))
    )
