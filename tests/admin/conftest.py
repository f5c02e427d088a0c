"""The desk of somebody in the back office, and a sales centre with a customer in every status."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.stories import told_once

Desk = Callable[[str], PageClient]


@dataclass
class Room:
    """One customer in each status; no two rows share a value by which they could be mistaken."""

    cast: Cast
    entered: int
    reported: int
    bound: int
    expired: int
    dealt: int


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    """Gives the browser of somebody in the back office, who reads English."""

    def sit_down(who: str) -> PageClient:
        client = signed_in(who)
        with client.session_transaction() as session:
            session["language"] = "en"
        return client

    return sit_down


@told_once
def room(cast: Cast, clock: StoppedClock) -> Room:
    """2 March: a customer who will have expired by 2 April 10:00, when the others are there too."""
    expired = cast.enters("fang", ("陈", "静", "1390001"), reports=True)
    cast.scans("feng", expired, "ming")
    clock.forward(timedelta(days=31))
    dealt = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    cast.scans("feng", dealt, "ming")
    cast.deals("director", dealt, date(2026, 4, 2), "6-126", "3420000")
    reported = cast.enters("wei", ("周", "全", "1770002"), reports=True)
    entered = cast.enters("fang", ("李", "阳春", "1860003"))
    bound = cast.enters(
        "qiang",
        OUYANG,
        reports=True,
        expected_visit_at=datetime.fromisoformat("2026-04-05T15:00:00+08:00"),
        customer_type_id=cast.types["临街商铺"],
        needs="想要一楼临街，做餐饮",
    )
    cast.scans("feng", bound, "xin")
    return Room(cast, entered, reported, bound, expired, dealt)
