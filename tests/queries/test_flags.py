"""Flags in SQL say what the pure rules say, on both databases, and are found by indexes (B8)."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from lead_system.clock import now
from lead_system.domain.flag_rules import DEFAULT_RULES, Flag, FlagRule, FlagRules
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Account, Binding, Deal, GateScan, Lead, WalkIn
from lead_system.queries.flag_facts import raised_of
from lead_system.queries.flagged import FlagSearch, counts_by_flag, flagged_found
from lead_system.queries.flags import Days, flags_of, raised_within
from tests.admin.conftest import Desk
from tests.queries.test_plans import goes_through_all, plan_of, statements
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.many import add_leads, draw_leads, plain_lead

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

ROWS = 400
PHONES = ("1385678", "1391234", "1372222", "1363333")
RULES: tuple[FlagRules, ...] = (
    DEFAULT_RULES,
    {
        Flag.WALK_IN_EARLIER: FlagRule(is_on=True),
        Flag.MANY_NUMBERS: FlagRule(is_on=True, limit=2),
        Flag.NAME_CORRECTED: FlagRule(is_on=False),
        Flag.LATE_REPORT: FlagRule(is_on=True, limit=60),
        Flag.QUICK_DEAL: FlagRule(is_on=True, limit=0),
    },
    {flag: FlagRule(is_on=False, limit=3) for flag in Flag},
)


INDEXES = {"ix_leads_listed_entered_at", "ix_bindings_bound_at"}
OF_FEW = {"ix_history_corrections_at", "ix_walk_ins_name_key_phone"}
"""Those of tables that are short in this test: PostgreSQL takes no index for so little."""


@pytest.fixture
def desk(signed_in: Desk) -> Desk:
    """Gives the browser of somebody in the back office."""
    return signed_in


def draw(cast: Cast, chance: random.Random) -> list[dict[str, Any]]:
    """Return leads of few names and phones, entered around each other's 24 hours to the microsecond."""
    rows = []
    for n in range(1, ROWS + 1):
        status = chance.choice(("entered", "bound", "expired", "dealt", "withdrawn"))
        row = plain_lead(cast, n, now(), status=status, who=chance.choice(("fang", "qiang")))
        row["name_key"] = row["given_name"] = "".join(chance.choices("伟芳娜敏静", k=2))
        row["phone1"], row["phone2"] = chance.sample(PHONES, 2)
        if chance.random() < 0.5:
            row["phone2"] = None
        row["entered_at"] = now() - timedelta(hours=24 * chance.randrange(30)) + jitter(chance)
        if row["bound_at"]:
            row["first_reported_at"] = row["entered_at"]
            minutes = chance.choice((0, 29, 30, 31, 60, 1440))
            row["bound_at"] = row["entered_at"] + timedelta(minutes=minutes) + jitter(chance)
        if n > 1 and status == "expired" and chance.random() < 0.2:
            row["merged_into_id"] = n - 1
        rows.append(row)
    return rows


def jitter(chance: random.Random) -> timedelta:
    return timedelta(microseconds=chance.choice((0, 0, 1, -1, 999_999)))


