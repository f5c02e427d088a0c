"""The visitor on the phone: the first name, the project, the own code, and who reported them."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from tests.mobile.test_project import FACTS
from tests.mobile.test_sign_in import sign_in
from tests.mobile.test_wechat import link
from tests.support.cast import HONG, Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.outside import OutsideWorld, connect
from tests.support.project import add_plot, write_project
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

HOME, CODE, REPORTS, ME = "/m/visitor", "/m/visitor/code", "/m/me/reports", "/m/me"


def fact(page: Page, name: str) -> str:
    """Return what the own page says beside a name."""
    rows = page.find("dl", class_="rows").find_all("div")
    return next(row.find("dd").text for row in rows if row.find("dt").text == name)


@pytest.mark.manual("2.1-2")
def test_somebody_new_gives_a_name_and_is_a_visitor(cast: Cast, phone: Phone) -> None:
    cast.arrives("new")
    client = phone("new")
    door = client.get("/m/profile").page
    (link,) = [a for a in door.find_all("a") if a.text == "I come to look at the property myself"]

    home = client.submit(link["href"], {"name": "黄药师"})

    assert (home.request.path, home.page.h1) == (HOME, "Home")
    assert fact(client.get(ME).page, "Name") == "黄药师"
    assert (cast.account("new", "name"), cast.account("new", "role").value) == ("黄药师", "visitor")


@pytest.mark.manual("2.1-1")
def test_wechat_hands_over_avatar_and_nickname_and_a_code_proves_the_phone(
    cast: Cast, stranger: PageClient, outside: OutsideWorld
) -> None:
    connect(cast.app, outside)
    face = outside.shows("seagreen")
    link(stranger, outside, "13900007777", "o-huang", nickname="桃花岛主", picture=face)
    stranger.submit("/m/visitor/begin", {"name": "黄药师"})

    me = stranger.get(ME).page

    assert (fact(me, "Nickname"), fact(me, "Phone number")) == ("桃花岛主", "13900007777")
    picture = Image.open(BytesIO(stranger.get("/m/me/avatar").data))
    assert (picture.format, picture.size) == ("JPEG", (240, 240))
    assert [image["src"] for image in me.find_all("img")] == ["/m/me/avatar"]


@pytest.mark.manual("2.1-3")
def test_a_visitor_signs_in_with_the_phone_and_is_at_home(cast: Cast, stranger: PageClient) -> None:
    home = sign_in(stranger, "13911112222")

    assert (home.request.path, home.page.h1) == (HOME, "Home")
    assert fact(stranger.get(ME).page, "Name") == "洪七"
    stranger.submit(ME, action="/m/sign-out")
    assert stranger.get(HOME).location == "/m/sign-in?next=/m/visitor"


def test_a_visitors_name_that_is_none_is_refused_beside_its_field(cast: Cast, phone: Phone) -> None:
    cast.arrives("new")
    client = phone("new")

    with nothing_written(cast.app):
        refused = client.submit("/m/visitor/begin", {"name": "12"})

    assert refused.status_code == 422
    assert refused.page.find("p", id="name-complaint").text == (
        "A name has only letters; leave out digits and signs."
    )


def test_nothing_else_opens_before_the_name(cast: Cast, phone: Phone) -> None:
    cast.arrives("new")
    client = phone("new")

    for page in (ME, "/m/project"):
        assert client.get(page).location == "/m/profile"
    assert client.get(HOME).status_code == 403
    assert phone("fang").get("/m/visitor/begin").location == "/m/home"


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("name", "澄湖天街", marks=pytest.mark.manual("2.2-1")),
        pytest.param("address", "湖滨路 1 号", marks=pytest.mark.manual("2.2-2")),
        pytest.param("introduction", "亮点 临湖而建", marks=pytest.mark.manual("2.2-3")),
        pytest.param("tags", ["湖景", "双地铁"], marks=pytest.mark.manual("2.2-4")),
        pytest.param("contact", "林青 400-800 1234", marks=pytest.mark.manual("2.2-5")),
    ],
)
def test_the_home_shows_what_the_admin_wrote(cast: Cast, phone: Phone, what: str, value: str) -> None:
    write_project(cast, **FACTS)

    page = phone("hong").get(HOME).page

    head = page.find("section", class_="project-head")
    shown: dict[str, Callable[[], object]] = {
        "name": lambda: head.find("h2").text,
        "address": lambda: head.find("p", class_="project-line").text,
        "introduction": lambda: page.find("div", class_="illustrated").text,
        "tags": lambda: [tag.text for tag in head.find("ul", class_="project-tags").find_all("li")],
        "contact": lambda: page.find("p", class_="project-contact").text,
    }
    assert shown[what]() == value


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("number", "A-01", marks=pytest.mark.manual("2.2-6")),
        pytest.param("tags", ["临街", "现铺"], marks=pytest.mark.manual("2.2-7")),
        pytest.param("text", "挑高五米四", marks=pytest.mark.manual("2.2-8")),
    ],
)
def test_a_plot_opens_from_the_home(cast: Cast, phone: Phone, what: str, value: str) -> None:
    add_plot(cast, "B-02", tags=("内街",), text="<p>层高三米</p>", place=1)
    add_plot(cast, "A-01", tags=("临街", "现铺"), text="<p>挑高五米四</p>", place=2)
    client = phone("hong")
    first, second = client.get(HOME).page.find_all("a", class_="plot-card")
    assert [card.find("strong").text for card in (first, second)] == ["B-02", "A-01"]

    page = client.get(second["href"]).page

    head = page.find("section", class_="project-head")
    shown: dict[str, Callable[[], object]] = {
        "number": lambda: head.find("h2").text,
        "tags": lambda: [tag.text for tag in head.find("ul", class_="project-tags").find_all("li")],
        "text": lambda: page.find("div", class_="illustrated").text,
    }
    assert shown[what]() == value


@pytest.mark.manual("2.2-9")
def test_navigation_offers_the_maps(cast: Cast, phone: Phone) -> None:
    write_project(cast, **FACTS)
    client = phone("hong")
    (button,) = [a for a in client.get(HOME).page.find_all("a") if a.text == "Navigate"]

    links = client.get(button["href"]).page.find("div", class_="rows").find_all("a")

    assert [link.text for link in links] == ["Amap", "Baidu Maps", "Tencent Maps", "Apple Maps"]
    assert all("31.233800" in link["href"] for link in links)


@pytest.mark.manual("2.2-10")
def test_one_tap_calls(cast: Cast, phone: Phone) -> None:
    write_project(cast, **FACTS)

    calls = [a for a in phone("hong").get(HOME).page.find_all("a") if a.text == "Call"]

    assert [a["href"] for a in calls] == ["tel:400-8001234"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("Name", "洪七", marks=pytest.mark.manual("2.3-3")),
        pytest.param("Phone number", "13911112222", marks=pytest.mark.manual("2.3-4")),
    ],
)
def test_the_own_page_shows_the_own_data(cast: Cast, phone: Phone, name: str, value: str) -> None:
    assert fact(phone("hong").get(ME).page, name) == value


@pytest.mark.manual("2.3-5")
def test_the_own_code_leads_to_the_visitor_and_says_nothing_of_him(cast: Cast, phone: Phone) -> None:
    client = phone("hong")
    page = client.get(CODE).page

    picture = client.get(page.find("section", class_="visit-code").find("img")["src"])

    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)))
    assert code.text == "http://localhost/m/v/hongs-own-code-is-this-1"
    assert page.find("p", data_short_code="").text == "111 111 1116"
    assert phone("feng").get("/m/v/hongs-own-code-is-this-1").page.h1 == "Log a walk-in"


def test_the_number_of_brokers_is_told_without_names(cast: Cast, phone: Phone) -> None:
    cast.enters("fang", HONG, reports=True)
    cast.enters("qiang", HONG, reports=True)
    cast.enters("wei", HONG)
    cast.enters("wei", ("洪", "八", "1392222"), reports=True)

    page = phone("hong").get(REPORTS).page

    assert page.find("b", data_brokers="").text == "2"
    for told in ("王芳", "李强", "安家", "百川", "1350001"):
        assert told not in page.find("main").text


def test_the_number_of_brokers_counts_nobody_elses_reports(cast: Cast, phone: Phone) -> None:
    cast.enters("fang", ("洪", "八", "1392222"), reports=True)
    cast.enters("qiang", ("洪", "七", "1392223"), reports=True)

    page = phone("hong").get(REPORTS).page

    assert page.find("b", data_brokers="").text == "0"
    assert "Object" not in [button.text for button in page.find_all("button")]


def test_an_objection_reaches_the_director_in_the_visitors_words(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", HONG, reports=True)
    client = phone("hong")

    answer = client.submit(REPORTS, {"words": "我没有找过经纪人"})

    said = [notice.text for notice in answer.page.find_all("p", class_="notice")]
    assert said[0] == "Your objection has reached the sales centre. It will be looked into."
    assert said[1].startswith("Your objection is being looked into.")
    desk = phone("director")
    (link,) = {
        a["href"]
        for a in desk.get("/admin/collisions/").page.find_all("a")
        if "/admin/collisions/details/" in a["href"]
    }
    page = desk.get(link).page
    assert page.find("ol", class_="log").text.count("我没有找过经纪人") == 1
    sides = page.find("div", class_="sides").text
    assert sides.startswith("Visitor 洪七 139****2222 Walk-ins Challenger 王芳")
    assert f"No. {lead_id}" in sides
    assert "13911112222" not in desk.get(link).text


def test_a_settled_objection_is_told_as_settled(cast: Cast, phone: Phone) -> None:
    cast.enters("fang", HONG, reports=True)
    cast.objects("hong")
    cast.handles("director", 1)

    page = phone("hong").get(REPORTS).page

    assert [n.text for n in page.find_all("p", class_="notice")] == [
        "Your objection was settled. 2026-03-02 10:00"
    ]


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ("", 422, "Write a few words here first."),
        (
            "电话 13911112222",
            422,
            "The text holds a whole mobile number. Take it out: customers' numbers are not kept here.",
        ),
    ],
)
def test_an_objection_that_cannot_be_is_refused_beside_its_field(
    cast: Cast, phone: Phone, words: str, status: int, sentence: str
) -> None:
    cast.enters("fang", HONG, reports=True)

    with nothing_written(cast.app):
        refused = phone("hong").submit(REPORTS, {"words": words})

    assert refused.status_code == status
    assert refused.page.find("p", id="words-complaint").text == sentence


def test_too_many_objections_of_a_day_are_refused_in_words(
    cast: Cast, phone: Phone, clock: StoppedClock
) -> None:
    cast.enters("fang", HONG, reports=True)
    client = phone("hong")
    page = client.get(REPORTS)
    for _ in range(3):
        cast.objects("hong")
        clock.forward(timedelta(minutes=1))

    with nothing_written(cast.app):
        refused = client.submit(page, {"words": "第四次"})

    assert refused.status_code == 409
    assert refused.page.find("p", class_="notice_warn").text == (
        "We have your objections of today and look into them. Write again tomorrow, or call us."
    )


def test_a_visitor_corrects_the_name_until_a_walk_in(cast: Cast, phone: Phone) -> None:
    client = phone("hong")
    me = client.submit("/m/me/name", {"name": "洪七公"})
    assert fact(me.page, "Name") == "洪七公"
    open_before = client.get("/m/me/name")

    cast.walks_in("hong")
    refused = client.submit(open_before, {"name": "洪安通"})

    assert refused.status_code == 409
    fixed = "Your name stands in our visit records and cannot be changed here. Ask at the desk."
    assert fixed in refused.page.find("main").text
    assert not client.get("/m/me/name").page.find_all("input", name="name")


def test_a_visitor_who_is_a_broker_goes_on_to_the_profile(cast: Cast, phone: Phone) -> None:
    client = phone("hong")

    profile = client.submit("/m/me/broker", button="Go on as a broker")

    assert profile.request.path == "/m/profile"
    assert client.get(CODE).status_code == 403
    home = client.submit(
        profile,
        {"name": "洪七", "brokerage_id": cast.account("fang", "brokerage_id"), "role": "broker"},
    )
    assert home.request.path == "/m/home"


@pytest.mark.parametrize("who", ["fang", "wei", "feng", "xin", "secretary", "director", "admin"])
def test_nobody_else_opens_a_visitors_pages(cast: Cast, phone: Phone, who: str) -> None:
    client = phone(who)

    for page in (HOME, CODE, "/m/visitor/code.png", REPORTS, "/m/me/name", "/m/me/broker"):
        assert client.get(page).status_code == 403


@pytest.mark.parametrize(
    "page", ["/m/customers", "/m/customers/enter", "/m/gate", "/m/consultant", "/admin/"]
)
def test_a_visitor_opens_nobody_elses_pages(cast: Cast, phone: Phone, page: str) -> None:
    assert phone("hong").get(page).status_code == 403
