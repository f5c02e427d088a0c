"""One customer: all leads that are connected by shared keys, whoever's they are (R1, B1).

Leads need not share a key with each other: where one shares a phone with a second, and that another phone
with a third, all three are one customer. Withdrawn and merged leads belong, by the name and the phones that
they still have, though their keys are given up. An anonymised one is recognised by nothing, so it is alone.
"""

from dataclasses import dataclass

from sqlalchemy import CTE, and_, case, literal, or_, select

from lead_system.extensions import db
from lead_system.models import Lead

MOST_LEADS = 200
"""How many leads of one customer are looked at; more have never been one person's."""


@dataclass(frozen=True)
class Customer:
    """The leads of one customer, oldest first; `is_cut` where there are more than are looked at."""

    leads: tuple[Lead, ...]
    is_cut: bool = False

    @property
    def phones(self) -> frozenset[str]:
        """Every phone of the customer that some broker has given."""
        return frozenset(phone for lead in self.leads for phone in (lead.phone1, lead.phone2) if phone)


def customer_of(lead: Lead) -> Customer:
    """Return all leads of a lead's customer, in one question; the lead itself is always among them."""
    if lead.anonymised_at is not None:
        return Customer((lead,))
    phones = _connected_phones(lead)
    found = (
        select(Lead)
        .where(
            Lead.name_key == lead.name_key,
            Lead.person_number == lead.person_number,
            or_(Lead.phone1.in_(select(phones.c.phone)), Lead.phone2.in_(select(phones.c.phone))),
        )
        .order_by(Lead.id != lead.id, Lead.id)
        .limit(MOST_LEADS + 1)
    )
    leads = list(db.session.scalars(found))
    return Customer(tuple(sorted(leads[:MOST_LEADS], key=lambda one: one.id)), len(leads) > MOST_LEADS)


def _connected_phones(lead: Lead) -> CTE:
    """Return the phones that are reached from a lead's, from lead to lead of the same name and person number.

    A phone is looked up by the indexes on phones: a name may be that of thousands.
    """
    reached = select(literal(lead.phone1).label("phone")).cte("reached", recursive=True)
    other = case((Lead.phone1 == reached.c.phone, Lead.phone2), else_=Lead.phone1)
    has_phone = or_(Lead.phone1 == reached.c.phone, Lead.phone2 == reached.c.phone)
    is_same_name = and_(Lead.name_key == lead.name_key, Lead.person_number == lead.person_number)
    return reached.union(
        select(other).select_from(reached).join(Lead, has_phone).where(is_same_name, Lead.phone2.is_not(None))
    )
