"""R6: a running binding is extended once, and everything that knows its end moves together."""

from datetime import date, timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import Binding, HistoryRecord, Hold, Lead, Setting
from lead_system.queries.bindings import find_open_binding, get_extendable
from lead_system.services import bindings
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
MONDAY = date(2026, 3, 2)
DAY_30, DAY_37 = MONDAY_TEN + timedelta(days=30), MONDAY_TEN + timedelta(days=37)


def bound(cast: Cast, who: str = "fang", second_phone: str = "") -> int:
    lead_id = cast.enters(who, OUYANG, second_phone, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def extend(cast: Cast, lead_id: int, days: int = 7, reason: str = "出差", version: int | None = None) -> str:
    known = cast.read(lead_id, "version") if version is None else version
    with cast.app.app_context():
        return bindings.extend_binding(
            cast.as_("director"), lead_id=lead_id, version=known, days=days, reason=reason, now=MONDAY_TEN
        ).ends_at


def test_binding_lead_and_both_holds_move_their_end_together(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast, second_phone="1394321")
    version = cast.read(lead_id, "version")
    later = clock.forward(timedelta(days=29))

    cast.extends("director", lead_id, 7)

    assert cast.read(lead_id, "protect_until") == DAY_37
    assert cast.read(lead_id, "version") == version + 1
    assert cast.count(Binding, lead_id=lead_id, ends_at=DAY_37, extended_at=later, days=30) == 1
    assert (cast.count(Hold, lead_id=lead_id, ends_at=DAY_37), cast.count(Hold)) == (2, 2)


def test_answer_names_the_new_end(cast: Cast) -> None:
    assert extend(cast, bound(cast)) == "2026-04-08T02:00:00+00:00"


def test_other_brokers_binding_keeps_its_end(cast: Cast) -> None:
    lead_id = bound(cast)
    other = cast.enters("qiang", ("欧阳", "克", "1394321"), reports=True)
    cast.scans("feng", other)

    cast.extends("admin", lead_id, 7)

    assert (cast.status(other), cast.read(other, "protect_until")) == ("bound", DAY_30)
    assert cast.count(Hold, lead_id=other, ends_at=DAY_30) == 1
    assert cast.count(Binding, lead_id=other, ends_at=DAY_30, extended_at=None) == 1


@pytest.mark.parametrize(("seconds", "mine", "answer"), [(-1, "bound", "held"), (0, "expired", "bound")])
def test_rival_gets_the_customer_at_the_extended_end_and_not_before(
    cast: Cast, clock: StoppedClock, seconds: int, mine: str, answer: str
) -> None:
    lead_id, rival = bound(cast), cast.enters("qiang", reports=True)
    cast.extends("director", lead_id, 7)
    clock.at(DAY_37 + timedelta(seconds=seconds))

    assert cast.status(lead_id) == mine
    assert cast.scans("lu", rival).outcome == answer


@pytest.mark.parametrize(
    ("setting", "days", "allowed"),
    [
        (30, -7, False), (30, 0, False), (30, 1, True), (30, 30, True), (30, 31, False),
        (7, 7, True), (7, 8, False), (3650, 3650, True), (3650, 3651, False),
    ],
)  # fmt: skip
def test_days_are_one_to_todays_setting(cast: Cast, setting: int, days: int, *, allowed: bool) -> None:
    lead_id = bound(cast)
    with cast.app.app_context():
        db.session.execute(db.update(Setting).values(protection_days=setting))
        db.session.commit()

    if allowed:
        cast.extends("director", lead_id, days)
        assert cast.read(lead_id, "protect_until") == DAY_30 + timedelta(days=days)
    else:
        with nothing_written(cast.app), refused("extension_days_wrong", field="days", limit=setting):
            cast.extends("director", lead_id, days)


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, True), (0, False), (1, False)])
def test_binding_is_extended_until_the_second_before_its_end(
    cast: Cast, clock: StoppedClock, seconds: int, *, allowed: bool
) -> None:
    lead_id = bound(cast)
    clock.at(DAY_30 + timedelta(seconds=seconds))

    if allowed:
        cast.extends("director", lead_id, 7)
        assert cast.read(lead_id, "protect_until") == DAY_37
    else:
        with nothing_written(cast.app), refused("status_forbids", verb="extend", status="expired"):
            cast.extends("director", lead_id, 7)


