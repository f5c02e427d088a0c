"""WeChat's own scanner on the scan pages: offered inside WeChat only, opened by a signature of the page."""

import hashlib
from collections.abc import Callable

import pytest

from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.outside import APP_ID, IN_WECHAT, OutsideWorld, connect

pytestmark = pytest.mark.usefixtures("clock")
Phone = Callable[[str], PageClient]
PAGES = pytest.mark.parametrize(("who", "page"), [("feng", "/m/gate"), ("xin", "/m/consultant")])


@pytest.fixture
def wechat(cast: Cast, outside: OutsideWorld) -> OutsideWorld:
    connect(cast.app, outside)
    return outside


def ask(client: PageClient, page: str, url: str) -> PageResponse:
    token = client.get(page).page.csrf_token
    headers = {"Accept": "application/json"}
    return client.post("/m/wechat/signature", data={"csrf_token": token, "url": url}, headers=headers)


@PAGES
def test_page_is_signed_with_the_ticket_that_wechat_lent(
    cast: Cast, phone: Phone, wechat: OutsideWorld, who: str, page: str
) -> None:
    url = f"http://localhost{page}?from=menu"
    told = [ask(phone(who), page, f"{url}#top").json for _ in range(2)]

    for answer in told:
        assert answer is not None
        assert (answer["appId"], answer["timestamp"]) == (APP_ID, 1772416800)
        signed = f"jsapi_ticket=ticket-1&noncestr={answer['nonceStr']}&timestamp=1772416800&url={url}"
        assert answer["signature"] == hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
    assert told[0] != told[1]
    assert wechat.lent == 1


@pytest.mark.parametrize(
    "url", ["", "https://evil.example/m/gate", "http://localhost.evil.example/m/", "http://localhost/admin/"]
)
def test_other_pages_are_not_signed(cast: Cast, phone: Phone, wechat: OutsideWorld, url: str) -> None:
    assert ask(phone("feng"), "/m/gate", url).status_code == 404
    assert wechat.calls == []


def test_brokers_get_no_signature(cast: Cast, phone: Phone, wechat: OutsideWorld) -> None:
    assert ask(phone("fang"), "/m/me", "http://localhost/m/gate").status_code == 403


def test_missing_ticket_is_told_in_words(cast: Cast, phone: Phone, wechat: OutsideWorld) -> None:
    wechat.goes_wrong("/cgi-bin/stable_token", {"errcode": 45009})

    answer = ask(phone("feng"), "/m/gate", "http://localhost/m/gate")

    assert (answer.status_code, answer.json) == (
        409,
        {
            "sentence": "WeChat takes no more questions at the moment. Sign in with your phone, "
            "or try again later."
        },
    )


@PAGES
def test_scanner_is_prepared_inside_wechat_only(
    cast: Cast, phone: Phone, wechat: OutsideWorld, who: str, page: str
) -> None:
    inside = phone(who).get(page, headers={"User-Agent": IN_WECHAT})
    elsewhere = phone(who).get(page)

    (part,) = inside.page.find_all("section", data_signature_url="/m/wechat/signature")
    assert part.has("hidden")
    assert "wechat_scan.js" in inside.text
    assert "wechat" not in elsewhere.text.lower()


def test_scanner_is_not_prepared_without_an_official_account(cast: Cast, phone: Phone) -> None:
    assert "wechat_scan" not in phone("feng").get("/m/gate", headers={"User-Agent": IN_WECHAT}).text
