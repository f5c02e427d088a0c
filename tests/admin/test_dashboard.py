"""The dashboard as each role sees it: every figure is the number of rows behind its link (B4, B7)."""

from datetime import date, datetime, timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.lifecycle import LeadStatus
from lead_system.extensions import db
from lead_system.models import Lead
from tests.admin.conftest import Desk, Room
from tests.admin.reading import numbers, rows
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.html import Element, Page

HOME = "/admin/"
FIGURES_OF_A_DAY = [
    "Customers entered", "Customers reported", "Gate scans", "Walk-ins", "Newly bound", "Viewings",
    "Deals", "Viewing fees paid",
]  # fmt: skip


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"{moment}+08:00")


def person(number: int) -> tuple[str, str, str]:
    return "孙", chr(0x4E00 + number), f"151{number:04}"


def visit(cast: Cast, number: int, who: str, consultant: str = "xin") -> int:
    """Let a customer come all the way to a paid visit now."""
    lead = cast.enters(who, person(number), reports=True)
    cast.scans("feng", lead, consultant)
    cast.views(consultant, lead)
    cast.pays("secretary", lead, f"{number}.50")
    return lead


@pytest.fixture
def week(cast: Cast, clock: StoppedClock) -> Cast:
    """Monday 2 March, ten o'clock: visits on either side of each midnight that a figure looks at.

    Nothing of it is today's twice, and what left the lists, was undone or voided stands beside it.
    """
    clock.at(at("2026-02-22T23:59:59"))
    visit(cast, 1, "qiang", "ming")
    cast.walks_in("hong")
    clock.at(at("2026-02-23T00:00:00"))
    visit(cast, 2, "fang")
    cast.walks_in("hong")
    clock.at(at("2026-03-01T23:59:59"))
    yesterday = visit(cast, 3, "fang")
    cast.walks_in("hong")
    cast.walks_in("hong")
    clock.at(at("2026-03-02T00:00:00"))
    today = visit(cast, 4, "qiang", "ming")
    cast.walks_in("hong")
    undone = visit(cast, 5, "fang")
    cast.enters("wei", person(6))
    gone = cast.enters("wei", person(7))
    clock.at(at("2026-03-02T10:00:00"))
    cast.deals("director", yesterday, date(2026, 3, 1))
    cast.deals("director", today, date(2026, 3, 2))
    cast.deals("director", undone, date(2026, 3, 2))
    cast.undoes_deal("director", undone)
    cast.voids("secretary", cast.pays("secretary", undone, "9000"))
    cast.enters("qiang", person(5))
    with cast.app.app_context():
        lead = db.session.get_one(Lead, gone)
        lead.status, lead.withdrawn_at = LeadStatus.WITHDRAWN, now()
        db.session.commit()
    return cast


def rows_behind(client: PageClient, url: str) -> int:
    """Return how many rows a list says it has; with one page of them, as many as are shown."""
    page = client.get(url).page
    count = int(page.find("div", class_="list-head").find_all("strong")[0].text)
    assert len(rows(page)) == min(count, 50)
    return count


def figures(page: Page) -> list[Element]:
    return [link for link in page.find_all("a") if link.has("data-figure")]


def day_cards(page: Page) -> dict[str, tuple[str, ...]]:
    """Return what the cards of today say: today, yesterday and the average."""
    cards = page.find_all("li", class_="today-card")
    return {card.find("h3").text: tuple(a.text for a in card.find_all("a")) for card in cards}


def table(page: Page, heading: str) -> list[dict[str, str]]:
    """Return the rows of the table in the panel with a heading."""
    panel = next(s for s in page.find_all("section") if s.find("h2").text == heading)
    names = [cell.text for cell in panel.find("thead").find_all("th")]
    found = []
    for row in panel.find("tbody").find_all("tr"):
        cells = [cell.text for cell in row.walk() if cell.tag in ("td", "th")]
        found.append({name: text for name, text in zip(names, cells, strict=True) if name})
    return found


def headings(page: Page) -> list[str]:
    return [heading.text for heading in page.find("main").find_all("h2")]


@pytest.mark.parametrize(
    ("who", "period"),
    [("secretary", "7"), ("director", "7"), ("admin", "7"), ("director", "month"), ("director", "all")],
)
def test_every_figure_is_the_number_of_rows_behind_its_link(
    week: Cast, desk: Desk, who: str, period: str
) -> None:
    client = desk(who)
    shown = figures(client.get(f"{HOME}?period={period}").page)

    # Of days without anything one is enough: they are made alike.
    counts = {link["href"]: int(link.text) for link in shown}
    empty = [url for url, count in counts.items() if not count]
    asked = [url for url, count in counts.items() if count] + empty[:5]
    assert {url: rows_behind(client, url) for url in asked} == {url: counts[url] for url in asked}
    assert len(asked) - len(empty[:5]) > 15


