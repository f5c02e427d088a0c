"""The time line against what the services really did: who held at each instant, and who belonged where."""

import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.protection import shanghai_day
from lead_system.domain.time_line import StepKind
from lead_system.extensions import db
from lead_system.models import Hold, Lead, is_live_hold
from lead_system.queries.time_line import TimeLine, time_line_of
from lead_system.services import history
from lead_system.services.brokers import change_broker
from lead_system.services.protection import change_protection
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock

pytestmark = both_databases

BROKERS = ("fang", "qiang", "wei")
PAUSES = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=5, seconds=1))


@dataclass
class Life:
    """Brokers after one customer do what comes into their heads; what the rules refuse does not happen."""

    cast: Cast
    clock: StoppedClock
    leads: dict[str, int]
    chance: random.Random
    seen: list[tuple[datetime, set[int]]] = field(default_factory=list)

    def look(self) -> None:
        """Remember whom the table of holds names at this moment."""
        with self.cast.app.app_context():
            holding = db.session.scalars(db.select(Hold.lead_id).where(is_live_hold(now())))
            self.seen.append((now(), set(holding)))

    def goes_on(self) -> None:
        who = self.chance.choice(BROKERS)
        lead = self.leads[who]
        today = shanghai_day(now())
        acts = (
            lambda: self.cast.reports(who, lead),
            lambda: self.cast.scans("feng", lead),
            lambda: self.cast.scans("feng", lead),
            lambda: self.cast.extends("director", lead, 2),
            lambda: self.cast.rebinds("director", lead, self.chance.choice(BROKERS), keep_end=lead % 2 == 0),
            lambda: self.cast.deals("director", lead, today),
            lambda: self.cast.deals("director", lead, today - timedelta(days=6)),
            lambda: self.cast.undoes_deal("director", lead),
            self.sets,
        )
        with suppress(Refused):
            self.chance.choice(acts)()

    def sets(self) -> None:
        days = self.chance.choice((5, 7, 9))
        with self.cast.app.app_context():
            version = db.session.execute(db.text("SELECT version FROM settings")).scalar_one()
            change_protection(
                self.cast.as_("admin"), days=days, also_running=True, version=version, now=now()
            )


def line_of(cast: Cast, lead: int) -> TimeLine:
    with cast.app.app_context():
        return time_line_of(db.session.get_one(Lead, lead), now())


@pytest.mark.parametrize("seed", range(6))
def test_the_records_say_of_every_moment_who_the_holds_named_then(
    cast: Cast, clock: StoppedClock, seed: int
) -> None:
    leads = {who: cast.enters(who, reports=True) for who in BROKERS}
    life = Life(cast, clock, leads, random.Random(seed))  # noqa: S311 - a story, not a secret
    for _ in range(60):
        life.goes_on()
        life.look()
        clock.forward(life.chance.choice(PAUSES))
        life.look()
        clock.forward(timedelta(seconds=1))

    line = line_of(cast, leads["fang"])

    assert [(at, {one.lead_id for one in line.held_at(at)}) for at, _held in life.seen] == life.seen
    assert len(line.periods) > 3
    assert all(len(held) <= 1 for _at, held in life.seen)


def test_two_brokers_hold_the_two_phones_of_one_customer(cast: Cast, clock: StoppedClock) -> None:
    clock.forward(timedelta(0))
    one = cast.enters("fang", reports=True)
    other = cast.enters("qiang", ("欧阳", "锋", "1390002"), reports=True)
    cast.scans("feng", one)
    cast.scans("feng", other)
    cast.enters("wei", second_phone="1390002")

    assert [period.lead_id for period in line_of(cast, one).held_at(now())] == [one, other]


def test_a_step_keeps_the_brokerage_to_which_the_broker_belonged_then(
    cast: Cast, clock: StoppedClock
) -> None:
    lead = cast.enters("fang", reports=True)
    old, new = cast.account("fang", "brokerage_id"), cast.account("qiang", "brokerage_id")
    clock.forward(timedelta(days=1))
    with cast.app.app_context():
        change_broker(
            cast.as_("director"),
            account_id=cast.ids["fang"],
            version=1,
            phone="13500010001",
            brokerage_id=new,
            now=now(),
        )
    clock.forward(timedelta(days=1))
    cast.scans("feng", lead)
    cast.views("xin", lead)

    line = line_of(cast, lead)
    then = {step.kind: step.brokerage_id for step in line.steps}
    assert (then[StepKind.ENTERED], then[StepKind.REPORTED]) == (old, old)
    assert (then[StepKind.BOUND], then[StepKind.VIEWED], then[StepKind.WILL_EXPIRE]) == (new, new, new)
    assert line.brokerage_then(lead, now() - timedelta(days=1, seconds=1)) == "安家置业"


def test_an_older_record_takes_the_brokerage_from_scan_or_fee_or_the_brokers_own_changes(
    cast: Cast, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = history.record

    def as_before(*args: Any, changes: Mapping[str, Any] | None = None, **rest: Any) -> None:
        known = {name: value for name, value in (changes or {}).items() if name not in ("brokerage", "days")}
        record(*args, changes=known, **rest)

    monkeypatch.setattr(history, "record", as_before)
    home, lead = cast.account("fang", "brokerage_id"), cast.enters("fang", reports=True)
    cast.scans("feng", lead)
    cast.scans("lu", lead)
    cast.pays("secretary", lead, "200")
    cast.change("fang", brokerage_id=None)  # Behind the application's back: only rows know by now.

    then = {step.kind: step.brokerage_id for step in line_of(cast, lead).steps}
    of_rows = (StepKind.BOUND, StepKind.VISITED_AGAIN, StepKind.FEE_PAID)
    assert {then[kind] for kind in of_rows} == {home}
    assert line_of(cast, lead).periods[0].days == 30
