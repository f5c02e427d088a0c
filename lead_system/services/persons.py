"""不是同一人: a director says that a lead is another person with the same name and digits, or is not (R4)."""

from dataclasses import dataclass
from datetime import datetime

from lead_system.domain.identity import clean_reason
from lead_system.domain.lifecycle import Verb
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Lead
from lead_system.queries.persons import DECLARED, next_person_number, require_another, require_same
from lead_system.services import collisions, history, holds
from lead_system.services.lead_keys import forget_keys, lock_customers, remember_keys
from lead_system.services.leads import lock_lead, move
from lead_system.services.transaction import LostRace, require_version, use_case


@dataclass(frozen=True)
class PersonDeclared:
    """The lead that was told apart, or no longer is, and its person number now."""

    lead_id: int
    person_number: int


@use_case(DECLARED, roles=DECIDERS, answer=PersonDeclared)
def declare_another_person(
    actor: Account, *, lead_id: int, version: int, reason: str, now: datetime
) -> PersonDeclared:
    """Declare a lead another person with the same name and digits: it gets that name's next person number.

    From then on it is another customer than leads with another number: each may be scanned and bound whoever
    holds the other. Its open collisions are handled as "different people", with the reason as their note. R2
    still counts it: its broker cannot enter the name and digits again. The broker is told nothing.

    Raises:
        Refused: the reason is missing, NOT_FOUND, ANONYMISED, STALE, LEAD_MERGED, STATUS_FORBIDS for a lead
            that is bound, dealt or withdrawn at `now`, or ALREADY_ANOTHER_PERSON.
    """
    reason = clean_reason(reason)
    lead = lock_lead(Lead.id == lead_id)
    require_version(lead, version)
    require_another(lead, now)
    lock_customers(lead.name_key)  # Of two directors the second counts from the first one's number.
    number = next_person_number(lead.name_key)
    _renumber(actor, lead, number, action=DECLARED, reason=reason, now=now)
    collisions.close_as_different(lead, reason=reason, actor=actor, now=now)
    return PersonDeclared(lead.id, number)


@use_case("declare_same_person", roles=DECIDERS, answer=PersonDeclared)
def declare_same_person(
    actor: Account, *, lead_id: int, version: int, reason: str, now: datetime
) -> PersonDeclared:
    """Take a declaration back: the lead has person number 0 again, like every lead that is entered.

    Whoever holds that customer gets a collision with it, as if it were entered now (R7). Collisions that the
    declaration had closed stay handled, and a person may open them again.

    Raises:
        Refused: the reason is missing, NOT_FOUND, ANONYMISED, STALE, LEAD_MERGED, STATUS_FORBIDS for a lead
            that is bound, dealt or withdrawn at `now`, NOT_ANOTHER_PERSON, or BROKER_HAS_CUSTOMER where its
            broker has another lead for that customer (R2).
    """
    reason = clean_reason(reason)
    lead = lock_lead(Lead.id == lead_id)
    require_version(lead, version)
    require_same(lead, now)
    lock_customers(lead.name_key)
    _renumber(actor, lead, 0, action="declare_same_person", reason=reason, now=now)
    collisions.note_same_person(lead, actor=actor, now=now)
    return PersonDeclared(lead.id, 0)


def _renumber(actor: Account, lead: Lead, number: int, *, action: str, reason: str, now: datetime) -> None:
    """Give a lead another person number, in its row and its keys, and write that down.

    Ended rows of its hold lie under the old keys and go first (R4). A binding that ran out, which is only
    read as expired, is stored so from now on: by a slower clock it would still hold keys that it has no more.

    Raises:
        LostRace: the lead's broker got another lead with these keys meanwhile, by a rebind.
    """
    holds.release(lead)
    forget_keys(lead)
    before = lead.person_number
    move(lead, Verb.TELL_APART, now=now, person_number=number)
    if not remember_keys(lead):
        raise LostRace
    changes = {"person_number": [before, number]}
    history.record_lead(actor, action, lead, changes=changes, personal={"reason": reason}, now=now)
