"""The visit slip in a real browser: from the list to one sheet of paper, and from the paper to the check."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Shot, shoot
from tests.support.cast import OUYANG, PASSWORD, Cast
from tests.support.project import write_project


@pytest.fixture
def slip(desk_page: Page, cast: Cast) -> Page:
    """Gives the slip of a visit with the longest names there are, opened from the list as a director."""
    cast.change_brokerage_of("fang", name="百川物业管理有限责任公司成都高新技术产业开发区分公司")
    write_project(cast, name="澄湖国际商贸中心")
    cast.scans("feng", cast.enters("fang", OUYANG, "1394321", reports=True))
    desk_page.goto("/admin/sign-in")
    desk_page.get_by_label("账号").fill("director")
    desk_page.get_by_label("密码").fill(PASSWORD)
    desk_page.get_by_role("button", name="登录").click()
    desk_page.goto("/admin/scans/")
    desk_page.get_by_role("link", name="带看确认单").click()
    expect(desk_page.get_by_role("heading", name="带看确认单")).to_be_visible()
    return desk_page


def test_a_slip_is_one_sheet_of_paper_with_nothing_to_press(slip: Page, shot: Shot) -> None:
    shoot(slip, shot, "slip")

    sheet = slip.pdf(format="A4")

    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    slip.set_viewport_size({"width": 680, "height": 1000})
    slip.emulate_media(media="print")
    expect(slip.locator(".slip-code")).to_be_visible()
    assert slip.locator("nav.menu, header.head, .page-actions, .way-back").filter(visible=True).count() == 0
    assert slip.evaluate("document.querySelector('.slip-check img').naturalWidth") > 200
    shot(slip, "paper")


def test_whoever_has_the_paper_checks_it_on_a_phone(slip: Page, phone_page: Page, shot: Shot) -> None:
    code = slip.locator("[data-code]").inner_text()
    phone_page.goto("/verify/slip?number=1")
    shoot(phone_page, shot, "ask")

    phone_page.get_by_label("核验码").fill(code.upper())
    phone_page.get_by_role("button", name="核验").click()
    expect(phone_page.get_by_role("status")).to_contain_text("真实")
    expect(phone_page.get_by_text("138****5678 · 139****4321")).to_be_visible()
    shoot(phone_page, shot, "genuine")

    phone_page.get_by_label("确认单号").fill("1")
    phone_page.get_by_label("核验码").fill("aaaaa-aaaaa-aaaaa")
    phone_page.get_by_role("button", name="核验").click()
    expect(phone_page.get_by_role("alert")).to_contain_text("未能确认")
    shoot(phone_page, shot, "refused")
