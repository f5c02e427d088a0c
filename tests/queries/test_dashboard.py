"""What the dashboard counts: every boundary of a day, a status, a brokerage, on both databases."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from lead_system.clock import now
from lead_system.domain.lifecycle import LeadStatus
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Lead
from lead_system.queries.dashboard import (
    Days,
    cohort,
    next_endings,
    top_brokerages,
    top_consultants,
)
from lead_system.queries.lead_counts import count_each
from lead_system.queries.leads import LeadSearch, Step
from lead_system.queries.listed_leads import leads_found
from lead_system.queries.trends import Measure, counts_by_day
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

SUNDAY, MONDAY, TUESDAY = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
ON_MONDAY = Days(MONDAY, MONDAY)
BORDERS = [
    ("2026-03-01T23:59:59.999999+08:00", SUNDAY),
    ("2026-03-02T00:00:00+08:00", MONDAY),
    ("2026-03-02T23:59:59.999999+08:00", MONDAY),
    ("2026-03-03T00:00:00+08:00", TUESDAY),
]


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def person(number: int) -> tuple[str, str, str]:
    return "孙", chr(0x4E00 + number), f"151{number:04}"


def asked(cast: Cast, question: Callable[[Account], Any], who: str = "director") -> Any:
    """Return the answer to somebody's question."""
    with cast.app.app_context():
        return question(db.session.get_one(Account, cast.ids[who]))


def by_day(cast: Cast, measure: str, first: date = SUNDAY, last: date = TUESDAY) -> dict[date, int]:
    """Return the days on which a measure counts anything."""
    trend = asked(cast, lambda actor: counts_by_day(actor, [Measure(measure)], first, last))
    return {day: trend.on(Measure(measure), day) for day in trend.days if trend.on(Measure(measure), day)}


def found(cast: Cast, **search: Any) -> list[int]:
    """Return the numbers of the customers that the list shows, and see that counting agrees."""
    wanted = LeadSearch(**search)
    rows = asked(cast, lambda actor: [x.id for x in db.session.scalars(leads_found(actor, wanted, now()))])
    assert asked(cast, lambda actor: count_each(actor, [wanted], now())) == [len(rows)]
    return sorted(rows)


def change(cast: Cast, lead_id: int, **values: Any) -> None:
    """Change a row behind the application's back."""
    with cast.app.app_context():
        db.session.execute(db.update(Lead).where(Lead.id == lead_id).values(**values))
        db.session.commit()


def bring(cast: Cast, number: int, who: str = "fang", consultant: str = "xin") -> int:
    """Let somebody's customer be entered, reported and bound now."""
    lead = cast.enters(who, person(number), reports=True)
    cast.scans("feng", lead, consultant)
    return lead


@pytest.mark.parametrize("measure", ["entered", "reported", "scans", "bound", "viewings", "fees"])
@pytest.mark.parametrize(("moment", "day"), BORDERS)
def test_a_row_counts_on_the_shanghai_day_of_its_moment(
    cast: Cast, clock: StoppedClock, moment: str, day: date, measure: str
) -> None:
    clock.at(at(moment))
    lead = bring(cast, 1)
    cast.views("xin", lead)
    cast.pays("secretary", lead, "200")

    assert by_day(cast, measure) == {day: 1}
    assert by_day(cast, measure, day, day) == {day: 1}
    assert by_day(cast, measure, day + timedelta(days=1), day + timedelta(days=1)) == {}
    assert by_day(cast, measure, day - timedelta(days=1), day - timedelta(days=1)) == {}


@pytest.mark.parametrize("step", ["reported", "bound"])
@pytest.mark.parametrize(("moment", "day"), BORDERS)
def test_the_list_finds_a_step_on_the_day_on_which_the_trend_counts_it(
    cast: Cast, clock: StoppedClock, moment: str, day: date, step: str
) -> None:
    clock.at(at(moment))
    lead = bring(cast, 1)

    assert by_day(cast, step) == {day: 1}
    for one in (SUNDAY, MONDAY, TUESDAY):
        assert found(cast, step=Step(step), step_from=one, step_to=one) == ([lead] if one == day else [])
    assert found(cast, step=Step(step), step_from=day) == [lead]
    assert found(cast, step=Step(step), step_to=day - timedelta(days=1)) == []


