"""What holds for every list of the back office: empty, wrongly asked, long, and always in few queries."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, CustomerType
from lead_system.services import visitors
from lead_system.services.brokers import change_broker
from lead_system.services.exports import begin_export, finish_export
from lead_system.services.sign_ins import begin_sign_in
from tests.admin.conftest import Desk
from tests.admin.reading import rows
from tests.support.cast import BORN, Cast
from tests.support.client import PageClient
from tests.support.databases import ROOT, Database
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.project import add_plot
from tests.support.stories import Stories


@dataclass(frozen=True)
class List:
    """One list: who may see it, and how one of its rows comes about in the story."""

    endpoint: str
    who: str
    add_row: Callable[[Cast, int], object]
    asks: int
    """How many questions its page asks the database, for one row as for many."""

    has_days: bool = True
    """Whether it can be narrowed to days."""

    sort: int | None = 0
    """The column by which its first heading sorts it."""

    search: str = ""
    """A search that finds some of its rows, and not all."""

    default_tab: str = ""
    """What the address calls the tab that needs no name."""

    @property
    def path(self) -> str:
        return f"/admin/{self.endpoint}/"


def customer(n: int) -> tuple[str, str, str]:
    return "孙", chr(0x4E00 + n), f"15{n % 10}{1000 + n}"


def hold(cast: Cast, n: int) -> int:
    """Let Qiang hold a customer; returns the number."""
    lead = cast.enters(
        "qiang",
        customer(n),
        reports=True,
        expected_visit_at=datetime.fromisoformat("2026-04-05T15:00:00+08:00") + timedelta(hours=n),
        customer_type_id=cast.types["临街商铺"],
    )
    cast.scans("feng", lead, "xin" if n % 2 else "ming")
    return lead


def add_customer(cast: Cast, n: int) -> None:
    """Add one who was rebound, so that each mark and each name is there; then others too."""
    if n % 3 == 0:
        cast.rebinds("director", hold(cast, n), "fang")
    elif n % 3 == 1:
        cast.enters("wei", customer(n), f"16{n % 10}{2000 + n}")
    else:
        cast.deals("director", hold(cast, n), date(2026, 3, 2))


def add_collisions(cast: Cast, n: int) -> None:
    """Add one that is open and one that was handled."""
    lead = hold(cast, n)
    cast.enters("fang", customer(n))
    handled = cast.collision_of(lead, cast.enters("wei", customer(n)))
    cast.handles("admin" if n % 2 else "director", handled, note=f"=1+{n}")


def add_fee(cast: Cast, n: int) -> None:
    fee = cast.pays("secretary", hold(cast, n), f"{1234 + n}.5")
    if n % 2 == 0:
        cast.voids("secretary", fee)


def add_viewing(cast: Cast, n: int) -> None:
    cast.views("xin", hold(cast, n), "ABCD"[n % 4])


def add_walk_in(cast: Cast, n: int) -> None:
    """Let a visitor come alone, each time under another name."""
    cast.change("hong", name=f"洪{chr(0x4E00 + n)}")
    cast.walks_in("hong", "xin" if n % 2 else "ming", at="feng" if n % 3 else "lu")


def add_visitor(cast: Cast, n: int) -> int:
    """Add a visitor who comes alone, beside nobody of the cast; returns the account's id."""
    cast.archives("hong")
    with cast.app.app_context():
        visitor = Account(
            role=Role.VISITOR,
            approval=Approval.NOT_NEEDED,
            name=f"洪{chr(0x4E00 + n)}",
            phone=f"139333344{n:02}",
            code_token=f"the-code-of-visitor-{n:04}",
            short_code=f"22222{n:05}",
            created_at=now(),
            profile_completed_at=now(),
        )
        db.session.add(visitor)
        db.session.commit()
        cast.ids[f"visitor {n}"] = visitor.id
        begin_sign_in(visitor.id, generation=1, browser="", now=now() + timedelta(minutes=n + 1))
    cast.walks_in(f"visitor {n}")
    return cast.ids[f"visitor {n}"]


def add_reveal(cast: Cast, n: int) -> None:
    account_id = add_visitor(cast, n)
    with cast.app.app_context():
        visitors.reveal_phone(
            cast.as_("admin" if n % 2 else "director"), account_id=account_id, reason=f"=1+{n}", now=now()
        )


def add_rebind(cast: Cast, n: int) -> None:
    cast.rebinds("admin" if n % 2 else "director", hold(cast, n), "wei", keep_end=n % 2 == 0)


