"""The first load on a slow line: how much comes over the wire, and when the largest thing is painted."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page

from lead_system.clock import now
from lead_system.services.illustrations import keep_illustration
from lead_system.web.pictures import draw_widths
from tests.support.browser import PHONE, LiveServer
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.project import add_plot, write_project

SLOW_4G = {
    "offline": False,
    "latency": 150 * 3.75,
    "downloadThroughput": 1.6e6 / 8 * 0.9,
    "uploadThroughput": 750e3 / 8 * 0.9,
}
"""What the developer tools of Chromium call slow 4G: 562.5 ms before each answer, 180 000 bytes a second."""

WATCH = """
    window.painted = 0; window.moved = 0;
    const watch = (type, hear) => new PerformanceObserver((list) => list.getEntries().forEach(hear))
        .observe({type, buffered: true});
    watch("largest-contentful-paint", (entry) => { window.painted = entry.startTime; });
    watch("layout-shift", (entry) => { if (!entry.hadRecentInput) window.moved += entry.value; });
"""
BELOW_THE_FOLD = """() => [...document.images]
    .filter((image) => image.getBoundingClientRect().top >= innerHeight).map((image) => image.currentSrc)"""


@dataclass
class Wire:
    """What came over the wire, in bytes as they were sent, by address."""

    sizes: dict[str, float] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._begins)
        session.on("Network.loadingFinished", self._ends)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": False})
        session.send("Network.emulateNetworkConditions", SLOW_4G)

    def _begins(self, told: dict[str, Any]) -> None:
        self._addresses[told["requestId"]] = told["request"]["url"]

    def _ends(self, told: dict[str, Any]) -> None:
        self.sizes[self._addresses[told["requestId"]]] = told["encodedDataLength"]


@pytest.fixture
def new_phone(
    chromium: Browser, live_server: LiveServer, signed_in: Callable[[str], PageClient]
) -> Iterator[Callable[[], Page]]:
    """Gives sharp phones that were never here, with the session of Fang, who is a broker."""
    cookie = signed_in("fang").get_cookie("session")
    assert cookie is not None
    with ExitStack() as phones:

        def take_out() -> Page:
            context = phones.enter_context(
                closing(
                    chromium.new_context(
                        base_url=live_server.url,
                        viewport=PHONE,
                        device_scale_factor=2,
                        is_mobile=True,
                        has_touch=True,
                    )
                )
            )
            context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])
            context.add_init_script(WATCH)
            return context.new_page()

        yield take_out


def photo(cast: Cast, number: int) -> str:
    """Keep a picture that weighs what a photo weighs; returns its address."""
    grain = Image.effect_noise((1600, 1000), 60 + number).filter(ImageFilter.GaussianBlur(2.5))
    picture = Image.merge("RGB", (grain, grain.rotate(180), grain.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    with cast.app.app_context():
        drawn = draw_widths(picture)
        assert len(drawn.drawn[1].jpeg) > 15_000
        digest = keep_illustration(cast.as_("admin"), picture=drawn, now=now()).digest
    return f"/pictures/{digest}/480.jpg"


def show_a_project(cast: Cast) -> None:
    """Write a project page with three pictures, and three plots with one each."""
    addresses = [photo(cast, number) for number in range(6)]
    images = [f'<p><img src="{address}" alt=""></p>' for address in addresses]
    write_project(
        cast,
        address="苏州工业园区湖滨路 1 号",
        introduction="<p>临湖而建，步行可达双地铁。</p>" + "".join(images[:3]),
        tags=("湖景", "双地铁"),
    )
    for number, image in enumerate(images[3:], start=1):
        add_plot(cast, f"A-0{number}", text=f"<p>挑高五米四</p>{image}", tags=("临街",))


@dataclass(frozen=True)
class Load:
    """A page that was opened for the first time."""

    painted: float
    """When its largest part was painted, in milliseconds."""
    sizes: dict[str, float]
    """What came over the wire, without the pictures below the fold."""
    below: list[str]
    """The pictures below the fold."""

    @property
    def pictures(self) -> list[str]:
        return [address for address in self.sizes if "/pictures/" in address]


def first_load(page: Page, address: str) -> Load:
    """Open a page on a slow line, and wait for the pictures that come by themselves."""
    wire = Wire()
    wire.watch(page)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1_500)
    below = page.evaluate(BELOW_THE_FOLD)
    assert page.evaluate("window.moved") < 0.05, "nothing jumps while it loads"
    sizes = {address: size for address, size in wire.sizes.items() if address not in below}
    return Load(page.evaluate("window.painted"), sizes, [one for one in wire.sizes if one in below])


def test_first_pages_are_light_and_soon_there_on_slow_4g(cast: Cast, new_phone: Callable[[], Page]) -> None:
    show_a_project(cast)
    for number, given in enumerate("甲乙丙丁戊己庚辛"):
        cast.enters("fang", ("客", given, f"138000{number}"), reports=True)

    home = first_load(new_phone(), "/m/home")
    project = first_load(new_phone(), "/m/project")

    assert 20_000 < sum(home.sizes.values()) <= 100_000, home.sizes
    assert 0 < home.painted <= 2_500
    assert not any("barcode-detector" in address or "/js/camera" in address for address in home.sizes)
    assert len(home.pictures + home.below) == 3, "each plot has one"
    assert all(address.endswith("/240.jpg") for address in home.pictures + home.below), "cards are small"
    assert project.pictures, "the first picture is above the fold"
    assert all(address.endswith("/960.jpg") for address in project.pictures), "sharp here, and no larger"
    assert 0 < project.painted <= 2_500
