"""Flags from facts: a truth table for each, with both sides of its threshold (B8)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.flag_rules import DEFAULT_RULES, Flag, FlagRule, FlagRules, require_flag_rules
from lead_system.domain.flags import (
    Correction,
    Entry,
    Facts,
    LateReport,
    ManyNumbers,
    NameCorrected,
    QuickDeal,
    WalkInEarlier,
    flags_raised,
)

TEN = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Ten o'clock in Shanghai.
TICK = timedelta(microseconds=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def raised(rules: FlagRules = DEFAULT_RULES, **facts: Any) -> tuple[object, ...]:
    return flags_raised(Facts(TEN, **facts), rules)


def with_rule(flag: Flag, rule: FlagRule) -> FlagRules:
    return {**DEFAULT_RULES, flag: rule}


@pytest.mark.parametrize(
    ("after", "limit", "is_raised"),
    [
        (timedelta(0), 30, True),
        (30 * MINUTE - TICK, 30, True),
        (30 * MINUTE, 30, True),
        (30 * MINUTE + TICK, 30, False),
        (MINUTE, 1, True),
        (MINUTE + TICK, 1, False),
    ],
)
def test_a_report_is_late_up_to_so_many_minutes_before_the_scan(
    *, after: timedelta, limit: int, is_raised: bool
) -> None:
    rules = with_rule(Flag.LATE_REPORT, FlagRule(is_on=True, limit=limit))

    found = raised(rules, first_reported_at=TEN, bound_by_scan_at=TEN + after)

    assert found == ((LateReport(TEN, TEN + after),) if is_raised else ())


def test_who_was_never_reported_or_scanned_was_not_reported_late() -> None:
    assert raised() == raised(first_reported_at=TEN) == ()


@pytest.mark.parametrize(
    ("before", "is_raised"), [(TICK, True), (400 * DAY, True), (timedelta(0), False), (-TICK, False)]
)
def test_a_walk_in_is_earlier_than_the_entry_or_is_not(*, before: timedelta, is_raised: bool) -> None:
    found = raised(walked_in_at=[TEN - before, TEN + HOUR])

    assert found == ((WalkInEarlier(TEN - before, TEN, 1),) if is_raised else ())


def test_the_first_of_several_walk_ins_is_named_and_those_before_the_entry_are_counted() -> None:
    moments = [TEN - HOUR, TEN - DAY, TEN + HOUR]

    assert raised(walked_in_at=moments) == (WalkInEarlier(TEN - DAY, TEN, 2),)


def test_corrections_of_a_name_are_counted_and_the_last_is_told() -> None:
    first, last = Correction(TEN + HOUR, "锋", "峰"), Correction(TEN + DAY, "峰", "丰")

    assert raised(corrections=[last, first]) == (NameCorrected(2, last),)
    assert raised(corrections=[]) == ()


@pytest.mark.parametrize(
    ("bound_at", "dealt_on", "limit", "days"),
    [
        ("2026-03-02T23:59:59.999999", "2026-03-03", 1, 1),
        ("2026-03-02T23:59:59.999999", "2026-03-03", 0, None),
        ("2026-03-03T00:00:00", "2026-03-03", 0, 0),
        ("2026-03-02T00:00:00", "2026-03-03", 1, 1),
        ("2026-03-01T23:59:59.999999", "2026-03-03", 1, None),
        ("2026-03-01T23:59:59.999999", "2026-03-03", 2, 2),
        ("2026-03-04T00:00:00", "2026-03-03", 30, None),
    ],
)
def test_a_deal_is_quick_up_to_so_many_shanghai_days_after_the_binding(
    bound_at: str, dealt_on: str, limit: int, days: int | None
) -> None:
    moment, day = datetime.fromisoformat(f"{bound_at}+08:00"), date.fromisoformat(dealt_on)
    rules = with_rule(Flag.QUICK_DEAL, FlagRule(is_on=True, limit=limit))

    found = raised(rules, dealt_on=day, bound_at=[moment])

    assert found == (() if days is None else (QuickDeal(moment, day, days),))


def test_the_last_binding_before_the_deal_counts_and_without_any_or_a_deal_none_does() -> None:
    day = date(2026, 3, 2)
    bound = [TEN - 90 * DAY, TEN, TEN + 5 * DAY]

    assert raised(dealt_on=day, bound_at=bound) == (QuickDeal(TEN, day, 0),)
    assert raised(dealt_on=day) == raised(bound_at=bound) == ()


@pytest.mark.parametrize(
    ("others", "limit", "phones"),
    [
        ([(-24 * HOUR, "2"), (-HOUR, "3")], 3, 3),
        ([(-24 * HOUR - TICK, "2"), (-HOUR, "3")], 3, None),
        ([(24 * HOUR, "2"), (HOUR, "3")], 3, 3),
        ([(24 * HOUR + TICK, "2"), (HOUR, "3")], 3, None),
        ([(-HOUR, "2"), (23 * HOUR, "3")], 3, 3),
        ([(-HOUR, "2"), (23 * HOUR + TICK, "3")], 3, None),
        ([(HOUR, "1"), (2 * HOUR, "2")], 3, None),
        ([(HOUR, "2")], 2, 2),
        ([(HOUR, "2"), (2 * HOUR, "3"), (3 * HOUR, "4")], 3, 4),
    ],
)
def test_many_numbers_are_so_many_phones_within_24_hours_around_the_entry(
    others: list[tuple[timedelta, str]], limit: int, phones: int | None
) -> None:
    entries = [Entry(TEN, "1"), *(Entry(TEN + apart, phone) for apart, phone in others)]
    rules = with_rule(Flag.MANY_NUMBERS, FlagRule(is_on=True, limit=limit))

    found = raised(rules, entries=entries)

    moments = [entry.at for entry in entries]
    assert found == (() if phones is None else (ManyNumbers(phones, min(moments), max(moments)),))


@pytest.mark.parametrize("off", list(Flag))
def test_a_flag_that_is_switched_off_is_not_raised_and_the_others_are(off: Flag) -> None:
    facts: dict[str, Any] = {
        "first_reported_at": TEN,
        "bound_by_scan_at": TEN,
        "walked_in_at": [TEN - HOUR],
        "corrections": [Correction(TEN, "甲", "乙")],
        "dealt_on": date(2026, 3, 2),
        "bound_at": [TEN],
        "entries": [Entry(TEN, phone) for phone in "123"],
    }

    found = raised({**DEFAULT_RULES, off: DEFAULT_RULES[off]._replace(is_on=False)}, **facts)

    assert [one.flag for one in found] == [flag for flag in Flag if flag is not off]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("flag", "limit", "is_right"),
    [
        (Flag.MANY_NUMBERS, 1, False),
        (Flag.MANY_NUMBERS, 2, True),
        (Flag.MANY_NUMBERS, 20, True),
        (Flag.MANY_NUMBERS, 21, False),
        (Flag.LATE_REPORT, 0, False),
        (Flag.LATE_REPORT, 1, True),
        (Flag.LATE_REPORT, 1440, True),
        (Flag.LATE_REPORT, 1441, False),
        (Flag.QUICK_DEAL, -1, False),
        (Flag.QUICK_DEAL, 0, True),
        (Flag.QUICK_DEAL, 30, True),
        (Flag.QUICK_DEAL, 31, False),
    ],
)
def test_thresholds_outside_their_bounds_are_refused(*, flag: Flag, limit: int, is_right: bool) -> None:
    rules = with_rule(flag, FlagRule(is_on=False, limit=limit))

    if is_right:
        require_flag_rules(rules)
        return
    with pytest.raises(Refused) as refused:
        require_flag_rules(rules)
    assert refused.value.code is RefusalCode.FLAG_THRESHOLD_WRONG
    assert refused.value.facts["field"] == f"{flag.value}_limit"
