"""One customer: who may see or change them, and everything that belongs to them."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import Verb, status_after
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Fee,
    FollowUp,
    GateScan,
    HistoryRecord,
    Lead,
    Rebind,
    Viewing,
)
from lead_system.queries import scope
from lead_system.queries.matching import is_number
from lead_system.queries.retention import refuse_anonymised


def get_lead(actor: Account, lead_id: int) -> Lead:
    """Return a lead that somebody may see.

    Raises:
        Refused: NOT_FOUND when it does not exist, or not for this account (R12).
    """
    lead = db.session.scalar(select(Lead).where(Lead.id == lead_id, scope.visible_leads(actor)))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return lead


def get_own_lead(actor: Account, lead_id: int) -> Lead:
    """Return a listed lead that belongs to this broker or resident, to do something with it.

    Raises:
        Refused: NOT_FOUND, or ANONYMISED.
    """
    lead = db.session.scalar(select(Lead).where(Lead.id == lead_id, scope.owned_leads(actor)))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    refuse_anonymised(lead)
    return lead


def get_own_entry(actor: Account, lead_id: int, verb: Verb, now: datetime) -> Lead:
    """Return an own lead that may still be corrected or withdrawn, because it was never reported (R2).

    Raises:
        Refused: NOT_FOUND, or STATUS_FORBIDS once it was reported.
    """
    lead = get_own_lead(actor, lead_id)
    status_after(verb, lead.status_at(now))
    return lead


def find_lead_by_number(actor: Account, text: str) -> Lead | None:
    """Return the lead of a number as somebody typed it; None where there is none that they may see."""
    return db.session.scalar(select(Lead).where(is_number(Lead.id, text), scope.visible_leads(actor)))


def leads_of_same_customer(lead: Lead) -> list[Lead]:
    """Return the other leads that share a key with this one, oldest first; for the back office only."""
    phones = [key.phone for key in lead.keys]
    found = (
        select(Lead)
        .where(Lead.name_key == lead.name_key, Lead.person_number == lead.person_number)
        .where(or_(Lead.phone1.in_(phones), Lead.phone2.in_(phones)), Lead.id != lead.id)
        .options(selectinload(Lead.broker).selectinload(Account.brokerage))
        .order_by(Lead.id)
    )
    return list(db.session.scalars(found))


def scans_of(lead: Lead) -> list[GateScan]:
    """Return the gate scans of a lead, newest first."""
    found = select(GateScan).where(GateScan.lead_id == lead.id).order_by(GateScan.id.desc())
    shown = (GateScan.gate, GateScan.consultant, GateScan.broker, GateScan.brokerage)
    return list(db.session.scalars(found.options(*(selectinload(one) for one in shown))))


def viewings_of(lead: Lead) -> list[Viewing]:
    """Return the viewings of a lead, newest first."""
    found = select(Viewing).where(Viewing.lead_id == lead.id).order_by(Viewing.id.desc())
    shown = (selectinload(Viewing.consultant), selectinload(Viewing.broker))
    return list(db.session.scalars(found.options(*shown)))


def follow_ups_of(lead: Lead) -> list[FollowUp]:
    """Return the follow-ups of a lead, newest first."""
    found = select(FollowUp).where(FollowUp.lead_id == lead.id).order_by(FollowUp.id.desc())
    return list(db.session.scalars(found.options(selectinload(FollowUp.author))))


def fees_of(lead: Lead) -> list[Fee]:
    """Return the viewing fees of a lead, newest first."""
    found = select(Fee).where(Fee.lead_id == lead.id).order_by(Fee.id.desc())
    shown = (selectinload(Fee.broker), selectinload(Fee.created_by), selectinload(Fee.voided_by))
    return list(db.session.scalars(found.options(*shown)))


def rebinds_of(lead: Lead) -> list[Rebind]:
    """Return the rebinds that took a customer from this lead or brought one to it, newest first."""
    found = select(Rebind).where(or_(Rebind.from_lead_id == lead.id, Rebind.to_lead_id == lead.id))
    shown = (selectinload(Rebind.from_broker), selectinload(Rebind.to_broker), selectinload(Rebind.actor))
    return list(db.session.scalars(found.options(*shown).order_by(Rebind.id.desc())))


def history_of(lead: Lead) -> list[HistoryRecord]:
    """Return what happened to a lead, newest first."""
    found = select(HistoryRecord).where(HistoryRecord.chain == f"lead:{lead.id}")
    shown = (selectinload(HistoryRecord.actor), selectinload(HistoryRecord.payload))
    return list(db.session.scalars(found.options(*shown).order_by(HistoryRecord.id.desc())))
