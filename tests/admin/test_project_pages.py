"""The project page and its plots: what the admin changes here, the broker reads on the phone."""

from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from lead_system.models import Illustration, Plot
from tests.admin.conftest import Desk
from tests.admin.reading import notes, rows
from tests.mobile.conftest import speaks_english
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.html import Page
from tests.support.project import add_plot, keep_picture, plot_row, project_row, put_away, write_project
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")
PROJECT, PLOTS = "/admin/project/", "/admin/plots/"
NO_PICTURE = "That file is no picture that can be read. Choose a JPEG, PNG or WebP file."
WRONG_DEGREES = (
    "Enter latitude and longitude in degrees with decimals, such as 39.908722 and 116.397499, "
    "or leave both blank."
)
BEFORE: dict[str, Any] = {
    "name": "旧名称",
    "address": "旧地址",
    "introduction": "<p>旧简介</p>",
    "tags": ("旧标签",),
    "contact_name": "旧联系人",
    "contact_phone": "021-1111 1111",
}
TYPED = {
    "name": "澄湖天街",
    "address": "湖滨路 1 号",
    "introduction": "<h2>亮点</h2><p>一线<strong>湖景</strong></p>",
    "tags": "湖景，双地铁、 现铺",
    "contact_name": "林青",
    "contact_phone": "028-8888 6666",
    "latitude": "31.2338",
    "longitude": "120.7965",
}


def on_the_phone(page: Page) -> dict[str, str]:
    """Return what the project page shows, each field from where it stands; what is missing is left out."""
    places = {
        "name": ("h2", {}, "project-head"),
        "address": ("p", {"class_": "project-line"}, "project-head"),
        "tags": ("ul", {"class_": "project-tags"}, "project-head"),
    }
    head = page.find("section", class_="project-head")
    shown = {name: head.find_all(tag, **wanted) for name, (tag, wanted, _) in places.items()}
    shown |= {
        "introduction": page.find_all("div", class_="illustrated"),
        "contact": page.find_all("p", class_="project-contact"),
    }
    return {name: found[0].text for name, found in shown.items() if found}


@pytest.fixture
def phone(signed_in: Callable[[str], PageClient]) -> PageClient:
    """Fang's phone."""
    return speaks_english(signed_in("fang"))


@dataclass
class Faces:
    """The admin's desk and Fang's phone."""

    cast: Cast
    admin: PageClient
    phone: PageClient


@pytest.fixture
def faces(cast: Cast, desk: Desk, phone: PageClient) -> Faces:
    return Faces(cast, desk("admin"), phone)


@pytest.mark.parametrize(
    ("typed", "what", "seen"),
    [
        pytest.param(
            {"name": "澄湖天街"}, "name", ("旧名称", "澄湖天街"),
            marks=pytest.mark.manual("6.3.j-3"), id="name",
        ),
        pytest.param(
            {"address": "湖滨路 1 号"}, "address", ("旧地址", "湖滨路 1 号"),
            marks=pytest.mark.manual("6.3.j-4"), id="address",
        ),
        pytest.param(
            {"introduction": TYPED["introduction"]}, "introduction", ("旧简介", "亮点 一线 湖景"),
            marks=pytest.mark.manual("6.3.j-5"), id="introduction",
        ),
        pytest.param(
            {"tags": TYPED["tags"]}, "tags", ("旧标签", "湖景 双地铁 现铺"),
            marks=pytest.mark.manual("6.3.j-6"), id="tags",
        ),
        pytest.param(
            {"contact_name": "林青", "contact_phone": "028-8888 6666"}, "contact",
            ("旧联系人 021-1111 1111", "林青 028-8888 6666"),
            marks=pytest.mark.manual("6.3.j-7"), id="contact",
        ),
    ],
)  # fmt: skip
def test_changed_field_is_read_on_the_phone_and_no_other_one_changes(
    faces: Faces, typed: dict[str, str], what: str, seen: tuple[str, str]
) -> None:
    before, after = seen
    write_project(faces.cast, **BEFORE)
    old = on_the_phone(faces.phone.get("/m/project").page)
    assert old[what] == before

    saved = faces.admin.submit(PROJECT, typed)

    assert notes(saved.page) == ["The project page is saved. Brokers see it now."]
    assert on_the_phone(faces.phone.get("/m/project").page) == old | {what: after}


