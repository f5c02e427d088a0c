"""R10: when people leave, their customers go to others in one go, all of the chosen ones or none."""

import pytest

from lead_system.clock import now
from lead_system.models import HistoryRecord, Lead, Rebind
from lead_system.services.handing_over import assign_consultant, rebind_several
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
OTHER = ("周", "全", "1770002")


def bound(cast: Cast, customer: tuple[str, str, str] = OUYANG, who: str = "fang") -> int:
    lead_id = cast.enters(who, customer, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def assign(cast: Cast, *ids: int, to: str = "ming", who: str = "director", request_id: str = "") -> None:
    with cast.app.app_context():
        assign_consultant(
            cast.as_(who, request_id or None),
            lead_ids=ids,
            from_consultant_id=cast.ids["xin"],
            to_consultant_id=cast.ids[to],
            now=now(),
        )


def rebind(cast: Cast, *ids: int, to: str = "qiang", keep_end: bool = False, reason: str = "离职") -> None:
    with cast.app.app_context():
        rebind_several(
            cast.as_("director"),
            lead_ids=ids,
            to_broker_id=cast.ids[to],
            reason=reason,
            keep_end=keep_end,
            now=now(),
        )


def test_held_customers_are_assigned_and_others_wish_anew_each_with_a_record(cast: Cast) -> None:
    held = bound(cast)
    wishing = cast.enters("fang", OTHER, wished_consultant_id=cast.ids["xin"])
    end = cast.read(held, "protect_until")
    cast.archives("xin")

    assign(cast, held, wishing)

    assert (cast.read(held, "consultant_id"), cast.read(held, "protect_until")) == (cast.ids["ming"], end)
    assert cast.read(wishing, "wished_consultant_id") == cast.ids["ming"]
    pair = [cast.ids["xin"], cast.ids["ming"]]
    assert cast.history(f"lead:{held}")[-1][:3] == (
        "assign_consultant", cast.ids["director"], {"consultant": pair},
    )  # fmt: skip
    assert cast.history(f"lead:{wishing}")[-1][2] == {"wished_consultant": pair}


@pytest.mark.parametrize(
    ("status", "goes"),
    [("entered", True), ("reported", True), ("bound", True), ("dealt", True), ("expired", False),
     ("withdrawn", False)],
)  # fmt: skip
def test_which_customers_of_a_consultant_can_be_handed_over(
    cast: Cast, clock: StoppedClock, status: str, *, goes: bool
) -> None:
    lead_id = cast.enters(
        "fang", reports=status not in {"entered", "withdrawn"}, wished_consultant_id=cast.ids["xin"]
    )
    if status in {"bound", "dealt", "expired"}:
        cast.scans("feng", lead_id)
    if status == "dealt":
        cast.deals("director", lead_id, now().date())
    if status == "expired":
        clock.at(cast.read(lead_id, "protect_until"))
    if status == "withdrawn":
        cast.withdraws("fang", lead_id)

    if goes:
        assign(cast, lead_id)
    else:
        with refused("stale", lead_id=lead_id), nothing_written(cast.app):
            assign(cast, lead_id)


def test_one_that_is_with_somebody_else_by_now_stops_all(cast: Cast) -> None:
    held, moved = bound(cast), bound(cast, OTHER)
    cast.scans("lu", moved, "ming")

    with refused("stale", lead_id=moved), nothing_written(cast.app):
        assign(cast, held, moved)

    assert cast.read(held, "consultant_id") == cast.ids["xin"]


@pytest.mark.parametrize("to", ["xin", "ming", "feng"])
def test_only_another_active_consultant_can_get_them(cast: Cast, to: str) -> None:
    held = bound(cast)
    cast.archives("ming")

    with refused("consultant_not_offered", field="consultant_id"), nothing_written(cast.app):
        assign(cast, held, to=to)


def test_sent_twice_it_acts_once(cast: Cast) -> None:
    held = bound(cast)

    for _ in "ab":
        assign(cast, held, request_id="the-same-request")

    assert cast.count(HistoryRecord, lead_id=held, action="assign_consultant") == 1


@pytest.mark.parametrize("who", ["secretary", "xin", "fang", "feng"])
def test_only_those_who_decide_hand_over(cast: Cast, who: str) -> None:
    held = bound(cast)

    with refused("forbidden"), nothing_written(cast.app):
        assign(cast, held, who=who)


def test_nothing_and_too_many_are_refused(cast: Cast) -> None:
    with refused("nothing_chosen"):
        assign(cast)
    with refused("too_many_chosen", limit=200):
        assign(cast, *range(1, 202))


@pytest.mark.parametrize("gone", ["broker", "brokerage"])
def test_bindings_of_whoever_has_left_are_rebound_each_with_its_record(cast: Cast, gone: str) -> None:
    one, two = bound(cast), bound(cast, OTHER)
    end = cast.read(one, "protect_until")
    cast.archives("fang") if gone == "broker" else cast.change_brokerage_of("fang", archived_at=now())

    rebind(cast, one, two, keep_end=True)

    assert [cast.status(lead_id) for lead_id in (one, two)] == ["expired", "expired"]
    assert cast.count(Rebind, to_broker_id=cast.ids["qiang"], reason="离职", new_end=end) == 2
    assert cast.count(Lead, broker_id=cast.ids["qiang"], status="bound") == 2


def test_one_that_cannot_be_rebound_stops_all_and_is_named(cast: Cast) -> None:
    one, dealt = bound(cast), bound(cast, OTHER)
    cast.deals("director", dealt, now().date())
    cast.archives("fang")

    with refused("deal_stands", lead_id=dealt), nothing_written(cast.app):
        rebind(cast, one, dealt)


@pytest.mark.parametrize(
    ("to", "code"),
    [("fang", "rebind_same_broker"), ("wei", "brokerage_not_active"), ("xin", "broker_not_active")],
)
def test_new_broker_must_be_one_who_may_win_a_binding(cast: Cast, to: str, code: str) -> None:
    held = bound(cast)
    cast.change_brokerage_of("fang", archived_at=now())

    with refused(code, lead_id=held), nothing_written(cast.app):
        rebind(cast, held, to=to)


def test_binding_of_a_broker_who_is_still_there_is_no_matter_for_this(cast: Cast) -> None:
    held = bound(cast)

    with refused("stale", lead_id=held), nothing_written(cast.app):
        rebind(cast, held)


def test_without_a_reason_nothing_is_rebound(cast: Cast) -> None:
    held = bound(cast)
    cast.archives("fang")

    with refused("reason_missing", field="reason"), nothing_written(cast.app):
        rebind(cast, held, reason=" ")
