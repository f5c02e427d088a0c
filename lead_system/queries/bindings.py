"""绑定 as it is read: the one that is open, and whether it may still be extended (R6)."""

from datetime import datetime

from sqlalchemy import Select, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import Verb, status_after
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
