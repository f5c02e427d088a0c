"""What people are told before they archive somebody: who and what is left behind (R10)."""

from collections.abc import Callable

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from lead_system.admin_views.base import Question
from lead_system.domain.lifecycle import LeadStatus
from lead_system.queries.leads import Step
from lead_system.queries.people import Consequences


def archive_question(heading: str, subject: Markup, *foresight: str | Markup) -> Question:
    """Return the page that asks before an archiving."""
    stays = _("Names stay in every record. Account name, phone and number are never given to anybody else.")
    return Question(heading, _("Archive"), subject, (*foresight, stays), is_danger=True)


def what_is_left(left: Consequences, leads_url: Callable[..., str]) -> tuple[str | Markup, ...]:
    """Return what a broker or a brokerage leaves behind; each figure opens the customers that it counts.

    `leads_url` makes the address of the customers concerned, given a status or a step.
    """
    running = ngettext(
        "%(num)s running binding keeps its end and is listed for a rebind.",
        "%(num)s running bindings keep their end and are listed for a rebind.",
        left.running,
    )
    to_come = ngettext(
        "%(num)s customer is entered or reported and not bound yet.",
        "%(num)s customers are entered or reported and not bound yet.",
        left.open,
    )
    return (
        opens(running, left.running, leads_url(status=LeadStatus.BOUND.value)),
        opens(to_come, left.open, leads_url(step=Step.OPEN.value)),
        *handed_over_afterwards(left.running),
    )


def handed_over_afterwards(count: int) -> tuple[str | Markup, ...]:
    """Say where what is left behind goes to others in one go; nothing where nothing is left."""
    said = _("Afterwards they go to others in one go, under “Handing over”.")
    return (opens(said, count, url_for("handing_over.index_view")),) if count else ()


def opens(sentence: str, count: int, address: str) -> str | Markup:
    """Return a sentence with a figure, as a link to the rows that it counts where there are any."""
    return Markup('<a href="{}">{}</a>').format(address, sentence) if count else sentence