def test_each_row_finds_its_day_among_any_number_of_days(cast: Cast, clock: StoppedClock) -> None:
    last = date(2026, 5, 30)
    for number, days_ago in enumerate((0, 1, 6, 44, 45, 88, 89)):
        clock.at(at("2026-05-30T12:00:00+08:00") - timedelta(days=days_ago))
        cast.enters("fang", person(number))

    for length in (1, 2, 3, 7, 45, 46, 89, 90):
        first = last - timedelta(days=length - 1)
        wanted = {last - timedelta(days=n): 1 for n in (0, 1, 6, 44, 45, 88, 89) if n < length}
        assert by_day(cast, "entered", first, last) == wanted, length


def test_a_deal_counts_on_its_date_while_it_stands(cast: Cast, clock: StoppedClock) -> None:
    clock.at(at("2026-03-01T12:00:00+08:00"))
    sunday, monday, undone, again = (bring(cast, number) for number in range(4))
    clock.at(at("2026-03-02T12:00:00+08:00"))
    cast.deals("director", sunday, SUNDAY)
    cast.deals("director", monday, MONDAY)
    cast.deals("director", undone, MONDAY)
    cast.undoes_deal("director", undone)
    cast.deals("director", again, SUNDAY)
    cast.undoes_deal("director", again)
    cast.deals("director", again, MONDAY)

    assert by_day(cast, "deals") == {SUNDAY: 1, MONDAY: 2}
    assert found(cast, step=Step.DEALT, step_from=MONDAY, step_to=TUESDAY) == [monday, again]
    assert found(cast, step=Step.DEALT, step_to=SUNDAY) == [sunday]
    assert found(cast, step=Step.DEALT) == [sunday, monday, again]


def test_a_lead_that_left_the_lists_counts_nowhere(cast: Cast) -> None:
    withdrawn, stays = cast.enters("fang", person(1)), cast.enters("fang", person(2))
    change(cast, withdrawn, status=LeadStatus.WITHDRAWN, withdrawn_at=now())
    merged = bring(cast, 3)
    change(cast, merged, status=LeadStatus.EXPIRED, merged_into_id=stays)

    assert by_day(cast, "entered") == {MONDAY: 1}
    assert by_day(cast, "reported") == {}
    assert by_day(cast, "bound") == {}
    assert by_day(cast, "scans") == {MONDAY: 1}
    assert found(cast) == [stays]


def test_a_customer_bound_twice_on_a_day_counts_once_and_every_scan_counts(cast: Cast) -> None:
    lead = bring(cast, 1)
    cast.scans("feng", lead)
    away = cast.rebinds("director", lead, "qiang")
    cast.rebinds("director", away, "fang")

    assert by_day(cast, "bound") == {MONDAY: 2}
    assert by_day(cast, "scans") == {MONDAY: 2}
    assert found(cast, step=Step.BOUND, step_from=MONDAY, step_to=MONDAY) == [lead, away]


def test_a_new_binding_does_not_make_the_old_one_unhappen(cast: Cast, clock: StoppedClock) -> None:
    lead = bring(cast, 1)
    clock.at(at("2026-04-20T12:00:00+08:00"))
    cast.reports("fang", lead)
    cast.scans("feng", lead)

    assert by_day(cast, "bound") == {MONDAY: 1}
    assert by_day(cast, "bound", date(2026, 4, 20), date(2026, 4, 20)) == {date(2026, 4, 20): 1}
    assert by_day(cast, "reported", MONDAY, date(2026, 4, 20)) == {MONDAY: 1}
    assert found(cast, step=Step.BOUND, step_from=MONDAY, step_to=MONDAY) == [lead]


def test_a_void_fee_counts_no_more(cast: Cast) -> None:
    lead = bring(cast, 1)
    cast.pays("secretary", lead, "200")
    cast.voids("secretary", cast.pays("secretary", lead, "300"))

    assert by_day(cast, "fees") == {MONDAY: 1}


