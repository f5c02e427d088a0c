"""What only a browser shows: messages that move nothing, colours from the first frame on, menu, paper."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import DESK, LiveServer
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient

Shot = Callable[[Page, str], Path]
Opener = Callable[..., Page]

BACKGROUND = "getComputedStyle(document.body).backgroundColor"
DAY, NIGHT = "rgb(244, 245, 247)", "rgb(15, 19, 26)"
PRESS_WITHOUT_ROWS = "button => { button.disabled = false; button.click(); }"
LOOKS = [
    ("light", "system", DAY),
    ("dark", "system", NIGHT),
    ("light", "dark", NIGHT),
    ("dark", "light", DAY),
]
"""How the computer is, what was chosen, and what a page then looks like."""


@pytest.fixture
def collision(cast: Cast) -> int:
    """Fang holds whom Qiang is after."""
    lead = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", lead)
    return cast.collision_of(lead, cast.enters("qiang", OUYANG))


@pytest.fixture
def open_office(
    chromium: Browser, live_server: LiveServer, signed_in: Callable[[str], PageClient]
) -> Iterator[Opener]:
    """Opens the director's back office, signed in already, in a browser that is set up as one likes."""
    contexts: list[BrowserContext] = []

    def open_page(**setup: object) -> Page:
        context = chromium.new_context(base_url=live_server.url, **({"viewport": DESK} | setup))  # type: ignore[arg-type]
        contexts.append(context)
        cookie = signed_in("director").get_cookie("session")
        assert cookie is not None
        context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def heading_top(page: Page) -> float:
    box = page.locator("h1").bounding_box()
    assert box is not None
    return box["y"]


def handle(page: Page) -> None:
    page.goto("/admin/collisions/?state=open")
    page.locator(".cell-end button").first.click()


def test_good_news_stands_in_a_corner_until_it_was_read(
    open_office: Opener, collision: int, shot: Shot
) -> None:
    page = open_office()
    page.clock.install()
    page.goto("/admin/collisions/?state=open")
    before = heading_top(page)
    note = page.locator("[data-passing] .note")

    page.locator(".cell-end button").first.click()
    page.clock.run_for(500)

    expect(note).to_be_visible()
    shot(page, "toast")
    assert heading_top(page) == before, "a message that passes must not move the page"
    assert page.locator("[data-passing]").get_attribute("role") == "status"
    page.clock.run_for(6_000)
    note.hover()
    page.clock.run_for(60_000)
    expect(note).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for(20_000)
    expect(note).to_have_count(0)


def test_good_news_can_be_put_away_by_key_and_errors_stay(open_office: Opener, collision: int) -> None:
    page = open_office()
    handle(page)

    page.locator("[data-passing] .note-close").press("Enter")

    expect(page.locator(".note")).to_have_count(0)
    expect(page.locator("#work")).to_be_focused()
    page.goto("/admin/leads/")
    page.locator("button[value=mark_dealt]").evaluate(PRESS_WITHOUT_ROWS)
    expect(page.locator(".note-error")).to_be_visible()
    expect(page.locator(".note-error .note-close")).to_have_count(0)


def test_without_scripts_everything_is_there(open_office: Opener, collision: int, shot: Shot) -> None:
    page = open_office(java_script_enabled=False, viewport={"width": 768, "height": 900})

    handle(page)

    expect(page.locator(".note")).to_be_visible()
    expect(page.locator(".note .note-close")).to_have_count(0)
    assert page.locator(".note").evaluate("note => getComputedStyle(note.parentElement).position") == "static"
    expect(page.locator(".menu a").first).to_be_visible()
    expect(page.locator("[data-menu-button]")).to_be_hidden()
    expect(page.locator("[data-keys-open]")).to_be_hidden()
    shot(page, "without-scripts")
    page.locator("button[name=theme][value=dark]").click()
    assert page.evaluate(BACKGROUND) == NIGHT


def test_a_page_is_in_its_colours_before_any_script_runs(open_office: Opener) -> None:
    for computer, chosen, shown in LOOKS:
        page = open_office(color_scheme=computer)
        page.goto("/admin/collisions/")
        page.locator(f"button[name=theme][value={chosen}]").click()
        page.route("**/*.js", lambda route: route.abort())

        page.goto("/admin/brokers/")

        assert page.evaluate(BACKGROUND) == shown, (computer, chosen)
        pressed = page.locator("[name=theme][aria-pressed=true]")
        expect(pressed).to_have_attribute("value", chosen)


def test_the_menu_of_a_window_at_200_per_cent(open_office: Opener, collision: int, shot: Shot) -> None:
    page = open_office(viewport={"width": DESK["width"] // 2, "height": DESK["height"] // 2})
    page.goto("/admin/leads/")
    button, entry = page.locator("[data-menu-button]"), page.locator(".menu a[href='/admin/brokers/']")
    expect(page.locator("[data-keys-open]")).to_be_visible()
    expect(entry).to_be_hidden()

    button.press("Enter")
    expect(entry).to_be_visible()
    shot(page, "menu")
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"] // 2
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    entry.click()

    expect(page.locator("h1")).to_have_text("经纪人")
    expect(entry).to_be_hidden()


def test_a_customer_on_paper(open_office: Opener, collision: int, tmp_path: Path) -> None:
    page = open_office(color_scheme="dark")
    page.goto("/admin/leads/details/?id=1")
    expect(page.locator("[data-print]")).to_be_visible()

    page.emulate_media(media="print", color_scheme="dark")

    for gone in (".head", ".menu", ".jumps", ".way-back", ".page-actions", ".demo-banner"):
        expect(page.locator(gone)).to_be_hidden()
    for kept in ("h1", ".printed", "#history", "#scans"):
        expect(page.locator(kept)).to_be_visible()
    expect(page.locator(".page-lead")).to_contain_text("1")
    expect(page.locator(".printed")).to_contain_text("秦越")
    assert page.locator("[data-printed-at]").inner_text().startswith("20")
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    assert page.locator("h1").evaluate("text => getComputedStyle(text).color") == "rgb(0, 0, 0)"
    page.pdf(path=tmp_path / "customer.pdf", format="A4")
    assert (tmp_path / "customer.pdf").stat().st_size > 10_000


def fetched_files(page: Page) -> dict[str, int]:
    """Return our own files that a page used, each with the bytes that came over the line for it."""
    found: dict[str, int] = page.evaluate(
        "Object.fromEntries(performance.getEntriesByType('resource').filter("
        "(file) => file.name.includes('/static/')).map((file) => [file.name, file.transferSize]))"
    )
    return found


def test_files_are_fetched_once(open_office: Opener) -> None:
    """But for the icon, which Chromium asks for when it has nothing else to do: on either page."""
    page = open_office()
    page.goto("/admin/leads/")
    expect(page.locator("[data-keys-open]")).to_be_visible()
    first = fetched_files(page)

    page.goto("/admin/brokers/")
    expect(page.locator("[data-keys-open]")).to_be_visible()

    second = fetched_files(page)
    assert len(second) > 8
    again = {name for name, size in second.items() if size > 0}
    assert again & {name for name, size in first.items() if size > 0} == set()
    assert {name.rsplit("/", 1)[1] for name in again} <= {"icon.svg"}
    assert len({name.split("/static/")[1].split("/")[0] for name in second}) == 1, "modules under one hash"
