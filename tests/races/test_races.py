"""The promises under fire: real processes and threads on SQLite and PostgreSQL, a dozen real races each."""

from collections import Counter
from datetime import timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import (
    Binding,
    Collision,
    CollisionEvent,
    Deal,
    GateScan,
    Hold,
    Lead,
    Rebind,
    Report,
)
from lead_system.services import (
    bindings,
    collision_handling,
    deals,
    gate,
    leads,
)
from lead_system.services.leads import LeadEntry, Wishes
from tests.races.arena import Arena, Call, Outcome, call
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def customer(number: int, phone: str = "138") -> tuple[str, str, str]:
    """Another customer for each round."""
    return "欧阳", chr(0x4E00 + number), f"{phone}{number:04d}"


def entry_of(number: int) -> LeadEntry:
    """Fill in the form for the customer of a round."""
    surname, given_name, phone = customer(number)
    return LeadEntry(surname, given_name, phone[:3], phone[3:])


def scan(cast: Cast, gate_id: str, lead_id: int, *, later: timedelta = timedelta(0)) -> Call:
    return call(
        gate.confirm_scan,
        cast.as_(gate_id),
        code=cast.code_of(lead_id),
        consultant_id=cast.ids["xin"],
        another_visit=False,
        now=NOW + later,
    )


def move(cast: Cast, lead_id: int, to: str, *, later: timedelta = timedelta(0)) -> Call:
    """Let the admin rebind a customer to another broker."""
    return call(
        bindings.rebind_lead,
        cast.as_("admin"),
        lead_id=lead_id,
        version=cast.read(lead_id, "version"),
        to_broker_id=cast.ids[to],
        reason="协商",
        keep_end=False,
        now=NOW + later,
    )


def outcome_words(outcomes: list[Outcome]) -> Counter[str]:
    """Count what the calls came to: a refusal's code, a scan's outcome, or done."""
    return Counter(o.refusal or getattr(o.answer, "outcome", "done") for o in outcomes)


def events_of(cast: Cast, lead_id: int, **where: object) -> list[Counter[str]]:
    """Return what happened in each collision in which a lead is the challenger, or in those of some kind."""
    with cast.app.app_context():
        rows = db.session.scalars(db.select(Collision).filter_by(challenging_lead_id=lead_id, **where))
        return [Counter(event.kind.value for event in row.events) for row in rows]


def holders(cast: Cast, number: int) -> set[int]:
    """Return which leads hold the customer of a round."""
    with cast.app.app_context():
        name = "欧阳" + chr(0x4E00 + number)
        return set(db.session.scalars(db.select(Hold.lead_id).filter_by(name_key=name)))


def test_two_gates_confirm_two_brokers_codes_of_one_customer(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        one, other = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))

        outcomes = arena.race([scan(cast, "feng", one), scan(cast, "lu", other)])

        assert outcome_words(outcomes) == {"bound": 1, "held": 1}
        won, lost = (one, other) if outcomes[0].answer.outcome == "bound" else (other, one)
        assert holders(cast, number) == {won}
        assert (cast.status(won), cast.status(lost)) == ("bound", "reported")
        assert cast.count(Collision, holding_lead_id=won, challenging_lead_id=lost, state="open") == 1
        assert cast.count(GateScan, lead_id=lost) == 0


def test_two_gates_confirm_with_the_two_phones_the_other_way_round(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        phone, second = f"138{number:04d}", f"139{number:04d}"
        one = cast.enters("fang", ("欧阳", chr(0x4E00 + number), phone), second, reports=True)
        other = cast.enters("qiang", ("欧阳", chr(0x4E00 + number), second), phone, reports=True)

        outcomes = arena.race([scan(cast, "feng", one), scan(cast, "lu", other)])

        assert outcome_words(outcomes) == {"bound": 1, "held": 1}
        assert len(holders(cast, number)) == 1
        assert cast.count(Hold, phone=phone) == cast.count(Hold, phone=second) == 1


def test_hold_that_ran_out_is_taken_over_by_two_at_once(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old = cast.enters("wei", customer(number), f"139{number:04d}", reports=True)
        cast.scans("feng", old)
        one, other = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))

        month = timedelta(days=30)
        outcomes = arena.race([scan(cast, "feng", one, later=month), scan(cast, "lu", other, later=month)])

        assert outcome_words(outcomes) == {"bound": 1, "held": 1}
        assert len(holders(cast, number)) == 1
        assert cast.count(Hold, lead_id=old) == 0


