"""What other days would do agrees with the preview of the change itself, for every number of days (B9)."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import Fate, days_tried
from lead_system.extensions import db
from lead_system.models import Binding, GateScan, Hold
from lead_system.queries.protection import foresee
from lead_system.queries.what_if import When, bindings_of, brokers_of, lines_of
from tests.queries.test_plans import statements
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.many import add_leads, plain_lead

pytestmark = pytest.mark.usefixtures("clock")

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def add_bindings(cast: Cast, begins: list[tuple[timedelta, dict[str, Any]]]) -> None:
    """Add running bindings that began so long ago; Fang has the odd ones, Qiang the others."""
    rows = [plain_lead(cast, n, now(), status="bound", who="fang" if n % 2 else "qiang")
            for n in range(1, len(begins) + 1)]  # fmt: skip
    scans, bindings, holds = [], [], []
    for row, (ago, more) in zip(rows, begins, strict=True):
        n, end = row["id"], now() + timedelta(days=90)
        row |= {"bound_at": now() - ago, "protect_until": end, "name_key": f"孙{n}"}
        people = {"gate_id": cast.ids["feng"], "consultant_id": cast.ids["xin"]}
        scans.append(
            {"id": n, "lead_id": n, "broker_id": row["broker_id"], "scanned_at": now() - ago} | people
        )
        binding = {"id": n, "lead_id": n, "broker_id": row["broker_id"], "scan_id": n, "days": 30}
        plain = {"bound_at": now() - ago, "ends_at": end, "kept_end": False, "extended_at": None}
        bindings.append(binding | plain | more)
        holds.append(
            {"lead_id": n, "name_key": f"孙{n}", "phone": "1385678", "person_number": 0, "ends_at": end}
        )
    add_leads(cast, rows)
    with cast.app.app_context():
        for model, made in ((GateScan, scans), (Binding, bindings), (Hold, holds)):
            db.session.execute(insert(model), made)
        db.session.commit()


def drawn() -> list[tuple[timedelta, dict[str, Any]]]:
    """Ages around whole days, to the microsecond; some ends were extended or kept."""
    chance = random.Random(5)  # noqa: S311 - ages, no secrets
    others: list[dict[str, Any]] = [{}, {}, {}, {"extended_at": now()}, {"kept_end": True}]
    return [
        (chance.randrange(40) * DAY + chance.choice((timedelta(0), TICK, DAY - TICK)), chance.choice(others))
        for _ in range(120)
    ]


@both_databases
def test_every_number_of_days_says_what_the_preview_says(cast: Cast) -> None:
    add_bindings(cast, drawn())

    with cast.app.app_context():
        lines = {line.days: line for line in lines_of(range(1, 46), now())}
        for days, line in lines.items():
            preview = foresee(days, now())
            hit = {part.broker.id: part.at_once for part in preview.brokers if part.at_once}
            assert (line.now, line.brokers) == (preview.counts[Fate.AT_ONCE], len(hit))
            listed = brokers_of(days, now())
            assert {one.broker_id: one.now for one in listed if one.now} == hit
            assert sum(one.soon for one in listed) == line.soon

    assert lines[1].now > lines[20].now > lines[40].now == 0


@both_databases
@pytest.mark.parametrize(
    ("ago", "now_ends", "soon_ends"),
    [
        (20 * DAY - TICK, 0, 1),
        (20 * DAY, 1, 0),
        (20 * DAY + TICK, 1, 0),
        (13 * DAY - TICK, 0, 0),
        (13 * DAY, 0, 1),
    ],
)
def test_the_last_instant_counts(cast: Cast, ago: timedelta, now_ends: int, soon_ends: int) -> None:
    add_bindings(cast, [(ago, {})])

    with cast.app.app_context():
        (line,) = lines_of([20], now())

    assert (line.now, line.soon) == (now_ends, soon_ends)


def test_a_figure_is_as_many_rows_as_lie_behind_it(cast: Cast) -> None:
    add_bindings(cast, drawn())

    with cast.app.app_context():
        for line in brokers_of(20, now()):
            for when, figure in ((When.NOW, line.now), (When.SOON, line.soon)):
                assert bindings_of(line.broker_id, when, 20, now(), page=1).total == figure > 0


def test_many_numbers_of_days_cost_two_questions(cast: Cast) -> None:
    add_bindings(cast, drawn())

    with cast.app.app_context():
        db.session.execute(db.text("SELECT 1"))
        with statements() as asked:
            lines_of(range(1, 61), now())

    assert len([one for one, _ in asked if one.startswith("SELECT")]) == 2


@pytest.mark.parametrize(
    ("first", "last", "number", "ends"),
    [
        (7, 7, 1, (7,)),
        (1, 61, 61, (60, 61)),
        (1, 62, 32, (61, 62)),
        (1, 3650, 61, (3600, 3650)),
    ],
)
def test_a_long_way_is_taken_in_at_most_sixty_steps(
    first: int, last: int, number: int, ends: tuple[int, ...]
) -> None:
    tried = days_tried(first, last)

    assert (tried[0], len(tried), tried[-len(ends) :]) == (first, number, ends)


@pytest.mark.parametrize(
    ("first", "last", "code", "field"),
    [
        (0, 5, RefusalCode.PROTECTION_DAYS_WRONG, "first"),
        (5, 3651, RefusalCode.PROTECTION_DAYS_WRONG, "last"),
        (6, 5, RefusalCode.SPAN_REVERSED, "first"),
    ],
)
def test_days_that_cannot_be_tried_are_refused(first: int, last: int, code: RefusalCode, field: str) -> None:
    with pytest.raises(Refused) as refused:
        days_tried(first, last)

    assert (refused.value.code, refused.value.facts["field"]) == (code, field)
