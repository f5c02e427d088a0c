"""The manual's phone ports by a thumb: each walked once in Chromium at 360 × 740, and asked item by item.

What a case proves is what stood on the screen. The page tests prove the same items one by one, with rows
that differ in everything else.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Binding, Hold, Lead
from tests.browser.test_story import sign_in_as_staff, sign_in_by_phone
from tests.mobile.test_project import FACTS
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.project import add_plot, write_project

Seen = dict[str, object]
MINUTE = r"20\d\d-\d\d-\d\d \d\d:\d\d"
_walked: dict[str, Seen] = {}


def tap(page: Page, words: str) -> None:
    """Tap a link or button by what stands on it, and wait for where it leads."""
    follow(page, page.locator("a, button").filter(has_text=re.compile(f"^\\s*{words}\\s*$")).first)


def follow(page: Page, target: Locator) -> None:
    """Tap what leads somewhere, and wait for that; a tap becomes a click only when the finger is away."""
    with page.expect_navigation():
        target.tap()


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def facts(page: Page) -> dict[str, str]:
    """Return the names and values of a page's first list of facts."""
    shown = page.locator("main dl").first
    return dict(
        zip(
            texts(page, "main dl:first-of-type dt"),
            _values(shown.locator("dd").all_inner_texts()),
            strict=False,
        )
    )


def _values(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines]


def cells(page: Page) -> dict[str, str]:
    """Return the newest record with the words that a narrow phone shows beside each value."""
    found = page.locator(".records tbody tr").first.locator("td")
    return {cell.get_attribute("data-label") or "": cell.inner_text().strip() for cell in found.all()}


def names_found(page: Page, field: str, typed: str) -> list[str]:
    """Search through a visible field, and return the customers who are found."""
    box = page.locator(f"#search-{field}")
    if box.evaluate("box => box.tagName") == "SELECT":
        box.select_option(typed)
    else:
        box.fill(typed)
    follow(page, page.get_by_role("button", name="搜索"))
    found = [cell.inner_text() for cell in page.locator("td[data-label='客户姓名']").all()]
    tap(page, "查看全部")
    return found


def look_at_project(page: Page) -> dict[str, object]:
    """Read the page about the project, its maps and its plot."""
    head = page.locator(".project-head")
    seen: dict[str, object] = {
        "name": head.locator("h2").inner_text(),
        "address": head.locator(".project-line").inner_text().strip(),
        "introduction": page.locator(".illustrated").inner_text().split(),
        "tags": texts(page, ".project-head .project-tags li"),
        "contact": page.locator(".project-contact").inner_text().split(),
        "call": page.get_by_role("link", name="一键拨号").get_attribute("href"),
    }
    tap(page, "一键导航")
    seen["maps"] = texts(page, ".rows a span")
    page.go_back()
    follow(page, page.locator(".plot-card"))
    seen["plot"] = page.locator(".project-head h2").inner_text()
    seen["plot tags"] = texts(page, ".project-head .project-tags li")
    seen["plot text"] = page.locator(".illustrated").inner_text()
    return seen


def fill_in(page: Page, surname: str, given_name: str, phone: str, second: str = "") -> None:
    page.locator("#surname").fill(surname)
    page.locator("#given_name").fill(given_name)
    for name, digits in (("phone1", phone), ("phone2", second)):
        page.locator(f"#{name}_head").fill(digits[:3])
        page.locator(f"#{name}_tail").fill(digits[3:])


def run_out(cast: Cast, lead_id: int) -> None:
    """Let a protection have ended an hour ago."""
    then, end = now() - timedelta(days=30, hours=1), now() - timedelta(hours=1)
    with cast.app.app_context():
        for model, values in (
            (Lead, {"bound_at": then, "protect_until": end}),
            (Binding, {"bound_at": then, "ends_at": end}),
            (Hold, {"ends_at": end}),
        ):
            of_lead = {"id": lead_id} if model is Lead else {"lead_id": lead_id}
            db.session.execute(db.update(model).filter_by(**of_lead).values(**values))
        db.session.commit()


def tell_of_the_project(cast: Cast) -> None:
    write_project(cast, **FACTS)
    add_plot(cast, "A-01", tags=("临街", "现铺"), text="<p>挑高五米四</p>")


