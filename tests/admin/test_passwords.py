"""Passwords in the back office: temporary ones, and changing the own one."""

from collections.abc import Callable

import pytest

from lead_system.clock import now
from tests.admin.conftest import Desk
from tests.admin.reading import notes
from tests.mobile.conftest import speaks_english
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.refusals import nothing_written

DOOR, PASSWORDS = "/admin/sign-in", "/admin/password"
OWN = "my very own secret"
PEOPLE = ("secretary", "director", "admin")


def signs_in(client: PageClient, login: str, password: str) -> PageResponse:
    return speaks_english(client).submit(DOOR, {"login": login, "password": password})


def change(client: PageClient, page: str | PageResponse = PASSWORDS, **typed: str) -> PageResponse:
    """Change the present password of the cast into the own one, but for what is typed otherwise."""
    fields = {"current_password": PASSWORD, "new_password": OWN, "repeated": OWN} | typed
    return client.submit(page, fields, button="Change your password")


@pytest.fixture
def temporary(cast: Cast) -> Cast:
    for who in PEOPLE:
        cast.change(who, must_change_password=True)
    return cast


PAGES = [
    "/admin/", "/admin/leads/", "/admin/leads/details/?id=1", "/admin/leads/?page=x", "/admin/collisions/",
    "/admin/fees/", "/admin/referrals/", "/admin/scans/", "/admin/viewings/", "/admin/rebinds/",
    "/admin/profile_changes/", "/admin/exports/", "/admin/brokers/", "/admin/brokers/change/?id=1",
    "/admin/brokerages/", "/admin/brokerages/add/", "/admin/consultants/", "/admin/staff/",
    "/admin/staff/change/?id=9",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_with_a_temporary_password_every_page_leads_to_changing_it(
    desk: Desk, temporary: Cast, page: str
) -> None:
    answer = desk("admin").get(page, follow_redirects=True)

    assert answer.request.path == PASSWORDS
    assert notes(answer.page) == ["Your password is a temporary one. Choose your own before you go on."]
    assert not answer.page.find_all("nav", class_="menu")


def test_temporary_password_of_more_than_a_week_is_refused_in_words(cast: Cast, client: PageClient) -> None:
    cast.change("director", must_change_password=True, temporary_until=now())

    answer = signs_in(client, "director", PASSWORD)

    assert answer.status_code == 409
    said = "This temporary password is more than a week old. Ask your administrator for a new one."
    assert said in answer.page.text
    assert client.get("/admin/leads/").status_code == 302


@pytest.mark.parametrize("who", PEOPLE)
def test_whoever_signs_in_with_a_temporary_password_lands_there(
    temporary: Cast, client: PageClient, who: str
) -> None:
    landed = signs_in(client, who, PASSWORD)

    assert landed.request.path == PASSWORDS
    assert client.get("/admin/leads/").location == PASSWORDS


def test_a_wanted_page_does_not_open_past_the_temporary_password(temporary: Cast, client: PageClient) -> None:
    door = speaks_english(client).get("/admin/leads/?status=bound", follow_redirects=True)

    landed = client.submit(door, {"login": "director", "password": PASSWORD})

    assert landed.request.path == PASSWORDS


@pytest.mark.parametrize("path", ["/admin/collisions/open-count/", "/admin/brokers/waiting-count/"])
def test_the_menu_that_asks_for_a_number_is_refused(desk: Desk, temporary: Cast, path: str) -> None:
    answer = desk("director").get(path, headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json == {"change_password": PASSWORDS}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/leads/export/",
        "/admin/brokerages/add/",
        "/admin/staff/archive/?id=4",
        "/admin/collisions/handle/",
    ],
)
def test_a_form_made_by_hand_does_nothing_before_the_change(desk: Desk, temporary: Cast, path: str) -> None:
    client = desk("admin")
    token = client.get(PASSWORDS).page.csrf_token
    sent = {"csrf_token": token, "request_id": "made-by-hand-1", "name": "和美房产", "version": "1"}

    with nothing_written(temporary.app):
        answer = client.post(path, data=sent)

    assert (answer.status_code, answer.location) == (302, PASSWORDS)


def test_somebody_with_a_temporary_password_may_leave(desk: Desk, temporary: Cast) -> None:
    client = desk("secretary")

    gone = client.submit(PASSWORDS, {}, action="/admin/sign-out")

    assert gone.page.h1 == "Sign in to the back office"
    assert client.get("/admin/leads/").location == "/admin/sign-in?next=/admin/leads/"


def start_of(who: str) -> str:
    """Return the page on which somebody starts in a system where nobody was ever scanned."""
    return "First steps" if who == "admin" else "Dashboard"


