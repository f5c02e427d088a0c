"""R7: collisions open, gather events, and are handled."""

import dataclasses
from datetime import timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import Collision, HistoryRecord
from lead_system.services import collision_handling, leads
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


WANTED_AND_FREE = [("锋", "1385678"), ("克", "1394321")]


def held_by_qiang(cast: Cast) -> int:
    lead_id = cast.enters("qiang", reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def kinds(cast: Cast, collision_id: int) -> list[str]:
    with cast.app.app_context():
        row = db.session.get_one(Collision, collision_id)
        return [event.kind.value for event in row.events]


def test_everything_a_challenger_does_joins_one_open_row(cast: Cast) -> None:
    held = held_by_qiang(cast)
    wanted = cast.enters("fang")
    cast.reports("fang", wanted)
    cast.scans("feng", wanted)

    assert kinds(cast, cast.collision_of(held, wanted)) == ["entered", "reported", "scanned"]
    assert cast.count(Collision) == 1


def test_entering_and_reporting_at_once_leaves_both_events(cast: Cast) -> None:
    held = held_by_qiang(cast)

    wanted = cast.enters("fang", reports=True)

    assert kinds(cast, cast.collision_of(held, wanted)) == ["entered", "reported"]


def test_each_challenger_has_a_row_of_its_own(cast: Cast) -> None:
    held = held_by_qiang(cast)

    cast.enters("fang")
    cast.enters("wei")

    assert cast.count(Collision, holding_lead_id=held, state="open") == 2


def test_second_phone_collides_too(cast: Cast) -> None:
    held = held_by_qiang(cast)

    wanted = cast.enters("fang", ("欧阳", "锋", "1394321"), OUYANG[2])

    assert cast.count(Collision, holding_lead_id=held, challenging_lead_id=wanted) == 1


def test_hold_that_has_ended_collides_with_nobody(cast: Cast, clock: StoppedClock) -> None:
    held_by_qiang(cast)
    clock.forward(timedelta(days=30))

    cast.enters("fang", reports=True)

    assert cast.count(Collision) == 0


def test_expiry_alone_writes_nothing(cast: Cast, clock: StoppedClock) -> None:
    held, wanted = held_by_qiang(cast), cast.enters("fang")

    with nothing_written(cast.app):
        clock.forward(timedelta(days=31))
        seen = [cast.status(held), cast.status(wanted)]

    assert seen == ["expired", "entered"]


def test_handling_takes_one_click(cast: Cast) -> None:
    held, wanted = held_by_qiang(cast), cast.enters("fang")
    row = cast.collision_of(held, wanted)

    cast.handles("director", row)

    assert cast.count(Collision, id=row, state="handled", handled_by_id=cast.ids["director"]) == 1
    assert kinds(cast, row)[-1] == "handled"


def test_second_handler_is_told_and_changes_nothing(cast: Cast) -> None:
    held, wanted = held_by_qiang(cast), cast.enters("fang")
    row = cast.collision_of(held, wanted)
    cast.handles("director", row, note="先到先得")

    with nothing_written(cast.app), cast.app.app_context():
        answer = collision_handling.handle_collisions(
            cast.as_("admin"), collision_ids=(row,), outcome="holder_keeps", note="我来", now=MONDAY_TEN
        )

    assert (answer.handled_ids, answer.already_handled_ids) == ((), (row,))


def test_handled_row_is_never_joined_again(cast: Cast) -> None:
    held, wanted = held_by_qiang(cast), cast.enters("fang")
    first = cast.collision_of(held, wanted)
    cast.handles("director", first)

    cast.reports("fang", wanted)

    second = cast.collision_of(held, wanted)
    assert second != first
    assert (kinds(cast, first), kinds(cast, second)) == (["entered", "handled"], ["reported"])


def test_new_hold_is_an_event_of_every_open_row_of_the_customer(cast: Cast, clock: StoppedClock) -> None:
    held, wanted = held_by_qiang(cast), cast.enters("fang", reports=True)
    row = cast.collision_of(held, wanted)
    clock.forward(timedelta(days=30))

    cast.scans("feng", wanted)

    assert kinds(cast, row)[-1] == "hold_taken_by_scan"
    assert cast.count(Collision, id=row, state="open") == 1


@pytest.mark.parametrize(
    ("ids", "outcome", "note", "code"),
    [
        ((), None, "", "nothing_chosen"),
        ((999,), None, "", "not_found"),
        (None, "rebound", "", "outcome_unknown"),
        (None, "whatever", "", "outcome_unknown"),
        (None, None, "打13812345678", "text_has_full_number"),
    ],
)
def test_wrong_handling_is_refused(
    cast: Cast, ids: tuple[int, ...] | None, outcome: str | None, note: str, code: str
) -> None:
    row = cast.collision_of(held_by_qiang(cast), cast.enters("fang"))

    with nothing_written(cast.app), refused(code), cast.app.app_context():
        collision_handling.handle_collisions(
            cast.as_("director"),
            collision_ids=(row,) if ids is None else ids,
            outcome=outcome,
            note=note,
            now=MONDAY_TEN,
        )


@pytest.mark.parametrize("who", ["secretary", "fang", "feng", "xin"])
def test_only_director_and_admin_handle(cast: Cast, who: str) -> None:
    row = cast.collision_of(held_by_qiang(cast), cast.enters("fang"))

    with nothing_written(cast.app), refused("forbidden"):
        cast.handles(who, row)


def test_broker_is_answered_the_same_whether_or_not_the_customer_is_held(cast: Cast) -> None:
    held_by_qiang(cast)
    entries = [leads.LeadEntry("欧阳", name, phone[:3], phone[3:]) for name, phone in WANTED_AND_FREE]

    with cast.app.app_context():
        answers = [
            dataclasses.asdict(
                leads.enter_lead(cast.as_("fang"), entry=entry, then_report=True, now=MONDAY_TEN)
            )
            for entry in entries
        ]

    wanted, free = (answer.pop("lead_id") for answer in answers)
    assert wanted != free
    assert answers == [{"reported": True}, {"reported": True}]
    assert cast.count(Collision, challenging_lead_id=wanted) == 1
    assert cast.count(Collision, challenging_lead_id=free) == 0


def handled(cast: Cast, note: str = "") -> int:
    """Let Fang go for Qiang's customer, and the director handle that; returns the collision."""
    row = cast.collision_of(held_by_qiang(cast), cast.enters("fang"))
    cast.handles("director", row, note=note)
    return row


def reopen(cast: Cast, collision_id: int, reason: str = "处理有误") -> None:
    cast.reopens("admin", collision_id, reason)


def test_collision_that_a_person_handled_is_opened_again(cast: Cast, clock: StoppedClock) -> None:
    row = handled(cast, note="先到先得")
    later = clock.forward(timedelta(days=1))

    cast.reopens("admin", row)

    unhandled = {"handled_at": None, "handled_by_id": None, "outcome": None, "note": ""}
    assert cast.count(Collision, id=row, state="open", last_event_at=later, **unhandled) == 1
    assert kinds(cast, row) == ["entered", "handled", "reopened"]


def test_reopening_is_recorded_with_how_it_had_been_handled(cast: Cast) -> None:
    row = handled(cast, note="先到先得")

    cast.reopens("admin", row)

    with cast.app.app_context():
        record = db.session.query(HistoryRecord).filter_by(action="collision_reopened").one()
        assert (record.chain, record.actor_id) == (f"collision:{row}", cast.ids["admin"])
        assert {name: record.changes[name] for name in ("state", "outcome", "handled_by", "handled_at")} == {
            "state": ["handled", "open"],
            "outcome": ["unsaid", None],
            "handled_by": [cast.ids["director"], None],
            "handled_at": ["2026-03-02T02:00:00+00:00", None],
        }
        assert record.payload is not None
        assert record.payload.values == {"reason": "处理有误", "note": "先到先得"}


def test_reopened_row_is_joined_and_handled_like_any_other(cast: Cast) -> None:
    row = handled(cast)
    cast.reopens("director", row)

    cast.reports("fang", 2)
    cast.handles("admin", row)

    assert kinds(cast, row) == ["entered", "handled", "reopened", "reported", "handled"]
    assert cast.count(Collision) == cast.count(Collision, handled_by_id=cast.ids["admin"]) == 1


def test_open_collision_is_not_opened_again(cast: Cast) -> None:
    row = cast.collision_of(held_by_qiang(cast), cast.enters("fang"))

    with nothing_written(cast.app), refused("collision_not_handled"):
        cast.reopens("director", row)


def test_collision_that_a_rebind_closed_stays_closed(cast: Cast) -> None:
    held, wanted = held_by_qiang(cast), cast.enters("fang")
    row = cast.collision_of(held, wanted)
    cast.rebinds("director", held, "fang")

    with nothing_written(cast.app), refused("collision_closed_by_system"):
        cast.reopens("director", row)


def test_handled_collision_stays_so_while_a_newer_one_is_open(cast: Cast) -> None:
    first = handled(cast)
    cast.reports("fang", 2)
    second = cast.collision_of(1, 2)

    with nothing_written(cast.app), refused("newer_collision_open", collision_id=second):
        cast.reopens("director", first)
    cast.handles("director", second)
    cast.reopens("director", first)

    assert cast.count(Collision, id=first, state="open") == cast.count(Collision, state="open") == 1


def test_open_collision_of_another_challenger_or_the_other_way_round_is_no_newer_one(
    cast: Cast, clock: StoppedClock
) -> None:
    row = handled(cast)
    cast.enters("wei")
    clock.forward(timedelta(days=30))
    cast.reports("fang", 2)
    cast.scans("feng", 2)
    cast.reports("qiang", 1)
    assert cast.collision_of(2, 1)

    cast.reopens("director", row)

    assert cast.count(Collision, id=row, state="open") == 1
    assert cast.count(Collision, state="open") == 3


@pytest.mark.parametrize(
    ("reason", "code"), [("", "reason_missing"), ("打13812345678", "text_has_full_number")]
)
def test_reopening_needs_a_reason(cast: Cast, reason: str, code: str) -> None:
    row = handled(cast)

    with nothing_written(cast.app), refused(code):
        reopen(cast, row, reason)


def test_unknown_collision_is_not_opened_again(cast: Cast) -> None:
    row = handled(cast)

    with nothing_written(cast.app), refused("not_found"):
        reopen(cast, row + 1)


@pytest.mark.parametrize("who", ["secretary", "fang", "qiang", "feng", "xin"])
def test_only_director_and_admin_open_again(cast: Cast, who: str) -> None:
    row = handled(cast)

    with nothing_written(cast.app), refused("forbidden"):
        cast.reopens(who, row)


def test_a_later_handling_is_not_undone_by_a_form_that_did_not_show_it(
    cast: Cast, clock: StoppedClock
) -> None:
    row = handled(cast)
    seen = cast.handled_at(row)
    cast.reopens("admin", row)
    clock.forward(timedelta(minutes=1))
    cast.handles("admin", row, note="双方确认")

    with nothing_written(cast.app), cast.app.app_context(), refused("stale"):
        collision_handling.reopen_collision(
            cast.as_("director"), collision_id=row, seen=seen, reason="处理有误", now=MONDAY_TEN
        )