def walk_as_new_broker(cast: Cast, page: Page) -> Seen:
    """Sign in for the first time, and complete the profile."""
    seen: Seen = {}
    page.goto("/m/")
    page.locator("#phone").fill("13700007777")
    tap(page, "获取验证码")
    page.locator("#code").fill(page.locator("[data-shown-code]").inner_text())
    tap(page, "登录")
    expect(page.locator("#brokerage_id")).to_be_visible()
    page.goto("/m/customers")
    seen["1.2-7"] = re.sub(r"https?://[^/]+", "", page.url)
    seen["1.2-5"] = texts(page, "#brokerage_id option")[1:]
    seen["1.2-6"] = texts(page, "label.choice")
    page.locator("#name").fill("钱多")
    page.locator("#brokerage_id").select_option(label="安家置业")
    page.locator("input[name=role][value=broker]").check()
    follow(page, page.locator("main form button").first)
    page.goto("/m/me")
    own = facts(page)
    seen |= {"1.2-3": own["手机号"], "1.2-4": own["姓名"]}
    return seen


def walk_as_broker(cast: Cast, page: Page) -> Seen:
    """Look at the project, enter a customer, see the six tabs, and change what is one's own."""
    tell_of_the_project(cast)
    cast.enters("qiang", OUYANG, reports=True)
    bound = cast.enters("fang", ("李", "绑", "1380001"), reports=True)
    dealt = cast.enters("fang", ("李", "成", "1380002"), reports=True)
    expired = cast.enters("fang", ("李", "失", "1380003"), reports=True)
    cast.enters("fang", ("李", "报", "1380004"), reports=True)
    for lead in (bound, dealt, expired):
        cast.scans("feng", lead)
    cast.deals("director", dealt, shanghai_day(now()))
    run_out(cast, expired)
    sign_in_by_phone(page, "13500010001")
    seen: Seen = {"1.3-11": texts(page, ".bottom-bar a") + texts(page, ".hero a")}
    tap(page, "项目介绍")
    project = look_at_project(page)
    for item, name in enumerate(("name", "address", "introduction", "tags", "contact"), 1):
        seen[f"1.3-{item}"] = project[name]
    seen |= {"1.3-6": project["plot"], "1.3-7": project["plot tags"], "1.3-8": project["plot text"]}
    seen |= {"1.3-9": project["maps"], "1.3-10": project["call"]}
    return seen | _enter(page) | _look_at_customers(page, expired) | _look_at_me(page)


def _enter(page: Page) -> Seen:
    page.goto("/m/home")
    tap(page, "立即报备")
    seen: Seen = {"1.4-4": texts(page, ".hidden-digits")}
    fill_in(page, "欧阳", "", "1385678")
    page.get_by_role("button", name="提交", exact=True).tap()
    seen["1.4-1"] = texts(page, "label[for]:has(+ input:invalid)")
    fill_in(page, "欧阳", "锋", "1385678", "1394321")
    page.locator("#expected_visit_at").fill("2030-05-06T15:30")
    page.locator("#customer_type_id").select_option(label="临街商铺")
    page.locator("#wished_consultant_id").select_option(label="江心怡")
    page.locator("#needs").fill("想要转角铺")
    tap(page, "提交")
    expect(page.locator(".status")).to_have_text("已录入")
    told = facts(page)
    seen |= {
        "1.4-2": told["客户电话1"], "1.4-3": told["客户电话2"], "1.4-5": told["预计到访时间"],
        "1.4-6": told["商铺分类"], "1.4-7": told["客户需求"], "1.4-11": told["指定置业顾问"],
        "1.4-8": page.locator(".status").inner_text(), "1.4-9": page.locator("h2").first.inner_text(),
    }  # fmt: skip
    page.goto("/m/customers/enter")
    fill_in(page, "欧 阳", "锋", "1394321")
    tap(page, "提交")
    seen["1.4-10"] = re.sub(r"\d+", "N", page.locator(".notice_warn").first.inner_text())
    return seen


def _look_at_customers(page: Page, expired: int) -> Seen:
    page.goto("/m/customers")
    seen: Seen = {}
    for item, tab in enumerate(("全部", "已录入", "已报备", "已绑定", "已失效", "已成交"), 1):
        follow(page, page.locator(".tabs a", has_text=tab))
        seen[f"1.5-{item}"] = [*texts(page, ".tabs [aria-current] .count"), *texts(page, ".lead-card h2")]
    page.goto("/m/customers?tab=bound")
    seen["1.5-13"] = re.sub(r"\d+", "N", page.locator("[data-countdown]").inner_text())
    page.goto("/m/customers")
    seen["1.5-10"] = page.locator(".lead-card a", has_text="报备").count()
    seen["1.5-11"] = page.locator(".lead-card a", has_text="带看二维码").count()
    page.goto(f"/m/customers/{expired}/report")
    follow(page, page.locator("main form button").last)
    expect(page.locator(".status")).to_have_text("已报备")
    seen["1.5-9"] = [facts(page)["客户编号"] == str(expired), page.locator(".status").inner_text()]
    return seen