def test_today_stands_beside_yesterday_and_the_average_of_seven_days(week: Cast, desk: Desk) -> None:
    page = desk("director").get(HOME).page

    assert day_cards(page) == {
        "Customers entered": ("4", "1", "0.3"),
        "Customers reported": ("2", "1", "0.3"),
        "Gate scans": ("2", "1", "0.3"),
        "Walk-ins": ("1", "2", "0.4"),
        "Newly bound": ("2", "1", "0.3"),
        "Viewings": ("2", "1", "0.3"),
        "Deals": ("1", "1", "0.1"),
        "Viewing fees paid": ("2", "1", "0.3"),
    }


def test_the_average_opens_the_seven_days_before_today(week: Cast, desk: Desk) -> None:
    client = desk("director")
    page = client.get(HOME).page

    averages = [link for link in page.find_all("a") if link.has("data-average")]

    counts = [rows_behind(client, link["href"]) for link in averages]
    assert counts == [2, 2, 2, 3, 2, 2, 1, 2]
    assert [f"{count / 7:.1f}" for count in counts] == [link.text for link in averages]


def test_the_fees_of_today_are_summed_without_void_ones(week: Cast, desk: Desk) -> None:
    page = desk("secretary").get(HOME).page

    card = next(c for c in page.find_all("li", class_="today-card") if "fees" in c.find("h3").text)
    assert card.find("p", class_="today-figure").text == "2 ¥10.00"
    listed = desk("secretary").get(card.find_all("a")[0]["href"]).page
    assert [figure.text for figure in listed.find_all("strong") if figure.has("data-sum")] == ["¥10.00"]


def test_the_funnel_follows_those_entered_in_the_period(week: Cast, desk: Desk) -> None:
    client = desk("secretary")

    def funnel(period: str) -> list[tuple[str, ...]]:
        page = client.get(f"{HOME}?period={period}").page
        return [tuple(row.values()) for row in table(page, "From entry to deal")]

    assert funnel("7") == [
        ("Entered", "5", "100 %", "–"),
        ("Reported", "3", "60 %", "60 %"),
        ("Bound", "3", "60 %", "100 %"),
        ("Dealt", "2", "40 %", "67 %"),
    ]
    assert [row[1] for row in funnel("month")] == ["5", "3", "3", "2"]
    assert [row[1] for row in funnel("30")] == [row[1] for row in funnel("all")] == ["7", "5", "5", "2"]


def test_the_trend_has_a_line_for_each_day_the_newest_first(week: Cast, desk: Desk) -> None:
    page = desk("secretary").get(f"{HOME}?period=7").page

    lines = [tuple(row.values()) for row in table(page, "Day by day")]
    assert [line[0] for line in lines] == [
        "2026-03-02", "2026-03-01", "2026-02-28", "2026-02-27", "2026-02-26", "2026-02-25", "2026-02-24",
    ]  # fmt: skip
    assert lines[0][1:] == ("4", "2", "2", "1")
    assert lines[1][1:] == ("1", "1", "1", "1")
    assert {line[1:] for line in lines[2:]} == {("0", "0", "0", "0")}


@pytest.mark.parametrize(("period", "days"), [("7", 7), ("30", 30), ("90", 90), ("month", 2), ("all", 90)])
def test_a_period_has_its_days_and_is_marked(week: Cast, desk: Desk, period: str, days: int) -> None:
    page = desk("secretary").get(f"{HOME}?period={period}").page

    assert len(table(page, "Day by day")) == days
    chosen = [a for a in page.find("nav", class_="periods").find_all("a") if a.has("aria-current")]
    assert [link["href"] for link in chosen] == [f"{HOME}?period={period}"]
    assert ("Shown are the last 90 days." in page.find("main").text) == (period == "all")


def test_without_a_choice_the_last_30_days_are_shown(week: Cast, desk: Desk) -> None:
    assert len(table(desk("secretary").get(HOME).page, "Day by day")) == 30


@pytest.mark.parametrize("period", ["8", "365", "ALL", "x"])
def test_a_period_that_does_not_exist_is_not_found(cast: Cast, desk: Desk, period: str) -> None:
    assert desk("director").get(f"{HOME}?period={period}").status_code == 404


