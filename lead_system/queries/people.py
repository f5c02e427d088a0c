"""Brokers, brokerages, consultants and staff as the back office manages them, and what an archiving means."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import selectinload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import AGENTS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, HistoryRecord, Lead, ProfileChange, is_listed
from lead_system.queries import scope
from lead_system.queries.lead_counts import count_leads
from lead_system.queries.leads import LeadSearch, Step, reached
from lead_system.queries.matching import (
    accounts_with,
    agents_of,
    brokerages_with,
    contains,
    has_account_phone_part,
    is_within,
)


class AgentTab(StrEnum):
    """The tabs above the brokers."""

    BROKERS = "brokers"
    RESIDENTS = "residents"
    WAITING = "waiting"
    REJECTED = "rejected"


_TAB_CONDITIONS: dict[AgentTab, ColumnElement[bool]] = {
    AgentTab.BROKERS: Account.role == Role.BROKER,
    AgentTab.RESIDENTS: Account.role == Role.RESIDENT,
    AgentTab.WAITING: Account.approval == literal_column("'pending'"),  # In the words of its index.
    AgentTab.REJECTED: Account.approval == Approval.REJECTED,
}


@dataclass(frozen=True)
class AgentSearch:
    """What the list of brokers is narrowed to (manual 6.2.c-9 to 6.2.c-12)."""

    tab: AgentTab | None = None
    name: str = ""
    phone: str = ""
    role: str = ""
    brokerage: str = ""
    brokerage_id: int | None = None


def agents_found(actor: Account, search: AgentSearch) -> Select[Account]:
    """Return the brokers and residents that somebody manages and that fit a search, newest first."""
    conditions = [scope.visible_agents(actor), *_name_and_phone(search.name, search.phone)]
    if search.brokerage.strip():
        conditions.append(Account.id.in_(agents_of(search.brokerage)))
    if search.role:
        conditions.append(Account.role == Role(search.role))
    if search.brokerage_id is not None:
        conditions.append(Account.brokerage_id == search.brokerage_id)
    if search.tab is not None:
        conditions.append(_TAB_CONDITIONS[search.tab])
    return (
        select(Account)
        .where(*conditions)
        .options(selectinload(Account.brokerage))
        .order_by(Account.id.desc())
    )


def agent_tab_counts(actor: Account, search: AgentSearch) -> dict[AgentTab | None, int]:
    """Return how many rows each tab has under a search; None is the tab "all"."""
    everywhere = agents_found(actor, replace(search, tab=None)).order_by(None)
    counts = [func.count().filter(condition) for condition in _TAB_CONDITIONS.values()]
    selected = everywhere.with_only_columns(func.count(), *counts, maintain_column_froms=True)
    row = db.session.execute(selected).one()
    return dict(zip((None, *_TAB_CONDITIONS), row, strict=True))


def counted_waiting(actor: Account) -> Select[int]:
    """Return the question how many residents wait for an approval: as many as that tab has rows."""
    waits = _TAB_CONDITIONS[AgentTab.WAITING]
    return select(func.count()).select_from(Account).where(scope.visible_agents(actor), waits)


def waiting_count(actor: Account) -> int:
    """Return how many residents wait for an approval: the number in the menu."""
    return db.session.execute(counted_waiting(actor)).scalar_one()


@dataclass(frozen=True)
class PersonSearch:
    """What the lists of consultants and staff are narrowed to (manual 6.3.h-9, 6.3.i-10)."""

    name: str = ""
    phone: str = ""
    role: str = ""


def consultants_found(actor: Account, search: PersonSearch) -> Select[Account]:
    """Return the consultants that an admin manages and that fit a search, newest first."""
    return _staff_found(actor, search, Account.role == Role.CONSULTANT)


def staff_found(actor: Account, search: PersonSearch) -> Select[Account]:
    """Return the secretaries, directors and gate staff that an admin manages and that fit a search."""
    return _staff_found(actor, search, Account.role != Role.CONSULTANT)


def _staff_found(actor: Account, search: PersonSearch, kind: ColumnElement[bool]) -> Select[Account]:
    conditions = [scope.visible_staff(actor), kind, *_name_and_phone(search.name, search.phone)]
    if search.role:
        conditions.append(Account.role == Role(search.role))
    return select(Account).where(*conditions).order_by(Account.id.desc())


def _name_and_phone(name: str, phone: str) -> list[ColumnElement[bool]]:
    named = [contains(Account.name, name)] if name.strip() else []
    return [*named, *([has_account_phone_part(Account.phone, phone)] if phone.strip() else [])]


class ListedConsultant(NamedTuple):
    """A consultant beside the number of customers that are assigned to them and bound or dealt now."""

    account: Account
    bound: int

    @property
    def id(self) -> int:
        """The consultant's account."""
        return self.account.id


def with_bound_customers(consultants: Sequence[Account], now: datetime) -> list[ListedConsultant]:
    """Return consultants with their bound customers, counted once for all (manual 6.3.h-4)."""
    ids = [consultant.id for consultant in consultants]
    rows = db.session.execute(
        select(Lead.consultant_id, func.count())
        .where(Lead.consultant_id.in_(ids), is_listed(), reached(Step.HELD, now))
        .group_by(Lead.consultant_id)
    )
    counts: dict[int | None, int] = dict(rows.all())
    return [ListedConsultant(one, counts.get(one.id, 0)) for one in consultants]


