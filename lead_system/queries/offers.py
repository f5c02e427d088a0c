"""What may be done with a customer now, and why not the rest: the very checks that decide when it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from lead_system.domain.errors import Refused
from lead_system.domain.lifecycle import Verb, is_allowed
from lead_system.domain.roles import DECIDERS, Role
from lead_system.models import Account, Lead
from lead_system.queries.bindings import get_extendable
from lead_system.queries.deals import get_standing_deal, require_dealable
from lead_system.queries.fees import require_scanned
from lead_system.queries.rebinds import require_rebindable

Check = Callable[[Lead, datetime], object]


@dataclass(frozen=True)
class Offer:
    """Something that somebody's role may do with a customer; `refused` says why not now."""

    verb: Verb
    refused: Refused | None


_CHECKS: dict[Verb, Check] = {
    Verb.DEAL: require_dealable,
    Verb.REBIND_AWAY: require_rebindable,
    Verb.EXTEND: get_extendable,
    Verb.UNDO_DEAL: get_standing_deal,
}
"""What a director and an admin may do with a customer (R6, R8, R9), in the order of the page."""


def offers_for(actor: Account, lead: Lead, now: datetime) -> list[Offer]:
    """Return what those who decide may do with a lead; nothing for anybody else, or once it is anonymised.

    A deal that can only be marked late is the offer `LATE_DEAL`.
    """
    if actor.role not in DECIDERS or lead.anonymised_at is not None:
        return []
    offers = [Offer(verb, _refusal(partial(check, lead, now))) for verb, check in _CHECKS.items()]
    is_late = not is_allowed(Verb.DEAL, lead.status_at(now))
    return [
        Offer(Verb.LATE_DEAL, None) if one.verb is Verb.DEAL and one.refused is None and is_late else one
        for one in offers
    ]


def refusal_of_fee(actor: Account, lead: Lead) -> Refused | None:
    """Return why the secretary cannot pay a fee for a lead; None where that can be, or for others."""
    return _refusal(lambda: require_scanned(lead)) if actor.role is Role.SECRETARY else None


def _refusal(check: Callable[[], object]) -> Refused | None:
    """Return what a check refuses, None where it lets pass."""
    try:
        check()
    except Refused as refused:
        return refused
    return None