def _look_at_me(page: Page) -> Seen:
    follow(page, page.locator(".bottom-bar a", has_text="我的"))
    own = facts(page)
    seen: Seen = {"1.6-3": own["姓名"], "1.6-4": own["手机号"], "1.6-5": own["所属经纪公司"]}
    tap(page, "更换经纪公司")
    page.locator("#brokerage_id").select_option(label="百川地产")
    follow(page, page.locator("main form button").first)
    expect(page.locator("main dl").first).to_contain_text("百川地产")
    seen["1.6-7"] = facts(page)["所属经纪公司"]
    tap(page, "更换手机号")
    page.locator("#phone").fill("13500019999")
    follow(page, page.locator("main form button").first)
    page.locator("#code").fill(page.locator("[data-shown-code]").inner_text())
    follow(page, page.locator("main form button").first)
    expect(page.locator("main dl").first).to_contain_text("13500019999")
    seen["1.6-6"] = facts(page)["手机号"]
    tap(page, "修改记录")
    seen["1.6-8"] = [
        " ".join(text.split()) for text in texts(page, "tbody td:nth-child(2), tbody td:nth-child(3)")
    ]
    return seen


def walk_as_visitor(cast: Cast, page: Page) -> Seen:
    """Sign in, read about the project, and show the own code."""
    tell_of_the_project(cast)
    sign_in_by_phone(page, "13911112222", "/m/visitor")
    seen: Seen = {"2.1-3": page.locator("h1").inner_text()}
    project = look_at_project(page)
    names = (
        "name",
        "address",
        "introduction",
        "tags",
        "contact",
        "plot",
        "plot tags",
        "plot text",
        "maps",
        "call",
    )
    seen |= {f"2.2-{item}": project[name] for item, name in enumerate(names, 1)}
    page.goto("/m/me")
    own = facts(page)
    seen |= {"2.3-3": own["姓名"], "2.3-4": own["手机号"], "2.1-2": own["姓名"]}
    follow(page, page.locator(".bottom-bar a", has_text="我的二维码"))
    expect(page.locator(".visit-code.is-written img")).to_be_visible()
    picture = Image.open(BytesIO(page.locator(".visit-code img").screenshot()))
    seen["2.3-5"] = zxingcpp.read_barcodes(picture)[0].text.partition("/m/v/")[2]
    return seen


def walk_as_gate(cast: Cast, page: Page) -> Seen:
    """Read two codes by typing, assign consultants, and search the records."""
    near = cast.enters("qiang", ("阳", "锋", "1385679"), reports=True)
    wished = cast.enters("fang", OUYANG, "1394321", reports=True, wished_consultant_id=cast.ids["ming"])
    sign_in_as_staff(page, "gate-feng")
    expect(page.locator("#code")).to_be_visible()
    seen: Seen = {"3.1-2": page.locator("h1").inner_text()}
    _read(page, cast, near)
    seen["3.2-2"] = texts(page, ".choice .turn")
    seen["3.2-4"] = page.locator("input[name=consultant_id]:checked").count()
    page.locator(".choice", has_text="江心怡").tap()
    tap(page, "确认")
    expect(page.locator("[data-result=bound]")).to_be_visible()
    _read(page, cast, wished)
    seen["3.2-1"] = page.locator("h2").first.inner_text()
    seen["3.2-3"] = page.locator(".choice:has(input:checked) [data-user]").inner_text()
    tap(page, "确认")
    expect(page.locator("[data-result=bound]")).to_be_visible()
    seen["3.2-6"] = [cast.status(wished), cast.count(Hold, lead_id=wished)]
    follow(page, page.locator(".bottom-bar a", has_text="扫码记录"))
    seen["3.2-5"] = page.locator(".records tbody tr").count()
    shown = cells(page)
    seen["3.3-1"] = bool(re.fullmatch(MINUTE, shown["驻场扫码时间"]))
    seen["3.3-2"] = shown["客户编号"] == str(wished)
    for item, name in enumerate(
        ("客户姓名", "客户电话", "绑定经纪人", "经纪人电话", "置业顾问", "置业顾问电话"), 3
    ):
        seen[f"3.3-{item}"] = shown[name]
    searches = (
        ("number", str(wished)),
        ("name", "欧阳"),
        ("phone", "5678"),
        ("broker", "王芳"),
        ("consultant", "明哲"),
    )
    for item, (field, typed) in enumerate(searches, 9):
        seen[f"3.3-{item}"] = names_found(page, field, typed)
    return seen


