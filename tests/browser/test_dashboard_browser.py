"""The dashboard in a real browser: drawn from its table, whole in every look, used with the keyboard."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from tests.support.cast import OUYANG, PASSWORD, Cast

Shot = Callable[[Page, str], Path]

LOOKS = [(scheme, language, width) for scheme in ("light", "dark") for language, width in (("zh-CN", 1440), ("en", 768))]  # fmt: skip
RATIO_OF_SMALL_TEXT = 4.5


@pytest.fixture
def story(cast: Cast) -> Cast:
    """Today: three customers of two brokerages, one bound, one dealt, one only entered; a collision."""
    cast.change_brokerage_of("fang", name="百川物业管理有限责任公司成都高新技术产业开发区分公司")
    bound = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", bound)
    cast.views("xin", bound)
    dealt = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    cast.scans("feng", dealt, "ming")
    cast.deals("director", dealt, shanghai_day(now()))
    cast.enters("qiang", OUYANG)
    return cast


def sign_in(page: Page, login: str, *, in_english: bool = True) -> None:
    page.goto("/admin/sign-in")
    if in_english:
        page.get_by_role("button", name="English").click()
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator("nav.menu")).to_be_visible()


def colours_of(page: Page) -> set[str]:
    """Return the colours that stand on the canvas, but for the shades at the edges of its lines."""
    counted = page.locator(".chart canvas").evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const counts = {};
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] !== 255) continue;
            const colour = `${data[at]},${data[at + 1]},${data[at + 2]}`;
            counts[colour] = (counts[colour] || 0) + 1;
          }
          return counts;
        }"""
    )
    return {colour for colour, count in counted.items() if count > 10}


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(map(str, look)))
def test_the_page_is_whole_in_every_look(
    story: Cast, desk_page: Page, shot: Shot, look: tuple[str, str, int]
) -> None:
    scheme, language, width = look
    desk_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    desk_page.set_viewport_size({"width": width, "height": 900})

    sign_in(desk_page, "director", in_english=language == "en")

    canvas = desk_page.locator(".chart canvas")
    expect(canvas).to_be_visible()
    shot(desk_page, f"{scheme}-{language}-{width}")
    assert desk_page.evaluate("document.documentElement.scrollWidth") <= width
    box, place = canvas.bounding_box(), desk_page.locator("[data-trend]").bounding_box()
    assert box
    assert place
    assert 200 < box["width"] < place["width"]
