"""The button that exports a list, in a real browser: a file comes down, and the page stays and says so."""

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Download, Page, expect

from tests.support.cast import OUYANG, PASSWORD, Cast


@pytest.fixture
def secretary(desk_page: Page, cast: Cast) -> Page:
    """A secretary at the customers, who reads English; Qiang has entered one."""
    cast.enters("qiang", OUYANG, reports=True)
    desk_page.goto("/admin/sign-in")
    desk_page.get_by_role("button", name="English").click()
    desk_page.get_by_label("Account name").fill("secretary")
    desk_page.get_by_label("Password").fill(PASSWORD)
    desk_page.get_by_role("button", name="Sign in").click()
    desk_page.get_by_role("link", name="Customers", exact=True).click()
    expect(desk_page.get_by_role("heading", level=1)).to_have_text("Customers")
    return desk_page


def press(page: Page) -> Download:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export to Excel").click()
    return download.value


def test_the_file_comes_down_and_the_page_stays_and_says_so(
    secretary: Page, shot: Callable[..., object], tmp_path: Path
) -> None:
    file = press(secretary)

    expect(secretary.get_by_text("The file is written.")).to_be_visible()
    expect(secretary.get_by_role("button", name="Export to Excel")).to_be_enabled()
    shot(secretary, "written")
    assert file.suggested_filename.startswith("Customers_")
    file.save_as(tmp_path / "customers.xlsx")
    cells = load_workbook(tmp_path / "customers.xlsx").worksheets[0]
    assert [cell.value for cell in cells["B"]] == ["Customer name", "欧阳锋"]


def test_a_second_press_is_a_second_export(secretary: Page) -> None:
    request_id = secretary.locator("[data-export] [name=request_id]")
    first = request_id.input_value()
    press(secretary)
    expect(secretary.get_by_text("The file is written.")).to_be_visible()

    second = request_id.input_value()
    press(secretary)
    expect(request_id).not_to_have_value(second)

    assert len({first, second, request_id.input_value()}) == 3
    secretary.goto("/admin/exports/")
    expect(secretary.locator("tbody tr")).to_have_count(2)
    headings = secretary.locator("thead th").all_inner_texts()
    column = headings.index("Files")
    files = [row.locator("td").nth(column).inner_text() for row in secretary.locator("tbody tr").all()]
    assert files == ["1", "1"]
