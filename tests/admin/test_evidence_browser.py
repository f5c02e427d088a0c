"""Evidence in a real browser: it comes down from the time line, and the public page says what it is."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Shot, shoot
from tests.support.cast import PASSWORD, Cast
from tests.support.evidence import changed, dispute


@pytest.fixture
def evidence(desk_page: Page, cast: Cast, tmp_path: Path, shot: Shot) -> Path:
    """Gives the file that a director took with one press on the time line."""
    fangs, _qiangs = dispute(cast)
    desk_page.goto("/admin/sign-in")
    desk_page.get_by_label("账号").fill("director")
    desk_page.get_by_label("密码").fill(PASSWORD)
    desk_page.get_by_role("button", name="登录").click()
    desk_page.goto(f"/admin/leads/time-line/?id={fangs}")
    with desk_page.expect_download() as download:
        desk_page.get_by_role("button", name="证据文件").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    shoot(desk_page, shot, "time line")
    return file


def check(page: Page, file: Path) -> None:
    page.goto("/verify")
    page.get_by_label("证据文件（.zip）").set_input_files(file)
    page.get_by_role("button", name="核验").click()


def test_the_file_that_came_down_is_genuine_for_a_stranger(
    evidence: Path, phone_page: Page, shot: Shot
) -> None:
    phone_page.goto("/verify")
    shoot(phone_page, shot, "verify")
    check(phone_page, evidence)

    expect(phone_page.get_by_role("status")).to_have_text("真实：自生成以来，文件没有任何改动。")
    shoot(phone_page, shot, "genuine")


def test_a_file_that_was_changed_names_the_record(evidence: Path, phone_page: Page, shot: Shot) -> None:
    def give_the_scan_to_another(said: dict[str, Any]) -> None:
        said["chains"][0]["records"][2]["said"]["actor"] = 6

    evidence.write_bytes(changed(evidence.read_bytes(), give_the_scan_to_another))
    check(phone_page, evidence)

    expect(phone_page.get_by_role("status")).to_have_text("不真实：文件已不是生成时的样子。")
    expect(phone_page.get_by_text("记录 3（lead:1，第 3 条）被改动。")).to_be_visible()
    shoot(phone_page, shot, "changed")


def test_the_next_press_takes_a_new_file(evidence: Path, desk_page: Page) -> None:
    request_id = desk_page.locator("[data-download] [name=request_id]")
    first = request_id.input_value()
    expect(request_id).not_to_have_value(first)

    with desk_page.expect_download():
        desk_page.get_by_role("button", name="证据文件").click()
    desk_page.reload()
    expect(desk_page.get_by_text("生成证据文件")).to_have_count(2)
