"""The project on the phone: home, introduction, plots, and one tap to the way there or to a voice."""

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from lead_system.domain.places import Position
from lead_system.extensions import db
from lead_system.models import Setting
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.html import Element
from tests.support.project import add_plot, keep_picture, put_away, write_project

pytestmark = pytest.mark.usefixtures("clock")
Phone = Callable[[str], PageClient]
LAKE = Position(Decimal("31.233800"), Decimal("120.796500"))
FACTS = {
    "name": "澄湖天街",
    "address": "湖滨路 1 号",
    "introduction": "<h2>亮点</h2><p>临湖而建</p>",
    "tags": ("湖景", "双地铁"),
    "contact_name": "林青",
    "contact_phone": "400-800 1234",
    "position": LAKE,
}


def tags(element: Element) -> list[str]:
    return [tag.text for tag in element.find("ul", class_="project-tags").find_all("li")]


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("name", "澄湖天街", marks=pytest.mark.manual("1.3-1")),
        pytest.param("address", "湖滨路 1 号", marks=pytest.mark.manual("1.3-2")),
        pytest.param("introduction", "亮点 临湖而建", marks=pytest.mark.manual("1.3-3")),
        pytest.param("tags", "湖景 双地铁", marks=pytest.mark.manual("1.3-4")),
        pytest.param("contact", "林青 400-800 1234", marks=pytest.mark.manual("1.3-5")),
    ],
)
def test_project_page_shows_what_the_admin_wrote(cast: Cast, phone: Phone, what: str, value: str) -> None:
    write_project(cast, **FACTS)

    page = phone("fang").get("/m/project").page

    head = page.find("section", class_="project-head")
    shown = {
        "name": lambda: head.find("h2").text,
        "address": lambda: head.find("p", class_="project-line").text,
        "introduction": lambda: page.find("div", class_="illustrated").text,
        "tags": lambda: " ".join(tags(head)),
        "contact": lambda: page.find("p", class_="project-contact").text,
    }
    assert shown[what]() == value


def test_blank_project_page_promises_nothing(cast: Cast, phone: Phone) -> None:
    client = phone("fang")

    page = client.get("/m/project").page

    assert page.find("section", class_="project-head").text == "Lead confirmation"
    assert len(page.find_all("section")) == 1
    assert client.get("/m/project/maps").status_code == 404


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("number", "A-01", marks=pytest.mark.manual("1.3-6")),
        pytest.param("tags", "临街 现铺", marks=pytest.mark.manual("1.3-7")),
        pytest.param("text", "挑高五米四", marks=pytest.mark.manual("1.3-8")),
    ],
)
def test_plot_opens_from_the_project_page_and_shows_its_own(
    cast: Cast, phone: Phone, what: str, value: str
) -> None:
    add_plot(cast, "B-02", tags=("内街",), text="<p>层高三米</p>", place=1)
    add_plot(cast, "A-01", tags=("临街", "现铺"), text="<p>挑高五米四</p>", place=2)
    client = phone("wei")
    first, second = client.get("/m/project").page.find_all("a", class_="plot-card")
    assert [card.find("strong").text for card in (first, second)] == ["B-02", "A-01"]

    page = client.get(second["href"]).page

    head = page.find("section", class_="project-head")
    shown = {
        "number": lambda: head.find("h2").text,
        "tags": lambda: " ".join(tags(head)),
        "text": lambda: page.find("div", class_="illustrated").text,
    }
    assert shown[what]() == value


@pytest.mark.manual("1.3-9")
def test_navigation_offers_four_maps_with_the_position_in_chinese_coordinates(
    cast: Cast, phone: Phone
) -> None:
    write_project(cast, **FACTS)
    client = phone("fang")
    (button,) = [a for a in client.get("/m/home").page.find_all("a") if a.text == "Navigate"]

    links = client.get(button["href"]).page.find("div", class_="rows").find_all("a")

    asked = {link.text: (urlsplit(link["href"]), parse_qs(urlsplit(link["href"]).query)) for link in links}
    assert {name: url.hostname for name, (url, _) in asked.items()} == {
        "Amap": "uri.amap.com",
        "Baidu Maps": "api.map.baidu.com",
        "Tencent Maps": "apis.map.qq.com",
        "Apple Maps": "maps.apple.com",
    }
    assert {url.scheme for url, _ in asked.values()} == {"https"}
    amap, baidu, tencent, apple = (arguments for _, arguments in asked.values())
    assert (amap["to"], amap["coordinate"]) == (["120.796500,31.233800,澄湖天街"], ["gaode"])
    assert (baidu["location"], baidu["coord_type"]) == (["31.233800,120.796500"], ["gcj02"])
    assert (tencent["tocoord"], tencent["to"]) == (["31.233800,120.796500"], ["澄湖天街"])
    assert apple == {"daddr": ["31.233800,120.796500"], "dirflg": ["d"]}
    assert (amap["mode"], amap["callnative"]) == (["car"], ["1"]), "the way, in the app where there is one"
    assert (tencent["type"], tencent["referer"]) == (["drive"], ["lead_system"])
    assert (baidu["title"], baidu["content"], baidu["output"]) == (["澄湖天街"], ["湖滨路 1 号"], ["html"])
    assert baidu["src"] == ["webapp.developer.lead_system"]


