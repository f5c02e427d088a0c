"""The second factor: which codes open an account, and that each does so once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Account, RecoveryCode, SignInFailure
from lead_system.queries.sign_ins import recovery_codes_left
from lead_system.services import second_factor
from lead_system.services.second_factor import TurnedOn
from lead_system.services.sign_in import SignedIn
from lead_system.services.transaction import Caller
from tests.support.authenticator import code_at
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import everything, nothing_written, refused

SECRET = "the server's secret"
SALT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
HALF_MINUTE = timedelta(seconds=30)


@dataclass
class Phone:
    """A person's phone with the app, and the paper with recovery codes."""

    cast: Cast
    who: str
    key: str
    paper: tuple[str, ...]

    def code(self, later: timedelta = timedelta(0)) -> str:
        return code_at(self.key, now() + later)

    def signs_in(self, code: str, *, secret: str = SECRET, generation: int | None = None) -> SignedIn:
        """Type a code after the right password."""
        generation = generation or self.cast.account(self.who, "session_generation")
        form = sha256(f"{code} {generation} {now()}".encode()).hexdigest()
        caller = Caller(None, form, "a browser")
        with self.cast.app.app_context():
            return second_factor.sign_in_with_second_factor(
                caller,
                account_id=self.cast.ids[self.who],
                generation=generation,
                code=code,
                secret=secret,
                now=now(),
            )


def key_of(cast: Cast, who: str, *, salt: str = SALT, secret: str = SECRET) -> str:
    with cast.app.app_context():
        account = db.session.get_one(Account, cast.ids[who])
        return second_factor.set_up_of(account, salt=salt, secret=secret).shared_secret


def turns_on(cast: Cast, who: str, *, request_id: str = "the-set-up-form", secret: str = SECRET) -> Phone:
    """Let somebody set up the second factor, a minute ago, so that the present code is still good."""
    key, earlier = key_of(cast, who, secret=secret), now() - timedelta(minutes=1)
    with cast.app.app_context():
        turned_on = second_factor.turn_on_second_factor(
            Caller(cast.ids[who], request_id),
            salt=SALT,
            code=code_at(key, earlier),
            secret=secret,
            now=earlier,
        )
    return Phone(cast, who, key, turned_on.codes)


@pytest.fixture
def phone(cast: Cast, clock: StoppedClock) -> Phone:
    return turns_on(cast, "director")


def test_what_the_app_is_told_is_an_address_of_our_name_with_a_key_of_160_bits(cast: Cast) -> None:
    with cast.app.app_context():
        account = db.session.get_one(Account, cast.ids["director"])
        told = second_factor.set_up_of(account, salt=SALT, secret=SECRET)

    assert len(told.shared_secret) == 32
    assert told.address == (
        f"otpauth://totp/%E7%A1%AE%E5%AE%A2:director?secret={told.shared_secret}&issuer=%E7%A1%AE%E5%AE%A2"
    )


def test_the_authenticator_of_these_tests_says_what_the_rfc_says() -> None:
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    rfc = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}

    assert {at: code_at(key, datetime.fromtimestamp(at).astimezone()) for at in rfc} == rfc


def test_no_salt_looks_like_a_mobile_number_which_no_form_would_show_again() -> None:
    salts = {second_factor.draw_salt() for _ in range(2_000)}

    assert len(salts) == 2_000
    assert not [salt for salt in salts if "1" in salt or not second_factor.is_salt(salt)]


def test_the_key_hangs_on_account_salt_and_the_servers_secret(cast: Cast) -> None:
    keys = {
        key_of(cast, "director"),
        key_of(cast, "admin"),
        key_of(cast, "director", salt=SALT[::-1]),
        key_of(cast, "director", secret="another server"),
    }

    assert len(keys) == 4


def test_turning_on_writes_neither_key_nor_code_and_ends_all_sign_ins(cast: Cast, phone: Phone) -> None:
    account = {name: cast.account("director", name) for name in ("totp_salt", "session_generation")}

    assert account == {"totp_salt": SALT, "session_generation": 2}
    assert cast.account("director", "totp_since") == MONDAY_TEN - timedelta(minutes=1)
    assert len(set(phone.paper)) == 10
    assert cast.count(RecoveryCode, account_id=cast.ids["director"], used_at=None) == 10
    assert cast.history(f"account:{cast.ids['director']}") == [
        ("turn_on_second_factor", cast.ids["director"], {}, None)
    ]
    dump = str(everything(cast.app))
    assert phone.key not in dump
    assert not [code for code in phone.paper if code in dump or code.replace("-", "") in dump]


def test_turning_on_with_a_wrong_code_or_a_made_up_salt_writes_nothing(
    cast: Cast, clock: StoppedClock
) -> None:
    wrong = code_at(key_of(cast, "admin"), now())
    caller = Caller(cast.ids["director"], "the-set-up-form")

    with cast.app.app_context(), nothing_written(cast.app):
        for salt, code in ((SALT, wrong), ("x" * 32, wrong), ("", "")):
            with refused("second_factor_wrong", field="code"):
                second_factor.turn_on_second_factor(caller, salt=salt, code=code, secret=SECRET, now=now())


