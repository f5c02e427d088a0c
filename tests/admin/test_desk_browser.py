"""What the back office does in a real browser: ticks, the number in the menu, whole numbers cut at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.cast import OUYANG, PASSWORD, Cast


@pytest.fixture
def bound(cast: Cast) -> int:
    """A customer whom Qiang holds; beside one who is only entered."""
    cast.enters("fang", ("李", "阳春", "1860003"))
    lead = cast.enters("qiang", OUYANG, reports=True)
    cast.scans("feng", lead)
    return lead


@pytest.fixture
def director(desk_page: Page, bound: int) -> Page:
    """A director at the customers, who reads English; the modules of the page have started."""
    desk_page.goto("/admin/sign-in")
    desk_page.get_by_role("button", name="English").click()
    desk_page.get_by_label("Account name").fill("director")
    desk_page.get_by_label("Password").fill(PASSWORD)
    desk_page.get_by_role("button", name="Sign in").click()
    desk_page.get_by_role("link", name="Customers", exact=True).click()
    expect(desk_page.locator("button[value=mark_dealt]")).to_be_disabled()
    return desk_page


def test_ticked_rows_are_counted_and_lead_to_the_page_that_asks(
    director: Page, bound: int, shot: Callable[..., object]
) -> None:
    button = director.locator("button[value=mark_dealt]")
    director.get_by_label(f"Select No. {bound}").check()
    director.get_by_label(f"Select No. {bound - 1}").check()
    expect(button).to_have_text("Mark as dealt(2)")
    shot(director, "ticked")
    button.click()

    expect(director.get_by_role("heading", level=1)).to_have_text("Mark several deals")
    expect(director.get_by_role("button", name="Mark 1 customer as dealt")).to_be_visible()
    shot(director, "asked")


def test_the_number_in_the_menu_follows_while_the_page_stands_open(director: Page, cast: Cast) -> None:
    number = director.locator("[data-count-url*=collisions]")
    expect(number).to_be_hidden()

    cast.enters("fang")
    director.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(number).to_be_visible()
    expect(number.locator("[data-count]")).to_have_text("1")


def test_a_whole_number_in_the_search_is_cut_before_it_is_sent(director: Page, bound: int) -> None:
    director.get_by_label("Customer phone").fill("138 1234 5678")
    director.get_by_role("button", name="Search").click()

    expect(director.locator("tbody tr")).to_have_count(1)
    expect(director.locator("tbody")).to_contain_text(str(bound))
    assert "1234" not in director.url


def test_a_tip_opens_within_the_window(director: Page, cast: Cast, bound: int) -> None:
    collision = cast.collision_of(bound, cast.enters("fang", OUYANG))
    cast.handles("director", collision)
    director.set_viewport_size({"width": 768, "height": 900})
    director.goto(f"/admin/collisions/details/?id={collision}")
    tips = director.locator(".tip")
    assert tips.count() > 2

    for tip in tips.all():
        expect(tip.locator(".tip-text")).to_be_hidden()
        tip.locator("button").focus()
        expect(tip.locator(".tip-text")).to_be_visible()
        assert director.evaluate("document.documentElement.scrollWidth") <= 768
