"""An admin imports consultants as people do: template, a slip, its reason, mended, imported, signed in."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from lead_system.models import Account
from tests.browser.test_office_pages import Shot, sign_in
from tests.support.cast import Cast
from tests.support.sheets import STAFF_HEADINGS, workbook

OWN = "my very own secret"
LIN = ("C-0101", "林青", "13712340001", "lin.qing")
ZHOU = ("C-0102", "周全", "1371234000", "zhou.quan")
"""One digit of the phone is missing."""


def fill_in(template: Path, *rows: Sequence[str]) -> Path:
    """Type rows under the headings of a template, and save it as another file."""
    book = load_workbook(template)
    for row in rows:
        book.worksheets[0].append(list(row))
    filled = template.with_name("consultants.xlsx")
    book.save(filled)
    return filled


def check(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="检查文件").click()
    expect(page.locator("h1")).to_have_text("核对导入内容")


def test_consultants_come_in_from_a_workbook(
    cast: Cast,
    open_desk: Callable[[], Page],
    open_phone: Callable[[], Page],
    shot: Shot,
    tmp_path: Path,
) -> None:
    desk = open_desk()
    sign_in(desk, "admin")
    desk.goto("/admin/consultants/")
    desk.get_by_role("link", name="从 Excel 导入").click()
    shot(desk, "file")
    with desk.expect_download() as coming:
        desk.get_by_role("link", name="下载模板").click()
    template = tmp_path / coming.value.suggested_filename
    coming.value.save_as(template)
    assert template.name == "置业顾问导入模板.xlsx"

    check(desk, fill_in(template, LIN, ZHOU))
    expect(desk.locator("#bad tbody tr")).to_have_count(1)
    expect(desk.locator("#bad tbody tr")).to_contain_text("电话")
    shot(desk, "checked")
    desk.get_by_role("link", name="修改文件后重新选择").click()
    assert cast.count(Account, name="林青") == 0

    check(desk, fill_in(template, LIN, (*ZHOU[:2], "13712340002", ZHOU[3])))
    shot(desk, "mended")
    desk.get_by_role("button", name="导入全部 2 行").click()
    expect(desk.locator("h1")).to_have_text("导入完成")
    password = desk.locator("tr", has_text="lin.qing").locator("code").inner_text()
    shot(desk, "imported")
    with desk.expect_download() as coming:
        desk.get_by_role("button", name="下载为 Excel 文件").click()
    coming.value.save_as(tmp_path / "passwords.xlsx")
    taken = load_workbook(tmp_path / "passwords.xlsx").worksheets[0]
    assert ("C-0101", "林青", "lin.qing", password) in list(taken.iter_rows(values_only=True))

    desk.get_by_role("link", name="查看新增的 2 行").click()
    expect(desk.locator("tbody tr")).to_have_count(2)
    expect(desk.locator("tbody")).to_contain_text("周全")
    shot(desk, "listed")

    phone = open_phone()
    phone.goto("/m/staff/sign-in")
    phone.locator("#login").fill("lin.qing")
    phone.locator("#password").fill(password)
    phone.locator("main form button").click()
    phone.locator("#current_password").fill(password)
    phone.locator("#new_password").fill(OWN)
    phone.locator("#repeated").fill(OWN)
    phone.locator("main form button").first.click()
    expect(phone).not_to_have_url(re.compile("/password"))
    assert cast.count(Account, login="lin.qing", must_change_password=False) == 1


@pytest.mark.parametrize("width", [768, 1440])
def test_nothing_sticks_out_of_the_pages_of_an_import(
    cast: Cast, open_desk: Callable[[], Page], shot: Shot, tmp_path: Path, width: int
) -> None:
    desk = open_desk()
    desk.emulate_media(color_scheme="dark")
    sign_in(desk, "admin")
    desk.locator("button[name=language]").click()
    desk.set_viewport_size({"width": width, "height": 900})
    file = tmp_path / "a very long name of a file that somebody has sent by mail some time ago.xlsx"
    long = ("C-" + "7" * 18, "Wolfeschlegelsteinhausenberger", "13712340001", "Gate staff", "w" * 30)
    file.write_bytes(workbook(STAFF_HEADINGS, long, ("S0001", "9" * 300, "1", "x" * 200, "gate-feng")))

    desk.goto("/admin/staff/import/")
    fits(desk, shot, "file")
    desk.locator("input[type=file]").set_input_files(file)
    desk.get_by_role("button", name="Check the file").click()
    expect(desk.locator("h1")).to_have_text("Check the rows")
    fits(desk, shot, "checked")
    desk.get_by_role("button", name="Import only the 1 good row").click()
    expect(desk.locator("h1")).to_have_text("Imported")
    fits(desk, shot, "imported")


def fits(page: Page, shot: Shot, name: str) -> None:
    shot(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