def test_turning_on_twice_is_refused(cast: Cast, phone: Phone) -> None:
    caller = Caller(cast.ids["director"], "another-form")

    with cast.app.app_context(), nothing_written(cast.app), refused("second_factor_on"):
        second_factor.turn_on_second_factor(caller, salt=SALT, code=phone.code(), secret=SECRET, now=now())


@pytest.mark.parametrize("who", ["fang", "hong", "feng", "xin"])
def test_nobody_outside_the_back_office_has_one(cast: Cast, clock: StoppedClock, who: str) -> None:
    with cast.app.app_context(), nothing_written(cast.app), refused("forbidden"):
        second_factor.turn_on_second_factor(
            Caller(cast.ids[who], "the-set-up-form"), salt=SALT, code="000000", secret=SECRET, now=now()
        )


def test_form_sent_again_shows_the_same_recovery_codes_for_ten_minutes(
    cast: Cast, clock: StoppedClock
) -> None:
    key, code = key_of(cast, "director"), code_at(key_of(cast, "director"), now())

    def send() -> TurnedOn:
        caller = Caller(cast.ids["director"], "the-set-up-form")
        with cast.app.app_context():
            return second_factor.turn_on_second_factor(caller, salt=SALT, code=code, secret=SECRET, now=now())

    first = send()
    clock.forward(timedelta(minutes=10) - timedelta(seconds=1))
    again = send()
    clock.forward(timedelta(seconds=1))
    too_late = send()

    assert key
    assert first == again
    assert too_late == TurnedOn((), began=2)
    assert cast.account("director", "session_generation") == 2


