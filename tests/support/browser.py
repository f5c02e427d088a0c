"""Chromium against a running server: phones, desks, a camera that sees a film, a picture of every step."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Response,
    ViewportSize,
    sync_playwright,
)

from tests.support.databases import ROOT, Database, DatabaseFactory, stands_on_live_server
from tests.support.server import Server

SCREENSHOTS = ROOT / "test-output" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CAMERA_FLAGS = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@dataclass(frozen=True)
class LiveServer:
    """A running server, and the test's own application on the same database for looking and arranging."""

    url: str
    app: Flask


@contextmanager
def _running_server(database: Database) -> Iterator[str]:
    """Two processes of the real server on a free port; gives its address."""
    server = Server(database)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shared_server(database_factory: DatabaseFactory, live_folder: Path) -> Iterator[str]:
    """The server that browser tests have one after the other; each finds its own content in the database.

    A server holds nothing of what it has read: pages are made from the database, and so is who is signed in.
    """
    with _running_server(database_factory.standing(live_folder)) as url:
        yield url


@pytest.fixture
def live_server(request: pytest.FixtureRequest, app: Flask, database: Database) -> Iterator[LiveServer]:
    """The real server on the test's own database; by the mark `own_server` one that starts for this test."""
    if stands_on_live_server(request):
        yield LiveServer(request.getfixturevalue("shared_server"), app)
        return
    with _running_server(database) as url:
        yield LiveServer(url, app)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def _chromium(playwright: Playwright, *more_flags: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more_flags])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    with _chromium(playwright) as browser:
        yield browser


@contextmanager
def _watched_page(browser: Browser, live_server: LiveServer, *, is_phone: bool) -> Iterator[Page]:
    """A new person's page; at its end it fails for script errors, policy violations and server errors."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport=PHONE if is_phone else DESK,
        has_touch=is_phone,
        is_mobile=is_phone,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        permissions=["camera"] if is_phone else [],
    )
    context.set_default_timeout(10_000)
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Chromium also reports each 4xx answer as an error; a refusal is one on purpose.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def check(response: Response) -> None:
        if response.status >= 500:
            complaints.append(f"{response.status} at {response.url}")

    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", check)
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def open_phone(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[[], Page]]:
    """Gives one phone after the other, each with another person's cookies."""
    with ExitStack() as pages:
        yield lambda: pages.enter_context(_watched_page(chromium, live_server, is_phone=True))


@pytest.fixture
def open_desk(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[[], Page]]:
    """Gives one office computer after the other."""
    with ExitStack() as pages:
        yield lambda: pages.enter_context(_watched_page(chromium, live_server, is_phone=False))


@pytest.fixture
def phone_page(open_phone: Callable[[], Page]) -> Page:
    return open_phone()


@pytest.fixture
def desk_page(open_desk: Callable[[], Page]) -> Page:
    return open_desk()


@pytest.fixture
def camera_phone(playwright: Playwright, live_server: LiveServer) -> Iterator[Callable[[Path], Page]]:
    """Gives phones whose camera sees a film (.mjpeg or .y4m); Chromium takes the film only at its start."""
    with ExitStack() as opened:

        def open_with(film: Path) -> Page:
            flags = [*CAMERA_FLAGS, f"--use-file-for-fake-video-capture={film}"]
            browser = opened.enter_context(_chromium(playwright, *flags))
            return opened.enter_context(_watched_page(browser, live_server, is_phone=True))

        yield open_with


Shot = Callable[[Page, str], Path]
"""What the fixture `shot` gives."""

WIDTHS = (360, 768, 1440)
"""The widths in pixels at which pages are looked at: a phone, a tablet and a desk."""


def shoot(page: Page, shot: Shot, name: str) -> None:
    """Keep a picture at each width, and find nothing that sticks out sideways."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"{name} {width}")


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Shot:
    """Keeps a picture of a page under the test's name, numbered in the order of the story."""
    folder = SCREENSHOTS / re.sub(r"\W+", "-", request.node.name).strip("-")
    taken: list[Path] = []

    def take(page: Page, name: str) -> Path:
        path = folder / f"{len(taken) + 1:02d}-{name}.png"
        page.screenshot(path=path, full_page=True)
        taken.append(path)
        return path

    return take
