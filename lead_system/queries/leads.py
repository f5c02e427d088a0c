"""Customers as lists and details: one status expression, one search, and the counts that agree with both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased, joinedload, selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import full_name
from lead_system.domain.lifecycle import LeadStatus, Verb, status_after
from lead_system.domain.roles import AGENTS, BACK_OFFICE
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Deal,
    Fee,
    FollowUp,
    GateScan,
    HistoryRecord,
    Hold,
    Lead,
    LeadKey,
    Rebind,
    Viewing,
    is_listed,
    is_live_hold,
    is_no_lead,
    is_stored_as,
)
from lead_system.queries import scope
from lead_system.queries.matching import (
    brokerages_with,
    contains,
    has_account_phone_part,
    is_number,
    is_within,
)
from lead_system.queries.names import has_name_part, newest_of_name, reads_as
from lead_system.queries.numbers import IDS, is_among
from lead_system.queries.paging import COUNTED_UP_TO, Stretch, Total, counted_to_the_end, read
from lead_system.queries.phones import has_phone_part
from lead_system.queries.retention import refuse_anonymised
from lead_system.queries.tallies import NOW, Owner, runs_on, tally_of

FEW_PEOPLE = 200
"""Up to so many brokers or consultants, a list narrowed to them is asked for their customers by number."""

TABS = (
    LeadStatus.ENTERED,
    LeadStatus.REPORTED,
    LeadStatus.BOUND,
    LeadStatus.EXPIRED,
    LeadStatus.DEALT,
)
"""The statuses that have a tab, in the order of the manual; the first tab is "all"."""


class Step(StrEnum):
    """How far customers came, where a figure elsewhere opens its rows."""

    REPORTED = "reported"
    """Ever reported."""
    BOUND = "bound"
    """Ever bound."""
    DEALT = "dealt"
    """Dealt now."""
    HELD = "held"
    """Bound or dealt now."""
    OPEN = "open"
    """Entered or reported now: somebody still wants to bring them."""
    TO_REBIND = "to_rebind"
    """Bound now to a broker who is archived or whose brokerage is (R10)."""
    WITHOUT_FEE = "without_fee"
    """Scanned at the gate, while no fee that counts was paid for them."""


STEPS_WITH_DAYS = frozenset({Step.REPORTED, Step.BOUND, Step.DEALT, Step.WITHOUT_FEE})
"""The steps that a customer takes on a day: of these a list can be narrowed to some days."""


@dataclass(frozen=True)
class LeadSearch:
    """What a list of customers is narrowed to; every condition that is not blank must hold.

    Texts match parts, and `%` and `_` are ordinary characters. `phone` is part of the visible digits. The
    days are those of the entry. The ids name rows elsewhere that lead here. `step_from` and `step_to` are the
    days on which `step` was taken, and `ends_within` the days of 24 hours in which a running protection ends.
    `assigned_by_id` is a resident who entered the customers for colleagues (R12).
    """

    status: LeadStatus | None = None
    number: str = ""
    name: str = ""
    phone: str = ""
    broker_name: str = ""
    broker_phone: str = ""
    brokerage: str = ""
    consultant: str = ""
    first_day: date | None = None
    last_day: date | None = None
    step: Step | None = None
    step_from: date | None = None
    step_to: date | None = None
    ends_within: int | None = None
    broker_id: int | None = None
    brokerage_id: int | None = None
    consultant_id: int | None = None
    wished_id: int | None = None
    type_id: int | None = None
    assigned_by_id: int | None = None
    anything: str = ""
    named_brokers: tuple[int, ...] | None = None
    named_consultants: tuple[int, ...] | None = None
    """Whom the conditions on these people mean (`with_people`); None where nobody has looked."""

    @property
    def is_of_all(self) -> bool:
        """Whether it narrows to nothing but a status and a broker or brokerage."""
        beside = {"status", "broker_id", "brokerage_id", "named_brokers"}
        rest = (value for name, value in vars(self).items() if name not in beside)
        return all(value is None or (isinstance(value, str) and not value.strip()) for value in rest)


class Holder(NamedTuple):
    """A lead that holds a customer now, and the name of its broker."""

    id: int
    broker_name: str


class ListedLead(NamedTuple):
    """A customer as a list shows them: plain values, which cost a tenth of rows that could be changed."""

    holders: Sequence[Holder]
    """Who else holds the customer now."""

    id: int
    surname: str
    given_name: str
    phone1: str
    phone2: str | None
    status: LeadStatus
    """The real one, at the moment for which it was asked."""

    expected_visit_at: datetime | None
    protect_until: datetime | None
    rebound_at: datetime | None
    broker_name: str
    broker_phone: str
    broker_archived_at: datetime | None
    brokerage_name: str | None
    entered_by_name: str | None
    """Who entered the customer, if not the broker."""

    consultant_name: str | None
    person_number: int

    @property
    def full_name(self) -> str:
        """The name as the broker wrote it; blank where it was anonymised."""
        return full_name(self.surname, self.given_name)


def status_expression(now: Any) -> ColumnElement[Any]:
    """Return the status that every reader sees at a moment, as `lifecycle.real_status` does, in SQL (R6)."""
    return case((_has_run_out(now), literal(LeadStatus.EXPIRED, Lead.status.type)), else_=Lead.status)


def _has_run_out(now: Any) -> ColumnElement[bool]:
    """Return the condition that a lead which is stored as bound has reached its end (R6)."""
    return and_(is_stored_as(LeadStatus.BOUND), Lead.protect_until <= now)


def has_status(status: LeadStatus, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a lead really has a status at a moment, in a form that can use an index."""
    if status is LeadStatus.BOUND:
        return runs_on(now)
    if status is LeadStatus.EXPIRED:
        return or_(is_stored_as(LeadStatus.EXPIRED), _has_run_out(now))
    condition: ColumnElement[bool] = is_stored_as(status)
    return condition


