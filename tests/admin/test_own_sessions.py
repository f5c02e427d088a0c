"""Where one is signed in, in the office and on the phone: each sees their own, and can end them."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Account, SignIn
from lead_system.services.sign_in_codes import shown_code
from tests.admin.reading import rows
from tests.mobile.conftest import speaks_english
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient
from tests.support.frozen import MONDAY_TEN, StoppedClock

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0"
WECHAT = "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
OFFICE, PHONE = "/admin/sessions/", "/m/sessions"
DOORS = {
    "secretary": "/admin/sign-in", "director": "/admin/sign-in", "admin": "/admin/sign-in",
    "gate-feng": "/m/staff/sign-in", "consultant-xin": "/m/staff/sign-in",
}  # fmt: skip
PHONES = {"fang": "13500010001", "wei": "13500030003", "hong": "13911112222"}

SignsIn = Callable[..., PageClient]


@pytest.fixture
def signs_in(cast: Cast, clock: StoppedClock, new_client: Callable[[], PageClient]) -> SignsIn:
    """Lets somebody in through their own door, on a browser that says what it is."""

    def come_in(who: str, agent: str = EDGE, client: PageClient | None = None) -> PageClient:
        client = speaks_english(client or new_client())
        client.environ_base["HTTP_USER_AGENT"] = agent
        if who in DOORS:
            client.submit(DOORS[who], {"login": who, "password": PASSWORD})
            return client
        client.submit("/m/sign-in", {"phone": PHONES[who]})
        with cast.app.app_context():
            secret = str(cast.app.config["SECRET_KEY"])
            code = shown_code(PHONES[who], secret=secret, now=now())
        client.submit("/m/sign-in/code", {"code": code})
        clock.forward(timedelta(seconds=61))
        return client

    return come_in


def token_of(client: PageClient) -> str:
    with client.session_transaction() as session:
        return str(session["_user_id"])


def is_in(client: PageClient, page: str) -> bool:
    return client.get(page).status_code == 200


# The lists.


def test_office_shows_each_browser_and_since_when_and_which_is_this_one(
    cast: Cast, clock: StoppedClock, signs_in: SignsIn
) -> None:
    signs_in("director")
    clock.forward(timedelta(minutes=20))
    here = signs_in("director", WECHAT)
    signs_in("secretary")

    shown = here.get(OFFICE).page

    ours = [row for row in rows(shown) if row["Browser"] != "Unknown browser"]
    assert [(row["Browser"], row["Signed in since"], row["Last used"]) for row in ours] == [
        ("WeChat · Android this one", "2026-03-02 10:20", "now"),
        ("Edge · Windows", "2026-03-02 10:00", "2026-03-02 10:00"),
    ]
    with here.session_transaction() as session:
        session["language"] = "zh-CN"
    assert "微信 · Android" in here.get(OFFICE).text


def test_phone_shows_them_too(cast: Cast, clock: StoppedClock, signs_in: SignsIn) -> None:
    signs_in("fang", EDGE)
    here = signs_in("fang", WECHAT)
    signs_in("wei")

    shown = here.get(PHONE).page.find("ul", class_="sessions").find_all("li")

    names = [one.find("p", class_="session-name").text for one in shown]
    assert [name for name in names if name != "Unknown browser"] == [
        "WeChat · Android this one",
        "Edge · Windows",
    ]


def test_me_and_the_account_menu_lead_there(signs_in: SignsIn) -> None:
    assert signs_in("fang").get("/m/me").page.find("a", href=PHONE).text == "Where you are signed in"
    assert signs_in("secretary").get("/admin/").page.find("a", href=OFFICE).text == "Where you are signed in"


def test_list_holds_no_token(cast: Cast, signs_in: SignsIn) -> None:
    client = signs_in("director")

    text = client.get(OFFICE).text

    assert token_of(client) not in text
    with cast.app.app_context():
        assert not [one for one in db.session.scalars(db.select(SignIn.token_hash)) if one in text]


# Ending them.


def test_office_ends_another_browser_at_its_next_click(
    cast: Cast, signs_in: SignsIn, caplog: pytest.LogCaptureFixture
) -> None:
    there, here = signs_in("director", WECHAT), signs_in("director")
    with cast.app.app_context():
        found = db.session.scalars(db.select(SignIn.id).filter_by(browser="WeChat · Android")).one()
    asked = here.get(f"/admin/sessions/end/?id={found}")
    assert is_in(there, "/admin/leads/")

    with caplog.at_level(logging.INFO, logger="lead_system.security"):
        done = here.submit(asked, button="Sign out", action="/admin/sessions/end/")

    assert "That browser is signed out." in done.text
    assert (is_in(there, "/admin/leads/"), is_in(here, "/admin/leads/")) == (False, True)
    (noted,) = [record for record in caplog.records if record.message == "sessions_ended"]
    assert noted.facts == {"account": cast.ids["director"], "ended": 1}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("who", "page", "home"),
    [
        ("secretary", "/admin/sessions/end-others/", "/admin/leads/"),
        ("admin", "/admin/sessions/end-others/", "/admin/leads/"),
        ("gate-feng", "/m/sessions/end-others", "/m/gate"),
        ("consultant-xin", "/m/sessions/end-others", "/m/consultant"),
        ("fang", "/m/sessions/end-others", "/m/home"),
        ("hong", "/m/sessions/end-others", "/m/visitor"),
    ],
)
def test_everybody_ends_all_others_of_their_own(
    cast: Cast, signs_in: SignsIn, who: str, page: str, home: str
) -> None:
    there, here, rival = signs_in(who), signs_in(who), signs_in("wei")

    here.submit(page, button="Sign out on all others")

    assert (is_in(there, home), is_in(here, home)) == (False, True)
    assert is_in(rival, "/m/home")


def test_phone_ends_one_browser(cast: Cast, signs_in: SignsIn) -> None:
    there, here = signs_in("fang", WECHAT), signs_in("fang", EDGE)
    with cast.app.app_context():
        found = db.session.scalars(db.select(SignIn.id).filter_by(browser="WeChat · Android")).one()

    done = here.submit(f"/m/sessions/{found}/end", button="Sign out")

    assert "That browser is signed out." in done.text
    assert (is_in(there, "/m/home"), is_in(here, "/m/home")) == (False, True)


def test_anybody_elses_answers_as_one_that_does_not_exist(cast: Cast, signs_in: SignsIn) -> None:
    qiang_like = signs_in("wei", WECHAT)
    with cast.app.app_context():
        found = db.session.scalars(db.select(SignIn.id).filter_by(browser="WeChat · Android")).one()

    assert signs_in("fang").get(f"/m/sessions/{found}/end").status_code == 404
    assert signs_in("admin").get(f"/admin/sessions/end/?id={found}").status_code == 404
    assert is_in(qiang_like, "/m/home")


def test_director_signs_a_broker_out_everywhere(cast: Cast, signs_in: SignsIn) -> None:
    fang, rival, director = signs_in("fang"), signs_in("wei"), signs_in("director")

    asked = director.get(f"/admin/brokers/sign-out/?id={cast.ids['fang']}")
    assert "Signed in on 2 browsers now." in asked.text  # This one, and the seat of the cast.
    done = director.submit(asked, button="Sign out everywhere")

    assert "This person is signed out on every browser." in done.text
    assert (is_in(fang, "/m/home"), is_in(rival, "/m/home")) == (False, True)
    assert is_in(signs_in("fang"), "/m/home")


@pytest.mark.parametrize(
    ("who", "short", "kind", "home"),
    [
        ("gate-feng", "feng", "staff", "/m/gate"),
        ("director", "director", "staff", "/admin/leads/"),
        ("consultant-xin", "xin", "consultants", "/m/consultant"),
    ],
)
def test_admin_signs_staff_out_everywhere(
    cast: Cast, signs_in: SignsIn, *, who: str, short: str, kind: str, home: str
) -> None:
    theirs, admin = signs_in(who), signs_in("admin")

    admin.submit(f"/admin/{kind}/sign-out/?id={cast.ids[short]}", button="Sign out everywhere")

    assert (is_in(theirs, home), is_in(admin, "/admin/leads/")) == (False, True)


# How they end by themselves.


def test_archived_broker_is_out_at_the_next_click(cast: Cast, signs_in: SignsIn) -> None:
    fang, director = signs_in("fang"), signs_in("director")

    director.submit(f"/admin/brokers/archive/?id={cast.ids['fang']}", button="Archive")

    assert fang.get("/m/home").location == "/m/sign-in?next=/m/home"


@pytest.mark.parametrize("who", ["director", "gate-feng", "fang"])
def test_copy_of_the_cookie_opens_nothing_after_signing_out(
    cast: Cast, signs_in: SignsIn, new_client: Callable[[], PageClient], who: str
) -> None:
    home, out = {
        "director": ("/admin/leads/", "/admin/sign-out"),
        "gate-feng": ("/m/gate", "/m/sign-out"),
        "fang": ("/m/home", "/m/sign-out"),
    }[who]
    client, thief = signs_in(who), new_client()
    cookie = client.get_cookie("session")
    assert cookie is not None
    thief.set_cookie("session", cookie.value)
    assert is_in(thief, home)

    client.submit("/m/me" if home.startswith("/m/") else home, action=out)

    assert (is_in(client, home), is_in(thief, home)) == (False, False)


LAPSING = [
    ("secretary", "/admin/leads/", timedelta(hours=2), timedelta(hours=12)),
    ("gate-feng", "/m/gate", timedelta(hours=12), timedelta(days=7)),
    ("fang", "/m/home", timedelta(days=30), timedelta(days=180)),
    ("hong", "/m/visitor", timedelta(days=30), timedelta(days=180)),
]


@pytest.mark.parametrize(("who", "home", "idle", "absolute"), LAPSING)
def test_browser_that_is_left_alone_is_signed_out(
    clock: StoppedClock, signs_in: SignsIn, *, who: str, home: str, idle: timedelta, absolute: timedelta
) -> None:
    del absolute
    client = signs_in(who)
    came_in = now()
    clock.at(came_in + idle * 23 / 24)
    assert is_in(client, home)
    clock.forward(idle)

    assert not is_in(client, home)


@pytest.mark.parametrize(("who", "home", "idle", "absolute"), LAPSING)
def test_browser_that_is_always_used_is_signed_out_in_the_end(
    clock: StoppedClock, signs_in: SignsIn, *, who: str, home: str, idle: timedelta, absolute: timedelta
) -> None:
    client = signs_in(who)
    end = MONDAY_TEN + absolute
    while now() + idle / 2 < end:
        clock.forward(idle / 2)
        assert is_in(client, home)
    clock.at(end + timedelta(minutes=2))

    assert not is_in(client, home)


@pytest.mark.parametrize("who", ["director", "gate-feng", "fang"])
def test_what_a_stranger_put_into_the_browser_before_is_worth_nothing_after_signing_in(
    cast: Cast, signs_in: SignsIn, new_client: Callable[[], PageClient], who: str
) -> None:
    """Session fixation: token, form token and ids of the session before open and sign nothing."""
    stranger = speaks_english(new_client())
    page = stranger.get(DOORS.get(who, "/m/sign-in"))
    known = page.page.csrf_token
    with stranger.session_transaction() as session:
        session["_user_id"] = "planted by a stranger"
        session["session_key"] = "planted too"
    planted = stranger.get_cookie("session")
    assert planted is not None

    client = signs_in(who, client=stranger)

    assert token_of(client) != "planted by a stranger"
    with client.session_transaction() as session:
        assert session.get("session_key") != "planted too"
    out = "/m/sign-out" if who != "director" else "/admin/sign-out"
    home = {"director": "/admin/leads/", "gate-feng": "/m/gate", "fang": "/m/home"}[who]
    sent = {"csrf_token": known, "request_id": "a-strangers-form"}
    assert client.post(out, data=sent).status_code == 400
    assert is_in(client, home)
    thief = new_client()
    thief.set_cookie("session", planted.value)
    assert not is_in(thief, home)


# Changing one's role.


def test_visitor_who_turns_broker_stays_in_here_under_a_new_token_and_nowhere_else(
    cast: Cast, signs_in: SignsIn
) -> None:
    there, here = signs_in("hong"), signs_in("hong")
    before = token_of(here)

    profile = here.submit("/m/me/broker", action="")

    assert profile.request.path == "/m/profile"
    assert token_of(here) != before
    assert there.get("/m/me").location == "/m/sign-in?next=/m/me"


def test_somebody_new_who_turns_visitor_too(cast: Cast, signs_in: SignsIn) -> None:
    cast.arrives("new", "13900007777")
    PHONES["new"] = "13900007777"
    there, here = signs_in("new"), signs_in("new")
    before = token_of(here)

    here.submit("/m/visitor/begin", {"name": "钱七"})

    assert token_of(here) != before
    assert (is_in(here, "/m/visitor"), is_in(there, "/m/visitor")) == (True, False)
    with cast.app.app_context():
        assert db.session.get_one(Account, cast.ids["new"]).role == "visitor"
