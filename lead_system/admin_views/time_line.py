"""The page on which a dispute is settled: one customer's time line, and who held when (B1, B9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import request
from flask_admin import expose
from wtforms import DateTimeLocalField, Form

from lead_system.admin_views.base import Answer, number_in, present
from lead_system.admin_views.lead_pages import LeadPages
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.holding import Period, require_past
from lead_system.domain.never_held import NeverHeld, why_never_held
from lead_system.domain.protection import SHANGHAI, shanghai_day
from lead_system.domain.roles import DECIDERS
from lead_system.domain.time_line import Step, StepKind
from lead_system.models import Lead
from lead_system.queries.time_line import TimeLine, time_line_for
from lead_system.web.caller import signed_in
from lead_system.web.filters import second
from lead_system.web.sentences import sentence
from lead_system.web.step_rules import lead_named, step_rule, step_words
from lead_system.web.step_titles import beginning_words, ending_words, never_held_words, step_title

MARKS = 6
"""How many brokers have a colour of their own; the next ones begin again, and every step says the name."""


@dataclass(frozen=True)
class Entry:
    """What one record tells, or one derived end: its steps, which share moment, person and lead."""

    steps: tuple[Step, ...]

    @property
    def first(self) -> Step:
        """The step that names moment, person and lead of all."""
        return self.steps[0]


@dataclass(frozen=True)
class Day:
    """The entries of one Shanghai day."""

    day: date
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Side:
    """One lead of the customer, and why it never held; None for one that did."""

    lead: Lead
    never_held: NeverHeld | None


@dataclass(frozen=True)
class Asked:
    """Somebody asked who held at a moment: who did, or why there is no answer."""

    typed: str = ""
    moment: datetime | None = None
    holders: tuple[Period, ...] = ()
    refused: Refused | None = None


class _MomentForm(Form):
    """The one field of the question; it is read from the address."""

    at = DateTimeLocalField(format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])


class TimeLinePages(LeadPages):
    """The time line, at the end of the chain of a customer's pages.

    Flask-Admin copies its own pages into each class: of two side by side, one would hide the other's.
    """

    @expose("/time-line/")
    def time_line_view(self) -> Answer:
        """Show every step of a customer, who held when, and answer who held at a moment."""
        lead = self.get_one(request.args.get("id", ""))
        line = time_line_for(signed_in(), lead, present())
        broker_id = _chosen_broker(line)
        asked = _asked(line)
        page = self.render(
            "admin/leads/time_line.html",
            lead=lead,
            line=line,
            asked=asked,
            chosen_broker=broker_id,
            days=_days(line.steps_of_broker(broker_id)),
            sides=_sides(line),
            first=next((step for step in line.steps if step.kind is StepKind.ENTERED), None),
            holding=line.held_at(present()),
            marks=_marks(line),
            may_take_evidence=signed_in().role in DECIDERS,
            **_WORDS,
        )
        return page if asked.refused is None else (page, asked.refused.http_status)


_WORDS: dict[str, Any] = {
    "second": second,
    "sentence": sentence,
    "step_title": step_title,
    "step_rule": step_rule,
    "step_words": step_words,
    "lead_named": lead_named,
    "beginning_words": beginning_words,
    "ending_words": ending_words,
    "never_held_words": never_held_words,
}


def _chosen_broker(line: TimeLine) -> int | None:
    """Return the broker to whom the address narrows the steps; None for all.

    Raises:
        Refused: NOT_FOUND for somebody who has no lead of this customer.
    """
    if not request.args.get("broker"):
        return None
    broker_id = number_in(request.args["broker"])
    if broker_id not in {lead.broker_id for lead in line.customer.leads}:
        raise Refused(RefusalCode.NOT_FOUND)
    return broker_id


def _asked(line: TimeLine) -> Asked:
    """Read the moment of the address, on a Shanghai clock, and say who held then."""
    if "at" not in request.args:
        return Asked()
    typed, form = request.args["at"][:40], _MomentForm(request.args)
    try:
        form.validate()
        moment = require_past(_in_shanghai(form.at.data), present())
    except Refused as refused:
        return Asked(typed, refused=refused)
    return Asked(typed, moment, tuple(line.held_at(moment)))


def _in_shanghai(typed: datetime | None) -> datetime | None:
    return None if typed is None else typed.replace(tzinfo=SHANGHAI)


def _days(steps: Sequence[Step]) -> list[Day]:
    """Return steps by Shanghai day; neighbours that one record tells are one entry."""
    days: dict[date, list[list[Step]]] = {}
    for step in steps:
        entries = days.setdefault(shanghai_day(step.at), [])
        if entries and step.record_id is not None and entries[-1][0].record_id == step.record_id:
            entries[-1].append(step)
        else:
            entries.append([step])
    return [Day(day, tuple(Entry(tuple(one)) for one in entries)) for day, entries in days.items()]


def _sides(line: TimeLine) -> list[Side]:
    return [Side(lead, why_never_held(lead.id, line.steps, line.periods)) for lead in line.customer.leads]


def _marks(line: TimeLine) -> dict[int, int]:
    """Return the number of each broker's colour, in the order in which they entered the customer."""
    brokers = dict.fromkeys(lead.broker_id for lead in line.customer.leads)
    return {broker_id: place % MARKS + 1 for place, broker_id in enumerate(brokers)}
