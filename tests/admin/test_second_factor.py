"""The pages of the second factor: set up, asked for at the door, taken away, required by a setting."""

import logging
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage

from lead_system.clock import now
from lead_system.models import RecoveryCode
from lead_system.web.qr import read_photo
from tests.mobile.conftest import speaks_english
from tests.services.test_second_factor import Phone, turns_on
from tests.support.authenticator import code_at
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

DOOR, CODE, SET_UP = "/admin/sign-in", "/admin/sign-in/code", "/admin/second-factor/set-up/"
ABOUT = "/admin/second-factor/"
TYPE_CODE = "Type the code of your app"

NewClient = Callable[[], PageClient]


@pytest.fixture
def browser(clock: StoppedClock, new_client: NewClient) -> Callable[[], PageClient]:
    """Gives one browser after the other, in English, with nobody signed in."""
    return lambda: speaks_english(new_client())


@pytest.fixture
def phone(cast: Cast, clock: StoppedClock) -> Phone:
    """The director's phone, with the app set up."""
    return turns_on(cast, "director", secret=str(cast.app.config["SECRET_KEY"]))


def gives_password(client: PageClient, login: str = "director", password: str = PASSWORD) -> PageResponse:
    return client.submit(DOOR, {"login": login, "password": password})


def signs_in(client: PageClient, phone: Phone) -> PageResponse:
    return client.submit(gives_password(client), {"code": phone.code()})


def key_on(page: PageResponse) -> str:
    return page.page.find("code").text


def sets_up(client: PageClient) -> tuple[str, PageResponse]:
    """Set the second factor up as a person does; returns the key and the page with the recovery codes."""
    page = client.get(SET_UP)
    key = key_on(page)
    return key, client.submit(page, {"code": code_at(key, now())})


def noted(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, object]]]:
    """What was written down for security after the sign-ins, and about whom."""
    return [
        (record.message, record.facts)  # type: ignore[attr-defined]
        for record in caplog.records
        if record.name == "lead_system.security" and record.message != "sign_in"
    ]


# Setting it up.


def test_picture_and_key_tell_an_app_the_same(cast: Cast, browser: Callable[[], PageClient]) -> None:
    client = browser()
    gives_password(client)

    page = client.get(SET_UP)

    (picture,) = [
        p["src"] for p in page.page.find_all("img") if p["src"].startswith("data:image/png;base64,")
    ]
    told = read_photo(FileStorage(BytesIO(b64decode(picture.partition(",")[2])), "code.png"))
    key = key_on(page).replace(" ", "")
    assert told == f"otpauth://totp/%E7%A1%AE%E5%AE%A2:director?secret={key}&issuer=%E7%A1%AE%E5%AE%A2"
    assert page.headers["Cache-Control"] == "no-store"