def conditions_of(search: LeadSearch, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of a search; those on other tables are look-ups, so that no row is doubled."""
    texts: list[tuple[str, Callable[[str], ColumnElement[bool]]]] = [
        (search.number, partial(is_number, Lead.id)),
        (search.name, has_name_part),
        (search.phone, has_phone_part),
        (search.anything, _has_anything),
    ]
    found = [condition(text) for text, condition in texts if text.strip()]
    if search.status is not None:
        found.append(has_status(search.status, now))
    return [*found, *_people_of(search), *_narrowing_of(search, now)]


def _people_of(search: LeadSearch) -> list[ColumnElement[bool]]:
    """Return the conditions on broker and consultant: few by their ids, many by what is asked of them."""
    found: list[ColumnElement[bool]] = []
    for owner, conditions, ids in (
        (Lead.broker_id, _asked_of_brokers(search), search.named_brokers),
        (Lead.consultant_id, _asked_of_consultants(search), search.named_consultants),
    ):
        if ids is not None:
            found.append(owner.in_(ids) if ids else is_no_lead())
        elif conditions:
            found.append(owner.in_(select(Account.id).where(*conditions)))
    return found


def _asked_of_brokers(search: LeadSearch) -> list[ColumnElement[bool]]:
    found = []
    if search.broker_name.strip():
        found.append(contains(Account.name, search.broker_name))
    if search.broker_phone.strip():
        found.append(has_account_phone_part(Account.phone, search.broker_phone))
    if search.brokerage.strip():
        found.append(Account.brokerage_id.in_(brokerages_with(search.brokerage)))
    if search.brokerage_id is not None:
        found.append(Account.brokerage_id == search.brokerage_id)
    return found


def _asked_of_consultants(search: LeadSearch) -> list[ColumnElement[bool]]:
    return [contains(Account.name, search.consultant)] if search.consultant.strip() else []


def with_people(search: LeadSearch) -> LeadSearch:
    """Return a search in which its broker and consultant have been looked up, where they are few.

    The customers of one or some are then found by index. Which of many have any is not worth a look-up: the
    newest rows have soon been found among all.
    """
    return replace(
        search,
        named_brokers=_find_few(_asked_of_brokers(search)),
        named_consultants=_find_few(_asked_of_consultants(search)),
    )


def _find_few(conditions: Sequence[ColumnElement[bool]]) -> tuple[int, ...] | None:
    if not conditions:
        return None
    ids = db.session.scalars(select(Account.id).where(*conditions).limit(FEW_PEOPLE + 1)).all()
    return tuple(sorted(ids)) if len(ids) <= FEW_PEOPLE else None


def _narrowing_of(search: LeadSearch, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of a search that are not typed: days, and what a figure elsewhere leads to."""
    given: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (search.first_day, lambda: is_within(Lead.entered_at, search.first_day, None)),
        (search.last_day, lambda: is_within(Lead.entered_at, None, search.last_day)),
        (search.broker_id, lambda: Lead.broker_id == search.broker_id),
        (search.consultant_id, lambda: Lead.consultant_id == search.consultant_id),
        (search.wished_id, lambda: Lead.wished_consultant_id == search.wished_id),
        (search.type_id, lambda: Lead.customer_type_id == search.type_id),
        (search.assigned_by_id, lambda: _is_assigned_by(search.assigned_by_id)),
        (search.step, lambda: reached(search.step, now)),
        (search.step_from or search.step_to, lambda: _stepped_within(search)),
        (search.ends_within, lambda: _ends_within(search.ends_within or 0, now)),
    ]
    return [condition() for value, condition in given if value is not None]


