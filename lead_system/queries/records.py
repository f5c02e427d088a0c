"""History records of one customer as plain values, complete with what older ones did not say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from lead_system.domain.records import Record
from lead_system.extensions import db
from lead_system.models import Collision, Fee, GateScan, HistoryPayload, HistoryRecord, WalkIn
from lead_system.queries.customers import Customer


@dataclass(frozen=True)
class _Rows:
    """To which brokerage the broker belonged at a gate scan or a fee, as their rows keep it."""

    scans: Mapping[int, int | None]
    fees: Mapping[int, int | None]


def records_of(customer: Customer) -> list[Record]:
    """Return every record about a customer: of leads, of their collisions, and of walk-ins as this person.

    The number of questions is the same however many leads and records there are.
    """
    ids = [lead.id for lead in customer.leads]
    walk_ins = _walk_ins(customer)
    chains = _chains_of_collisions(ids) + [f"account:{visitor_id}" for visitor_id in walk_ins.values()]
    records = _read(HistoryRecord.lead_id.in_(ids)) + _read(HistoryRecord.chain.in_(chains))
    rows = _Rows(_brokerages(GateScan, ids), _brokerages(Fee, ids))
    return [_completed(record, rows) for record in records if _is_about(record, walk_ins)]


def _read(condition: ColumnElement[bool]) -> list[Record]:
    """Read records by one condition: of two at once PostgreSQL would read the whole history."""
    columns = (getattr(HistoryRecord, name) for name in _COLUMNS)
    found = (
        select(*columns, HistoryPayload.values)
        .join(HistoryPayload, HistoryPayload.record_id == HistoryRecord.id, isouter=True)
        .where(condition)
    )
    return [_plain(*row) for row in db.session.execute(found)]


def _plain(*columns: Any) -> Record:
    values = dict(zip((*_COLUMNS, "personal"), columns, strict=True))
    return Record(**values | {"personal": values["personal"] or {}})


_COLUMNS = ("id", "chain", "lead_id", "actor_id", "actor_role", "action", "at", "changes")


def _chains_of_collisions(ids: Sequence[int]) -> list[str]:
    sides = or_(Collision.holding_lead_id.in_(ids), Collision.challenging_lead_id.in_(ids))
    return [f"collision:{number}" for number in db.session.scalars(select(Collision.id).where(sides))]


def _walk_ins(customer: Customer) -> dict[int, int]:
    """Return the walk-ins of somebody with the customer's name and one of the phones, with their visitors."""
    is_person = and_(WalkIn.name_key == customer.leads[0].name_key, WalkIn.phone.in_(customer.phones))
    rows = db.session.execute(select(WalkIn.id, WalkIn.visitor_id).where(is_person))
    return dict(rows.all())


def _is_about(record: Record, walk_ins: Mapping[int, int]) -> bool:
    """Say whether a record is about the customer: of what a visitor's account did, only the walk-ins are."""
    is_accounts = record.chain.startswith("account:")
    return not is_accounts or (record.action == "log_walk_in" and record.changes["walk_in"] in walk_ins)


def _brokerages(table: Any, ids: Sequence[int]) -> dict[int, int | None]:
    return dict(db.session.execute(select(table.id, table.brokerage_id).where(table.lead_id.in_(ids))).all())


def _completed(record: Record, rows: _Rows) -> Record:
    """Return a record with the brokerage of that time, which the rows keep where an older record does not."""
    if "brokerage" in record.changes:
        return record
    for name, brokerages in (("scan", rows.scans), ("fee", rows.fees)):
        if record.changes.get(name) in brokerages:
            kept = {"brokerage": brokerages[record.changes[name]]}
            return replace(record, changes={**record.changes, **kept})
    return record
