"""不是同一人: whether a lead may be told apart from others of its name and digits, and what follows (R4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed, status_after
from lead_system.extensions import db
from lead_system.models import Account, Collision, HistoryRecord, Lead, LeadKey
from lead_system.queries import scope
from lead_system.queries.collisions import collisions_of
from lead_system.queries.retention import refuse_anonymised

DECLARED = "declare_another_person"
"""The action of the history record that says which number a lead was given."""

_HOLDING = frozenset({LeadStatus.BOUND, LeadStatus.DEALT})


@dataclass(frozen=True)
class PersonForesight:
    """What a declaration would do, for the page that asks before it is made.

    `parting` are the listed leads that are the same customer now and no more afterwards, `joining` those that
    would become it. `holders` are those among them who hold now what this lead is kept from, or would be.
    `closing` are this lead's open collisions, which only another person has no part in.
    """

    person_number: int
    parting: tuple[Lead, ...]
    joining: tuple[Lead, ...]
    holders: tuple[Lead, ...]
    closing: tuple[Collision, ...] = ()


def require_another(lead: Lead, now: datetime) -> None:
    """Refuse to declare a lead another person that is one already, or may not be told apart now (R4).

    Raises:
        Refused: ANONYMISED, LEAD_MERGED, STATUS_FORBIDS, or ALREADY_ANOTHER_PERSON.
    """
    _require_free(lead, now)
    if lead.person_number:
        raise Refused(RefusalCode.ALREADY_ANOTHER_PERSON, lead_id=lead.id)


def require_same(lead: Lead, now: datetime) -> None:
    """Refuse to take back a declaration that does not stand, or under which the lead is held (R4).

    Raises:
        Refused: ANONYMISED, LEAD_MERGED, STATUS_FORBIDS, NOT_ANOTHER_PERSON; or BROKER_HAS_CUSTOMER where its
            broker has another lead for the person of number 0 (R2), whose number is the fact `lead_id`.
    """
    _require_free(lead, now)
    if not lead.person_number:
        raise Refused(RefusalCode.NOT_ANOTHER_PERSON, lead_id=lead.id)
    keys = _leads_with_keys(lead, 0).where(LeadKey.broker_id == lead.broker_id)
    other = db.session.scalar(keys.order_by(LeadKey.lead_id).limit(1))
    if other is not None:
        raise Refused(RefusalCode.BROKER_HAS_CUSTOMER, lead_id=other)


def _require_free(lead: Lead, now: datetime) -> None:
    """Refuse a lead that is gone, bound or dealt: whoever holds a customer is not renumbered under it."""
    refuse_anonymised(lead)
    if lead.merged_into_id is not None:
        raise Refused(RefusalCode.LEAD_MERGED, lead_id=lead.merged_into_id)
    status_after(Verb.TELL_APART, lead.status_at(now))


def may_be_told_apart(lead: Lead, now: datetime) -> bool:
    """Say whether a page need offer at all to declare a lead another person, or the same one after all."""
    is_there = lead.merged_into_id is None and lead.anonymised_at is None
    return is_there and is_allowed(Verb.TELL_APART, lead.status_at(now))


def next_person_number(name_key: str) -> int:
    """Return the number after the highest that a lead of this name has, or ever was given.

    What a lead had before it was set back to 0 counts too: its ended bindings keep that number (R10), and
    whoever got it next would seem to have held then.
    """
    now = select(func.max(Lead.person_number)).where(Lead.name_key == name_key)
    highest = db.session.scalar(now) or 0
    given = db.session.scalars(_numbers_given(name_key))
    return 1 + max((highest, *(changes["person_number"][1] for changes in given)))


def _numbers_given(name_key: str) -> Select[dict[str, list[int]]]:
    joined = select(HistoryRecord.changes).join(Lead, Lead.id == HistoryRecord.lead_id)
    return joined.where(Lead.name_key == name_key, HistoryRecord.action == DECLARED)


def foresee_another(actor: Account, lead: Lead, now: datetime) -> PersonForesight:
    """Say what declaring a lead another person would do, from what is known now; the service decides."""
    same = _leads_of_person(actor, lead, lead.person_number)
    return PersonForesight(
        person_number=next_person_number(lead.name_key),
        parting=same,
        joining=(),
        holders=_holders_among(same, now),
        closing=tuple(row for row in collisions_of(actor, lead) if row.is_open),
    )


def foresee_same(actor: Account, lead: Lead, now: datetime) -> PersonForesight:
    """Say what taking a declaration back would do, from what is known now; the service decides."""
    joining = _leads_of_person(actor, lead, 0)
    return PersonForesight(
        person_number=lead.person_number,
        parting=_leads_of_person(actor, lead, lead.person_number),
        joining=joining,
        holders=_holders_among(joining, now),
    )


def _leads_of_person(actor: Account, lead: Lead, number: int) -> tuple[Lead, ...]:
    """Return the other listed leads with this name, one of these phones and a person number, oldest first."""
    found = (
        select(Lead)
        .where(Lead.id.in_(_leads_with_keys(lead, number)), scope.visible_leads(actor))
        .options(joinedload(Lead.broker))
        .order_by(Lead.id)
    )
    return tuple(db.session.scalars(found))


def _leads_with_keys(lead: Lead, number: int) -> Select[int]:
    return select(LeadKey.lead_id).where(
        LeadKey.name_key == lead.name_key,
        LeadKey.phone.in_([key.phone for key in lead.keys]),
        LeadKey.person_number == number,
        LeadKey.lead_id != lead.id,
    )


def _holders_among(leads: Sequence[Lead], now: datetime) -> tuple[Lead, ...]:
    return tuple(one for one in leads if one.status_at(now) in _HOLDING)
