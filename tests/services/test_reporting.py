"""R3: 报备, again and again."""

from datetime import timedelta

import pytest

from lead_system.models import (
    Collision,
    CollisionEvent,
    Report,
)
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written, refused
from tests.support.tampering import rewrite

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def test_first_report_makes_a_code_that_stays(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang")
    cast.reports("fang", lead_id)
    code, short_code = cast.code_of(lead_id), cast.read(lead_id, "short_code")

    clock.forward(timedelta(hours=1))
    cast.reports("fang", lead_id)

    assert (cast.code_of(lead_id), cast.read(lead_id, "short_code")) == (code, short_code)
    assert cast.count(Report, lead_id=lead_id) == 2


def test_eleventh_report_of_a_day_changes_nothing(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)
    for _ in range(9):
        cast.reports("fang", lead_id)

    with nothing_written(cast.app), refused("reported_enough_today", lead_id=lead_id):
        cast.reports("fang", lead_id, needs="改了")

    assert cast.count(Report, lead_id=lead_id) == 10


def test_count_begins_again_at_midnight_in_shanghai(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    for _ in range(9):
        cast.reports("fang", lead_id)
    clock.forward(timedelta(hours=13, minutes=59, seconds=59))
    with refused("reported_enough_today"):
        cast.reports("fang", lead_id)

    clock.forward(timedelta(seconds=1))
    cast.reports("fang", lead_id)

    assert cast.count(Report, lead_id=lead_id) == 11


def test_expired_lead_is_reported_again_however_often_it_was_today(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    clock.forward(timedelta(days=29, hours=23))
    for _ in range(10):
        cast.reports("fang", lead_id)
    code = cast.code_of(lead_id)
    clock.forward(timedelta(hours=1))
    assert cast.status(lead_id) == "expired"

    cast.reports("fang", lead_id)

    assert (cast.status(lead_id), cast.code_of(lead_id)) == ("reported", code)


def test_eleventh_report_adds_no_event_to_a_collision(cast: Cast) -> None:
    held = cast.enters("qiang", reports=True)
    cast.scans("feng", held)
    lead_id = cast.enters("fang", reports=True)
    for _ in range(9):
        cast.reports("fang", lead_id)
    before = cast.count(CollisionEvent)

    with refused("reported_enough_today"):
        cast.reports("fang", lead_id)

    assert cast.count(CollisionEvent) == before == 11


@pytest.mark.parametrize("status", ["bound", "dealt"])
def test_report_of_a_held_lead_moves_neither_status_nor_clock(
    cast: Cast, clock: StoppedClock, status: str
) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    end = cast.read(lead_id, "protect_until")
    clock.forward(timedelta(days=2))
    if status == "dealt":
        cast.deals("director", lead_id, dealt_on=clock.forward(timedelta(0)).date())

    cast.reports("fang", lead_id)

    assert cast.status(lead_id) == status
    assert cast.read(lead_id, "protect_until") == end
    assert cast.count(Report, lead_id=lead_id) == 2


@pytest.mark.parametrize("who", ["qiang", "wei"])
def test_another_brokers_lead_does_not_exist(cast: Cast, who: str) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app), refused("not_found"):
        cast.reports(who, lead_id)


def test_wishes_may_change_at_every_report(cast: Cast) -> None:
    lead_id = cast.enters("fang", needs="一楼", wished_consultant_id=cast.ids["xin"])

    cast.reports("fang", lead_id, needs="二楼", wished_consultant_id=cast.ids["ming"])

    assert cast.read(lead_id, "needs") == "二楼"
    assert cast.read(lead_id, "wished_consultant_id") == cast.ids["ming"]


def test_wish_for_a_consultant_who_was_archived_since_may_stay(cast: Cast) -> None:
    lead_id = cast.enters("fang", wished_consultant_id=cast.ids["xin"])
    cast.archives("xin")

    cast.reports("fang", lead_id, wished_consultant_id=cast.ids["xin"])

    assert cast.status(lead_id) == "reported"
    with refused("consultant_not_offered"):
        cast.reports(
            "fang", cast.enters("fang", ("欧阳", "克", "1394321")), wished_consultant_id=cast.ids["xin"]
        )


def test_reporting_a_customer_held_by_another_is_no_different_but_collides(cast: Cast) -> None:
    free = cast.enters("fang", ("欧阳", "克", "1394321"))
    held = cast.enters("qiang", reports=True)
    cast.scans("feng", held)
    wanted = cast.enters("fang")

    cast.reports("fang", free)
    cast.reports("fang", wanted)

    assert cast.status(free) == cast.status(wanted) == "reported"
    assert cast.count(Collision, challenging_lead_id=wanted) == 1
    assert cast.count(Collision, challenging_lead_id=free) == 0


def test_number_is_never_used_twice(cast: Cast) -> None:
    first = cast.enters("fang")
    gone = ("history_payloads", "history", "lead_keys", "leads")
    rewrite(cast.app, *(f"DELETE FROM {table}" for table in gone))

    assert cast.enters("fang") > first
