"""What becomes of a form whose sign-in is renewed, or ended, by somebody who is a moment faster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest

from lead_system.clock import frozen_at, now
from lead_system.models import ProfileChange
from lead_system.services.sign_ins import sign_out_everywhere
from tests.mobile.conftest import speaks_english
from tests.mobile.test_sign_in import NEW_PHONE, sign_in
from tests.support.authenticator import code_at
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

SET_UP = "/admin/second-factor/set-up/"
NEW_PASSWORD = {"current_password": PASSWORD} | dict.fromkeys(
    ("new_password", "repeated"), "a secret of my own"
)
Browser = Callable[[str], PageClient]
NewClient = Callable[[], PageClient]

DOORS = {"director": ("/admin/sign-in", "director"), "feng": ("/m/staff/sign-in", "gate-feng")}
HOMES = {"director": "/admin/leads/", "feng": "/m/gate"}
EACH = pytest.mark.parametrize(
    ("who", "form", "fields"),
    [
        ("director", "/admin/password", NEW_PASSWORD),
        ("feng", "/m/password", NEW_PASSWORD),
        ("director", "/admin/confirm", {"confirm_password": PASSWORD}),
    ],
)


@pytest.fixture
def browser(cast: Cast, clock: StoppedClock, new_client: NewClient) -> Browser:
    """Gives the browser of somebody who came in through the door half an hour ago."""

    def sit_down(who: str) -> PageClient:
        client, (door, login) = speaks_english(new_client()), DOORS[who]
        client.submit(door, {"login": login, "password": PASSWORD})
        clock.forward(timedelta(minutes=30))
        return client

    return sit_down


@contextmanager
def meanwhile(cast: Cast, act: Callable[[], object]) -> Iterator[None]:
    """Let something happen once, after the next request was let in and before its view has run."""
    hooks, moment = cast.app.before_request_funcs[None], now()

    def there() -> None:
        with frozen_at(moment):
            act()

    def happen() -> None:
        hooks.remove(happen)
        thread = Thread(target=there)
        thread.start()
        thread.join()

    hooks.append(happen)
    try:
        yield
        assert happen not in hooks
    finally:
        hooks[:] = [hook for hook in hooks if hook is not happen]


def sends_twice(
    cast: Cast, client: PageClient, copy: PageClient, page: PageResponse, fields: dict[str, str], **how: str
) -> list[PageResponse]:
    """Send a form twice from one browser, the second before the first has done anything.

    Returns the answers as they come: that of the second and, after it, that of the first.
    """
    answers: list[PageResponse] = []
    hand_cookie(client, copy)

    def overtake() -> None:
        answers.append(copy.submit(page, fields, follow=False, **how))
        hand_cookie(copy, client)

    with meanwhile(cast, overtake):
        answers.append(client.submit(page, fields, follow=False, **how))
    return answers


def hand_cookie(giver: PageClient, taker: PageClient) -> None:
    cookie = giver.get_cookie("session")
    taker.set_cookie("session", cookie.value if cookie else "")


@EACH
def test_password_sent_twice_is_answered_twice_and_the_browser_stays_signed_in(
    cast: Cast, browser: Browser, new_client: NewClient, *, who: str, form: str, fields: dict[str, str]
) -> None:
    client = browser(who)

    answers = sends_twice(cast, client, new_client(), client.get(form), fields)

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    assert client.get(HOMES[who]).status_code == 200


def test_second_factor_set_up_and_turned_off_by_forms_sent_twice(
    cast: Cast, browser: Browser, new_client: NewClient
) -> None:
    client = browser("director")
    client.submit("/admin/confirm", {"confirm_password": PASSWORD})
    page = client.get(SET_UP)

    shown = sends_twice(
        cast, client, new_client(), page, {"code": code_at(page.page.find("code").text, now())}
    )

    assert [answer.page.h1 for answer in shown] == ["Your recovery codes"] * 2
    codes = [[code.text for code in answer.page.find_all("code")] for answer in shown]
    assert codes[0] == codes[1]
    assert len(codes[0]) >= 10
    assert client.get(HOMES["director"]).status_code == 200

    off = client.get("/admin/second-factor/turn-off/")
    turned_off = sends_twice(cast, client, new_client(), off, {}, button="Turn it off")

    assert [answer.location for answer in turned_off] == ["/admin/second-factor/"] * 2
    assert "It is off." in client.get("/admin/second-factor/").text


def test_new_phone_sent_twice_is_changed_once_and_the_browser_stays_signed_in(
    cast: Cast, new_client: NewClient, clock: StoppedClock
) -> None:
    client = speaks_english(new_client())
    sign_in(client, "13500010001")
    clock.forward(timedelta(minutes=1))
    page = client.submit("/m/me/phone", {"phone": NEW_PHONE})
    code = {"code": page.page.find("code", data_shown_code="").text}

    answers = sends_twice(cast, client, new_client(), page, code)

    assert [answer.location for answer in answers] == ["/m/me"] * 2
    assert cast.count(ProfileChange, new_phone=NEW_PHONE) == 1
    assert client.get("/m/home").status_code == 200


@EACH
def test_whoever_is_signed_out_everywhere_meanwhile_is_answered_once_more_and_then_out(
    cast: Cast, browser: Browser, who: str, form: str, fields: dict[str, str]
) -> None:
    client = browser(who)
    page = client.get(form)

    def sign_out() -> None:
        with cast.app.app_context():
            sign_out_everywhere(cast.as_("admin"), account_id=cast.ids[who], now=now())

    with meanwhile(cast, sign_out):
        answer = client.submit(page, fields, follow=False)

    assert answer.status_code == 302
    assert "sign-in" in client.get(HOMES[who]).location
