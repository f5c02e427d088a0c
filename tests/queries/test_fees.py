"""Fees and their screenshots as they are looked up, whoever may reach the page (R12)."""

import pytest

from lead_system.extensions import db
from lead_system.models import Account
from lead_system.queries.fees import get_fee, get_screenshot
from tests.support.cast import OUYANG, Cast
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def fee(cast: Cast) -> int:
    lead_id = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", lead_id)
    return cast.pays("secretary", lead_id, "88.00")


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_back_office_sees_the_screenshot_of_a_fee(cast: Cast, fee: int, who: str) -> None:
    with cast.app.app_context():
        actor = db.session.get_one(Account, cast.ids[who])

        assert get_screenshot(actor, fee, small=False)[:2] == b"\xff\xd8"
        assert get_fee(actor, fee).id == fee


@pytest.mark.parametrize("who", ["fang", "qiang", "wei", "hong", "feng", "xin"])
def test_neither_fee_nor_screenshot_exists_for_anybody_else(cast: Cast, fee: int, who: str) -> None:
    with cast.app.app_context():
        actor = db.session.get_one(Account, cast.ids[who])

        with refused("not_found"):
            get_screenshot(actor, fee, small=True)
        with refused("not_found"):
            get_fee(actor, fee)