def _read(page: Page, cast: Cast, lead_id: int) -> None:
    page.goto("/m/gate")
    page.locator("#code").fill(cast.read(lead_id, "short_code"))
    tap(page, "读取")
    expect(page.locator("input[name=consultant_id]").first).to_be_visible()


def walk_as_consultant(cast: Cast, page: Page) -> Seen:
    """Show two customers round, follow up twice, and search."""
    near = cast.enters("qiang", ("阳", "锋", "1385679"), reports=True)
    shown_round = cast.enters("fang", OUYANG, "1394321", reports=True)
    for lead in (near, shown_round):
        cast.scans("feng", lead, "xin")
    cast.views("xin", near, "D")
    sign_in_as_staff(page, "consultant-xin")
    expect(page.locator("#code")).to_be_visible()
    seen: Seen = {"4.1-2": page.locator("h1").inner_text()}
    page.locator("#code").fill(cast.read(shown_round, "short_code"))
    tap(page, "读取")
    expect(page.locator("input[name=intent]").first).to_be_visible()
    seen |= {"4.2-1": page.locator("h2").first.inner_text(), "4.2-2": texts(page, ".choices_row .choice")}
    page.locator(".choice", has_text="A").tap()
    follow(page, page.locator("main form button").last)
    for note in ("很满意转角铺", "约周末再看"):
        page.locator("#note").fill(note)
        follow(page, page.locator("main form button").first)
        expect(page.locator(".notes .text").first).to_have_text(note)
    seen["4.3-10"] = texts(page, ".notes .text")
    follow(page, page.locator(".bottom-bar a", has_text="带看记录"))
    seen["4.2-3"] = page.locator(".records tbody tr").count()
    row = cells(page)
    seen["4.3-1"] = bool(re.fullmatch(MINUTE, row["置业顾问扫码时间"]))
    seen["4.3-2"] = row["客户编号"] == str(shown_round)
    for item, name in enumerate(("客户姓名", "客户电话", "绑定经纪人", "经纪人电话", "意向类型"), 3):
        seen[f"4.3-{item}"] = row[name]
    for item, (field, typed) in enumerate(
        (("number", str(shown_round)), ("name", "欧阳"), ("broker", "王芳"), ("intent", "A")), 11
    ):
        seen[f"4.3-{item}"] = names_found(page, field, typed)
    follow(page, page.locator(".records tbody tr").first.get_by_role("link", name="跟进记录"))
    seen |= {"4.3-8": page.locator("h2").first.inner_text(), "4.3-9": texts(page, ".notes .text")}
    return seen


def walk_as_resident(cast: Cast, page: Page) -> Seen:
    """Enter for a colleague and for oneself; then the approval is taken away."""
    sign_in_by_phone(page, "13500030003")
    page.goto("/m/customers/enter")
    seen: Seen = {"5.1-2": texts(page, "#colleague_id option")[1:]}
    fill_in(page, *OUYANG)
    page.locator("#colleague_id").select_option(label="王芳")
    tap(page, "提交")
    expect(page.locator(".status")).to_be_visible()
    page.goto("/m/customers/enter")
    fill_in(page, *HONG)
    tap(page, "提交")
    expect(page.locator(".status")).to_be_visible()
    page.goto("/m/customers")
    seen |= {"5.1-3": texts(page, ".lead-card h2"), "5.1-1": texts(page, ".bottom-bar a")}
    cast.change("wei", approval="pending")
    page.goto("/m/customers")
    seen["5.1-4"] = page.locator("h2").first.inner_text()
    return seen


WALKS: dict[str, Callable[[Cast, Page], Seen]] = {
    "new broker": walk_as_new_broker,
    "broker": walk_as_broker,
    "visitor": walk_as_visitor,
    "gate": walk_as_gate,
    "consultant": walk_as_consultant,
    "resident": walk_as_resident,
}

PROJECT = (
    "澄湖天街", "湖滨路 1 号", ["亮点", "临湖而建"], ["湖景", "双地铁"], ["林青", "400-800", "1234"],
)  # fmt: skip
PLOT = ("A-01", ["临街", "现铺"], "挑高五米四")
MAPS = ["高德地图", "百度地图", "腾讯地图", "苹果地图"]
CALL = "tel:400-8001234"

