"""What people change about themselves, on both databases: once, by verified phones, with their records."""

from datetime import timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import Account, Avatar, Brokerage, ProfileChange, SignInCode
from lead_system.outside.wechat import WechatPerson
from lead_system.services import own_profile
from lead_system.services.own_profile import NewAvatar, PhoneChanged
from lead_system.services.sign_in import sign_in_with_code, sign_in_with_wechat
from lead_system.services.sign_in_codes import shown_code
from lead_system.services.transaction import Caller
from tests.mobile.test_own import visits
from tests.services.test_sign_in import Outbox, send
from tests.support.cast import Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.origins import ADDRESS
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
NEW_PHONE = "13900008888"
TEAL, MAROON = NewAvatar("t" * 32, b"teal"), NewAvatar("m" * 32, b"maroon")


def code_for(cast: Cast, phone: str = NEW_PHONE) -> str:
    outbox = Outbox()
    send(cast, outbox, phone, request_id=f"for-{phone}")
    return outbox.sent[0][1]


def change_phone(
    cast: Cast, code: str, request_id: str = "change-it-now", phone: str = NEW_PHONE, who: str = "fang"
) -> PhoneChanged:
    with cast.app.app_context():
        return own_profile.change_own_phone(
            cast.as_(who, request_id),
            phone=phone,
            code=code,
            address=ADDRESS,
            secret=SECRET_KEY,
            now=MONDAY_TEN,
        )


def change_brokerage(cast: Cast, who: str, brokerage_id: int, version: int | None = None) -> None:
    seen = cast.account(who, "version") if version is None else version
    with cast.app.app_context():
        own_profile.change_own_brokerage(
            cast.as_(who), version=seen, brokerage_id=brokerage_id, now=MONDAY_TEN
        )


def other_brokerage(cast: Cast) -> int:
    with cast.app.app_context():
        return int(db.session.execute(db.select(Brokerage.id).filter_by(name="百川地产")).scalar_one())


def test_phone_is_changed_once_however_often_the_form_arrives(cast: Cast) -> None:
    code = code_for(cast)

    generation = cast.account("fang", "session_generation")

    assert change_phone(cast, code) == change_phone(cast, code)

    assert cast.account("fang", "session_generation") == generation + 1
    assert cast.count(ProfileChange, old_phone="13500010001", new_phone=NEW_PHONE) == 1
    assert (cast.account("fang", "phone"), cast.account("fang", "version")) == (NEW_PHONE, 2)
    with refused("phone_unchanged"):
        change_phone(cast, code, "once-more-please")


def test_wrong_code_counts_and_changes_nothing_else(cast: Cast) -> None:
    right = code_for(cast)
    wrong = "000000" if right != "000000" else "111111"

    assert change_phone(cast, wrong).refusal == "code_wrong"

    assert cast.count(SignInCode, phone=NEW_PHONE, tries=1, used_at=None) == 1
    assert (cast.account("fang", "phone"), cast.account("fang", "session_generation")) == ("13500010001", 1)
    assert cast.count(ProfileChange) == 0
    assert change_phone(cast, right, "with-the-right-one").refusal == ""


def test_account_without_a_profile_changes_no_phone_and_uses_no_code_up(cast: Cast) -> None:
    cast.arrives("stranger", "13900007777")
    code = code_for(cast)

    with refused("broker_not_active"):
        change_phone(cast, code, who="stranger")

    assert cast.account("stranger", "phone") == "13900007777"
    assert cast.count(SignInCode, phone=NEW_PHONE, tries=0, used_at=None) == 1
    assert cast.count(ProfileChange) == 0
    assert change_phone(cast, code).refusal == ""


def test_code_of_another_phone_changes_nothing(cast: Cast) -> None:
    code_for(cast)
    other = code_for(cast, "13900009999")

    if other != shown_to(cast, NEW_PHONE):
        assert change_phone(cast, other).refusal == "code_wrong"


def shown_to(cast: Cast, phone: str) -> str:
    with cast.app.app_context():
        return str(shown_code(phone, secret=SECRET_KEY, now=MONDAY_TEN))


