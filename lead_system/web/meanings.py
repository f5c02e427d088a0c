"""What our words mean: the one glossary behind every help text and the page of words and rules."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from lead_system.domain.flag_rules import Flag
from lead_system.domain.lifecycle import LeadStatus, Verb
from lead_system.domain.roles import Approval
from lead_system.models import CollisionKind, CollisionOutcome, CollisionState
from lead_system.queries.fees import FeeState
from lead_system.web.catalogue import Catalogue, spoken
from lead_system.web.words import word


class Mark(StrEnum):
    """What stands beside a status, and is no status of its own."""

    HELD_BY = "held_by"
    REBOUND = "rebound"
    MERGED = "merged"
    BROKER_ARCHIVED = "broker_archived"
    STANDING_IN = "standing_in"
    ANOTHER_PERSON = "another_person"


class Meaning(NamedTuple):
    """A word beside what it means, and the name under which the page of words has it."""

    anchor: str
    word: str
    text: str


_MARK_WORDS: dict[StrEnum, LazyString] = {
    Mark.HELD_BY: _l("Held by …"),
    Mark.REBOUND: _l("Rebound"),
    Mark.MERGED: _l("Merged into another number"),
    Mark.BROKER_ARCHIVED: _l("Broker archived"),
    Mark.STANDING_IN: _l("Standing in"),
    Mark.ANOTHER_PERSON: _l("Another person"),
    FeeState.PAID: _l("Paid"),
    FeeState.VOID: _l("Void"),
}
"""Words that `web.words` does not have, because no column holds them."""

_MEANINGS: dict[type[StrEnum], dict[StrEnum, LazyString]] = {
    LeadStatus: {
        LeadStatus.ENTERED: _l(
            "A broker has written the customer down and not yet announced a visit. Nobody is protected."
        ),
        LeadStatus.REPORTED: _l(
            "A visit is announced, and the visit code exists. Nobody is protected before the gate scans it."
        ),
        LeadStatus.BOUND: _l(
            "The gate has scanned the code: the customer belongs to this broker until the protection ends."
        ),
        LeadStatus.EXPIRED: _l(
            "The protection ended, by time or by a rebind. Whoever is reported and scanned first binds anew."
        ),
        LeadStatus.DEALT: _l(
            "A director has marked the deal. The customer stays with this broker; a deal has no end."
        ),
        LeadStatus.WITHDRAWN: _l(
            "The broker took the entry back before the first report. It keeps its number, outside the lists."
        ),
    },
    Mark: {
        Mark.HELD_BY: _l("Another broker holds this customer now, bound or dealt."),
        Mark.REBOUND: _l("A director moved the customer to another broker before the protection had ended."),
        Mark.MERGED: _l(
            "A rebind joined two entries of one broker. This one has left the lists, and its code is refused."
        ),
        Mark.BROKER_ARCHIVED: _l(
            "The broker no longer works with us. The binding keeps its end and waits for a rebind."
        ),
        Mark.STANDING_IN: _l("Another consultant than the assigned one showed the property."),
        Mark.ANOTHER_PERSON: _l(
            "A director declared that this is somebody else with the same name and digits: another customer."
        ),
    },
    Flag: {
        Flag.WALK_IN_EARLIER: _l(
            "The same name with the same digits had come without a broker before this entry."
        ),
        Flag.MANY_NUMBERS: _l("The broker entered this name with several different numbers within 24 hours."),
        Flag.NAME_CORRECTED: _l("The broker changed the written name after entering it."),
        Flag.LATE_REPORT: _l(
            "Only minutes lay between the first report and the scan that bound the customer."
        ),
        Flag.QUICK_DEAL: _l("Only a few days lay between the binding and the deal."),
    },
    CollisionState: {
        CollisionState.OPEN: _l("A director still has to look at it. The number in the menu counts these."),
        CollisionState.HANDLED: _l(
            "Somebody settled it. When the challenger reports or is scanned again, a new collision opens."
        ),
    },
    CollisionKind: {
        CollisionKind.HELD: _l("A broker went for a customer whom another broker held at that moment."),
        CollisionKind.WALK_IN_FIRST: _l(
            "A broker entered somebody who had come alone before, as gate staff logged then."
        ),
        CollisionKind.OBJECTION: _l(
            "A visitor says that a broker had no business to report them. Hear both sides."
        ),
    },
    CollisionOutcome: {
        CollisionOutcome.UNSAID: _l("It was handled with one click, without saying how."),
        CollisionOutcome.HOLDER_KEEPS: _l("The holder keeps the customer; the challenger goes without."),
        CollisionOutcome.CHALLENGER_GETS: _l(
            "The challenger is to have the customer. This only notes it: the rebind moves the customer."
        ),
        CollisionOutcome.REBOUND: _l("A rebind between these two closed it by itself."),
        CollisionOutcome.DIFFERENT_PEOPLE: _l("Two people share a name and digits, so nobody collided."),
    },
    FeeState: {
        FeeState.PAID: _l("The fee was paid to the customer's broker and counts in every total."),
        FeeState.VOID: _l(
            "The fee was written down wrongly. It stays in the list with its reason and leaves every total."
        ),
    },
    Approval: {
        Approval.NOT_NEEDED: _l("An ordinary broker, who may work from the first sign-in on."),
        Approval.PENDING: _l(
            "A resident whom a director still has to let in. Until then nothing can be entered."
        ),
        Approval.APPROVED: _l("A resident who may enter and report."),
        Approval.REJECTED: _l("A resident who was turned away, has read why, and may ask once more."),
    },
}
"""By kind first, as in `web.words`."""


def meaning(member: StrEnum) -> Meaning:
    """Return what one of our words means, in the page's language."""
    kind = type(member)
    own = _MARK_WORDS.get(member) if kind in (Mark, FeeState) else None
    return Meaning(f"{kind.__name__}-{member.value}", str(own or word(member)), str(_MEANINGS[kind][member]))


def meanings(*members: StrEnum) -> Sequence[Meaning]:
    """Return what some words mean, in their order."""
    return _meanings(tuple((type(member), member) for member in members), spoken())


@lru_cache(maxsize=100)
def _meanings(members: Iterable[tuple[type[StrEnum], StrEnum]], language: Catalogue) -> Sequence[Meaning]:
    """Return the same, which a list has above it on every page; kinds are told apart as in `web.words`."""
    del language
    return [meaning(member) for _kind, member in members]


def meanings_of(kinds: Iterable[type[StrEnum]]) -> list[Meaning]:
    """Return what all words of some kinds mean, in the order in which the kinds count them."""
    return [meaning(member) for kind in kinds for member in _MEANINGS[kind]]


VERBS: dict[Verb, LazyString] = {
    Verb.REPORT: _l("The broker announces a visit (reports)."),
    Verb.SCAN: _l("Gate staff confirm the first scan of the visit code."),
    Verb.DEAL: _l("A director or administrator marks the deal."),
    Verb.LATE_DEAL: _l("A deal is marked late, for a day on which the customer really was bound."),
    Verb.REBIND_AWAY: _l("The protection ends, or a rebind moves the customer to another broker."),
    Verb.REBIND_HERE: _l("A rebind brings the customer here from another broker."),
    Verb.UNDO_DEAL: _l("The deal is undone: the old end counts again."),
    Verb.UNDO_LATE_DEAL: _l("The deal is undone after the protection had ended."),
    Verb.WITHDRAW: _l("The broker takes the entry back before the first report."),
}
"""What happens where the life of a customer moves on (R3); the arrows themselves are the domain's."""
