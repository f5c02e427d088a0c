"""Both doors under somebody who guesses: what pages say, what browsers are known by, what the log tells."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from tests.mobile.conftest import speaks_english
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.databases import SECRET_KEY
from tests.support.frozen import StoppedClock

DOORS = [
    pytest.param("/admin/sign-in", "director", "/admin/", id="office"),
    pytest.param("/m/staff/sign-in", "gate-feng", "/m/gate", id="phone"),
]
COOKIE, WRONG = "known_browser", "wrong"
NewClient = Callable[[], PageClient]
pytestmark = pytest.mark.usefixtures("clock", "cast")


@pytest.fixture
def another(new_client: NewClient) -> NewClient:
    """Gives one browser after the other, in English."""
    return lambda: speaks_english(new_client())


def tries(client: PageClient, door: str, login: str, password: str = WRONG) -> PageResponse:
    page = client.get(door)
    return client.post(
        door,
        data=dict(page.page.forms[-1].defaults()) | {"login": login, "password": password},
        follow_redirects=True,
    )


@pytest.mark.parametrize(("door", "login", "home"), DOORS)
def test_sixth_try_is_told_how_long_to_wait(another: NewClient, door: str, login: str, home: str) -> None:
    client = another()
    for _ in range(5):
        assert tries(client, door, login).status_code == 422

    answer = tries(client, door, login, PASSWORD)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert "Too many tries. Try again in 2 seconds." in answer.page.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(("door", "login", "home"), DOORS)
def test_wait_is_told_in_chinese_too(new_client: NewClient, door: str, login: str, home: str) -> None:
    client = new_client()
    for _ in range(5):
        tries(client, door, login)

    assert "尝试次数过多，请在 2 秒后再试。" in tries(client, door, login).page.text


@pytest.mark.parametrize(("door", "login", "home"), DOORS)
def test_page_is_the_same_whether_the_account_exists_or_not(
    another: NewClient, door: str, login: str, home: str
) -> None:
    seen = []
    for name in (login, "nobody-of-ours"):
        client = another()
        answers = [tries(client, door, name, PASSWORD + "!") for _ in range(6)]
        seen.append([(answer.status_code, answer.page.text) for answer in answers])

    assert seen[0] == seen[1]
    assert [status for status, _ in seen[0]] == [422] * 5 + [429]


@pytest.mark.parametrize(("door", "login", "home"), DOORS)
def test_after_the_wait_the_right_password_opens(
    another: NewClient, clock: StoppedClock, door: str, login: str, home: str
) -> None:
    client = another()
    for _ in range(5):
        tries(client, door, login)
    clock.forward(timedelta(seconds=2))

    assert tries(client, door, login, PASSWORD).request.path == home


@pytest.mark.parametrize(("door", "login", "home"), DOORS)
def test_browser_that_has_signed_in_before_is_not_held_up_by_strangers(
    another: NewClient, door: str, login: str, home: str
) -> None:
    own, stranger = another(), another()
    tries(own, door, login, PASSWORD)
    with own.session_transaction() as session:
        session.clear()
        session["language"] = "en"
    for _ in range(6):
        blocked = tries(stranger, door, login)

    assert blocked.status_code == 429
    assert tries(own, door, login, PASSWORD).request.path == home


def test_cookie_of_a_known_browser_is_signed_and_kept_from_scripts(another: NewClient) -> None:
    client = another()
    door = client.get("/admin/sign-in")
    answer = client.submit(door, {"login": "director", "password": PASSWORD}, follow=False)

    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(COOKIE)]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Max-Age=15552000" in cookie
    assert "director" not in cookie


@pytest.mark.parametrize("change", [str.swapcase, lambda value: value[:-2], lambda _: "W1s5LCJ4Il1d.x.y"])
def test_cookie_that_we_did_not_make_makes_no_browser_known(
    another: NewClient, change: Callable[[str], str]
) -> None:
    own, thief = another(), another()
    tries(own, "/admin/sign-in", "director", PASSWORD)
    kept = own.get_cookie(COOKIE)
    assert kept is not None
    thief.set_cookie(COOKIE, change(kept.value))

    answers = [tries(thief, "/admin/sign-in", "director").status_code for _ in range(6)]

    assert answers == [422] * 5 + [429]


def test_known_browser_is_a_strangers_for_another_account(another: NewClient) -> None:
    own = another()
    tries(own, "/admin/sign-in", "director", PASSWORD)
    own.submit("/admin/", {}, action="/admin/sign-out")

    answers = [tries(own, "/admin/sign-in", "secretary").status_code for _ in range(6)]

    assert answers == [422] * 5 + [429]
    assert [tries(own, "/admin/sign-in", "director").status_code for _ in range(6)] == [422] * 6


@pytest.mark.parametrize(("days", "sixth"), [(179, 422), (181, 429)])
def test_known_browser_is_a_strangers_after_half_a_year(
    another: NewClient, cast: Cast, days: int, sixth: int
) -> None:
    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - days * 86_400

    signer = URLSafeTimedSerializer(SECRET_KEY, salt="known browsers", signer=Then)
    client = another()
    client.set_cookie(COOKIE, str(signer.dumps([[cast.ids["director"], "of half a year ago"]])))

    answers = [tries(client, "/admin/sign-in", "director").status_code for _ in range(6)]

    assert answers == [422] * 5 + [sixth]


def test_browser_that_several_people_share_is_known_for_the_last_five(another: NewClient, cast: Cast) -> None:
    shared = another()
    everybody = ["secretary", "director", "admin", "gate-feng", "gate-lu", "consultant-xin"]
    for login in everybody:
        door = "/admin/sign-in" if login in ("secretary", "director", "admin") else "/m/staff/sign-in"
        tries(shared, door, login, PASSWORD)
        with shared.session_transaction() as session:
            session.clear()
            session["language"] = "en"

    assert [tries(shared, "/admin/sign-in", "secretary").status_code for _ in range(6)] == [422] * 5 + [429]
    assert [tries(shared, "/admin/sign-in", "director").status_code for _ in range(6)] == [422] * 6


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, object]]]:
    return [
        (entry.getMessage(), getattr(entry, "facts", {}))
        for entry in caplog.records
        if entry.name == "lead_system.security"
    ]


def test_log_tells_who_came_in_and_who_did_not_and_nothing_that_was_typed(
    another: NewClient, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    client, director = another(), cast.ids["director"]
    with caplog.at_level(logging.INFO):
        tries(client, "/admin/sign-in", "director", "typed-by-mistake")
        tries(client, "/admin/sign-in", "nobody-of-ours", "typed-by-mistake")
        tries(client, "/admin/sign-in", "director", PASSWORD)
        client.submit("/admin/", {}, action="/admin/sign-out")

    assert events(caplog) == [
        ("sign_in_failed", {"account": director}),
        ("sign_in_failed", {"account": None}),
        ("sign_in", {"account": director, "role": "director", "way": "password"}),
        ("signed_out", {"account": director}),
    ]
    assert "typed-by-mistake" not in caplog.text
    assert "nobody-of-ours" not in caplog.text


def test_log_tells_when_somebody_is_slowed_down(another: NewClient, caplog: pytest.LogCaptureFixture) -> None:
    client = another()
    with caplog.at_level(logging.INFO):
        for _ in range(6):
            tries(client, "/m/staff/sign-in", "nobody-of-ours")

    assert [event for event, _ in events(caplog)] == ["sign_in_failed"] * 5 + ["sign_in_slowed"]


def test_log_tells_of_codes_and_of_new_passwords(
    another: NewClient, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    broker, gate = another(), another()
    with caplog.at_level(logging.INFO):
        page = broker.submit("/m/sign-in", {"phone": "13500010001"})
        code = page.page.find("code", data_shown_code="").text
        broker.submit(page, {"code": "000000" if code != "000000" else "111111"})
        broker.submit(broker.get("/m/sign-in/code"), {"code": code})
        tries(gate, "/m/staff/sign-in", "gate-feng", PASSWORD)
        gate.submit(
            "/m/password",
            {
                "current_password": PASSWORD,
                "new_password": "violet tractor 88 harbour",
                "repeated": "violet tractor 88 harbour",
            },
        )

    assert events(caplog) == [
        ("sign_in_failed", {"account": None}),
        ("sign_in", {"account": cast.ids["fang"], "role": "broker", "way": "code"}),
        ("sign_in", {"account": cast.ids["feng"], "role": "gate", "way": "password"}),
        ("password_changed", {"account": cast.ids["feng"]}),
    ]
    assert "13500010001" not in caplog.text
    assert "violet" not in caplog.text


def test_wait_stands_beside_the_present_password(another: NewClient, cast: Cast) -> None:
    client = another()
    tries(client, "/admin/sign-in", "director", PASSWORD)
    typed = {"new_password": "violet tractor 88 harbour", "repeated": "violet tractor 88 harbour"}
    for _ in range(10):
        assert client.submit("/admin/password", typed | {"current_password": "x"}).status_code == 422

    answer = client.submit("/admin/password", typed | {"current_password": PASSWORD})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert "Too many tries. Try again in 2 seconds." in answer.page.text
    assert answer.page.h1 == "Change your password"


PASSWORD_FIELDS = {
    "/admin/sign-in": {"login": "username", "password": "current-password"},
    "/m/staff/sign-in": {"login": "username", "password": "current-password"},
    "/admin/password": {
        "current_password": "current-password", "new_password": "new-password", "repeated": "new-password",
    },
    "/admin/staff/add/": {"password": "new-password"},
    "/admin/consultants/add/": {"password": "new-password"},
}  # fmt: skip


@pytest.mark.parametrize("path", PASSWORD_FIELDS)
def test_password_managers_are_told_which_field_is_which_and_nothing_keeps_them_out(
    another: NewClient, signed_in: Callable[[str], PageClient], path: str
) -> None:
    client = another() if path.endswith("sign-in") else signed_in("admin")

    fields = {field.get("name"): field for field in client.get(path).page.find_all("input")}

    for name, token in PASSWORD_FIELDS[path].items():
        assert fields[name]["autocomplete"] == token
        assert not {"onpaste", "readonly", "disabled"} & set(fields[name].attributes)
        if name != "login":
            assert not fields[name].get("maxlength")


def test_one_time_code_is_offered_by_the_phones_keyboard(another: NewClient) -> None:
    page = another().submit("/m/sign-in", {"phone": "13500010001"}).page

    [code] = [field for field in page.find_all("input") if field.get("name") == "code"]
    assert code["autocomplete"] == "one-time-code"


@pytest.mark.parametrize(
    "password", ["  violet tractor 88 harbour  ", "密码里有空格　和汉字十二个", "é" * 3 + " violet tractor"]
)
def test_password_is_neither_trimmed_nor_changed(another: NewClient, cast: Cast, password: str) -> None:
    client = another()
    tries(client, "/admin/sign-in", "director", PASSWORD)
    typed = {"current_password": PASSWORD, "new_password": password, "repeated": password}
    assert client.submit("/admin/password", typed).request.path == "/admin/"

    assert tries(another(), "/admin/sign-in", "director", password.strip() + "x").status_code == 422
    if password != password.strip():
        assert tries(another(), "/admin/sign-in", "director", password.strip()).status_code == 422
    assert tries(another(), "/admin/sign-in", "director", password).request.path == "/admin/"
