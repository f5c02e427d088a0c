"""The protection is changed for running bindings while others make, extend, move and close them."""

from datetime import timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import Binding, HistoryRecord, Hold, Setting
from lead_system.services import deals
from lead_system.services.deals import DealTerms
from lead_system.services.protection import change_protection
from tests.races.arena import Arena, Call, Outcome, call
from tests.races.test_office_races import end_of, extend
from tests.races.test_races import customer, holders, move, outcome_words, scan
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def days_of(number: int) -> tuple[int, int]:
    """Return the days before and after the change of a round; the next round begins where it ended."""
    return (20, 30) if number % 2 else (30, 20)


def change(cast: Cast, who: str, days: int) -> Call:
    with cast.app.app_context():
        version = db.session.query(Setting).one().version
    arguments = {"version": version, "days": days, "also_running": True, "now": NOW}
    return call(change_protection, cast.as_(who), **arguments)


def deal(cast: Cast, lead_id: int) -> Call:
    version = cast.read(lead_id, "version")
    terms = DealTerms(NOW.date())
    return call(
        deals.mark_dealt, cast.as_("director"), lead_id=lead_id, version=version, terms=terms, now=NOW
    )


def word(outcome: Outcome) -> str:
    return outcome.refusal or "done"


def test_binding_made_meanwhile_gets_the_new_end_whoever_comes_first(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        _, days = days_of(number)
        lead_id = cast.enters("fang", customer(number), f"139{number:04d}", reports=True)

        outcomes = arena.race([scan(cast, "feng", lead_id), change(cast, "admin", days)])

        assert outcome_words(outcomes) == {"bound": 1, "done": 1}
        assert end_of(cast, lead_id) == (days, 2)
        assert cast.count(Binding, lead_id=lead_id, days=days) == 1


def test_extension_deal_and_rebind_meet_the_change_wholly_before_or_after(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        before, after = days_of(number)
        extended, dealt, moved = (
            cast.enters(who, customer(number, phone), reports=True)
            for who, phone in (("fang", "138"), ("qiang", "139"), ("wei", "137"))
        )
        for lead_id in (extended, dealt, moved):
            cast.scans("feng", lead_id)

        change_of, extension, dealing, rebind = arena.race(
            [
                change(cast, "admin", after),
                extend(cast, "director", extended),
                deal(cast, dealt),
                move(cast, moved, "fang"),
            ]
        )

        assert word(change_of) == "done"
        assert {word(extension), word(dealing), word(rebind)} <= {"done", "stale"}
        assert end_of(cast, extended) == (before + 7 if word(extension) == "done" else after, 1)
        kept = before if word(dealing) == "done" else after
        assert (cast.read(dealt, "protect_until") - NOW).days == kept
        ends_at = None if word(dealing) == "done" else NOW + timedelta(days=kept)
        assert cast.count(Hold, lead_id=dealt, ends_at=ends_at) == cast.count(Hold, lead_id=dealt) == 1
        [holder] = holders(cast, number) - {extended, dealt}
        assert (holder == moved) is (word(rebind) == "stale")
        assert end_of(cast, holder) == (after, 1)


def test_of_two_changes_at_once_one_is_stale(cast: Cast, arena: Arena) -> None:
    cast.change("ming", role="admin")
    lead_id = cast.enters("fang", customer(0), reports=True)
    cast.scans("feng", lead_id)
    for number in arena.goes_on():
        days = (21 + number, 221 + number)

        outcomes = arena.race(
            [change(cast, who, wanted) for who, wanted in zip(("admin", "ming"), days, strict=True)]
        )

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        assert end_of(cast, lead_id) == (days[0] if outcomes[0].answer is not None else days[1], 1)
        assert cast.count(HistoryRecord, action="change_protection") == number + 1
