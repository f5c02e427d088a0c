"""客户: entering a customer and reporting the visit (R1–R3, R7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy.orm.attributes import set_committed_value

from lead_system.domain.codes import new_short_code
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import (
    clean_name,
    clean_phone,
    clean_second_phone,
    clean_text,
    fold_name,
)
from lead_system.domain.lifecycle import LeadStatus, Verb, status_after
from lead_system.domain.protection import REPORTS_PER_DAY, shanghai_day, start_of_day
from lead_system.domain.roles import AGENTS
from lead_system.extensions import db
from lead_system.models import Account, CollisionEventKind, CustomerType, Lead, Report
from lead_system.queries import scope
from lead_system.queries.retention import refuse_anonymised
from lead_system.queries.visit_codes import HAS_CODE, get_lead_by_code
from lead_system.services import collisions, history, surroundings
from lead_system.services.lead_keys import find_own_twin, refuse_own_person, remember_keys
from lead_system.services.standing import find_active_consultant, lock_standing, require_standing
from lead_system.services.transaction import LostRace, insert_row, use_case
from lead_system.services.visit_codes import NewCode, code_of, draw_code
from lead_system.statements import Statement, as_read

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""Years between which an expected visit may lie; anything else is a slip of the finger."""


@dataclass(frozen=True)
class Wishes:
    """What a broker may say at entry and change at every report."""

    expected_visit_at: datetime | None = None
    customer_type_id: int | None = None
    needs: str = ""
    wished_consultant_id: int | None = None


@dataclass(frozen=True)
class LeadEntry:
    """A customer as typed into the form: phones in two parts, the middle four never asked for (R1)."""

    surname: str
    given_name: str
    phone1_head: str
    phone1_tail: str
    phone2_head: str = ""
    phone2_tail: str = ""
    wishes: Wishes = Wishes()


@dataclass(frozen=True)
class LeadEntered:
    """The lead that was made, and whether it was reported at once."""

    lead_id: int
    reported: bool


@dataclass(frozen=True)
class LeadReported:
    """The lead whose visit was reported."""

    lead_id: int


@use_case("enter_lead", roles=AGENTS, answer=LeadEntered)
def enter_lead(
    actor: Account, *, entry: LeadEntry, then_report: bool, colleague_id: int | None = None, now: datetime
) -> LeadEntered:
    """Enter a customer for the acting broker, and report the visit at once where asked (manual 1.4).

    A resident may enter one for a colleague instead, whose lead it then is; only the colleague reports it
    (manual 5.1-2, R12). A customer whom another broker holds is entered all the same, and the answer does
    not tell; the back office gets a collision (R7).

    Raises:
        Refused: the typed values are wrong, the customer is the broker or the resident who enters, the
            broker has entered this customer before (the fact `lead_id` is that lead; of a colleague's
            nothing is told), the colleague is not offered, or the broker may not work now.
    """
    require_standing(actor)
    broker = actor if colleague_id is None else _lock_colleague(actor, colleague_id)
    if then_report and broker is not actor:
        raise Refused(RefusalCode.COLLEAGUE_REPORTS, field="colleague_id")
    values = _values_of_entry(broker, entry, entered_by=actor, now=now)
    # Never given to the session: what it knows is enough for the rules, and the row is written past the ORM.
    lead = Lead(**values)
    refuse_own_person(lead, broker, actor)
    seen = surroundings.see_before_entry(lead, now=now)
    _insert_unless_entered_before(lead, values, actor, twins=seen.get(surroundings.TWIN))
    history.record_lead(
        actor,
        "enter_lead",
        lead,
        changes={
            "status": [None, "entered"],
            "broker": lead.broker_id,
            "brokerage": broker.brokerage_id,
        },
        personal=_personal_values(lead),
        now=now,
    )
    events = [CollisionEventKind.ENTERED]
    if then_report:
        _report(lead, actor, now=now)
        events.append(CollisionEventKind.REPORTED)
    collisions.note_challenge(lead, *events, seen=seen, actor=actor, now=now)
    return LeadEntered(lead.id, then_report)


