"""带看费: what the secretary pays a broker for a visit."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Fee, GateScan, Lead
from lead_system.services import history
from lead_system.services.leads import lock_lead
from lead_system.services.transaction import use_case

SMALLEST_FEE, LARGEST_FEE = Decimal("0.01"), Decimal("999999.99")


@dataclass(frozen=True)
class FeePaid:
    """The fee that was written down."""

    fee_id: int


@use_case("pay_fee", roles=frozenset({Role.SECRETARY}), answer=FeePaid)
def pay_fee(actor: Account, *, lead_id: int, amount: Decimal, now: datetime) -> FeePaid:
    """Write down a viewing fee in yuan, paid to the lead's broker for a visit that the gate scanned.

    Raises:
        Refused: NOT_FOUND, an amount outside 0.01 to 999 999.99 or with more than two decimals, or
            NEVER_SCANNED.
    """
    lead = lock_lead(Lead.id == lead_id)
    if not amount.is_finite() or not SMALLEST_FEE <= amount <= LARGEST_FEE or amount != round(amount, 2):
        raise Refused(RefusalCode.FEE_AMOUNT_WRONG, field="amount")
    if db.session.scalar(select(GateScan.id).where(GateScan.lead_id == lead.id).limit(1)) is None:
        raise Refused(RefusalCode.NEVER_SCANNED, lead_id=lead.id)
    fee = Fee(
        lead_id=lead.id,
        broker_id=lead.broker_id,
        brokerage_id=lead.broker.brokerage_id,
        amount=amount,
        created_at=now,
        created_by_id=actor.id,
    )
    db.session.add(fee)
    db.session.flush()
    history.record_lead(actor, "pay_fee", lead, changes={"fee": fee.id, "amount": str(amount)}, now=now)
    return FeePaid(fee.id)
