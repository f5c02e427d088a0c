"""Exports: the log of them, and how far one is, for the page that waits for it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from lead_system.extensions import db
from lead_system.models import Account, Export
from lead_system.queries import scope
from lead_system.queries.matching import accounts_with, is_within


@dataclass(frozen=True)
class ExportSearch:
    """What the log of exports is narrowed to."""

    account: str = ""
    first_day: date | None = None
    last_day: date | None = None


def exports_found(actor: Account, search: ExportSearch) -> Select[Export]:
    """Return the exports that somebody may see and that fit a search, newest first."""
    conditions = [
        scope.visible_exports(actor),
        is_within(Export.started_at, search.first_day, search.last_day),
    ]
    if search.account.strip():
        conditions.append(Export.account_id.in_(accounts_with(Account.name, search.account)))
    found = select(Export).where(*conditions).options(selectinload(Export.account))
    return found.order_by(Export.started_at.desc(), Export.id.desc())


def find_progress(actor: Account, request_id: str) -> Export | None:
    """Return the account's own export of a request id, None where there is none; another's is never seen."""
    own = select(Export).where(Export.account_id == actor.id, Export.request_id == request_id)
    return db.session.scalar(own)


def rows_exported_since(actor: Account, moment: datetime) -> int:
    """Return how many rows an account's exports had that began after a moment."""
    own = (Export.account_id == actor.id, Export.started_at > moment)
    rows = select(func.coalesce(func.sum(Export.rows_found), 0)).where(*own)
    return int(db.session.execute(rows).scalar_one())
