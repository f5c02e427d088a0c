"""The rule that decided at a step, in one sentence: from the kind of the step and its values alone (B1).

Names in a sentence are marked as what people typed. Moments are written to the second, in Shanghai.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from lead_system.domain.holding import Term
from lead_system.domain.time_line import Step, StepKind
from lead_system.models import CollisionEventKind, CollisionOutcome
from lead_system.queries.time_line import TimeLine
from lead_system.web.filters import money, phone7, second
from lead_system.web.words import word


def step_rule(step: Step, line: TimeLine) -> Markup:
    """Return the sentence that says by which rule a step was what it was; blank where none is known."""
    rule = _RULES.get(step.kind)
    return rule(step, line) if rule else Markup()


def step_words(step: Step) -> list[str]:
    """Return what was typed at a step: reasons, notes and words; and what a correction put for what."""
    written = [step.personal[name] for name in _WORDS if isinstance(step.personal.get(name), str)]
    changed = (f"{a} → {b}" for a, b in _corrections(step))
    return [*filter(None, written), *changed]


_WORDS = ("reason", "note", "words", "unit")


def _corrections(step: Step) -> list[tuple[str, str]]:
    """Return which names and digits a correction or a rebind replaced by which."""
    names = ("surname", "given_name", "phone1", "phone2")
    pairs = [(name, step.personal[name]) for name in names if isinstance(step.personal.get(name), list)]
    return [(_readable(name, before), _readable(name, after)) for name, (before, after) in pairs]


def _readable(name: str, value: str | None) -> str:
    text = phone7(value) if name.startswith("phone") else value
    return text or "–"


def _say(text: str, **facts: Any) -> Markup:
    """Fill a sentence of ours; facts that are not marked up are escaped."""
    return Markup(text) % facts  # noqa: S704 - our own sentence


def _at(text: str) -> str:
    return second(datetime.fromisoformat(text))


def _person(line: TimeLine, account_id: int | None) -> Markup:
    name = line.people.get(account_id or 0)
    return Markup("<span data-user>{}</span>").format(name) if name else Markup(_("nobody"))  # noqa: S704


def lead_named(line: TimeLine, lead_id: int | None) -> Markup:
    """Return a lead as its broker's name and its number."""
    broker = _person(line, line.broker_id(lead_id))
    return _say(_("%(broker)s (No. %(number)s)"), broker=broker, number=lead_id)


def _fixed(text: Callable[[], str]) -> Callable[[Step, TimeLine], Markup]:
    return lambda _step, _line: Markup(text())  # noqa: S704 - our own sentence


# Entering and reporting.


def _entered(step: Step, line: TimeLine) -> Markup:
    if "for_rebind_of" in step.values:
        held = lead_named(line, step.values["for_rebind_of"])
        return _say(
            _("Made for the rebind of %(held)s, as this broker had no entry of their own."), held=held
        )
    if step.actor_id != step.broker_id:
        broker = _person(line, step.broker_id)
        return _say(_("Entered for %(broker)s, whose customer it is. An entry binds nobody."), broker=broker)
    return Markup(_("An entry binds nobody: the first confirmed scan of a reported lead does."))  # noqa: S704


def _reported(step: Step, _line: TimeLine) -> Markup:
    before = step.values["status"][0]
    if before == "entered":
        said = _("The first report: from now on a confirmed scan can bind.")
    elif before == "expired":
        said = _("Reported again after the protection had ended: from now on a confirmed scan can bind.")
    else:
        said = _("Pressed again: it is recorded, moves no clock and binds nobody.")
    return Markup(said)  # noqa: S704 - our own sentence


# At the gate.


def _scanned(step: Step, line: TimeLine) -> Markup:
    gate = _person(line, step.actor_id)
    return _say(_("%(gate)s confirmed the visit of a reported lead."), gate=gate)


def _bound(step: Step, line: TimeLine) -> Markup:
    text = _(
        "First confirmed scan of a reported lead: %(at)s by %(gate)s. Protected for %(days)s days, until "
        "%(end)s."
    )
    end = datetime.fromisoformat(step.values["ends_at"])
    days = step.values.get("days", round((end - step.at) / timedelta(days=1)))
    gate = _person(line, step.actor_id)
    return _say(text, at=second(step.at), gate=gate, days=days, end=second(end))


def _turned_away(step: Step, line: TimeLine) -> Markup:
    holders = Markup(", ").join(lead_named(line, one) for one in step.values["held_by"])
    text = _("Not bound, refused as %(code)s: at that moment the customer was held by %(holders)s.")
    return _say(text, code=step.values["outcome"], holders=holders)


