"""带看费 as they are seen: one list with its tabs and its total, one fee, and its screenshot."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload, undefer

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.extensions import db
from lead_system.models import Account, Fee, GateScan, Lead, Picture
from lead_system.queries import scope
from lead_system.queries.matching import (
    accounts_with,
    accounts_with_phone,
    brokerages_with,
    is_within,
    with_lead,
)
from lead_system.queries.retention import refuse_anonymised

_SHOWN = (
    selectinload(Fee.lead),
    selectinload(Fee.broker),
    selectinload(Fee.brokerage),
    selectinload(Fee.created_by),
    selectinload(Fee.voided_by),
)


class FeeState(StrEnum):
    """Whether a fee counts."""

    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True)
class FeeSearch:
    """What the list of fees is narrowed to (manual 6.1.c-9 to 6.1.c-15); blank conditions do not count."""

    state: FeeState | None = None
    broker_name: str = ""
    broker_phone: str = ""
    brokerage: str = ""
    number: str = ""
    name: str = ""
    phone: str = ""
    first_day: date | None = None
    last_day: date | None = None


def fees_found(actor: Account, search: FeeSearch) -> Select[Fee]:
    """Return the fees that somebody may see and that fit a search, newest first.

    The brokerage is the one to which the broker belonged when the fee was paid.
    """
    conditions = [
        scope.visible_fees(actor),
        is_within(Fee.created_at, search.first_day, search.last_day),
    ]
    if search.broker_name.strip():
        conditions.append(Fee.broker_id.in_(accounts_with(Account.name, search.broker_name)))
    if search.broker_phone.strip():
        conditions.append(Fee.broker_id.in_(accounts_with_phone(search.broker_phone)))
    if search.brokerage.strip():
        conditions.append(Fee.brokerage_id.in_(brokerages_with(search.brokerage)))
    if search.state is not None:
        is_paid = Fee.voided_at.is_(None)
        conditions.append(is_paid if search.state is FeeState.PAID else Fee.voided_at.is_not(None))
    found = with_lead(select(Fee), Fee.lead, search.number, search.name, search.phone).where(*conditions)
    return found.options(*_SHOWN).order_by(Fee.created_at.desc(), Fee.id.desc())


@dataclass(frozen=True)
class FeeSums:
    """How many fees each tab has under a search, and what those that count amount to in yuan."""

    paid: int
    void: int
    total: Decimal


def fee_sums(actor: Account, search: FeeSearch) -> FeeSums:
    """Return counts and total under a search, whatever its tab; voided fees are in no total."""
    everywhere = fees_found(actor, replace(search, state=None)).order_by(None)
    is_void = Fee.voided_at.is_not(None)
    rows = db.session.execute(
        everywhere.options()
        .with_only_columns(is_void, func.count(), func.sum(Fee.amount), maintain_column_froms=True)
        .group_by(is_void)
    )
    sums = {bool(void): (count, amount) for void, count, amount in rows}
    paid, total = sums.get(False, (0, Decimal(0)))
    return FeeSums(paid, sums.get(True, (0, Decimal(0)))[0], total)


def get_fee(actor: Account, fee_id: int) -> Fee:
    """Return a fee that somebody may see.

    Raises:
        Refused: NOT_FOUND.
    """
    found = select(Fee).where(Fee.id == fee_id, scope.visible_fees(actor))
    fee = db.session.scalar(found.options(*_SHOWN, selectinload(Fee.picture)))
    if fee is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return fee


def get_screenshot(actor: Account, fee_id: int, *, small: bool) -> bytes:
    """Return the payment screenshot of a fee that somebody may see, as JPEG.

    Raises:
        Refused: NOT_FOUND, also where the fee is so old that it has none.
    """
    found = select(Picture).join(Fee, Fee.picture_id == Picture.id)
    found = found.where(Fee.id == fee_id, scope.visible_fees(actor))
    wanted = Picture.thumbnail if small else Picture.jpeg
    picture = db.session.scalar(found.options(undefer(wanted)))
    if picture is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return picture.thumbnail if small else picture.jpeg


def require_scanned(lead: Lead) -> None:
    """Refuse a fee for a customer whom the gate has never scanned (SPEC 4).

    Raises:
        Refused: ANONYMISED, or NEVER_SCANNED.
    """
    refuse_anonymised(lead)
    if db.session.scalar(select(GateScan.id).where(GateScan.lead_id == lead.id).limit(1)) is None:
        raise Refused(RefusalCode.NEVER_SCANNED, lead_id=lead.id)


def already_voided(fee: Fee) -> Refused:
    """Return the refusal to void a fee twice, whose fact `name` is who did it."""
    return Refused(RefusalCode.FEE_ALREADY_VOIDED, name=fee.voided_by.name if fee.voided_by else None)
