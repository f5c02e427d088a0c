"""Who may be counted on: agents in good standing, and consultants who can be chosen (R5, R8, R10)."""

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage


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
