"""The look of the phone pages: nothing sticks out on a narrow phone, light or dark, in both languages."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from tests.browser.test_story import sign_in_as_staff, sign_in_by_phone
from tests.support.cast import HONG, OUYANG, Cast

Shot = Callable[[Page, str], Path]

PAGES = {
    "fang": [
        "home",
        "customers",
        "customers/enter",
        "customers/1",
        "customers/1/report",
        "customers/1/code",
        "customers/3/correct",
        "customers/3/withdraw",
        "me",
    ],
    "wei": ["customers/enter", "customers?of=colleagues", "customers/3"],
    "hong": ["visitor", "visitor/code", "me", "me/reports", "me/name", "me/broker"],
    "gate-feng": [
        "gate",
        "gate/shell",
        "gate/scans",
        "gate/scans/1",
        "gate/scans/walk-ins",
        "me",
        "v/{code}",
        "v/hongs-own-code-is-this-1",
        "v/nothing",
    ],
    "consultant-xin": [
        "consultant",
        "consultant/viewings",
        "consultant/viewings/due",
        "consultant/viewings/customers/1",
        "v/{code}",
    ],
}
LOOKS = [
    ("light", "zh-CN", "360"),
    ("dark", "en", "360"),
    ("light", "en", "768"),
    ("dark", "zh-CN", "768"),
    ("light", "en", "180"),
]
"""Colours, language and width; 180 is a narrow phone at 200 % zoom."""


PHONES = {"fang": "13500010001", "wei": "13500030003", "hong": "13911112222"}
TWICE = {"wei", "hong"}
"""Whose pages are seen in the dark and at 200 % only: they are made like those of the others."""


def live_a_story(cast: Cast) -> None:
    """Fill the pages with the longest things that people type."""
    cast.change_brokerage_of("fang", name="百川物业管理有限责任公司成都高新技术产业开发区分公司")
    soon = now() + timedelta(days=2)
    lead_id = cast.enters(
        "fang", OUYANG, "1394321", reports=True, expected_visit_at=soon, needs="转角铺" * 60
    )
    cast.enters("fang", ("Wolfeschlegelsteinhausenberg", "Hubert", "1385679"), reports=True)
    cast.enters("wei", ("Wolfeschlegelsteinhausenberg", "Sophie", "1385680"), colleague="fang")
    cast.walks_in("hong")
    cast.enters("fang", HONG, reports=True)
    cast.objects("hong", "我没有委托任何经纪人" * 5)
    cast.scans("feng", lead_id)
    cast.views("ming", lead_id, "A")
    cast.views("xin", lead_id, "B")
    cast.follows_up("xin", lead_id, "对转角铺很满意" * 20, shanghai_day(now()))


def sign_in(page: Page, who: str) -> None:
    if who in PHONES:
        sign_in_by_phone(page, PHONES[who], "/m/visitor" if who == "hong" else "/m/home")
    else:
        sign_in_as_staff(page, who)


@pytest.mark.parametrize(
    ("who", "look"),
    [(who, look) for who in PAGES for look in (LOOKS[1:5:3] if who in TWICE else LOOKS)],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_no_page_scrolls_sideways(
    cast: Cast, open_phone: Callable[[], Page], shot: Shot, who: str, look: tuple[str, str, str]
) -> None:
    scheme, language, width = look
    live_a_story(cast)
    page = open_phone()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in(page, who)
    if language == "en":
        page.locator("button[name=language]").click()
    page.set_viewport_size({"width": int(width), "height": 740})

    for address in PAGES[who]:
        page.goto(f"/m/{address.format(code=cast.code_of(1))}")
        shot(page, address.split("/{")[0].replace("/", "-"))
        assert page.evaluate("document.documentElement.scrollWidth") <= int(width), address