def _is_assigned_by(resident_id: int | None) -> ColumnElement[bool]:
    """Return the condition that a resident entered a lead, and for somebody else."""
    return and_(Lead.entered_by_id == resident_id, Lead.broker_id != resident_id)


def reached(step: Step | None, now: Any) -> ColumnElement[bool]:
    """Return the condition that a lead came as far as a step says."""
    conditions: dict[Step | None, Callable[[], ColumnElement[bool]]] = {
        None: true,
        Step.REPORTED: lambda: Lead.first_reported_at.is_not(None),
        Step.BOUND: lambda: Lead.bound_at.is_not(None),
        Step.DEALT: lambda: is_stored_as(LeadStatus.DEALT),
        Step.HELD: lambda: or_(runs_on(now), is_stored_as(LeadStatus.DEALT)),
        Step.OPEN: lambda: or_(is_stored_as(LeadStatus.ENTERED), is_stored_as(LeadStatus.REPORTED)),
        Step.TO_REBIND: lambda: and_(runs_on(now), Lead.broker_id.in_(_gone_brokers())),
        Step.WITHOUT_FEE: lambda: and_(_was_scanned(None, None), Lead.id.not_in(_leads_with_fees())),
    }
    return conditions[step]()


def _gone_brokers() -> Select[int]:
    """Return the accounts that are archived or whose brokerage is (R10)."""
    gone = select(Account.id).join(Account.brokerage, isouter=True)
    return gone.where(or_(Account.archived_at.is_not(None), Brokerage.archived_at.is_not(None)))


def _stepped_within(search: LeadSearch) -> ColumnElement[bool]:
    """Return the condition that the step of a search was taken on its days, both included (R11).

    A report is the first one, a binding any that began then, by scan or by rebind, and a deal one that stands
    and is dated so. Other steps are states and not taken on a day: they find nothing.
    """
    first, last = search.step_from, search.step_to
    conditions: dict[Step | None, Callable[[], ColumnElement[bool]]] = {
        Step.REPORTED: lambda: is_within(Lead.first_reported_at, first, last),
        Step.BOUND: lambda: Lead.id.in_(_bound_within(first, last)),
        Step.DEALT: lambda: Lead.id.in_(_dealt_within(first, last)),
        Step.WITHOUT_FEE: lambda: _was_scanned(first, last),
    }
    return conditions.get(search.step, is_no_lead)()


def _bound_within(first: date | None, last: date | None) -> Select[int]:
    return select(Binding.lead_id).where(is_within(Binding.bound_at, first, last))


def _dealt_within(first: date | None, last: date | None) -> Select[int]:
    dated = (Deal.dealt_on >= first if first else true(), Deal.dealt_on <= last if last else true())
    return select(Deal.lead_id).where(Deal.undone_at.is_(None), *dated)


def _was_scanned(first: date | None, last: date | None) -> ColumnElement[bool]:
    """Return the condition that the gate scanned a lead on these days, on any day where they are open."""
    return Lead.id.in_(select(GateScan.lead_id).where(is_within(GateScan.scanned_at, first, last)))


def _leads_with_fees() -> Select[int]:
    return select(Fee.lead_id).where(Fee.voided_at.is_(None))


