"""Who held when, from records alone: each way in which a hold begins, moves and ends, to the instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.holding import Ending, Term, holders_at, periods_of, require_past
from lead_system.domain.records import Record

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


def at(day: float) -> datetime:
    return START + day * DAY


def written(*told: tuple[float, int, str, dict[str, Any]]) -> list[Record]:
    """Return records of (day, lead, action, changes), in this order."""
    return [
        Record(number, f"lead:{lead}", lead, 9, "director", action, at(day), changes)
        for number, (day, lead, action, changes) in enumerate(told, 1)
    ]


def bound(day: float, lead: int = 1, days: int = 30) -> tuple[float, int, str, dict[str, Any]]:
    return day, lead, "bind_by_scan", {"ends_at": at(day + days).isoformat(), "days": days}


def moved(day: float, action: str, before: float, after: float, days: Any) -> Any:
    return day, 1, action, {"ends_at": [at(before).isoformat(), at(after).isoformat()], "days": days}


def here(day: float, lead: int, end: float, *, kept: bool) -> tuple[float, int, str, dict[str, Any]]:
    ends = [at(30).isoformat(), at(end).isoformat()]
    return day, lead, "rebind_here", {"ends_at": ends, "kept_end": kept, "days": 30}


def dealt(day: float, *, late: bool = False) -> tuple[float, int, str, dict[str, Any]]:
    return day, 1, "mark_dealt", {"late": late}


AWAY, UNDO = "rebind_away", "undo_deal"
STORIES: dict[str, tuple[list[Any], list[tuple[int, float, float | None, Ending | None]]]] = {
    "a binding ends by itself": ([bound(0)], [(1, 0, 30, Ending.EXPIRY)]),
    "an extension moves the end": (
        [bound(0), moved(5, "extend_binding", 30, 37, 7)], [(1, 0, 37, Ending.EXPIRY)]),
    "a setting moves the end": (
        [bound(0), moved(5, "reset_protection", 30, 20, [30, 20])], [(1, 0, 20, Ending.EXPIRY)]),
    "a setting ends it at once": (
        [bound(0), moved(9, "reset_protection", 30, 9, [30, 5])], [(1, 0, 9, Ending.EXPIRY)]),
    "a rebind ends it, the clock begins anew": (
        [bound(0), (5, 1, AWAY, {}), here(5, 2, 35, kept=False)],
        [(1, 0, 5, Ending.REBIND), (2, 5, 35, Ending.EXPIRY)]),
    "a rebind keeps the end": (
        [bound(0), (5, 1, AWAY, {}), here(5, 2, 30, kept=True)],
        [(1, 0, 5, Ending.REBIND), (2, 5, 30, Ending.EXPIRY)]),
    "a deal holds without an end": ([bound(0), dealt(5)], [(1, 0, None, None)]),
    "undoing in time gives the end back": (
        [bound(0), dealt(5), (6, 1, UNDO, {})], [(1, 0, 30, Ending.EXPIRY)]),
    "undoing at the end ends it there": (
        [bound(0), dealt(5), (30, 1, UNDO, {})], [(1, 0, 30, Ending.UNDO)]),
    "undoing later ends it then": (
        [bound(0), dealt(5), (50, 1, UNDO, {})], [(1, 0, 50, Ending.UNDO)]),
    "a late deal holds by itself": (
        [bound(0), dealt(40, late=True)], [(1, 0, 30, Ending.EXPIRY), (1, 40, None, None)]),
    "undoing a late deal ends it": (
        [bound(0), dealt(40, late=True), (45, 1, UNDO, {})],
        [(1, 0, 30, Ending.EXPIRY), (1, 40, 45, Ending.UNDO)]),
    "another lead after the end": (
        [bound(0), bound(30, 2)], [(1, 0, 30, Ending.EXPIRY), (2, 30, 60, Ending.EXPIRY)]),
    "the same lead again": (
        [bound(0), bound(31)], [(1, 0, 30, Ending.EXPIRY), (1, 31, 61, Ending.EXPIRY)]),
    "nothing that binds": ([(0, 1, "enter_lead", {}), (1, 1, "report_lead", {})], []),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_periods_are_those_of_the_rules(story: str) -> None:
    told, expected = STORIES[story]

    periods = periods_of(written(*told))

    assert [(one.lead_id, one.begins, one.ends, one.ended_by) for one in periods] == [
        (lead, at(begins), None if ends is None else at(ends), by) for lead, begins, ends, by in expected
    ]


def test_a_period_holds_from_its_first_instant_to_the_last_before_its_end() -> None:
    periods = periods_of(written(bound(0)))

    asked = (at(0) - INSTANT, at(0), at(30) - INSTANT, at(30))
    assert [len(holders_at(periods, moment)) for moment in asked] == [0, 1, 1, 0]


def test_an_older_record_says_its_days_by_its_end() -> None:
    [period] = periods_of(written((0, 1, "bind_by_scan", {"ends_at": at(12).isoformat()})))

    assert (period.days, period.term, period.term_in) == (12, Term.DAYS, 1)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (None, RefusalCode.MOMENT_WRONG),
        (datetime(1999, 12, 31, tzinfo=UTC), RefusalCode.MOMENT_WRONG),
        (START + INSTANT, RefusalCode.MOMENT_TO_COME),
    ],
)
def test_only_moments_that_have_passed_are_answered(moment: datetime | None, code: RefusalCode) -> None:
    assert require_past(START, START) == START

    with pytest.raises(Refused) as refused:
        require_past(moment, START)
    assert refused.value.code is code


class Simulation:
    """One customer of three leads, hour by hour, by the rules as they are written; records what it does."""

    def __init__(self) -> None:
        self.hour = 0
        self.holder: int | None = None
        self.end = 0
        self.dealt = self.late = False
        self.told: list[Any] = []
        self.holders: list[int | None] = []

    def live(self, hours: int) -> None:
        for _ in range(hours):
            if not self.dealt and self.hour >= self.end:
                self.holder = None
            self.holders.append(self.holder)
            self.hour += 1
        if not self.dealt and self.hour >= self.end:
            self.holder = None

    def note(self, lead: int, action: str, **changes: Any) -> None:
        self.told.append((self.hour / 24, lead, action, changes))

    def moves_end(self, action: str, end: int) -> None:
        ends = [at(self.end / 24).isoformat(), at(end / 24).isoformat()]
        self.note(self.holder or 0, action, ends_at=ends, days=[1, 1])
        self.end = end

    def step(self, what: str, lead: int, hours: int) -> None:
        """Do one thing where the rules allow it."""
        if what == "bind" and self.holder is None:
            self.holder, self.end = lead, self.hour + hours
            self.note(lead, "bind_by_scan", ends_at=at(self.end / 24).isoformat(), days=1)
        elif what == "late" and self.holder is None:
            self.holder, self.dealt, self.late = lead, True, True
            self.note(lead, "mark_dealt", late=True)
        elif what == "undo" and self.dealt and self.holder is not None:
            self.note(self.holder, "undo_deal")
            self.end = self.hour if self.late else self.end
            self.dealt = self.late = False
        elif self.holder is not None and not self.dealt:
            self._to_running(what, lead, hours)

    def _to_running(self, what: str, lead: int, hours: int) -> None:
        if what == "extend":
            self.moves_end("extend_binding", self.end + hours)
        elif what == "reset":
            self.moves_end("reset_protection", self.hour + hours // 2)
        elif what == "deal":
            self.dealt = True
            self.note(self.holder or 0, "mark_dealt", late=False)
        elif what == "rebind" and lead != self.holder:
            self.note(self.holder or 0, "rebind_away")
            ends = ["", at((self.hour + hours) / 24).isoformat()]
            self.note(lead, "rebind_here", ends_at=ends, kept_end=False, days=1)
            self.holder, self.end = lead, self.hour + hours


WHAT = st.sampled_from(["bind", "late", "undo", "extend", "reset", "deal", "rebind"])
STEPS = st.lists(st.tuples(WHAT, st.integers(1, 3), st.integers(0, 12), st.integers(0, 9)), max_size=25)


@given(STEPS)
def test_the_fold_says_at_every_hour_what_living_through_it_says(steps: list[Any]) -> None:
    life = Simulation()
    for what, lead, hours, pause in steps:
        life.step(what, lead, hours)
        life.live(pause)
    life.live(40)

    periods = periods_of(written(*life.told))

    assert [_only(holders_at(periods, at(hour / 24))) for hour in range(life.hour)] == life.holders


def _only(held: list[Any]) -> int | None:
    assert len(held) <= 1
    return held[0].lead_id if held else None