@pytest.mark.parametrize("who", ["fang", "feng", "xin"])
def test_a_trend_shows_nobody_more_than_the_lists_do(cast: Cast, who: str) -> None:
    lead = bring(cast, 1, "qiang", "ming")
    cast.views("ming", lead)
    cast.pays("secretary", lead, "200")

    trend = asked(cast, lambda actor: counts_by_day(actor, tuple(Measure), MONDAY, MONDAY), who)

    seen = {measure.value for measure in Measure if trend.on(measure, MONDAY)}
    assert seen == ({"scans"} if who == "feng" else set())


@pytest.mark.parametrize(
    ("left", "within"),
    [
        (timedelta(0), []),
        (timedelta(microseconds=1), [1, 3, 7]),
        (timedelta(days=1), [1, 3, 7]),
        (timedelta(days=1, microseconds=1), [3, 7]),
        (timedelta(days=3), [3, 7]),
        (timedelta(days=3, microseconds=1), [7]),
        (timedelta(days=7), [7]),
        (timedelta(days=7, microseconds=1), []),
    ],
)
def test_an_ending_is_within_so_many_times_24_hours(
    cast: Cast, clock: StoppedClock, left: timedelta, within: list[int]
) -> None:
    lead, dealt = bring(cast, 1), bring(cast, 2)
    cast.deals("director", dealt, MONDAY)
    cast.enters("fang", person(3), reports=True)
    clock.forward(timedelta(days=30) - left)

    assert [days for days in (1, 3, 7) if found(cast, ends_within=days)] == within
    assert [days for days in (1, 3, 7) if found(cast, ends_within=days) == [lead]] == within
    shown = asked(cast, lambda actor: [one.id for one in next_endings(actor, now(), at_most=8)])
    assert shown == ([lead] if 7 in within else [])


def test_the_next_ending_stands_first_and_no_more_than_wanted_are_shown(
    cast: Cast, clock: StoppedClock
) -> None:
    leads = []
    for number in range(4):
        leads.append(bring(cast, number))
        clock.forward(timedelta(minutes=5))
    cast.extends("director", leads[0], 1)
    clock.forward(timedelta(days=25))

    shown = asked(cast, lambda actor: [one.id for one in next_endings(actor, now(), at_most=3)])

    assert shown == [leads[1], leads[2], leads[3]]


def test_the_funnel_follows_those_entered_in_the_days_wherever_they_came_later(
    cast: Cast, clock: StoppedClock
) -> None:
    clock.at(at("2026-03-01T23:59:59+08:00"))
    bring(cast, 1)
    clock.at(at("2026-03-02T00:00:00+08:00"))
    cast.enters("fang", person(2))
    cast.enters("fang", person(3), reports=True)
    bring(cast, 4)
    dealt = bring(cast, 5)
    clock.at(at("2026-03-02T23:59:59+08:00"))
    later = cast.enters("qiang", person(6))
    clock.at(at("2026-03-03T00:00:00+08:00"))
    bring(cast, 7)
    cast.reports("qiang", later)
    cast.deals("director", dealt, TUESDAY)

    searches = cohort(ON_MONDAY)

    assert {name: len(found(cast, **vars(search))) for name, search in searches.items()} == {
        "entered": 5,
        "reported": 4,
        "bound": 2,
        "dealt": 1,
    }


def rank(cast: Cast, days: Days = ON_MONDAY) -> list[tuple[str, dict[str, int]]]:
    """Return the ranking of the brokerages."""
    rows = asked(cast, lambda actor: top_brokerages(actor, days, now()))
    return [(row.name, dict(row.figures)) for row in rows]


def test_brokerages_are_ranked_by_deals_then_bindings_then_entries(cast: Cast, clock: StoppedClock) -> None:
    clock.at(at("2026-03-01T12:00:00+08:00"))
    bring(cast, 1, "qiang")
    clock.at(at("2026-03-02T12:00:00+08:00"))
    bring(cast, 2, "fang")
    bring(cast, 3, "wei")
    assert rank(cast) == [("安家置业", {"dealt": 0, "bound": 2, "entered": 2})]

    cast.deals("director", bring(cast, 4, "qiang"), MONDAY)

    assert rank(cast) == [
        ("百川地产", {"dealt": 1, "bound": 1, "entered": 1}),
        ("安家置业", {"dealt": 0, "bound": 2, "entered": 2}),
    ]
    assert rank(cast, Days(None, None))[0] == ("百川地产", {"dealt": 1, "bound": 2, "entered": 2})