def _ends_within(days: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a protection which runs now ends in so many days, the last instant too."""
    return and_(runs_on(now), Lead.protect_until <= now + timedelta(days=days))


def _has_anything(part: str) -> ColumnElement[bool]:
    """Return the condition on a broker's own customers, who are few: number, name or phone fits a part."""
    return or_(is_number(Lead.id, part), reads_as(part), has_phone_part(part))


def leads_found(actor: Account, search: LeadSearch, now: datetime) -> Select[Lead]:
    """Return the listed leads within somebody's scope that fit a search, with what a list shows of them."""
    return _fitting(actor, search, now).options(
        joinedload(Lead.broker, innerjoin=True).joinedload(Account.brokerage),
        selectinload(Lead.entered_by),
        joinedload(Lead.consultant),
        selectinload(Lead.customer_type),
    )


def _fitting(actor: Account, search: LeadSearch, now: datetime) -> Select[Lead]:
    return select(Lead).where(scope.visible_leads(actor), is_listed(), *conditions_of(search, now))


_BROKER, _ENTERED_BY, _CONSULTANT = (aliased(Account) for _ in range(3))


def shown_of_a_lead(now: Any) -> tuple[Any, ...]:
    """Return the columns of a lead itself that every list shows: number, name, phones, status, moments."""
    return (
        Lead.id,
        Lead.surname,
        Lead.given_name,
        Lead.phone1,
        Lead.phone2,
        status_expression(now),
        Lead.expected_visit_at,
        Lead.protect_until,
        Lead.rebound_at,
    )


def _lines(now: Any) -> Select[Any]:
    """Return the fields of `ListedLead` but its first, in its order, of leads beside their people."""
    return (
        select(
            *shown_of_a_lead(now),
            _BROKER.name,
            _BROKER.phone,
            _BROKER.archived_at,
            Brokerage.name,
            case((Lead.entered_by_id != Lead.broker_id, _ENTERED_BY.name)),
            _CONSULTANT.name,
            Lead.person_number,
        )
        .select_from(Lead)
        .join(_BROKER, _BROKER.id == Lead.broker_id)
        .join(_ENTERED_BY, _ENTERED_BY.id == Lead.entered_by_id)
        .outerjoin(Brokerage, Brokerage.id == _BROKER.brokerage_id)
        .outerjoin(_CONSULTANT, _CONSULTANT.id == Lead.consultant_id)
    )


_LINES = _lines(NOW).where(is_among(Lead.id, IDS))
"""Built once, like every statement here that is a constant: making one takes longer than sending it."""


def lines_found(actor: Account, search: LeadSearch, now: datetime) -> Select[Any]:
    """Return what a list shows of the listed leads within somebody's scope that fit a search."""
    return _lines(now).where(scope.visible_leads(actor), is_listed(), *conditions_of(search, now))


def listed_leads(ids: Sequence[int], now: datetime) -> list[ListedLead]:
    """Return what a list shows of the leads of these numbers, which the scope has let through, in order."""
    lines = read(_LINES, ids=ids, now=now) if ids else ()
    by_id = {line.id: line for line in with_holders(lines, now)}
    return [by_id[one] for one in ids if one in by_id]


def newest_ids(actor: Account, search: LeadSearch, now: datetime) -> Stretch:
    """Return the numbers of the leads found, the newest first.

    What has expired, under no other condition, lies in two stretches of one index, which are merged.
    """
    if search.status is LeadStatus.EXPIRED and _is_of_everybody(actor, search):
        sides = (is_stored_as(LeadStatus.EXPIRED), _has_run_out(now))
        return tuple(select(Lead.id).where(is_listed(), one).order_by(Lead.id.desc()) for one in sides)
    found = select(Lead.id).where(scope.visible_leads(actor), is_listed(), *conditions_of(search, now))
    return found.order_by(newest_of_name(search.name))


def tab_counts(actor: Account, search: LeadSearch, now: datetime) -> dict[LeadStatus | None, Total]:
    """Return how many rows each tab has under a search; None is the tab "all", the sum of the others.

    Of everybody's customers, a broker's or a brokerage's, the counts are exact. Under another search the
    newest rows are counted up to a limit; beyond it each count is the least that there are.
    """
    if search.is_of_all and _sees_all_of(actor, search):
        tally = tally_of(Owner(search.broker_id, search.brokerage_id), now)
        return {None: Total(tally.listed)} | {tab: Total(tally.of(tab)) for tab in TABS}
    found = _counted_by_status(actor, replace(search, status=None), now)
    is_cut = sum(found.values()) > COUNTED_UP_TO
    counts = {None: sum(found.values())} | {tab: found.get(tab, 0) for tab in TABS}
    return {tab: Total(min(count, COUNTED_UP_TO), is_cut=is_cut) for tab, count in counts.items()}


def _counted_by_status(actor: Account, search: LeadSearch, now: datetime) -> dict[LeadStatus, int]:
    """Count the rows found by what they really are, the newest first, up to one more than is shown."""
    status = status_expression(now)
    some = (
        select(status.label("status"))
        .where(scope.visible_leads(actor), is_listed(), *conditions_of(search, now))
        .order_by(newest_of_name(search.name))
        .limit(COUNTED_UP_TO + 1)
        .subquery()
    )
    rows = db.session.execute(select(some.c.status, func.count()).group_by(some.c.status))
    return {LeadStatus(name): count for name, count in rows}


def _is_of_everybody(actor: Account, search: LeadSearch) -> bool:
    """Say whether a search is about all customers there are, in whatever status."""
    is_open = search.broker_id is None and search.brokerage_id is None
    return is_open and search.is_of_all and actor.role in BACK_OFFICE


def _sees_all_of(actor: Account, search: LeadSearch) -> bool:
    """Say whether somebody sees every customer of whoever a search is about."""
    is_own = search.broker_id == actor.id and actor.role in AGENTS
    return actor.role in BACK_OFFICE or is_own


def count_leads(actor: Account, search: LeadSearch, now: datetime) -> int:
    """Return how many rows the list of customers has under a search, however many."""
    if search.is_of_all and _sees_all_of(actor, search):
        counts = tab_counts(actor, search, now)
        return int(counts[search.status])
    return int(counted_to_the_end(leads_found(actor, search, now)))


_TO_REBIND = select(func.count()).select_from(Lead).where(is_listed(), reached(Step.TO_REBIND, NOW))


def count_to_rebind(actor: Account, now: datetime) -> int:
    """Return how many bindings of archived brokers or brokerages run on, of whoever sees every customer."""
    return int(read(_TO_REBIND, now=now)[0][0]) if scope.sees_every_lead(actor) else 0


def count_each(actor: Account, searches: Sequence[LeadSearch], now: datetime) -> list[int]:
    """Return how many rows the list of customers has under each of several searches, in one query.

    Each is counted for itself, by the index that serves it. None of them may be narrowed to a name: that is
    a join.
    """
    theirs = select(func.count()).select_from(Lead).where(scope.visible_leads(actor), is_listed())
    counts = [theirs.where(*conditions_of(search, now)).scalar_subquery() for search in searches]
    return list(db.session.execute(select(*counts)).one())


def with_holders(lines: Sequence[Any], now: datetime) -> list[ListedLead]:
    """Return lines of `lines_found` with who else holds these customers, looked up once for all."""
    holders = holders_of([line[0] for line in lines], now)
    return [ListedLead(holders.get(line[0], ()), *line) for line in lines]


def get_lead(actor: Account, lead_id: int) -> Lead:
    """Return a lead that somebody may see.

    Raises:
        Refused: NOT_FOUND when it does not exist, or not for this account (R12).
    """
    lead = db.session.scalar(select(Lead).where(Lead.id == lead_id, scope.visible_leads(actor)))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return lead


def get_own_lead(actor: Account, lead_id: int) -> Lead:
    """Return a listed lead that belongs to this broker or resident, to do something with it.

    Raises:
        Refused: NOT_FOUND, or ANONYMISED.
    """
    lead = db.session.scalar(select(Lead).where(Lead.id == lead_id, scope.owned_leads(actor)))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    refuse_anonymised(lead)
    return lead


def get_own_entry(actor: Account, lead_id: int, verb: Verb, now: datetime) -> Lead:
    """Return an own lead that may still be corrected or withdrawn, because it was never reported (R2).

    Raises:
        Refused: NOT_FOUND, or STATUS_FORBIDS once it was reported.
    """
    lead = get_own_lead(actor, lead_id)
    status_after(verb, lead.status_at(now))
    return lead


def find_lead_by_number(actor: Account, text: str) -> Lead | None:
    """Return the lead of a number as somebody typed it; None where there is none that they may see."""
    return db.session.scalar(select(Lead).where(is_number(Lead.id, text), scope.visible_leads(actor)))


_OWN_KEY = aliased(LeadKey)
_HOLDERS = (
    select(_OWN_KEY.lead_id, Hold.lead_id, Account.name)
    .join(
        Hold,
        and_(
            Hold.name_key == _OWN_KEY.name_key,
            Hold.phone == _OWN_KEY.phone,
            Hold.person_number == _OWN_KEY.person_number,
        ),
    )
    .join(Lead, Lead.id == Hold.lead_id)
    .join(Account, Account.id == Lead.broker_id)
    .where(is_among(_OWN_KEY.lead_id, IDS), Hold.lead_id != _OWN_KEY.lead_id, is_live_hold(NOW))
    .distinct()
    .order_by(Hold.lead_id)
)


def holders_of(ids: Sequence[int], now: datetime) -> dict[int, list[Holder]]:
    """Return the other leads that hold a key of these now: the mark "held by …"; most have none."""
    held: dict[int, list[Holder]] = {}
    for lead_id, *holder in read(_HOLDERS, ids=ids, now=now) if ids else ():
        held.setdefault(lead_id, []).append(Holder(*holder))
    return held


def leads_of_same_customer(lead: Lead) -> list[Lead]:
    """Return the other leads that share a key with this one, oldest first; for the back office only."""
    phones = [key.phone for key in lead.keys]
    found = (
        select(Lead)
        .where(Lead.name_key == lead.name_key, Lead.person_number == lead.person_number)
        .where(or_(Lead.phone1.in_(phones), Lead.phone2.in_(phones)), Lead.id != lead.id)
        .options(selectinload(Lead.broker).selectinload(Account.brokerage))
        .order_by(Lead.id)
    )
    return list(db.session.scalars(found))


def scans_of(lead: Lead) -> list[GateScan]:
    """Return the gate scans of a lead, newest first."""
    found = select(GateScan).where(GateScan.lead_id == lead.id).order_by(GateScan.id.desc())
    shown = (GateScan.gate, GateScan.consultant, GateScan.broker, GateScan.brokerage)
    return list(db.session.scalars(found.options(*(selectinload(one) for one in shown))))


def viewings_of(lead: Lead) -> list[Viewing]:
    """Return the viewings of a lead, newest first."""
    found = select(Viewing).where(Viewing.lead_id == lead.id).order_by(Viewing.id.desc())
    shown = (selectinload(Viewing.consultant), selectinload(Viewing.broker))
    return list(db.session.scalars(found.options(*shown)))


def follow_ups_of(lead: Lead) -> list[FollowUp]:
    """Return the follow-ups of a lead, newest first."""
    found = select(FollowUp).where(FollowUp.lead_id == lead.id).order_by(FollowUp.id.desc())
    return list(db.session.scalars(found.options(selectinload(FollowUp.author))))


def fees_of(lead: Lead) -> list[Fee]:
    """Return the viewing fees of a lead, newest first."""
    found = select(Fee).where(Fee.lead_id == lead.id).order_by(Fee.id.desc())
    shown = (selectinload(Fee.broker), selectinload(Fee.created_by), selectinload(Fee.voided_by))
    return list(db.session.scalars(found.options(*shown)))


def rebinds_of(lead: Lead) -> list[Rebind]:
    """Return the rebinds that took a customer from this lead or brought one to it, newest first."""
    found = select(Rebind).where(or_(Rebind.from_lead_id == lead.id, Rebind.to_lead_id == lead.id))
    shown = (selectinload(Rebind.from_broker), selectinload(Rebind.to_broker), selectinload(Rebind.actor))
    return list(db.session.scalars(found.options(*shown).order_by(Rebind.id.desc())))


def history_of(lead: Lead) -> list[HistoryRecord]:
    """Return what happened to a lead, newest first."""
    found = select(HistoryRecord).where(HistoryRecord.chain == f"lead:{lead.id}")
    shown = (selectinload(HistoryRecord.actor), selectinload(HistoryRecord.payload))
    return list(db.session.scalars(found.options(*shown).order_by(HistoryRecord.id.desc())))
