"""Every page, asked by axe-core in Chromium: nothing serious or critical keeps anybody from using it.

The pages are those of tests/house/access_table.py, which has a row for every address: new ones are asked too.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.test_office_pages import LISTS
from tests.house.access_table import TABLE, Row
from tests.house.test_access import routes_of, tell_story
from tests.support.browser import DESK, PHONE, LiveServer
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ASK = """async (rules) => {
    const options = {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})};
    const {violations} = await axe.run(document, options);
    return violations.map(({id, impact, help, nodes}) =>
        `${impact} ${id} (${help}): ${nodes.map((node) => node.html.slice(0, 110)).slice(0, 3).join(" | ")}`);
}"""

FOR_EVERYBODY = {"/verify", "/verify/slip"}
"""Pages that belong to neither face, and want no sign-in."""

NO_PAGES = {
    "/",
    "/healthz",
    "/pictures/<digest>/<int:width>.jpg",
    "/readyz",
    *(f"/admin/{kind}/import/template/" for kind in ("brokerages", "consultants", "staff")),
}
"""An address that leads on, what machines ask, pictures, and files."""

SignedIn = Callable[[str], PageClient]


@pytest.fixture
def records(cast: Cast) -> dict[str, object]:
    """Gives the records that the addresses of the table name."""
    return tell_story(cast)


@pytest.fixture
def browser_of(
    chromium: Browser, live_server: LiveServer, signed_in: SignedIn
) -> Iterator[Callable[[str], Page]]:
    """Gives the browser of somebody who has signed in before; "stranger" has not."""
    contexts: list[BrowserContext] = []

    def open_browser(who: str, *, is_phone: bool = False) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, viewport=PHONE if is_phone else DESK, reduced_motion="reduce"
        )
        context.add_init_script(path=AXE)
        contexts.append(context)
        if who != "stranger":
            cookie = signed_in(who).get_cookie("session")
            assert cookie is not None
            context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()


def visitor_of(row: Row) -> str:
    """Return who looks at a page: of those who may, the one who may see the most of it."""
    for who in (row.owner, "admin", "secretary", "fang", "feng", "xin"):
        if who in row.people:
            return who
    return min(row.people)


def samples(prefix: str) -> list[Row]:
    """Return every address that somebody may open, with a record where it wants one."""
    return [
        row
        for row in TABLE
        if row.verb == "GET" and row.rule.startswith(prefix) and row.people and row.rule not in NO_PAGES
    ]


def complaints_about(page: Page, address: str, seen: set[str]) -> list[str]:
    """Open a page, and ask about it unless that was done before."""
    answer = page.goto(address)
    if answer is None or "text/html" not in answer.headers.get("content-type", "") or page.url in seen:
        return []
    seen.add(page.url)
    assert answer.status < 500, f"{address} answered {answer.status}"
    return [f"{address} {said}" for said in complaints_here(page)]


def complaints_here(page: Page) -> list[str]:
    """Ask in daylight and at night; at night only colours differ."""
    page.emulate_media(color_scheme="light")
    found = [("light", said) for said in page.evaluate(ASK, None)]
    page.emulate_media(color_scheme="dark")
    found += [("dark", said) for said in page.evaluate(ASK, ["color-contrast"])]
    return [f"({scheme}): {said}" for scheme, said in found if is_grave(said)]


def is_grave(said: str) -> bool:
    return said.startswith(("serious", "critical", "moderate"))


def visit(
    browser_of: Callable[..., Page], rows: list[Row], records: dict[str, Any], **kind: bool
) -> list[str]:
    pages: dict[str, Page] = {}
    found: list[str] = []
    seen: set[str] = set()
    for row in rows:
        who = visitor_of(row)
        if who not in pages:
            pages[who] = browser_of(who, **kind)
        found += complaints_about(pages[who], row.address.format(**records), seen)
    return found


def complaints_about_what_opens(page: Page) -> list[str]:
    """Ask about the menu of a narrow window, and about the help on keys, while they are open."""
    page.set_viewport_size({"width": 768, "height": 900})
    page.goto("/admin/leads/")
    page.locator("[data-keys-open]:visible").wait_for()
    page.locator("[data-menu-button]").click()
    menu = [f"menu {said}" for said in complaints_here(page)]
    page.locator("[data-keys-open]").click()
    return menu + [f"keys {said}" for said in complaints_here(page)]


def test_axe_finds_nothing_on_any_page(browser_of: Callable[..., Page], records: dict[str, object]) -> None:
    admin, stranger = frozenset({"admin"}), frozenset({"stranger"})
    doors = [Row("GET", door, stranger, 200) for door in ("/admin/sign-in", *FOR_EVERYBODY)]
    office = [*samples("/admin/"), *doors]
    office += [Row("GET", f"/admin/{page}", admin, 200) for page in LISTS if "?" in page]
    phone = [*samples("/m/"), Row("GET", "/m/sign-in", stranger, 200)]

    found = visit(browser_of, office, records) + visit(browser_of, phone, records, is_phone=True)
    found += complaints_about_what_opens(browser_of("admin"))

    assert not found, "\n".join(found)


def test_every_page_is_asked(app: Flask) -> None:
    pages = {rule for verb, rule in routes_of(app) if verb == "GET"} - NO_PAGES
    asked = {row.rule for row in samples("/admin/") + samples("/m/")} | FOR_EVERYBODY

    assert pages - asked == set(), "write a row in tests/house/access_table.py with a record to look at"
