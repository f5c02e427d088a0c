"""R13: every request acts once, and is answered the same."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from lead_system.extensions import db
from lead_system.models import GateScan, HandledRequest, Lead, LeadKey, Report
from lead_system.services import gate, leads
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.services.transaction import forget_old_requests
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
ENTRY = LeadEntry("欧阳", "锋", "138", "5678", wishes=Wishes(needs="一楼"))
ID = "one-request-id"


def enter(cast: Cast, entry: LeadEntry = ENTRY, request_id: str = ID, who: str = "fang") -> leads.LeadEntered:
    with cast.app.app_context():
        return leads.enter_lead(cast.as_(who, request_id), entry=entry, then_report=True, now=MONDAY_TEN)


def test_entry_sent_twice_makes_one_lead_and_two_equal_answers(cast: Cast) -> None:
    first = enter(cast)

    with nothing_written(cast.app):
        second = enter(cast)

    assert first == second
    assert cast.count(Lead) == 1


def test_scan_sent_five_times_is_one_scan(cast: Cast) -> None:
    code = cast.code_of(cast.enters("fang", reports=True))

    def scan() -> gate.ScanAnswer:
        with cast.app.app_context():
            return gate.confirm_scan(
                cast.as_("feng", ID),
                code=code,
                consultant_id=cast.ids["xin"],
                another_visit=False,
                now=MONDAY_TEN,
            )

    answers = [scan() for _ in range(5)]

    assert answers == [answers[0]] * 5
    assert cast.count(GateScan) == 1


def test_turned_away_scan_is_answered_the_same_with_its_holders(cast: Cast) -> None:
    held, wanted = cast.enters("qiang", reports=True), cast.enters("fang", reports=True)
    cast.scans("feng", held)
    code = cast.code_of(wanted)

    def read() -> gate.CodeRead:
        with cast.app.app_context():
            return gate.read_visit_code(cast.as_("feng", ID), code=code, now=MONDAY_TEN)

    first = read()

    with nothing_written(cast.app):
        assert read() == first
    assert first.holder_ids == (held,)


def test_refusal_is_repeated_even_when_it_would_pass_now(cast: Cast) -> None:
    lead_id = enter(cast).lead_id
    with refused("already_entered", lead_id=lead_id):
        enter(cast, request_id="second-attempt")
    with cast.app.app_context():
        db.session.execute(delete(LeadKey))
        db.session.commit()

    with nothing_written(cast.app), refused("already_entered", lead_id=lead_id):
        enter(cast, request_id="second-attempt")


def test_id_with_other_content_is_refused(cast: Cast) -> None:
    enter(cast)
    other = dataclasses.replace(ENTRY, wishes=Wishes(needs="二楼"))

    with nothing_written(cast.app), refused("request_reused"):
        enter(cast, other)


def test_id_counts_for_each_account_of_its_own(cast: Cast) -> None:
    assert enter(cast).lead_id != enter(cast, who="qiang").lead_id


def test_id_counts_for_each_action_of_its_own(cast: Cast) -> None:
    lead_id = enter(cast).lead_id

    with cast.app.app_context():
        leads.report_lead(cast.as_("fang", ID), lead_id=lead_id, wishes=Wishes(), now=MONDAY_TEN)

    assert cast.count(Report, lead_id=lead_id) == 2


def test_role_is_asked_before_the_repeat(cast: Cast) -> None:
    enter(cast)
    cast.archives("fang")

    with refused("account_closed"):
        enter(cast)


@pytest.mark.parametrize("request_id", ["", "short", "x" * 65, "with space", "中文中文中文中文"])
def test_request_id_of_wrong_shape_is_refused(cast: Cast, request_id: str) -> None:
    with cast.app.app_context(), refused("request_id_wrong"):
        caller = dataclasses.replace(cast.as_("fang"), request_id=request_id)
        leads.enter_lead(caller, entry=ENTRY, then_report=False, now=MONDAY_TEN)


@pytest.mark.parametrize(("days", "kept"), [(90, 1), (91, 0)])
def test_id_is_kept_for_ninety_days(cast: Cast, days: int, kept: int) -> None:
    enter(cast)

    with cast.app.app_context():
        forget_old_requests(MONDAY_TEN + timedelta(days=days))

    assert cast.count(HandledRequest) == kept


def test_kept_request_shows_neither_name_nor_needs(cast: Cast) -> None:
    enter(cast)

    with cast.app.app_context():
        row = db.session.query(HandledRequest).one()
        assert "欧阳" not in f"{row.answer}{row.content_hash}"
        assert row.answer == {"answer": {"lead_id": 1, "reported": True}}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"wishes": Wishes(needs="请打138 1234 5678")}, "text_has_full_number"),
        ({"phone1_tail": "12345678"}, "phone_incomplete"),
        ({"given_name": "锋13812345678"}, "name_not_letters"),
    ],
)
def test_nothing_is_kept_of_what_may_hold_a_whole_number(
    cast: Cast, wrong: dict[str, Any], code: str
) -> None:
    with refused(code):
        enter(cast, dataclasses.replace(ENTRY, **wrong))

    assert cast.count(HandledRequest) == 0
    with refused(code):
        enter(cast, dataclasses.replace(ENTRY, **wrong))
