"""Visitors under fire: two gates, two brokers and two tabs at the same instant, a dozen real races each."""

from datetime import datetime, timedelta

import pytest

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, CollisionEvent, HistoryRecord, WalkIn
from lead_system.services import bindings, leads, visitors, walk_ins
from tests.races.arena import Arena, Call, call
from tests.races.test_races import events_of, outcome_words
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW
from tests.support.frozen import StoppedClock

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def log(cast: Cast, who: str, at: datetime) -> Call:
    return call(
        walk_ins.log_walk_in,
        cast.as_(who),
        code=cast.account("hong", "code_token"),
        consultant_id=cast.ids["xin"],
        another_visit=False,
        now=at,
    )


def test_two_gates_scan_one_visitor(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        at = NOW + timedelta(minutes=2 * number)

        outcomes = arena.race([log(cast, "feng", at), log(cast, "lu", at)])

        assert outcome_words(outcomes) == {"done": 1, "another_visit_unconfirmed": 1}
        assert cast.count(WalkIn, came_at=at) == 1
        assert cast.count(HistoryRecord, action="log_walk_in", at=at) == 1


def test_two_brokers_report_a_walk_in_and_one_twice(cast: Cast, arena: Arena) -> None:
    """Each broker's lead opens one row, whatever else of it comes at the same instant."""
    for number in arena.goes_on():
        cast.change("hong", name=f"洪{chr(0x4E00 + number)}")
        cast.walks_in("hong")
        customer = ("洪", chr(0x4E00 + number), "1392222")
        fangs, qiangs = cast.enters("fang", customer), cast.enters("qiang", customer)

        outcomes = arena.race(
            [
                call(leads.report_lead, cast.as_(who), lead_id=lead, wishes=leads.Wishes(), now=NOW)
                for who, lead in (("fang", fangs), ("qiang", qiangs), ("fang", fangs))
            ]
        )

        assert outcome_words(outcomes) == {"done": 3}
        assert events_of(cast, fangs) == [{"entered": 1, "reported": 2}]
        assert events_of(cast, qiangs) == [{"entered": 1, "reported": 1}]


def test_two_objections_at_once_open_one_row_with_both(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        cast.change("hong", name=f"洪{chr(0x4E00 + number)}")
        lead_id = cast.enters("fang", ("洪", chr(0x4E00 + number), "1392222"), reports=True)
        at = NOW + timedelta(days=number)

        outcomes = arena.race(
            [
                call(
                    visitors.object_to_reports, cast.as_("hong"), words=f"不同意{tab}",
                    now=at + timedelta(seconds=tab),
                )
                for tab in (0, 1)
            ]
        )  # fmt: skip

        assert outcome_words(outcomes) == {"done": 2}
        assert events_of(cast, lead_id) == [{"objected": 2}]
        assert cast.count(CollisionEvent, kind="objected") == 2 * (number + 1)


def test_an_objection_beside_a_rebind_knows_of_it_or_is_about_both(
    cast: Cast, arena: Arena, clock: StoppedClock
) -> None:
    """The objection came first and hears of the new hold, or the rebind did, which reported a second lead."""
    for number in arena.goes_on():
        at, name = clock.at(NOW + timedelta(days=number)), chr(0x4E00 + number)
        cast.change("hong", name=f"洪{name}")
        held = cast.enters("fang", ("洪", name, "1392222"), reports=True)
        cast.scans("feng", held)
        target = cast.enters("qiang", ("洪", name, "1392222"))

        objection, _rebind = arena.race(
            [
                call(visitors.object_to_reports, cast.as_("hong"), words="不同意", now=at),
                call(
                    bindings.rebind_lead, cast.as_("director"), lead_id=held,
                    version=cast.read(held, "version"),
                    to_broker_id=cast.ids["qiang"], keep_end=False, reason="协商一致", now=at,
                ),
            ]
        )  # fmt: skip

        told = events_of(cast, held, kind="objection"), events_of(cast, target, kind="objection")
        assert (objection.answer.reports, told) in (
            (1, ([{"objected": 1, "hold_taken_by_rebind": 1}], [])),
            (2, ([{"objected": 1}], [{"objected": 1}])),
        )


def test_somebody_new_becomes_a_visitor_once(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        with cast.app.app_context():
            account = Account(
                role=Role.BROKER, phone=f"1390001{number:04d}", approval=Approval.NOT_NEEDED, created_at=NOW
            )
            db.session.add(account)
            db.session.commit()
            cast.ids["new"] = account.id

        outcomes = arena.race(
            [call(visitors.become_visitor, cast.as_("new"), name="黄药师", now=NOW) for _ in range(2)]
        )

        assert outcome_words(outcomes) == {"done": 1, "profile_already_complete": 1}
        assert [entry[0] for entry in cast.history(f"account:{cast.ids['new']}")] == ["become_visitor"]