def _consultant(step: Step, line: TimeLine) -> Markup:
    before, after = (_person(line, one) for one in step.values["consultant"])
    if "by_rebind" in step.values:
        return _say(_("%(after)s came with the rebind."), after=after)
    if "handed_over" in step.values:
        return _say(_("%(after)s took over from %(before)s."), before=before, after=after)
    if step.values["consultant"][0] is None:
        return _say(_("%(after)s was chosen at the gate."), after=after)
    return _say(_("Changed at the gate from %(before)s to %(after)s."), before=before, after=after)


def _viewed(step: Step, _line: TimeLine) -> Markup:
    if step.values["standing_in"]:
        return Markup(_("By a consultant who stood in for the assigned one."))  # noqa: S704 - our own sentence
    return Markup(_("By the assigned consultant."))  # noqa: S704 - our own sentence


def _graded(step: Step, _line: TimeLine) -> Markup:
    text = _("Intent %(intent)s. It says nothing about who holds.")
    return _say(text, intent=step.values["intent"])


def _followed_up(step: Step, _line: TimeLine) -> Markup:
    day = step.values.get("next_on")
    if day:
        return _say(_("A note, which says nothing about who holds; next contact on %(day)s."), day=day)
    return Markup(_("A note, which says nothing about who holds."))  # noqa: S704 - our own sentence


# Fees and deals.


def _fee_paid(step: Step, _line: TimeLine) -> Markup:
    text = _("%(amount)s for a visit that the gate had confirmed.")
    return _say(text, amount=money(Decimal(step.values["amount"])))


def _fee_voided(step: Step, _line: TimeLine) -> Markup:
    return _say(_("%(amount)s count no longer."), amount=money(Decimal(step.values["amount"])))


def _dealt(step: Step, _line: TimeLine) -> Markup:
    if step.values["late"]:
        text = _("Deal date %(day)s, a day on which this broker really held; nobody else held the customer.")
    else:
        text = _("Deal date %(day)s, marked while bound: from now on the broker holds without an end.")
    return _say(text, day=step.values["dealt_on"])


def _undone(step: Step, _line: TimeLine) -> Markup:
    if step.values["status"][1] == "bound":
        said = _("The protection has its old end back.")
    else:
        said = _("The old end had passed, or there was none: the broker holds no longer.")
    return Markup(said)  # noqa: S704 - our own sentence


# Ends that move, and ends.


def _extended(step: Step, _line: TimeLine) -> Markup:
    before, after = map(_at, step.values["ends_at"])
    text = _("Once more %(days)s days: the end moved from %(before)s to %(after)s.")
    return _say(text, days=step.values["days"], before=before, after=after)


def _reset(step: Step, _line: TimeLine) -> Markup:
    before, after = map(_at, step.values["ends_at"])
    text = _("%(days)s days for running bindings too: the end moved from %(before)s to %(after)s.")
    return _say(text, days=step.values["days"][1], before=before, after=after)


def _expired(step: Step, _line: TimeLine) -> Markup:
    facts = {
        "days": step.values["days"],
        "bound": _at(step.values["bound_at"]),
        "moved": _at(step.values["term_at"]),
    }
    text = {
        Term.DAYS: _("%(days)s days after the binding of %(bound)s; nothing ends it before."),
        Term.KEPT: _("The end that the rebind of %(moved)s kept; nothing ends it before."),
        Term.EXTENSION: _("The end that the extension of %(moved)s gave; nothing ends it before."),
        Term.SETTING: _(
            "The end since the setting was changed on %(moved)s: %(days)s days after the binding of "
            "%(bound)s, but not before that change."
        ),
    }[Term(step.values["term"])]
    return _say(text, **facts)


def _rebound_away(step: Step, line: TimeLine) -> Markup:
    if "to_lead" not in step.values:
        return Markup(_("A rebind ended this binding before its time."))  # noqa: S704 - our own sentence
    to = lead_named(line, step.values["to_lead"])
    return _say(_("A rebind moved the running binding to %(to)s, and ended it here."), to=to)


def _rebound_here(step: Step, line: TimeLine) -> Markup:
    end = _at(step.values["ends_at"][1])
    if "from_lead" not in step.values:
        return _say(_("A rebind bound this lead; protected until %(end)s."), end=end)
    held = lead_named(line, step.values["from_lead"])
    if step.values["kept_end"]:
        return _say(_("Moved here from %(held)s with the end kept: %(end)s."), held=held, end=end)
    return _say(_("Moved here from %(held)s; the clock began anew, until %(end)s."), held=held, end=end)


