"""Why something is not offered, in one line: the words for refusals that nobody has run into yet.

The checks decide (`queries.offers`). Where the status is the reason, the words say what this customer lacks;
any other refusal is said as it would be when somebody tried (`web.sentences`).
"""

from datetime import datetime

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb
from lead_system.models import Lead
from lead_system.queries.offers import Offer
from lead_system.web.filters import moment
from lead_system.web.sentences import sentence

_TITLES: dict[Verb, LazyString] = {
    Verb.DEAL: _l("Mark as dealt"),
    Verb.REBIND_AWAY: _l("Change the broker"),
    Verb.EXTEND: _l("Extend the protection"),
}
"""What is worth a word where it is missing; to undo a deal where none stands is not."""

_ABOUT_THE_STATUS = frozenset({RefusalCode.STATUS_FORBIDS, RefusalCode.NEVER_HELD, RefusalCode.DEAL_STANDS})

_OF_STATUS: dict[LeadStatus, LazyString] = {
    LeadStatus.ENTERED: _l("Only for a bound customer. This one has not been reported and scanned yet."),
    LeadStatus.DEALT: _l("A deal stands. Undo the deal first."),
    LeadStatus.WITHDRAWN: _l("The entry was withdrawn and cannot be used any more."),
}
"""The statuses of which there is only one thing to say."""


def why_not(offers: list[Offer], lead: Lead, now: datetime) -> list[tuple[str, str]]:
    """Return for what is not offered its titles and the reason, one line for all that share a reason."""
    titles: dict[str, list[str]] = {}
    for offer in offers:
        if offer.refused is not None and offer.verb in _TITLES:
            titles.setdefault(_reason(offer.refused, lead, now), []).append(str(_TITLES[offer.verb]))
    return [(str(_(", ")).join(those), reason) for reason, those in titles.items()]


def _reason(refused: Refused, lead: Lead, now: datetime) -> str:
    status = lead.status_at(now)
    if refused.code not in _ABOUT_THE_STATUS or status is LeadStatus.BOUND:
        return sentence(refused)
    if status is LeadStatus.EXPIRED:
        return _binding_ended(lead)
    return _not_scanned_yet(lead) if status is LeadStatus.REPORTED else str(_OF_STATUS[status])


def _not_scanned_yet(lead: Lead) -> str:
    """Say what a reported customer lacks, who may have been bound before."""
    if lead.bound_at is None:
        return str(_("Only for a bound customer. The gate has not scanned this one yet."))
    return str(
        _("Only while a binding runs. This one was reported again and waits for the scan at the gate.")
    )


def _binding_ended(lead: Lead) -> str:
    """Say when the last binding ended, and how; a lead that was merged may never have had one."""
    if lead.rebound_at:
        end = moment(lead.rebound_at)
        return str(_("Only while a binding runs. This one was moved to another broker on %(end)s.", end=end))
    end = moment(lead.protect_until)
    return str(_("Only while a binding runs. This one expired on %(end)s.", end=end))
