"""The editor of illustrated texts in a real browser: typed, pictured, previewed, saved, seen on the phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_office_pages import sign_in
from tests.browser.test_story import sign_in_by_phone
from tests.support.cast import Cast
from tests.support.project import add_plot, keep_picture, plot_row, project_row, write_project

Shot = Callable[[Page, str], Path]
LONG_WORD = "Wolfeschlegelsteinhausenberg" * 8


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "lake.jpg"
    Image.new("RGB", (1300, 500), "steelblue").save(path)
    return path


def write(page: Page) -> None:
    """Write a heading, bold words and a list, by keys alone."""
    editor = page.locator(".ql-editor")
    editor.focus()
    page.get_by_role("button", name="标题", exact=True).press("Enter")
    page.keyboard.type("亮点")
    page.keyboard.press("Enter")
    page.keyboard.type("临湖而建 ")
    page.keyboard.press("Control+b")
    page.keyboard.type("现铺发售")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="列表", exact=True).press("Enter")
    page.keyboard.type("双地铁")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")


def test_written_text_and_picture_are_previewed_saved_and_seen_on_the_phone(
    cast: Cast, open_desk: Callable[[], Page], open_phone: Callable[[], Page], photo: Path, shot: Shot
) -> None:
    desk = open_desk()
    sign_in(desk, "admin")
    desk.goto("/admin/project/")
    desk.locator("#name").fill("澄湖天街")
    desk.locator("#tags").fill("湖景，双地铁")
    expect(desk.locator("[data-chips] li")).to_have_text(["湖景", "双地铁"])
    write(desk)
    desk.locator("[data-file]").set_input_files(photo)
    expect(desk.locator("[data-says]")).to_have_text("图片已插入，保存后生效。")
    desk.get_by_label("所选图片的文字说明").fill("湖面 <与> 天空")

    phone_frame = desk.frame_locator("[data-preview]")
    expect(phone_frame.locator(".illustrated h2")).to_have_text("亮点")
    expect(phone_frame.locator(".illustrated strong")).to_have_text("现铺发售")
    expect(phone_frame.locator(".illustrated img")).to_have_attribute("alt", "湖面 <与> 天空")
    assert project_row(cast, "introduction") == [""], "a preview writes nothing"
    shot(desk, "typed")
    desk.get_by_role("button", name="保存", exact=True).click()
    expect(desk.locator(".note-success")).to_be_visible()

    phone = open_phone()
    sign_in_by_phone(phone, "13500010001")
    phone.get_by_role("link", name="项目介绍").click()
    text = phone.locator(".illustrated")
    expect(text.locator("h2")).to_have_text("亮点")
    expect(text.locator("p").first).to_have_text("临湖而建 现铺发售")
    expect(text.locator("ul > li")).to_have_text(["双地铁"])
    picture = text.locator("img")
    expect(picture).to_have_attribute("alt", "湖面 <与> 天空")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    assert str(picture.evaluate("image => image.currentSrc")).endswith("/480.jpg")
    shot(phone, "on-the-phone")


def test_saved_text_opens_in_the_editor_as_it_was(cast: Cast, desk_page: Page) -> None:
    digest = keep_picture(cast)
    text = (
        f'<h2>亮点</h2><p>一 <strong>二</strong></p><p><img src="/pictures/{digest}/1000.jpg" alt="湖"></p>'
        "<ul><li>甲</li><li>乙</li></ul><ol><li>丙</li></ol><blockquote>丁</blockquote>"
    )
    plot = add_plot(cast, "A-01", text=text)
    sign_in(desk_page, "admin")
    desk_page.goto(f"/admin/plots/change/?id={plot}")
    expect(desk_page.locator(".ql-editor li")).to_have_count(3)

    desk_page.locator(".ql-editor").focus()
    desk_page.keyboard.press("Control+End")
    desk_page.keyboard.type("戊")
    desk_page.get_by_role("button", name="保存", exact=True).click()
    expect(desk_page.locator(".note-success")).to_be_visible()

    assert plot_row(cast, plot, "text") == [text.replace("丁", "丁戊")]


def test_link_is_made_by_keys_and_its_window_speaks_chinese(cast: Cast, desk_page: Page, shot: Shot) -> None:
    sign_in(desk_page, "admin")
    desk_page.goto("/admin/plots/add/")
    desk_page.locator("#number").fill("A-01")
    desk_page.locator(".ql-editor").focus()
    desk_page.keyboard.type("官网")
    desk_page.keyboard.press("Control+a")
    desk_page.keyboard.press("Control+k")
    address = desk_page.locator(".ql-tooltip input")
    expect(address).to_be_visible()
    drawn = "element => getComputedStyle(element, '::before').content"
    assert desk_page.locator(".ql-tooltip").evaluate(drawn) == '"链接地址："'
    shot(desk_page, "link")
    address.fill("www.example.com")
    desk_page.keyboard.press("Enter")
    desk_page.get_by_role("button", name="保存", exact=True).click()
    expect(desk_page.locator(".note-success")).to_be_visible()

    (text,) = plot_row(cast, 1, "text")
    assert 'href="https://www.example.com"' in text


def test_refused_picture_is_told_beside_the_editor_and_is_not_in_the_text(
    cast: Cast, desk_page: Page, tmp_path: Path
) -> None:
    wrong = tmp_path / "plan.png"
    wrong.write_bytes(b"no picture")
    sign_in(desk_page, "admin")
    desk_page.goto("/admin/project/")

    desk_page.locator("[data-file]").set_input_files(wrong)

    expect(desk_page.locator("[data-says]")).to_have_text("无法读取该图片，请选择 JPEG、PNG 或 WebP 文件。")
    expect(desk_page.locator(".ql-editor img")).to_have_count(0)


def test_tab_leaves_the_editor(cast: Cast, desk_page: Page) -> None:
    sign_in(desk_page, "admin")
    desk_page.goto("/admin/project/")
    desk_page.locator(".ql-editor").focus()

    desk_page.keyboard.press("Tab")

    expect(desk_page.locator(".ql-editor")).not_to_be_focused()
    assert desk_page.locator("#introduction").input_value().strip() == ""


@pytest.mark.parametrize("width", [360, 768])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_the_phone_sticks_out(
    cast: Cast, phone_page: Page, shot: Shot, scheme: str, width: int
) -> None:
    wide = f'<p><img src="/pictures/{keep_picture(cast, size=(1600, 200))}/480.jpg" alt=""></p>'
    text = f"{wide}<h2>{LONG_WORD}</h2><p>{LONG_WORD}</p><ul><li>{LONG_WORD}</li></ul>"
    write_project(cast, name="W" * 60, address="A" * 120, introduction=text, tags=("W" * 12,) * 8)
    plot = add_plot(cast, "A" * 30, text=text, tags=tuple(f"{n}号临街转角商铺" for n in range(8)))
    phone_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    phone_page.set_viewport_size({"width": width, "height": 740})
    sign_in_by_phone(phone_page, "13500010001")

    for page in ("/m/home", "/m/project", f"/m/project/plots/{plot}"):
        phone_page.goto(page)
        shot(phone_page, page.strip("/").replace("/", "-"))
        assert phone_page.evaluate("document.documentElement.scrollWidth") <= width, page
