"""Me: what brokers and residents see and change about themselves, and nobody else's."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Avatar, Binding, ProfileChange, Setting
from tests.admin.test_fee_pages import forget_upload
from tests.mobile.test_profile import brokerage_id, rows_of
from tests.mobile.test_sign_in import NEW_PHONE, sign_in
from tests.support.cast import BORN, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")
Phone = Callable[[str], PageClient]


def picture(
    colour: str = "teal", size: tuple[int, int] = (300, 200), kind: str = "PNG"
) -> tuple[BytesIO, str]:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    file.seek(0)
    return file, f"me.{kind.lower()}"


@pytest.mark.manual("1.6-1")
def test_own_avatar_is_uploaded_drawn_anew_and_seen_by_its_owner_alone(cast: Cast, phone: Phone) -> None:
    fang, qiang = phone("fang"), phone("qiang")

    me = fang.submit("/m/me/face", {"picture": picture("teal")})

    shown = Image.open(BytesIO(fang.get(me.page.find("img", class_="own-avatar")["src"]).data))
    assert (me.request.path, shown.format, shown.size) == ("/m/me", "JPEG", (240, 240))
    assert [abs(a - b) < 12 for a, b in zip(shown.getpixel((9, 9)), (0, 128, 128), strict=True)] == [True] * 3  # type: ignore[arg-type]
    assert qiang.get("/m/me/avatar").status_code == 404
    assert qiang.get("/m/me").page.find_all("img") == []
    assert cast.count(Avatar, account_id=cast.ids["fang"]) == cast.count(Avatar) == 1


@pytest.mark.manual("1.6-2")
def test_own_nickname_is_typed_shown_and_written_down(cast: Cast, phone: Phone) -> None:
    fang = phone("fang")

    me = fang.submit("/m/me/face", {"nickname": "  芳姐\u200b "})

    assert rows_of(me)["Nickname"] == "芳姐"
    who = cast.ids["fang"]
    assert cast.history(f"account:{who}") == [("change_own_face", who, {}, {"nickname": ["", "芳姐"]})]
    assert rows_of(phone("qiang").get("/m/me"))["Nickname"] == "—"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"nickname": "芳" * 31}, "at most 30 characters"),
        ({"nickname": "13812345678"}, "The text holds a whole mobile number."),
        ({"picture": (BytesIO(b"<svg onload='alert(1)'>"), "me.png")}, "no picture that can be read"),
    ],
)
def test_face_that_cannot_be_kept_is_refused_beside_its_field(
    cast: Cast, phone: Phone, fields: dict[str, object], sentence: str
) -> None:
    with nothing_written(cast.app):
        answer = phone("fang").forge("/m/me/face", fields)

    assert answer.status_code == 422
    assert sentence in answer.page.find(class_="complaint").text


def test_picture_of_more_than_ten_megabytes_is_refused(cast: Cast, phone: Phone) -> None:
    with nothing_written(cast.app):
        answer = phone("fang").submit("/m/me/face", {"picture": (BytesIO(bytes(11 * 1024 * 1024)), "me.png")})
    forget_upload(answer)

    assert answer.status_code == 422
    assert "at most 10 MB" in answer.page.find(class_="complaint").text


def change_phone(client: PageClient, number: str) -> PageResponse:
    """Ask for a code to the new phone, read it where the demonstration shows it, and type it in."""
    page = client.submit("/m/me/phone", {"phone": number})
    return client.submit(page, {"code": page.page.find("code", data_shown_code="").text})


@pytest.mark.manual("1.6-6")
def test_new_phone_is_verified_and_signs_in_from_then_on(
    cast: Cast, phone: Phone, stranger: PageClient, clock: StoppedClock
) -> None:
    fang = phone("fang")
    page = fang.submit("/m/me/phone", {"phone": NEW_PHONE})
    wrong = fang.submit(page, {"code": "000000"})
    assert (wrong.status_code, cast.account("fang", "phone")) == (422, "13500010001")
    assert "The code is wrong or no longer valid" in wrong.page.find(class_="complaint").text

    me = fang.submit(wrong, {"code": page.page.find("code", data_shown_code="").text})

    assert me.request.path == "/m/me"
    assert "Sign in with the new one from now on." in me.page.text
    assert rows_of(me)["Phone number"] == NEW_PHONE
    clock.forward(timedelta(minutes=1))
    assert sign_in(stranger, NEW_PHONE).request.path == "/m/home"
    who = cast.ids["fang"]
    assert cast.history(f"account:{who}") == [
        ("change_broker", who, {}, {"phone": ["13500010001", NEW_PHONE]})
    ]


def test_new_phone_ends_the_sign_ins_on_all_browsers_but_this_one(
    cast: Cast, phone: Phone, stranger: PageClient
) -> None:
    fang, elsewhere = phone("fang"), stranger
    assert sign_in(elsewhere, "13500010001").request.path == "/m/home"

    change_phone(fang, NEW_PHONE)

    assert fang.get("/m/home").status_code == 200
    assert elsewhere.get("/m/home").location == "/m/sign-in?next=/m/home"


def test_wrong_code_for_a_new_phone_ends_no_sign_in(cast: Cast, phone: Phone, stranger: PageClient) -> None:
    sign_in(stranger, "13500010001")
    fang = phone("fang")

    fang.submit(fang.submit("/m/me/phone", {"phone": NEW_PHONE}), {"code": "000000"})

    assert [client.get("/m/home").status_code for client in (fang, stranger)] == [200, 200]


def test_five_wrong_codes_leave_the_phone_as_it_was(cast: Cast, phone: Phone) -> None:
    fang = phone("fang")
    page = fang.submit("/m/me/phone", {"phone": NEW_PHONE})
    right = page.page.find("code", data_shown_code="").text
    for _ in range(5):
        fang.submit("/m/me/phone/code", {"code": "000000" if right != "000000" else "111111"})

    assert fang.submit("/m/me/phone/code", {"code": right}).status_code == 422
    assert cast.account("fang", "phone") == "13500010001"


@pytest.mark.parametrize(
    ("number", "status", "sentence"),
    [
        ("", 422, "Enter the whole mobile number"),
        ("1350001000", 422, "Enter the whole mobile number"),
        ("13500010001", 409, "That is the phone you sign in with already."),
    ],
)
def test_wrong_new_phone_is_refused_before_a_code_is_sent(
    cast: Cast, phone: Phone, number: str, status: int, sentence: str
) -> None:
    with nothing_written(cast.app):
        answer = phone("fang").submit("/m/me/phone", {"phone": number})

    assert answer.status_code == status
    assert sentence in answer.page.find(class_="complaint").text


@pytest.mark.parametrize("is_archived", [False, True])
def test_phone_of_somebody_else_is_refused_only_to_who_holds_it(
    cast: Cast,
    phone: Phone,
    is_archived: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    if is_archived:
        cast.archives("qiang")
    fang = phone("fang")
    asked = fang.submit("/m/me/phone", {"phone": "13500020002"})

    answer = fang.submit(asked, {"code": asked.page.find("code", data_shown_code="").text})

    assert asked.request.path == "/m/me/phone/code"
    assert "Somebody else" not in asked.page.text
    assert answer.status_code == 409
    assert (
        "Somebody else signs in with this phone, or did before." in answer.page.find(class_="complaint").text
    )
    assert cast.account("fang", "phone") == "13500010001"
    assert cast.count(ProfileChange) == 0


def test_second_code_within_a_minute_is_refused_and_the_first_can_be_typed(cast: Cast, phone: Phone) -> None:
    fang = phone("fang")
    first = fang.submit("/m/me/phone", {"phone": NEW_PHONE})

    again = fang.submit("/m/me/phone", {"phone": NEW_PHONE})
    me = fang.submit(again, {"code": first.page.find("code", data_shown_code="").text})

    assert again.status_code == 409
    assert "in 61 seconds" in again.page.text
    assert rows_of(me)["Phone number"] == NEW_PHONE


def choose(client: PageClient, cast: Cast, name: str) -> PageResponse:
    return client.submit("/m/me/brokerage", {"brokerage_id": brokerage_id(cast, name)})


@pytest.mark.manual("1.6-7")
def test_broker_changes_brokerage_and_goes_on_at_once(cast: Cast, phone: Phone) -> None:
    fang, who = phone("fang"), cast.ids["fang"]
    old, new = brokerage_id(cast, "安家置业"), brokerage_id(cast, "百川地产")

    me = choose(fang, cast, "百川地产")

    assert rows_of(me)["Brokerage"] == "百川地产"
    assert fang.get("/m/customers/enter").page.h1 == "Enter a customer"
    assert cast.history(f"account:{who}") == [("change_broker", who, {"brokerage": [old, new]}, None)]


def test_resident_who_changes_brokerage_waits_again_with_bindings_untouched(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("wei", reports=True)
    cast.scans("feng", lead_id)
    wei = phone("wei")

    warned = "you then wait until the back office" in wei.get("/m/me/brokerage").page.text
    answer = choose(wei, cast, "百川地产")

    assert warned
    assert answer.request.path == "/m/profile/standing"
    assert "Waiting for approval" in answer.page.text
    assert wei.get("/m/customers").location == "/m/profile/standing"
    assert (cast.account("wei", "approval"), cast.status(lead_id)) == ("pending", "bound")
    assert cast.count(Binding, lead_id=lead_id, brokerage_id=brokerage_id(cast, "安家置业")) == 1


def test_broker_of_an_archived_brokerage_chooses_another_and_may_enter_again(
    cast: Cast, phone: Phone, clock: StoppedClock
) -> None:
    cast.change_brokerage_of("fang", archived_at=clock.forward(timedelta(0)))
    fang = phone("fang")

    me = fang.get("/m/me")
    link = me.page.find("p", class_="notice").find("a")
    assert "no longer works with us" in me.page.text
    choices = fang.get(link["href"]).page.find("select").text
    choose(fang, cast, "百川地产")

    assert "安家置业" not in choices
    assert "no longer works with us" not in fang.get("/m/me").page.text
    assert cast.enters("fang") > 0


@pytest.mark.parametrize("chosen", ["", "999", "abc", "archived"])
def test_brokerage_that_is_not_offered_is_refused(
    cast: Cast, phone: Phone, clock: StoppedClock, chosen: str
) -> None:
    if chosen == "archived":
        cast.change_brokerage_of("qiang", archived_at=clock.forward(timedelta(0)))
        chosen = str(brokerage_id(cast, "百川地产"))

    with nothing_written(cast.app):
        answer = phone("fang").forge("/m/me/brokerage", {"brokerage_id": chosen})

    assert answer.status_code == 422
    assert "Choose a brokerage from the list." in answer.page.find(class_="complaint").text


def test_stale_form_does_not_undo_what_the_back_office_changed(cast: Cast, phone: Phone) -> None:
    fang = phone("fang")
    form = fang.get("/m/me/brokerage")
    cast.change("fang", version=2)

    with nothing_written(cast.app):
        answer = fang.submit(form, {"brokerage_id": brokerage_id(cast, "百川地产")})

    assert answer.status_code == 409


@pytest.mark.manual("1.6-8")
def test_own_changes_are_listed_with_time_old_and_new(cast: Cast, phone: Phone, clock: StoppedClock) -> None:
    fang = phone("fang")
    assert "was ever changed" in fang.get("/m/me/changes").page.text
    change_phone(fang, NEW_PHONE)
    clock.forward(timedelta(minutes=5))
    choose(fang, cast, "百川地产")
    choose(phone("wei"), cast, "百川地产")

    rows = fang.get("/m/me/changes").page.table_rows()

    brokerages = {"Time": "2026-03-02 10:05", "Phone": "", "Brokerage": "安家置业 → 百川地产"}
    phones = {"Time": "2026-03-02 10:00", "Phone": f"13500010001 → {NEW_PHONE}", "Brokerage": ""}
    assert rows == [row | {"Changed by": "Yourself"} for row in (brokerages, phones)]
    assert phone("qiang").get("/m/me/changes").page.find_all("table") == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        pytest.param(
            "Contact customer service", "https://work.weixin.qq.com/kfid/1", marks=pytest.mark.manual("1.6-9")
        ),
        pytest.param("Call the sales centre", "tel:0512-66668888", marks=pytest.mark.manual("1.6-10")),
    ],
)
def test_sales_centre_is_one_tap_away(cast: Cast, phone: Phone, text: str, target: str) -> None:
    with cast.app.app_context():
        settings = db.session.scalars(db.select(Setting)).one()
        settings.service_phone = "0512-66668888"
        settings.service_link = "https://work.weixin.qq.com/kfid/1"
        db.session.commit()

    link = next(a for a in phone("fang").get("/m/me").page.find_all("a") if a.text.startswith(text))

    assert link["href"] == target


@pytest.mark.parametrize(
    ("what", "value"),
    [
        pytest.param("Nickname", "看房的小周", marks=pytest.mark.manual("2.3-2")),
        pytest.param("Name", "周一帆", marks=pytest.mark.manual("2.3-3")),
        pytest.param("Phone number", "13900007777", marks=pytest.mark.manual("2.3-4")),
    ],
)
def test_visitor_sees_the_own_data(cast: Cast, phone: Phone, what: str, value: str) -> None:
    visits(cast)

    me = phone("yifan").get("/m/me")

    assert rows_of(me)[what] == value
    assert "Brokerage" not in rows_of(me)
    assert phone("yifan").get("/m/me/phone").status_code == 403


@pytest.mark.manual("2.3-1")
def test_visitor_has_an_own_avatar(cast: Cast, phone: Phone) -> None:
    visits(cast)

    me = phone("yifan").submit("/m/me/face", {"picture": picture("maroon")})

    shown = Image.open(BytesIO(phone("yifan").get(me.page.find("img", class_="own-avatar")["src"]).data))
    red, green, blue = shown.convert("RGB").getpixel((120, 120))  # type: ignore[misc]
    assert (abs(red - 128) < 12, green < 12, blue < 12) == (True, True, True)


def visits(cast: Cast) -> None:
    """Let 周一帆 of the public have completed a profile as a visitor."""
    with cast.app.app_context():
        visitor = Account(
            role=Role.VISITOR, name="周一帆", nickname="看房的小周", phone="13900007777",
            approval=Approval.NOT_NEEDED, created_at=BORN, profile_completed_at=BORN,
            code_token="a-visitors-code-of-22-c", short_code="2000000001",
        )  # fmt: skip
        db.session.add(visitor)
        db.session.commit()
        cast.ids["yifan"] = visitor.id
