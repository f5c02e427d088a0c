"""Not the same person, in Chromium: the preview fits a narrow screen, and one button declares it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_office_pages import sign_in
from tests.support.browser import WIDTHS, Shot
from tests.support.cast import OUYANG, Cast

MAIN_WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture
def wanted(cast: Cast) -> int:
    """A customer whom Qiang holds and Fang reports, with look-alikes of each kind beside them."""
    cast.scans("feng", cast.enters("qiang", OUYANG, "1394321", reports=True))
    number = cast.enters("fang", OUYANG, reports=True)
    cast.enters("wei", OUYANG)
    cast.enters("qiang", ("欧阳", "锋", "1385679"))
    cast.enters("qiang", ("Wolfeschlegelsteinhausenberg", "Hubert", "1385678"))
    return number


@pytest.mark.parametrize("width", WIDTHS)
def test_director_reads_what_follows_and_declares_it(
    desk_page: Page, cast: Cast, wanted: int, shot: Shot, width: int
) -> None:
    sign_in(desk_page, "director")
    desk_page.set_viewport_size({"width": width, "height": 900})
    desk_page.goto(f"/admin/leads/details/?id={wanted}#look-alikes")
    shot(desk_page, f"look-alikes-{width}")
    desk_page.locator("#look-alikes a.button").click()
    expect(desk_page.locator(".foresight li")).to_have_count(6)
    assert desk_page.evaluate(MAIN_WIDTH) <= width
    shot(desk_page, f"asked-{width}")

    desk_page.locator("[name=reason]").fill("身份证不同")
    desk_page.locator("form.sheet button").click()

    expect(desk_page.locator(".head-line .mark")).to_have_text("不是同一人，第 1 位")
    assert desk_page.evaluate(MAIN_WIDTH) <= width
    shot(desk_page, f"declared-{width}")
    desk_page.locator("#look-alikes a.button").click()
    shot(desk_page, f"back-{width}")
    assert cast.read(wanted, "person_number") == 1
