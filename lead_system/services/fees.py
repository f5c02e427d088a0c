"""带看费: what the secretary pays a broker for a visit, with the screenshot of the payment; and 作废."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Fee, Lead, Picture
from lead_system.queries.fees import already_voided, require_scanned
from lead_system.services import history
from lead_system.services.leads import lock_lead
from lead_system.services.transaction import use_case

SMALLEST_FEE, LARGEST_FEE = Decimal("0.01"), Decimal("999999.99")


@dataclass(frozen=True)
class NewPicture:
    """A picture that was decoded and drawn anew: its size in pixels, and both sizes of it as JPEG files."""

    width: int
    height: int
    jpeg: bytes
    thumbnail: bytes


@dataclass(frozen=True)
class FeePaid:
    """The fee that was written down."""

    fee_id: int


@dataclass(frozen=True)
class FeeVoided:
    """The fee that no longer counts."""

    fee_id: int


@use_case("pay_fee", roles=frozenset({Role.SECRETARY}), answer=FeePaid)
def pay_fee(actor: Account, *, lead_id: int, amount: Decimal, picture: NewPicture, now: datetime) -> FeePaid:
    """Write down a viewing fee in yuan, paid to the lead's broker for a visit that the gate scanned.

    The screenshot of the payment is kept with it (manual 6.1.b-3). A fee is never edited, only voided.

    Raises:
        Refused: NOT_FOUND, an amount outside 0.01 to 999 999.99 or with more than two decimals, or
            NEVER_SCANNED.
    """
    lead = lock_lead(Lead.id == lead_id)
    if not amount.is_finite() or not SMALLEST_FEE <= amount <= LARGEST_FEE or amount != round(amount, 2):
        raise Refused(RefusalCode.FEE_AMOUNT_WRONG, field="amount")
    require_scanned(lead)
    fee = Fee(
        lead_id=lead.id,
        broker_id=lead.broker_id,
        brokerage_id=lead.broker.brokerage_id,
        amount=amount,
        picture_id=_keep_picture(picture),
        created_at=now,
        created_by_id=actor.id,
    )
    db.session.add(fee)
    db.session.flush()
    changes = {
        "fee": fee.id,
        "amount": str(amount),
        "picture": fee.picture_id,
        "brokerage": fee.brokerage_id,
    }
    history.record_lead(actor, "pay_fee", lead, changes=changes, now=now)
    return FeePaid(fee.id)


def _keep_picture(new: NewPicture) -> int:
    picture = Picture(width=new.width, height=new.height, jpeg=new.jpeg, thumbnail=new.thumbnail)
    db.session.add(picture)
    db.session.flush()
    return picture.id


@use_case("void_fee", roles=frozenset({Role.SECRETARY}), answer=FeeVoided)
def void_fee(actor: Account, *, fee_id: int, reason: str, now: datetime) -> FeeVoided:
    """Void a fee with a reason (作废): it stays as it is with its picture, but no longer counts.

    The UPDATE names only a fee that nobody has voided, so of two secretaries one voids it.

    Raises:
        Refused: NOT_FOUND, the reason is missing, or FEE_ALREADY_VOIDED, whose fact `name` is who did it.
    """
    reason = clean_reason(reason)
    fee = db.session.get(Fee, fee_id)
    if fee is None:
        raise Refused(RefusalCode.NOT_FOUND)
    voided = db.session.execute(
        update(Fee)
        .where(Fee.id == fee.id, Fee.voided_at.is_(None))
        .values(voided_at=now, voided_by_id=actor.id, void_reason=reason)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(fee)
    if voided.rowcount != 1:  # type: ignore[attr-defined]
        raise already_voided(fee)
    changes = {"fee": fee.id, "amount": str(fee.amount), "voided_at": [None, now.isoformat()]}
    history.record_lead(actor, "void_fee", fee.lead, changes=changes, personal={"reason": reason}, now=now)
    return FeeVoided(fee.id)
