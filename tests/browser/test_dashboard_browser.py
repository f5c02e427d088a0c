"""The dashboard in a real browser: drawn from its table, whole in every look, used with the keyboard."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from tests.support.browser import LiveServer
from tests.support.cast import OUYANG, PASSWORD, Cast

Shot = Callable[[Page, str], Path]
LOOKS = [("light", 1440), ("light", 768), ("dark", 1440), ("dark", 768)]
COLOURS_OF_LINES = ("--blue-ink", "--amber-ink", "--green-ink", "--violet-ink")


@pytest.fixture
def story(cast: Cast) -> Cast:
    """Today: four customers of two brokerages, one bound, one dealt; a collision; a long name."""
    cast.change_brokerage_of("fang", name="百川物业管理有限责任公司成都高新技术产业开发区分公司")
    bound = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", bound)
    cast.views("xin", bound)
    cast.scans("lu", bound)
    dealt = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    cast.scans("feng", dealt, "ming")
    cast.deals("director", dealt, shanghai_day(now()))
    cast.enters("fang", ("周", "全", "1770002"))
    cast.enters("qiang", OUYANG)
    return cast


def sign_in(page: Page, login: str) -> None:
    page.goto("/admin/sign-in")
    page.get_by_role("button", name="English").click()
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")


def drawn_colours(page: Page) -> dict[str, int]:
    """Return how many points of the canvas have each colour."""
    counted: dict[str, int] = page.locator(".chart canvas").evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const counts = {};
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] !== 255) continue;
            const colour = [data[at], data[at + 1], data[at + 2]].map((n) => n.toString(16).padStart(2, "0"));
            const name = `#${colour.join("")}`;
            counts[name] = (counts[name] || 0) + 1;
          }
          return counts;
        }"""
    )
    return counted


def token(page: Page, name: str) -> str:
    script = "name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()"
    return str(page.evaluate(script, name))


def expect_lines_in_colours_of_the_page(page: Page) -> None:
    drawn = drawn_colours(page)
    assert {name: drawn.get(token(page, name), 0) > 20 for name in COLOURS_OF_LINES} == dict.fromkeys(
        COLOURS_OF_LINES, True
    )


def test_the_page_is_whole_and_drawn_in_every_look(story: Cast, desk_page: Page, shot: Shot) -> None:
    desk_page.emulate_media(reduced_motion="reduce")
    sign_in(desk_page, "director")
    for language in ("en", "zh-CN"):
        for scheme, width in LOOKS:
            desk_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            desk_page.set_viewport_size({"width": width, "height": 900})
            desk_page.goto("/admin/?period=7")

            canvas = desk_page.locator(".chart canvas")
            expect(canvas).to_be_visible()
            expect_lines_in_colours_of_the_page(desk_page)
            shot(desk_page, f"{scheme}-{language}-{width}")
            assert desk_page.evaluate("document.documentElement.scrollWidth") <= width
            assert (
                desk_page.locator(".table-scroll").evaluate_all(
                    "places => places.filter((place) => place.scrollWidth > place.clientWidth).length"
                )
                == 0
            ), f"a table is cut off at {width} in {language}"
        desk_page.locator("button[name=language]").click()


def test_the_chart_says_what_the_table_says_and_opens_its_rows(story: Cast, desk_page: Page) -> None:
    desk_page.emulate_media(reduced_motion="reduce")
    sign_in(desk_page, "director")
    desk_page.goto("/admin/?period=7")
    details = desk_page.locator("[data-trend] details")
    expect(details).not_to_have_attribute("open", re.compile(""))

    drawn = desk_page.evaluate(
        """() => {
          const option = echarts.getInstanceByDom(document.querySelector(".chart")).getOption();
          return { days: option.xAxis[0].data, animation: option.animation,
                   lines: option.series.map((one) => [one.name, one.data, one.lineStyle.type, one.symbol]) };
        }"""
    )

    details.locator("summary").focus()
    desk_page.keyboard.press("Enter")
    rows = desk_page.locator("[data-trend] tbody tr").all_inner_texts()
    table = [row.split() for row in reversed(rows)]
    assert drawn["days"] == [row[0] for row in table]
    assert [line[1] for line in drawn["lines"]] == [[int(row[n]) for row in table] for n in (1, 2, 3, 4)]
    assert [line[1][-1] for line in drawn["lines"]] == [4, 3, 2, 1]
    assert [line[0] for line in drawn["lines"]] == ["Customers entered", "Gate scans", "Newly bound", "Deals"]
    assert len({(line[2], line[3]) for line in drawn["lines"]}) == 4, "colour is not the only carrier"
    assert drawn["animation"] is False
    label = desk_page.locator(".chart").get_attribute("aria-label") or ""
    assert label.startswith("Lines by day: Customers entered, Gate scans, Newly bound, Deals.")


def test_the_drawing_follows_the_window_and_the_look(story: Cast, desk_page: Page, shot: Shot) -> None:
    desk_page.emulate_media(reduced_motion="reduce", color_scheme="light")
    sign_in(desk_page, "director")
    canvas = desk_page.locator(".chart canvas")
    expect(canvas).to_be_visible()
    wide = canvas.bounding_box()

    desk_page.set_viewport_size({"width": 600, "height": 900})
    expect(canvas).not_to_have_attribute("width", str(round(wide["width"] if wide else 0)))
    desk_page.emulate_media(color_scheme="dark")
    desk_page.wait_for_timeout(300)

    place, narrow = desk_page.locator(".chart").bounding_box(), canvas.bounding_box()
    assert place
    assert narrow
    assert abs(place["width"] - narrow["width"]) <= 1
    expect_lines_in_colours_of_the_page(desk_page)
    shot(desk_page, "narrow-dark")


def test_the_period_is_changed_and_a_figure_opened_with_the_keyboard(story: Cast, desk_page: Page) -> None:
    sign_in(desk_page, "director")
    desk_page.get_by_role("link", name="7 days", exact=True).focus()
    desk_page.keyboard.press("Tab")
    desk_page.keyboard.press("Tab")
    desk_page.keyboard.press("Enter")
    desk_page.wait_for_url("**/admin/?period=90")
    expect(desk_page.locator(".periods [aria-current]")).to_have_text("90 days")
    expect(desk_page.locator("[data-trend] tbody tr")).to_have_count(90)

    desk_page.get_by_role("link", name="Newly bound Today: 2").focus()
    desk_page.keyboard.press("Enter")

    expect(desk_page.get_by_role("heading", level=1)).to_have_text("Customers")
    expect(desk_page.locator("tbody tr")).to_have_count(2)


@pytest.mark.parametrize("missing", ["scripts", "vendor"])
def test_without_scripts_or_the_library_the_table_stands_open(
    story: Cast, chromium: Browser, live_server: LiveServer, missing: str
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=missing != "scripts")
    page = context.new_page()
    if missing == "vendor":
        page.route("**/vendor/**", lambda route: route.abort())

    sign_in(page, "secretary")

    expect(page.locator("[data-trend] tbody tr").first).to_be_visible()
    expect(page.locator(".chart")).to_be_hidden()
    context.close()