@use_case("report_lead", roles=AGENTS, answer=LeadReported)
def report_lead(actor: Account, *, lead_id: int, wishes: Wishes, now: datetime) -> LeadReported:
    """Report a visit of an own lead (报备), with the broker's wishes as they are now (R3, manual 1.5-10).

    Entered and expired leads become reported; in any other status the press is only recorded, and no clock
    moves. The first report makes the visit code.

    Raises:
        Refused: NOT_FOUND for a lead that is not the broker's own, REPORTED_ENOUGH_TODAY after ten presses
            within one Shanghai day unless the lead is expired, wrong wishes, or the broker may not work now.
    """
    require_standing(actor)
    lead = _lock_own_lead(actor, lead_id)
    short_code = new_short_code()
    today = start_of_day(shanghai_day(now))
    seen = surroundings.see_before_report(lead, since=today, short_code=short_code, now=now)
    if lead.status_at(now) is not LeadStatus.EXPIRED and max(seen[surroundings.REPORTS]) >= REPORTS_PER_DAY:
        raise Refused(RefusalCode.REPORTED_ENOUGH_TODAY, lead_id=lead.id)
    _change_wishes(lead, wishes, actor=actor, now=now)
    code = draw_code() if surroundings.CODE in seen else code_of(short_code)
    _report(lead, actor, code=code, now=now)
    collisions.note_challenge(lead, CollisionEventKind.REPORTED, seen=seen, actor=actor, now=now)
    return LeadReported(lead.id)


def lock_lead(condition: ColumnElement[bool]) -> Lead:
    """Lock the one lead that fits a condition for the rest of the transaction, and read it afresh.

    The lock is shared with nobody who changes the lead, and does not block rows that only refer to it.

    Raises:
        Refused: NOT_FOUND, or ANONYMISED: nothing can be done with a lead whose personal values are gone.
    """
    lead = _lock(condition)
    refuse_anonymised(lead)
    return lead


def _lock(condition: ColumnElement[bool]) -> Lead:
    lead: Lead | None = db.session.scalar(_locked(select(Lead).where(condition)))
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return lead


def lock_lead_by_code(code: str) -> Lead:
    """Lock the lead of a visit code, whether it was scanned or typed.

    Raises:
        Refused: CODE_UNKNOWN, or CODE_MERGED where another lead's code counts instead (R8).
    """
    return get_lead_by_code(code, lambda read: _read_locked(_WITH_CODE, {"code": read}))


def _lock_own_lead(actor: Account, lead_id: int) -> Lead:
    """Lock a lead of the acting broker's own; raises as `lock_lead` does."""
    lead = _read_locked(_OWN, {"lead_id": lead_id, "broker_id": actor.id})
    if lead is None:
        raise Refused(RefusalCode.NOT_FOUND)
    refuse_anonymised(lead)
    return lead


def _read_locked(found: Statement, values: dict[str, Any]) -> Lead | None:
    row = found.named(values)
    return as_read(Lead, row) if row else None


def _locked(found: Select[Any]) -> Select[Any]:
    return found.with_for_update(key_share=True).execution_options(populate_existing=True)


_WITH_CODE = Statement(_locked(select(Lead.__table__).where(HAS_CODE)))
_OWN = Statement(
    _locked(
        select(Lead.__table__).where(
            Lead.id == bindparam("lead_id"), scope.leads_owned_by(bindparam("broker_id"))
        )
    )
)


def move(lead: Lead, verb: Verb, *, now: datetime, **values: Any) -> tuple[LeadStatus, LeadStatus]:
    """Let a verb happen to a lead: every arrow of the lifecycle is drawn here.

    The UPDATE names the status and version that were read, so whoever comes second changes nothing.
    Returns the real status before and after.

    Raises:
        Refused: the lifecycle has no such arrow, or somebody else was faster (STALE).
    """
    before = lead.status_at(now)
    after = status_after(verb, before)
    read = {"lead_id": lead.id, "read_status": lead.status, "read_version": lead.version}
    written = {"status": after, "version": lead.version + 1, **values}
    if _update_as_read(tuple(written)).changed(read | written) != 1:
        raise Refused(RefusalCode.STALE)
    _know(lead, written)
    return before, after