@pytest.mark.parametrize("who", PEOPLE)
def test_after_the_change_everything_opens_and_only_the_new_password_signs_in(
    temporary: Cast, client: PageClient, new_client: Callable[[], PageClient], who: str
) -> None:
    signs_in(client, who, PASSWORD)

    done = change(client)

    assert notes(done.page) == ["Your password is changed."]
    assert done.page.h1 == start_of(who)
    assert client.get("/admin/leads/").page.h1 == "Customers"
    assert signs_in(new_client(), who, PASSWORD).status_code == 422
    assert signs_in(new_client(), who, OWN).page.h1 == start_of(who)


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_changes_the_own_password_at_any_time(
    desk: Desk, cast: Cast, new_client: Callable[[], PageClient], who: str
) -> None:
    client = desk(who)
    link = client.get("/admin/leads/").page.find("a", href=PASSWORDS)

    done = change(client, link["href"])

    assert notes(done.page) == ["Your password is changed."]
    assert signs_in(new_client(), who, PASSWORD).status_code == 422
    assert signs_in(new_client(), who, OWN).page.h1 == start_of(who)
    (other,) = {"director", "admin"} - {who} if who != "secretary" else {"admin"}
    assert signs_in(new_client(), other, PASSWORD).page.h1 == start_of(other)


def complaint(answer: PageResponse) -> dict[str, str]:
    """Return what a page complains about, by the field beside which it stands."""
    errors = answer.page.find_all("span", class_="field-error")
    return {error["id"].removesuffix("-error"): error.text for error in errors}


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"current_password": "not mine at all"}, "current_password", "The present password is wrong."),
    ({"current_password": ""}, "current_password", "The present password is wrong."),
    ({"repeated": "my very own secreT"}, "repeated", "The two passwords differ."),
    ({"repeated": ""}, "repeated", "The two passwords differ."),
    ({"new_password": "elevensigns", "repeated": "elevensigns"}, "new_password", "at least 12 characters."),
    ({"new_password": "", "repeated": ""}, "new_password", "at least 12 characters."),
    ({"new_password": "xy" * 101, "repeated": "xy" * 101}, "new_password", "at most 200 characters."),
    ({"new_password": PASSWORD, "repeated": PASSWORD}, "new_password", "That is the present password."),
    ({"new_password": "z" * 12, "repeated": "z" * 12}, "new_password", "too easy to guess."),
    ({"new_password": "the director!", "repeated": "the director!"}, "new_password", "too easy to guess."),
]


@pytest.mark.parametrize("is_temporary", [False, True])
@pytest.mark.parametrize(("typed", "field", "sentence"), WRONG)
def test_a_change_that_cannot_be_is_refused_beside_its_field(
    desk: Desk, cast: Cast, *, typed: dict[str, str], field: str, sentence: str, is_temporary: bool
) -> None:
    cast.change("director", must_change_password=is_temporary)
    client = desk("director")

    with nothing_written(cast.app):
        answer = change(client, **typed)

    assert answer.status_code == 422
    assert sentence in complaint(answer)[field]
    assert list(complaint(answer)) == [field]
    shown = [box.get("value") for box in answer.page.find_all("input", type="password")]
    assert shown == ["", "", ""]
    assert (client.get("/admin/leads/").location == PASSWORDS) is is_temporary


def test_a_refused_change_leaves_the_old_password_and_can_be_sent_again(
    desk: Desk, cast: Cast, new_client: Callable[[], PageClient]
) -> None:
    client = desk("director")
    refused = change(client, current_password="not mine at all")
    assert signs_in(new_client(), "director", PASSWORD).page.h1 == "Dashboard"

    done = change(client, refused)

    assert notes(done.page) == ["Your password is changed."]


def test_sent_twice_a_change_is_answered_the_same(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    asked = client.get(PASSWORDS)

    answers = [change(client, asked) for _ in range(2)]

    assert [notes(answer.page) for answer in answers] == [["Your password is changed."]] * 2
    assert len(cast.history(f"account:{cast.ids['director']}")) == 1


@pytest.mark.parametrize("who", ["fang", "wei", "feng", "xin"])
def test_people_of_the_phone_change_no_password_here(desk: Desk, cast: Cast, who: str) -> None:
    assert desk(who).get(PASSWORDS).status_code == 403


def test_a_stranger_is_sent_to_the_door(cast: Cast, client: PageClient) -> None:
    assert client.get(PASSWORDS).location == "/admin/sign-in?next=/admin/password"


def test_the_history_keeps_that_it_was_done_and_no_password(desk: Desk, cast: Cast) -> None:
    change(desk("director"))

    ((action, actor, changes, personal),) = cast.history(f"account:{cast.ids['director']}")
    assert (action, actor) == ("change_own_password", cast.ids["director"])
    assert OWN not in str((changes, personal))
    assert PASSWORD not in str((changes, personal))
