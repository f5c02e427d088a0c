"""跟进: whom a consultant wanted to get in touch with by today, and has not yet."""

from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased, selectinload

from lead_system.extensions import db
from lead_system.models import Account, FollowUp, Lead
from lead_system.queries import scope


def due_follow_ups(actor: Account, today: date) -> Select[FollowUp]:
    """Return the consultant's last follow-up of each customer whose next day has come, longest due first.

    Whatever the consultant wrote since then settles it, with or without another day. Customers whom the
    consultant may no longer see are nobody's to be reminded of.
    """
    newer = aliased(FollowUp)
    written_since = select(newer.id).where(
        newer.lead_id == FollowUp.lead_id, newer.author_id == FollowUp.author_id, newer.id > FollowUp.id
    )
    return (
        select(FollowUp)
        .join(FollowUp.lead)
        .where(FollowUp.author_id == actor.id, FollowUp.next_on <= today, ~written_since.exists())
        .where(scope.visible_leads(actor))
        .options(selectinload(FollowUp.lead).selectinload(Lead.broker))
        .order_by(FollowUp.next_on, FollowUp.id)
    )


def count_due(actor: Account, today: date) -> int:
    """Return how many rows the list of due follow-ups has."""
    due = due_follow_ups(actor, today).order_by(None)
    return db.session.execute(due.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one()