@pytest.mark.manual("1.3-10")
def test_one_tap_calls_the_service_phone(cast: Cast, phone: Phone) -> None:
    write_project(cast, **FACTS)
    with cast.app.app_context():
        db.session.execute(db.update(Setting).values(service_phone="400-999-0000"))
        db.session.commit()

    calls = [a for a in phone("fang").get("/m/home").page.find_all("a") if a.get("href").startswith("tel:")]

    assert [(a["href"], a.text) for a in calls] == [
        ("tel:400-8001234", "Call"),
        ("tel:400-999-0000", "Call the sales centre 400-999-0000"),
    ]


@pytest.mark.manual("1.3-11")
def test_home_leads_to_the_project_and_to_a_report_above_the_bottom_bar(cast: Cast, phone: Phone) -> None:
    client = phone("fang")

    page = client.get("/m/home").page

    bar = page.find("nav", class_="bottom-bar").find_all("a")
    assert [(a.text, a["href"]) for a in bar] == [
        ("Home", "/m/home"), ("Customers", "/m/customers"), ("Me", "/m/me"),
    ]  # fmt: skip
    hero = page.find("section", class_="hero").find_all("a")
    assert [(a.text, a["href"]) for a in hero] == [
        ("Report a customer now", "/m/customers/enter"), ("About the project", "/m/project"),
    ]  # fmt: skip
    assert client.get("/m/project").page.h1 == "About the project"


def test_home_shows_the_first_three_plots_and_no_archived_one(cast: Cast, phone: Phone) -> None:
    for place, number in ((3, "C-03"), (1, "A-01"), (4, "D-04"), (2, "B-02")):
        plot = add_plot(cast, number, place=place)
        if number == "A-01":
            put_away(cast, plot)
    client = phone("fang")

    home = [card.find("strong").text for card in client.get("/m/home").page.find_all("a", class_="plot-card")]

    assert home == ["B-02", "C-03", "D-04"]
    add_plot(cast, "E-05", place=5)
    cards = client.get("/m/home").page.find_all("a", class_="plot-card")
    assert [card.find("strong").text for card in cards] == ["B-02", "C-03", "D-04"]
    assert "A-01" not in client.get("/m/project").text


def test_archived_plot_answers_as_if_it_did_not_exist(cast: Cast, phone: Phone) -> None:
    plot = add_plot(cast)
    client = phone("fang")
    assert client.get(f"/m/project/plots/{plot}").status_code == 200

    put_away(cast, plot)

    assert client.get(f"/m/project/plots/{plot}").status_code == 404
    assert client.get("/m/project/plots/999").status_code == 404


def test_pages_ask_the_database_the_same_for_one_plot_and_for_many(cast: Cast, phone: Phone) -> None:
    def asked() -> list[int]:
        return [len(client.queries) for page in ("/m/home", "/m/project") if client.get(page).is_page]

    client = phone("fang")
    pictures = [keep_picture(cast, colour) for colour in ("red", "green", "blue", "gold")]
    texts = [f'<p><img src="/pictures/{digest}/480.jpg" alt=""></p>' for digest in pictures]
    add_plot(cast, "A-0", text=texts[0])
    for_one = asked()

    for number, text in enumerate(texts[1:], start=1):
        add_plot(cast, f"A-{number}", text=text)

    assert asked() == for_one
    assert max(for_one) <= 12


def test_picture_is_kept_by_the_browser_and_by_nobody_between(cast: Cast, phone: Phone) -> None:
    digest = keep_picture(cast, size=(1000, 600))
    client = phone("feng")

    answer = client.get(f"/pictures/{digest}/480.jpg")

    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    kept = answer.headers["Cache-Control"]
    assert sorted(kept.split(", ")) == ["immutable", "max-age=31536000", "private"]
    again = client.get(f"/pictures/{digest}/480.jpg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for unknown in (f"/pictures/{digest}/481.jpg", f"/pictures/{'0' * 32}/480.jpg"):
        missing = client.get(unknown)
        assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")


def test_stranger_sees_no_picture(cast: Cast, stranger: PageClient) -> None:
    digest = keep_picture(cast)

    answer = stranger.get(f"/pictures/{digest}/480.jpg")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_is_whole_in_both_languages(cast: Cast, phone: Phone, language: str) -> None:
    picture = f'<p><img src="/pictures/{keep_picture(cast)}/480.jpg" alt="a lake">Text</p>'
    write_project(cast, **FACTS | {"introduction": picture})
    plot = add_plot(cast, text=picture, tags=("new",))
    client = phone("fang")
    with client.session_transaction() as session:
        session["language"] = language

    for page in ("/m/home", "/m/project", f"/m/project/plots/{plot}", "/m/project/maps"):
        answer = client.get(page)  # The client looks at every page that it fetches.
        assert (answer.status_code, answer.page.language) == (200, language)
