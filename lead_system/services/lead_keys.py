"""R2: a broker has the same customer once. The keys of a lead, and the constraint on them that judges."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import Key, fold_name, visible_digits
from lead_system.extensions import db
from lead_system.models import Account, Lead, LeadKey
from lead_system.services.transaction import LostRace, insert_unless_taken, lock_name
from lead_system.statements import Statement


def has_name_and_phone(table: Any) -> Any:
    """Return the condition that a row has the name and one of the phones of `parameters_of` some keys."""
    phones: tuple[Any, ...] = (bindparam("phone"), bindparam("other_phone"))
    return (table.name_key == bindparam("name_key")) & table.phone.in_(phones)


def has_key(table: Any) -> Any:
    """Return the condition that a row has one of the keys of `parameters_of` some keys."""
    return has_name_and_phone(table) & (table.person_number == bindparam("person_number"))


def parameters_of(keys: Sequence[Key]) -> dict[str, Any]:
    """Return what stands for the keys of one customer, one or two, which share name and person number."""
    first, last = keys[0], keys[-1]
    return {
        "name_key": first.name,
        "person_number": first.person_number,
        "phone": first.phone,
        "other_phone": last.phone,
    }


IS_TWIN = and_(
    LeadKey.broker_id == bindparam("broker_id"),
    has_name_and_phone(LeadKey),
    LeadKey.lead_id.is_distinct_from(bindparam("lead_id")),
)
"""The condition of a key of the broker's own other lead with this name and one of these phones."""

_TWIN = Statement(select(LeadKey.lead_id).where(IS_TWIN))


def is_own_person(name_key: str, phones: tuple[str | None, ...], account: Account) -> bool:
    """Say whether a customer bears an agent's own name and visible digits (R2)."""
    return name_key == fold_name(account.name) and visible_digits(account.phone) in phones


def refuse_own_person(lead: Lead, *agents: Account) -> None:
    """Refuse a lead that names one of these agents: its owner, or the resident who enters it (R2).

    Raises:
        Refused: OWN_PERSON.
    """
    if any(is_own_person(lead.name_key, (lead.phone1, lead.phone2), agent) for agent in agents):
        raise Refused(RefusalCode.OWN_PERSON)


def find_own_twin(lead: Lead) -> int | None:
    """Return the number of the broker's other lead with this name and one of these phones."""
    own = {"broker_id": lead.broker_id, "lead_id": lead.id}
    twin: int | None = _TWIN.value(parameters_of(lead.keys) | own)
    return twin


def remember_keys(lead: Lead) -> bool:
    """Write the lead's keys; False where its broker has one of them already, as the database says."""
    rows = [
        {
            "lead_id": lead.id,
            "broker_id": lead.broker_id,
            "name_key": key.name,
            "phone": key.phone,
            "person_number": key.person_number,
        }
        for key in lead.keys
    ]
    return insert_unless_taken(LeadKey, rows)


def lock_customers(*names: str) -> None:
    """Let whoever takes a hold under a name and whoever moves a lead to or from it come one after the other.

    The one who comes second sees what the first has done. Otherwise a scan would not know of an entry that
    was corrected to its customer a moment ago, nor the correction of the hold, and neither be told (R7). To
    be called with the leads locked, and before holds and collisions are looked at.
    """
    for name in sorted(set(names)):
        lock_name(f"customer:{name}")


def forget_keys(lead: Lead) -> None:
    """Take a lead out of R2's constraint, so that its broker may enter the customer again."""
    db.session.execute(delete(LeadKey).where(LeadKey.lead_id == lead.id))


def take_over_phones(lead: Lead, held: Lead) -> None:
    """Give a lead the phones of the held one, in the row and in its keys (R8).

    Raises:
        LostRace: the lead's broker entered another customer with these keys meanwhile.
    """
    forget_keys(lead)
    lead.phone1, lead.phone2 = held.phone1, held.phone2
    db.session.flush()
    if not remember_keys(lead):
        raise LostRace
