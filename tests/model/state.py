"""The whole state, read off the model and off the database in the same words."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Collision,
    CollisionEvent,
    Deal,
    Fee,
    GateScan,
    HistoryRecord,
    Hold,
    Lead,
    LeadKey,
    Report,
    Setting,
    Viewing,
    WalkIn,
)
from tests.model.numbering import Numbering
from tests.model.reference.world import Lead as ModelLead
from tests.model.reference.world import World

State = dict[str, dict[Any, Any]]


def expected_state(world: World, now: datetime) -> State:
    """Return what the model says."""
    return {
        "leads": {number: _expected_lead(lead, now) for number, lead in world.leads.items()},
        "bindings": {
            number: [(b.cause, b.start, b.end, b.kept, b.extended, b.closed) for b in lead.bindings]
            for number, lead in world.leads.items()
        },
        "visits": {
            number: (lead.scans, sorted(lead.viewers), lead.reports, len(lead.presses), lead.deals)
            for number, lead in world.leads.items()
        },
        "collisions": {
            pair: [(row.open, row.outcome, row.handled_by, row.handled_at, row.events) for row in rows]
            for pair, rows in world.collisions.items()
        },
        "fees": {
            number: (fee.lead, fee.broker, fee.brokerage, fee.amount, fee.void)
            for number, fee in world.fees.items()
        },
        "walk_ins": Counter((one.visitor, one.name, one.digits, one.at) for one in world.walk_ins),
        "people": {who: (one.archived, one.approval, one.brokerage) for who, one in world.people.items()},
        "brokerages": {name: one.archived for name, one in world.brokerages.items()},
        "settings": {"days": world.days},
        "history": {chain: dict(actions) for chain, actions in world.history.items()},
    }


def _expected_lead(lead: ModelLead, now: datetime) -> dict[str, Any]:
    status = lead.status(now)
    return {
        "owner": lead.owner,
        "entered_by": lead.entered_by,
        "name": (lead.surname, lead.given, lead.name),
        "phones": lead.phones,
        "person": lead.person,
        "status": status,
        "end": lead.bindings[-1].end if status == "bound" else None,
        "wishes": (lead.wish, lead.needs),
        "consultant": lead.consultant,
        "has_code": bool(lead.reports),
        "rebound": lead.rebound,
        "merged_into": lead.merged_into,
        "deal": (lead.deal.day, lead.deal.late) if lead.deal else None,
    }


class Reader:
    """Reads the database in the model's words; rows that it has no word for are called by their id."""

    def __init__(self, numbering: Numbering) -> None:
        self._accounts = _turned(numbering.accounts)
        self._brokerages = _turned(numbering.brokerages)
        self._leads = _turned(numbering.leads)
        self._fees = _turned(numbering.fees)
        self.codes: dict[int, str] = {}
        self.versions: dict[tuple[str, object], int] = {}
        self.collisions: dict[tuple[Any, ...], int] = {}

    def state(self, now: datetime) -> State:
        """Return what the database says, and remember codes, versions and ids on the way."""
        deals, dealt = self._deals()
        return {
            "leads": self._read_leads(now, deals),
            "bindings": self._bindings(),
            "visits": self._visits(dealt),
            "collisions": self._collisions(),
            "fees": self._read_fees(),
            "walk_ins": Counter(
                (self._who(visitor), name, phone, at)
                for visitor, name, phone, at in _rows(
                    select(WalkIn.visitor_id, WalkIn.name_key, WalkIn.phone, WalkIn.came_at)
                )
            ),
            "people": self._people(),
            "brokerages": self._read_brokerages(),
            "settings": self._settings(),
            "history": self._history(),
        }

    def unseen(self) -> Any:
        """Return what lies below the state; readings that are alike in both are alike in all that counts."""
        below = (Hold.lead_id, Hold.name_key, Hold.phone, Hold.person_number, Hold.ends_at)
        keys = (LeadKey.lead_id, LeadKey.broker_id, LeadKey.name_key, LeadKey.phone, LeadKey.person_number)
        return [sorted(map(str, _rows(select(*columns)))) for columns in (below, keys)], self.versions

    def _who(self, account_id: int | None) -> Any:
        return None if account_id is None else self._accounts.get(account_id, account_id)

    def _lead(self, lead_id: int | None) -> Any:
        return None if lead_id is None else self._leads.get(lead_id, f"unknown lead {lead_id}")

    def _brokerage(self, brokerage_id: int | None) -> Any:
        return None if brokerage_id is None else self._brokerages.get(brokerage_id, brokerage_id)

    def _read_leads(self, now: datetime, deals: dict[Any, Any]) -> dict[Any, Any]:
        found = {}
        for row in db.session.scalars(select(Lead)):
            number, status = self._lead(row.id), row.status_at(now).value
            self.versions["lead", number] = row.version
            if row.code_token:
                self.codes[number] = row.code_token
            found[number] = {
                "owner": self._who(row.broker_id),
                "entered_by": self._who(row.entered_by_id),
                "name": (row.surname, row.given_name, row.name_key),
                "phones": tuple(filter(None, (row.phone1, row.phone2))),
                "person": row.person_number,
                "status": status,
                "end": row.protect_until if status == "bound" else None,
                "wishes": (self._who(row.wished_consultant_id), row.needs),
                "consultant": self._who(row.consultant_id),
                "has_code": row.code_token is not None,
                "rebound": row.rebound_at is not None,
                "merged_into": self._lead(row.merged_into_id),
                "deal": deals.get(number),
            }
        return found

    def _bindings(self) -> dict[Any, Any]:
        found: dict[Any, list[Any]] = {number: [] for number in self._leads.values()}
        for row in db.session.scalars(select(Binding).order_by(Binding.id)):
            cause = "scan" if row.scan_id is not None else "rebind"
            extended = row.extended_at is not None
            found[self._lead(row.lead_id)].append(
                (cause, row.bound_at, row.ends_at, row.kept_end, extended, row.ended_at)
            )
        return found

    def _visits(self, dealt: Counter[Any]) -> dict[Any, Any]:
        scans, viewers = defaultdict(list), defaultdict(list)
        for lead_id, at in _rows(select(GateScan.lead_id, GateScan.scanned_at).order_by(GateScan.id)):
            scans[self._lead(lead_id)].append(at)
        for lead_id, consultant_id in _rows(select(Viewing.lead_id, Viewing.consultant_id)):
            viewers[self._lead(lead_id)].append(self._who(consultant_id))
        reports: Counter[Any] = Counter()
        own: Counter[Any] = Counter()
        for lead_id, on_behalf in _rows(select(Report.lead_id, Report.on_behalf)):
            reports[self._lead(lead_id)] += 1
            own[self._lead(lead_id)] += not on_behalf
        return {n: (scans[n], sorted(viewers[n]), reports[n], own[n], dealt[n]) for n in self._leads.values()}

    def _deals(self) -> tuple[dict[Any, Any], Counter[Any]]:
        standing, made = {}, Counter[Any]()
        for row in db.session.scalars(select(Deal)):
            made[self._lead(row.lead_id)] += 1
            if row.undone_at is None:
                standing[self._lead(row.lead_id)] = (row.dealt_on, row.late)
        return standing, made

    def _collisions(self) -> dict[Any, Any]:
        events: dict[int, list[str]] = defaultdict(list)
        found = select(CollisionEvent.collision_id, CollisionEvent.kind).order_by(CollisionEvent.id)
        for row_id, kind in _rows(found):
            events[row_id].append(kind.value)
        pairs: dict[Any, list[Any]] = defaultdict(list)
        for row in db.session.scalars(select(Collision).order_by(Collision.id)):
            holder = self._who(row.visitor_id) or self._lead(row.holding_lead_id)
            pair = (row.kind.value, holder, self._lead(row.challenging_lead_id))
            self.collisions[(*pair, len(pairs[pair]))] = row.id
            outcome, by = row.outcome and row.outcome.value, self._who(row.handled_by_id)
            pairs[pair].append((row.is_open, outcome, by, row.handled_at, events[row.id]))
        return dict(pairs)

    def _read_fees(self) -> dict[Any, Any]:
        return {
            self._fees.get(row.id, f"unknown fee {row.id}"): (
                self._lead(row.lead_id),
                self._who(row.broker_id),
                self._brokerage(row.brokerage_id),
                row.amount,
                row.is_void,
            )
            for row in db.session.scalars(select(Fee))
        }

    def _people(self) -> dict[Any, Any]:
        found = {}
        for row in db.session.scalars(select(Account)):
            self.versions["account", self._who(row.id)] = row.version
            brokerage = self._brokerage(row.brokerage_id)
            found[self._who(row.id)] = (row.archived_at is not None, row.approval.value, brokerage)
        return found

    def _read_brokerages(self) -> dict[Any, Any]:
        found = {}
        for row in db.session.scalars(select(Brokerage)):
            self.versions["brokerage", self._brokerage(row.id)] = row.version
            found[self._brokerage(row.id)] = row.archived_at is not None
        return found

    def _settings(self) -> dict[Any, Any]:
        days, version = _rows(select(Setting.protection_days, Setting.version))[0]
        self.versions["settings", "all"] = version
        return {"days": days}

    def _history(self) -> dict[Any, Any]:
        """Return how often each action stands on each chain; those of collisions are their events."""
        found: dict[Any, dict[str, int]] = defaultdict(dict)
        counted = select(HistoryRecord.chain, HistoryRecord.action, func.count())
        for chain, action, count in _rows(counted.group_by(HistoryRecord.chain, HistoryRecord.action)):
            kind, _, which = chain.partition(":")
            if kind != "collision":
                found[kind, self._chain_of(kind, which)][action] = count
        return dict(found)

    def _chain_of(self, kind: str, which: str) -> Any:
        if kind == "lead":
            return self._lead(int(which))
        if kind == "account":
            return self._who(int(which))
        return self._brokerage(int(which)) if kind == "brokerage" else "all"


def _turned(numbers: dict[Any, int]) -> dict[int, Any]:
    return {row_id: name for name, row_id in numbers.items()}


def _rows(found: Any) -> list[Any]:
    return list(db.session.execute(found))


def differences(expected: State, seen: State) -> Iterable[str]:
    """Return each place where the two differ, one line each."""
    for part, rows in expected.items():
        for key in sorted(rows.keys() | seen[part].keys(), key=str):
            ours, theirs = rows.get(key), seen[part].get(key)
            if ours != theirs:
                yield f"{part} {key}:\n      model   {ours}\n      product {theirs}"
