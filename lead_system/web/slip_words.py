"""What a visit slip says, line by line: the paper and the page that checks it show the same."""

from typing import NamedTuple

from flask_babel import gettext as _
from markupsafe import Markup, escape

from lead_system.domain.visit_slips import SlipFacts
from lead_system.services.visit_slips import VisitSlip
from lead_system.web.filters import phone7, second, shown_name


class SlipLine(NamedTuple):
    """One line: what it is about, and what it says; what people typed is marked in it."""

    title: str
    says: Markup


def slip_lines(slip: VisitSlip) -> list[SlipLine]:
    """Return the lines of a slip: moments to the second in Shanghai, of a phone the seven digits."""
    scan = slip.scan
    phones = [phone7(phone) for phone in (scan.lead.phone1, scan.lead.phone2)]
    return [
        SlipLine(_("Slip number"), escape(scan.id)),
        SlipLine(_("Scanned at"), escape(_("%(moment)s, Shanghai time", moment=second(scan.scanned_at)))),
        SlipLine(_("Customer number"), escape(scan.lead_id)),
        SlipLine(_("Customer name"), _typed(shown_name(scan.lead))),
        SlipLine(_("Customer phone"), escape(" · ".join(filter(None, phones)) or "–")),
        SlipLine(_("Broker"), _typed(scan.broker.name)),
        SlipLine(_("Brokerage then"), _typed(scan.brokerage.name) if scan.brokerage else Markup("–")),
        SlipLine(_("Consultant"), _typed(scan.consultant.name)),
        SlipLine(_("Gate staff"), _typed(scan.gate.name)),
        *_outcome(slip.facts),
    ]


def _outcome(facts: SlipFacts) -> list[SlipLine]:
    """Return what came of the scan, and the protection that began with it."""
    title = _("What the scan did")
    if facts.protected_until is None:
        said = _("Another visit of this broker's customer. It changed neither the binding nor its end.")
        return [SlipLine(title, escape(said))]
    return [
        SlipLine(title, escape(_("It bound the customer to this broker."))),
        SlipLine(
            _("Protection that it began"),
            escape(
                _(
                    "%(begins)s to %(ends)s, Shanghai time",
                    begins=second(facts.scanned_at),
                    ends=second(facts.protected_until),
                )
            ),
        ),
    ]


def _typed(text: str) -> Markup:
    return Markup("<span data-user>{}</span>").format(text)
