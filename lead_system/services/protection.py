"""保护期: the admin changes how long bindings last, for new ones or also for those that run (R6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.protection import Fate, require_protection_days
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Hold, Lead, Setting
from lead_system.queries.protection import Outlook, outlook, running_bindings, runs
from lead_system.services import history
from lead_system.services.transaction import LostRace, require_version, use_case

ADMIN = frozenset({Role.ADMIN})
SETTINGS = "settings"
"""The chain of the history on which every change of the settings stands."""


@dataclass(frozen=True)
class ProtectionChanged:
    """How long bindings last now, how many running ones got another end, and how many of those ended."""

    days: int
    moved: int
    ended: int


def days_of_new_binding() -> int:
    """Return how many days a binding lasts that is made in this transaction.

    The shared lock keeps the setting until the transaction ends: a change for "also running ones" waits for
    us and then finds our binding, or we wait for it and get its days. No binding falls between the two.
    """
    return _lock_settings(alone=False).protection_days


@use_case("change_protection", roles=ADMIN, answer=ProtectionChanged)
def change_protection(
    actor: Account, *, version: int, days: int, also_running: bool, now: datetime
) -> ProtectionChanged:
    """Change how many days a binding lasts (manual 6.3.j-2, R6): for new ones, or also for running ones.

    Running ones then end `days` times 24 hours after their binding, but not before now; the lead, its binding
    and its holds move together, and each moved lead gets a history record. Left alone are ends that were
    extended or kept by a rebind, and those of leads that are dealt, expired or not bound. Where nothing
    changes, and on a repeat, nothing is written.

    Raises:
        Refused: PROTECTION_DAYS_WRONG, or STALE where the settings were changed since the form was shown.
    """
    require_protection_days(days)
    locked = _lock_running_leads(now) if also_running else []
    settings = _lock_settings(alone=True)
    require_version(settings, version)
    moved = _reset_running(locked, days, actor=actor, now=now) if also_running else []
    ended = sum(one.fate is Fate.AT_ONCE for one in moved)
    if moved or days != settings.protection_days:
        changes = {"protection_days": [settings.protection_days, days], "moved": len(moved), "ended": ended}
        settings.protection_days = days
        settings.version += 1
        history.record(actor, "change_protection", chain=SETTINGS, changes=changes, now=now)
    return ProtectionChanged(days, len(moved), ended)


def lock_settings(version: int) -> Setting:
    """Lock the settings for a change, and read them afresh.

    Raises:
        Refused: STALE where they were changed since the form was shown.
    """
    settings = _lock_settings(alone=True)
    require_version(settings, version)
    return settings


def _lock_settings(*, alone: bool) -> Setting:
    locked = select(Setting).with_for_update(read=not alone)
    return db.session.execute(locked.execution_options(populate_existing=True)).scalar_one()


def _lock_running_leads(now: datetime) -> Sequence[int]:
    """Lock the leads whose protection runs, in the order of their numbers, before anything else is locked."""
    locked = select(Lead).where(runs(now)).order_by(Lead.id).with_for_update(key_share=True)
    return [lead.id for lead in db.session.scalars(locked.execution_options(populate_existing=True))]


def _reset_running(locked: Sequence[int], days: int, *, actor: Account, now: datetime) -> list[Outlook]:
    """Give the running bindings their new ends, once nobody can make, move or end one any more.

    Raises:
        LostRace: a binding began to run between the lock of the leads and that of the settings.
    """
    holds = _lock_holds(now)
    running = running_bindings(now).execution_options(populate_existing=True)
    moved = [one for one in outlook(db.session.scalars(running), days, now) if one.is_moved]
    if not {one.binding.lead_id for one in moved} <= set(locked):
        raise LostRace
    for one in moved:
        _move(one, holds[one.binding.lead_id])
    db.session.flush()
    for one in moved:
        _record_move(actor, one, days=days, now=now)
    return moved


def _lock_holds(now: datetime) -> dict[int, list[Hold]]:
    """Lock the holds of all leads whose protection runs, in the order of their keys; returns them by lead."""
    locked = (
        select(Hold)
        .where(Hold.lead_id.in_(select(Lead.id).where(runs(now))), Hold.ends_at > now)
        .order_by(Hold.name_key, Hold.phone, Hold.person_number)
        .with_for_update(of=Hold)
        .execution_options(populate_existing=True)
    )
    holds: dict[int, list[Hold]] = {}
    for hold in db.session.scalars(locked):
        holds.setdefault(hold.lead_id, []).append(hold)
    return holds


def _move(one: Outlook, holds: Sequence[Hold]) -> None:
    """Move the end of a binding, of its lead and of the lead's holds together."""
    one.binding.ends_at = one.new_end
    one.binding.lead.protect_until = one.new_end
    one.binding.lead.version += 1
    for hold in holds:
        hold.ends_at = one.new_end


def _record_move(actor: Account, one: Outlook, *, days: int, now: datetime) -> None:
    """Write on the lead's chain which end its binding had and which it has, and set its days."""
    binding = one.binding
    changes = {
        "binding": binding.id,
        "days": [binding.days, days],
        "ends_at": [one.old_end.isoformat(), one.new_end.isoformat()],
    }
    binding.days = days
    history.record_lead(actor, "reset_protection", binding.lead, changes=changes, now=now)