def test_ten_brokerages_are_ranked_and_the_rest_is_not_shown(cast: Cast) -> None:
    with cast.app.app_context():
        more = [Brokerage(name=f"公司{number:02}") for number in range(11)]
        db.session.add_all(more)
        db.session.commit()
        ids = [one.id for one in more]
    for number, brokerage_id in enumerate(ids):
        who = f"b{number}"
        cast.arrives(who, f"1390000{number:04}")
        cast.change(who, brokerage_id=brokerage_id, profile_completed_at=now(), name=f"经纪{number}")
        for one in range(2 if number == 10 else 1):
            cast.enters(who, person(20 * number + one))

    assert [name for name, _ in rank(cast)] == ["公司10", *(f"公司{number:02}" for number in range(9))]


def test_a_broker_counts_for_the_brokerage_of_today_and_without_one_for_none(cast: Cast) -> None:
    bring(cast, 1, "fang")
    cast.change("fang", brokerage_id=cast.account("qiang", "brokerage_id"))
    assert [name for name, _ in rank(cast)] == ["百川地产"]

    cast.change("fang", brokerage_id=None)

    assert rank(cast) == []


def test_consultants_are_ranked_by_deals_bindings_and_their_own_viewings(
    cast: Cast, clock: StoppedClock
) -> None:
    clock.at(at("2026-03-01T23:59:59+08:00"))
    before = bring(cast, 1, consultant="xin")
    cast.views("xin", before)
    clock.at(at("2026-03-02T00:00:00+08:00"))
    bring(cast, 2, consultant="xin")
    dealt = bring(cast, 3, consultant="ming")
    cast.views("xin", dealt)
    cast.deals("director", dealt, MONDAY)

    def ranked(days: Days) -> list[tuple[str, dict[str, int]]]:
        rows = asked(cast, lambda actor: top_consultants(actor, days, now()))
        return [(row.name, dict(row.figures)) for row in rows]

    assert ranked(ON_MONDAY) == [
        ("陆明哲", {"dealt": 1, "bound": 1, "viewings": 0}),
        ("江心怡", {"dealt": 0, "bound": 1, "viewings": 1}),
    ]
    assert ranked(Days(SUNDAY, SUNDAY)) == [("江心怡", {"dealt": 0, "bound": 1, "viewings": 1})]
    assert ranked(Days(TUESDAY, TUESDAY)) == []


def test_without_a_fee_are_those_scanned_in_the_days_of_whom_no_fee_counts(
    cast: Cast, clock: StoppedClock
) -> None:
    clock.at(at("2026-03-01T23:59:59+08:00"))
    sunday = bring(cast, 1)
    clock.at(at("2026-03-02T00:00:00+08:00"))
    monday, paid, voided = bring(cast, 2), bring(cast, 3), bring(cast, 4)
    cast.enters("fang", person(5), reports=True)
    cast.pays("secretary", paid, "100")
    cast.voids("secretary", cast.pays("secretary", paid, "200"))
    cast.voids("secretary", cast.pays("secretary", voided, "300"))

    assert found(cast, step=Step.WITHOUT_FEE, step_from=MONDAY, step_to=MONDAY) == [monday, voided]
    assert found(cast, step=Step.WITHOUT_FEE) == [sunday, monday, voided]


@pytest.mark.parametrize("step", [Step.HELD, Step.OPEN, Step.TO_REBIND, None])
def test_a_state_is_taken_on_no_day(cast: Cast, step: Step | None) -> None:
    bring(cast, 1)
    cast.enters("fang", person(2))

    assert found(cast, step=step, step_from=SUNDAY, step_to=TUESDAY) == []


def test_several_searches_are_counted_in_one_query_each_by_itself(cast: Cast) -> None:
    bring(cast, 1)
    cast.enters("fang", person(2))
    searches = [LeadSearch(), LeadSearch(status=LeadStatus.BOUND), LeadSearch(number="999")]

    assert asked(cast, lambda actor: count_each(actor, searches, now())) == [2, 1, 0]
    assert asked(cast, lambda actor: count_each(actor, searches, now()), "qiang") == [0, 0, 0]
