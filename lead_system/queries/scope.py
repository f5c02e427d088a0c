"""The one answer to "who sees which rows" (R12); lists, details, counts and look-ups all ask here.

Another's record does not exist for whoever may not see it: look-ups answer NOT_FOUND.
"""

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from lead_system.domain.roles import BACK_OFFICE, DECIDERS, Role
from lead_system.models import Account, Collision, Lead, Viewing, is_listed


def owned_leads(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the leads that belong to a broker or resident and still stand in lists."""
    condition: ColumnElement[bool] = and_(Lead.broker_id == actor.id, is_listed())
    return condition


def visible_leads(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the leads that somebody may see.

    A resident also reads what was entered for colleagues, while both are in that brokerage. A consultant
    sees assigned customers and those of the own viewings. Gate staff see scans, not leads.
    """
    if actor.role in BACK_OFFICE:
        return true()
    if actor.role is Role.BROKER:
        return owned_leads(actor)
    if actor.role is Role.RESIDENT:
        colleagues = select(Account.id).where(
            Account.brokerage_id.is_not(None), Account.brokerage_id == actor.brokerage_id
        )
        entered = and_(Lead.entered_by_id == actor.id, Lead.broker_id.in_(colleagues), is_listed())
        return or_(owned_leads(actor), entered)
    if actor.role is Role.CONSULTANT:
        viewed = select(Viewing.lead_id).where(Viewing.consultant_id == actor.id)
        return or_(Lead.consultant_id == actor.id, Lead.id.in_(viewed))
    return false()


def visible_scans(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the gate scans that somebody may list: all, for gate and back office."""
    return true() if actor.role is Role.GATE or actor.role in BACK_OFFICE else false()


def visible_viewings(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the viewings that somebody may list: a consultant's own, or all."""
    if actor.role is Role.CONSULTANT:
        return Viewing.consultant_id == actor.id
    return true() if actor.role in BACK_OFFICE else false()


def visible_collisions(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the collisions that somebody may see: directors and admins see all."""
    return Collision.id.is_not(None) if actor.role in DECIDERS else false()
