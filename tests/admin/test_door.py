"""The door of the back office: who comes in, where they land, and what the others are told."""

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import notes
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient

DOOR = "/admin/sign-in"


@pytest.fixture
def stranger(client: PageClient) -> PageClient:
    """Gives the browser of somebody who has not signed in and reads English."""
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


@pytest.mark.parametrize(
    ("login", "role"),
    [
        pytest.param("secretary", "Secretary", marks=pytest.mark.manual("6.1.0-1")),
        pytest.param("director", "Director", marks=pytest.mark.manual("6.2.a-1")),
        pytest.param("admin", "Administrator", marks=pytest.mark.manual("6.3.a-1")),
    ],
)
def test_account_and_password_open_the_back_office(
    stranger: PageClient, cast: Cast, login: str, role: str
) -> None:
    page = stranger.submit(DOOR, {"login": login, "password": PASSWORD}).page

    assert page.h1 == ("First steps" if login == "admin" else "Dashboard")
    assert role in page.find("div", class_="who").text
    assert stranger.get("/admin/leads/").page.h1 == "Customers"


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("director", "wrong"),
        ("director", ""),
        ("", PASSWORD),
        ("nobody", PASSWORD),
        ("gate-feng", PASSWORD),
        ("consultant-xin", PASSWORD),
        ("director' OR 1=1 --", PASSWORD),
        ("director", "x" * 5000),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    stranger: PageClient, cast: Cast, login: str, password: str
) -> None:
    answer = stranger.forge(DOOR, {"login": login, "password": password})

    assert answer.status_code == 422
    assert notes(answer.page) == ["Account name or password is wrong. Check both and try again."]
    assert PASSWORD not in answer.text
    assert stranger.get("/admin/leads/").status_code == 302


@pytest.mark.parametrize("path", ["/admin/", "/admin/leads/?status=bound", "/admin/collisions/"])
def test_a_stranger_is_sent_to_the_door_and_then_to_the_wanted_page(
    stranger: PageClient, cast: Cast, path: str
) -> None:
    door = stranger.get(path, follow_redirects=True)
    assert door.page.h1 == "Sign in to the back office"

    landed = stranger.submit(door, {"login": "director", "password": PASSWORD})

    assert landed.request.full_path.rstrip("?") == path


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/m/", "/admin/leads/\r\nX: y"]
)
def test_nobody_is_sent_anywhere_else(stranger: PageClient, cast: Cast, wanted: str) -> None:
    door = stranger.get(DOOR, query_string={"next": wanted})

    landed = stranger.submit(door, {"login": "director", "password": PASSWORD})

    assert landed.request.path == "/admin/"


def test_signing_out_closes_the_door_behind(desk: Desk, cast: Cast) -> None:
    client = desk("director")

    gone = client.submit("/admin/leads/", {}, action="/admin/sign-out")

    assert gone.page.h1 == "Sign in to the back office"
    assert client.get("/admin/leads/").status_code == 302


def test_an_archived_account_is_outside_at_its_next_click(desk: Desk, cast: Cast) -> None:
    client = desk("secretary")
    assert client.get("/admin/leads/").status_code == 200

    cast.archives("secretary")

    assert client.get("/admin/leads/").status_code == 302


PAGES = [
    "/admin/",
    "/admin/leads/",
    "/admin/leads/details/?id={bound}",
    "/admin/leads/mark-dealt/?id={bound}",
    "/admin/leads/undo-deal/?id={dealt}",
    "/admin/leads/rebind/?id={bound}",
    "/admin/collisions/",
    "/admin/collisions/open-count/",
]
FOR_DECIDERS = PAGES[3:]


@pytest.mark.parametrize(
    ("who", "pages"),
    [("fang", PAGES), ("wei", PAGES), ("feng", PAGES), ("xin", PAGES), ("secretary", FOR_DECIDERS)],
)
def test_a_page_for_others_is_refused_without_a_word_of_what_is_on_it(
    desk: Desk, room: Room, who: str, pages: list[str]
) -> None:
    client = desk(who)

    answers = [client.get(page.format(bound=room.bound, dealt=room.dealt)) for page in pages]

    assert [answer.status_code for answer in answers] == [403] * len(pages)
    assert not any("欧阳锋" in answer.text for answer in answers)


@pytest.mark.parametrize(
    "action",
    [
        "/admin/leads/mark-dealt/?id={bound}",
        "/admin/leads/mark-dealt-in-bulk/",
        "/admin/leads/undo-deal/?id={bound}",
        "/admin/leads/rebind/?id={bound}&to=1",
        "/admin/collisions/handle/",
    ],
)
def test_a_form_that_the_secretary_made_by_hand_changes_nothing(desk: Desk, room: Room, action: str) -> None:
    client = desk("secretary")
    token = client.get("/admin/leads/").page.csrf_token
    sent = {"csrf_token": token, "request_id": "made-by-hand-1", "reason": "x", "dealt_on": "2026-04-02"}

    answer = client.post(action.format(bound=room.bound), data=sent | {"version": "3", "lead_ids": "1"})

    assert answer.status_code == 403
    assert room.cast.status(room.bound) == "bound"


def test_the_secretary_sees_no_entry_that_she_may_not_open(desk: Desk, room: Room) -> None:
    menu = desk("secretary").get("/admin/leads/").page.find("nav", class_="menu")

    shown = [entry.text for entry in menu.find_all("a")]
    assert shown == [
        "Dashboard",
        "Customers",
        "Viewing fees",
        "Gate scans",
        "Walk-ins",
        "Viewings",
        "Exports",
    ]
