"""Signing in: one-time codes for agents, account name and password for staff."""

from datetime import datetime, timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, SignInCode
from lead_system.services.sign_in import SignedIn, sign_in_with_code, sign_in_with_password
from lead_system.services.sign_in_codes import send_sign_in_code
from lead_system.services.transaction import Caller
from tests.support.cast import PASSWORD, Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.origins import ADDRESS, FROM_A_STRANGER
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
NEW_PHONE = "13900008888"


class Outbox:
    """Takes the codes that would go out by SMS."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        del now
        self.sent.append((phone, code))


def visitor(request_id: str = "a-request-id") -> Caller:
    return Caller(None, request_id, session_key="a browser")


def send(
    cast: Cast, outbox: Outbox, phone: str = NEW_PHONE, request_id: str = "a-request-id", seconds: int = 0
) -> None:
    with cast.app.app_context():
        send_sign_in_code(
            visitor(request_id),
            phone=phone,
            address="203.0.113.7",
            secret=SECRET_KEY,
            sender=outbox,
            now=MONDAY_TEN + timedelta(seconds=seconds),
        )


def sign_in(
    cast: Cast, code: str, seconds: int = 1, phone: str = NEW_PHONE, request_id: str = "sign-in-now"
) -> SignedIn:
    with cast.app.app_context():
        later = MONDAY_TEN + timedelta(seconds=seconds)
        return sign_in_with_code(
            visitor(request_id), phone=phone, code=code, address=ADDRESS, secret=SECRET_KEY, now=later
        )


def test_code_of_six_digits_opens_an_account_without_a_profile(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox)
    [(phone, code)] = outbox.sent

    signed_in = sign_in(cast, code)

    assert (phone, len(code), code.isdigit()) == (NEW_PHONE, 6, True)
    assert cast.count(Account, id=signed_in.account_id, phone=NEW_PHONE, profile_completed_at=None) == 1


def test_known_phone_signs_in_to_its_account(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox, "13500010001")

    assert sign_in(cast, outbox.sent[0][1], phone="13500010001").account_id == cast.ids["fang"]


@pytest.mark.parametrize(("seconds", "works"), [(0, True), (299, True), (300, False)])
def test_code_works_for_five_minutes(cast: Cast, seconds: int, *, works: bool) -> None:
    outbox = Outbox()
    send(cast, outbox)

    signed_in = sign_in(cast, outbox.sent[0][1], seconds)

    assert (signed_in.account_id is not None) is works
    assert signed_in.refusal == ("" if works else "code_wrong")


def test_code_works_once(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox)
    sign_in(cast, outbox.sent[0][1])

    assert sign_in(cast, outbox.sent[0][1], request_id="another-time").refusal == "code_wrong"


def test_code_dies_after_five_wrong_tries(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox)
    right = outbox.sent[0][1]
    wrong = "000000" if right != "000000" else "111111"
    for number in range(5):
        assert sign_in(cast, wrong, request_id=f"try-number-{number}").refusal == "code_wrong"

    assert sign_in(cast, right, request_id="the-sixth-try").refusal == "code_wrong"


def test_next_code_can_be_had_after_a_minute_and_replaces_the_first(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox)
    with refused("code_sent_recently", seconds=2):
        send(cast, outbox, request_id="too-early-by-2", seconds=59)
    send(cast, outbox, request_id="a-minute-later", seconds=60)
    [(_, first), (_, second)] = outbox.sent

    if first != second:
        assert sign_in(cast, first, 61, request_id="with-the-first").refusal == "code_wrong"
    assert sign_in(cast, second, 61, request_id="with-the-second").account_id is not None


def test_double_tap_sends_one_message(cast: Cast) -> None:
    outbox = Outbox()

    send(cast, outbox)
    send(cast, outbox)

    assert len(outbox.sent) == cast.count(SignInCode) == 1


@pytest.mark.parametrize(
    "phone", ["", "1390000888", "139000088888", "12900008888", "abc", "13900008888 or 1=1"]
)
def test_only_a_mobile_number_gets_a_code(cast: Cast, phone: str) -> None:
    with nothing_written(cast.app), refused("account_phone_wrong"):
        send(cast, Outbox(), phone)


def test_archived_account_is_told_only_with_the_right_code(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox, "13500010001")
    cast.archives("fang")

    answer = sign_in(cast, outbox.sent[0][1], phone="13500010001")

    assert (answer.account_id, answer.refusal) == (None, "account_closed")


def password_sign_in(cast: Cast, login: str, password: str, role: str) -> SignedIn:
    with cast.app.app_context():
        return sign_in_with_password(login, password, frozenset({Role(role)}), now=now(), **FROM_A_STRANGER)


def test_staff_sign_in_with_name_and_password(cast: Cast) -> None:
    assert password_sign_in(cast, "gate-feng", PASSWORD, "gate").account_id == cast.ids["feng"]


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("gate-feng", "Gate-Feng"),
        ("gate-feng", " GATE-FENG "),
        ("Gate-Feng", "gate-feng"),
        ("Gate-Feng", "gate-FENG"),
    ],
)
def test_account_is_found_whatever_the_case_of_its_name(cast: Cast, kept: str, typed: str) -> None:
    cast.change("feng", login=kept)

    assert password_sign_in(cast, typed, PASSWORD, "gate").account_id == cast.ids["feng"]


def test_of_two_old_names_that_differ_in_case_the_one_typed_exactly_counts(cast: Cast) -> None:
    cast.change("feng", login="Gate")
    cast.change("lu", login="gate")

    assert password_sign_in(cast, "gate", PASSWORD, "gate").account_id == cast.ids["lu"]
    assert password_sign_in(cast, "Gate", PASSWORD, "gate").account_id == cast.ids["feng"]


@pytest.mark.parametrize(
    ("login", "password", "role"),
    [
        ("gate-feng", "wrong", "gate"),
        ("nobody", PASSWORD, "gate"),
        ("", "", "gate"),
        ("gate-feng", PASSWORD, "director"),
        ("13500010001", "", "broker"),
    ],
)
def test_sign_in_fails_in_one_way_whatever_is_wrong(cast: Cast, login: str, password: str, role: str) -> None:
    with refused("sign_in_failed"):
        password_sign_in(cast, login, password, role)


def test_archived_staff_cannot_sign_in(cast: Cast) -> None:
    cast.archives("feng")

    with refused("sign_in_failed"):
        password_sign_in(cast, "gate-feng", PASSWORD, "gate")


@pytest.mark.parametrize(
    ("after", "opens"),
    [
        (timedelta(0), True), (timedelta(days=7, seconds=-1), True), (timedelta(days=7), False),
        (timedelta(days=400), False),
    ],
)  # fmt: skip
def test_temporary_password_opens_for_a_week(
    cast: Cast, clock: StoppedClock, after: timedelta, *, opens: bool
) -> None:
    end = MONDAY_TEN + timedelta(days=7)
    cast.change("feng", must_change_password=True, temporary_until=end)
    clock.forward(after)

    if opens:
        assert password_sign_in(cast, "gate-feng", PASSWORD, "gate").account_id == cast.ids["feng"]
        return
    with refused("temporary_password_over"):
        password_sign_in(cast, "gate-feng", PASSWORD, "gate")
    with refused("sign_in_failed"):
        password_sign_in(cast, "gate-feng", "not the password", "gate")


def test_code_is_stored_nowhere(cast: Cast, clock: StoppedClock) -> None:
    outbox = Outbox()
    send(cast, outbox)

    with cast.app.app_context():
        row = db.session.query(SignInCode).one()
        assert outbox.sent[0][1] not in f"{row.salt}{row.phone}"


def test_old_answer_of_a_sign_in_opens_nothing_any_more(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox)
    code = outbox.sent[0][1]
    assert sign_in(cast, code).account_id is not None

    assert sign_in(cast, code, 200).account_id is not None
    assert sign_in(cast, code, 400).refusal == "code_wrong"
