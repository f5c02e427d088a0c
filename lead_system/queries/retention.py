"""Whose personal values have been kept long enough, and whose are needed still (R10, decision 26)."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, literal, not_, or_, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.retention import months_before
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Collision,
    CollisionState,
    HistoryRecord,
    Hold,
    Lead,
    SignIn,
    WalkIn,
    is_live_hold,
)


class Concerned(NamedTuple):
    """How many customers and how many visitors a retention would concern now."""

    leads: int
    visitors: int


def refuse_anonymised(lead: Lead) -> None:
    """Refuse to do anything with a customer whose personal values are gone.

    Raises:
        Refused: ANONYMISED.
    """
    if lead.anonymised_at is not None:
        raise Refused(RefusalCode.ANONYMISED, lead_id=lead.id)


def is_held(now: datetime) -> ColumnElement[bool]:
    """Return the condition that somebody holds a lead's customer, by this lead or by another one (R4)."""
    of_customer = and_(
        Hold.name_key == Lead.name_key,
        Hold.person_number == Lead.person_number,
        or_(Hold.phone == Lead.phone1, Hold.phone == Lead.phone2),
    )
    runs = and_(Lead.status == LeadStatus.BOUND, Lead.protect_until > now)
    return or_(Lead.status == LeadStatus.DEALT, runs, exists().where(of_customer, is_live_hold(now)))


def is_in_dispute() -> ColumnElement[bool]:
    """Return the condition that a collision is open in which a lead is one of the sides."""
    sides = or_(Collision.challenging_lead_id == Lead.id, Collision.holding_lead_id == Lead.id)
    return exists().where(sides, Collision.state == CollisionState.OPEN)


def is_visitor_in_dispute() -> ColumnElement[bool]:
    """Return the condition that a collision with a visitor is open."""
    return exists().where(Collision.visitor_id == Account.id, Collision.state == CollisionState.OPEN)


def leads_to_forget(before: datetime, now: datetime) -> Select[int]:
    """Return the numbers of the leads on which nothing has happened since `before`, and nobody needs.

    The end of a protection is a step too, though no record says so.
    """
    stepped = exists().where(HistoryRecord.lead_id == Lead.id, HistoryRecord.at >= before)
    return old_leads(before).where(not_(stepped), not_(is_held(now)), not_(is_in_dispute()))


def old_leads(before: datetime) -> Select[int]:
    """Return the numbers of the leads that look by themselves as if nothing had happened since `before`.

    Deals are left out: they hold their customer for ever.
    """
    return (
        select(Lead.id)
        .where(Lead.anonymised_at.is_(None), Lead.entered_at < before, Lead.status != LeadStatus.DEALT)
        .where(or_(Lead.protect_until.is_(None), Lead.protect_until < before))
        .order_by(Lead.id)
    )


def visitors_to_forget(before: datetime) -> Select[int]:
    """Return the ids of the visitors who have not been seen since `before`, and with whom nothing is open.

    So are people who once verified a phone and never said who they are.
    """
    is_nobody = and_(
        Account.role == Role.BROKER,
        Account.profile_completed_at.is_(None),
        Account.employee_number.is_(None),
    )
    chain = literal("account:") + cast(Account.id, String)
    seen = (
        exists().where(SignIn.account_id == Account.id, SignIn.seen_at >= before),
        exists().where(WalkIn.visitor_id == Account.id, WalkIn.came_at >= before),
        exists().where(HistoryRecord.chain == chain, HistoryRecord.at >= before),
    )
    return (
        select(Account.id)
        .where(or_(Account.role == Role.VISITOR, is_nobody))
        .where(Account.anonymised_at.is_(None), Account.created_at < before)
        .where(not_(or_(*seen)), not_(is_visitor_in_dispute()))
        .order_by(Account.id)
    )


def concerned(months: int, now: datetime) -> Concerned:
    """Return how many customers and visitors would be anonymised now, were data kept for so many months."""
    before = months_before(now, months)
    return Concerned(_count(leads_to_forget(before, now)), _count(visitors_to_forget(before)))


def _count(found: Select[int]) -> int:
    counted = select(func.count()).select_from(found.order_by(None).subquery())
    return db.session.execute(counted).scalar_one()
