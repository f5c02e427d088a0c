"""A broker's list on the phone: true at every instant, and few questions for many customers."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.clock import now
from tests.queries.test_plans import goes_through_all, plan_of, statements
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.many import Row, add_leads, draw_leads

Phone = Callable[[str], PageClient]
pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

LIST = "/m/customers"
TABS = ("entered", "reported", "bound", "expired", "dealt")
QUESTIONS = {LIST: 3, f"{LIST}?tab=expired": 3, f"{LIST}?soon=7": 3, f"{LIST}?page=2": 3, "/m/home": 7}
"""Pages of a broker, and how many questions each asks; one of them says who is signed in."""


def counts(page: PageResponse) -> dict[str, int]:
    tabs = page.page.find("nav", class_="tabs").find_all("a")
    return dict(zip(("all", *TABS), (int(tab.find(class_="count").text) for tab in tabs), strict=True))


def shown(page: PageResponse) -> list[int]:
    return [int(card["data-lead"]) for card in page.page.find_all("article")]


def status_of(row: Row) -> str:
    """What a row really is now, by the words of R6."""
    ran_out = row["status"] == "bound" and row["protect_until"] <= now()
    return "expired" if ran_out else row["status"]


def of_fang(cast: Cast, rows: list[Row]) -> list[Row]:
    """What stands in Fang's list, the newest first."""
    listed = [row for row in rows if row["status"] != "withdrawn" and row["merged_into_id"] is None]
    return [row for row in reversed(listed) if row["broker_id"] == cast.ids["fang"]]


def test_figures_and_rows_are_true_before_at_and_after_the_end_of_a_protection(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    rows = draw_leads(cast, 240, now())
    add_leads(cast, rows)
    client, theirs = phone("fang"), of_fang(cast, rows)

    for step in (timedelta(seconds=-1), timedelta(0), timedelta(seconds=1), timedelta(days=2)):
        clock.forward(step)
        by_tab = {tab: [row["id"] for row in theirs if status_of(row) == tab] for tab in TABS}
        page = client.get(LIST)
        assert counts(page) == {"all": len(theirs)} | {tab: len(ids) for tab, ids in by_tab.items()}
        for tab, ids in by_tab.items():
            assert shown(client.get(f"{LIST}?tab={tab}")) == ids[:20]
        ending = [row for row in theirs if row["id"] in by_tab["bound"]]
        ending = [row for row in ending if row["protect_until"] <= now() + timedelta(days=7)]
        soonest = sorted(ending, key=lambda row: (row["protect_until"], row["id"]))
        assert shown(client.get(f"{LIST}?soon=7")) == [row["id"] for row in soonest][:20]


def test_pages_follow_each_other_and_end_with_the_first_customer(cast: Cast, phone: Phone) -> None:
    rows = draw_leads(cast, 240, now())
    add_leads(cast, rows)
    client, ids = phone("fang"), [row["id"] for row in of_fang(cast, rows)]
    last = -(-len(ids) // 20)

    pages = [shown(client.get(f"{LIST}?page={number}")) for number in range(1, last + 1)]

    assert [one for page in pages for one in page] == ids
    assert {len(page) for page in pages[:-1]} == {20}
    assert client.get(f"{LIST}?page={last + 1}").status_code == 404


def test_page_asks_as_often_for_one_customer_as_for_hundreds(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    cast.enters("fang")
    asked = {}
    for address in QUESTIONS:
        client.get(address)
        asked[address] = len(client.queries)

    rows = draw_leads(cast, 240, now())
    for row in rows:
        row["id"] += 1000
        row["merged_into_id"] = None
    add_leads(cast, rows)
    for address, questions in QUESTIONS.items():
        client.get(address)
        assert len(client.queries) == questions, "\n".join(client.queries)
        assert asked[address] <= questions


def test_resident_asks_once_more_for_the_other_list(cast: Cast, phone: Phone) -> None:
    client = phone("wei")

    client.get(LIST)

    assert len(client.queries) == 4, "\n".join(client.queries)


def test_pages_of_a_broker_go_through_nobody_elses_customers(cast: Cast, phone: Phone) -> None:
    rows = draw_leads(cast, 8_000, now())
    for number, row in enumerate(rows):
        row["broker_id"] = row["entered_by_id"] = cast.ids["qiang" if number % 40 else "fang"]
    add_leads(cast, rows)
    client = phone("fang")

    for address in (LIST, f"{LIST}?tab=bound", f"{LIST}?soon=7", "/m/home"):
        with statements() as asked:
            client.get(address)
        with cast.app.app_context():
            plans = [plan_of(*one) for one in asked if "FROM leads" in " ".join(one[0].split())]
        said = f"{address}\n" + "\n\n".join(plans)
        used = ("broker_tallies", "ix_leads_bound_broker_id")
        assert all(any(name in plan for plan in plans) for name in used), said
        assert any("ix_leads_broker_id_id" in p or "ix_leads_bound_broker_id" in p for p in plans[1:]), said
        assert not [step for plan in plans for step in goes_through_all(plan)], said
