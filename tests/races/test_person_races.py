"""Declarations under fire: whoever comes second sees the first, and no number is given twice (R4)."""

from typing import Any

import pytest

from lead_system.extensions import db
from lead_system.models import Collision, Hold, LeadKey
from lead_system.services import entries, persons
from tests.races.arena import Arena, Call, call
from tests.races.test_races import customer, entry_of, move, outcome_words, scan
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def declare(cast: Cast, who: str, lead_id: int) -> Call:
    return _call(cast, persons.declare_another_person, who, lead_id)


def take_back(cast: Cast, who: str, lead_id: int) -> Call:
    return _call(cast, persons.declare_same_person, who, lead_id)


def _call(cast: Cast, said: Any, who: str, lead_id: int) -> Call:
    version = cast.read(lead_id, "version")
    return call(said, cast.as_(who), lead_id=lead_id, version=version, reason="身份证不同", now=NOW)


def numbers_of(cast: Cast, lead_id: int) -> tuple[int, set[int]]:
    """The person number of a lead, and those of its keys."""
    with cast.app.app_context():
        keys = db.session.scalars(db.select(LeadKey.person_number).filter_by(lead_id=lead_id))
        return cast.read(lead_id, "person_number"), set(keys)


def test_two_leads_of_one_name_declared_at_once_get_two_numbers(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        ids = [cast.enters(who, customer(number)) for who in ("fang", "qiang")]

        outcomes = arena.race([declare(cast, *pair) for pair in zip(("director", "admin"), ids, strict=True)])

        assert outcome_words(outcomes) == {"done": 2}
        assert {outcome.answer.person_number for outcome in outcomes} == {1, 2}
        assert [numbers_of(cast, lead_id) for lead_id in ids] == [
            (outcome.answer.person_number, {outcome.answer.person_number}) for outcome in outcomes
        ]


def test_one_lead_declared_by_two_directors_gets_one_number(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number))

        outcomes = arena.race([declare(cast, who, lead_id) for who in ("director", "admin")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        assert numbers_of(cast, lead_id) == (1, {1})


def test_declaration_against_the_scan_of_the_lead(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)

        outcomes = arena.race([declare(cast, "director", lead_id), scan(cast, "feng", lead_id)])

        is_declared = outcomes[0].answer is not None
        assert outcome_words(outcomes) == (
            {"done": 1, "bound": 1} if is_declared else {"stale": 1, "bound": 1}
        )
        assert numbers_of(cast, lead_id) == (int(is_declared), {int(is_declared)})
        assert cast.count(Hold, lead_id=lead_id, person_number=int(is_declared)) == 1
        assert cast.count(Hold, lead_id=lead_id) == 1


def test_declaration_against_the_correction_of_the_entry(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number, "139"))
        correct = call(entries.correct_entry, cast.as_("fang"), lead_id=lead_id, version=1,
                       entry=entry_of(number), now=NOW)  # fmt: skip

        outcomes = arena.race([declare(cast, "director", lead_id), correct])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        is_declared = outcomes[0].answer is not None
        assert numbers_of(cast, lead_id) == (int(is_declared), {int(is_declared)})


def test_declaration_against_the_scan_of_the_rival(cast: Cast, arena: Arena) -> None:
    """Whoever is first: both end as they should, and no open collision is left between different people."""
    for number in arena.goes_on():
        mine = cast.enters("fang", customer(number), reports=True)
        theirs = cast.enters("qiang", customer(number), reports=True)

        outcomes = arena.race([declare(cast, "director", mine), scan(cast, "feng", theirs)])

        assert outcome_words(outcomes) == {"done": 1, "bound": 1}
        assert cast.scans("lu", mine).outcome == "bound"
        assert cast.count(Collision, challenging_lead_id=mine, state="open") == 0


def test_taking_back_against_the_scan_of_the_lead(cast: Cast, arena: Arena) -> None:
    """The rival holds number 0: either the lead is bound as another person, or turned away as the same."""
    for number in arena.goes_on():
        theirs = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", theirs)
        mine = cast.enters("fang", customer(number), reports=True)
        cast.tells_apart("director", mine)

        outcomes = arena.race([take_back(cast, "director", mine), scan(cast, "lu", mine)])

        is_back = outcomes[0].answer is not None
        assert outcome_words(outcomes) == ({"done": 1, "held": 1} if is_back else {"stale": 1, "bound": 1})
        assert numbers_of(cast, mine) == (int(not is_back), {int(not is_back)})
        assert cast.count(Collision, challenging_lead_id=mine, state="open") == int(is_back)


def test_taking_back_against_a_rebind_to_the_broker(cast: Cast, arena: Arena) -> None:
    """The lead is the same person first and is bound, or the rebind makes one and it stays another."""
    for number in arena.goes_on():
        mine = cast.enters("fang", customer(number))
        cast.tells_apart("director", mine)
        theirs = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", theirs)

        outcomes = arena.race([take_back(cast, "director", mine), move(cast, theirs, "fang")])

        is_back, moved = outcomes[0].answer is not None, outcomes[1].answer
        assert outcome_words(outcomes) == ({"done": 2} if is_back else {"done": 1, "broker_has_customer": 1})
        assert (moved.to_lead_id == mine) is is_back
        assert numbers_of(cast, moved.to_lead_id) == (0, {0})
        assert numbers_of(cast, mine) == (int(not is_back), {int(not is_back)})
