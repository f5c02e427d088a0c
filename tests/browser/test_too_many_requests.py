"""Where a browser has sent too much: the gate keeps its scans, the office its button; both go on later."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.test_bad_line import (
    Line,
    expect_amber,
    gate_phone,  # noqa: F401 - a fixture
    keeps,
    phone_of,  # noqa: F401 - a fixture
    scans_of,
)
from tests.support.cast import PASSWORD, Cast
from tests.support.databases import Database

Shot = Callable[[Page, str], Path]
A_MINUTE = 60
ASK_UNTIL_REFUSED = """async (path) => {
    for (let asked = 0; asked < 200; asked++) {
        const answer = await fetch(path, { headers: { Accept: "application/json" } });
        if (answer.status === 429) return Number(answer.headers.get("Retry-After"));
    }
    return 0;
}"""


class NarrowLine(Line):
    """A line to a server that takes sixty requests a minute; started anew, it counts from nothing."""

    def start(self) -> None:
        self._server.start(public_url=self.url, LEAD_REQUESTS_PER_MINUTE=str(A_MINUTE))
        self.is_down = False


@pytest.fixture
def line(app: Flask, database: Database) -> Iterator[Line]:
    del app
    with closing(NarrowLine(database)) as line:
        yield line


def test_scan_that_came_too_often_waits_amber_and_is_sent_later(
    cast: Cast,
    line: Line,
    gate_phone: Page,  # noqa: F811
    shot: Shot,
) -> None:
    lead_id, page = cast.enters("fang", reports=True), gate_phone
    page.goto(f"/m/v/{cast.code_of(lead_id)}")
    page.locator(f"[data-confirm] input[value='{cast.ids['xin']}']").check()
    assert page.evaluate(ASK_UNTIL_REFUSED, "/m/gate/line") > 0

    page.locator("[data-confirm] .weui-btn_primary").click()

    expect_amber(page)
    shot(page, "kept")
    assert ["answer" in scan for scan in keeps(page)] == [False], "a 429 is no answer"
    assert scans_of(cast, lead_id) == []
    assert page.evaluate("caches.match('/m/gate/shell', {ignoreVary: true}).then(Boolean)")

    line.kill()
    line.start()
    page.locator("[data-kept-now] [data-send-now]").click()
    expect(page.locator("[data-result=bound]")).to_be_visible()
    assert scans_of(cast, lead_id) == [(cast.ids["feng"], cast.ids["xin"])]


def test_code_that_is_typed_too_often_may_be_kept_like_on_a_bad_line(
    cast: Cast,
    line: Line,
    gate_phone: Page,  # noqa: F811
    shot: Shot,
) -> None:
    lead_id, page = cast.enters("fang", reports=True), gate_phone
    assert page.evaluate(ASK_UNTIL_REFUSED, "/m/gate/line") > 0

    page.locator("#code").fill(cast.read(lead_id, "short_code"))
    page.locator("[data-read-form] button").click()

    expect(page.locator("[data-choose]")).to_be_visible()
    page.goto("/m/gate/scans")
    expect(page.get_by_role("heading", level=1)).to_have_text("请稍候")
    shot(page, "too much at once")
    assert scans_of(cast, lead_id) == []


def test_office_is_told_to_wait_and_its_export_goes_on_after_it(
    cast: Cast,
    line: Line,
    phone_of: Callable[[], Page],  # noqa: F811
    shot: Shot,
) -> None:
    cast.enters("fang", reports=True)
    page = phone_of()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/admin/sign-in")
    page.locator("[name=login]").fill("director")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form .button-first").click()
    page.goto("/admin/leads/")
    assert page.evaluate(ASK_UNTIL_REFUSED, "/admin/collisions/open-count/") > 0

    page.locator("[data-export] button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请稍候")
    expect(page.get_by_text("操作过于频繁，请在")).to_be_visible()
    shot(page, "too much at once")
    line.kill()
    line.start()
    with page.expect_download() as download:
        page.get_by_role("button", name="重新提交").click()

    assert download.value.suggested_filename.endswith(".xlsx")


def test_progress_that_is_asked_too_often_does_not_say_that_the_export_has_ended(
    cast: Cast,
    line: Line,
    phone_of: Callable[[], Page],  # noqa: F811
) -> None:
    cast.enters("fang", reports=True)
    page = phone_of()
    page.goto("/admin/sign-in")
    page.locator("[name=login]").fill("director")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form .button-first").click()
    page.goto("/admin/leads/")
    page.evaluate(
        """() => document.querySelector("[data-export]").addEventListener("submit", (event) => {
            event.preventDefault();
            Object.defineProperty(event, "defaultPrevented", { value: false });
        }, { capture: true })"""
    )
    assert page.evaluate(ASK_UNTIL_REFUSED, "/admin/collisions/open-count/") > 0

    page.locator("[data-export] button").click()
    page.wait_for_timeout(1_500)

    expect(page.locator("[data-export] button")).to_be_disabled()
    expect(page.locator("[data-export] progress")).to_be_visible()
