"""Flags on other pages (B8): a mark with the words beside each side of a collision, and the card."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flask_babel import gettext as _
from markupsafe import Markup

from lead_system.admin_views.columns import joined
from lead_system.domain.flag_rules import Flag, flags_on
from lead_system.domain.flags import Raised
from lead_system.domain.roles import DECIDERS
from lead_system.models import Account, Collision, Lead
from lead_system.queries.flag_facts import raised_of
from lead_system.queries.flag_settings import flag_rules
from lead_system.queries.flags import flags_of
from lead_system.web.flag_words import flag_sentence
from lead_system.web.words import word


class SaidOfALead(NamedTuple):
    """The flags of one lead, each with its sentence."""

    lead: Lead
    flags: tuple[tuple[Flag, Markup], ...]


class FlagCard(NamedTuple):
    """What the card shows: the leads that have flags, and whether any flag is raised at all."""

    leads: tuple[SaidOfALead, ...]
    is_any_on: bool

    @property
    def number(self) -> int:
        """How many flags there are."""
        return sum(len(said.flags) for said in self.leads)


def flag_card(actor: Account, *leads: Lead | None) -> FlagCard | None:
    """Return what the card about some leads shows; None for whoever does not decide."""
    if actor.role not in DECIDERS:
        return None
    rules = flag_rules()
    raised = raised_of([lead.id for lead in leads if lead is not None], rules)
    said = tuple(SaidOfALead(lead, _said(raised[lead.id])) for lead in leads if lead and lead.id in raised)
    return FlagCard(said, bool(flags_on(rules)))


def _said(raised: Sequence[Raised]) -> tuple[tuple[Flag, Markup], ...]:
    return tuple((one.flag, flag_sentence(one)) for one in raised)


def marks_with_figures(raised: Sequence[Raised]) -> Markup:
    """Return flags with their sentences as the cell of a list, one under the other."""
    mark = Markup('<span class="flag-line"><span class="mark">{}</span> {}</span>')
    return Markup("\n").join(mark.format(word(one.flag), flag_sentence(one)) for one in raised)


def flags_of_sides(collisions: Sequence[Collision]) -> dict[int, tuple[Flag, ...]]:
    """Return the flags of the leads on both sides of some collisions, asked once for all."""
    leads = {row.challenging_lead_id for row in collisions}
    leads |= {row.holding_lead_id for row in collisions if row.holding_lead_id is not None}
    return flags_of(sorted(leads), flag_rules()) if leads else {}


def side_marks(collision: Collision, flags: Mapping[int, tuple[Flag, ...]]) -> Markup | None:
    """Return the flags of both sides of a collision as marks, each side named."""
    sides = ((_("Holder"), collision.holding_lead_id), (_("Challenger"), collision.challenging_lead_id))
    mark, named = Markup('<span class="mark">{}</span>'), Markup("{}: {}")
    return joined(
        [
            named.format(side, Markup(" ").join(mark.format(word(flag)) for flag in flags[number]))
            for side, number in sides
            if number is not None and number in flags
        ]
    )
