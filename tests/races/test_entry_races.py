"""An entry before its first report under fire: whoever comes second is answered in words."""

import pytest

from lead_system.extensions import db
from lead_system.models import Collision, CollisionEvent, HistoryRecord, LeadKey, Report
from lead_system.services import brokers, entries, leads
from lead_system.services.leads import LeadEntry, Wishes
from tests.races.arena import Arena, Call, call
from tests.races.test_races import customer, entry_of, events_of, outcome_words, scan
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def correct(cast: Cast, lead_id: int, entry: LeadEntry) -> Call:
    return call(entries.correct_entry, cast.as_("fang"), lead_id=lead_id, version=1, entry=entry, now=NOW)


def withdraw(cast: Cast, lead_id: int) -> Call:
    return call(entries.withdraw_entry, cast.as_("fang"), lead_id=lead_id, version=1, now=NOW)


def report(cast: Cast, lead_id: int) -> Call:
    return call(leads.report_lead, cast.as_("fang"), lead_id=lead_id, wishes=Wishes(), now=NOW)


def names_of_keys(cast: Cast, lead_id: int) -> set[str]:
    with cast.app.app_context():
        return set(db.session.scalars(db.select(LeadKey.name_key).filter_by(lead_id=lead_id)))


def test_correction_against_the_first_report(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number))

        outcomes = arena.race([correct(cast, lead_id, LeadEntry("黄", "蓉", "139", f"{number:04d}")),
                               report(cast, lead_id)])  # fmt: skip

        assert outcomes[1].answer is not None
        assert outcome_words(outcomes) in ({"done": 2}, {"done": 1, "status_forbids": 1})
        is_corrected = outcomes[0].answer is not None
        assert cast.status(lead_id) == "reported"
        assert cast.read(lead_id, "given_name") == ("蓉" if is_corrected else customer(number)[1])
        assert names_of_keys(cast, lead_id) == {cast.read(lead_id, "name_key")}
        assert cast.count(HistoryRecord, lead_id=lead_id, action="correct_entry") == int(is_corrected)


def test_withdrawal_against_the_first_report(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number))

        outcomes = arena.race([withdraw(cast, lead_id), report(cast, lead_id)])

        is_withdrawn = outcomes[0].answer is not None
        refusal = "not_found" if is_withdrawn else "status_forbids"
        assert outcome_words(outcomes) == {"done": 1, refusal: 1}
        assert cast.status(lead_id) == ("withdrawn" if is_withdrawn else "reported")
        assert cast.count(Report, lead_id=lead_id) == int(not is_withdrawn)
        assert cast.count(LeadKey, lead_id=lead_id) == int(not is_withdrawn)
        assert (cast.read(lead_id, "code_token") is None) is is_withdrawn


def test_two_entries_corrected_to_one_customer(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        ids = [cast.enters("fang", customer(number, phone)) for phone in ("136", "137")]

        outcomes = arena.race([correct(cast, lead_id, entry_of(number)) for lead_id in ids])

        assert outcome_words(outcomes) == {"done": 1, "already_entered": 1}
        won, lost = ids if outcomes[0].answer else reversed(ids)
        assert next(o.facts["lead_id"] for o in outcomes if o.refusal) == won
        assert cast.read(won, "phone1") == f"138{number:04d}"
        assert cast.read(lost, "phone1") != f"138{number:04d}"
        assert cast.count(LeadKey, phone=f"138{number:04d}") == 1
        assert cast.count(LeadKey, lead_id=lost) == 1


def test_a_correction_and_a_hold_of_that_customer_know_of_each_other(cast: Cast, arena: Arena) -> None:
    """A correction keeps its open collision. A scan that comes later tells it; one before is a new one."""
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number, "136"), reports=True)
        cast.scans("feng", held)
        scanned = cast.enters("wei", customer(number), reports=True)
        corrected = cast.enters("fang", customer(number, "136"))

        outcomes = arena.race([correct(cast, corrected, entry_of(number)), scan(cast, "lu", scanned)])

        assert outcome_words(outcomes) == {"done": 1, "bound": 1}
        told = [events_of(cast, corrected, holding_lead_id=holder) for holder in (held, scanned)]
        assert told in (
            [[{"entered": 1, "corrected": 1, "hold_taken_by_scan": 1}], []],
            [[{"entered": 1, "corrected": 1}], [{"corrected": 1}]],
        )


def test_a_report_and_a_hold_of_that_customer_know_of_each_other(cast: Cast, arena: Arena) -> None:
    """A lead of two phones collides by one; its report names whoever holds the other, or is told of them."""
    for number in arena.goes_on():
        first, second = customer(number, "136"), customer(number, "137")
        held = cast.enters("qiang", first, reports=True)
        cast.scans("feng", held)
        scanned = cast.enters("wei", second, reports=True)
        reported = cast.enters("fang", first, second[2])

        outcomes = arena.race([report(cast, reported), scan(cast, "lu", scanned)])

        assert outcome_words(outcomes) == {"done": 1, "bound": 1}
        assert told_in_order(cast, reported, held, scanned) in (
            [["entered", "reported", "hold_taken_by_scan"], []],
            [["entered", "hold_taken_by_scan", "reported"], ["reported"]],
        )


def told_in_order(cast: Cast, challenger: int, *holders: int) -> list[list[str]]:
    """Return what the collision of a lead with each holder was told, one after the other."""
    with cast.app.app_context():
        events = db.session.execute(
            db.select(Collision.holding_lead_id, CollisionEvent.kind)
            .join(CollisionEvent, CollisionEvent.collision_id == Collision.id)
            .where(Collision.challenging_lead_id == challenger)
            .order_by(CollisionEvent.id)
        ).all()
    return [[kind.value for of, kind in events if of == holder] for holder in holders]


def test_entry_for_a_colleague_against_the_colleagues_archiving(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        cast.change("fang", archived_at=None)
        entry = entry_of(number)
        version = cast.account("fang", "version")

        outcomes = arena.race(
            [
                call(leads.enter_lead, cast.as_("wei"), entry=entry, then_report=False,
                     colleague_id=cast.ids["fang"], now=NOW),
                call(brokers.archive_broker, cast.as_("admin"), account_id=cast.ids["fang"],
                     version=version, now=NOW),
            ]
        )  # fmt: skip

        assert outcomes[1].answer is not None
        assert outcome_words(outcomes) in ({"done": 2}, {"done": 1, "colleague_not_offered": 1})
        assert cast.count(LeadKey, phone=f"138{number:04d}") == int(outcomes[0].answer is not None)
