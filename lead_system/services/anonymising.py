"""Anonymising: personal values go, numbers, statuses and money stay (R10, decision 26).

The daily command takes them in portions of one transaction each, so that it can be stopped at any moment and
begun again; a portion locks its leads first, like every other change of a lead, and looks again once it has
the locks. Whoever reports or is scanned at that moment comes wholly before, and is kept, or wholly after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, delete, literal, or_, select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason
from lead_system.domain.retention import NO_DIGITS, NO_WORDS, months_before, nobodys_phone
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Avatar,
    Binding,
    BindingKey,
    CodeSend,
    Collision,
    CollisionEvent,
    CollisionState,
    Deal,
    Fee,
    FollowUp,
    HistoryPayload,
    HistoryRecord,
    Hold,
    Lead,
    LeadKey,
    Rebind,
    SignIn,
    SignInCode,
    WalkIn,
)
from lead_system.queries.one_lead import leads_of_same_customer
from lead_system.queries.retention import (
    is_held,
    is_in_dispute,
    is_visitor_in_dispute,
    leads_to_forget,
    old_leads,
    refuse_anonymised,
    visitors_to_forget,
)
from lead_system.queries.settings import get_settings
from lead_system.services import history
from lead_system.services.brokers import AccountChanged, lock_account
from lead_system.services.transaction import LostRace, atomic, require_version, use_case

ADMIN = frozenset({Role.ADMIN})
AT_ONCE = 200
"""How many are anonymised in one transaction: short enough that nobody waits for it."""

_Portion = tuple[int, ...]


@dataclass(frozen=True)
class LeadsAnonymised:
    """The numbers whose personal values are gone: the one that was asked for, and others of the customer."""

    lead_ids: tuple[int, ...]


@use_case("anonymise_lead", roles=ADMIN, answer=LeadsAnonymised)
def anonymise_lead(
    actor: Account, *, lead_id: int, version: int, reason: str, now: datetime
) -> LeadsAnonymised:
    """Take the personal values of a customer who asked for it, of this lead and all others of theirs.

    Each gets a history record; the reason stays with it. What goes is listed in decision 26.

    Raises:
        Refused: NOT_FOUND, the reason is missing, ANONYMISED, STALE, STILL_HELD where any of them is bound or
            dealt or another broker holds the customer, or COLLISION_STILL_OPEN.
    """
    why = clean_reason(reason)
    lead = db.session.get(Lead, lead_id)
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    locked = _lock_customer(lead)
    refuse_anonymised(lead)
    require_version(lead, version)
    _lock_collisions(locked)
    _refuse_needed(locked, now)
    _take_from_leads(locked, actor=actor, personal={"reason": why}, now=now)
    return LeadsAnonymised(tuple(locked))


@use_case("anonymise_visitor", roles=ADMIN, answer=AccountChanged)
def anonymise_visitor(
    actor: Account, *, account_id: int, version: int, reason: str, now: datetime
) -> AccountChanged:
    """Take the personal values of a visitor who asked for it; the account is closed with them.

    Raises:
        Refused: NOT_FOUND, also where it was done before, the reason is missing, STALE, or
            COLLISION_STILL_OPEN.
    """
    why = clean_reason(reason)
    is_known = and_(Account.role == Role.VISITOR, Account.anonymised_at.is_(None))
    visitor = lock_account(and_(Account.id == account_id, is_known))
    require_version(visitor, version)
    if db.session.scalar(select(Account.id).where(Account.id == visitor.id, is_visitor_in_dispute())):
        raise Refused(RefusalCode.COLLISION_STILL_OPEN)
    _take_from_visitor(visitor, actor=actor, personal={"reason": why}, now=now)
    return AccountChanged(visitor.id)


def anonymise_old_leads(now: datetime) -> int:
    """Take the personal values of the leads that were kept long enough; returns how many there were.

    Nothing is taken twice, so it can be stopped and begun again at any moment.
    """
    before = months_before(now, get_settings().retention_months)
    return _in_portions(lambda after: atomic(lambda: _forget_leads(after, before, now)))


def anonymise_old_visitors(now: datetime) -> int:
    """Take the personal values of the visitors who were not seen for long enough, and close their accounts.

    Returns how many there were. It can be stopped and begun again at any moment.
    """
    before = months_before(now, get_settings().retention_months)
    return _in_portions(lambda after: atomic(lambda: _forget_visitors(after, before, now)))


def _in_portions(forget: Callable[[int], tuple[_Portion, int]]) -> int:
    """Let portion after portion be forgotten, each from the last id that was looked at; returns how many."""
    after, total = 0, 0
    while True:
        looked_at, forgotten = forget(after)
        if not looked_at:
            return total
        after, total = looked_at[-1], total + forgotten


def _forget_leads(after: int, before: datetime, now: datetime) -> tuple[_Portion, int]:
    """Forget some of the next old leads; returns which were looked at, and how many of them were forgotten.

    Their histories are looked up for these alone: to ask for the next ones that may be forgotten, PostgreSQL
    would go through the histories of all, for each portion again.
    """
    found = leads_to_forget(before, now)
    seen = tuple(db.session.scalars(old_leads(before).where(Lead.id > after).limit(AT_ONCE)))
    locked = _lock_leads(db.session.scalars(found.where(Lead.id.in_(seen))).all())
    _lock_collisions(locked)
    still = list(db.session.scalars(found.where(Lead.id.in_(locked))))
    if still:
        _take_from_leads(still, actor=None, personal=None, now=now)
    return seen, len(still)


def _forget_visitors(after: int, before: datetime, now: datetime) -> tuple[_Portion, int]:
    found = visitors_to_forget(before)
    seen = tuple(db.session.scalars(found.where(Account.id > after).limit(AT_ONCE)))
    forgotten = 0
    for account_id in seen:
        account = lock_account(Account.id == account_id)
        if db.session.scalar(found.where(Account.id == account_id)) is not None:
            _take_from_visitor(account, actor=None, personal=None, now=now)
            forgotten += 1
    return seen, forgotten


# What is looked at under locks.


def _lock_leads(ids: Sequence[int]) -> list[int]:
    """Lock leads in the order of their numbers, and read them afresh; returns those that exist."""
    locked = select(Lead).where(Lead.id.in_(ids)).order_by(Lead.id).with_for_update(key_share=True)
    return [lead.id for lead in db.session.scalars(locked.execution_options(populate_existing=True))]


def _lock_customer(lead: Lead) -> list[int]:
    """Lock a lead and all others of its customer; returns their numbers.

    Whoever corrects an entry or enters the customer while we wait for the locks is seen in another round:
    what is taken can never be brought back.
    """
    locked = _lock_leads(_ids_of_customer(lead))
    if locked != _ids_of_customer(lead):
        raise LostRace
    return locked


def _ids_of_customer(lead: Lead) -> list[int]:
    return sorted({lead.id, *(other.id for other in leads_of_same_customer(lead))})


def _of_leads(ids: Sequence[int]) -> ColumnElement[bool]:
    return or_(Collision.challenging_lead_id.in_(ids), Collision.holding_lead_id.in_(ids))


def _lock_collisions(ids: Sequence[int]) -> None:
    """Lock the collisions of some leads, so that none is opened again while we look."""
    db.session.scalars(select(Collision.id).where(_of_leads(ids)).order_by(Collision.id).with_for_update())


def _refuse_needed(ids: Sequence[int], now: datetime) -> None:
    """Refuse to take the values of leads that somebody holds or disputes about."""
    held = db.session.scalar(select(Lead.id).where(Lead.id.in_(ids), is_held(now)).order_by(Lead.id).limit(1))
    if held is not None:
        raise Refused(RefusalCode.STILL_HELD, lead_id=held)
    if db.session.scalar(select(Lead.id).where(Lead.id.in_(ids), is_in_dispute()).limit(1)):
        raise Refused(RefusalCode.COLLISION_STILL_OPEN)


# What is taken.


def _take_from_leads(
    ids: Sequence[int], *, actor: Account | None, personal: dict[str, str] | None, now: datetime
) -> None:
    """Take the personal values of locked leads and of everything about them, and write one record each."""
    _take_keys(ids)
    _take_words(ids)
    db.session.execute(
        update(Lead)
        .where(Lead.id.in_(ids))
        .values(
            surname="", given_name="", name_key=literal("anonymised:") + cast(Lead.id, String),
            phone1=NO_DIGITS, phone2=None, person_number=0, needs="",
            anonymised_at=now, version=Lead.version + 1,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    db.session.expire_all()
    for lead in db.session.scalars(select(Lead).where(Lead.id.in_(ids)).order_by(Lead.id)):
        changes = {"anonymised_at": [None, now.isoformat()]}
        history.record_lead(actor, history.ANONYMISE, lead, changes=changes, personal=personal, now=now)
    _record_on_collisions(_of_leads(ids), actor, now)
    _take_payloads(HistoryRecord.lead_id.in_(ids), HistoryRecord.chain.in_(_chains_of(_of_leads(ids))))


def _take_keys(ids: Sequence[int]) -> None:
    """Take the keys by which a customer was recognised; only ended holds are left of such leads."""
    order = (Hold.name_key, Hold.phone, Hold.person_number)
    db.session.scalars(select(Hold.id).where(Hold.lead_id.in_(ids)).order_by(*order).with_for_update())
    bindings = select(Binding.id).where(Binding.lead_id.in_(ids))
    for gone in (
        delete(Hold).where(Hold.lead_id.in_(ids)),
        delete(BindingKey).where(BindingKey.binding_id.in_(bindings)),
        delete(LeadKey).where(LeadKey.lead_id.in_(ids)),
    ):
        db.session.execute(gone.execution_options(synchronize_session=False))


def _take_words(ids: Sequence[int]) -> None:
    """Take what people wrote about a customer; amounts, dates, grades and who did it stay."""
    disputes = select(Collision.id).where(_of_leads(ids))
    rebinds = or_(Rebind.from_lead_id.in_(ids), Rebind.to_lead_id.in_(ids))
    emptied: tuple[tuple[Any, ColumnElement[bool], dict[str, Any]], ...] = (
        (FollowUp, FollowUp.lead_id.in_(ids), {"note": "", "next_on": None}),
        (Rebind, rebinds, {"reason": ""}),
        (Deal, Deal.lead_id.in_(ids), {"unit": "", "reason": "", "undo_reason": ""}),
        (Fee, and_(Fee.lead_id.in_(ids), Fee.voided_at.is_not(None)), {"void_reason": NO_WORDS}),
        (Collision, _of_leads(ids), {"note": ""}),
        (CollisionEvent, CollisionEvent.collision_id.in_(disputes), {"words": ""}),
    )
    for table, which, values in emptied:
        db.session.execute(
            update(table).where(which).values(**values).execution_options(synchronize_session=False)
        )


def _chains_of(collisions: ColumnElement[bool]) -> Any:
    return select(literal("collision:") + cast(Collision.id, String)).where(collisions)


def _record_on_collisions(which: ColumnElement[bool], actor: Account | None, now: datetime) -> None:
    """Write, on the chain of each collision, that the payloads before it are gone."""
    for number in db.session.scalars(select(Collision.id).where(which).order_by(Collision.id)).all():
        history.record(actor, history.ANONYMISE, chain=f"collision:{number}", now=now)


def _take_payloads(*records: ColumnElement[bool]) -> None:
    """Delete the personal values of history records; the records stay, and still verify.

    The database lets them go only once a record further on in their chain says so. Its own reason stays.
    Each condition is asked by itself: of several at once PostgreSQL would read the whole history.
    """
    for which in records:
        named = select(HistoryRecord.id).where(which, HistoryRecord.action != history.ANONYMISE)
        gone = delete(HistoryPayload).where(HistoryPayload.record_id.in_(named))
        db.session.execute(gone.execution_options(synchronize_session=False))


def _take_from_visitor(
    account: Account, *, actor: Account | None, personal: dict[str, str] | None, now: datetime
) -> None:
    """Take the personal values of a locked account, close it, and write one record."""
    number, chain = account.id, f"account:{account.id}"
    disputes = and_(Collision.visitor_id == number, Collision.state != CollisionState.OPEN)
    revealed = and_(
        HistoryRecord.chain == history.REVEALS, HistoryRecord.changes["visitor"].as_integer() == number
    )
    walked = {"name": "", "name_key": f"anonymised:{number}", "phone": NO_DIGITS}
    events = CollisionEvent.collision_id.in_(select(Collision.id).where(disputes))
    for change in (
        update(WalkIn).where(WalkIn.visitor_id == number).values(**walked),
        update(Collision).where(disputes).values(note=""),
        update(CollisionEvent).where(events).values(words=""),
        delete(Avatar).where(Avatar.account_id == number),
        delete(SignIn).where(SignIn.account_id == number),
        delete(SignInCode).where(SignInCode.phone == account.phone),
        delete(CodeSend).where(CodeSend.phone == account.phone),
    ):
        db.session.execute(change.execution_options(synchronize_session=False))
    account.name = account.nickname = ""
    account.phone, account.openid = nobodys_phone(number), None
    account.archived_at = account.archived_at or now
    account.anonymised_at = now
    account.session_generation += 1
    account.version += 1
    changes = {"anonymised_at": [None, now.isoformat()]}
    history.record(actor, history.ANONYMISE, chain=chain, changes=changes, personal=personal, now=now)
    _record_on_collisions(disputes, actor, now)
    if db.session.scalar(select(HistoryRecord.id).where(revealed).limit(1)) is not None:
        history.record(actor, history.ANONYMISE, chain=history.REVEALS, changes={"visitor": number}, now=now)
    _take_payloads(HistoryRecord.chain == chain, HistoryRecord.chain.in_(_chains_of(disputes)), revealed)
