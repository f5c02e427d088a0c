"""扫码记录 and 带看记录: the gate scans and viewings that somebody may see, and the search over each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed
from lead_system.extensions import db
from lead_system.models import Account, Binding, GateScan, Intent, Lead, Viewing
from lead_system.queries import scope
from lead_system.queries.leads import (
    LeadSearch,
    accounts_with,
    get_lead_by_code,
    has_name_part,
    has_phone_part,
    is_number,
    leads_found,
)

ENDING_SOON = timedelta(days=7)
"""How long before its end a binding is pointed out to the broker."""


@dataclass(frozen=True)
class ScanSearch:
    """What the list of gate scans is narrowed to (manual 3.3-9 to 3.3-13); blank conditions do not count."""

    number: str = ""
    name: str = ""
    phone: str = ""
    broker: str = ""
    consultant: str = ""


@dataclass(frozen=True)
class ViewingSearch:
    """What the list of viewings is narrowed to (manual 4.3-11 to 4.3-14); blank conditions do not count."""

    number: str = ""
    name: str = ""
    broker: str = ""
    intent: Intent | None = None


def scans_found(actor: Account, search: ScanSearch) -> Select[GateScan]:
    """Return the gate scans within somebody's scope that fit a search, newest first."""
    conditions = _lead_conditions(search.number, search.name, search.phone)
    if search.broker.strip():
        conditions.append(GateScan.broker_id.in_(accounts_with(Account.name, search.broker)))
    if search.consultant.strip():
        conditions.append(GateScan.consultant_id.in_(accounts_with(Account.name, search.consultant)))
    return (
        select(GateScan)
        .join(GateScan.lead)
        .where(scope.visible_scans(actor), *conditions)
        .options(
            selectinload(GateScan.lead), selectinload(GateScan.broker), selectinload(GateScan.consultant)
        )
        .order_by(GateScan.scanned_at.desc(), GateScan.id.desc())
    )


def viewings_found(actor: Account, search: ViewingSearch) -> Select[Viewing]:
    """Return the viewings within somebody's scope that fit a search, newest first."""
    conditions = _lead_conditions(search.number, search.name, "")
    if search.broker.strip():
        conditions.append(Viewing.broker_id.in_(accounts_with(Account.name, search.broker)))
    if search.intent is not None:
        conditions.append(Viewing.intent == search.intent)
    return (
        select(Viewing)
        .join(Viewing.lead)
        .where(scope.visible_viewings(actor), *conditions)
        .options(selectinload(Viewing.lead), selectinload(Viewing.broker))
        .order_by(Viewing.viewed_at.desc(), Viewing.id.desc())
    )


def get_scan(actor: Account, scan_id: int) -> GateScan:
    """Return a gate scan that somebody may see.

    Raises:
        Refused: NOT_FOUND.
    """
    scan = db.session.scalar(select(GateScan).where(GateScan.id == scan_id, scope.visible_scans(actor)))
    if scan is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return scan


def get_viewable_lead(code: str, now: datetime) -> Lead:
    """Return the lead of a visit code, if a consultant may show the property to this customer now.

    Raises:
        Refused: CODE_UNKNOWN, CODE_MERGED, or NOT_BOUND_YET with the status, which tells what to do first.
    """
    lead = get_lead_by_code(code)
    status = lead.status_at(now)
    if not is_allowed(Verb.SHOW, status):
        raise Refused(RefusalCode.NOT_BOUND_YET, status=status.value, lead_id=lead.id)
    return lead


def expected_consultant_id(lead: Lead, now: datetime) -> int | None:
    """Return whom the gate is offered first: the broker's wish, else who has the bound customer already.

    None where nobody was named, so that gate staff have to choose (manual 3.2-3, 3.2-4).
    """
    holds = is_allowed(Verb.SHOW, lead.status_at(now))
    return lead.wished_consultant_id or (lead.consultant_id if holds else None)


def leads_numbered(lead_ids: Sequence[int]) -> list[Lead]:
    """Return leads by their numbers, with their brokers; for the gate, which may know who holds (R5)."""
    found = select(Lead).where(Lead.id.in_(lead_ids)).order_by(Lead.id)
    with_brokers = selectinload(Lead.broker).selectinload(Account.brokerage)
    return list(db.session.scalars(found.options(with_brokers)))


def find_binding_by_scan(scan: GateScan) -> Binding | None:
    """Return the binding that this very scan began; None for a visit of a customer who was bound before."""
    return db.session.scalar(select(Binding).where(Binding.scan_id == scan.id))


def ending_soon(actor: Account, now: datetime, *, at_most: int) -> list[Lead]:
    """Return the running bindings within somebody's scope that end within a week, the next one first."""
    bound = leads_found(actor, LeadSearch(status=LeadStatus.BOUND), now)
    soon = bound.where(Lead.protect_until <= now + ENDING_SOON).order_by(Lead.protect_until, Lead.id)
    return list(db.session.scalars(soon.limit(at_most)))


def _lead_conditions(number: str, name: str, phone: str) -> list[ColumnElement[bool]]:
    """Return the conditions on the customer, who is joined."""
    conditions: list[ColumnElement[bool]] = []
    if number.strip():
        conditions.append(is_number(Lead.id, number))
    if name.strip():
        conditions.append(has_name_part(name))
    if phone.strip():
        conditions.append(has_phone_part(phone))
    return conditions