def test_brokerages_and_consultants_are_ranked(week: Cast, desk: Desk) -> None:
    page = desk("director").get(f"{HOME}?period=7").page

    assert [tuple(row.values()) for row in table(page, "Brokerages")] == [
        ("1", "安家置业", "1", "2", "3"),
        ("2", "百川地产", "1", "1", "2"),
    ]
    assert [tuple(row.values()) for row in table(page, "Consultants")] == [
        ("1", "江心怡", "1", "2", "2"),
        ("2", "陆明哲", "1", "1", "1"),
    ]


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("secretary", ["To do", "Today", "From entry to deal", "Day by day"]),
        (
            "director",
            [
                "To do", "Today", "Protection ends soon", "From entry to deal", "Day by day", "Brokerages",
                "Consultants",
            ],
        ),
    ],
)  # fmt: skip
def test_the_secretary_sees_neither_rankings_nor_endings(
    week: Cast, desk: Desk, who: str, shown: list[str]
) -> None:
    page = desk(who).get(HOME).page

    assert headings(page) == shown
    assert list(day_cards(page)) == FIGURES_OF_A_DAY
    links = [link["href"] for link in page.find("main").find_all("a")]
    assert any("/admin/collisions/" in link for link in links) == (who == "director")
    assert ("安家置业" in page.find("main").text) == (who == "director")


def tasks(page: Page) -> dict[str, int]:
    """Return what waits: its words, and how much of it."""
    found = page.find_all("span", class_="task-words")
    return {task.text.partition(" ")[2]: int(task.find("a").text) for task in found}


def test_what_waits_leads_to_where_it_is_done(week: Cast, desk: Desk) -> None:
    week.change("wei", approval="pending")
    week.change("fang", archived_at=now())
    client = desk("director")
    page = client.get(HOME).page

    assert tasks(page) == {
        "open collision": 1,
        "resident waits for approval": 1,
        "running bindings of archived brokers or brokerages to rebind": 2,
    }
    buttons = [link["href"] for link in page.find_all("a") if link.text.startswith("Do it now")]
    assert [rows_behind(client, url) for url in buttons] == [1, 1, 2]


def test_the_secretary_is_reminded_of_visits_without_a_fee(
    cast: Cast, clock: StoppedClock, desk: Desk
) -> None:
    clock.at(at("2026-02-02T23:59:59"))
    too_old = cast.enters("fang", person(1), reports=True)
    cast.scans("feng", too_old)
    clock.at(at("2026-02-03T00:00:00"))
    unpaid = cast.enters("fang", person(2), reports=True)
    cast.scans("feng", unpaid)
    visit(cast, 3, "fang")
    cast.enters("fang", person(4), reports=True)
    clock.at(at("2026-03-04T10:00:00"))
    client = desk("secretary")

    page = client.get(HOME).page

    assert tasks(page) == {"customer scanned in the last 30 days has no viewing fee yet": 1}
    opened = client.get(figures(page)[0]["href"]).page
    assert numbers(opened) == [unpaid]
    assert "scanned 2026-02-03 – 2026-03-04, no viewing fee yet" in opened.find("p", class_="narrowed").text


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "Nothing is waiting for you."), ("zh-CN", "暂无待办事项")]
)
def test_nothing_waiting_is_said_kindly(cast: Cast, desk: Desk, who: str, language: str, words: str) -> None:
    client = desk(who)
    with client.session_transaction() as session:
        session["language"] = language
    if who == "admin":  # who is led through the first steps until somebody was scanned
        cast.scans("feng", cast.enters("fang", reports=True))

    page = client.get(HOME).page

    assert words in page.find("section", class_="tasks").text
    assert not page.find_all("li", class_="task")