@pytest.mark.parametrize("status", ["entered", "reported"])
def test_lead_that_holds_nothing_is_not_extended(cast: Cast, status: str) -> None:
    lead_id = cast.enters("fang", reports=status == "reported")

    with nothing_written(cast.app), refused("status_forbids", status=status):
        cast.extends("director", lead_id, 7)


def test_end_under_a_deal_is_not_moved(cast: Cast) -> None:
    lead_id = bound(cast)
    cast.deals("director", lead_id, MONDAY)

    with nothing_written(cast.app), refused("status_forbids", status="dealt"):
        cast.extends("director", lead_id, 7)


def test_binding_that_was_moved_away_is_not_extended(cast: Cast) -> None:
    lead_id = bound(cast)
    cast.rebinds("director", lead_id, "qiang")

    with nothing_written(cast.app), refused("status_forbids", status="expired"):
        cast.extends("director", lead_id, 7)


def test_binding_is_extended_once(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    cast.extends("director", lead_id, 7)
    clock.forward(timedelta(days=33))

    with nothing_written(cast.app), refused("extended_before"):
        cast.extends("admin", lead_id, 7)


def test_next_binding_of_the_lead_may_be_extended_again(cast: Cast, clock: StoppedClock) -> None:
    lead_id = bound(cast)
    cast.extends("director", lead_id, 7)
    clock.at(DAY_37)
    cast.reports("fang", lead_id)
    cast.scans("feng", lead_id)

    cast.extends("director", lead_id, 1)

    assert cast.read(lead_id, "protect_until") == DAY_37 + timedelta(days=31)
    assert cast.count(Binding, lead_id=lead_id, ended_at=DAY_37, ends_at=DAY_37) == 1


def test_rebind_that_keeps_the_end_keeps_the_mark(cast: Cast) -> None:
    lead_id = bound(cast)
    cast.extends("director", lead_id, 7)

    target = cast.rebinds("director", lead_id, "qiang", keep_end=True)

    assert cast.read(target, "protect_until") == DAY_37
    assert cast.count(Binding, lead_id=target, extended_at=MONDAY_TEN, kept_end=True) == 1
    with nothing_written(cast.app), refused("extended_before"):
        cast.extends("director", target, 7)


@pytest.mark.parametrize(("extended", "keep_end"), [(True, False), (False, True), (False, False)])
def test_rebind_without_an_old_mark_or_with_a_new_clock_may_be_extended(
    cast: Cast, *, extended: bool, keep_end: bool
) -> None:
    lead_id = bound(cast)
    if extended:
        cast.extends("director", lead_id, 7)
    target = cast.rebinds("director", lead_id, "qiang", keep_end=keep_end)
    assert cast.count(Binding, lead_id=target, ends_at=DAY_30, extended_at=None) == 1

    cast.extends("director", target, 7)

    assert cast.read(target, "protect_until") == DAY_37


@pytest.mark.parametrize(
    ("reason", "version", "code"),
    [
        ("", None, "reason_missing"),
        (" \n", None, "reason_missing"),
        ("电话13812345678", None, "text_has_full_number"),
        ("字" * 501, None, "text_too_long"),
        ("出差", 1, "stale"),
    ],
)
def test_wrong_extension_is_refused(cast: Cast, reason: str, version: int | None, code: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused(code):
        extend(cast, lead_id, reason=reason, version=version)


def test_unknown_lead_is_not_extended(cast: Cast) -> None:
    bound(cast)

    with nothing_written(cast.app), refused("not_found"):
        extend(cast, 999, version=1)


@pytest.mark.parametrize("who", ["secretary", "fang", "qiang", "wei", "feng", "xin"])
def test_only_director_and_admin_extend(cast: Cast, who: str) -> None:
    lead_id = bound(cast)

    with nothing_written(cast.app), refused("forbidden"):
        cast.extends(who, lead_id, 7)


def test_extension_is_recorded_with_its_reason_in_the_payload(cast: Cast) -> None:
    lead_id = bound(cast)

    cast.extends("admin", lead_id, 7)

    with cast.app.app_context():
        record = db.session.query(HistoryRecord).filter_by(action="extend_binding").one()
        assert (record.chain, record.actor_id) == (f"lead:{lead_id}", cast.ids["admin"])
        ends = ["2026-04-01T02:00:00+00:00", "2026-04-08T02:00:00+00:00"]
        assert record.changes == {"binding": 1, "days": 7, "ends_at": ends}
        assert record.payload is not None
        assert record.payload.values == {"reason": "客户出差"}


def test_extension_sent_twice_extends_once(cast: Cast) -> None:
    lead_id = bound(cast)
    version = cast.read(lead_id, "version")

    def send() -> bindings.BindingExtended:
        with cast.app.app_context():
            caller = cast.as_("director", "one-request-id")
            known = {"lead_id": lead_id, "version": version, "days": 7, "reason": "出差"}
            return bindings.extend_binding(caller, **known, now=MONDAY_TEN)

    first = send()

    with nothing_written(cast.app):
        assert send() == first
    assert cast.read(lead_id, "protect_until") == DAY_37


@pytest.mark.parametrize(("days_later", "status"), [(36, "bound"), (37, "expired")])
def test_undone_deal_gives_the_extended_end_back(
    cast: Cast, clock: StoppedClock, days_later: int, status: str
) -> None:
    lead_id = bound(cast)
    cast.extends("director", lead_id, 7)
    cast.deals("director", lead_id, MONDAY)
    assert cast.count(Hold, lead_id=lead_id, ends_at=None) == 1
    clock.forward(timedelta(days=days_later))

    cast.undoes_deal("director", lead_id)

    assert cast.status(lead_id) == status
    assert cast.count(Hold, lead_id=lead_id, ends_at=DAY_37) == 1


@pytest.mark.parametrize(("days", "allowed"), [(30, True), (37, True), (38, False)])
def test_late_deal_may_lie_in_the_extended_days(
    cast: Cast, clock: StoppedClock, days: int, *, allowed: bool
) -> None:
    lead_id = bound(cast)
    cast.extends("director", lead_id, 7)
    clock.forward(timedelta(days=40))
    day = MONDAY + timedelta(days=days)

    if allowed:
        cast.deals("director", lead_id, day)
        assert cast.status(lead_id) == "dealt"
    else:
        with nothing_written(cast.app), refused("deal_date_outside"):
            cast.deals("director", lead_id, day)


def test_scan_that_took_the_customer_by_a_faster_clock_stops_the_extension(
    cast: Cast, clock: StoppedClock
) -> None:
    lead_id, rival = bound(cast), cast.enters("qiang", reports=True)
    clock.at(DAY_30)
    cast.scans("feng", rival)
    clock.at(DAY_30 - timedelta(seconds=1))

    with nothing_written(cast.app), refused("stale"):
        cast.extends("director", lead_id, 7)


def test_page_asks_the_same_question_before(cast: Cast) -> None:
    lead_id = bound(cast)
    lead_of_rival = cast.enters("qiang")

    with cast.app.app_context():
        lead, free = (db.session.get_one(Lead, number) for number in (lead_id, lead_of_rival))
        assert get_extendable(lead, MONDAY_TEN) is find_open_binding(lead)
        assert find_open_binding(free) is None
        with refused("status_forbids", verb="extend", status="expired"):
            get_extendable(lead, DAY_30)
    cast.extends("director", lead_id, 7)
    with cast.app.app_context(), refused("extended_before"):
        get_extendable(db.session.get_one(Lead, lead_id), MONDAY_TEN)