def add_what_follows(cast: Cast, rows: list[dict[str, Any]], chance: random.Random) -> None:
    """Let the bound ones be scanned and perhaps dealt, and let people come alone before or after."""
    ids = cast.ids
    bound = [row for row in rows if row["bound_at"]]
    people = {"gate_id": ids["feng"], "consultant_id": ids["xin"]}
    scans = [
        {"id": row["id"], "lead_id": row["id"], "broker_id": row["broker_id"], "scanned_at": row["bound_at"]}
        | people
        for row in bound
    ]
    bindings = [
        {"lead_id": row["id"], "broker_id": row["broker_id"], "scan_id": row["id"], "days": 30}
        | {"bound_at": row["bound_at"], "ends_at": row["bound_at"] + timedelta(days=30)}
        for row in bound
    ]
    deals = [
        {"lead_id": row["id"], "marked_at": now(), "marked_by_id": ids["director"]}
        | {"dealt_on": shanghai_day(row["bound_at"]) + timedelta(days=chance.randrange(4))}
        for row in bound
        if row["status"] == "dealt"
    ]
    walk_ins = [
        {"visitor_id": ids["hong"], "name": "洪", "name_key": row["name_key"]}
        | {"phone": chance.choice(PHONES), "came_at": row["entered_at"] + jitter(chance)}
        | people
        for row in rows[::9]
    ]
    with cast.app.app_context():
        for model, made in ((GateScan, scans), (Binding, bindings), (Deal, deals), (WalkIn, walk_ins)):
            db.session.execute(insert(model), made)
        db.session.commit()


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("seed", [1, 2])
def test_sql_raises_the_flags_that_the_rules_raise(cast: Cast, seed: int, rules: FlagRules) -> None:
    corrected = cast.enters("fang", OUYANG)
    cast.corrects("fang", corrected, ("欧阳", "峰", "1385678"))
    digits_only = cast.enters("qiang", OUYANG)
    cast.corrects("qiang", digits_only, (*OUYANG[:2], "1399999"))
    chance = random.Random(seed)  # noqa: S311 - names and days, no secrets
    rows = [row | {"id": row["id"] + 100, "code_token": row["code_token"] and f"t{row['id']:023}"}
            for row in draw(cast, chance)]  # fmt: skip
    rows = [r | ({"merged_into_id": r["merged_into_id"] + 100} if r["merged_into_id"] else {}) for r in rows]
    add_leads(cast, rows)
    add_what_follows(cast, rows, chance)

    with cast.app.app_context():
        ids = list(db.session.scalars(db.select(Lead.id)))
        pure = {n: tuple(one.flag for one in found) for n, found in raised_of(ids, rules).items()}
        of_ids = flags_of(ids, rules)
        month = Days(shanghai_day(now()) - timedelta(days=40), shanghai_day(now()) + timedelta(days=40))
        listed = set(db.session.scalars(db.select(Lead.id).where(Lead.status != "withdrawn",
                                                                 Lead.merged_into_id.is_(None))))  # fmt: skip
        within = {
            flag: set(db.session.scalars(raised_within(flag, rule, month))) & listed
            for flag, rule in rules.items()
            if rule.is_on
        }

    assert pure == of_ids
    assert within == {flag: {n for n in listed if flag in pure.get(n, ())} for flag in within}
    if rules is DEFAULT_RULES:
        assert {flag: len(found) > 0 for flag, found in within.items()} == dict.fromkeys(Flag, True)
        assert corrected in within[Flag.NAME_CORRECTED]
        assert digits_only not in within[Flag.NAME_CORRECTED]


def test_the_list_and_its_counts_are_of_the_same_rows(cast: Cast) -> None:
    chance = random.Random(3)  # noqa: S311 - names and days, no secrets
    rows = draw(cast, chance)
    add_leads(cast, rows)
    add_what_follows(cast, rows, chance)
    with cast.app.app_context():
        director = db.session.get_one(Account, cast.ids["director"])
        today = shanghai_day(now())
        for search in (
            FlagSearch(),
            FlagSearch(broker="王芳", first_day=today - timedelta(days=9), last_day=today),
            FlagSearch(phone="138", last_day=today),
            FlagSearch(brokerage="百川", first_day=date(2026, 2, 20)),
        ):
            counts = counts_by_flag(director, search, DEFAULT_RULES, today)
            for flag in (None, *Flag):
                one = FlagSearch(**{**vars(search), "flag": flag})
                found = db.session.scalars(flagged_found(director, one, DEFAULT_RULES, today)).all()
                assert counts[flag] == len(found)


def test_a_visitor_who_came_before_raises_the_flag_until_anonymised(cast: Cast, clock: StoppedClock) -> None:
    cast.walks_in("hong")
    at_once = cast.enters("qiang", HONG)
    clock.forward(timedelta(minutes=1))
    lead = cast.enters("fang", HONG)

    with cast.app.app_context():
        before = flags_of([at_once, lead], DEFAULT_RULES)
        db.session.execute(db.update(WalkIn).values(name="", name_key="anonymised:1", phone=" " * 7))
        after = flags_of([at_once, lead], DEFAULT_RULES)

    assert before == {lead: (Flag.WALK_IN_EARLIER,)}, "at the very instant is no earlier one"
    assert after == {}


def test_flags_are_found_without_going_through_the_customers(cast: Cast, desk: Desk) -> None:
    rows = draw_leads(cast, 8_000, now())
    for number, row in enumerate(rows):
        row["entered_at"] = now() - timedelta(hours=number)
        row["bound_at"] = row["bound_at"] and row["entered_at"]
    add_leads(cast, rows)
    add_what_follows(cast, rows, random.Random(4))  # noqa: S311 - days, no secrets
    with cast.app.app_context():
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    client = desk("director")
    client.get("/admin/flags/")

    for address in ("", "?flag=late_report", "?flag=many_numbers", "?flag=walk_in_earlier", "?sort=1"):
        with statements() as asked:
            client.get(f"/admin/flags/{address}")
        with cast.app.app_context():
            plans = [plan_of(*one) for one in asked if one[0].startswith(("SELECT", "WITH"))]
            is_sqlite = db.engine.dialect.name == "sqlite"
        said = f"{address}\n" + "\n\n".join(plans)
        wanted = INDEXES | OF_FEW if is_sqlite else INDEXES
        assert {name for name in wanted if any(name in plan for plan in plans)} == wanted, said
        assert not [step for plan in plans for step in goes_through_all(plan)], said