def add_profile_change(cast: Cast, n: int) -> None:
    """Change phone and brokerage of a broker at once."""
    brokerage = cast.account("qiang" if n % 2 else "fang", "brokerage_id")
    with cast.app.app_context():
        change_broker(
            cast.as_("admin"),
            account_id=cast.ids["wei"],
            version=cast.account("wei", "version"),
            phone=f"1350003{n:04}",
            brokerage_id=_another_brokerage(cast.account("wei", "brokerage_id"), brokerage),
            now=now(),
        )


def _another_brokerage(present: int, wanted: int) -> int:
    others = db.session.scalars(db.select(Brokerage.id).where(Brokerage.id != present))
    return wanted if wanted != present else next(iter(others))


def add_export(cast: Cast, n: int) -> None:
    filters = {"status": "bound", "name": f"孙{n}"}
    with cast.app.app_context():
        caller = cast.as_("secretary" if n % 2 else "admin")
        begun = begin_export(
            caller,
            request_id=caller.request_id,
            table_name="leads",
            filters=filters,
            rows_found=n,
            now=now(),
        )
        account_id, export_id = caller.account_id or 0, begun.export_id
        finish_export(account_id, export_id=export_id, rows_written=n, now=now())


def add_account(cast: Cast, n: int, **values: object) -> None:
    with cast.app.app_context():
        account = Account(
            name=f"钱{chr(0x4E00 + n)}",
            phone=f"1890000{n:04}",
            created_at=BORN + timedelta(hours=n),
            profile_completed_at=BORN,
            **values,
        )
        db.session.add(account)
        db.session.commit()
        cast.ids[f"new {n}"] = account.id


def add_broker(cast: Cast, n: int) -> None:
    add_account(
        cast,
        n,
        role=Role.RESIDENT if n % 2 else Role.BROKER,
        approval=Approval.PENDING if n % 2 else Approval.NOT_NEEDED,
        employee_number=f"N{n:03}",
        brokerage_id=cast.account("fang" if n % 2 else "qiang", "brokerage_id"),
    )


def add_referral(cast: Cast, n: int) -> None:
    """Add a broker with one customer, who is only entered, or bound, or dealt."""
    add_broker(cast, 2 * n)
    lead = cast.enters(f"new {2 * n}", customer(n), reports=n % 2 == 0)
    if n % 2 == 0:
        cast.scans("feng", lead)
    if n % 4 == 0:
        cast.deals("director", lead, shanghai_day(now()))


def add_staff(cast: Cast, n: int) -> None:
    _add_with_login(cast, n, Role.GATE if n % 2 else Role.SECRETARY)


def add_consultant(cast: Cast, n: int) -> None:
    _add_with_login(cast, n, Role.CONSULTANT)
    lead = cast.enters("fang", customer(n), reports=True)
    cast.scans("feng", lead, f"new {n}")


def _add_with_login(cast: Cast, n: int, role: Role) -> None:
    add_account(
        cast,
        n,
        role=role,
        approval=Approval.NOT_NEEDED,
        employee_number=f"N{n:03}",
        login=f"new-{n:02}",
        password_hash=cast.account("secretary", "password_hash"),
    )


def add_brokerage(cast: Cast, n: int) -> None:
    with cast.app.app_context():
        facts = {"contact": f"郑{chr(0x4E00 + n)}", "phone": f"010-88{n:04}", "address": f"和平路 {n} 号"}
        db.session.add(Brokerage(name=f"{chr(0x4E00 + n)}家地产", **facts))
        db.session.commit()


def add_type(cast: Cast, n: int) -> None:
    """Add a type that one customer has."""
    with cast.app.app_context():
        kind = CustomerType(name=f"{chr(0x4E00 + n)}类商铺", position=n)
        db.session.add(kind)
        db.session.commit()
        type_id = kind.id
    cast.enters("fang", customer(n), customer_type_id=type_id)


def add_a_plot(cast: Cast, n: int) -> None:
    text = f"<p>=1+{n}<strong>临街</strong></p>"
    add_plot(cast, f"A-{n:02}{'甲乙丙丁'[n % 4]}", tags=(f"特色{n}",), text=text, place=n + 1)