def _merged(step: Step, line: TimeLine) -> Markup:
    into = lead_named(line, step.values["merged_into"][1])
    text = _("Two entries of one broker fitted the customer of a rebind; this one went into %(into)s.")
    return _say(text, into=into)


# Collisions.


def _opened(step: Step, line: TimeLine) -> Markup:
    challenger = lead_named(line, step.lead_id)
    if step.values["collision_kind"] == "objection":
        return _say(_("A visitor objects to the reports of %(challenger)s."), challenger=challenger)
    if step.values["collision_kind"] == "walk_in_first":
        text = _("The person had come alone before %(challenger)s entered them.")
        return _say(text, challenger=challenger)
    text = _("%(challenger)s went for a customer whom %(holder)s held at that moment: %(event)s.")
    holder = lead_named(line, step.values["holder"])
    return _say(text, challenger=challenger, holder=holder, event=_event(step))


def _joined(step: Step, line: TimeLine) -> Markup:
    text = _("Added to collision %(collision)s of %(challenger)s, which was open: %(event)s.")
    named, number = lead_named(line, step.lead_id), step.values["collision"]
    return _say(text, collision=number, challenger=named, event=_event(step))


def _event(step: Step) -> str:
    return word(CollisionEventKind(step.values["event"]))


def _handled(step: Step, _line: TimeLine) -> Markup:
    return _say(_("Outcome: %(outcome)s."), outcome=word(CollisionOutcome(step.values["outcome"])))


def _told_apart(step: Step, _line: TimeLine) -> Markup:
    text = _("From here on another customer than leads of this name and phone: person number %(number)s.")
    return _say(text, number=step.values["person_number"][1])


_RULES: dict[StepKind, Callable[[Step, TimeLine], Markup]] = {
    StepKind.ENTERED: _entered,
    StepKind.CORRECTED: _fixed(lambda: _("Corrected before the first report, as long as that is allowed.")),
    StepKind.WISHES_CHANGED: _fixed(lambda: _("What the customer wishes says nothing about who holds.")),
    StepKind.WITHDRAWN: _fixed(lambda: _("Taken back before the first report; it can never be bound.")),
    StepKind.REPORTED: _reported,
    StepKind.REPORTED_ON_BEHALF: _fixed(
        lambda: _("The rebind needs its code: the report is not counted and makes no collision.")
    ),
    StepKind.CODE_MADE: _fixed(lambda: _("The first report makes the code, which stays the same for good.")),
    StepKind.SCANNED: _scanned,
    StepKind.TURNED_AWAY: _turned_away,
    StepKind.BOUND: _bound,
    StepKind.VISITED_AGAIN: _fixed(
        lambda: _("The holder's own code was scanned again: neither binding nor clock change.")
    ),
    StepKind.CONSULTANT_ASSIGNED: _consultant,
    StepKind.VIEWED: _viewed,
    StepKind.GRADED: _graded,
    StepKind.FOLLOWED_UP: _followed_up,
    StepKind.FEE_PAID: _fee_paid,
    StepKind.FEE_VOIDED: _fee_voided,
    StepKind.COLLISION_OPENED: _opened,
    StepKind.COLLISION_JOINED: _joined,
    StepKind.COLLISION_HANDLED: _handled,
    StepKind.COLLISION_CLOSED: _fixed(lambda: _("A rebind between the two settled it.")),
    StepKind.COLLISION_REOPENED: _fixed(
        lambda: _("It is open as if nobody had handled it; how it was handled stays above.")
    ),
    StepKind.COLLISION_OF_TWO_PEOPLE: _fixed(lambda: _("One of the two was declared another person.")),
    StepKind.TOLD_APART: _told_apart,
    StepKind.SAME_AFTER_ALL: _fixed(
        lambda: _("From here on it is the same customer again as leads of this name and phone.")
    ),
    StepKind.REBOUND_AWAY: _rebound_away,
    StepKind.REBOUND_HERE: _rebound_here,
    StepKind.MERGED: _merged,
    StepKind.EXTENDED: _extended,
    StepKind.PROTECTION_CHANGED: _reset,
    StepKind.EXPIRED: _expired,
    StepKind.WILL_EXPIRE: _expired,
    StepKind.DEALT: _dealt,
    StepKind.UNDONE: _undone,
    StepKind.WALKED_IN: _fixed(lambda: _("The gate wrote down a visit in which no broker had a part.")),
    StepKind.ANONYMISED: _fixed(lambda: _("Names, digits and words are gone; what happened when stays.")),
}
