"""When people leave: their customers go to others in one go (R10, issue 9).

Both use cases act on several customers in one transaction, on all or on none (decision 40): a list that was
half handed over is what a director would have to untangle by hand. What refuses one customer refuses all, and
names it by the fact `lead_id`; taken out of the choice, the rest goes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import Account, Lead
from lead_system.queries.handing_over import MOST_AT_ONCE, is_gone
from lead_system.services import history
from lead_system.services.bindings import rebind_locked
from lead_system.services.leads import lock_lead
from lead_system.services.standing import require_consultant
from lead_system.services.transaction import use_case

_HELD = frozenset({LeadStatus.BOUND, LeadStatus.DEALT})
_TO_COME = frozenset({LeadStatus.ENTERED, LeadStatus.REPORTED})


@dataclass(frozen=True)
class CustomersHandedOver:
    """The customers that somebody else looks after now, by the numbers under which they are found."""

    lead_ids: tuple[int, ...]


@use_case("assign_consultant", roles=DECIDERS, answer=CustomersHandedOver)
def assign_consultant(
    actor: Account,
    *,
    lead_ids: tuple[int, ...],
    from_consultant_id: int,
    to_consultant_id: int | None,
    now: datetime,
) -> CustomersHandedOver:
    """Give customers of one consultant to another: all of them or none.

    Of a bound or dealt customer the consultant changes, of one entered or reported the wish. Neither binding
    nor clock moves, viewings stay with whoever made them, and each customer gets a record.

    Raises:
        Refused: NOTHING_CHOSEN, TOO_MANY_CHOSEN, CONSULTANT_MISSING, CONSULTANT_NOT_OFFERED, also for the one
            who has them already; NOT_FOUND, ANONYMISED, or STALE, whose fact `lead_id` is a customer that is
            not with that consultant any more.
    """
    ids = _chosen(lead_ids)
    consultant = require_consultant(to_consultant_id)
    if consultant.id == from_consultant_id:
        raise Refused(RefusalCode.CONSULTANT_NOT_OFFERED, field="consultant_id")
    for lead_id in ids:
        lead = lock_lead(Lead.id == lead_id)
        _assign(lead, from_consultant_id, consultant.id, actor=actor, now=now)
    return CustomersHandedOver(ids)


def _assign(lead: Lead, from_id: int, to_id: int, *, actor: Account, now: datetime) -> None:
    """Change the consultant or the wish of a locked customer, and write it down."""
    status = lead.status_at(now)
    name = "consultant_id" if status in _HELD else "wished_consultant_id"
    is_theirs = status in _HELD | _TO_COME and lead.is_listed and getattr(lead, name) == from_id
    if not is_theirs:
        raise Refused(RefusalCode.STALE, lead_id=lead.id)
    values: dict[str, Any] = {name: to_id, "version": Lead.version + 1}
    db.session.execute(update(Lead).where(Lead.id == lead.id).values(**values))
    db.session.refresh(lead)
    changes = {name.removesuffix("_id"): [from_id, to_id]}
    history.record_lead(actor, "assign_consultant", lead, changes=changes, now=now)


@use_case("rebind_several", roles=DECIDERS, answer=CustomersHandedOver)
def rebind_several(
    actor: Account,
    *,
    lead_ids: tuple[int, ...],
    to_broker_id: int,
    reason: str,
    keep_end: bool,
    now: datetime,
) -> CustomersHandedOver:
    """Move running bindings of archived brokers or brokerages to one broker: all of them or none (R8, R10).

    Each is a rebind of its own, with its record, under the rules of `rebind_lead`. The answer names the leads
    that are bound now.

    Raises:
        Refused: NOTHING_CHOSEN, TOO_MANY_CHOSEN, what `rebind_lead` refuses for one of them, or STALE where
            the broker of one is not gone; the fact `lead_id` names it.
    """
    reason = clean_reason(reason)
    bound = []
    for lead_id in _chosen(lead_ids):
        try:
            held = lock_lead(Lead.id == lead_id)
            if not is_gone(held.broker):
                raise Refused(RefusalCode.STALE)
            done = rebind_locked(
                held, actor, to_broker_id=to_broker_id, reason=reason, keep_end=keep_end, now=now
            )
        except Refused as refused:
            raise Refused(refused.code, **{**refused.facts, "lead_id": lead_id}) from None
        bound.append(done.to_lead_id)
    return CustomersHandedOver(tuple(bound))


def _chosen(lead_ids: tuple[int, ...]) -> tuple[int, ...]:
    """Return the chosen numbers in the order in which leads are locked."""
    ids = tuple(sorted(set(lead_ids)))
    if not ids:
        raise Refused(RefusalCode.NOTHING_CHOSEN)
    if len(ids) > MOST_AT_ONCE:
        raise Refused(RefusalCode.TOO_MANY_CHOSEN, limit=MOST_AT_ONCE)
    return ids
