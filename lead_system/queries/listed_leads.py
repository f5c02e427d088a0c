"""Customers as lists show them: which rows a search finds, and what stands in them, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from lead_system.domain.identity import full_name
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import BACK_OFFICE
from lead_system.models import (
    Account,
    Brokerage,
    Hold,
    Lead,
    LeadKey,
    is_listed,
    is_live_hold,
    is_stored_as,
)
from lead_system.queries.leads import LeadSearch, has_run_out, is_found, status_expression
from lead_system.queries.names import newest_of_name
from lead_system.queries.numbers import IDS, is_among
from lead_system.queries.paging import Stretch
from lead_system.queries.tallies import NOW
from lead_system.statements import Statement


class Holder(NamedTuple):
    """A lead that holds a customer now, and the name of its broker."""

    id: int
    broker_name: str


@dataclass(slots=True)
class ShownLead:
    """What every list shows of a customer: plain values, which cost a tenth of rows that a session keeps."""

    id: int
    surname: str
    given_name: str
    phone1: str
    phone2: str | None
    status: LeadStatus
    """The real one, at the moment for which it was asked."""

    expected_visit_at: datetime | None
    protect_until: datetime | None
    rebound_at: datetime | None

    @property
    def full_name(self) -> str:
        """The name as the broker wrote it; blank where it was anonymised."""
        return full_name(self.surname, self.given_name)


def shown_of_a_lead(now: Any) -> tuple[Any, ...]:
    """Return the fields of `ShownLead`, in its order, as columns of a lead."""
    return (
        Lead.id,
        Lead.surname,
        Lead.given_name,
        Lead.phone1,
        Lead.phone2,
        status_expression(now),
        Lead.expected_visit_at,
        Lead.protect_until,
        Lead.rebound_at,
    )


@dataclass(slots=True)
class ListedLead(ShownLead):
    """A customer as the back office lists them."""

    broker_name: str
    broker_phone: str
    broker_archived_at: datetime | None
    brokerage_name: str | None
    entered_by_name: str | None
    """Who entered the customer, if not the broker."""

    consultant_name: str | None
    person_number: int
    holders: Sequence[Holder] = ()
    """Who else holds the customer now."""


def leads_found(actor: Account, search: LeadSearch, now: datetime) -> Select[Lead]:
    """Return the listed leads within somebody's scope that fit a search, with what a list shows of them."""
    return (
        select(Lead)
        .where(is_found(actor, search, now))
        .options(
            joinedload(Lead.broker, innerjoin=True).joinedload(Account.brokerage),
            selectinload(Lead.entered_by),
            joinedload(Lead.consultant),
            selectinload(Lead.customer_type),
        )
    )


_BROKER, _ENTERED_BY, _CONSULTANT = (aliased(Account) for _ in range(3))


def _lines(now: Any) -> Select[Any]:
    """Return the fields of `ListedLead` but its last, in its order, of leads beside their people."""
    return (
        select(
            *shown_of_a_lead(now),
            _BROKER.name,
            _BROKER.phone,
            _BROKER.archived_at,
            Brokerage.name,
            case((Lead.entered_by_id != Lead.broker_id, _ENTERED_BY.name)),
            _CONSULTANT.name,
            Lead.person_number,
        )
        .select_from(Lead)
        .join(_BROKER, _BROKER.id == Lead.broker_id)
        .join(_ENTERED_BY, _ENTERED_BY.id == Lead.entered_by_id)
        .outerjoin(Brokerage, Brokerage.id == _BROKER.brokerage_id)
        .outerjoin(_CONSULTANT, _CONSULTANT.id == Lead.consultant_id)
    )


_LINES = Statement(_lines(NOW).where(is_among(Lead.id, IDS)))
"""Built once, like every statement here that is a constant: making one takes longer than sending it."""


def lines_found(actor: Account, search: LeadSearch, now: datetime) -> Select[Any]:
    """Return what a list shows of the listed leads within somebody's scope that fit a search."""
    return _lines(now).where(is_found(actor, search, now))


def listed_leads(ids: Sequence[int], now: datetime) -> list[ListedLead]:
    """Return what a list shows of the leads of these numbers, which the scope has let through, in order."""
    lines = _LINES.rows({"ids": ids, "now": now}) if ids else ()
    by_id = {line.id: line for line in with_holders(lines, now)}
    return [by_id[one] for one in ids if one in by_id]


def newest_ids(actor: Account, search: LeadSearch, now: datetime) -> Stretch:
    """Return the numbers of the leads found, the newest first.

    What has expired, under no other condition, lies in two stretches of one index, which are merged.
    """
    if search.status is LeadStatus.EXPIRED and _is_of_everybody(actor, search):
        sides = (is_stored_as(LeadStatus.EXPIRED), has_run_out(now))
        return tuple(select(Lead.id).where(is_listed(), one).order_by(Lead.id.desc()) for one in sides)
    found = select(Lead.id).where(is_found(actor, search, now))
    return found.order_by(newest_of_name(search.name))


def _is_of_everybody(actor: Account, search: LeadSearch) -> bool:
    """Say whether a search is about all customers there are, in whatever status."""
    is_open = search.broker_id is None and search.brokerage_id is None
    return is_open and search.is_of_all and actor.role in BACK_OFFICE


def with_holders(lines: Sequence[Any], now: datetime) -> list[ListedLead]:
    """Return lines of `lines_found` with who else holds these customers, looked up once for all."""
    found = [ListedLead(*line) for line in lines]
    holders = holders_of([lead.id for lead in found], now)
    for lead in found:
        lead.holders = holders.get(lead.id, ())
    return found


_OWN_KEY = aliased(LeadKey)
_HOLDERS = Statement(
    select(_OWN_KEY.lead_id, Hold.lead_id, Account.name)
    .join(
        Hold,
        and_(
            Hold.name_key == _OWN_KEY.name_key,
            Hold.phone == _OWN_KEY.phone,
            Hold.person_number == _OWN_KEY.person_number,
        ),
    )
    .join(Lead, Lead.id == Hold.lead_id)
    .join(Account, Account.id == Lead.broker_id)
    .where(is_among(_OWN_KEY.lead_id, IDS), Hold.lead_id != _OWN_KEY.lead_id, is_live_hold(NOW))
    .distinct()
    .order_by(Hold.lead_id)
)


def holders_of(ids: Sequence[int], now: datetime) -> dict[int, list[Holder]]:
    """Return the other leads that hold a key of these now: the mark "held by …"; most have none."""
    held: dict[int, list[Holder]] = {}
    for lead_id, *holder in _HOLDERS.rows({"ids": ids, "now": now}) if ids else ():
        held.setdefault(lead_id, []).append(Holder(*holder))
    return held