LISTS = (
    List("leads", "secretary", add_customer, asks=5, search="broker_name=王芳", default_tab="all"),
    List("collisions", "director", add_collisions, asks=12, search="name=孙丁", sort=4, default_tab="open"),
    List("fees", "secretary", add_fee, asks=9, search="phone=1001", default_tab="all"),
    List("referrals", "director", add_referral, asks=5, has_days=False, search="brokerage=百川", sort=None),
    List("scans", "secretary", hold, asks=7, search="consultant=江心怡"),
    List("walk_ins", "secretary", add_walk_in, asks=4, search="name=洪丁"),
    List("visitors", "director", add_visitor, asks=8, search="name=洪丁", default_tab="active"),
    List("reveals", "admin", add_reveal, asks=8, search="visitor=洪丁"),
    List("viewings", "secretary", add_viewing, asks=7, search="intent=B"),
    List("rebinds", "director", add_rebind, asks=9, search="actor=秦越"),
    List("flags", "director", hold, asks=12, search="name=孙丁", default_tab="any"),
    List("profile_changes", "admin", add_profile_change, asks=9, search="phone=13500030002"),
    List("exports", "admin", add_export, asks=6, search="account=穆青"),
    List(
        "brokers", "director", add_broker, asks=6, has_days=False, search="role=resident", default_tab="all"
    ),
    List("brokerages", "director", add_brokerage, asks=6, has_days=False, search="name=丁家"),
    List("consultants", "admin", add_consultant, asks=6, has_days=False, search="name=丁"),
    List("staff", "admin", add_staff, asks=5, has_days=False, search="role=gate"),
    List(
        "customer_types", "admin", add_type, asks=7, has_days=False, search="name=丁类", default_tab="offered"
    ),
    List("plots", "admin", add_a_plot, asks=5, has_days=False, search="name=丁", default_tab="shown"),
)
"""Every list of the back office; a test of its own says so."""

every_list = pytest.mark.parametrize("this", [pytest.param(one, id=one.endpoint) for one in LISTS])
with_days = pytest.mark.parametrize("this", [pytest.param(x, id=x.endpoint) for x in LISTS if x.has_days])


MANY = 25


def add_rows(cast: Cast, clock: StoppedClock, this: List, number: int) -> None:
    """Add rows one minute after the other."""
    for n in range(number):
        this.add_row(cast, n)
        clock.forward(timedelta(minutes=1))


@pytest.fixture
def many_rows(
    stories: Stories, app: Flask, database: Database, cast: Cast, clock: StoppedClock
) -> Callable[[List], None]:
    """Fills a list with many rows, one minute after the other."""

    def fill(this: List) -> None:
        def tell() -> None:
            add_rows(cast, clock, this, MANY)

        stories.told(f"many {this.endpoint}", app, database, tell, clock=clock, cast=cast)

    return fill


def sentences(page: Page) -> str:
    return page.find("div", class_="empty").text


NO_LISTS = {
    "/admin/settings/",
    "/admin/project/",
    "/admin/first-steps/",
    "/admin/handing_over/",
    "/admin/reconciliation/",
}
"""Pages of the menu that are no list."""


def test_no_list_is_missing_here(desk: Desk, cast: Cast) -> None:
    menu = desk("admin").get("/admin/leads/").page.find("nav", class_="menu")

    offered = {link["href"] for link in menu.find_all("a")}
    assert {one.path for one in LISTS} == {h for h in offered if h.count("/") == 3} - NO_LISTS


EMPTY = {
    "leads": "No customers yet. They appear here as soon as a broker enters one on the phone."
    " Show the phone address",
    "collisions": "No open collisions. When a broker goes for a customer whom another broker holds,"
    " it appears here and in the menu.",
    "fees": "No fees yet. Open a customer whom the gate has scanned; the secretary writes the fee down there."
    " Look at the bound customers",
    "referrals": "Nothing here yet. A line appears as soon as a broker has completed the profile"
    " on the phone. Show the phone address",
    "scans": "Nothing here yet. A row appears when gate staff scan a broker's code and confirm the visit."
    " Look at the reported customers",
    "walk_ins": "Nothing here yet. A row appears when gate staff scan a visitor's own code."
    " Look at the gate scans",
    "reveals": "Nothing here yet. A row appears when somebody has a visitor's whole number shown."
    " Look at the visitors",
    "visitors": "Nothing here yet. A row appears when somebody on the phone says that they come to look"
    " at the property. Show the phone address",
    "viewings": "Nothing here yet. A row appears when a consultant scans the code of a bound customer"
    " and grades the intent. Look at the bound customers",
    "flags": "Nothing here yet. A row appears when something happens that a flag tells of."
    " Which do, the settings say. Look at the bound customers",
    "rebinds": "Nothing here yet. A row appears when the broker of a bound customer is changed"
    " on the customer's page. Look at the bound customers",
    "profile_changes": "Nothing here yet. A row appears when somebody changes a broker's phone or brokerage."
    " Look at the brokers",
    "exports": "Nothing here yet. A row appears when a list is exported. Look at the customers",
    "brokers": "No brokers yet. A broker appears here after the first sign-in on the phone."
    " Show the phone address",
    "brokerages": "Nothing here yet. Add the first brokerage; brokers can choose it at once. Add a brokerage",
    "consultants": "Nothing here yet. Add the first consultant; the gate needs one to confirm a visit."
    " Add a consultant",
    "customer_types": "Nothing here yet. Add the first type; brokers can choose it at once."
    " Add a customer type",
    "staff": "Nothing here yet. Add a gate account first; without one no code is scanned. Add an account",
    "plots": "Nothing here yet. Add the first plot; brokers see it at once. Add a plot",
}


