"""What must be true after every step, asked of the real database through the queries that the screens use."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Select, select

from lead_system.domain.lifecycle import LeadStatus
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    BindingKey,
    Collision,
    CollisionEvent,
    CollisionState,
    GateScan,
    HistoryRecord,
    Hold,
    Lead,
    LeadKey,
    Rebind,
    Report,
    is_live_hold,
)
from lead_system.queries import collisions, dashboard, lead_counts, leads, listed_leads, people, referrals
from lead_system.queries.fees import FeeSearch, FeeState, fee_sums, fees_found
from lead_system.queries.leads import LeadSearch, Step
from tests.model.numbering import Numbering
from tests.model.pool import having
from tests.model.reference.world import Lead as ModelLead
from tests.model.reference.world import World

TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
STATUSES = ("entered", "reported", "bound", "expired", "dealt")


def broken_promises(world: World, numbering: Numbering, now: datetime) -> Iterator[str]:
    """Return a sentence for each promise that does not hold; asked after every step that changed anything."""
    rows = list(db.session.scalars(select(Lead).order_by(Lead.id)))
    director = db.session.get_one(Account, numbering.accounts["director"])
    yield from _one_holder(rows, now)
    yield from _once_per_broker(rows)
    yield from _codes_and_causes(rows)
    yield from _recorded_events()
    yield from _lists_agree_with_leads(rows, now)
    yield from _held_by(rows, world, numbering, now)
    yield from _badges(world, director)
    yield from _tabs(world, director, now)


def wrong_figures(world: World, numbering: Numbering, now: datetime, turn: int | None) -> Iterator[str]:
    """Return a sentence for each figure that is not the number of the rows behind it.

    There are many, and each costs as much as a whole operation. So each step asks for one of them in turn,
    and the end of an example for all, with None.
    """
    director = db.session.get_one(Account, numbering.accounts["director"])
    kinds: tuple[Callable[[], Iterator[str]], ...] = (
        *(partial(_tab_opens, world, numbering, director, now, name) for name in STATUSES),
        *(partial(_own_tabs, world, numbering, now, who) for who in having("broker", "resident")),
        partial(_tabs_of_names, world, director, now),
        partial(_rows_behind_badges, world, director),
        partial(_referral_table, world, numbering, director, now),
        partial(_consultants, world, numbering, director, now),
        partial(_dashboard, world, director, now),
        partial(_fee_totals, world, director),
    )
    for number, kind in enumerate(kinds):
        if turn is None or turn % len(kinds) == number:
            yield from kind()


def _one_holder(rows: Sequence[Lead], now: datetime) -> Iterator[str]:
    """R4: who is bound or dealt holds all keys until the very end; nobody else holds any."""
    held: dict[int, set[tuple[str, str, int]]] = {row.id: set() for row in rows}
    ends: dict[int, set[datetime | None]] = {row.id: set() for row in rows}
    holders: dict[tuple[str, str, int], int] = {}
    for hold in db.session.scalars(select(Hold).where(is_live_hold(now))):
        key = (hold.name_key, hold.phone, hold.person_number)
        if holders.setdefault(key, hold.lead_id) != hold.lead_id:
            yield f"{key} is held by leads {holders[key]} and {hold.lead_id}"
        held[hold.lead_id].add(key)
        ends[hold.lead_id].add(hold.ends_at)
    for row in rows:
        status = row.status_at(now).value
        wanted = {(row.name_key, phone, row.person_number) for phone in (row.phone1, row.phone2) if phone}
        if held[row.id] != (wanted if status in ("bound", "dealt") else set()):
            yield f"lead {row.id} is {status} and holds {held[row.id]} of {wanted}"
        if status in ("bound", "dealt") and ends[row.id] != {
            row.protect_until if status == "bound" else None
        }:
            yield f"lead {row.id} is {status} until {row.protect_until}, its holds end at {ends[row.id]}"


def _once_per_broker(rows: Sequence[Lead]) -> Iterator[str]:
    """R2: a broker has a customer once, and the constraint knows every listed lead and no other."""
    listed = {
        (row.broker_id, row.name_key, phone, row.person_number): row.id
        for row in rows
        if row.status.value != "withdrawn" and row.merged_into_id is None
        for phone in (row.phone1, row.phone2)
        if phone
    }
    wanted = sum(
        1 + (row.phone2 is not None)
        for row in rows
        if row.status.value != "withdrawn" and row.merged_into_id is None
    )
    if len(listed) != wanted:
        yield "a broker has a customer twice"
    known = {
        (key.broker_id, key.name_key, key.phone, key.person_number): key.lead_id
        for key in db.session.scalars(select(LeadKey))
    }
    if known != listed:
        yield f"the constraint of R2 knows {known}, listed are {listed}"


def _codes_and_causes(rows: Sequence[Lead]) -> Iterator[str]:
    """A code if and only if ever reported; a binding is open while bound, and has one cause of its own."""
    reported = set(db.session.scalars(select(Report.lead_id)))
    scans = dict(_rows(select(GateScan.id, GateScan.lead_id)))
    rebinds = dict(_rows(select(Rebind.id, Rebind.to_lead_id)))
    bindings = list(db.session.scalars(select(Binding)))
    for row in rows:
        if (row.code_token is not None) != (row.id in reported):
            yield f"lead {row.id} has the code {row.code_token}, reported: {row.id in reported}"
        open_ones = [one for one in bindings if one.lead_id == row.id and one.ended_at is None]
        is_bound = row.status is LeadStatus.BOUND
        if len(open_ones) > 1 or (is_bound and [one.ends_at for one in open_ones] != [row.protect_until]):
            yield f"lead {row.id} is {row.status} until {row.protect_until}, open: {open_ones}"
    for one in bindings:
        causes = [scans.get(one.scan_id or 0), rebinds.get(one.rebind_id or 0)]
        if sorted(causes, key=str) != sorted([one.lead_id, None], key=str):
            yield f"binding {one.id} of lead {one.lead_id} has the causes {causes}"
    if len(rebinds) != sum(one.rebind_id is not None for one in bindings):
        yield "a rebind bound nobody"
    if {one.id for one in bindings} - set(db.session.scalars(select(BindingKey.binding_id))):
        yield "a binding does not say which keys it held"


def _recorded_events() -> Iterator[str]:
    """R10: every event of a collision stands in the history, and nothing else does."""
    events = Counter(
        (f"collision:{row_id}", f"collision_{kind.value}")
        for row_id, kind in _rows(select(CollisionEvent.collision_id, CollisionEvent.kind))
    )
    found = select(HistoryRecord.chain, HistoryRecord.action).where(HistoryRecord.chain.like("collision:%"))
    recorded = Counter((chain, action) for chain, action in _rows(found))
    if events != recorded:
        yield f"events without record {events - recorded}, records without event {recorded - events}"


def _lists_agree_with_leads(rows: Sequence[Lead], now: datetime) -> Iterator[str]:
    """R6: the lists' status is the single lead's: now, a second ago, and at both sides of the next end."""
    ends = [row.protect_until for row in rows if row.status is LeadStatus.BOUND and row.protect_until]
    coming = [min(end for end in ends if end >= now)] if any(end >= now for end in ends) else []
    moments = {now, now - SECOND, *coming, *(end - TICK for end in coming)}
    tabs = [LeadStatus(name) for name in STATUSES]
    for moment in sorted(moments):
        found = select(
            Lead.id,
            leads.status_expression(moment),
            *(leads.has_status(tab, moment) for tab in tabs),
        )
        said = {row_id: (status, flags) for row_id, status, *flags in _rows(found)}
        for row in rows:
            status = row.status_at(moment)
            if said[row.id] != (status, [tab is status for tab in tabs]):
                yield f"at {moment} lead {row.id} is {status}, the lists say {said[row.id]}"


def _tabs(world: World, director: Account, now: datetime) -> Iterator[str]:
    """Every tab of the office counts what the model has."""
    counts = lead_counts.tab_counts(director, LeadSearch(), now)
    expected = Counter(lead.status(now) for lead in world.leads.values() if lead.is_listed)
    if [counts[LeadStatus(name)] for name in STATUSES] != [expected[name] for name in STATUSES]:
        yield f"tabs {counts}, model {expected}"
    if counts[None] != expected.total():
        yield f"the tab of all counts {counts[None]}, model {expected.total()}"


def _tabs_of_names(world: World, director: Account, now: datetime) -> Iterator[str]:
    """Every tab counts what the model has also where the office looks for a name by one or two characters."""
    listed = [lead for lead in world.leads.values() if lead.is_listed]
    for part in sorted({lead.name[:size] for lead in listed for size in (1, 2)}):
        counts = lead_counts.tab_counts(director, LeadSearch(name=part), now)
        expected = Counter(lead.status(now) for lead in listed if part in lead.name)
        if [counts[LeadStatus(name)] for name in STATUSES] != [expected[name] for name in STATUSES]:
            yield f"tabs of {part} {counts}, model {expected}"


def _tab_opens(
    world: World, numbering: Numbering, director: Account, now: datetime, name: str
) -> Iterator[str]:
    """A tab of the office opens as many rows as it counts, and they are the model's."""
    search = LeadSearch(status=LeadStatus(name))
    opened = _ids(listed_leads.leads_found(director, search, now))
    listed = [lead for lead in world.leads.values() if lead.is_listed and lead.status(now) == name]
    if sorted(opened) != sorted(numbering.leads[lead.number] for lead in listed):
        yield f"the tab {name} opens {opened}, model {listed}"


