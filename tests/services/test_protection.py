"""R6: the protection is changed for new bindings, or also for running ones; kept and extended ends stay."""

from datetime import date, timedelta
from typing import Any

import pytest

from lead_system.clock import now
from lead_system.domain.protection import Fate
from lead_system.extensions import db
from lead_system.models import Binding, HistoryRecord, Hold, Lead, Setting
from lead_system.queries.protection import Foresight, foresee
from lead_system.services.bindings import extend_binding
from lead_system.services.protection import ProtectionChanged, change_protection
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
MONDAY = date(2026, 3, 2)


def day(number: int) -> Any:
    return MONDAY_TEN + timedelta(days=number)


def setting(cast: Cast) -> tuple[int, int]:
    """Return days and version of the settings."""
    with cast.app.app_context():
        row = db.session.query(Setting).one()
        return row.protection_days, row.version


def change(
    cast: Cast, days: int, *, running: bool = False, who: str = "admin", version: int | None = None,
    request_id: str | None = None,
) -> ProtectionChanged:  # fmt: skip
    known = setting(cast)[1] if version is None else version
    with cast.app.app_context():
        return change_protection(
            cast.as_(who, request_id), version=known, days=days, also_running=running, now=now()
        )


def preview(cast: Cast, days: int) -> Foresight:
    with cast.app.app_context(), nothing_written(cast.app):
        return foresee(days, now())


