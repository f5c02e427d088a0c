"""What a step of a time line is called, and why a lead never held, in the page's language."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lead_system.domain.holding import Beginning, Ending, Period
from lead_system.domain.never_held import NeverHeld
from lead_system.domain.time_line import Step, StepKind

_TITLES = {
    StepKind.ENTERED: _l("Customer entered"),
    StepKind.CORRECTED: _l("Entry corrected"),
    StepKind.WISHES_CHANGED: _l("Needs, type, visit or wished consultant changed"),
    StepKind.WITHDRAWN: _l("Entry withdrawn"),
    StepKind.REPORTED: _l("Customer reported"),
    StepKind.REPORTED_ON_BEHALF: _l("Reported on the broker's behalf"),
    StepKind.CODE_MADE: _l("Visit code made"),
    StepKind.SCANNED: _l("Scanned at the gate"),
    StepKind.TURNED_AWAY: _l("Turned away at the gate"),
    StepKind.BOUND: _l("Bound"),
    StepKind.VISITED_AGAIN: _l("Another visit"),
    StepKind.CONSULTANT_ASSIGNED: _l("Consultant assigned"),
    StepKind.VIEWED: _l("Shown round"),
    StepKind.GRADED: _l("Intent graded"),
    StepKind.FOLLOWED_UP: _l("Follow-up written"),
    StepKind.FEE_PAID: _l("Viewing fee written down"),
    StepKind.FEE_VOIDED: _l("Viewing fee voided"),
    StepKind.COLLISION_OPENED: _l("Collision opened"),
    StepKind.COLLISION_JOINED: _l("Event of a collision"),
    StepKind.COLLISION_HANDLED: _l("Collision handled"),
    StepKind.COLLISION_CLOSED: _l("Collision closed by a rebind"),
    StepKind.COLLISION_REOPENED: _l("Collision opened again"),
    StepKind.COLLISION_OF_TWO_PEOPLE: _l("Collision closed: different people"),
    StepKind.TOLD_APART: _l("Declared another person"),
    StepKind.SAME_AFTER_ALL: _l("The same person after all"),
    StepKind.REBOUND_AWAY: _l("Rebound to another broker"),
    StepKind.REBOUND_HERE: _l("Rebound to this broker"),
    StepKind.MERGED: _l("Merged into another entry of the same broker"),
    StepKind.EXTENDED: _l("Protection extended"),
    StepKind.PROTECTION_CHANGED: _l("Protection changed together with the setting"),
    StepKind.EXPIRED: _l("Protection ended"),
    StepKind.WILL_EXPIRE: _l("Protection will end"),
    StepKind.DEALT: _l("Deal marked"),
    StepKind.UNDONE: _l("Deal undone"),
    StepKind.WALKED_IN: _l("Came alone"),
    StepKind.ANONYMISED: _l("Anonymised"),
    StepKind.EVIDENCE_MADE: _l("Evidence file made"),
}

_NEVER = {
    NeverHeld.WITHDRAWN: _l("Never bound: the entry was withdrawn."),
    NeverHeld.MERGED: _l("Never bound: merged into another entry of the same broker."),
    NeverHeld.NOT_REPORTED: _l("Never bound: entered, but never reported."),
    NeverHeld.TURNED_AWAY: _l("Never bound: at every scan somebody else held the customer."),
    NeverHeld.NOT_SCANNED: _l("Never bound: reported, but the gate has never confirmed a visit."),
}

_BEGINNINGS = {
    Beginning.SCAN: _l("First confirmed scan of a reported lead"),
    Beginning.REBIND: _l("Moved here by a rebind"),
    Beginning.LATE_DEAL: _l("A deal marked late"),
}
_ENDINGS = {
    Ending.EXPIRY: _l("The protection ran out"),
    Ending.REBIND: _l("Moved away by a rebind"),
    Ending.UNDO: _l("The deal was undone"),
}


def step_title(step: Step) -> str:
    """Return what a step is called; a record of a kind that is not told shows its code."""
    if step.kind is StepKind.OTHER:
        return str(_("Changed (%(action)s)", action=step.values["action"]))
    return str(_TITLES[step.kind])


def never_held_words(why: NeverHeld) -> str:
    """Return the sentence for why a lead never held its customer."""
    return str(_NEVER[why])


def beginning_words(period: Period) -> str:
    """Return what made a lead hold."""
    return str(_BEGINNINGS[period.begun_by])


def ending_words(period: Period, *, is_over: bool) -> str:
    """Return what ended a period, or what it waits for."""
    if period.ended_by is None:
        return str(_("A deal stands, so there is no end"))
    return str(_ENDINGS[period.ended_by]) if is_over else _("Still running")
