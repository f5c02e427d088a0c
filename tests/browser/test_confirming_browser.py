"""Signing in with a phone beside the password, and being asked again, in Chromium."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import CustomerType, SignIn
from tests.support.authenticator import code_at
from tests.support.cast import PASSWORD, Cast

ASKS = "请确认是您本人"


def signs_in(page: Page, login: str) -> None:
    page.goto("/admin/sign-in")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").first.click()


def half_an_hour_passes(cast: Cast) -> None:
    """Let it be half an hour since everybody gave their password; the server's clock cannot be moved."""
    with cast.app.app_context():
        db.session.execute(db.update(SignIn).values(confirmed_at=now() - timedelta(minutes=31)))
        db.session.commit()


def answers(page: Page) -> None:
    expect(page.locator("h1")).to_have_text(ASKS)
    page.locator("#confirm_password").fill(PASSWORD)
    page.locator("main form button.button-first").click()


@pytest.mark.browser
def test_director_sets_up_a_phone_and_signs_in_with_it(
    cast: Cast, open_desk: Callable[[], Page], shot: Callable[..., object]
) -> None:
    page = open_desk()
    signs_in(page, "director")
    page.locator("[data-account] summary").click()
    shot(page, "account-menu")
    page.get_by_role("link", name="两步验证").click()
    shot(page, "off")
    page.get_by_role("link", name="开始设置").click()
    page.locator("summary", has_text="无法扫码").click()
    key = page.locator("code").inner_text()
    shot(page, "set-up")
    page.locator("#code").fill(code_at(key, now()))
    page.get_by_role("button", name="开启两步验证").click()
    expect(page.locator("h1")).to_have_text("您的恢复码")
    paper = page.locator("ol code").all_inner_texts()
    assert len(paper) == 10
    shot(page, "codes")
    page.get_by_role("link", name="我已妥善保存").click()
    expect(page.locator("main")).to_contain_text("还剩 10 个恢复码")
    shot(page, "on")

    later = open_desk()
    signs_in(later, "director")
    expect(later.locator("h1")).to_have_text("请输入 App 上的验证码")
    shot(later, "asked")
    later.locator("#code").fill("000000")
    later.locator("main form button").first.click()
    expect(later.locator("#code-error")).to_contain_text("验证码错误")
    # The code of the set-up was used; the next one is a step ahead, which counts.
    later.locator("#code").fill(code_at(key, now() + timedelta(seconds=30)))
    later.locator("main form button").first.click()
    expect(later).to_have_url(re.compile("/admin/$"))
    later.goto("/admin/sessions/")
    expect(later.locator("tbody tr")).to_have_count(2)
    shot(later, "sessions")


@pytest.mark.browser
def test_settings_form_is_kept_through_the_question(
    cast: Cast, desk_page: Page, shot: Callable[..., object]
) -> None:
    page = desk_page
    signs_in(page, "admin")
    page.goto("/admin/customer_types/add/")
    page.locator("main [name=name]").fill("地下商铺")
    half_an_hour_passes(cast)
    page.locator("main form[method=post] button.button-first").click()
    expect(page.locator("main")).to_contain_text("不会丢失")
    shot(page, "asks")

    answers(page)

    expect(page.locator("tbody")).to_contain_text("地下商铺")


@pytest.mark.browser
def test_large_export_asks_first_and_then_brings_the_file(cast: Cast, desk_page: Page) -> None:
    with cast.app.app_context():
        db.session.add_all(CustomerType(name=f"类型 {n}") for n in range(501))
        db.session.commit()
    page = desk_page
    signs_in(page, "admin")
    half_an_hour_passes(cast)
    page.goto("/admin/customer_types/")
    page.locator("[data-export] button").click()

    with page.expect_download() as coming:
        answers(page)

    assert coming.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("link", name="返回", exact=False).first.click()
    with page.expect_download():
        page.locator("[data-export] button").click()


@pytest.mark.browser
def test_picture_that_comes_too_late_leaves_the_text_where_it_is(
    cast: Cast, desk_page: Page, shot: Callable[..., object]
) -> None:
    page = desk_page
    signs_in(page, "admin")
    page.goto("/admin/project/")
    page.locator(".ql-editor").first.fill("写到一半的介绍")
    half_an_hour_passes(cast)

    page.locator("input[data-file]").first.set_input_files("docs/screenshot.png")

    link = page.get_by_role("link", name="请先确认是您本人")
    expect(link).to_be_visible()
    shot(page, "picture-asks")
    with page.expect_popup() as opened:
        link.click()
    answers(opened.value)
    expect(opened.value.locator("h1")).to_have_text("已确认是您本人")
    expect(page.locator(".ql-editor").first).to_contain_text("写到一半的介绍")
    page.locator("input[data-file]").first.set_input_files("docs/screenshot.png")
    expect(page.locator(".ql-editor img").first).to_be_visible()
