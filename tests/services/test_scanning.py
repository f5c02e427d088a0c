"""R4 and R5: the scan decides."""

from datetime import UTC, datetime, timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.extensions import db
from lead_system.models import Binding, BindingKey, Collision, CollisionEvent, GateScan, HandledRequest, Hold
from lead_system.services import gate
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def confirm(
    cast: Cast, code: str, consultant: str | None = "xin", *, another: bool = False, gate_id: str = "feng"
) -> gate.ScanAnswer:
    with cast.app.app_context():
        return gate.confirm_scan(
            cast.as_(gate_id),
            code=code,
            consultant_id=cast.ids[consultant] if consultant else None,
            another_visit=another,
            now=now(),
        )


def test_first_scan_binds_for_thirty_days_and_holds_both_phones(cast: Cast) -> None:
    lead_id = cast.enters("fang", OUYANG, "1394321", reports=True)

    answer = confirm(cast, cast.code_of(lead_id))

    assert (answer.outcome, answer.lead_id) == ("bound", lead_id)
    assert cast.status(lead_id) == "bound"
    assert cast.read(lead_id, "protect_until") == MONDAY_TEN + timedelta(days=30)
    assert cast.count(Hold, lead_id=lead_id, ends_at=MONDAY_TEN + timedelta(days=30)) == 2
    assert cast.count(BindingKey) == 2
    assert cast.count(Binding, lead_id=lead_id, scan_id=answer.scan_id, rebind_id=None) == 1
    assert cast.read(lead_id, "consultant_id") == cast.ids["xin"]


def test_short_code_binds_as_the_picture_does(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)

    assert confirm(cast, cast.read(lead_id, "short_code")).outcome == "bound"


def test_later_scan_is_a_visit_that_may_change_the_consultant_but_no_clock(
    cast: Cast, clock: StoppedClock
) -> None:
    lead_id = cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(lead_id))
    clock.forward(timedelta(days=3))

    answer = confirm(cast, cast.code_of(lead_id), "ming")

    assert answer.outcome == "visit"
    assert cast.read(lead_id, "consultant_id") == cast.ids["ming"]
    assert cast.read(lead_id, "protect_until") == MONDAY_TEN + timedelta(days=30)
    assert (cast.count(GateScan, lead_id=lead_id), cast.count(Binding, lead_id=lead_id)) == (2, 1)


@pytest.mark.parametrize(("seconds", "asks"), [(0, True), (59, True), (60, False), (61, False)])
def test_second_scan_within_a_minute_asks_whoever_scans(
    cast: Cast, clock: StoppedClock, seconds: int, *, asks: bool
) -> None:
    lead_id = cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(lead_id))
    kept = cast.count(HandledRequest)
    clock.forward(timedelta(seconds=seconds))

    try:
        confirm(cast, cast.code_of(lead_id), gate_id="lu")
        asked = False
    except Refused as question:
        asked = question.code.value == "another_visit_unconfirmed"

    assert asked is asks
    assert cast.count(GateScan, lead_id=lead_id) == (1 if asks else 2)
    assert cast.count(HandledRequest) == (kept if asks else kept + 1)


def test_yes_to_the_question_counts_as_another_visit(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(lead_id))

    assert confirm(cast, cast.code_of(lead_id), another=True).outcome == "visit"
    assert cast.count(GateScan, lead_id=lead_id) == 2


def test_code_of_a_held_customer_is_turned_away_with_the_attempt_and_a_collision(cast: Cast) -> None:
    held, wanted = cast.enters("qiang", reports=True), cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(held))

    answer = confirm(cast, cast.code_of(wanted))

    assert (answer.outcome, answer.scan_id, answer.holder_ids) == ("held", None, (held,))
    assert (cast.status(held), cast.status(wanted)) == ("bound", "reported")
    assert cast.count(GateScan, lead_id=wanted) == 0
    assert cast.count(Collision, holding_lead_id=held, challenging_lead_id=wanted, state="open") == 1
    assert cast.count(CollisionEvent, kind="scanned") == 1


def test_reading_the_code_of_a_held_customer_keeps_the_attempt_too(cast: Cast) -> None:
    held, wanted = cast.enters("qiang", reports=True), cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(held))

    with cast.app.app_context():
        read = gate.read_visit_code(cast.as_("feng"), code=cast.code_of(wanted), now=MONDAY_TEN)

    assert (read.outcome, read.holder_ids) == ("held", (held,))
    assert cast.count(CollisionEvent, kind="scanned") == 1


def test_reading_a_good_code_changes_nothing_yet(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app), cast.app.app_context():
        read = gate.read_visit_code(cast.as_("feng"), code=cast.code_of(lead_id), now=MONDAY_TEN)

    assert (read.outcome, read.token) == ("ready", cast.code_of(lead_id))


def test_two_brokers_holding_a_leads_two_phones_are_both_named(cast: Cast) -> None:
    one = cast.enters("qiang", OUYANG, reports=True)
    other = cast.enters("wei", ("欧阳", "锋", "1394321"), reports=True)
    both = cast.enters("fang", OUYANG, "1394321", reports=True)
    confirm(cast, cast.code_of(one))
    confirm(cast, cast.code_of(other))

    answer = confirm(cast, cast.code_of(both))

    assert (answer.outcome, answer.holder_ids) == ("held", (one, other))
    assert cast.count(Collision, holding_lead_id=one, challenging_lead_id=both) == 1
    assert cast.count(Collision, holding_lead_id=other, challenging_lead_id=both) == 1
    assert cast.count(Hold) == 2


