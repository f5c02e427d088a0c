"""The one answer to "who sees which rows" (R12); lists, details, counts and look-ups all ask here.

Another's record does not exist for whoever may not see it: look-ups answer NOT_FOUND.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from lead_system.domain.roles import AGENTS, APPROVED, BACK_OFFICE, DECIDERS, MANAGED_STAFF, Role
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Collision,
    Export,
    HistoryRecord,
    Import,
    Lead,
    Plot,
    Viewing,
    is_listed,
)


def owned_leads(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the leads that belong to a broker or resident and still stand in lists."""
    return leads_owned_by(actor.id)


def leads_owned_by(account_id: Any) -> ColumnElement[bool]:
    """Return the same for the account of a number, which may be a parameter that is filled in later."""
    condition: ColumnElement[bool] = and_(Lead.broker_id == account_id, is_listed())
    return condition


def sees_every_lead(actor: Account) -> bool:
    """Whether somebody may see all leads there are, so that kept figures of all are theirs too."""
    return actor.role in BACK_OFFICE


def visible_leads(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the leads that somebody may see.

    A resident also reads what was entered for colleagues, while both are in that brokerage. A consultant
    sees assigned customers and those of the own viewings. Gate staff see scans, not leads.
    """
    if sees_every_lead(actor):
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


def binds_listed_lead(actor: Account) -> ColumnElement[bool]:
    """Return the condition that a binding is of a listed lead that somebody may see.

    Of the leads that ever were bound only merged ones are in no list, since what was reported is never
    withdrawn. They are few and have an index, so for whoever sees all leads no lead is looked at.
    """
    if sees_every_lead(actor):
        return Binding.lead_id.not_in(select(Lead.id).where(Lead.merged_into_id.is_not(None)))
    return Binding.lead_id.in_(select(Lead.id).where(visible_leads(actor), is_listed()))


def choosable_colleagues(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the colleagues for whom a resident may enter a customer (manual 5.1-2).

    They are of the same brokerage and could enter it themselves: active, with a profile, approved.
    """
    if actor.role is not Role.RESIDENT:
        return false()
    return and_(
        Account.role.in_(AGENTS),
        Account.id != actor.id,
        Account.brokerage_id.is_not(None),
        Account.brokerage_id == actor.brokerage_id,
        Account.archived_at.is_(None),
        Account.profile_completed_at.is_not(None),
        Account.approval.in_(APPROVED),
    )


def visible_scans(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the gate scans that somebody may list: all, for gate and back office."""
    return true() if actor.role is Role.GATE or actor.role in BACK_OFFICE else false()


def visible_walk_ins(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the walk-ins that somebody may list: all, for gate and back office."""
    return true() if actor.role is Role.GATE or actor.role in BACK_OFFICE else false()


def visible_viewings(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the viewings that somebody may list: a consultant's own, or all."""
    if actor.role is Role.CONSULTANT:
        return Viewing.consultant_id == actor.id
    return true() if actor.role in BACK_OFFICE else false()


def visible_collisions(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the collisions that somebody may see: directors and admins see all."""
    return Collision.id.is_not(None) if actor.role in DECIDERS else false()


def visible_flagged(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the leads whose flags somebody may see: those who decide, of all (B8)."""
    return true() if actor.role in DECIDERS else false()


def visible_fees(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the viewing fees, with their screenshots, that somebody may see."""
    return true() if actor.role in BACK_OFFICE else false()


def visible_rebinds(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the records of rebinds that somebody may see: directors and admins see all."""
    return true() if actor.role in DECIDERS else false()


def visible_agents(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the brokers and residents that somebody may manage and count (6.2, 6.3).

    Archived ones have left the lists, and a phone without a profile is nobody's broker yet.
    """
    if actor.role not in DECIDERS:
        return false()
    return and_(
        Account.role.in_(AGENTS), Account.archived_at.is_(None), Account.profile_completed_at.is_not(None)
    )


def visible_visitors(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the visitors whom somebody may see, archived ones too: those who decide."""
    return Account.role == Role.VISITOR if actor.role in DECIDERS else false()


def visible_reveals(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the records of reveals that somebody may read: an admin reads all."""
    is_reveal = and_(HistoryRecord.chain == "reveals", HistoryRecord.action == "reveal_phone")
    return is_reveal if actor.role is Role.ADMIN else false()


def visible_profile_changes(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the changes of brokers' profiles that somebody may read."""
    return true() if actor.role in DECIDERS else false()


def visible_brokerages(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the brokerages that somebody may manage; archived ones have left the list."""
    return Brokerage.archived_at.is_(None) if actor.role in DECIDERS else false()


def visible_staff(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the staff and consultants that an admin manages; others manage none."""
    if actor.role is not Role.ADMIN:
        return false()
    return and_(Account.role.in_(MANAGED_STAFF), Account.archived_at.is_(None))


def visible_exports(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the exports that somebody may see: the own ones, and an admin everybody's."""
    if actor.role is Role.ADMIN:
        return true()
    return Export.account_id == actor.id if actor.role in BACK_OFFICE else false()


def visible_customer_types(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the customer types that an admin manages; others manage none."""
    return true() if actor.role is Role.ADMIN else false()


def visible_imports(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the imports that somebody may look at: the own ones alone."""
    return Import.account_id == actor.id if actor.role in DECIDERS else false()


def visible_plots(actor: Account) -> ColumnElement[bool]:
    """Return the condition for the plots that somebody may see; archived ones only the admin."""
    return true() if actor.role is Role.ADMIN else Plot.archived_at.is_(None)