@pytest.mark.manual("6.3.j-11")
def test_changed_position_is_where_the_phone_navigates(cast: Cast, desk: Desk, phone: PageClient) -> None:
    write_project(cast, **BEFORE)
    assert phone.get("/m/project/maps").status_code == 404
    admin = desk("admin")

    admin.submit(PROJECT, {"latitude": "31.2338", "longitude": "120.7965"})
    first = [a["href"] for a in phone.get("/m/project/maps").page.find("div", class_="rows").find_all("a")]
    admin.submit(PROJECT, {"pasted": "https://uri.amap.com/marker?position=116.397499,39.908722"})
    second = [a["href"] for a in phone.get("/m/project/maps").page.find("div", class_="rows").find_all("a")]

    assert [("31.233800" in url, "120.796500" in url) for url in first] == [(True, True)] * 4
    assert [("39.908722" in url, "116.397499" in url) for url in second] == [(True, True)] * 4
    assert not [url for url in second if "31.2338" in url]
    assert project_row(cast, "name", "address") == ["旧名称", "旧地址"]


def plot_on_the_phone(phone: PageClient, plot_id: int) -> dict[str, str]:
    page = phone.get(f"/m/project/plots/{plot_id}").page
    head = page.find("section", class_="project-head")
    found = {"number": head.find_all("h2"), "tags": head.find_all("ul", class_="project-tags")}
    found["text"] = page.find_all("div", class_="illustrated")
    return {name: elements[0].text for name, elements in found.items() if elements}


@pytest.mark.parametrize(
    ("typed", "what", "after"),
    [
        pytest.param({"number": "A-01"}, "number", "A-01", marks=pytest.mark.manual("6.3.j-8")),
        pytest.param({"tags": "临街,现铺"}, "tags", "临街 现铺", marks=pytest.mark.manual("6.3.j-9")),
        pytest.param(
            {"text": "<p>挑高<em>五米四</em></p>"},
            "text",
            "挑高 五米四",
            marks=pytest.mark.manual("6.3.j-10"),
        ),
    ],
)
def test_changed_field_of_a_plot_is_read_on_the_phone_and_no_other_plot_changes(
    faces: Faces, typed: dict[str, str], what: str, after: str
) -> None:
    cast, phone = faces.cast, faces.phone
    plot = add_plot(cast, "旧编号", tags=("旧标签",), text="<p>旧介绍</p>", place=1)
    other = add_plot(cast, "B-02", tags=("内街",), text="<p>层高三米</p>", place=2)
    old = plot_on_the_phone(phone, plot)
    assert old == {"number": "旧编号", "tags": "旧标签", "text": "旧介绍"}

    saved = faces.admin.submit(f"{PLOTS}change/?id={plot}", typed)

    assert notes(saved.page) == ["The plot is saved. Brokers see it now."]
    assert plot_on_the_phone(phone, plot) == old | {what: after}
    assert plot_on_the_phone(phone, other) == {"number": "B-02", "tags": "内街", "text": "层高三米"}


def test_picture_of_a_text_is_sent_kept_and_seen_on_the_phone(
    cast: Cast, desk: Desk, phone: PageClient
) -> None:
    admin = desk("admin")

    sent = send(admin, picture("PNG", (1200, 600)))

    assert sent.status_code == 201
    assert told(sent)["sentence"] == "The picture is in the text. Save to keep it there."
    address = told(sent)["url"]
    admin.submit(PROJECT, {"name": "澄湖天街", "introduction": f'<p><img src="{address}" alt="鸟瞰"></p>'})
    (image,) = phone.get("/m/project").page.find_all("img")
    assert (image["alt"], image["width"], image["height"]) == ("鸟瞰", "1200", "600")
    fetched = [phone.get(source.split()[0]) for source in image["srcset"].split(", ")]
    sizes = [Image.open(BytesIO(answer.data)).size for answer in fetched]
    assert sizes == [(240, 120), (480, 240), (960, 480), (1200, 600)]


