"""Handing over under fire: against a scan that names another consultant, and two directors at once."""

import pytest

from lead_system.models import HistoryRecord, Rebind
from lead_system.services import handing_over
from tests.races.arena import Arena, Call, call
from tests.races.test_races import customer, holders, outcome_words, scan
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def assign(cast: Cast, who: str, lead_id: int, to: str) -> Call:
    people = {"from_consultant_id": cast.ids["xin"], "to_consultant_id": cast.ids[to]}
    return call(handing_over.assign_consultant, cast.as_(who), lead_ids=(lead_id,), now=NOW, **people)


def test_two_directors_give_one_customer_to_two_consultants(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)

        outcomes = arena.race([assign(cast, who, lead_id, "ming") for who in ("director", "admin")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        assert cast.read(lead_id, "consultant_id") == cast.ids["ming"]
        assert cast.count(HistoryRecord, lead_id=lead_id, action="assign_consultant") == 1


def test_scan_against_an_assignment_leaves_one_consultant_and_both_records(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True, wished_consultant_id=cast.ids["xin"])

        assigned, scanned = arena.race(
            [assign(cast, "director", lead_id, "ming"), scan(cast, "feng", lead_id)]
        )

        assert scanned.answer.outcome == "bound"
        done = assigned.answer is not None
        assert assigned.refusal in ("", "stale")
        theirs = (cast.read(lead_id, "consultant_id"), cast.read(lead_id, "wished_consultant_id"))
        assert (cast.ids["ming"] in theirs) is done
        assert cast.count(HistoryRecord, lead_id=lead_id, action="assign_consultant") == int(done)


def test_two_directors_rebind_one_customer_of_a_broker_who_left(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        cast.change("fang", archived_at=None)
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        cast.archives("fang", NOW)
        wanted = {"lead_ids": (lead_id,), "reason": "离职", "keep_end": False, "now": NOW}

        outcomes = arena.race(
            [
                call(handing_over.rebind_several, cast.as_(who), to_broker_id=cast.ids[to], **wanted)
                for who, to in (("director", "qiang"), ("admin", "wei"))
            ]
        )

        assert outcome_words(outcomes) == {"done": 1, "status_forbids": 1}
        assert cast.count(Rebind, from_lead_id=lead_id) == 1
        assert len(holders(cast, number)) == 1