def brokerages_found(actor: Account, name: str = "") -> Select[Brokerage]:
    """Return the brokerages that somebody manages and whose name holds a part, by name."""
    named = [contains(Brokerage.name, name)] if name.strip() else []
    found = select(Brokerage).where(scope.visible_brokerages(actor), *named)
    return found.order_by(Brokerage.name, Brokerage.id)


class ListedBrokerage(NamedTuple):
    """A brokerage beside the number of its brokers and residents in the list of brokers."""

    brokerage: Brokerage
    members: int

    @property
    def id(self) -> int:
        """The number of the brokerage."""
        return self.brokerage.id


def with_members(brokerages: Sequence[Brokerage], actor: Account) -> list[ListedBrokerage]:
    """Return brokerages with how many brokers and residents each has, counted once for all."""
    ids = [brokerage.id for brokerage in brokerages]
    rows = db.session.execute(
        select(Account.brokerage_id, func.count())
        .where(scope.visible_agents(actor), Account.brokerage_id.in_(ids))
        .group_by(Account.brokerage_id)
    )
    counts: dict[int | None, int] = dict(rows.all())
    return [ListedBrokerage(one, counts.get(one.id, 0)) for one in brokerages]


@dataclass(frozen=True)
class ProfileChangeSearch:
    """What the list of profile changes is narrowed to; phone and brokerage may be old or new.

    What a change left as it was is not shown, and therefore not found either.
    """

    name: str = ""
    phone: str = ""
    brokerage: str = ""
    first_day: date | None = None
    last_day: date | None = None
    account_id: int | None = None


def profile_changes_found(actor: Account, search: ProfileChangeSearch) -> Select[ProfileChange]:
    """Return the changes of phones and brokerages that fit a search, newest first (manual 6.2.c-7)."""
    conditions = [
        scope.visible_profile_changes(actor),
        is_within(ProfileChange.changed_at, search.first_day, search.last_day),
    ]
    if search.name.strip():
        conditions.append(ProfileChange.account_id.in_(accounts_with(Account.name, search.name)))
    if search.phone.strip():
        old, new = ProfileChange.old_phone, ProfileChange.new_phone
        conditions += [old != new, or_(*(has_account_phone_part(side, search.phone) for side in (old, new)))]
    if search.brokerage.strip():
        named = brokerages_with(search.brokerage)
        was, now_is = ProfileChange.old_brokerage_id, ProfileChange.new_brokerage_id
        conditions += [was.is_distinct_from(now_is), or_(was.in_(named), now_is.in_(named))]
    if search.account_id is not None:
        conditions.append(ProfileChange.account_id == search.account_id)
    shown = (
        ProfileChange.account,
        ProfileChange.old_brokerage,
        ProfileChange.new_brokerage,
        ProfileChange.changed_by,
    )
    return (
        select(ProfileChange)
        .where(*conditions)
        .options(*(selectinload(one) for one in shown))
        .order_by(ProfileChange.changed_at.desc(), ProfileChange.id.desc())
    )


def waiting_since(resident: Account) -> datetime | None:
    """Return when a resident last sent the profile or changed it, and waits for an approval since then."""
    own = select(func.max(HistoryRecord.at)).where(
        HistoryRecord.chain == f"account:{resident.id}", HistoryRecord.actor_id == resident.id
    )
    return db.session.scalar(own) or resident.profile_completed_at


def get_agent(actor: Account, account_id: int) -> Account:
    """Return a broker or resident whom somebody may change.

    Raises:
        Refused: NOT_FOUND, also for an archived one.
    """
    return _get_account(account_id, scope.visible_agents(actor))


def get_staff(actor: Account, account_id: int, *, consultants: bool) -> Account:
    """Return a consultant, or another member of staff, whom an admin manages.

    Raises:
        Refused: NOT_FOUND.
    """
    kind = Account.role == Role.CONSULTANT if consultants else Account.role != Role.CONSULTANT
    return _get_account(account_id, and_(scope.visible_staff(actor), kind))


def _get_account(account_id: int, condition: ColumnElement[bool]) -> Account:
    account = db.session.scalar(
        select(Account).where(Account.id == account_id, condition).options(selectinload(Account.brokerage))
    )
    if account is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return account


def name_of_agent(account_id: int) -> str:
    """Return the name of a broker or resident, archived or not, whom the customers of a list belong to.

    Raises:
        Refused: NOT_FOUND for anybody else.
    """
    return _name(select(Account.name).where(Account.id == account_id, Account.role.in_(AGENTS)))


def name_of_consultant(account_id: int) -> str:
    """Return the name of a consultant, archived or not.

    Raises:
        Refused: NOT_FOUND for anybody else.
    """
    return _name(select(Account.name).where(Account.id == account_id, Account.role == Role.CONSULTANT))


def name_of_brokerage(brokerage_id: int) -> str:
    """Return the name of a brokerage, archived or not.

    Raises:
        Refused: NOT_FOUND.
    """
    return _name(select(Brokerage.name).where(Brokerage.id == brokerage_id))


def _name(found: Select[str]) -> str:
    name = db.session.scalar(found)
    if name is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return name


@dataclass(frozen=True)
class Consequences:
    """Whom an archiving concerns: running bindings that keep their end, and customers still to come."""

    running: int
    open: int


def consequences(actor: Account, search: LeadSearch, now: datetime) -> Consequences:
    """Return what would be left behind by whoever a search names: a broker, a brokerage or a consultant."""
    return Consequences(
        running=count_leads(actor, replace(search, status=LeadStatus.BOUND), now),
        open=count_leads(actor, replace(search, step=Step.OPEN), now),
    )
