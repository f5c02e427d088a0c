"""自然用户: members of the public with a page and a code of their own, and what they may object to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_name, clean_reason
from lead_system.domain.protection import OBJECTIONS_PER_DAY, shanghai_day, start_of_day
from lead_system.domain.roles import DECIDERS, OUTSIDERS, Role
from lead_system.extensions import db
from lead_system.models import Account, CollisionEvent, CollisionEventKind, Lead
from lead_system.queries.visitors import has_walked_in, reports_naming
from lead_system.services import collisions, history
from lead_system.services.brokers import AccountChanged, SignInsBegunAnew, archive_account, lock_account
from lead_system.services.transaction import LostRace, use_case
from lead_system.services.visit_codes import draw_code

VISITOR = frozenset({Role.VISITOR})


@dataclass(frozen=True)
class Objected:
    """How many reports the objection is about."""

    reports: int


@dataclass(frozen=True)
class PhoneRevealed:
    """Whose number may be shown, and since when, in UTC as ISO 8601 spells it; not the number itself."""

    account_id: int
    revealed_at: str


@use_case("become_visitor", roles=OUTSIDERS, answer=SignInsBegunAnew)
def become_visitor(actor: Account, *, name: str, now: datetime) -> SignInsBegunAnew:
    """Make an account that has no profile yet a visitor's, with a code of its own (manual 2.1, 2.3-5).

    Every sign-in of the account ends, but for the one that the caller begins anew.

    Raises:
        Refused: PROFILE_ALREADY_COMPLETE for whoever is a broker or visitor already, or the name is wrong.
    """
    actor = lock_account(Account.id == actor.id)
    if actor.has_profile:
        raise Refused(RefusalCode.PROFILE_ALREADY_COMPLETE)
    cleaned = clean_name(name, field="name")
    code = draw_code()
    before = actor.role
    actor.role, actor.name, actor.profile_completed_at = Role.VISITOR, cleaned, now
    actor.session_generation += 1
    actor.code_token, actor.short_code = code["code_token"], code["short_code"]
    _record(actor, "become_visitor", {"role": [before.value, "visitor"]}, {"name": ["", cleaned]}, now=now)
    return SignInsBegunAnew(actor.id, actor.session_generation)


@use_case("rename_visitor", roles=VISITOR, answer=AccountChanged)
def rename_visitor(actor: Account, *, name: str, now: datetime) -> AccountChanged:
    """Correct a visitor's own name, which is possible until the gate has logged a walk-in under it.

    Raises:
        Refused: VISITOR_NAME_FIXED after a walk-in, or the name is wrong.
    """
    actor = lock_account(Account.id == actor.id)
    cleaned = clean_name(name, field="name")
    if has_walked_in(actor):
        raise Refused(RefusalCode.VISITOR_NAME_FIXED, field="name")
    before, actor.name = actor.name, cleaned
    _record(actor, "rename_visitor", {}, {"name": [before, cleaned]}, now=now)
    return AccountChanged(actor.id)


@use_case("become_broker", roles=VISITOR, answer=SignInsBegunAnew)
def become_broker(actor: Account, *, now: datetime) -> SignInsBegunAnew:
    """Make a visitor's account one of a broker without a profile, who then completes it (manual 1.2).

    The code ends with it, and every sign-in of the account but for the one that the caller begins anew.
    Walk-ins that were logged stay, with name and digits as they were.
    """
    actor = lock_account(Account.id == actor.id)
    actor.role, actor.profile_completed_at = Role.BROKER, None
    actor.session_generation += 1
    actor.code_token = actor.short_code = None
    _record(actor, "become_broker", {"role": ["visitor", "broker"]}, {}, now=now)
    return SignInsBegunAnew(actor.id, actor.session_generation)


@use_case("object_to_reports", roles=VISITOR, answer=Objected)
def object_to_reports(actor: Account, *, words: str, now: datetime) -> Objected:
    """Open a collision of kind "objection" with every report that names this visitor, or add to the open one.

    The visitor learns neither who the brokers are nor what becomes of them; the back office reads the words.

    Raises:
        Refused: nothing was said or it holds a whole number, NO_BROKER_REPORTED, or OBJECTED_ENOUGH_TODAY.
    """
    actor = lock_account(Account.id == actor.id)
    said = clean_reason(words, field="words")
    if _objections_today(actor, now) >= OBJECTIONS_PER_DAY:
        raise Refused(RefusalCode.OBJECTED_ENOUGH_TODAY)
    reports = _lock_reports_naming(actor)
    if not reports:
        raise Refused(RefusalCode.NO_BROKER_REPORTED)
    for lead in reports:
        collisions.note_objection(lead, actor, words=said, now=now)
    return Objected(len(reports))


def _lock_reports_naming(visitor: Account) -> list[Lead]:
    """Keep the leads that name a visitor as they are until the objection is written, and return them.

    None is anonymised, scanned or rebound meanwhile: whoever takes a hold tells the open objections, and
    sees ours or comes first.

    Raises:
        LostRace: while the locks were waited for, a rebind reported one more lead that names the visitor.
    """
    named = reports_naming(visitor)
    kept = named.with_for_update(read=True, of=Lead).execution_options(populate_existing=True)
    reports = list(db.session.scalars(kept))
    named_now = db.session.scalars(named.with_only_columns(Lead.id))
    if {lead.id for lead in reports} != set(named_now):
        raise LostRace
    return reports


@use_case("archive_visitor", roles=DECIDERS, answer=AccountChanged)
def archive_visitor(actor: Account, *, account_id: int, version: int, now: datetime) -> AccountChanged:
    """Archive a visitor's account, which is what deleting means here (R10).

    The phone pages close at the next click, the code is refused at the gate, and the phone never signs in
    another account. Walk-ins and collisions stay.

    Raises:
        Refused: NOT_FOUND for anybody else and for an archived one, or STALE.
    """
    is_open = and_(Account.role == Role.VISITOR, Account.archived_at.is_(None))
    visitor = lock_account(and_(Account.id == account_id, is_open))
    return archive_account(actor, visitor, version=version, now=now)


@use_case("reveal_phone", roles=DECIDERS, answer=PhoneRevealed)
def reveal_phone(actor: Account, *, account_id: int, reason: str, now: datetime) -> PhoneRevealed:
    """Let somebody who decides see a visitor's whole number; written down are who, whose, when and why.

    The number is neither in the record nor in the answer, which is kept: whoever shows it reads it by
    `find_revealed_phone`, which shows it to a repeat for a minute only.

    Raises:
        Refused: NOT_FOUND for anybody but a visitor, also for an anonymised one, or the reason is missing.
    """
    why = clean_reason(reason)
    is_known = and_(Account.role == Role.VISITOR, Account.anonymised_at.is_(None))
    visitor = lock_account(and_(Account.id == account_id, is_known))
    history.record(
        actor,
        "reveal_phone",
        chain=history.REVEALS,
        changes={"visitor": visitor.id},
        personal={"reason": why},
        now=now,
    )
    return PhoneRevealed(visitor.id, now.isoformat())


def _objections_today(visitor: Account, now: datetime) -> int:
    """Return how often a visitor has objected on this Shanghai day; one objection is one moment."""
    moments = func.count(func.distinct(CollisionEvent.at))
    return db.session.execute(
        select(moments).where(
            CollisionEvent.actor_id == visitor.id,
            CollisionEvent.kind == CollisionEventKind.OBJECTED,
            CollisionEvent.at >= start_of_day(shanghai_day(now)),
        )
    ).scalar_one()


def _record(
    actor: Account,
    action: str,
    changes: dict[str, list[str]],
    personal: dict[str, list[str]],
    *,
    now: datetime,
) -> None:
    actor.version += 1
    history.record(
        actor, action, chain=f"account:{actor.id}", changes=changes, personal=personal or None, now=now
    )
