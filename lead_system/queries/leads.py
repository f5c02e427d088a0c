"""What a search asks of customers: one status expression, how far they came, and the conditions of both.

The rows that it finds are in `listed_leads`, how many there are in `lead_counts`; both agree because they ask
`is_found`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    literal,
    or_,
    select,
    true,
    union_all,
)

from lead_system.domain.lifecycle import LeadStatus
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Deal,
    Fee,
    GateScan,
    Lead,
    LeadNameGram,
    is_listed,
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
from lead_system.queries.names import has_name_part, reads_as
from lead_system.queries.phones import has_phone_part
from lead_system.queries.tallies import runs_on

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
        return self._asks_only_for("status", "broker_id", "brokerage_id", "named_brokers")

    @property
    def is_of_brokers(self) -> bool:
        """Whether it narrows to nothing but a status and what is asked of brokers."""
        return self._asks_only_for(
            "status", "broker_name", "broker_phone", "brokerage", "brokerage_id", "named_brokers"
        )

    @property
    def is_of_name(self) -> bool:
        """Whether it narrows to nothing but a status and a name."""
        return self._asks_only_for("status", "name")

    def _asks_only_for(self, *these: str) -> bool:
        rest = (value for name, value in vars(self).items() if name not in these)
        return all(value is None or (isinstance(value, str) and not value.strip()) for value in rest)


def status_expression(now: Any, of: type[Lead] | type[LeadNameGram] = Lead) -> ColumnElement[Any]:
    """Return the status that every reader sees at a moment, as `lifecycle.real_status` does, in SQL (R6)."""
    return case((has_run_out(now, of), literal(LeadStatus.EXPIRED, Lead.status.type)), else_=of.status)


def has_run_out(now: Any, of: type[Lead] | type[LeadNameGram] = Lead) -> ColumnElement[bool]:
    """Return the condition that a lead which is stored as bound has reached its end (R6)."""
    return and_(is_stored_as(LeadStatus.BOUND, of), of.protect_until <= now)


def has_status(status: LeadStatus, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a lead really has a status at a moment, in a form that can use an index."""
    if status is LeadStatus.BOUND:
        return runs_on(now)
    if status is LeadStatus.EXPIRED:
        return or_(is_stored_as(LeadStatus.EXPIRED), has_run_out(now))
    condition: ColumnElement[bool] = is_stored_as(status)
    return condition


def is_found(actor: Account, search: LeadSearch, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a lead is listed, within somebody's scope, and fits a search."""
    return and_(scope.visible_leads(actor), is_listed(), *conditions_of(search, now))


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


def _gone_brokers() -> CompoundSelect[int]:
    """Return the accounts that are archived or whose brokerage is (R10), each of them by an index."""
    gone = select(Account.id).where(Account.archived_at.is_not(None))
    gone_with_it = select(Account.id).join(Account.brokerage).where(Brokerage.archived_at.is_not(None))
    return union_all(gone, gone_with_it)


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