_LEADS: Any = Lead.__table__
_RELATIONS = frozenset(
    {"broker", "consultant", "customer_type", "entered_by", "merged_into", "wished_consultant"}
)


@cache
def _update_as_read(columns: tuple[str, ...]) -> Statement:
    """Return the UPDATE of some columns of a lead that is still as it was read."""
    return Statement(
        update(_LEADS)
        .where(
            _LEADS.c.id == bindparam("lead_id"),
            _LEADS.c.status == bindparam("read_status"),
            _LEADS.c.version == bindparam("read_version"),
        )
        .values({name: bindparam(name) for name in columns})
    )


def _know(lead: Lead, written: Mapping[str, Any]) -> None:
    """Let a lead say what was just written, without reading it again; whom that names is looked up anew."""
    for name, value in written.items():
        set_committed_value(lead, name, value)
    named = _RELATIONS & lead.__dict__.keys()
    if named:
        db.session.expire(lead, named)


def make_lead_for(broker: Account, held: Lead, *, actor: Account, now: datetime) -> Lead:
    """Make a broker's own lead for a customer whom a rebind brings (R8); it starts as entered.

    Raises:
        LostRace: the broker entered the customer meanwhile.
    """
    lead = Lead(
        broker_id=broker.id,
        entered_by_id=actor.id,
        surname=held.surname,
        given_name=held.given_name,
        name_key=held.name_key,
        phone1=held.phone1,
        phone2=held.phone2,
        person_number=held.person_number,
        status=LeadStatus.ENTERED,
        entered_at=now,
        version=1,
    )
    db.session.add(lead)
    db.session.flush()
    if not remember_keys(lead):
        raise LostRace
    history.record_lead(
        actor,
        "enter_lead",
        lead,
        changes={
            "status": [None, "entered"],
            "broker": broker.id,
            "brokerage": broker.brokerage_id,
            "for_rebind_of": held.id,
        },
        personal=_personal_values(lead),
        now=now,
    )
    return lead


def report_on_behalf(lead: Lead, *, actor: Account, now: datetime) -> None:
    """Report a lead for its broker because a rebind needs its code: no collision, not counted (R8)."""
    _report(lead, actor, now=now, on_behalf=True)


