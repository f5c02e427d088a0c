"""绑定 as it is read: the one that is open, and whether it may still be extended (R6)."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, status_after
from lead_system.extensions import db
from lead_system.models import Binding, Lead


def find_open_binding(lead: Lead) -> Binding | None:
    """Return the binding of a lead that nothing has closed yet, though its end may have passed."""
    return db.session.scalar(_open_binding_of(lead))


def get_extendable(lead: Lead, now: datetime) -> Binding:
    """Return the running binding of a lead that somebody wants to extend, for the first and last time (R6).

    Raises:
        Refused: STATUS_FORBIDS where no binding runs at `now`, or EXTENDED_BEFORE.
    """
    status_after(Verb.EXTEND, lead.status_at(now))
    binding = db.session.execute(_open_binding_of(lead)).scalar_one()
    if binding.extended_at is not None:
        raise Refused(RefusalCode.EXTENDED_BEFORE)
    return binding


def _open_binding_of(lead: Lead) -> Select[Binding]:
    return select(Binding).where(Binding.lead_id == lead.id, Binding.ended_at.is_(None))


class Ended(NamedTuple):
    """A binding that is over: from when to when it held, and whether a rebind took the customer away."""

    bound_at: datetime
    ended_at: datetime
    is_rebound: bool


def ended_bindings(lead: Lead, now: datetime) -> list[Ended]:
    """Return the bindings of a lead that are over, the last one first, each with the minute of its end.

    One that was closed before its time was taken by a rebind: nothing else ends a binding early. Under a
    deal a binding is not over, whatever its end says (R6).
    """
    found = select(Binding).where(Binding.lead_id == lead.id).order_by(Binding.id.desc())
    return [
        Ended(one.bound_at, one.ended_at or one.ends_at, _ended_early(one))
        for one in db.session.scalars(found)
        if one.ended_at is not None or (one.ends_at <= now and lead.status is not LeadStatus.DEALT)
    ]


def _ended_early(binding: Binding) -> bool:
    return binding.ended_at is not None and binding.ended_at < binding.ends_at