def picture(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "seagreen").save(file, kind)
    return file.getvalue()


def send(client: PageClient, data: bytes, request_id: str = "a-picture-1") -> PageResponse:
    """Send a picture as the editor does."""
    form = next(form for form in client.get(PROJECT).page.forms if form.action == PROJECT)
    (token,) = form.defaults()["csrf_token"]
    sent = {"csrf_token": token, "request_id": request_id, "picture": (BytesIO(data), "a.png")}
    answer = client.post(f"{PROJECT}picture/", data=sent, headers={"Accept": "application/json"})
    answer.request.environ["wsgi.input"].close()  # Werkzeug's client leaves its temporary file to chance.
    return answer


def told(answer: PageResponse) -> dict[str, str]:
    """Return what a script was answered."""
    assert isinstance(answer.json, dict)
    return answer.json


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_may_be_of_three_kinds(cast: Cast, desk: Desk, kind: str) -> None:
    assert send(desk("admin"), picture(kind)).status_code == 201
    assert cast.count(Illustration, width=64, height=48) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Choose a picture first."),
        (b"<svg onload=alert(1)>", NO_PICTURE),
        (picture("GIF"), NO_PICTURE),
        (
            bytes(10 * 1024 * 1024 + 1),
            (
                "The picture is too large: at most 10 MB and 40 million pixels, as WebP 20 million. "
                "Choose a smaller one."
            ),
        ),
    ],
    ids=["empty", "script", "gif", "large"],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_words(cast: Cast, desk: Desk, data: bytes, sentence: str) -> None:
    admin = desk("admin")

    with nothing_written(cast.app):
        answer = send(admin, data)

    assert (answer.status_code, answer.json) == (422, {"sentence": sentence})


def test_picture_sent_twice_is_kept_once(cast: Cast, desk: Desk) -> None:
    admin = desk("admin")

    first, again = send(admin, picture("PNG")), send(admin, picture("PNG"))

    assert first.json == again.json
    assert cast.count(Illustration) == 1


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("name", " ", "Enter the name."),
        ("name", "湖" * 61, "The text is too long: at most 60 characters."),
        ("tags", "一、二、三、四、五、六、七、八、九", "Too many tags: at most 8. Take some out."),
        ("tags", "湖" * 13, "A tag is too long: at most 12 characters. Shorten it."),
        (
            "contact_phone",
            "12",
            "A phone number has 5 to 20 digits; spaces, hyphens, brackets and + may stand between them.",
        ),
        (
            "latitude",
            "91",
            WRONG_DEGREES,
        ),
        (
            "pasted",
            "湖滨路",
            "No coordinates were found in what you pasted. Paste something like 39.908722, 116.397499.",
        ),
        (
            "introduction",
            f'<img src="/pictures/{"0" * 32}/480.jpg">',
            "A picture in the text is not kept here. Take it out and insert it again.",
        ),
    ],
)
def test_wrong_field_is_refused_beside_it_and_everything_typed_stays(
    cast: Cast, desk: Desk, field: str, text: str, sentence: str
) -> None:
    write_project(cast, **BEFORE)
    admin = desk("admin")

    with nothing_written(cast.app):
        answer = admin.submit(PROJECT, TYPED | {field: text})

    assert answer.status_code == 422
    assert answer.page.find("span", id=f"{field}-error").text == sentence
    form = next(form for form in answer.page.forms if form.action == PROJECT)
    shown = {name: str(form.defaults()[name][0]).strip() for name in TYPED}
    assert shown == {name: (TYPED | {field: text})[name].strip() for name in TYPED}