def _lock_colleague(actor: Account, colleague_id: int) -> Account:
    """Return the colleague whom a resident chose, kept in the brokerage until the transaction ends.

    Somebody of another brokerage is refused in the same words as somebody who does not exist.
    """
    lock_standing(actor)
    colleague = db.session.scalar(
        select(Account)
        .where(Account.id == colleague_id, scope.choosable_colleagues(actor))
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if colleague is None:
        raise Refused(RefusalCode.COLLEAGUE_NOT_OFFERED, field="colleague_id")
    return colleague


def _values_of_entry(
    broker: Account, entry: LeadEntry, *, entered_by: Account, now: datetime
) -> dict[str, Any]:
    return {
        "broker_id": broker.id,
        "entered_by_id": entered_by.id,
        "person_number": 0,
        "status": LeadStatus.ENTERED,
        "entered_at": now,
        "version": 1,
        **clean_person(entry),
        **clean_wishes(entry.wishes, None),
    }


def clean_person(entry: LeadEntry) -> dict[str, Any]:
    """Return who the customer is, as a lead keeps it: names, the folded name, and phones of seven digits.

    Raises:
        Refused: a name or phone is missing, wrong, or holds what is never kept (R1).
    """
    surname = clean_name(entry.surname, field="surname")
    given_name = clean_name(entry.given_name, field="given_name")
    phone1 = clean_phone(entry.phone1_head, entry.phone1_tail, field="phone1")
    phone2 = clean_second_phone(entry.phone2_head, entry.phone2_tail, first=phone1, field="phone2")
    return {
        "surname": surname,
        "given_name": given_name,
        "name_key": fold_name(surname, given_name),
        "phone1": phone1,
        "phone2": phone2,
    }


def _insert_unless_entered_before(
    lead: Lead, values: Mapping[str, Any], actor: Account, *, twins: set[int] | None
) -> None:
    """Insert the lead, unless its broker has one for this name and phone, whatever its person number (R2)."""
    if not twins:
        lead.id = insert_row(Lead, **values)
        if remember_keys(lead):
            return
    own = min(twins) if twins else find_own_twin(lead)
    if lead.broker_id != actor.id:
        raise Refused(RefusalCode.COLLEAGUE_HAS_CUSTOMER)
    raise Refused(RefusalCode.ALREADY_ENTERED, lead_id=own)


def _report(
    lead: Lead, actor: Account, *, code: NewCode | None = None, now: datetime, on_behalf: bool = False
) -> None:
    """Record a report; give the code, or draw one, with the first one; move entered and expired leads."""
    insert_row(Report, lead_id=lead.id, account_id=actor.id, reported_at=now, on_behalf=on_behalf)
    brokerage_id = lead.broker.brokerage_id if on_behalf else actor.brokerage_id
    values: dict[str, Any] = {"reported_at": now}
    if not lead.has_code:
        values |= {"first_reported_at": now, **(code or draw_code())}
    if lead.status_at(now) is LeadStatus.EXPIRED:
        values["rebound_at"] = None
    before, after = move(lead, Verb.REPORT, now=now, **values)
    history.record_lead(
        actor,
        "report_on_behalf" if on_behalf else "report_lead",
        lead,
        changes={"status": [before.value, after.value], "brokerage": brokerage_id},
        now=now,
    )


def clean_wishes(wishes: Wishes, lead: Lead | None) -> dict[str, Any]:
    """Return wishes as a lead keeps them; a consultant or type that it already has may stay.

    Raises:
        Refused: the text is wrong, the visit is in no year of ours, or consultant or type are not offered.
    """
    needs = clean_text(wishes.needs, field="needs")
    visit = wishes.expected_visit_at
    if visit is not None and not EARLIEST_YEAR <= visit.year <= LATEST_YEAR:
        raise Refused(RefusalCode.MOMENT_WRONG, field="expected_visit_at")
    consultant_id, type_id = wishes.wished_consultant_id, wishes.customer_type_id
    keeps_consultant = lead is not None and lead.wished_consultant_id == consultant_id
    if consultant_id is not None and not keeps_consultant and find_active_consultant(consultant_id) is None:
        raise Refused(RefusalCode.CONSULTANT_NOT_OFFERED, field="wished_consultant_id")
    keeps_type = lead is not None and lead.customer_type_id == type_id
    if type_id is not None and not keeps_type and _find_offered_type(type_id) is None:
        raise Refused(RefusalCode.TYPE_NOT_OFFERED, field="customer_type_id")
    return {
        "expected_visit_at": visit,
        "customer_type_id": type_id,
        "needs": needs,
        "wished_consultant_id": consultant_id,
    }


def _find_offered_type(type_id: int) -> CustomerType | None:
    return db.session.scalar(
        select(CustomerType).where(CustomerType.id == type_id, CustomerType.retired_at.is_(None))
    )


def _change_wishes(lead: Lead, wishes: Wishes, *, actor: Account, now: datetime) -> None:
    cleaned = clean_wishes(wishes, lead)
    before = {name: getattr(lead, name) for name in cleaned}
    if cleaned == before:
        return
    for name, value in cleaned.items():
        setattr(lead, name, value)
    db.session.flush()
    plain = plain_changes(before, cleaned)
    needs = plain.pop("needs", None)
    personal = {"needs": needs} if needs else None
    history.record_lead(actor, "change_wishes", lead, changes=plain, personal=personal, now=now)


def plain_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return from and to of every value that changed, as plain JSON values."""

    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    return {name: [plain(before[name]), plain(after[name])] for name in after if before[name] != after[name]}


def _personal_values(lead: Lead) -> dict[str, Any]:
    return {
        "surname": lead.surname,
        "given_name": lead.given_name,
        "phone1": lead.phone1,
        "phone2": lead.phone2,
        "needs": lead.needs or "",
    }
