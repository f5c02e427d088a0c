"""带看记录 and 跟进记录: a consultant shows the property, grades the intent and follows up."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, FollowUp, Intent, Lead, Viewing
from lead_system.queries import scope
from lead_system.queries.visits import get_viewable_lead
from lead_system.services import history
from lead_system.services.leads import LATEST_YEAR, lock_lead, lock_lead_by_code
from lead_system.services.transaction import use_case

CONSULTANT = frozenset({Role.CONSULTANT})


@dataclass(frozen=True)
class ViewingRecorded:
    """The viewing that was written, and the customer whom it concerns."""

    viewing_id: int
    lead_id: int
    standing_in: bool


@dataclass(frozen=True)
class FollowUpWritten:
    """The follow-up that was written."""

    follow_up_id: int


@use_case("record_viewing", roles=CONSULTANT, answer=ViewingRecorded)
def record_viewing(
    actor: Account, *, code: str, intent: str, standing_in: bool, now: datetime
) -> ViewingRecorded:
    """Record that a consultant showed the property and how strong the intent is (manual 4.2).

    Only for a bound or dealt lead. A consultant who is not the assigned one is asked first
    (STANDING_IN_UNCONFIRMED names the assigned one), and the viewing is then marked "standing in".

    Raises:
        Refused: unknown code or intent, NOT_BOUND_YET with the status, or the question above.
    """
    lock_lead_by_code(code)
    lead = get_viewable_lead(code, now)
    if intent not in {level.value for level in Intent}:
        raise Refused(RefusalCode.INTENT_UNKNOWN, field="intent")
    stands_in = lead.consultant_id != actor.id
    if stands_in and not standing_in:
        assigned = lead.consultant.name if lead.consultant else ""
        raise Refused(RefusalCode.STANDING_IN_UNCONFIRMED, consultant=assigned)
    viewing = Viewing(
        lead_id=lead.id,
        consultant_id=actor.id,
        broker_id=lead.broker_id,
        intent=Intent(intent),
        standing_in=stands_in,
        viewed_at=now,
    )
    db.session.add(viewing)
    db.session.flush()
    changes = {"viewing": viewing.id, "intent": intent, "standing_in": stands_in}
    history.record_lead(actor, "record_viewing", lead, changes=changes, now=now)
    return ViewingRecorded(viewing.id, lead.id, stands_in)


@use_case("add_follow_up", roles=CONSULTANT, answer=FollowUpWritten)
def add_follow_up(
    actor: Account, *, lead_id: int, note: str, next_on: date | None = None, now: datetime
) -> FollowUpWritten:
    """Write a follow-up on a customer whom the consultant is assigned or showed round (manual 4.3-10).

    `next_on` is the Shanghai day on which to get in touch again, today or later; None is no such day. It
    takes the place of the day that this consultant's last follow-up of the customer named.

    Raises:
        Refused: NOT_FOUND for somebody else's customer; the note is blank, too long or holds a number;
            NEXT_DAY_PAST, or MOMENT_WRONG for a day in no year of ours.
    """
    lead = lock_lead(and_(Lead.id == lead_id, scope.visible_leads(actor)))
    text = clean_reason(note, field="note")
    _require_day_to_come(next_on, now)
    follow_up = FollowUp(lead_id=lead.id, author_id=actor.id, note=text, written_at=now, next_on=next_on)
    db.session.add(follow_up)
    db.session.flush()
    changes = {"follow_up": follow_up.id, "next_on": next_on.isoformat() if next_on else None}
    history.record_lead(actor, "add_follow_up", lead, changes=changes, personal={"note": text}, now=now)
    return FollowUpWritten(follow_up.id)


def _require_day_to_come(next_on: date | None, now: datetime) -> None:
    """Refuse a next day that has passed in Shanghai, or that is a slip of the finger."""
    if next_on is None:
        return
    if next_on < shanghai_day(now):
        raise Refused(RefusalCode.NEXT_DAY_PAST, field="next_on")
    if next_on.year > LATEST_YEAR:
        raise Refused(RefusalCode.MOMENT_WRONG, field="next_on")
