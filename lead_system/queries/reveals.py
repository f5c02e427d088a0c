"""查看号码记录: who looked at which visitor's whole number, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from lead_system.extensions import db
from lead_system.models import Account, HistoryRecord
from lead_system.queries import scope
from lead_system.queries.matching import accounts_with, is_within


@dataclass(frozen=True)
class RevealSearch:
    """What the log of reveals is narrowed to."""

    account: str = ""
    visitor: str = ""
    first_day: date | None = None
    last_day: date | None = None


class ListedReveal(NamedTuple):
    """A reveal beside the visitor whose number it was."""

    record: HistoryRecord
    visitor: Account

    @property
    def id(self) -> int:
        """The number of the record."""
        return self.record.id

    @property
    def at(self) -> datetime:
        """When the number was shown."""
        return self.record.at

    @property
    def reason(self) -> str:
        """Why; blank once it was anonymised."""
        return str(self.record.payload.values["reason"]) if self.record.payload else ""


def reveals_found(actor: Account, search: RevealSearch) -> Select[HistoryRecord]:
    """Return the records of reveals that somebody may see and that fit a search, newest first."""
    conditions = [
        scope.visible_reveals(actor),
        is_within(HistoryRecord.at, search.first_day, search.last_day),
    ]
    if search.account.strip():
        conditions.append(HistoryRecord.actor_id.in_(accounts_with(Account.name, search.account)))
    if search.visitor.strip():
        named = accounts_with(Account.name, search.visitor)
        conditions.append(HistoryRecord.changes["visitor"].as_integer().in_(named))
    shown = (selectinload(HistoryRecord.actor), selectinload(HistoryRecord.payload))
    found = select(HistoryRecord).where(*conditions).options(*shown)
    return found.order_by(HistoryRecord.at.desc(), HistoryRecord.id.desc())


def with_visitors(records: Sequence[HistoryRecord]) -> list[ListedReveal]:
    """Return reveals with the visitors whose numbers they were, looked up once for all."""
    ids = {record.changes["visitor"] for record in records}
    found = {one.id: one for one in db.session.scalars(select(Account).where(Account.id.in_(ids)))}
    return [ListedReveal(record, found[record.changes["visitor"]]) for record in records]