def _own_tabs(world: World, numbering: Numbering, now: datetime, who: str) -> Iterator[str]:
    """Every tab of an agent counts the rows that this person sees (R12)."""
    actor = db.session.get_one(Account, numbering.accounts[who])
    counts = lead_counts.tab_counts(actor, LeadSearch(), now)
    rows = list(db.session.scalars(listed_leads.leads_found(actor, LeadSearch(), now)))
    shown = Counter(row.status_at(now).value for row in rows)
    expected = Counter(
        lead.status(now) for lead in world.leads.values() if lead.is_listed and _sees(world, who, lead)
    )
    said = {tab.value: count for tab, count in counts.items() if tab is not None and count}
    if not said == dict(shown) == dict(expected) or counts[None] != len(rows):
        yield f"tabs of {who}: counted {counts}, rows {shown}, model {expected}"


def _sees(world: World, who: str, lead: ModelLead) -> bool:
    """R12: own leads, and those that a resident entered for somebody of the same brokerage."""
    if lead.owner == who:
        return True
    viewer, owner = world.people[who], world.people[lead.owner]
    entered = viewer.role == "resident" and lead.entered_by == who
    return entered and viewer.brokerage is not None and viewer.brokerage == owner.brokerage


def _badges(world: World, director: Account) -> Iterator[str]:
    """The numbers in the menu are those of the model, whose rows are those of the database."""
    seen = (collisions.open_count(director), people.waiting_count(director))
    if seen != _waiting_for_somebody(world):
        yield f"badges {seen}, model {_waiting_for_somebody(world)}"