def bound(cast: Cast, who: str = "fang", customer: tuple[str, str, str] = OUYANG, second: str = "") -> int:
    lead_id = cast.enters(who, customer, second, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def ends(cast: Cast, lead_id: int) -> tuple[Any, Any, set[Any]]:
    """Return the end of a lead as the lead, its open binding and its holds know it."""
    with cast.app.app_context():
        binding = db.session.query(Binding).filter_by(lead_id=lead_id, ended_at=None).one()
        holds = db.session.query(Hold).filter_by(lead_id=lead_id)
        lead = db.session.get_one(Lead, lead_id)
        return lead.protect_until, binding.ends_at, {hold.ends_at for hold in holds}


def all_end(cast: Cast, lead_id: int, end: Any) -> bool:
    return ends(cast, lead_id) == (end, end, {end})


@pytest.mark.manual("6.3.j-2")
@pytest.mark.parametrize("days", [1, 7, 30, 3650])
def test_new_binding_lasts_as_many_days_as_are_set_and_a_running_one_keeps_its_end(
    cast: Cast, days: int
) -> None:
    running = bound(cast)

    assert change(cast, days) == ProtectionChanged(days, 0, 0)
    new = bound(cast, "qiang", ("陈", "静", "1390001"))

    assert all_end(cast, new, day(days))
    assert all_end(cast, running, day(30))


@pytest.mark.parametrize("days", [-1, 0, 3651, 10**9])
def test_days_outside_one_to_3650_are_refused(cast: Cast, days: int) -> None:
    bound(cast)

    with nothing_written(cast.app), refused("protection_days_wrong", field="days", limit=3650):
        change(cast, days, running=True)


# On day 10, of a binding made on day 0 that ends on day 30.
@pytest.mark.parametrize(
    ("days", "end", "status"),
    [(40, 40, "bound"), (30, 30, "bound"), (11, 11, "bound"), (10, 10, "expired"), (3, 10, "expired")],
)
def test_lead_binding_and_both_holds_get_the_new_end_together(
    cast: Cast, clock: StoppedClock, days: int, end: int, status: str
) -> None:
    lead_id = bound(cast, second="1394321")
    version = cast.read(lead_id, "version")
    clock.at(day(10))

    done = change(cast, days, running=True)

    assert all_end(cast, lead_id, day(end))
    assert cast.count(Hold, lead_id=lead_id) == 2
    assert cast.status(lead_id) == status
    assert cast.read(lead_id, "version") == version + (end != 30)
    assert done == ProtectionChanged(days, int(end != 30), int(status == "expired"))
    assert cast.count(Binding, lead_id=lead_id, days=days) == 1


def test_customer_whose_protection_ends_at_once_is_free_for_the_rival(
    cast: Cast, clock: StoppedClock
) -> None:
    mine, rivals = bound(cast), cast.enters("qiang", reports=True)
    clock.at(day(10))
    assert cast.scans("lu", rivals).outcome == "held"

    change(cast, 5, running=True)

    assert cast.scans("lu", rivals).outcome == "bound"
    assert (cast.status(mine), cast.read(rivals, "protect_until")) == ("expired", day(15))


@pytest.mark.parametrize("days", [5, 50])
def test_extended_and_kept_ends_are_left_alone(cast: Cast, clock: StoppedClock, days: int) -> None:
    extended = bound(cast)
    held = bound(cast, "fang", ("陈", "静", "1390001"))
    clock.at(day(10))
    cast.extends("director", extended, 7)
    kept = cast.rebinds("director", held, "qiang", keep_end=True)
    restarted = cast.rebinds("director", bound(cast, "fang", ("林", "晓", "1591122")), "qiang")

    assert change(cast, days, running=True).moved == 1

    assert all_end(cast, extended, day(37))
    assert all_end(cast, kept, day(30))
    assert all_end(cast, restarted, day(10 + days))


@pytest.mark.parametrize("days", [5, 50])
def test_end_under_a_deal_and_ended_bindings_stay(cast: Cast, clock: StoppedClock, days: int) -> None:
    over = bound(cast, "fang", ("陈", "静", "1390001"))
    clock.at(day(25))
    dealt = bound(cast)
    cast.deals("director", dealt, date(2026, 3, 27))
    clock.at(day(30))
    reported = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    before = {lead: cast.read(lead, "version") for lead in (over, dealt, reported)}

    assert change(cast, days, running=True) == ProtectionChanged(days, 0, 0)

    assert {lead: cast.read(lead, "version") for lead in before} == before
    assert ends(cast, dealt) == (day(55), day(55), {None})
    assert all_end(cast, over, day(30))
    cast.undoes_deal("director", dealt)
    assert all_end(cast, dealt, day(55))


def test_lead_whose_customer_was_taken_by_a_faster_clock_is_left_alone(
    cast: Cast, clock: StoppedClock
) -> None:
    lost, rivals = bound(cast), cast.enters("qiang", reports=True)
    clock.at(day(30))
    cast.scans("lu", rivals)
    clock.at(day(30) - timedelta(seconds=1))

    assert preview(cast, 50).counts == {Fate.LATER: 1}
    assert change(cast, 50, running=True).moved == 1

    assert (cast.read(lost, "protect_until"), cast.count(Hold, lead_id=lost)) == (day(30), 0)
    assert all_end(cast, rivals, day(80))


def test_preview_says_what_the_change_then_does(cast: Cast, clock: StoppedClock) -> None:
    """Fang: one early enough to end at once, one extended, one of today. Qiang: one kept, one of day 5."""
    at_once, extended = bound(cast), bound(cast, "fang", ("陈", "静", "1390001"))
    moved_away = bound(cast, "fang", ("林", "晓", "1591122"))
    clock.at(day(5))
    earlier = bound(cast, "qiang", ("周", "全", "1770002"))
    clock.at(day(10))
    cast.extends("director", extended, 7)
    kept = cast.rebinds("director", moved_away, "qiang", keep_end=True)
    change(cast, 8)
    same = bound(cast, "fang", ("李", "阳春", "1860003"))
    change(cast, 3)
    later = bound(cast, "wei", ("吴", "越", "1880004"))

    seen = preview(cast, 8)
    done = change(cast, 8, running=True)

    assert seen.counts == {
        Fate.AT_ONCE: 1, Fate.EARLIER: 1, Fate.LATER: 1, Fate.SAME: 1, Fate.EXTENDED: 1, Fate.KEPT: 1,
    }  # fmt: skip
    people = [(part.broker.name, part.later, part.earlier, part.at_once) for part in seen.brokers]
    assert people == [("王芳", 0, 0, 1), ("李强", 0, 1, 0), ("赵伟", 1, 0, 0)]
    assert (seen.moved, done) == (3, ProtectionChanged(8, 3, 1))
    wanted = {at_once: 10, earlier: 13, later: 18, same: 18, extended: 37, kept: 30}
    assert {lead: all_end(cast, lead, day(end)) for lead, end in wanted.items()} == dict.fromkeys(
        wanted, True
    )
    assert preview(cast, 8).moved == 0


def test_each_moved_lead_and_the_settings_get_a_record(cast: Cast, clock: StoppedClock) -> None:
    moved = bound(cast)
    extended = bound(cast, "qiang", ("陈", "静", "1390001"))
    cast.extends("director", extended, 7)
    clock.at(day(10))

    change(cast, 5, running=True)

    action, actor, changes, personal = cast.history(f"lead:{moved}")[-1]
    assert (action, actor, personal) == ("reset_protection", cast.ids["admin"], None)
    ends_at = ["2026-04-01T02:00:00+00:00", "2026-03-12T02:00:00+00:00"]
    assert changes == {"binding": 1, "days": [30, 5], "ends_at": ends_at}
    assert cast.history("settings") == [
        (
            "change_protection",
            cast.ids["admin"],
            {"protection_days": [30, 5], "moved": 1, "ended": 1},
            None,
        )
    ]
    assert cast.count(HistoryRecord, action="reset_protection") == 1


def test_same_days_for_new_bindings_write_nothing(cast: Cast) -> None:
    bound(cast)

    with nothing_written(cast.app):
        assert change(cast, 30) == ProtectionChanged(30, 0, 0)
    with nothing_written(cast.app):
        assert change(cast, 30, running=True) == ProtectionChanged(30, 0, 0)


def test_same_days_can_still_be_given_to_running_bindings(cast: Cast) -> None:
    lead_id = bound(cast)
    change(cast, 20)

    assert change(cast, 20, running=True) == ProtectionChanged(20, 1, 0)

    assert all_end(cast, lead_id, day(20))
    assert setting(cast) == (20, 3)


def test_form_from_before_another_change_is_refused(cast: Cast) -> None:
    bound(cast)
    version = setting(cast)[1]
    change(cast, 20)

    for days in (20, 25):
        with nothing_written(cast.app), refused("stale"):
            change(cast, days, running=True, version=version)


def test_sent_twice_it_changes_once_and_answers_the_same(cast: Cast, clock: StoppedClock) -> None:
    bound(cast)
    clock.at(day(10))
    version = setting(cast)[1]
    first = change(cast, 5, running=True, version=version, request_id="one-request")

    with nothing_written(cast.app):
        assert change(cast, 5, running=True, version=version, request_id="one-request") == first
    with nothing_written(cast.app), refused("request_reused"):
        change(cast, 6, running=True, version=version, request_id="one-request")


@pytest.mark.parametrize("who", ["director", "secretary", "fang", "wei", "feng", "xin"])
def test_only_an_admin_changes_the_protection(cast: Cast, who: str) -> None:
    bound(cast)

    with nothing_written(cast.app), refused("forbidden"):
        change(cast, 5, running=True, who=who)


def test_form_about_a_lead_from_before_the_change_is_stale(cast: Cast) -> None:
    lead_id = bound(cast)
    version = cast.read(lead_id, "version")
    change(cast, 20, running=True)

    with cast.app.app_context(), nothing_written(cast.app), refused("stale"):
        extend_binding(
            cast.as_("director"), lead_id=lead_id, version=version, days=7, reason="出差", now=now()
        )


def test_extension_goes_up_to_the_new_setting_from_the_new_end(cast: Cast) -> None:
    lead_id = bound(cast)
    change(cast, 20, running=True)

    with nothing_written(cast.app), refused("extension_days_wrong", limit=20):
        cast.extends("director", lead_id, 21)
    cast.extends("director", lead_id, 20)

    assert all_end(cast, lead_id, day(40))


def test_rebind_that_keeps_a_reset_end_keeps_it_at_the_next_change(cast: Cast) -> None:
    lead_id = bound(cast)
    change(cast, 20, running=True)
    target = cast.rebinds("director", lead_id, "qiang", keep_end=True)

    change(cast, 50, running=True)

    assert all_end(cast, target, day(20))