def test_deal_at_the_last_second_against_a_takeover_at_the_end(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old, new = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))
        cast.scans("feng", old)
        before_end = NOW + timedelta(days=30, seconds=-1)
        terms = deals.DealTerms(before_end.date())
        deal = call(
            deals.mark_dealt,
            cast.as_("director"),
            lead_id=old,
            version=cast.read(old, "version"),
            terms=terms,
            now=before_end,
        )

        outcomes = arena.race([deal, scan(cast, "feng", new, later=timedelta(days=30))])

        words = outcome_words(outcomes)
        assert words in ({"done": 1, "held": 1}, {"stale": 1, "bound": 1})
        assert holders(cast, number) == ({old} if words["done"] else {new})


def test_ten_identical_entries_at_once_make_one_lead(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        entry = entry_of(number)
        wanted = [
            call(leads.enter_lead, cast.as_("fang"), entry=entry, then_report=True, now=NOW)
            for _ in range(10)
        ]

        outcomes = arena.race(wanted)

        assert outcome_words(outcomes) == {"done": 1, "already_entered": 9}
        made = next(o.answer.lead_id for o in outcomes if o.answer)
        assert {o.facts["lead_id"] for o in outcomes if o.refusal} == {made}
        assert cast.count(Lead, given_name=customer(number)[1]) == 1


def test_one_request_id_five_times_is_one_scan_with_five_equal_answers(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        same = scan(cast, "feng", lead_id)

        outcomes = arena.race([same] * 5)

        assert {o.answer.outcome for o in outcomes} == {"bound"}
        assert len({o.answer for o in outcomes}) == 1
        assert cast.count(GateScan, lead_id=lead_id) == 1


def test_rebind_against_deal(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        known = {"lead_id": lead_id, "version": cast.read(lead_id, "version"), "now": NOW}
        deal = call(deals.mark_dealt, cast.as_("director"), terms=deals.DealTerms(NOW.date()), **known)

        outcomes = arena.race([deal, move(cast, lead_id, "qiang")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        is_dealt = bool(outcomes[0].answer)
        assert cast.status(lead_id) == ("dealt" if is_dealt else "expired")
        assert cast.count(Deal, lead_id=lead_id) == int(is_dealt)
        assert cast.count(Rebind, from_lead_id=lead_id) == int(not is_dealt)
        assert len(holders(cast, number)) == 1


def test_rebind_at_the_last_second_against_a_takeover_at_the_end(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old, new = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))
        cast.scans("feng", old)
        rebind = move(cast, old, "wei", later=timedelta(days=30, seconds=-1))

        outcomes = arena.race([rebind, scan(cast, "feng", new, later=timedelta(days=30))])

        assert outcome_words(outcomes) in ({"done": 1, "held": 1}, {"stale": 1, "bound": 1})
        assert len(holders(cast, number)) == 1


def test_rebind_against_the_new_brokers_own_entry(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        entry = entry_of(number)
        rebind = move(cast, lead_id, "qiang")

        outcomes = arena.race(
            [rebind, call(leads.enter_lead, cast.as_("qiang"), entry=entry, then_report=False, now=NOW)]
        )

        assert outcomes[0].answer is not None
        assert outcome_words(outcomes) in ({"done": 2}, {"done": 1, "already_entered": 1})
        assert cast.count(Lead, broker_id=cast.ids["qiang"], given_name=customer(number)[1]) == 1
        assert holders(cast, number) == {outcomes[0].answer.to_lead_id}


def test_entry_against_a_rebind_collides_with_somebody_who_holds(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        entry = entry_of(number)
        rebind = move(cast, lead_id, "qiang")

        outcomes = arena.race(
            [rebind, call(leads.enter_lead, cast.as_("wei"), entry=entry, then_report=False, now=NOW)]
        )

        assert outcome_words(outcomes) == {"done": 2}
        entered = outcomes[1].answer.lead_id
        before, after = (cast.collision_of(h, entered) for h in (lead_id, outcomes[0].answer.to_lead_id))
        told = cast.count(CollisionEvent, collision_id=before, kind="hold_taken_by_rebind")
        assert (bool(before), told, bool(after)) in ((True, 1, False), (False, 0, True))


def test_entry_reported_at_once_against_the_rivals_scan_is_known_wholly_or_not(
    cast: Cast, arena: Arena
) -> None:
    """Entered and reported in one go: a hold that begins meanwhile knows of both or of neither."""
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        entry = {"entry": entry_of(number), "then_report": True, "now": NOW}

        outcomes = arena.race([scan(cast, "feng", held), call(leads.enter_lead, cast.as_("fang"), **entry)])

        assert outcome_words(outcomes) == {"bound": 1, "done": 1}
        row = cast.collision_of(held, outcomes[1].answer.lead_id)
        events = [cast.count(CollisionEvent, collision_id=row, kind=kind) for kind in ("entered", "reported")]
        assert events == ([1, 1] if row else [0, 0])


def test_two_attempts_at_once_open_one_collision_with_both_events(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        wanted = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", held)
        read = {"code": cast.code_of(wanted), "now": NOW}

        outcomes = arena.race(
            [
                call(gate.read_visit_code, cast.as_("feng"), **read),
                call(gate.read_visit_code, cast.as_("lu"), **read),
                call(leads.report_lead, cast.as_("fang"), lead_id=wanted, wishes=Wishes(), now=NOW),
            ]
        )

        assert outcome_words(outcomes) == {"held": 2, "done": 1}
        row = cast.collision_of(held, wanted)
        assert cast.count(Collision, holding_lead_id=held, challenging_lead_id=wanted) == 1
        assert cast.count(CollisionEvent, collision_id=row) == 3


def test_handling_against_a_new_event_loses_neither(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", held)
        wanted = cast.enters("fang", customer(number))
        row = cast.collision_of(held, wanted)

        outcomes = arena.race(
            [
                call(
                    collision_handling.handle_collisions, cast.as_("director"), collision_ids=(row,), now=NOW
                ),
                call(leads.report_lead, cast.as_("fang"), lead_id=wanted, wishes=Wishes(), now=NOW),
            ]
        )

        assert outcome_words(outcomes) == {"done": 2}
        with cast.app.app_context():
            events = [event.kind.value for event in db.session.get_one(Collision, row).events]
        is_new = events == ["entered", "handled"]
        assert is_new or events == ["entered", "reported", "handled"]
        assert cast.count(Collision, challenging_lead_id=wanted, state="open") == int(is_new)


def test_two_directors_handle_one_collision(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", held)
        row = cast.collision_of(held, cast.enters("fang", customer(number)))

        outcomes = arena.race(
            [
                call(collision_handling.handle_collisions, cast.as_(who), collision_ids=(row,), now=NOW)
                for who in ("director", "admin")
            ]
        )

        answers = sorted((o.answer.handled_ids, o.answer.already_handled_ids) for o in outcomes)
        assert answers == [((), (row,)), ((row,), ())]


def test_tenth_report_of_a_day_is_recorded_once(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        for _ in range(8):
            cast.reports("fang", lead_id)
        report = {"lead_id": lead_id, "wishes": Wishes(), "now": NOW}

        outcomes = arena.race([call(leads.report_lead, cast.as_("fang"), **report) for _ in range(3)])

        assert outcome_words(outcomes) == {"done": 1, "reported_enough_today": 2}
        assert cast.count(Report, lead_id=lead_id) == 10


def test_second_gate_scanning_the_same_code_is_asked(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)

        outcomes = arena.race([scan(cast, "feng", lead_id), scan(cast, "lu", lead_id)])

        assert outcome_words(outcomes) == {"bound": 1, "another_visit_unconfirmed": 1}
        assert cast.count(GateScan, lead_id=lead_id) == cast.count(Binding, lead_id=lead_id) == 1
