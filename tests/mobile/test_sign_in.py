"""Signing in on the phone: agents by one-time code, gate staff and consultants by password."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

NEW_PHONE = "13712349876"
pytestmark = pytest.mark.usefixtures("clock")


def sign_in(client: PageClient, phone: str) -> PageResponse:
    """Ask for a code, read it where the demonstration shows it, and type it in."""
    page = client.submit("/m/sign-in", {"phone": phone})
    return client.submit(page, {"code": page.page.find("code", data_shown_code="").text})


def sign_in_as_staff(client: PageClient, login: str, password: str = PASSWORD) -> PageResponse:
    return client.submit("/m/staff/sign-in", {"login": login, "password": password})


@pytest.mark.manual("1.2-3")
def test_phone_of_a_broker_is_verified_by_the_code(cast: Cast, stranger: PageClient) -> None:
    page = stranger.submit("/m/sign-in", {"phone": "13500010001"})
    wrong = stranger.submit(page, {"code": "000000"})

    signed_in = sign_in_again(stranger, page)

    assert wrong.status_code == 422
    assert "The code is wrong or no longer valid" in wrong.page.find(class_="complaint").text
    assert signed_in.request.path == "/m/home"
    assert "13500010001" in stranger.get("/m/me").page.text


def sign_in_again(client: PageClient, page: PageResponse) -> PageResponse:
    return client.submit(client.get("/m/sign-in/code"), {"code": page.page.find("code").text})


@pytest.mark.parametrize("phone", ["", "1350001000", "135000100011", "02812345678", "<script>"])
def test_what_is_no_mobile_number_is_refused(cast: Cast, stranger: PageClient, phone: str) -> None:
    with nothing_written(cast.app):
        answer = stranger.submit("/m/sign-in", {"phone": phone})

    assert answer.status_code == 422
    assert answer.page.find(class_="complaint").text.startswith(
        "Enter the whole mobile number: eleven digits"
    )


@pytest.mark.parametrize("spelling", ["+86 135 0001 0001", "0086-13500010001", "１３５０００１０００１"])
def test_phone_may_be_spelled_as_keyboards_spell_it(cast: Cast, stranger: PageClient, spelling: str) -> None:
    assert sign_in(stranger, spelling).request.path == "/m/home"


def test_second_code_within_a_minute_is_refused_with_the_wait(
    cast: Cast, clock: StoppedClock, stranger: PageClient
) -> None:
    stranger.submit("/m/sign-in", {"phone": NEW_PHONE})
    clock.forward(timedelta(seconds=20))

    answer = stranger.submit("/m/sign-in", {"phone": NEW_PHONE})

    assert answer.status_code == 409
    assert "in 41 seconds" in answer.page.text


def test_code_is_worth_nothing_after_five_minutes(
    cast: Cast, clock: StoppedClock, stranger: PageClient
) -> None:
    page = stranger.submit("/m/sign-in", {"phone": "13500010001"})
    clock.forward(timedelta(minutes=5))

    assert sign_in_again(stranger, page).status_code == 422
    assert stranger.get("/m/home").location == "/m/sign-in?next=/m/home"


@pytest.mark.parametrize(
    ("login", "home"),
    [
        pytest.param("gate-feng", "/m/gate", marks=pytest.mark.manual("3.1-2")),
        pytest.param("consultant-xin", "/m/consultant", marks=pytest.mark.manual("4.1-2")),
    ],
)
def test_staff_sign_in_with_account_and_password(
    cast: Cast, stranger: PageClient, login: str, home: str
) -> None:
    refused = sign_in_as_staff(stranger, login, "a wrong password")

    signed_in = sign_in_as_staff(stranger, login)

    assert refused.status_code == 422
    assert "Account name or password is wrong. Check both and try again." in refused.page.text
    assert signed_in.request.path == home


def test_office_account_does_not_open_the_phone_pages(cast: Cast, stranger: PageClient) -> None:
    assert sign_in_as_staff(stranger, "director").status_code == 422


def test_signing_in_goes_on_to_the_page_that_was_asked_for(cast: Cast, stranger: PageClient) -> None:
    door = stranger.get("/m/v/abc", follow_redirects=True)
    link = next(a["href"] for a in door.page.find_all("a") if "staff/sign-in" in a.get("href"))

    answer = stranger.submit(link, {"login": "gate-feng", "password": PASSWORD})

    assert answer.request.path == "/m/v/abc"
    assert "This is no visit code of ours." in answer.page.text


@pytest.mark.parametrize("target", ["//elsewhere.example", "https://elsewhere.example", "/admin/", "/m/\\x"])
def test_signing_in_goes_nowhere_else(cast: Cast, stranger: PageClient, target: str) -> None:
    page = stranger.get("/m/staff/sign-in", query_string={"next": target})

    answer = stranger.submit(page, {"login": "gate-feng", "password": PASSWORD})

    assert answer.request.path == "/m/gate"


def test_signing_out_closes_every_page(cast: Cast, phone: Callable[[str], PageClient]) -> None:
    broker = phone("fang")

    left = broker.submit("/m/me", action="/m/sign-out")

    assert left.request.path == "/m/sign-in"
    assert broker.get("/m/customers").location == "/m/sign-in?next=/m/customers"


def test_language_is_remembered(cast: Cast, client: PageClient) -> None:
    chinese = client.get("/m/sign-in")

    client.submit(chinese, {}, button="English")

    assert chinese.page.language.startswith("zh")
    assert client.get("/m/staff/sign-in").page.language == "en"


@pytest.mark.parametrize(
    ("who", "page"),
    [("fang", "/m/gate"), ("feng", "/m/customers"), ("xin", "/m/gate/scans"), ("director", "/m/home")],
)
def test_wrong_role_is_told_so(cast: Cast, phone: Callable[[str], PageClient], who: str, page: str) -> None:
    answer = phone(who).get(page)

    assert answer.status_code == 403
    assert "Your account may not open this page." in answer.page.text


def test_form_without_its_token_is_refused(cast: Cast, stranger: PageClient) -> None:
    with nothing_written(cast.app):
        answer = stranger.forge("/m/sign-in", {"phone": NEW_PHONE}, without=["csrf_token"])

    assert answer.status_code == 400
    assert "This page was open for too long." in answer.page.text


@pytest.mark.parametrize(
    ("page", "door"),
    [
        ("/m/customers", "/m/sign-in?next=/m/customers"),
        ("/m/gate", "/m/staff/sign-in?next=/m/gate"),
        ("/m/consultant/viewings", "/m/staff/sign-in?next=/m/consultant/viewings"),
        ("/admin/leads/", "/admin/sign-in?next=/admin/leads/"),
    ],
)
def test_stranger_is_sent_to_the_door_for_those_who_may_come_in(
    stranger: PageClient, page: str, door: str
) -> None:
    assert stranger.get(page).headers["Location"] == door


def test_code_that_is_on_its_way_can_be_typed_on_another_browser(
    cast: Cast, stranger: PageClient, new_client: Callable[[], PageClient]
) -> None:
    shown = stranger.submit("/m/sign-in", {"phone": NEW_PHONE}).page.find("code").text
    other = new_client()

    refused = other.submit("/m/sign-in", {"phone": NEW_PHONE})
    signed_in = other.submit(refused, {"code": shown})

    assert refused.status_code == 409
    assert signed_in.request.path == "/m/profile"