@pytest.mark.parametrize(
    ("field", "text", "answered"),
    [
        ("number", " ", (422, "Enter the plot number.")),
        ("number", "b-02", (409, "A plot with this number is shown already. Choose another number.")),
        ("place", "first", (422, "Enter the place in the list as a whole number from 1 to 9999.")),
        ("place", "0", (422, "Enter the place in the list as a whole number from 1 to 9999.")),
    ],
)
def test_wrong_plot_is_refused_beside_its_field(
    cast: Cast, desk: Desk, field: str, text: str, answered: tuple[int, str]
) -> None:
    add_plot(cast, "B-02")
    plot = add_plot(cast, "A-01")
    admin = desk("admin")

    for page in (f"{PLOTS}add/", f"{PLOTS}change/?id={plot}"):
        with nothing_written(cast.app):
            answer = admin.submit(page, {"number": "C-03", field: text})
        assert (answer.status_code, answer.page.find("span", id=f"{field}-error").text) == answered


def test_nasty_text_reaches_neither_database_nor_phone(cast: Cast, desk: Desk, phone: PageClient) -> None:
    nasty = (
        '<p onclick="x()">湖<script>alert(1)</script><a href="javascript:x">景</a><img src=x onerror=x></p>'
    )
    admin = desk("admin")

    admin.submit(PROJECT, {"name": "澄湖天街", "introduction": nasty})
    admin.submit(f"{PLOTS}add/", {"number": "A-01", "text": nasty})

    plot = cast.count(Plot)
    (introduction,), (text,) = project_row(cast, "introduction"), plot_row(cast, plot, "text")
    for kept in (introduction, text, phone.get("/m/project").text, phone.get("/m/project/plots/1").text):
        assert "湖" in kept
        assert [bad for bad in ("alert(1)", "javascript:x", "onerror", "onclick") if bad in kept] == []


def test_form_of_before_somebody_elses_change_is_refused(cast: Cast, desk: Desk) -> None:
    admin = desk("admin")
    old = admin.get(PROJECT)
    write_project(cast, **BEFORE)

    with nothing_written(cast.app):
        answer = admin.submit(old, {"name": "澄湖天街"})

    assert answer.status_code == 409
    assert notes(answer.page) == ["Somebody else has changed this meanwhile. Reload the page and look again."]


def test_plot_is_added_at_the_end_archived_and_shown_again(cast: Cast, desk: Desk, phone: PageClient) -> None:
    add_plot(cast, "B-02", place=6)
    admin = desk("admin")

    added = admin.submit(f"{PLOTS}add/", {"number": "A-01", "tags": "临街 转角；现铺"})

    assert [(row["Plot number"], row["Place in the list"], row["Tags"]) for row in rows(added.page)] == [
        ("B-02", "6", "–"), ("A-01", "7", "临街 转角、现铺"),
    ]  # fmt: skip
    archived = admin.submit(f"{PLOTS}archive/?id=2", button="Archive")
    assert [row["Plot number"] for row in rows(archived.page)] == ["B-02"]
    assert "A-01" not in phone.get("/m/project").text
    shelf = admin.get(f"{PLOTS}?state=archived")
    assert [row["Plot number"] for row in rows(shelf.page)] == ["A-01"]
    shown = admin.submit(f"{PLOTS}bring-back/?id=2", button="Show it again")
    assert [row["Plot number"] for row in rows(shown.page)] == ["B-02", "A-01"]
    assert "A-01" in phone.get("/m/project").text


def test_archived_plot_cannot_be_changed_before_it_is_shown_again(cast: Cast, desk: Desk) -> None:
    plot = add_plot(cast, "A-01")
    put_away(cast, plot)

    assert desk("admin").get(f"{PLOTS}change/?id={plot}").status_code == 404


