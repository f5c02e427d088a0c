"""Leads that look like one without being the same customer: shown to the eye, decided by nobody (R4)."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import joinedload

from lead_system.domain.identity import phones_one_digit_off
from lead_system.extensions import db
from lead_system.models import Account, Lead, LeadKey, is_listed
from lead_system.queries import scope

MOST_SHOWN = 10
"""How many of each likeness are shown: among a million customers strangers share seven digits."""


class Likeness(StrEnum):
    """In what two leads are alike, the nearest first."""

    ANOTHER_PERSON = "another_person"
    """Same name and phone, but declared another person."""
    ONE_DIGIT_OFF = "one_digit_off"
    """Same name, and a phone that differs in one of its seven digits: perhaps a slip of the finger."""
    SAME_PHONE = "same_phone"
    """Same phone under another name: perhaps a relative, or a misspelling."""


class LookAlike(NamedTuple):
    """A lead that looks like another one, and in what."""

    likeness: Likeness
    lead: Lead


class LookAlikes(NamedTuple):
    """The look-alikes of a lead, the nearest and newest first; `is_cut` where there are more."""

    rows: tuple[LookAlike, ...] = ()
    is_cut: bool = False


def look_alikes_of(actor: Account, lead: Lead) -> LookAlikes:
    """Return the listed leads within somebody's scope that look like one, in a single question.

    Whoever shares name, phone and person number is the same customer, and not among them.
    """
    if lead.anonymised_at is not None:
        return LookAlikes()
    found = (
        select(Lead)
        .where(Lead.id.in_(_numbers_alike(lead)), is_listed(), scope.visible_leads(actor))
        .options(joinedload(Lead.broker))
        .order_by(Lead.id.desc())
    )
    by_likeness: dict[Likeness | None, list[Lead]] = {one: [] for one in (*Likeness, None)}
    for other in db.session.scalars(found):
        by_likeness[likeness_of(lead, other)].append(other)
    rows = [LookAlike(one, other) for one in Likeness for other in by_likeness[one][:MOST_SHOWN]]
    return LookAlikes(tuple(rows), is_cut=any(len(by_likeness[one]) > MOST_SHOWN for one in Likeness))


def likeness_of(lead: Lead, other: Lead) -> Likeness | None:
    """Say in what another lead is like this one; None for the same customer, and for a stranger."""
    phones, others = _phones(lead), _phones(other)
    has_name, has_phone = lead.name_key == other.name_key, bool(phones & others)
    if has_name and has_phone:
        return None if lead.person_number == other.person_number else Likeness.ANOTHER_PERSON
    if has_name and others & _one_digit_off(phones):
        return Likeness.ONE_DIGIT_OFF
    return Likeness.SAME_PHONE if has_phone else None


def _phones(lead: Lead) -> frozenset[str]:
    return frozenset(key.phone for key in lead.keys)


def _one_digit_off(phones: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*map(phones_one_digit_off, phones)) - phones


def _numbers_alike(lead: Lead) -> Select[int]:
    """Return the numbers of the leads that may be alike, each kind looked up by its own index.

    One more than is shown of each, so that it can be said that there are more.
    """
    phones = _phones(lead)
    looks = (
        _of_name(lead, phones, LeadKey.person_number != lead.person_number),
        _of_name(lead, _one_digit_off(phones)),
        *(_of_phone(lead, phones, column) for column in (Lead.phone1, Lead.phone2)),
    )
    few = [look.limit(MOST_SHOWN + 1).subquery() for look in looks]
    return select(union_all(*(select(one) for one in few)).subquery())


def _of_name(lead: Lead, phones: frozenset[str], *conditions: ColumnElement[bool]) -> Select[int]:
    has_name = (LeadKey.name_key == lead.name_key, LeadKey.lead_id != lead.id)
    return select(LeadKey.lead_id).where(*has_name, LeadKey.phone.in_(sorted(phones)), *conditions)


def _of_phone(lead: Lead, phones: frozenset[str], column: Any) -> Select[int]:
    return select(Lead.id).where(column.in_(sorted(phones)), Lead.name_key != lead.name_key, is_listed())