@pytest.mark.parametrize(
    ("steps_away", "opens"), [(-3, False), (-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clock_of_the_phone_may_be_one_step_away(phone: Phone, steps_away: int, *, opens: bool) -> None:
    # The set-up used up the code of two steps ago; five minutes later none of these was used.
    with phone.cast.app.app_context():
        later = now() + timedelta(minutes=5)
        signed_in = second_factor.sign_in_with_second_factor(
            Caller(None, "a-request-id", "a browser"),
            account_id=phone.cast.ids["director"],
            generation=2,
            code=code_at(phone.key, later + steps_away * HALF_MINUTE),
            secret=SECRET,
            now=later,
        )

    expected = (phone.cast.ids["director"], "") if opens else (None, "second_factor_wrong")
    assert (signed_in.account_id, signed_in.refusal) == expected


@both_databases
def test_each_step_opens_once_and_none_before_it_afterwards(phone: Phone, clock: StoppedClock) -> None:
    before, present = phone.code(-HALF_MINUTE), phone.code()

    answers = [phone.signs_in(code).refusal for code in (present,)]
    clock.forward(timedelta(seconds=1))
    answers += [phone.signs_in(code).refusal for code in (present, before)]
    clock.forward(HALF_MINUTE)
    answers += [phone.signs_in(phone.code()).refusal]

    assert answers == ["", "second_factor_wrong", "second_factor_wrong", ""]


def test_form_sent_twice_is_answered_twice_the_same(phone: Phone) -> None:
    code = phone.code()

    assert phone.signs_in(code) == phone.signs_in(code)
    assert phone.signs_in(code).account_id == phone.cast.ids["director"]


@pytest.mark.parametrize("written", ["{0} {1}", " {0}{1} ", "{0}-{1}", "wide"])
def test_code_may_be_typed_in_groups_or_wide_digits(phone: Phone, written: str) -> None:
    code = phone.code()
    wide = code.translate({ord("0") + n: chr(ord("０") + n) for n in range(10)})
    typed = wide if written == "wide" else written.format(code[:3], code[3:])

    assert phone.signs_in(typed).refusal == ""


@pytest.mark.parametrize("typed", ["", "0", "abcdef", "12345678901234567890", "²²²²²²", "'; --", "000-000"])
def test_what_is_no_code_opens_nothing(phone: Phone, typed: str) -> None:
    assert phone.signs_in(typed).refusal == "second_factor_wrong"


def test_code_of_another_account_or_of_another_server_opens_nothing(phone: Phone) -> None:
    of_admin = code_at(key_of(phone.cast, "admin"), now())

    assert phone.signs_in(of_admin).refusal == "second_factor_wrong"
    assert phone.signs_in(phone.code(), secret="the secret was changed").refusal == "second_factor_wrong"


def test_password_that_was_right_before_the_account_changed_is_worth_nothing(
    phone: Phone, clock: StoppedClock
) -> None:
    assert phone.signs_in(phone.code(), generation=1).refusal == "sign_in_failed"

    phone.cast.archives("director")
    clock.forward(timedelta(seconds=1))

    assert phone.signs_in(phone.code()).refusal == "sign_in_failed"


def test_after_five_wrong_codes_the_next_has_to_wait_and_then_opens(
    phone: Phone, clock: StoppedClock
) -> None:
    for number in range(5):
        assert phone.signs_in(f"00000{number}").refusal == "second_factor_wrong"

    with refused("too_many_tries"):
        phone.signs_in(phone.code())
    clock.forward(timedelta(minutes=15))

    assert phone.signs_in(phone.code()).refusal == ""
    assert phone.cast.count(SignInFailure) == 0


@both_databases
def test_recovery_code_opens_once(phone: Phone, clock: StoppedClock) -> None:
    first, second = phone.paper[:2]

    answers = [phone.signs_in(first).refusal]
    clock.forward(timedelta(seconds=1))
    answers += [phone.signs_in(typed).refusal for typed in (first, second.upper().replace("-", " "))]

    assert answers == ["", "second_factor_wrong", ""]
    assert codes_left(phone) == 8
    done = [action for action, *_ in phone.cast.history(f"account:{phone.cast.ids['director']}")]
    assert done == ["turn_on_second_factor", "use_recovery_code", "use_recovery_code"]


def codes_left(phone: Phone) -> int:
    with phone.cast.app.app_context():
        return recovery_codes_left(db.session.get_one(Account, phone.cast.ids[phone.who]))


def test_recovery_code_of_somebody_else_opens_nothing(phone: Phone) -> None:
    admins = turns_on(phone.cast, "admin")

    assert phone.signs_in(admins.paper[0]).refusal == "second_factor_wrong"
    assert codes_left(admins) == 10


def test_new_recovery_codes_make_the_old_ones_worthless(phone: Phone) -> None:
    with phone.cast.app.app_context():
        new = second_factor.make_recovery_codes(
            Caller(phone.cast.ids["director"], "a-new-form"), secret=SECRET, now=now()
        )

    assert not set(new) & set(phone.paper)
    assert phone.signs_in(phone.paper[0]).refusal == "second_factor_wrong"
    assert phone.signs_in(new[0]).refusal == ""
    assert codes_left(phone) == 9


def test_recovery_codes_need_a_second_factor(cast: Cast, clock: StoppedClock) -> None:
    with cast.app.app_context(), nothing_written(cast.app), refused("second_factor_off"):
        second_factor.make_recovery_codes(Caller(cast.ids["admin"], "a-form-id"), secret=SECRET, now=now())


def is_without(cast: Cast, who: str) -> bool:
    with cast.app.app_context():
        codes = db.session.scalars(
            select(RecoveryCode.id).where(RecoveryCode.account_id == cast.ids[who])
        ).all()
    return (cast.account(who, "totp_salt"), cast.account(who, "totp_since"), codes) == (None, None, [])


def test_turning_off_leaves_nothing_and_ends_all_sign_ins(cast: Cast, phone: Phone) -> None:
    caller = Caller(cast.ids["director"], "off-with-it")

    with cast.app.app_context():
        answers = [second_factor.turn_off_second_factor(caller, now=now()) for _ in "12"]

    assert [answer.began for answer in answers] == [3, 3]
    assert is_without(cast, "director")
    assert cast.account("director", "session_generation") == 3
    assert cast.history(f"account:{cast.ids['director']}")[1:] == [
        ("turn_off_second_factor", cast.ids["director"], {}, None)
    ]


def test_admin_takes_a_lost_one_away(cast: Cast, phone: Phone) -> None:
    with cast.app.app_context():
        second_factor.reset_second_factor(cast.as_("admin"), account_id=cast.ids["director"], now=now())

    assert is_without(cast, "director")
    assert cast.account("director", "session_generation") == 3
    assert cast.history(f"account:{cast.ids['director']}")[1:] == [
        ("reset_second_factor", cast.ids["admin"], {}, None)
    ]


@pytest.mark.parametrize(
    ("who", "whose", "code"),
    [
        ("director", "director", "forbidden"),
        ("secretary", "director", "forbidden"),
        ("admin", "admin", "not_found"),
        ("admin", "fang", "not_found"),
        ("admin", "feng", "not_found"),
        ("admin", "secretary", "second_factor_off"),
    ],
)
def test_nobody_else_takes_one_away(phone: Phone, who: str, whose: str, code: str) -> None:
    cast = phone.cast
    turns_on(cast, "admin", request_id="admins-own-form")

    with cast.app.app_context(), nothing_written(cast.app), refused(code):
        second_factor.reset_second_factor(cast.as_(who), account_id=cast.ids[whose], now=now())


def test_command_takes_an_admins_away_and_names_nobody(cast: Cast, clock: StoppedClock) -> None:
    turns_on(cast, "admin")

    done = cast.app.test_cli_runner().invoke(args=["reset-second-factor", "ADMIN"])

    assert (done.exit_code, done.stdout) == (
        0, "ADMIN is signed out, and signs in with the password alone from now on.\n"
    )  # fmt: skip
    assert is_without(cast, "admin")
    assert cast.history(f"account:{cast.ids['admin']}")[1:] == [("reset_second_factor", None, {}, None)]


@pytest.mark.parametrize("login", ["admin", "nobody", ""])
def test_command_says_where_there_is_none(cast: Cast, clock: StoppedClock, login: str) -> None:
    with nothing_written(cast.app):
        done = cast.app.test_cli_runner().invoke(args=["reset-second-factor", login])

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