def _rows_behind_badges(world: World, director: Account) -> Iterator[str]:
    """The tabs behind those numbers open as many rows."""
    search = collisions.CollisionSearch(state=CollisionState.OPEN)
    opened = len(_ids(collisions.collisions_found(director, search), Collision.id))
    tab = collisions.tab_counts(director, search)[CollisionState.OPEN]
    waiting = people.AgentSearch(tab=people.AgentTab.WAITING)
    rows = len(_ids(people.agents_found(director, waiting), Account.id))
    if not (opened, rows) == (tab, rows) == _waiting_for_somebody(world):
        yield f"open collisions {opened} (tab {tab}), waiting {rows}, model {_waiting_for_somebody(world)}"


def _waiting_for_somebody(world: World) -> tuple[int, int]:
    return (
        sum(row.open for rows in world.collisions.values() for row in rows),
        sum(one.approval == "pending" and not one.archived for one in world.people.values()),
    )


def _referral_table(world: World, numbering: Numbering, director: Account, now: datetime) -> Iterator[str]:
    steps = (None, Step.REPORTED, Step.BOUND, Step.DEALT)
    found = referrals.referrals_found(director, referrals.ReferralSearch())
    table = [(account.id, tuple(figures)) for account, *figures in _rows(found)]
    wanted = {}
    for who in having("broker", "resident"):
        own = [lead for lead in world.leads.values() if lead.is_listed and lead.owner == who]
        if not world.people[who].archived:
            wanted[numbering.accounts[who]] = (
                len(own),
                sum(lead.reports > 0 for lead in own),
                sum(bool(lead.bindings) for lead in own),
                sum(lead.status(now) == "dealt" for lead in own),
            )
    if dict(table) != wanted:
        yield f"referral table {table}, model {wanted}"
    if [line[1][::-1] for line in table] != sorted((line[1][::-1] for line in table), reverse=True):
        yield f"referral table out of order: {table}"
    searches = [LeadSearch(broker_id=number, step=step) for number, _figures in table for step in steps]
    behind = lead_counts.count_each(director, searches, now) if searches else []
    if behind != [figure for _number, figures in table for figure in figures]:
        yield f"referral table {table}, rows behind its figures {behind}"


