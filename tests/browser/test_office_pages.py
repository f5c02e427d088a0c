"""The look of the back office: nothing sticks out of a narrow or a wide window, in both languages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.cast import OUYANG, PASSWORD, Cast
from tests.support.project import add_plot, keep_picture, write_project

Shot = Callable[[Page, str], Path]

LISTS = [
    "leads", "leads/?status=bound", "leads/?broker_id=1&step=bound", "leads/?name=nobody", "collisions",
    "collisions/?state=handled", "fees", "referrals", "scans", "walk_ins", "viewings", "rebinds",
    "profile_changes", "exports", "brokers", "brokerages", "consultants", "staff",
    "settings", "customer_types",
    "plots",
]  # fmt: skip
PAGES = [
    "leads/details/?id=1", "leads/person/?id=3", "leads/extend/?id=2",
    "leads/rebind/?id=2", "leads/mark-dealt/?id=2", "leads/time-line/?id=1", "scans/slip/?id=1",
    "reconciliation/", "handing_over/", "settings/what-if/", "settings/flags/",
    "collisions/details/?id=1", "fees/details/?id=1", "brokers/change/?id=1", "brokers/archive/?id=2",
    "brokerages/add/", "brokerages/change/?id=1", "brokerages/archive/?id=1", "consultants/add/",
    "consultants/archive/?id={xin}", "staff/change/?id={feng}", "password",
    "settings/protection/?days=20", "settings/contact/", "customer_types/retire/?id=1",
    "project/", "plots/add/", "plots/change/?id=1", "plots/archive/?id=1",
]  # fmt: skip
LOOKS = [("light", "zh-CN", "1440"), ("dark", "en", "768"), ("light", "en", "360")]


@pytest.fixture
def story(cast: Cast) -> Cast:
    """Fill every list with the longest things that people type."""
    cast.change_brokerage_of("fang", name="百川物业管理有限责任公司成都高新技术产业开发区分公司")
    lead = cast.enters("fang", OUYANG, "1394321", reports=True, needs="转角铺" * 60)
    cast.scans("feng", lead)
    cast.views("ming", lead, "A")
    cast.pays("secretary", lead, "999999.99")
    other = cast.enters("qiang", ("Wolfeschlegelsteinhausenberg", "Hubert", "1385679"), reports=True)
    cast.scans("lu", other)
    cast.enters("qiang", reports=True)
    cast.handles("director", 1, note="双方已确认，以先绑定为准" * 20)
    cast.rebinds("director", lead, "wei")
    wide = f'<p><img src="/pictures/{keep_picture(cast, size=(1600, 200))}/480.jpg" alt=""></p>'
    text = f"{wide}<p>{'Wolfeschlegelsteinhausenberg' * 6}</p>"
    write_project(cast, name="澄" * 60, introduction=text, tags=("临湖" * 6,) * 8)
    add_plot(cast, "A" * 30, text=text, tags=tuple(f"{n}号临街转角商铺" for n in range(8)))
    return cast


def sign_in(page: Page, login: str) -> None:
    page.goto("/admin/sign-in")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator("nav.menu")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_no_page_scrolls_sideways(
    story: Cast, desk_page: Page, shot: Shot, look: tuple[str, str, str]
) -> None:
    scheme, language, width = look
    desk_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in(desk_page, "admin")
    if language == "en":
        desk_page.locator("button[name=language]").click()
    desk_page.set_viewport_size({"width": int(width), "height": 900})

    for address in LISTS + PAGES:
        answer = desk_page.goto(f"/admin/{address.format(**story.ids)}")
        assert answer is not None
        assert answer.ok, address
        shot(desk_page, address.replace("/", "-").replace("?", ""))
        assert desk_page.evaluate("document.documentElement.scrollWidth") <= int(width), address


def test_headings_and_buttons_of_a_long_list_stay_in_sight(desk_page: Page, cast: Cast, shot: Shot) -> None:
    for number in range(40):
        cast.enters("fang", ("孙", chr(0x4E00 + number), f"151{number:04}"))
    sign_in(desk_page, "director")
    desk_page.set_viewport_size({"width": 768, "height": 700})
    desk_page.goto("/admin/leads/")

    desk_page.locator("tbody tr").last.scroll_into_view_if_needed()

    expect(desk_page.locator("thead th").nth(1)).to_be_in_viewport()
    expect(desk_page.locator("tbody tr").last.locator("a.button")).to_be_in_viewport()
    shot(desk_page, "scrolled")