@every_list
def test_an_empty_list_says_what_to_do_next(desk: Desk, cast: Cast, this: List) -> None:
    for who in set(cast.ids) - {"admin", this.who}:
        cast.archives(who)
    if this.who != "admin":
        cast.change(this.who, role=Role.ADMIN)
    for who in ("fang", "qiang"):
        cast.change_brokerage_of(who, archived_at=now())
    with cast.app.app_context():
        db.session.execute(db.update(CustomerType).values(retired_at=now()))
        db.session.commit()

    page = desk(this.who).get(this.path).page

    assert sentences(page) == EMPTY[this.endpoint]
    assert not [form for form in page.forms if "/export/" in form.action]


@every_list
def test_a_search_that_finds_nothing_says_so_and_can_be_cleared(desk: Desk, cast: Cast, this: List) -> None:
    this.add_row(cast, 0)
    client = desk(this.who)
    field = "account" if this.endpoint in ("exports", "reveals") else "name"

    page = client.submit(this.path, {field: "%"}).page

    assert rows(page) == []
    assert sentences(page).startswith("Nothing fits this search.")
    (clear,) = [link for link in page.find_all("a") if link.text == "Clear the search"]
    assert rows(client.get(clear["href"]).page) != []


@with_days
def test_wrong_days_are_answered_with_a_sentence_and_no_rows(
    desk: Desk, cast: Cast, clock: StoppedClock, this: List
) -> None:
    this.add_row(cast, 0)
    client = desk(this.who)
    wrong, reversed_ = (
        "That date cannot be right. Choose it again.",
        "The first day comes after the last one. Swap them.",
    )

    for days, sentence in (
        ("first_day=2026-02-30", wrong),
        ("last_day=20260-03-02", wrong),
        ("first_day=1026-03-02", wrong),
        ("last_day=yesterday", wrong),
        ("first_day=2026-03-03&last_day=2026-03-02", reversed_),
    ):
        answer = client.get(f"{this.path}?{days}")
        assert (days, answer.status_code) == (days, 422)
        assert answer.page.find("p", id="search-error").text == sentence
        assert rows(answer.page) == []


@with_days
def test_the_days_of_a_search_are_both_included(
    desk: Desk, cast: Cast, clock: StoppedClock, this: List
) -> None:
    moments = ("02-23T23:59:59", "02-24T00:00:00", "02-25T23:59:59", "02-26T00:00:00")
    for n, moment in enumerate(moments):
        clock.at(datetime.fromisoformat(f"2026-{moment}+08:00"))
        this.add_row(cast, 3 * n + 1)

    client = desk(this.who)

    page = client.submit(this.path, {"first_day": "2026-02-24", "last_day": "2026-02-25"}).page

    everything = rows(client.get(this.path).page)
    assert len(everything) == 4
    assert rows(page) == everything[1:3]


@with_days
def test_a_preset_shows_the_rows_of_its_days(desk: Desk, cast: Cast, clock: StoppedClock, this: List) -> None:
    moments = ("02-23T23:59:59", "02-24T00:00:00", "03-01T00:00:00", "03-02T10:00:00")
    for n, moment in enumerate(moments):
        clock.at(datetime.fromisoformat(f"2026-{moment}+08:00"))
        this.add_row(cast, 3 * n + 1)
    client = desk(this.who)
    offered = client.get(f"{this.path}?page_size=20").page.find_all("a", class_="jump")

    for preset, found in (("Today", 1), ("Last 7 days", 3), ("This month", 2)):
        page = client.get(next(link["href"] for link in offered if link.text == preset)).page

        chosen = [link.text for link in page.find_all("a", class_="jump") if link.has("aria-current")]
        assert (chosen, len(rows(page))) == ([preset], found)
        assert page.find("input", name="page_size")["value"] == "20"