def _consultants(world: World, numbering: Numbering, director: Account, now: datetime) -> Iterator[str]:
    ids = {numbering.accounts[who]: who for who in having("consultant")}
    accounts = list(db.session.scalars(select(Account).where(Account.id.in_(ids)).order_by(Account.id)))
    counted = people.with_bound_customers(accounts, now)
    searches = [LeadSearch(consultant_id=one.id, step=Step.HELD) for one in counted]
    behind = lead_counts.count_each(director, searches, now)
    expected = [
        sum(lead.consultant == ids[one.id] and lead.holds(now) for lead in world.leads.values())
        for one in counted
    ]
    if not [one.bound for one in counted] == behind == expected:
        yield f"bound customers {counted}, rows {behind}, model {expected}"


def _dashboard(world: World, director: Account, now: datetime) -> Iterator[str]:
    """Every figure of the first page against the model, and against the rows that it opens."""
    listed = [lead for lead in world.leads.values() if lead.is_listed]
    gone = {
        who
        for who, one in world.people.items()
        if one.archived or (one.brokerage and world.brokerages[one.brokerage].archived)
    }
    bound = [lead for lead in listed if lead.status(now) == "bound"]
    paid = {fee.lead for fee in world.fees.values() if not fee.void}
    figures = {
        **dashboard.cohort(dashboard.Days(None, None)),
        **{f"ends in {days}": dashboard.ending(days) for days in dashboard.DAYS_TO_THE_END},
        "to rebind": LeadSearch(step=Step.TO_REBIND),
        "without fee": LeadSearch(step=Step.WITHOUT_FEE),
    }
    expected = [
        len(listed),
        sum(lead.reports > 0 for lead in listed),
        sum(bool(lead.bindings) for lead in listed),
        sum(lead.status(now) == "dealt" for lead in listed),
        *(sum(lead.bindings[-1].end <= now + timedelta(days=days) for lead in bound) for days in (1, 3, 7)),
        sum(lead.owner in gone for lead in bound),
        sum(bool(lead.scans) and lead.number not in paid for lead in listed),
    ]
    counted = lead_counts.count_each(director, list(figures.values()), now)
    if counted != expected:
        yield f"dashboard {dict(zip(figures, counted, strict=True))}, model {expected}"


def _fee_totals(world: World, director: Account) -> Iterator[str]:
    sums = fee_sums(director, FeeSearch())
    paid = [fee.amount for fee in world.fees.values() if not fee.void]
    rows = [fee.amount for fee in db.session.scalars(fees_found(director, FeeSearch(state=FeeState.PAID)))]
    if (
        not (sums.paid, sums.total)
        == (len(rows), sum(rows, Decimal(0)))
        == (len(paid), sum(paid, Decimal(0)))
    ):
        yield f"fees {sums}, rows {rows}, model {paid}"
    if sums.void != len(world.fees) - len(paid):
        yield f"void fees {sums.void}, model {len(world.fees) - len(paid)}"


def _held_by(rows: Sequence[Lead], world: World, numbering: Numbering, now: datetime) -> Iterator[str]:
    """The mark "held by …" beside a listed lead names exactly those who hold one of its keys."""
    marks = listed_leads.holders_of([row.id for row in rows], now)
    for number, lead in world.leads.items():
        marked = {row.id for row in marks.get(numbering.leads[number], [])}
        expected = {numbering.leads[one.number] for one in world.other_holders(lead, now)}
        if lead.is_listed and marked != expected:
            yield f"lead {number} is marked as held by {marked}, model {expected}"


def _rows(found: Any) -> list[Any]:
    return list(db.session.execute(found))


def _ids(found: Select[Any], column: Any = Lead.id) -> list[int]:
    """Return the ids behind a figure; the list itself is counted, not its number."""
    return list(db.session.scalars(found.order_by(None).options().with_only_columns(column)))
