"""Customers as lists and details: one status expression, one search, and the counts that agree with both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select
from sqlalchemy.orm import aliased, selectinload

from lead_system.domain.codes import read_code
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Brokerage,
    Fee,
    FollowUp,
    GateScan,
    HistoryRecord,
    Hold,
    Lead,
    LeadKey,
    Rebind,
    Viewing,
    is_listed,
    is_live_hold,
)
from lead_system.queries import scope

TABS = (
    LeadStatus.ENTERED,
    LeadStatus.REPORTED,
    LeadStatus.BOUND,
    LeadStatus.EXPIRED,
    LeadStatus.DEALT,
)
"""The statuses that have a tab, in the order of the manual; the first tab is "all"."""

LARGEST_ID = 2**31 - 1
LONGEST_NUMBER = 10
NO_ROW = -1
PHONE_DIGITS = 7


@dataclass(frozen=True)
class LeadSearch:
    """What a list of customers is narrowed to; every condition that is not blank must hold.

    Texts match parts, and `%` and `_` are ordinary characters. `phone` is part of the visible digits.
    """

    status: LeadStatus | None = None
    number: str = ""
    name: str = ""
    phone: str = ""
    broker_name: str = ""
    broker_phone: str = ""
    brokerage: str = ""
    consultant: str = ""
    consultant_id: int | None = None
    anything: str = ""


def status_expression(now: datetime) -> ColumnElement[Any]:
    """Return the status that every reader sees at a moment, as `lifecycle.real_status` does, in SQL (R6)."""
    return case((_has_run_out(now), literal(LeadStatus.EXPIRED, Lead.status.type)), else_=Lead.status)


def _has_run_out(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a lead which is stored as bound has reached its end (R6)."""
    return and_(Lead.status == LeadStatus.BOUND, Lead.protect_until <= now)