def test_endings_within_one_three_and_seven_days(cast: Cast, clock: StoppedClock, desk: Desk) -> None:
    leads = []
    for number in range(4):
        leads.append(cast.enters("fang", person(number), reports=True))
        cast.scans("feng", leads[-1])
        clock.forward(timedelta(days=2))
    clock.at(at("2026-03-31T10:00:00"))
    client = desk("director")

    page = client.get(HOME).page

    found = page.find("p", class_="endings").find_all("a")
    assert [link.text for link in found] == ["1", "2", "4"]
    assert [sorted(numbers(client.get(link["href"]).page)) for link in found] == [leads[:1], leads[:2], leads]
    assert numbers(client.get(found[2]["href"]).page) == leads, "the next ending stands first"
    assert [row["Customer number"] for row in table(page, "Protection ends soon")] == [str(n) for n in leads]
    assert table(page, "Protection ends soon")[0]["Time left"] == "1 d 0 h 0 min"
    assert "ends within 3 days" in client.get(found[1]["href"]).page.find("p", class_="narrowed").text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("step=bound&step_from=2026-03-02&step_to=2026-03-02", "bound 2026-03-02"),
        ("step=bound&step_from=2026-02-23&step_to=2026-03-01", "bound 2026-02-23 – 2026-03-01"),
        ("step=reported&step_from=2026-03-02&step_to=2026-03-02", "first reported 2026-03-02"),
        ("step=dealt&step_from=2026-03-02&step_to=2026-03-02", "deal dated 2026-03-02"),
        ("step=dealt&step_from=2026-03-02", "deal dated 2026-03-02 –"),
        ("step=bound", "ever bound"),
        ("ends_within=1", "ends within 1 day"),
    ],
)
def test_a_list_says_in_words_what_a_figure_narrowed_it_to(
    week: Cast, desk: Desk, arguments: str, words: str
) -> None:
    client = desk("director")

    page = client.get(f"/admin/leads/?{arguments}").page

    assert page.find("p", class_="narrowed").find("strong").text == words
    assert rows_behind(client, page.find("p", class_="narrowed").find("a")["href"]) == 7


@pytest.mark.parametrize(
    "arguments",
    [
        "step=bound&step_from=2026-02-30", "step=bound&step_to=yesterday", "step=bound&step_from=0001-01-01",
        "step=bound&step_to=9999-12-31", "step=held&step_from=2026-03-02", "step_from=2026-03-02",
        "ends_within=0", "ends_within=-1", "ends_within=3651", "ends_within=2147483647", "ends_within=x",
    ],
)  # fmt: skip
def test_an_address_that_no_figure_has_is_not_found(cast: Cast, desk: Desk, arguments: str) -> None:
    assert desk("director").get(f"/admin/leads/?{arguments}").status_code == 404


def test_the_viewings_of_a_consultant_open_by_name_and_of_nobody_else(week: Cast, desk: Desk) -> None:
    client = desk("director")

    page = client.get(f"/admin/viewings/?consultant_id={week.ids['ming']}").page

    assert [row["Consultant"] for row in rows(page)] == ["陆明哲", "陆明哲"]
    assert page.find("p", class_="narrowed").find("strong").text == "Consultant 陆明哲"
    assert client.get(f"/admin/viewings/?consultant_id={week.ids['fang']}").status_code == 404
    assert client.get("/admin/viewings/?consultant_id=x").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("who", "links"),
    [
        ("secretary", []),
        ("director", ["/admin/brokerages/"]),
    ],
)
def test_a_new_installation_says_what_to_do_next(
    cast: Cast, desk: Desk, who: str, links: list[str], language: str
) -> None:
    client = desk(who)
    with client.session_transaction() as session:
        session["language"] = language

    page = client.get(HOME).page

    steps = page.find("ul", class_="beginning")
    assert [a["href"] for a in steps.find_all("a")] == [*links, "/m/sign-in"]
    assert steps.find_all("a")[-1].text == "http://localhost/m/sign-in"
    assert all(client.get(link).status_code == 200 for link in links)
    assert not figures(page)


def test_with_the_first_customer_the_figures_begin(cast: Cast, desk: Desk) -> None:
    cast.enters("fang", OUYANG)

    page = desk("director").get(HOME).page

    assert not page.find_all("ul", class_="beginning")
    assert day_cards(page)["Customers entered"] == ("1", "0", "0.0")


def test_the_brand_and_the_first_entry_of_the_menu_lead_here(room: Room, desk: Desk) -> None:
    page = desk("secretary").get("/admin/leads/").page

    entry = page.find("nav", class_="menu").find_all("a")[0]
    assert (entry.text, entry["href"]) == ("Dashboard", HOME)
    assert page.find("a", class_="brand")["href"] == HOME
    assert not entry.has("aria-current")
    assert desk("secretary").get(HOME).page.find("nav", class_="menu").find_all("a")[0].has("aria-current")


@both_databases
@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_many_rows_need_as_many_queries_as_few(cast: Cast, clock: StoppedClock, desk: Desk, who: str) -> None:
    client = desk(who)
    visit(cast, 1, "fang")
    clock.forward(timedelta(days=25))
    client.get(f"{HOME}?period=all")
    few = len(client.queries)

    for number in range(2, 14):
        clock.forward(timedelta(hours=5))
        visit(cast, number, "qiang" if number % 2 else "fang", "ming" if number % 3 else "xin")
        cast.enters("wei", person(number))
    client.get(f"{HOME}?period=all")

    assert len(client.queries) == few <= (12 if who == "admin" else 11), "\n".join(client.queries)
