"""录入 before its first report: the owner corrects it, or takes it back (R2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import Verb, status_after
from lead_system.domain.roles import AGENTS
from lead_system.models import Account, Lead
from lead_system.queries import scope
from lead_system.services import collisions, history
from lead_system.services.lead_keys import (
    find_own_twin,
    forget_keys,
    lock_customers,
    refuse_own_person,
    remember_keys,
)
from lead_system.services.leads import (
    LeadEntry,
    clean_person,
    clean_wishes,
    lock_lead,
    move,
    plain_changes,
)
from lead_system.services.standing import require_standing
from lead_system.services.transaction import require_version, use_case

_PERSONAL = frozenset({"surname", "given_name", "phone1", "phone2", "needs"})
"""What of a correction goes into the payload, which can be deleted (R10)."""

_DERIVED = frozenset({"name_key"})
"""What follows from other values, and is not written down beside them."""


@dataclass(frozen=True)
class EntryCorrected:
    """The lead whose entry was corrected."""

    lead_id: int


@dataclass(frozen=True)
class EntryWithdrawn:
    """The lead that was taken back."""

    lead_id: int


@use_case("correct_entry", roles=AGENTS, answer=EntryCorrected)
def correct_entry(
    actor: Account, *, lead_id: int, version: int, entry: LeadEntry, now: datetime
) -> EntryCorrected:
    """Correct names, phones or wishes of an own entry that was never reported (R2).

    Corrected names or phones make it person number 0 again and take new keys. A customer whom another broker
    holds is corrected to all the same, and the answer does not tell; the back office gets a collision (R7).
    Written are the lead, its keys and a history record with what it was before; where nothing differs,
    nothing is.

    Raises:
        Refused: NOT_FOUND for a lead that is not the broker's own, STATUS_FORBIDS once it was reported,
            STALE, what `enter_lead` refuses of the typed values, OWN_PERSON, or ALREADY_ENTERED, whose fact
            `lead_id` is the broker's other lead for that customer.
    """
    require_standing(actor)
    lead = _lock_entry(actor, lead_id, Verb.CORRECT, version=version, now=now)
    person = clean_person(entry)
    is_another = any(getattr(lead, name) != value for name, value in person.items())
    values = person | clean_wishes(entry.wishes, lead)
    values["person_number"] = 0 if is_another else lead.person_number
    before, keys_before = {name: getattr(lead, name) for name in values}, lead.keys
    if values == before:
        return EntryCorrected(lead.id)
    if is_another:
        lock_customers(lead.name_key, values["name_key"])
        _replace_person(lead, values, now=now)
    else:
        move(lead, Verb.CORRECT, now=now, **values)
    _record_correction(actor, lead, before, values, now=now)
    if is_another:
        collisions.note_correction(lead, keys_before, actor=actor, now=now)
    return EntryCorrected(lead.id)


@use_case("withdraw_entry", roles=AGENTS, answer=EntryWithdrawn)
def withdraw_entry(actor: Account, *, lead_id: int, version: int, now: datetime) -> EntryWithdrawn:
    """Take an own entry back that was never reported; nothing brings it back (R2).

    It keeps its number and its history, and leaves lists and the constraint on what its broker has entered,
    so that the customer may be entered again under a new number. Open collisions stay open, with the event
    "withdrawn".

    Raises:
        Refused: NOT_FOUND for a lead that is not the broker's own, also for one that is withdrawn already,
            STATUS_FORBIDS once it was reported, STALE, or the broker may not work now.
    """
    require_standing(actor)
    lead = _lock_entry(actor, lead_id, Verb.WITHDRAW, version=version, now=now)
    lock_customers(lead.name_key)
    forget_keys(lead)
    before, after = move(lead, Verb.WITHDRAW, now=now, withdrawn_at=now)
    changes = {"status": [before.value, after.value]}
    history.record_lead(actor, "withdraw_entry", lead, changes=changes, now=now)
    collisions.note_withdrawal(lead, actor=actor, now=now)
    return EntryWithdrawn(lead.id)


def _lock_entry(actor: Account, lead_id: int, verb: Verb, *, version: int, now: datetime) -> Lead:
    """Lock an own lead that the verb may happen to; whether it was reported is said before STALE."""
    lead = lock_lead(and_(Lead.id == lead_id, scope.owned_leads(actor)))
    status_after(verb, lead.status_at(now))
    require_version(lead, version)
    return lead


def _replace_person(lead: Lead, values: dict[str, Any], *, now: datetime) -> None:
    """Give a lead another name or other phones; its keys go first, so that it is no twin of itself."""
    forget_keys(lead)
    move(lead, Verb.CORRECT, now=now, **values)
    refuse_own_person(lead, lead.broker, lead.entered_by)
    if find_own_twin(lead) is not None or not remember_keys(lead):
        raise Refused(RefusalCode.ALREADY_ENTERED, lead_id=find_own_twin(lead))


def _record_correction(
    actor: Account, lead: Lead, before: dict[str, Any], after: dict[str, Any], *, now: datetime
) -> None:
    changed = plain_changes(before, after)
    personal = {name: changed[name] for name in _PERSONAL & set(changed)}
    plain = {name: changed[name] for name in set(changed) - _PERSONAL - _DERIVED}
    history.record_lead(actor, "correct_entry", lead, changes=plain, personal=personal or None, now=now)