def all_pages(client: PageClient, address: str) -> list[Page]:
    """Return a list's pages, from one to the next."""
    pages = [client.get(address).page]
    while following := pages[-1].find_all("a", rel="next"):
        pages.append(client.get(following[0]["href"]).page)
    return pages


def column(pages: list[Page], heading: str) -> list[str | int]:
    """Return the values under a heading; numbers as numbers."""
    values = [row[heading] for page in pages for row in rows(page)]
    return [int(value) if value.isdigit() and value[0] != "0" else value for value in values]


@every_list
def test_order_and_page_size_stay_and_a_page_beyond_the_last_is_the_last(
    desk: Desk, many_rows: Callable[[List], None], this: List
) -> None:
    many_rows(this)
    client = desk(this.who)
    state = "page_size=20" if this.sort is None else f"sort={this.sort}&page_size=20"

    pages = all_pages(client, f"{this.path}?{state}")
    searched = client.submit(f"{this.path}?{state}", action=this.path)
    beyond = client.get(f"{this.path}?{state}&page=999999").page

    assert len(pages) > 1
    assert [len(rows(page)) for page in pages[:-1]] == [20] * (len(pages) - 1)
    assert rows(searched.page) == rows(pages[0])
    assert rows(beyond) == rows(pages[-1])
    for page in pages:
        search = page.find("form", class_="search")
        kept = {field["name"]: field["value"] for field in search.find_all("input", type="hidden")}
        assert "&".join(f"{name}={value}" for name, value in kept.items()) == state


@pytest.mark.parametrize("this", [pytest.param(x, id=x.endpoint) for x in LISTS if x.sort is not None])
def test_a_heading_sorts_all_pages_and_a_second_click_turns_the_order_round(
    desk: Desk, many_rows: Callable[[List], None], this: List
) -> None:
    many_rows(this)
    client = desk(this.who)
    headings = [cell.text for cell in client.get(this.path).page.find("thead").find_all("th")]
    heading = [text for text in headings if text][this.sort or 0]

    first = press_heading(client, f"{this.path}?page_size=20", heading)
    rising = column(all_pages(client, first), heading)
    falling = column(all_pages(client, press_heading(client, first, heading)), heading)

    assert rising == sorted(rising, key=lambda value: (isinstance(value, str), value))
    assert falling == rising[::-1]
    assert len(set(rising)) > 20


def press_heading(client: PageClient, address: str, heading: str) -> str:
    """Return where a heading leads."""
    links = client.get(address).page.find_all("a", class_="sort")
    return next(link["href"] for link in links if link.text == heading)


@pytest.mark.parametrize(
    ("address", "argument"),
    [
        ("/admin/leads/", "status"),
        ("/admin/collisions/", "state"),
        ("/admin/fees/", "state"),
        ("/admin/brokers/", "tab"),
    ],
)
def test_a_tab_that_does_not_exist_is_answered_404(
    desk: Desk, cast: Cast, address: str, argument: str
) -> None:
    client = desk("director")

    for name in ("sold", "ALL", "withdrawn", "%"):
        answer = client.get(address, query_string={argument: name})
        assert (answer.status_code, "There is nothing here" in answer.page.text) == (404, True)


@every_list
def test_the_headings_and_the_first_column_stay_in_sight(desk: Desk, cast: Cast, this: List) -> None:
    this.add_row(cast, 0)

    page = desk(this.who).get(this.path).page

    table = page.find("div", class_="list-scroll").find("table", class_="list-table")
    for row in table.find_all("tr"):
        cells = [cell for cell in row.walk() if cell.tag in ("th", "td")]
        first = next(cell for cell in cells if "cell-check" not in cell["class"])
        assert "pin-start" in first["class"]
    assert len(table.find("thead").find_all("tr")) == 1


def test_the_style_keeps_headings_and_pinned_cells_in_place() -> None:
    style = (ROOT / "lead_system" / "static" / "css" / "back_office.css").read_text(encoding="utf-8")

    for selector in (r"\.list-table th", r"\.pin-start", r"\.pin-end"):
        assert re.search(selector + r"[^{}]*\{[^}]*position: sticky", style), selector


@every_list
def test_a_list_asks_the_database_as_often_for_many_rows_as_for_one(
    desk: Desk, cast: Cast, clock: StoppedClock, this: List
) -> None:
    client = desk(this.who)
    this.add_row(cast, 0)
    client.get(this.path)
    for_one = len(client.queries)

    for n in range(1, MANY):
        this.add_row(cast, n)
    page = client.get(this.path).page

    assert len(rows(page)) >= MANY
    assert len(client.queries) == for_one == this.asks, "\n".join(client.queries)
