"""Signing in by WeChat, against a WeChat of our own: the known come in, others verify a phone once."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from lead_system.models import Account, Avatar
from tests.mobile.test_profile import complete
from tests.mobile.test_sign_in import NEW_PHONE, sign_in
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.outside import APP_ID, IN_WECHAT, OutsideWorld, connect
from tests.support.refusals import everything, nothing_written

pytestmark = pytest.mark.usefixtures("clock")
LINK_OLD = "That sign-in from WeChat was used before or is too old."
NOT_REACHED = "WeChat does not answer as it should. Try again, or sign in with your phone."
NOT_ALLOWED = "You did not allow WeChat to say who you are."
BUSY = "WeChat takes no more questions at the moment."


@pytest.fixture
def wechat(cast: Cast, outside: OutsideWorld) -> OutsideWorld:
    """WeChat, with an official account of ours."""
    connect(cast.app, outside)
    return outside


def begin(client: PageClient, wanted: str = "") -> str:
    """Press the button; returns the state with which WeChat is asked."""
    asked = client.get("/m/wechat/start", query_string={"next": wanted} if wanted else {})
    return parse_qs(urlsplit(asked.location).query)["state"][0]


def come_back(client: PageClient, code: str, state: str | None = None, *, wanted: str = "") -> PageResponse:
    """Go to WeChat and come back from it with a code."""
    query = {"code": code, "state": begin(client, wanted) if state is None else state}
    return client.get("/m/wechat/back", query_string=query, follow_redirects=True)


def link(
    client: PageClient, wechat: OutsideWorld, phone: str, openid: str = "o-new", **told: str
) -> PageResponse:
    """Come from WeChat for the first time, and verify a phone."""
    come_back(client, wechat.allows(openid, **told))
    return sign_in(client, phone)


@pytest.mark.manual("1.1-1")
def test_wechat_comes_first_inside_wechat_with_phone_and_code_beside_it(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    page = stranger.get("/m/sign-in?next=/m/customers", headers={"User-Agent": IN_WECHAT})
    elsewhere = stranger.get("/m/sign-in")

    text = page.page.find("main").text
    assert text.index("Sign in with WeChat") < text.index("Send me a code")
    button = next(a for a in page.page.find_all("a") if a.text == "Sign in with WeChat")
    assert stranger.get(button["href"]).location.startswith(
        "https://open.weixin.qq.com/connect/oauth2/authorize?"
    )
    assert "Sign in with WeChat" not in elsewhere.page.text
    signed_in = come_back(stranger, wechat.allows("o-fang"))
    assert sign_in(stranger, "13500010001").request.path == "/m/home"
    assert signed_in.request.path == "/m/sign-in"
    stranger.submit("/m/me", action="/m/sign-out")
    assert come_back(stranger, wechat.allows("o-fang")).request.path == "/m/home"


def test_there_is_no_wechat_without_an_official_account(cast: Cast, stranger: PageClient) -> None:
    page = stranger.get("/m/sign-in", headers={"User-Agent": IN_WECHAT})

    assert "Sign in with WeChat" not in page.page.text
    assert stranger.get("/m/wechat/start").status_code == 404
    assert stranger.get("/m/wechat/back?code=x&state=y").status_code == 404


def test_wechat_is_asked_for_nickname_and_avatar_and_told_where_to_lead_back(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    asked = urlsplit(stranger.get("/m/wechat/start").location)

    query = {name: value for name, [value] in parse_qs(asked.query).items()}
    assert len(query.pop("state")) >= 20
    assert asked.fragment == "wechat_redirect"
    assert query == {
        "appid": APP_ID,
        "redirect_uri": "http://localhost/m/wechat/back",
        "response_type": "code",
        "scope": "snsapi_userinfo",
    }


def test_linked_person_comes_in_without_a_code_and_goes_where_they_wanted(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    cast.change("fang", openid="o-fang")
    before = everything(cast.app)

    answer = come_back(stranger, wechat.allows("o-fang"), wanted="/m/customers?tab=bound")

    after = everything(cast.app)
    assert {name for name, rows in after.items() if rows != before[name]} == {"sign_ins"}
    assert answer.request.path == "/m/customers"
    assert "王芳" in stranger.get("/m/me").page.text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/m/", "/admin/", "/m/\\evil"])
def test_wechat_leads_nowhere_else(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld, target: str
) -> None:
    cast.change("fang", openid="o-fang")

    answer = come_back(stranger, wechat.allows("o-fang"), wanted=target)

    assert (answer.request.host, answer.request.path) == ("localhost", "/m/home")


def test_state_is_asked_for_and_counts_once(cast: Cast, stranger: PageClient, wechat: OutsideWorld) -> None:
    cast.change("fang", openid="o-fang")
    state = begin(stranger)
    forged = come_back(stranger, wechat.allows("o-fang"), state="of-somebody-else")
    reused = come_back(stranger, wechat.allows("o-fang"), state=state)
    never_begun = come_back(stranger, wechat.allows("o-fang"), state="")

    for answer in (forged, reused, never_begun):
        assert answer.status_code == 409
        assert LINK_OLD in answer.page.text
    assert wechat.calls == []
    assert stranger.get("/m/home").location == "/m/sign-in?next=/m/home"


ERRORS = [
    ("/sns/oauth2/access_token", {"errcode": 40029, "errmsg": "invalid code"}, LINK_OLD),
    ("/sns/oauth2/access_token", {"errcode": 40163, "errmsg": "code been used"}, LINK_OLD),
    ("/sns/oauth2/access_token", {"errcode": 45009, "errmsg": "reach max api daily quota limit"}, BUSY),
    ("/sns/oauth2/access_token", {"errcode": -1, "errmsg": "system error"}, NOT_REACHED),
    ("/sns/oauth2/access_token", {"errcode": 40013}, NOT_REACHED),
    ("/sns/oauth2/access_token", {"openid": "o-fang"}, NOT_REACHED),
    ("/sns/oauth2/access_token", {"openid": ["o"], "access_token": "t"}, NOT_REACHED),
    ("/sns/oauth2/access_token", [], NOT_REACHED),
    ("/sns/oauth2/access_token", 502, NOT_REACHED),
    ("/sns/oauth2/access_token", "silence", NOT_REACHED),
    ("/sns/userinfo", "silence", NOT_REACHED),
    ("/sns/userinfo", {"errcode": 48001}, NOT_REACHED),
]


@pytest.mark.parametrize("error", ERRORS)
def test_whatever_wechat_says_is_answered_in_words(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld, error: tuple[str, object, str]
) -> None:
    call, answer, sentence = error
    cast.change("fang", openid="o-fang")
    wechat.goes_wrong(call, answer)

    with nothing_written(cast.app):
        refused = come_back(stranger, wechat.allows("o-fang"), wanted="/m/customers")

    assert refused.status_code == 409
    assert sentence in refused.page.text
    assert {a["href"] for a in refused.page.find("main").find_all("a")} == {
        "/m/wechat/start?next=/m/customers",
        "/m/sign-in?next=/m/customers",
    }
    assert stranger.get("/m/home").location == "/m/sign-in?next=/m/home"


def test_code_of_wechat_works_once(cast: Cast, stranger: PageClient, wechat: OutsideWorld) -> None:
    code = wechat.allows("o-new")
    come_back(stranger, code)

    assert LINK_OLD in come_back(stranger, code).page.text


def test_no_in_wechat_is_taken_for_a_no(cast: Cast, stranger: PageClient, wechat: OutsideWorld) -> None:
    said_no = stranger.get("/m/wechat/back", query_string={"state": begin(stranger)})
    preview = come_back(stranger, wechat.allows("o-made-up", is_snapshotuser=1))

    for answer in (said_no, preview):
        assert answer.status_code == 409
        assert NOT_ALLOWED in answer.page.text


def test_expired_token_is_refreshed_once(cast: Cast, stranger: PageClient, wechat: OutsideWorld) -> None:
    cast.change("fang", openid="o-fang")
    expired = {"errcode": 42001, "errmsg": "access_token expired"}
    wechat.goes_wrong("/sns/userinfo", expired)

    assert come_back(stranger, wechat.allows("o-fang")).request.path == "/m/home"
    assert wechat.calls == [
        "/sns/oauth2/access_token",
        "/sns/userinfo",
        "/sns/oauth2/refresh_token",
        "/sns/userinfo",
    ]
    stranger.submit("/m/me", action="/m/sign-out")
    wechat.goes_wrong("/sns/userinfo", expired, expired)
    assert NOT_REACHED in come_back(stranger, wechat.allows("o-fang")).page.text


@pytest.mark.manual("1.2-2")
def test_nickname_of_a_new_broker_comes_from_wechat(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    profile = link(stranger, wechat, NEW_PHONE, nickname="钱多多来了")

    assert profile.request.path == "/m/profile"
    assert profile.page.find(class_="own-nickname").text == "钱多多来了"
    complete(stranger, cast)
    assert "钱多多来了" in stranger.get("/m/me").page.find("dl").text


@pytest.mark.manual("1.2-1")
def test_avatar_of_a_new_broker_comes_from_wechat_and_is_drawn_anew(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    address = wechat.shows("teal", (132, 200))
    profile = link(stranger, wechat, NEW_PHONE, nickname="钱", picture=address)

    shown = stranger.get(profile.page.find("img", class_="own-avatar")["src"])

    picture = Image.open(BytesIO(shown.data))
    assert (shown.mimetype, picture.format, picture.size) == ("image/jpeg", "JPEG", (240, 240))
    red, green, blue = picture.convert("RGB").getpixel((120, 120))  # type: ignore[misc]
    assert (abs(red) < 12, abs(green - 128) < 12, abs(blue - 128) < 12) == (True, True, True)
    assert shown.data != wechat.pictures[urlsplit(address).path]
    assert shown.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg onload=alert(1)>", b"\xff\xd8\xff broken"])
def test_picture_that_is_none_keeps_nobody_out(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld, data: bytes
) -> None:
    answer = link(stranger, wechat, "13500010001", picture=wechat.shows_bytes("strange", data))

    assert answer.request.path == "/m/home"
    assert cast.count(Avatar) == 0


def test_picture_from_another_place_is_not_fetched(
    cast: Cast, stranger: PageClient, outside: OutsideWorld
) -> None:
    connect(cast.app, outside, wechat_picture_origins="https://thirdwx.qlogo.cn")
    answer = link(stranger, outside, "13500010001", picture=outside.shows())

    assert answer.request.path == "/m/home"
    assert cast.count(Avatar) == 0
    assert not [call for call in outside.calls if call.startswith("/avatar")]


def test_phone_of_a_known_broker_links_the_account_and_is_written_down(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    page = come_back(stranger, wechat.allows("o-fang", "芳姐"))
    assert "WeChat knows you as 芳姐" in page.page.text

    assert sign_in(stranger, "13500010001").request.path == "/m/home"

    fang = cast.ids["fang"]
    assert cast.account("fang", "openid") == "o-fang"
    assert cast.history(f"account:{fang}") == [
        ("link_wechat", fang, {}, {"openid": [None, "o-fang"], "nickname": [None, "芳姐"]})
    ]
    assert cast.count(Account, openid="o-fang") == 1


def test_own_nickname_and_avatar_are_kept_when_wechat_has_others(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld, clock: StoppedClock
) -> None:
    cast.change("fang", nickname="自己起的")
    link(stranger, wechat, "13500010001", nickname="芳姐", picture=wechat.shows("teal"))
    first = stranger.get("/m/me/avatar").data
    stranger.submit("/m/me", action="/m/sign-out")
    clock.forward(timedelta(minutes=1))

    link(stranger, wechat, "13500010001", "o-other", nickname="又一个", picture=wechat.shows("maroon"))

    assert cast.account("fang", "nickname") == "自己起的"
    assert stranger.get("/m/me/avatar").data == first


@pytest.mark.parametrize("nickname", ["13812345678", "x\u0000y", ""])
def test_nickname_that_cannot_be_kept_is_left_out(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld, nickname: str
) -> None:
    assert link(stranger, wechat, "13500010001", nickname=nickname).request.path == "/m/home"

    assert cast.account("fang", "nickname") == ""


def test_openid_moves_to_another_account_only_by_its_verified_phone(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    cast.change("fang", openid="o-shared", nickname="芳姐")
    cast.change("qiang", openid=None)
    with stranger.session_transaction() as session:
        session["wechat_person"] = {
            "openid": "o-shared", "nickname": "强", "picture": "", "at": "2026-03-02T02:00:00+00:00"
        }  # fmt: skip
    page = stranger.submit("/m/sign-in", {"phone": "13500020002"})
    stranger.submit(page, {"code": "000000"})
    assert cast.account("fang", "openid") == "o-shared"

    stranger.submit(stranger.get("/m/sign-in/code"), {"code": page.page.find("code").text})

    assert (cast.account("fang", "openid"), cast.account("qiang", "openid")) == (None, "o-shared")
    qiang = cast.ids["qiang"]
    assert cast.history(f"account:{cast.ids['fang']}") == [
        ("unlink_wechat", qiang, {}, {"openid": ["o-shared", None]})
    ]
    assert [row[:2] for row in cast.history(f"account:{qiang}")] == [("link_wechat", qiang)]


def test_archived_account_stays_out_and_keeps_its_link(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    cast.change("fang", openid="o-fang")
    cast.archives("fang")

    refused = come_back(stranger, wechat.allows("o-fang"))

    assert refused.status_code == 409
    assert "This account was closed. Ask the back office." in refused.page.text
    assert stranger.get("/m/home").location == "/m/sign-in?next=/m/home"
    with stranger.session_transaction() as session:
        assert "wechat_person" not in session


def test_link_of_an_archived_account_does_not_move_and_the_phone_signs_in_alone(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    come_back(stranger, wechat.allows("o-fang"))
    cast.change("fang", openid="o-fang")
    cast.archives("fang")

    signed_in = sign_in(stranger, "13500020002")

    assert signed_in.request.path == "/m/home"
    assert (cast.account("fang", "openid"), cast.account("qiang", "openid")) == ("o-fang", None)


def test_person_may_go_on_without_wechat_and_is_then_not_linked(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld
) -> None:
    page = come_back(stranger, wechat.allows("o-somebody"), wanted="/m/customers")

    plain = stranger.submit(page, button="Sign in without WeChat")
    signed_in = sign_in_at(stranger, plain, "13500010001")

    assert "WeChat knows you as" not in plain.page.text
    assert signed_in.request.path == "/m/customers"
    assert cast.account("fang", "openid") is None


def sign_in_at(client: PageClient, page: PageResponse, phone: str) -> PageResponse:
    coded = client.submit(page, {"phone": phone})
    return client.submit(coded, {"code": coded.page.find("code", data_shown_code="").text})


def test_whom_wechat_named_is_forgotten_after_a_quarter_of_an_hour(
    cast: Cast, stranger: PageClient, wechat: OutsideWorld, clock: StoppedClock
) -> None:
    come_back(stranger, wechat.allows("o-somebody"))
    clock.forward(timedelta(minutes=15))

    sign_in(stranger, "13500010001")

    assert cast.account("fang", "openid") is None


def test_staff_are_not_linked_by_wechat(cast: Cast, stranger: PageClient, wechat: OutsideWorld) -> None:
    come_back(stranger, wechat.allows("o-somebody"))
    sign_in(stranger, "13600010001")

    assert cast.account("feng", "openid") is None
    assert cast.count(Account, phone="13600010001", role="broker", openid="o-somebody") == 1