EXPECTED: dict[str, dict[str, object]] = {
    "new broker": {
        "1.2-3": "13700007777",
        "1.2-4": "钱多",
        "1.2-5": ["安家置业", "百川地产"],
        "1.2-6": ["经纪人", "经纪公司驻场"],
        "1.2-7": "/m/profile",
    },
    "broker": {
        **{f"1.3-{n}": value for n, value in enumerate((*PROJECT, *PLOT, MAPS, CALL), 1)},
        "1.3-11": ["首页", "客户", "我的", "立即报备", "项目介绍"],
        "1.4-1": ["名"],
        "1.4-2": "138****5678",
        "1.4-3": "139****4321",
        "1.4-4": ["****", "****"],
        "1.4-5": "2030-05-06 15:30",
        "1.4-6": "临街商铺",
        "1.4-7": "想要转角铺",
        "1.4-8": "已录入",
        "1.4-9": "欧阳锋",
        "1.4-10": "您已录入过该客户：客户编号 N。请对该客户再次报备。",
        "1.4-11": "江心怡",
        "1.5-1": ["5", "欧阳锋", "李报", "李失", "李成", "李绑"],
        "1.5-2": ["1", "欧阳锋"],
        "1.5-3": ["1", "李报"],
        "1.5-4": ["1", "李绑"],
        "1.5-5": ["1", "李失"],
        "1.5-6": ["1", "李成"],
        "1.5-9": [True, "已报备"],
        "1.5-10": 5,
        "1.5-11": 4,
        "1.5-13": "N天N小时N分",
        "1.6-3": "王芳",
        "1.6-4": "13500010001",
        "1.6-5": "安家置业",
        "1.6-6": "13500019999",
        "1.6-7": "百川地产",
        "1.6-8": ["13500010001 → 13500019999", "", "", "安家置业 → 百川地产"],
    },
    "visitor": {
        "2.1-2": "洪七",
        "2.1-3": "首页",
        **{f"2.2-{n}": value for n, value in enumerate((*PROJECT, *PLOT, MAPS, CALL), 1)},
        "2.3-3": "洪七",
        "2.3-4": "13911112222",
        "2.3-5": "hongs-own-code-is-this-1",
    },
    "gate": {
        "3.1-2": "扫一扫",
        "3.2-1": "欧阳锋",
        "3.2-2": ["江心怡", "陆明哲"],
        "3.2-3": "陆明哲",
        "3.2-4": 0,
        "3.2-5": 2,
        "3.2-6": ["bound", 2],
        "3.3-1": True,
        "3.3-2": True,
        "3.3-3": "欧阳锋",
        "3.3-4": "138****5678 139****4321",
        "3.3-5": "王芳",
        "3.3-6": "13500010001",
        "3.3-7": "陆明哲",
        "3.3-8": "13700020002",
        **{f"3.3-{n}": ["欧阳锋"] for n in range(9, 14)},
    },
    "consultant": {
        "4.1-2": "扫一扫",
        "4.2-1": "欧阳锋",
        "4.2-2": ["A", "B", "C", "D"],
        "4.2-3": 2,
        "4.3-1": True,
        "4.3-2": True,
        "4.3-3": "欧阳锋",
        "4.3-4": "138****5678 139****4321",
        "4.3-5": "王芳",
        "4.3-6": "13500010001",
        "4.3-7": "A",
        "4.3-8": "欧阳锋",
        "4.3-9": ["约周末再看", "很满意转角铺"],
        "4.3-10": ["约周末再看", "很满意转角铺"],
        **{f"4.3-{n}": ["欧阳锋"] for n in range(11, 15)},
    },
    "resident": {
        "5.1-1": ["首页", "客户", "我的"],
        "5.1-2": ["王芳"],
        "5.1-3": ["洪七"],
        "5.1-4": "等待审核",
    },
}


@pytest.fixture
def seen(cast: Cast, open_phone: Callable[[], Page]) -> Callable[[str], Seen]:
    """Walks a port when its first item is asked for; what was seen is remembered for the others."""

    def of(port: str) -> Seen:
        if port not in _walked:
            _walked[port] = {}  # Whoever stumbles is not sent again for every item.
            _walked[port] = WALKS[port](cast, open_phone())
        return _walked[port]

    return of


@pytest.mark.parametrize(
    ("port", "item"),
    [
        pytest.param(port, item, marks=pytest.mark.manual(item), id=item)
        for port, items in EXPECTED.items()
        for item in items
    ],
)
def test_item_of_the_manual_stands_on_the_phone(seen: Callable[[str], Seen], port: str, item: str) -> None:
    assert seen(port)[item] == EXPECTED[port][item]
