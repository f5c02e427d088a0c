"""Who may be counted on: agents in good standing, and consultants who can be chosen (R5, R8, R10)."""

from typing import NamedTuple

from sqlalchemy import and_, bindparam, select, true
from sqlalchemy.orm import aliased

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Setting
from lead_system.services.protection import days_of_new_binding
from lead_system.services.transaction import know_brokerage
from lead_system.statements import Statement, as_read


def require_standing(agent: Account) -> None:
    """Refuse an agent who may not enter, report or win a new binding.

    Raises:
        Refused: archived or without a profile, not approved, or without an active brokerage; in this order.
    """
    if not agent.is_active or not agent.has_profile:
        raise Refused(RefusalCode.BROKER_NOT_ACTIVE)
    if not agent.is_approved:
        raise Refused(RefusalCode.BROKER_NOT_APPROVED)
    if not agent.has_active_brokerage:
        raise Refused(RefusalCode.BROKERAGE_NOT_ACTIVE)


def lock_standing(agent: Account) -> None:
    """Require good standing and keep it until the transaction ends.

    An archiving at the same moment then comes wholly before this or wholly after it.

    Raises:
        Refused: as `require_standing` does.
    """
    _lock(Account, agent.id)
    if agent.brokerage_id is not None:
        _lock(Brokerage, agent.brokerage_id)
    require_standing(agent)


class BindingGround(NamedTuple):
    """What a new binding rests on: who takes over, the broker's brokerage, and how many days it lasts."""

    consultant_id: int
    brokerage_id: int | None
    days: int


_Consultant = aliased(Account)
_AGENT = ("id", "archived_at", "profile_completed_at", "approval", "brokerage_id")
_is_offered = and_(
    _Consultant.id == bindparam("consultant_id"),
    _Consultant.role == Role.CONSULTANT,
    _Consultant.archived_at.is_(None),
)
_GROUND = Statement(
    select(
        *(getattr(Account, name) for name in _AGENT),
        Brokerage.archived_at,
        _Consultant.id,
        Setting.protection_days,
    )
    .join(Brokerage, Brokerage.id == Account.brokerage_id)
    .join(_Consultant, _is_offered)
    .join(Setting, true())
    .where(Account.id == bindparam("broker_id"))
    .with_for_update(read=True)
)


def lock_ground(broker_id: int, consultant_id: int | None) -> BindingGround:
    """Require all that a new binding rests on, and keep it until the transaction ends (R5).

    One look, since mostly all of it is there. Where some of it is not, each thing is looked at in the order
    of R5, and the first that is missing refuses.

    Raises:
        Refused: as `lock_standing` does, then as `require_consultant` does.
    """
    asked = {"broker_id": broker_id, "consultant_id": consultant_id}
    ground = _GROUND.first(asked)
    if ground is None:
        broker = db.session.get_one(Account, broker_id)
        lock_standing(broker)
        consultant = require_consultant(consultant_id)
        return BindingGround(consultant.id, broker.brokerage_id, days_of_new_binding())
    *agent, brokerage_archived_at, chosen_id, days = ground
    broker = as_read(Account, dict(zip(_AGENT, agent, strict=True)))
    know_brokerage(broker, archived_at=brokerage_archived_at)
    require_standing(broker)
    return BindingGround(chosen_id, broker.brokerage_id, days)


def find_active_consultant(consultant_id: int | None) -> Account | None:
    """Return a consultant who can be chosen now; the row is kept from being archived meanwhile."""
    return db.session.scalar(
        select(Account)
        .where(Account.id == consultant_id, Account.role == Role.CONSULTANT, Account.archived_at.is_(None))
        .with_for_update(read=True)
    )


def require_consultant(consultant_id: int | None) -> Account:
    """Return the consultant whom gate staff chose to take over, kept from being archived meanwhile (R5).

    Raises:
        Refused: CONSULTANT_MISSING where nobody was chosen, or CONSULTANT_NOT_OFFERED.
    """
    if consultant_id is None:
        raise Refused(RefusalCode.CONSULTANT_MISSING, field="consultant_id")
    consultant = find_active_consultant(consultant_id)
    if consultant is None:
        raise Refused(RefusalCode.CONSULTANT_NOT_OFFERED, field="consultant_id")
    return consultant


def _lock(model: type[Account] | type[Brokerage], row_id: int) -> None:
    """Lock a row against change, and read it afresh."""
    db.session.scalar(
        select(model)
        .where(model.id == row_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