def test_first_code_turns_it_on_and_shows_ten_recovery_codes_once(
    cast: Cast, browser: Callable[[], PageClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = browser()
    gives_password(client)

    with caplog.at_level(logging.INFO, logger="lead_system.security"):
        key, shown = sets_up(client)

    assert noted(caplog) == [("second_factor_on", {"account": cast.ids["director"]})]
    codes = [code.text for code in shown.page.find_all("code")]
    assert shown.page.h1 == "Your recovery codes"
    assert len({code for code in codes if re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", code)}) == 10
    about = client.get(ABOUT)
    assert "It is on since 2026-03-02 10:00." in about.text
    assert "10 recovery codes are left." in about.text
    assert not [secret for secret in (key, *codes) if secret in about.text]
    assert client.get(SET_UP).location == ABOUT


def test_wrong_first_code_turns_nothing_on_and_keeps_what_was_scanned(
    cast: Cast, browser: Callable[[], PageClient]
) -> None:
    client = browser()
    gives_password(client)
    page = client.get(SET_UP)

    refused = client.submit(page, {"code": "000000"})

    assert refused.status_code == 422
    assert refused.page.find(id="code-error").text.startswith("This code is wrong")
    assert key_on(refused) == key_on(page)
    assert cast.account("director", "totp_since") is None
    assert client.submit(refused, {"code": code_at(key_on(page), now())}).page.h1 == "Your recovery codes"


def test_each_set_up_page_has_a_key_of_its_own(browser: Callable[[], PageClient], cast: Cast) -> None:
    client = browser()
    gives_password(client)

    assert key_on(client.get(SET_UP)) != key_on(client.get(SET_UP))


def test_turning_it_on_ends_the_other_sign_ins_and_keeps_this_one(
    cast: Cast, browser: Callable[[], PageClient]
) -> None:
    here, elsewhere = browser(), browser()
    for client in (here, elsewhere):
        gives_password(client)

    sets_up(here)

    assert here.get("/admin/leads/").status_code == 200
    assert elsewhere.get("/admin/leads/").location == "/admin/sign-in?next=/admin/leads/"


# At the door.


def test_right_password_alone_opens_nothing(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    client = browser()

    asked = gives_password(client)

    assert asked.page.h1 == TYPE_CODE
    for page in ("/admin/", "/admin/leads/", SET_UP, "/admin/password", "/admin/sessions/"):
        assert client.get(page).location.startswith("/admin/sign-in"), page


def test_code_opens_what_was_wanted_in_a_new_session(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    client = browser()
    asked = client.submit("/admin/leads/", {"login": "director", "password": PASSWORD})
    before = client.get_cookie("session")

    shown = client.submit(asked, {"code": phone.code()})

    after = client.get_cookie("session")
    assert shown.request.path == "/admin/leads/"
    assert before is not None
    assert after is not None
    assert before.value != after.value
    with client.session_transaction() as session:
        assert "second_step" not in session


def test_wrong_code_opens_nothing_and_is_noted(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = browser()
    asked = gives_password(client)

    with caplog.at_level(logging.INFO, logger="lead_system.security"):
        refused = client.submit(asked, {"code": "000000"})

    assert (refused.status_code, refused.page.h1) == (422, TYPE_CODE)
    assert client.get("/admin/leads/").status_code == 302
    failed = {"account": cast.ids["director"], "code": "second_factor_wrong"}
    assert noted(caplog) == [("second_factor_failed", failed)]
    assert client.submit(refused, {"code": phone.code()}).page.h1 == "Dashboard"


def test_code_that_was_used_opens_no_second_browser(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    first, second = browser(), browser()
    code = phone.code()
    assert first.submit(gives_password(first), {"code": code}).page.h1 == "Dashboard"

    assert second.submit(gives_password(second), {"code": code}).status_code == 422
    assert second.get("/admin/").status_code == 302


def test_form_sent_twice_signs_in_and_says_so_twice(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    client = browser()
    asked = gives_password(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.submit(asked, {"code": phone.code()})
    client.set_cookie("session", cookie.value)

    again = client.submit(asked, {"code": phone.code()}, follow=False)

    assert again.location == "/admin/"


def test_five_minutes_after_the_password_the_code_comes_too_late(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient], clock: StoppedClock
) -> None:
    client = browser()
    asked = gives_password(client)
    clock.forward(timedelta(minutes=5) - timedelta(seconds=1))
    assert client.get(CODE).page.h1 == TYPE_CODE
    clock.forward(timedelta(seconds=1))

    answer = client.submit(asked, {"code": phone.code()})

    assert answer.page.h1 == "Sign in to the back office"
    assert "That took too long" in answer.text
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("change", [{"session_generation": 3}, {"archived_at": "now"}])
def test_account_that_changed_after_the_password_is_not_opened(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient], change: dict[str, object]
) -> None:
    client = browser()
    asked = gives_password(client)
    cast.change("director", **{name: now() if value == "now" else value for name, value in change.items()})

    assert client.submit(asked, {"code": phone.code()}).page.h1 == "Sign in to the back office"
    assert client.get("/admin/").status_code == 302


def test_whoever_gave_no_password_is_led_to_the_door(browser: Callable[[], PageClient], cast: Cast) -> None:
    assert browser().get(CODE).location == "/admin/sign-in"


def test_whoever_was_signed_in_on_this_browser_is_not_any_more(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    client = browser()
    gives_password(client, "secretary")
    page = client.get("/admin/sign-in?next=/admin/")
    token = client.get("/admin/").page.csrf_token
    sent = {"login": "director", "password": PASSWORD, "csrf_token": token, "request_id": "a-request-id"}

    client.post(DOOR, data=sent)

    assert page.status_code == 302
    assert client.get("/admin/").location == "/admin/sign-in?next=/admin/"


def test_recovery_code_lets_in_once_and_the_page_counts_the_rest(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    client, other = browser(), browser()

    assert client.submit(gives_password(client), {"code": phone.paper[3]}).page.h1 == "Dashboard"

    assert "9 recovery codes are left." in client.get(ABOUT).text
    assert other.submit(gives_password(other), {"code": phone.paper[3]}).status_code == 422


# Afterwards.


def test_new_recovery_codes_replace_the_old(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient]
) -> None:
    client = browser()
    signs_in(client, phone)

    shown = client.submit(ABOUT, button="Make new recovery codes")

    codes = {code.text for code in shown.page.find_all("code")}
    assert len(codes) == 10
    assert not codes & set(phone.paper)
    assert cast.count(RecoveryCode) == 10


def test_turning_it_off_asks_and_then_lets_the_password_alone_in(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient], caplog: pytest.LogCaptureFixture
) -> None:
    client, other = browser(), browser()
    signs_in(client, phone)

    asked = client.get("/admin/second-factor/turn-off/")
    assert "Whoever learns your password can then sign in as you." in asked.text
    with caplog.at_level(logging.INFO, logger="lead_system.security"):
        about = client.submit(asked, button="Turn it off")

    assert "It is off." in about.text
    assert noted(caplog) == [("second_factor_off", {"account": cast.ids["director"]})]
    assert client.get("/admin/leads/").status_code == 200
    assert gives_password(other).page.h1 == "Dashboard"


def test_admin_takes_a_lost_one_away_and_they_are_signed_out(
    cast: Cast, phone: Phone, browser: Callable[[], PageClient], caplog: pytest.LogCaptureFixture
) -> None:
    director, admin = browser(), browser()
    signs_in(director, phone)
    gives_password(admin, "admin")

    list_of_staff = admin.get("/admin/staff/")
    addresses = [
        link["href"] for link in list_of_staff.page.find_all("a") if link.text.startswith("Second factor")
    ]
    of_director = f"/admin/staff/second-factor/?id={cast.ids['director']}"
    assert [address for address in addresses if "?id=" in address] == [of_director]
    with caplog.at_level(logging.INFO, logger="lead_system.security"):
        done = admin.submit(of_director, button="Take away")

    assert "The second factor is taken away" in done.text
    assert noted(caplog) == [
        ("second_factor_reset", {"account": cast.ids["director"], "by": cast.ids["admin"]})
    ]
    assert director.get("/admin/leads/").status_code == 302
    assert gives_password(director).page.h1 == "Dashboard"


def test_what_has_no_second_factor_cannot_lose_one(cast: Cast, browser: Callable[[], PageClient]) -> None:
    admin = browser()
    gives_password(admin, "admin")
    address = f"/admin/staff/second-factor/?id={cast.ids['secretary']}"
    page = admin.get(address)

    with nothing_written(cast.app):
        refused = admin.submit(page, button="Take away")

    assert refused.status_code == 409
    assert "This account has no second factor." in refused.text


# Where the server requires one.


@pytest.fixture
def required(cast: Cast) -> None:
    cast.app.extensions["settings"].require_second_factor = True


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("login", ["secretary", "director", "admin"])
def test_nothing_else_of_the_office_opens_before_it_is_set_up(
    cast: Cast, browser: Callable[[], PageClient], login: str
) -> None:
    client = browser()

    shown = gives_password(client, login)

    assert shown.request.path == SET_UP
    assert "Your company asks for a second factor." in shown.text
    for page in ("/admin/", "/admin/leads/", "/admin/sessions/", ABOUT, "/admin/help/"):
        assert client.get(page).location == SET_UP
    told = client.get("/admin/collisions/open-count/", headers={"Accept": "application/json"})
    assert (told.status_code, login == "secretary") in ((403, True), (403, False))
    codes = client.submit(shown, {"code": code_at(key_on(shown), now())})
    client.submit(codes.page.find("a", class_="button-first")["href"], button="Make new recovery codes")
    assert client.get("/admin/leads/").status_code == 200


@pytest.mark.usefixtures("required")
def test_who_does_not_want_it_may_sign_out(cast: Cast, browser: Callable[[], PageClient]) -> None:
    client = browser()

    door = client.submit(gives_password(client), button="Sign out")

    assert door.page.h1 == "Sign in to the back office"


@pytest.mark.usefixtures("required")
def test_temporary_password_comes_before_it(cast: Cast, browser: Callable[[], PageClient]) -> None:
    cast.change("director", must_change_password=True)

    assert gives_password(browser()).page.h1 == "Change your password"


@pytest.mark.usefixtures("required")
def test_phone_staff_and_outsiders_need_none(cast: Cast, signed_in: Callable[[str], PageClient]) -> None:
    homes = {"feng": "/m/gate", "xin": "/m/consultant", "fang": "/m/home", "hong": "/m/visitor"}

    assert {who: signed_in(who).get(home).status_code for who, home in homes.items()} == dict.fromkeys(
        homes, 200
    )


def test_without_the_setting_nobody_is_led_there(cast: Cast, browser: Callable[[], PageClient]) -> None:
    assert gives_password(browser()).page.h1 == "Dashboard"