def test_phone_of_a_visitor_is_taken_too_and_signs_in_the_visitor(cast: Cast) -> None:
    visits(cast)
    code = code_for(cast, "13900007777")

    with refused("phone_taken", field="phone"):
        change_phone(cast, code, phone="13900007777")
    with cast.app.app_context():
        caller = Caller(None, "with-their-own-phone", session_key="a browser")
        answer = sign_in_with_code(
            caller, phone="13900007777", code=code, address=ADDRESS, secret=SECRET_KEY, now=MONDAY_TEN
        )

    assert answer.account_id == cast.ids["yifan"]
    assert cast.account("fang", "phone") == "13500010001"


def test_old_phone_signs_in_to_a_new_account_and_not_to_the_old_one(cast: Cast) -> None:
    change_phone(cast, code_for(cast))
    code = code_for(cast, "13500010001")

    with cast.app.app_context():
        caller = Caller(None, "with-the-old-phone", session_key="a browser")
        answer = sign_in_with_code(
            caller, phone="13500010001", code=code, address=ADDRESS, secret=SECRET_KEY, now=MONDAY_TEN
        )

    assert answer.account_id not in (None, cast.ids["fang"])


@pytest.mark.parametrize(
    ("who", "approval", "actions"),
    [("fang", "not_needed", ["change_broker"]), ("wei", "pending", ["change_broker", "wait_again"])],
)
def test_brokerage_is_changed_and_only_a_resident_waits(
    cast: Cast, who: str, approval: str, actions: list[str]
) -> None:
    change_brokerage(cast, who, other_brokerage(cast))

    assert cast.account(who, "approval") == approval
    assert [row[0] for row in cast.history(f"account:{cast.ids[who]}")] == actions
    assert cast.count(ProfileChange, account_id=cast.ids[who], changed_by_id=cast.ids[who]) == 1


def test_present_brokerage_changes_nothing_and_a_stale_form_is_refused(cast: Cast) -> None:
    with nothing_written(cast.app):
        change_brokerage(cast, "wei", cast.account("wei", "brokerage_id"))
    with nothing_written(cast.app), refused("stale"):
        change_brokerage(cast, "wei", other_brokerage(cast), version=7)


@pytest.mark.parametrize("who", ["feng", "xin", "director"])
def test_staff_change_none_of_this(cast: Cast, who: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        change_brokerage(cast, who, other_brokerage(cast))


def test_avatar_replaces_the_last_one_and_wechats_does_not(cast: Cast) -> None:
    def change_face(picture: NewAvatar, request_id: str) -> None:
        caller = cast.as_("fang", request_id)
        with cast.app.app_context():
            own_profile.change_own_face(caller, nickname="", picture=picture, now=MONDAY_TEN)

    def take_from_wechat(picture: NewAvatar) -> None:
        with cast.app.app_context():
            own_profile.take_wechat_avatar(cast.as_("fang"), picture=picture, now=MONDAY_TEN)

    take_from_wechat(TEAL)
    change_face(MAROON, "the-first-change")
    change_face(MAROON, "the-same-again")
    take_from_wechat(TEAL)

    assert cast.count(Avatar, account_id=cast.ids["fang"], digest="m" * 32) == cast.count(Avatar) == 1
    assert [row[::2] for row in cast.history(f"account:{cast.ids['fang']}")] == [
        ("take_wechat_avatar", {"avatar": [None, "t" * 32]}),
        ("change_own_face", {"avatar": ["t" * 32, "m" * 32]}),
    ]


def test_openid_moves_by_the_verified_phone_on_both_databases(cast: Cast) -> None:
    person = WechatPerson("o-shared", "强", "")
    for who, phone in (("fang", "13500010001"), ("qiang", "13500020002")):
        code = code_for(cast, phone)
        with cast.app.app_context():
            caller = Caller(None, f"linking-{who}", session_key="a browser")
            now = MONDAY_TEN + timedelta(seconds=1)
            sign_in_with_code(
                caller, phone=phone, code=code, address=ADDRESS, wechat=person, secret=SECRET_KEY, now=now
            )
            signed_in = sign_in_with_wechat(person)
        assert signed_in is not None
        assert signed_in.account_id == cast.ids[who]

    assert cast.count(Account, openid="o-shared") == 1
