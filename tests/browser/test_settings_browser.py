"""The settings in Chromium: what the admin decides, after seeing what it does, and what brokers then see."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.cast import PASSWORD, Cast


def test_admin_changes_protection_contact_and_types(
    cast: Cast, desk_page: Page, shot: Callable[..., object]
) -> None:
    lead = cast.enters("qiang", reports=True)
    cast.scans("feng", lead)
    before = cast.read(lead, "protect_until")
    page = desk_page
    page.goto("/admin/sign-in")
    page.locator("#login").fill("admin")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").first.click()

    page.goto("/admin/settings/")
    page.locator("[name=days]").fill("45")
    page.locator("main form:has([name=days]) button").click()
    expect(page.locator(".foresight li").first).to_contain_text("1 个有效绑定")
    shot(page, "preview")
    assert cast.read(lead, "protect_until") == before
    page.locator("input[type=radio]").last.check()
    page.locator("main form[method=post] button.button-first").click()
    expect(page.locator("main")).to_contain_text("当前 45 天")
    assert (cast.read(lead, "protect_until") - before).days == 15

    page.goto("/admin/settings/contact/")
    page.locator("[name=service_phone]").fill("400-123-4567")
    page.locator("main form[method=post] button.button-first").click()
    expect(page.locator("main")).to_contain_text("400-123-4567")

    page.goto("/admin/customer_types/add/")
    page.locator("main [name=name]").fill("地下商铺")
    page.locator("main form[method=post] button.button-first").click()
    expect(page.locator("tbody")).to_contain_text("地下商铺")