def has_status(status: LeadStatus, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a lead really has a status at a moment, in a form that can use an index."""
    if status is LeadStatus.BOUND:
        return and_(Lead.status == LeadStatus.BOUND, not_(_has_run_out(now)))
    if status is LeadStatus.EXPIRED:
        return or_(Lead.status == LeadStatus.EXPIRED, _has_run_out(now))
    return Lead.status == status


def contains(column: Any, part: str) -> ColumnElement[bool]:
    """Return the condition that a text holds a part, whatever its case; `%` and `_` stand for themselves."""
    condition: ColumnElement[bool] = column.icontains(part.strip(), autoescape=True)
    return condition


def written_name() -> ColumnElement[str]:
    """Return surname and given name as one text, as people search for it."""
    return Lead.surname + Lead.given_name


def has_phone_part(part: str) -> ColumnElement[bool]:
    """Return the condition that a phone shows these digits: part of its head or tail, or all seven.

    138****5678 may be typed as it is seen. The gap is no neighbourhood: "85" does not find 138****5678.
    """
    digits = "".join(c for c in part if c.isdecimal())
    if len(digits) == PHONE_DIGITS:
        return or_(Lead.phone1 == digits, Lead.phone2 == digits)
    shown = digits or part
    parts = (f(column) for column in (Lead.phone1, Lead.phone2) for f in (_head, _tail))
    return or_(*(contains(func.coalesce(text, ""), shown) for text in parts))


def _head(phone: Any) -> Any:
    return func.substr(phone, 1, 3)


def _tail(phone: Any) -> Any:
    return func.substr(phone, 4, 4)


def is_number(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that an id is the number that was typed; anything else finds nothing."""
    number = find_row_number(text)
    condition: ColumnElement[bool] = column == (number if number is not None else NO_ROW)
    return condition


def find_row_number(text: str) -> int | None:
    """Return the row number that a text is, None for anything that cannot be one."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        return None
    return int(text) if int(text) <= LARGEST_ID else None


def conditions_of(search: LeadSearch, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of a search; those on other tables are look-ups, so that no row is doubled."""
    texts: list[tuple[str, Callable[[str], ColumnElement[bool]]]] = [
        (search.number, partial(is_number, Lead.id)),
        (search.name, has_name_part),
        (search.phone, has_phone_part),
        (search.broker_name, lambda part: Lead.broker_id.in_(accounts_with(Account.name, part))),
        (search.broker_phone, lambda part: Lead.broker_id.in_(accounts_with(Account.phone, part))),
        (search.brokerage, lambda part: Lead.broker_id.in_(_agents_of(part))),
        (search.consultant, lambda part: Lead.consultant_id.in_(accounts_with(Account.name, part))),
        (search.anything, _has_anything),
    ]
    found = [condition(text) for text, condition in texts if text.strip()]
    if search.status is not None:
        found.append(has_status(search.status, now))
    if search.consultant_id is not None:
        found.append(Lead.consultant_id == search.consultant_id)
    return found


def has_name_part(part: str) -> ColumnElement[bool]:
    """Return the condition that the customer's name, surname and given name as one, holds a part."""
    return contains(written_name(), "".join(part.split()))


def accounts_with(column: Any, part: str) -> Select[int]:
    """Return the ids of the accounts of which a column holds a part."""
    return select(Account.id).where(contains(column, part))


def _agents_of(brokerage: str) -> Select[int]:
    return select(Account.id).join(Account.brokerage).where(contains(Brokerage.name, brokerage))


def _has_anything(part: str) -> ColumnElement[bool]:
    return or_(is_number(Lead.id, part), has_name_part(part), has_phone_part(part))


def leads_found(actor: Account, search: LeadSearch, now: datetime) -> Select[Lead]:
    """Return the listed leads within somebody's scope that fit a search, with what a list shows of them."""
    return (
        select(Lead)
        .where(scope.visible_leads(actor), is_listed(), *conditions_of(search, now))
        .options(
            selectinload(Lead.broker).selectinload(Account.brokerage),
            selectinload(Lead.entered_by),
            selectinload(Lead.consultant),
            selectinload(Lead.customer_type),
        )
    )


def tab_counts(actor: Account, search: LeadSearch, now: datetime) -> dict[LeadStatus | None, int]:
    """Return how many rows each tab has under a search; None is the tab "all", the sum of the others."""
    status = status_expression(now)
    everywhere = conditions_of(replace(search, status=None), now)
    rows = db.session.execute(
        select(status, func.count())
        .where(scope.visible_leads(actor), is_listed(), *everywhere)
        .group_by(status)
    )
    found = {LeadStatus(name): count for name, count in rows}
    counts: dict[LeadStatus | None, int] = {tab: found.get(tab, 0) for tab in TABS}
    return {None: sum(counts.values())} | counts


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
    """Return a listed lead that belongs to this broker or resident.

    Raises:
        Refused: NOT_FOUND.
    """
    lead = db.session.scalar(select(Lead).where(Lead.id == lead_id, scope.owned_leads(actor)))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return lead


def get_lead_by_code(code: str) -> Lead:
    """Return the lead of a visit code, by link, token or short code.

    Raises:
        Refused: CODE_UNKNOWN, or CODE_MERGED where another lead's code counts instead (R8).
    """
    read = read_code(code)
    if read is None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    lead = db.session.scalar(select(Lead).where(or_(Lead.code_token == read, Lead.short_code == read)))
    if lead is None:
        raise Refused(RefusalCode.CODE_UNKNOWN)
    if lead.merged_into_id is not None:
        raise Refused(RefusalCode.CODE_MERGED, lead_id=lead.merged_into_id)
    return lead


def holders_of(leads: Sequence[Lead], now: datetime) -> dict[int, list[Lead]]:
    """Return for each lead the other leads that hold one of its keys now: the mark "held by …"."""
    own_key = aliased(LeadKey)
    rows = db.session.execute(
        select(own_key.lead_id, Lead)
        .join(
            Hold,
            and_(
                Hold.name_key == own_key.name_key,
                Hold.phone == own_key.phone,
                Hold.person_number == own_key.person_number,
            ),
        )
        .join(Lead, Lead.id == Hold.lead_id)
        .where(own_key.lead_id.in_([lead.id for lead in leads]), Hold.lead_id != own_key.lead_id)
        .where(is_live_hold(now))
        .options(selectinload(Lead.broker))
        .order_by(Lead.id)
    )
    held: dict[int, list[Lead]] = {lead.id: [] for lead in leads}
    for lead_id, holder in rows:
        if holder not in held[lead_id]:
            held[lead_id].append(holder)
    return held


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
    shown = (selectinload(GateScan.gate), selectinload(GateScan.consultant), selectinload(GateScan.broker))
    return list(db.session.scalars(found.options(*shown)))


def viewings_of(lead: Lead) -> list[Viewing]:
    """Return the viewings of a lead, newest first."""
    found = select(Viewing).where(Viewing.lead_id == lead.id).order_by(Viewing.id.desc())
    return list(db.session.scalars(found.options(selectinload(Viewing.consultant))))


def follow_ups_of(lead: Lead) -> list[FollowUp]:
    """Return the follow-ups of a lead, newest first."""
    found = select(FollowUp).where(FollowUp.lead_id == lead.id).order_by(FollowUp.id.desc())
    return list(db.session.scalars(found.options(selectinload(FollowUp.author))))


def fees_of(lead: Lead) -> list[Fee]:
    """Return the viewing fees of a lead, newest first."""
    found = select(Fee).where(Fee.lead_id == lead.id).order_by(Fee.id.desc())
    return list(db.session.scalars(found.options(selectinload(Fee.created_by))))


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
