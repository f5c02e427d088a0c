"""隐私说明: open to everybody, in both languages, as the settings say; and what a cookie must not hold."""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from lead_system.extensions import db
from lead_system.models import HandledRequest, Setting
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import SECRET_KEY
from tests.support.project import write_project

pytestmark = pytest.mark.usefixtures("clock")
NOTICE = "/m/privacy"


def settings_say(cast: Cast, **values: object) -> None:
    with cast.app.app_context():
        db.session.execute(db.update(Setting).values(**values))
        db.session.commit()


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            (
                "Privacy notice",
                "deleted 24 months after",
                "never asked for and never kept",
                "no legal advice",
            ),
        ),
        ("zh", ("隐私说明", "满 24 个月后", "中间四位从不询问，也从不保存", "不构成法律意见")),
    ],
)
def test_notice_says_who_what_how_long_and_how_to_ask(
    cast: Cast, client: PageClient, language: str, sentences: tuple[str, ...]
) -> None:
    write_project(cast, name="澄湖天街", address="吴中大道 8 号")
    settings_say(cast, retention_months=24, service_phone="0512-66668888")
    with client.session_transaction() as session:
        session["language"] = language

    text = client.get(NOTICE).page.find("main").text

    assert [
        sentence for sentence in (*sentences[1:], "澄湖天街", "0512-66668888") if sentence not in text
    ] == []


def test_notice_without_settings_sends_to_the_desk(cast: Cast, client: PageClient) -> None:
    settings_say(cast, service_phone="")
    with client.session_transaction() as session:
        session["language"] = "en"

    text = client.get(NOTICE).page.find("main").text

    assert "The sales centre that you deal with." in text
    assert "Ask at the desk of the sales centre." in text


def links_to_notice(page: object) -> bool:
    return any(link.get("href") == NOTICE for link in page.find_all("a"))  # type: ignore[attr-defined]


def test_whoever_is_asked_for_data_finds_the_notice(
    cast: Cast, client: PageClient, signed_in: Callable[[str], PageClient]
) -> None:
    cast.arrives("new")

    assert links_to_notice(client.get("/m/sign-in").page)
    for who, page in (
        ("new", "/m/profile"),
        ("new", "/m/visitor/begin"),
        ("fang", "/m/customers/enter"),
        ("fang", "/m/me"),
        ("hong", "/m/me"),
        ("xin", "/m/me"),
        ("secretary", "/admin/help/"),
        ("admin", "/admin/settings/"),
    ):
        assert (who, page, links_to_notice(signed_in(who).get(page).page)) == (who, page, True)


@pytest.mark.parametrize("who", ["new", "fang", "hong", "feng", "secretary"])
def test_notice_is_open_whoever_is_signed_in(
    cast: Cast, signed_in: Callable[[str], PageClient], who: str
) -> None:
    cast.arrives("new")

    assert signed_in(who).get(NOTICE).status_code == 200


def cookie_of(client: PageClient) -> str:
    """Return what a session cookie says to whoever reads it: it is signed, not encrypted."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    value = unquote(cookie.value)
    packed = value.startswith(".")
    part = value.lstrip(".").split(".")[0]
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return (zlib.decompress(data) if packed else data).decode()


def test_cookie_of_somebody_who_signs_in_holds_no_phone(cast: Cast, client: PageClient) -> None:
    page = client.submit("/m/sign-in", {"phone": "13500010001"})
    assert "13500010001" in page.text
    assert "13500010001" not in cookie_of(client)

    again = client.submit("/m/sign-in", {"phone": "13500010001"})
    assert again.status_code == 409
    assert "13500010001" not in cookie_of(client)


def test_cookie_of_somebody_who_changes_the_phone_holds_none(
    cast: Cast, signed_in: Callable[[str], PageClient]
) -> None:
    phone = signed_in("fang")

    page = phone.submit("/m/me/phone", {"phone": "13500019999"})

    assert "13500019999" in page.text
    assert "13500019999" not in cookie_of(phone)


def test_phone_that_asked_for_a_code_is_found_out_from_the_kept_request_only_with_the_secret(
    cast: Cast, client: PageClient
) -> None:
    """Of a phone there are few enough to try each: a hash whose salt stands beside it would tell."""
    client.submit("/m/sign-in", {"phone": "13900008888"})

    with cast.app.app_context():
        [kept] = db.session.scalars(db.select(HandledRequest).filter_by(action="send_sign_in_code"))
        salt, content_hash = kept.salt, kept.content_hash
    tried = f'{salt}{{"phone": "13900008888"}}'.encode()
    assert content_hash == hmac.new(SECRET_KEY.encode(), tried, hashlib.sha256).hexdigest()
