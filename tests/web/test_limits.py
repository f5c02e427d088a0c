"""How many requests a browser may send: told in its language, and without asking the database."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask

from lead_system.web.limits import COSTLY, find_costly
from tests.mobile.conftest import speaks_english
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient

pytestmark = pytest.mark.alters_the_app
"""Each test counts from nothing."""

JSON = {"Accept": "application/json"}
SignIn = Callable[[str], PageClient]


@pytest.fixture
def limited(app: Flask) -> Callable[[int], None]:
    """Turns the limits on."""

    def limit(requests_per_minute: int) -> None:
        app.extensions["settings"].requests_per_minute = requests_per_minute

    return limit


def statuses(client: PageClient, path: str, times: int, **how: object) -> list[int]:
    return [client.get(path, **how).status_code for _ in range(times)]


def test_signed_in_browser_has_its_number_a_minute_and_is_then_told_to_wait(
    limited: Callable[[int], None], signed_in: SignIn
) -> None:
    client = speaks_english(signed_in("director"))
    limited(3)

    assert statuses(client, "/admin/help/", 3) == [200, 200, 200]
    refused = client.get("/admin/help/")

    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.page.h1 == "Wait a moment"
    assert f"Try again in {refused.headers['Retry-After']} second" in refused.page.text
    assert "Try again" in [link.text for link in refused.page.find_all("a")]


def test_whoever_is_told_to_wait_reads_no_whole_number_in_the_way_back(
    limited: Callable[[int], None], signed_in: SignIn
) -> None:
    client = speaks_english(signed_in("director"))
    limited(1)
    client.get("/admin/help/")

    refused = client.get("/admin/leads/?name=欧阳&q=电话16660842579")

    assert refused.status_code == 429
    (again,) = [link["href"] for link in refused.page.find_all("a") if link.text == "Try again"]
    assert again == "/admin/leads/?name=%E6%AC%A7%E9%98%B3"
    assert "16660842579" not in refused.text


def test_too_many_requests_are_refused_in_the_pages_language(
    limited: Callable[[int], None], signed_in: SignIn
) -> None:
    client = signed_in("fang")
    limited(1)
    client.get("/m/home")

    refused = client.get("/m/home")

    assert refused.page.h1 == "请稍候"
    assert f"操作过于频繁，请在 {refused.headers['Retry-After']} 秒后再试。" in refused.page.text


def test_script_is_told_in_json(limited: Callable[[int], None], signed_in: SignIn) -> None:
    client = speaks_english(signed_in("feng"))
    limited(1)
    client.get("/m/gate/line", headers=JSON)

    refused = client.get("/m/gate/line", headers=JSON)

    assert refused.status_code == 429
    assert refused.json == {
        "sentence": f"That was too much at once. Try again in {refused.headers['Retry-After']} seconds."
    }


def test_refusing_asks_the_database_nothing(limited: Callable[[int], None], signed_in: SignIn) -> None:
    client = signed_in("director")
    limited(1)
    client.get("/admin/help/")

    assert client.get("/admin/help/").status_code == 429
    assert client.statements == []


def test_answer_gives_no_internals_away(limited: Callable[[int], None], signed_in: SignIn) -> None:
    client = signed_in("director")
    limited(1)
    answers = [client.get("/admin/help/") for _ in range(2)]

    for answer in answers:
        assert not [name for name, _ in answer.headers if "ratelimit" in name.lower()]
    assert "per 1 minute" not in answers[1].text


def test_browsers_behind_one_address_do_not_count_for_each_other_once_signed_in(
    limited: Callable[[int], None], signed_in: SignIn
) -> None:
    busy, quiet = signed_in("director"), signed_in("secretary")
    limited(2)
    assert statuses(busy, "/admin/help/", 3) == [200, 200, 429]

    assert statuses(quiet, "/admin/help/", 2) == [200, 200]


def test_strangers_of_one_address_share_five_times_as_many(
    limited: Callable[[int], None], new_client: Callable[[], PageClient]
) -> None:
    limited(2)

    came = [new_client().get("/m/sign-in").status_code for _ in range(11)]

    assert came == [200] * 10 + [429]
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert new_client().get("/m/sign-in", environ_overrides=elsewhere).status_code == 200


def test_what_is_not_there_counts_too(limited: Callable[[int], None], client: PageClient) -> None:
    limited(1)

    assert statuses(client, "/no-such-page", 6) == [404] * 5 + [429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/0123456789abcdef/css/tokens.css"])
def test_health_and_files_are_never_limited(
    limited: Callable[[int], None], client: PageClient, path: str
) -> None:
    limited(1)

    answers = [client.get(path, buffered=True).status_code for _ in range(8)]

    assert answers == [200] * 8


def test_zero_turns_every_limit_off(limited: Callable[[int], None], client: PageClient) -> None:
    limited(0)

    assert set(statuses(client, "/m/sign-in", 20)) == {200}


def test_exports_are_limited_more_tightly_all_lists_together(
    limited: Callable[[int], None], signed_in: SignIn
) -> None:
    client = signed_in("admin")
    limited(100_000)
    lists = ["staff", "consultants", "brokers", "brokerages"] * 5
    for name in lists:
        answer = client.submit(f"/admin/{name}/", {}, action=f"/admin/{name}/export/")
        assert answer.status_code == 200
        answer.close()

    refused = client.submit("/admin/staff/", {}, action="/admin/staff/export/")

    assert refused.status_code == 429
    assert refused.headers["Content-Type"].startswith("text/html")
    assert client.get("/admin/staff/").status_code == 200


def test_short_codes_cannot_be_tried_without_end(limited: Callable[[int], None], signed_in: SignIn) -> None:
    client = speaks_english(signed_in("feng"))
    limited(100_000)
    page = client.get("/m/gate")
    for _ in range(60):
        assert client.submit(page, {"code": "0000000000"}).status_code in (409, 422)

    assert client.submit(page, {"code": "0000000000"}).status_code == 429
    assert client.get("/m/gate/scans").status_code == 200


def test_refused_form_can_be_sent_again_unless_it_had_a_password(
    limited: Callable[[int], None], signed_in: SignIn, client: PageClient, cast: Cast
) -> None:
    fang = speaks_english(signed_in("fang"))
    form, door = fang.get("/m/customers/enter"), speaks_english(client).get("/m/staff/sign-in")
    limited(1)
    fang.get("/m/home")

    refused = fang.submit(form, {"surname": "欧阳", "given_name": "锋"}, button="Only enter")
    for _ in range(5):
        client.get("/m/staff/sign-in")
    with_password = client.submit(door, {"login": "gate-feng", "password": PASSWORD})

    assert (refused.status_code, with_password.status_code) == (429, 429)
    assert [button.text for button in refused.page.find_all("button")] == ["Send again"]
    assert not with_password.page.find_all("button")
    assert PASSWORD not in with_password.text


@pytest.mark.parametrize("length", ["99999999999", "135"])
def test_refused_form_that_cannot_be_read_is_told_to_wait_like_any_other(
    limited: Callable[[int], None], signed_in: SignIn, length: str
) -> None:
    """One is too long, and the other breaks off: neither can be offered to be sent again."""
    fang = speaks_english(signed_in("fang"))
    limited(1)
    fang.get("/m/home")
    sent = {
        "CONTENT_LENGTH": length,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.input": BytesIO(b"surname=1"),
    }

    refused = fang.post("/m/customers/enter", environ_overrides=sent)

    assert refused.status_code == 429
    assert not refused.page.find_all("button")


def test_limits_of_their_own_are_of_endpoints_that_exist(app: Flask) -> None:
    reserved = {"reveals"}
    for costly in COSTLY:
        if costly.name not in reserved:
            for one in costly.endpoints:
                named = type(costly)(costly.name, costly.limit, (one,))
                assert any(named.has(endpoint) for endpoint in app.view_functions), one


@pytest.mark.parametrize(
    "part", ["export", "import", "sign-in", "code", "photo", "reveal", "read", "password", "second-factor"]
)
def test_what_costs_much_or_invites_guessing_has_a_limit_of_its_own(app: Flask, part: str) -> None:
    costly = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if part in rule.rule.split("/") and "POST" in (rule.methods or ())
    ]

    assert [one for one in costly if find_costly(one) is None] == []


def test_every_view_that_takes_files_has_a_limit_of_its_own(app: Flask) -> None:
    taking = [one for one, view in app.view_functions.items() if getattr(view, "__takes_files__", False)]

    assert taking
    assert [one for one in taking if find_costly(one) is None] == []
