"""自然用户: members of the public with a page and a code of their own, and what they may object to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_name, clean_reason
from lead_system.domain.protection import OBJECTIONS_PER_DAY, shanghai_day, start_of_day
from lead_system.domain.roles import OUTSIDERS, Role
from lead_system.extensions import db
from lead_system.models import Account, CollisionEvent, CollisionEventKind
from lead_system.queries.visitors import has_walked_in, reports_naming
from lead_system.services import collisions, history
from lead_system.services.brokers import AccountChanged, lock_account
from lead_system.services.transaction import use_case
from lead_system.services.visit_codes import draw_code

VISITOR = frozenset({Role.VISITOR})


@dataclass(frozen=True)
class Objected:
    """How many reports the objection is about."""

    reports: int


@use_case("become_visitor", roles=OUTSIDERS, answer=AccountChanged)
def become_visitor(actor: Account, *, name: str, now: datetime) -> AccountChanged:
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
    return AccountChanged(actor.id)


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


@use_case("become_broker", roles=VISITOR, answer=AccountChanged)
def become_broker(actor: Account, *, now: datetime) -> AccountChanged:
    """Make a visitor's account one of a broker without a profile, who then completes it (manual 1.2).

    The code ends with it, and every sign-in of the account but for the one that the caller begins anew.
    Walk-ins that were logged stay, with name and digits as they were.
    """
    actor = lock_account(Account.id == actor.id)
    actor.role, actor.profile_completed_at = Role.BROKER, None
    actor.session_generation += 1
    actor.code_token = actor.short_code = None
    _record(actor, "become_broker", {"role": ["visitor", "broker"]}, {}, now=now)
    return AccountChanged(actor.id)


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
    reports = list(db.session.scalars(reports_naming(actor)))
    if not reports:
        raise Refused(RefusalCode.NO_BROKER_REPORTED)
    for lead in reports:
        collisions.note_objection(lead, actor, words=said, now=now)
    return Objected(len(reports))


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