def frame_of(answer: PageResponse) -> Page:
    """Return the phone's page that lies in the frame beside the form."""
    frame = answer.page.find("iframe")
    assert frame["sandbox"] == "allow-same-origin"
    return Page(unescape(frame["srcdoc"]))


def test_preview_shows_what_is_typed_and_writes_nothing(cast: Cast, desk: Desk) -> None:
    digest = keep_picture(cast)
    write_project(cast, **BEFORE)
    add_plot(cast, "A-01")
    admin = desk("admin")
    assert on_the_phone(frame_of(admin.get(PROJECT)))["name"] == "旧名称"
    typed = TYPED | {"introduction": f'湖<script>x</script><img src="/pictures/{digest}/480.jpg">'}

    with nothing_written(cast.app):
        answer = admin.submit(PROJECT, typed, button="Preview")

    phone = frame_of(answer)
    assert answer.status_code == 200
    assert on_the_phone(phone) == {
        "name": "澄湖天街", "address": "湖滨路 1 号", "tags": "湖景 双地铁 现铺", "introduction": "湖",
        "contact": "林青 028-8888 6666",
    }  # fmt: skip
    assert [image["src"] for image in phone.find_all("img")] == [f"/pictures/{digest}/1000.jpg"]
    assert phone.find_all("script") == []
    assert [card.find("strong").text for card in phone.find_all("a", class_="plot-card")] == ["A-01"]


def test_preview_of_a_form_that_cannot_be_saved_shows_what_it_can(cast: Cast, desk: Desk) -> None:
    admin = desk("admin")
    typed = {"name": "澄湖天街", "latitude": "far", "introduction": f"<p>{'湖' * 31_000}</p>"}

    answer = admin.submit(PROJECT, typed, button="Preview")

    assert (answer.status_code, on_the_phone(frame_of(answer))) == (200, {"name": "澄湖天街"})


def test_previewed_form_can_be_saved_afterwards(cast: Cast, desk: Desk) -> None:
    plot = add_plot(cast, "A-01")
    admin = desk("admin")

    answer = admin.submit(f"{PLOTS}change/?id={plot}", {"text": "<p>挑高五米四</p>"}, button="Preview")
    assert frame_of(answer).find("div", class_="illustrated").text == "挑高五米四"
    assert plot_row(cast, plot, "text") == [""]
    admin.submit(answer, {"number": "A-02"})

    assert plot_row(cast, plot, "number", "text") == ["A-02", "<p>挑高五米四</p>"]


def test_script_gets_the_phone_page_and_the_maps(cast: Cast, desk: Desk) -> None:
    admin = desk("admin")
    form = next(form for form in admin.get(PROJECT).page.forms if form.action == PROJECT)

    with nothing_written(cast.app):
        answer = admin.post(
            f"{PROJECT}preview/",
            data=form.defaults() | TYPED,
            headers={"Accept": "application/json"},
        )

    assert on_the_phone(Page(told(answer)["phone"]))["name"] == "澄湖天街"
    assert len(Page(told(answer)["maps"]).find_all("a")) == 4


def test_chinese_pages_use_the_words_of_the_manual(cast: Cast, signed_in: Desk) -> None:
    plot = add_plot(cast)
    admin = signed_in("admin")

    labels = [label.text for label in admin.get(PROJECT).page.find("main").find_all("label")]

    assert labels[:6] == ["项目名称", "项目地址", "特色标签", "图文简介", "联系人", "联系电话"]
    titles = [
        admin.get(page).page.h1
        for page in (
            PROJECT,
            PLOTS,
            f"{PLOTS}add/",
            f"{PLOTS}change/?id={plot}",
            f"{PLOTS}archive/?id={plot}",
        )
    ]
    assert titles == ["项目主页", "地块", "添加地块", "修改地块", "归档地块"]
    put_away(cast, plot)
    assert admin.get(f"{PLOTS}bring-back/?id={plot}").page.h1 == "恢复展示地块"
