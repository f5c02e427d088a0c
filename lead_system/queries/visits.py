"""扫码记录 and 带看记录: the gate scans and viewings that somebody may see, and the search over each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import Verb, is_allowed
from lead_system.domain.protection import shanghai_day
from lead_system.domain.records import moment_of
from lead_system.extensions import db
from lead_system.models import Account, Binding, GateScan, HistoryRecord, Intent, Lead, Viewing, WalkIn
from lead_system.queries import scope
from lead_system.queries.matching import (
    accounts_with,
    brokerages_with,
    is_within,
    with_lead,
)
from lead_system.queries.visit_codes import get_lead_by_code


@dataclass(frozen=True)
class ScanSearch:
    """What the list of gate scans is narrowed to (manual 3.3-9 to 3.3-13); blank conditions do not count."""

    number: str = ""
    name: str = ""
    phone: str = ""
    broker: str = ""
    brokerage: str = ""
    gate: str = ""
    consultant: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class ViewingSearch:
    """What the list of viewings is narrowed to (manual 4.3-11 to 4.3-14); blank conditions do not count."""

    number: str = ""
    name: str = ""
    phone: str = ""
    broker: str = ""
    consultant: str = ""
    intent: Intent | None = None
    first_day: date | None = None
    last_day: date | None = None
    consultant_id: int | None = None


def scans_found(actor: Account, search: ScanSearch) -> Select[GateScan]:
    """Return the gate scans within somebody's scope that fit a search, newest first.

    The brokerage is the one to which the broker belonged at the visit.
    """
    conditions = [
        *_names(GateScan.broker_id, search.broker),
        *_names(GateScan.gate_id, search.gate),
        *_names(GateScan.consultant_id, search.consultant),
        is_within(GateScan.scanned_at, search.first_day, search.last_day),
    ]
    if search.brokerage.strip():
        conditions.append(GateScan.brokerage_id.in_(brokerages_with(search.brokerage)))
    shown = (GateScan.lead, GateScan.broker, GateScan.consultant)
    return (
        with_lead(select(GateScan), GateScan.lead, search.number, search.name, search.phone)
        .where(scope.visible_scans(actor), *conditions)
        .options(joinedload(GateScan.gate, innerjoin=True), joinedload(GateScan.brokerage))
        .options(*(selectinload(one) for one in shown))
        .order_by(GateScan.scanned_at.desc(), GateScan.id.desc())
    )


def viewings_found(actor: Account, search: ViewingSearch) -> Select[Viewing]:
    """Return the viewings within somebody's scope that fit a search, newest first."""
    conditions = [
        *_names(Viewing.broker_id, search.broker),
        *_names(Viewing.consultant_id, search.consultant),
        is_within(Viewing.viewed_at, search.first_day, search.last_day),
    ]
    if search.intent is not None:
        conditions.append(Viewing.intent == search.intent)
    if search.consultant_id is not None:
        conditions.append(Viewing.consultant_id == search.consultant_id)
    return (
        with_lead(select(Viewing), Viewing.lead, search.number, search.name, search.phone)
        .where(scope.visible_viewings(actor), *conditions)
        .options(*(selectinload(one) for one in (Viewing.lead, Viewing.broker, Viewing.consultant)))
        .order_by(Viewing.viewed_at.desc(), Viewing.id.desc())
    )


def _names(account_id: Any, part: str) -> list[ColumnElement[bool]]:
    """Return the condition that the person in a column has a part in the name; none for blank."""
    return [account_id.in_(accounts_with(Account.name, part))] if part.strip() else []


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


def visits_today(now: datetime) -> dict[int, int]:
    """Return how many visits each consultant was given on this Shanghai day, so that turns can be fair.

    Scans and walk-ins count alike; whoever was given none is not named.
    """
    today = shanghai_day(now)
    given = union_all(
        select(GateScan.consultant_id).where(is_within(GateScan.scanned_at, today, None)),
        select(WalkIn.consultant_id).where(is_within(WalkIn.came_at, today, None)),
    ).subquery()
    counted = select(given.c.consultant_id, func.count()).group_by(given.c.consultant_id)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def leads_numbered(lead_ids: Sequence[int]) -> list[Lead]:
    """Return leads by their numbers, with their brokers; for the gate, which may know who holds (R5)."""
    found = select(Lead).where(Lead.id.in_(lead_ids)).order_by(Lead.id)
    with_brokers = selectinload(Lead.broker).selectinload(Account.brokerage)
    return list(db.session.scalars(found.options(with_brokers)))


def find_end_begun_by(scan: GateScan) -> datetime | None:
    """Return the end of the protection as a scan began it; None for another visit, which begins none.

    Its record says so. The binding itself moves its end with every extension and change of the settings.
    """
    bound = select(HistoryRecord.changes).where(
        HistoryRecord.lead_id == scan.lead_id, HistoryRecord.action == "bind_by_scan"
    )
    ends = (one["ends_at"] for one in db.session.scalars(bound) if one["scan"] == scan.id)
    return next(map(moment_of, ends), None)


def find_binding_by_scan(scan: GateScan) -> Binding | None:
    """Return the binding that this very scan began; None for a visit of a customer who was bound before."""
    return db.session.scalar(select(Binding).where(Binding.scan_id == scan.id))