def test_ended_hold_is_taken_over_whole(cast: Cast, clock: StoppedClock) -> None:
    old = cast.enters("qiang", OUYANG, "1394321", reports=True)
    new = cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(old))
    clock.forward(timedelta(days=30))

    answer = confirm(cast, cast.code_of(new))

    assert answer.outcome == "bound"
    assert (cast.status(old), cast.status(new)) == ("expired", "bound")
    assert (cast.count(Hold, lead_id=old), cast.count(Hold, lead_id=new)) == (0, 1)


def test_hold_stands_until_the_very_second_of_its_end(cast: Cast, clock: StoppedClock) -> None:
    old, new = cast.enters("qiang", reports=True), cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(old))
    clock.forward(timedelta(days=30, seconds=-1))

    assert confirm(cast, cast.code_of(new)).outcome == "held"
    clock.forward(timedelta(seconds=1))
    assert confirm(cast, cast.code_of(new)).outcome == "bound"


def test_expired_lead_is_bound_anew_after_a_report_with_the_same_code(
    cast: Cast, clock: StoppedClock
) -> None:
    lead_id = cast.enters("fang", reports=True)
    code = cast.code_of(lead_id)
    confirm(cast, code)
    again = clock.forward(timedelta(days=40))
    with refused("must_report_again"):
        confirm(cast, code)

    cast.reports("fang", lead_id)

    assert confirm(cast, code).outcome == "bound"
    assert cast.read(lead_id, "protect_until") == again + timedelta(days=30)
    assert cast.count(Binding, lead_id=lead_id, ended_at=None) == 1


def test_scan_by_an_earlier_clock_than_the_report_at_the_end_binds_anew(
    cast: Cast, clock: StoppedClock
) -> None:
    """Of two processes the report's came first, by a clock at which the old hold had ended."""
    lead_id = cast.enters("fang", OUYANG, "1394321", reports=True)
    code = cast.code_of(lead_id)
    confirm(cast, code)
    end = clock.forward(timedelta(days=30))
    cast.reports("fang", lead_id)
    a_little_earlier = clock.at(end - timedelta(milliseconds=20))

    assert confirm(cast, code).outcome == "bound"

    assert cast.status(lead_id) == "bound"
    assert cast.count(Hold, lead_id=lead_id) == 2
    assert cast.count(Hold, ends_at=a_little_earlier + timedelta(days=30)) == 2
    assert cast.count(Binding, lead_id=lead_id, ended_at=a_little_earlier) == 1
    assert cast.count(Binding, lead_id=lead_id, ended_at=None) == 1


def arrange_every_reason(cast: Cast, clock: StoppedClock, reasons: set[str]) -> str:
    """Bring about the reasons for refusal at the code of one lead; returns the code."""
    if "code_unknown" in reasons:
        return "0123456782"
    lead_id = cast.enters("fang", reports=True)
    if "must_report_again" in reasons:
        confirm(cast, cast.code_of(lead_id))
        clock.forward(timedelta(days=30))
    if "held" in reasons:
        confirm(cast, cast.code_of(cast.enters("qiang", reports=True)))
    if "broker_not_active" in reasons:
        cast.archives("fang", LONG_AGO)
    return cast.code_of(lead_id)


@pytest.mark.parametrize(
    ("reasons", "answer"),
    [
        ({"code_unknown", "consultant_missing"}, "code_unknown"),
        ({"held", "must_report_again", "broker_not_active", "consultant_missing"}, "held"),
        ({"must_report_again", "broker_not_active", "consultant_missing"}, "must_report_again"),
        ({"broker_not_active", "consultant_missing"}, "broker_not_active"),
        ({"consultant_missing"}, "consultant_missing"),
    ],
)
def test_reasons_for_refusal_are_looked_for_in_order(
    cast: Cast, clock: StoppedClock, reasons: set[str], answer: str
) -> None:
    code = arrange_every_reason(cast, clock, reasons)

    try:
        said = confirm(cast, code, None).outcome
    except Refused as refusal:
        said = refusal.code.value

    assert said == answer


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"archived_at": LONG_AGO}, "broker_not_active"),
        ({"brokerage_id": None}, "brokerage_not_active"),
        ({"role": "resident", "approval": "pending"}, "broker_not_approved"),
    ],
)
def test_new_binding_needs_a_broker_in_good_standing(
    cast: Cast, change: dict[str, object], code: str
) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.change("fang", **change)

    with nothing_written(cast.app), refused(code):
        confirm(cast, cast.code_of(lead_id))


def test_running_binding_of_an_archived_broker_still_counts_visits(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(lead_id))
    cast.archives("fang", LONG_AGO)
    clock.forward(timedelta(days=1))

    assert confirm(cast, cast.code_of(lead_id)).outcome == "visit"


@pytest.mark.parametrize("who", ["feng", "fang", "director"])
def test_only_a_consultant_can_be_chosen(cast: Cast, who: str) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app), refused("consultant_not_offered"):
        confirm(cast, cast.code_of(lead_id), who)


def test_consultant_archived_a_second_ago_cannot_be_chosen(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.archives("xin", MONDAY_TEN - timedelta(seconds=1))

    with nothing_written(cast.app), refused("consultant_not_offered"):
        confirm(cast, cast.code_of(lead_id))


@pytest.mark.parametrize("who", ["fang", "xin", "secretary", "director", "admin"])
def test_nobody_but_gate_staff_confirms(cast: Cast, who: str) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app), refused("forbidden"):
        confirm(cast, cast.code_of(lead_id), gate_id=who)


def test_binding_is_kept_with_broker_and_brokerage_as_they_were(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)
    confirm(cast, cast.code_of(lead_id))
    with cast.app.app_context():
        scan = db.session.query(GateScan).one()
        before = scan.brokerage_id

    cast.change("fang", brokerage_id=None)

    with cast.app.app_context():
        scan = db.session.query(GateScan).one()
        assert (before, scan.brokerage_id) == (1, 1)
