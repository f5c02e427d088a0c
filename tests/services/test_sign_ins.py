"""Sign-ins in the database: what each token opens, until when, and who may end it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Account, SignIn
from lead_system.queries.sign_ins import find_own_sign_in, standing_sign_ins
from lead_system.services import sign_ins
from lead_system.services.transaction import Caller
from tests.services.test_second_factor import SECRET, turns_on
from tests.support.cast import PASSWORD, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused
from tests.support.statements import watched_statements

pytestmark = pytest.mark.usefixtures("clock")


def begins(cast: Cast, who: str, browser: str = "Edge · Windows", *, generation: int | None = None) -> str:
    """Sign somebody in on a browser; returns the token."""
    with cast.app.app_context():
        account = db.session.get_one(Account, cast.ids[who])
        generation = generation or account.session_generation
        return sign_ins.begin_sign_in(account.id, generation=generation, browser=browser, now=now())


def opens(cast: Cast, token: str) -> bool:
    with cast.app.app_context():
        return sign_ins.find_signed_in(token, now=now()) is not None


def row_of(cast: Cast, token: str) -> SignIn:
    with cast.app.app_context():
        token_hash = sha256(token.encode()).hexdigest()
        row: SignIn = db.session.scalars(db.select(SignIn).filter_by(token_hash=token_hash)).one()
        return row


def standing(cast: Cast, who: str) -> list[str]:
    """The browsers on which somebody is signed in, but for the seat that the cast has from the beginning."""
    with cast.app.app_context():
        account = db.session.get_one(Account, cast.ids[who])
        return [one.browser for one in standing_sign_ins(account, now()) if one.browser]


@both_databases
def test_sign_in_keeps_a_hash_of_a_random_token_and_nothing_else_of_it(cast: Cast) -> None:
    first, second = begins(cast, "director"), begins(cast, "director")

    kept = row_of(cast, first)
    assert first != second
    assert len(first) >= 43
    assert kept.token_hash == sha256(first.encode()).hexdigest()
    assert (kept.account_id, kept.generation, kept.browser) == (cast.ids["director"], 1, "Edge · Windows")
    assert {kept.began_at, kept.seen_at, kept.confirmed_at} == {MONDAY_TEN}
    assert kept.ended_at is None


def test_token_opens_the_account_of_whoever_signed_in(cast: Cast) -> None:
    token = begins(cast, "director")

    with cast.app.app_context():
        found = sign_ins.find_signed_in(token, now=now())

    assert found
    assert found.account.id == cast.ids["director"]
    assert found.id == row_of(cast, token).id


@pytest.mark.parametrize("token", ["", "nobody's", "' OR 1=1 --"])
def test_unknown_token_opens_nothing(cast: Cast, token: str) -> None:
    begins(cast, "director")

    assert not opens(cast, token)


def test_hash_of_a_token_opens_nothing(cast: Cast) -> None:
    assert not opens(cast, row_of(cast, begins(cast, "director")).token_hash)


def test_ended_sign_in_opens_nothing_and_the_other_one_still_does(cast: Cast) -> None:
    ended, other = begins(cast, "director"), begins(cast, "director")

    with cast.app.app_context():
        sign_ins.end_sign_in(ended, now=now())

    assert (opens(cast, ended), opens(cast, other)) == (False, True)


def test_sign_in_that_ended_keeps_its_moment(cast: Cast, clock: StoppedClock) -> None:
    token = begins(cast, "director")
    for _ in "12":
        with cast.app.app_context():
            sign_ins.end_sign_in(token, now=now())
        clock.forward(timedelta(minutes=1))

    assert row_of(cast, token).ended_at == MONDAY_TEN


def test_archived_account_is_signed_out(cast: Cast) -> None:
    token = begins(cast, "director")

    cast.archives("director")

    assert not opens(cast, token)


def test_password_changed_between_the_look_and_the_sign_in_opens_nothing(cast: Cast) -> None:
    """Whoever was let in by the old password, a moment before, must not stay in."""
    looked_at = cast.account("director", "session_generation")
    cast.change("director", session_generation=2)

    late = begins(cast, "director", generation=looked_at)

    assert not opens(cast, late)
    assert standing(cast, "director") == []


@pytest.mark.parametrize(
    ("who", "idle"),
    [("admin", timedelta(hours=2)), ("feng", timedelta(hours=12)), ("fang", timedelta(days=30))],
)
def test_sign_in_lapses_when_it_is_not_used(
    cast: Cast, clock: StoppedClock, who: str, idle: timedelta
) -> None:
    token, unused = begins(cast, who), begins(cast, who, "the other one")
    clock.forward(idle - timedelta(seconds=1))
    assert opens(cast, token)
    clock.forward(timedelta(seconds=1))

    assert (opens(cast, token), opens(cast, unused)) == (True, False)
    assert standing(cast, who) == ["Edge · Windows"]


@pytest.mark.parametrize(
    ("who", "idle", "absolute"),
    [
        ("admin", timedelta(hours=2), timedelta(hours=12)),
        ("feng", timedelta(hours=12), timedelta(days=7)),
        ("fang", timedelta(days=30), timedelta(days=180)),
    ],
)
def test_sign_in_lapses_in_the_end_however_much_it_is_used(
    cast: Cast, clock: StoppedClock, who: str, idle: timedelta, absolute: timedelta
) -> None:
    token, end = begins(cast, who), now() + absolute
    while now() + idle / 2 < end:
        clock.forward(idle / 2)
        assert opens(cast, token)
    clock.at(end)

    assert not opens(cast, token)
    assert standing(cast, who) == []


@both_databases
def test_being_seen_is_written_down_once_in_five_minutes_of_the_office(
    cast: Cast, clock: StoppedClock
) -> None:
    token, noted = begins(cast, "director"), []
    for _ in range(11):
        clock.forward(timedelta(minutes=1))
        with watched_statements() as statements:
            opens(cast, token)
        noted.append(len([one for one in statements if one.startswith("UPDATE sign_ins")]))

    assert noted == [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
    assert row_of(cast, token).seen_at == MONDAY_TEN + timedelta(minutes=10)


@contextmanager
def taking_no_writes(cast: Cast) -> Iterator[None]:
    """Let the database refuse every write, as a stand-by does."""
    with cast.app.app_context():
        engine = db.engine
    is_sqlite = engine.dialect.name == "sqlite"

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON" if is_sqlite else "SET TRANSACTION READ ONLY")

    event.listen(engine, "begin", begin)
    yield
    event.remove(engine, "begin", begin)
    engine.dispose()


@both_databases
def test_database_that_takes_no_writes_still_shows_who_is_signed_in(cast: Cast, clock: StoppedClock) -> None:
    token = begins(cast, "director")
    clock.forward(timedelta(minutes=6))

    with taking_no_writes(cast):
        assert opens(cast, token)
        with cast.app.app_context(), pytest.raises(DBAPIError, match=r"read.?only"):
            sign_ins.end_sign_in(token, now=now())

    assert row_of(cast, token).seen_at == MONDAY_TEN


# Confirming.


def confirms(cast: Cast, token: str, password: str = PASSWORD, code: str = "") -> None:
    with cast.app.app_context():
        found = sign_ins.find_signed_in(token, now=now())
        assert found is not None
        sign_ins.confirm_sign_in(found, password=password, code=code, secret=SECRET, now=now())


@both_databases
def test_right_password_confirms_this_sign_in_and_no_other(cast: Cast, clock: StoppedClock) -> None:
    here, elsewhere = begins(cast, "director"), begins(cast, "director")
    clock.forward(timedelta(hours=1))

    confirms(cast, here)

    assert row_of(cast, here).confirmed_at == MONDAY_TEN + timedelta(hours=1)
    assert row_of(cast, elsewhere).confirmed_at == MONDAY_TEN


def test_wrong_password_confirms_nothing(cast: Cast, clock: StoppedClock) -> None:
    token = begins(cast, "director")
    clock.forward(timedelta(hours=1))

    with refused("password_wrong", field="confirm_password"):
        confirms(cast, token, "not mine")

    assert row_of(cast, token).confirmed_at == MONDAY_TEN


def test_with_a_second_factor_the_password_alone_confirms_nothing(cast: Cast, clock: StoppedClock) -> None:
    phone = turns_on(cast, "director")
    token = begins(cast, "director")
    clock.forward(timedelta(hours=1))
    code = phone.code()

    for wrong in ("", "000000"):
        with refused("second_factor_wrong", field="confirm_code"):
            confirms(cast, token, code=wrong)
    with refused("password_wrong", field="confirm_password"):
        confirms(cast, token, "not mine", code=code)
    assert row_of(cast, token).confirmed_at == MONDAY_TEN

    confirms(cast, token, code=code)
    assert row_of(cast, token).confirmed_at == MONDAY_TEN + timedelta(hours=1)
    with refused("second_factor_wrong"):
        confirms(cast, token, code=code)


def test_after_ten_wrong_passwords_the_right_one_has_to_wait(cast: Cast, clock: StoppedClock) -> None:
    token = begins(cast, "director")
    for _ in range(10):
        with refused("password_wrong"):
            confirms(cast, token, "a guess")

    with refused("too_many_tries"):
        confirms(cast, token)
    clock.forward(timedelta(minutes=5))
    confirms(cast, token)

    assert row_of(cast, token).confirmed_at == MONDAY_TEN + timedelta(minutes=5)


# Ending them.


@both_databases
def test_somebody_ends_one_of_their_own(cast: Cast) -> None:
    here, there = begins(cast, "fang", "here"), begins(cast, "fang", "there")
    caller, there_id = cast.as_("fang"), row_of(cast, there).id

    with cast.app.app_context():
        answers = [sign_ins.end_own_sign_in(caller, sign_in_id=there_id, now=now()) for _ in "12"]

    assert [answer.ended for answer in answers] == [1, 1]
    assert (opens(cast, here), opens(cast, there)) == (True, False)
    assert standing(cast, "fang") == ["here"]


def test_nobody_ends_anybody_elses(cast: Cast) -> None:
    token = begins(cast, "qiang")
    wanted = row_of(cast, token).id

    for who in ("fang", "admin"):
        with cast.app.app_context(), nothing_written(cast.app), refused("not_found"):
            sign_ins.end_own_sign_in(cast.as_(who), sign_in_id=wanted, now=now())

    assert opens(cast, token)


def test_nobody_finds_anybody_elses(cast: Cast) -> None:
    wanted = row_of(cast, begins(cast, "qiang")).id

    with cast.app.app_context():
        found = [
            find_own_sign_in(db.session.get_one(Account, cast.ids[who]), wanted, now())
            for who in ("fang", "qiang")
        ]

    assert [one is not None for one in found] == [False, True]


def test_all_but_the_present_one_end_and_nobody_elses_does(cast: Cast) -> None:
    here, there, others = begins(cast, "feng", "here"), begins(cast, "feng", "there"), begins(cast, "lu")

    with cast.app.app_context():
        ended = sign_ins.end_other_sign_ins(cast.as_("feng"), but_id=row_of(cast, here).id, now=now())

    assert ended.ended == 2  # The seat of the cast is the third.
    assert [opens(cast, token) for token in (here, there, others)] == [True, False, True]


@pytest.mark.parametrize(
    ("who", "whose"),
    [
        ("director", "fang"), ("director", "wei"), ("admin", "fang"), ("admin", "feng"),
        ("admin", "xin"), ("admin", "secretary"), ("admin", "director"),
    ],
)  # fmt: skip
def test_whoever_manages_an_account_signs_it_out_everywhere(cast: Cast, who: str, whose: str) -> None:
    tokens = [begins(cast, whose), begins(cast, whose)]

    with cast.app.app_context():
        sign_ins.sign_out_everywhere(cast.as_(who), account_id=cast.ids[whose], now=now())

    assert [opens(cast, token) for token in tokens] == [False, False]
    assert opens(cast, begins(cast, whose))
    assert cast.history(f"account:{cast.ids[whose]}") == [("sign_out_everywhere", cast.ids[who], {}, None)]


@pytest.mark.parametrize(
    ("who", "whose", "code"),
    [
        ("director", "feng", "not_found"),
        ("director", "secretary", "not_found"),
        ("director", "admin", "not_found"),
        ("admin", "admin", "not_found"),
        ("admin", "hong", "not_found"),
        ("secretary", "fang", "forbidden"),
        ("fang", "qiang", "forbidden"),
    ],
)
def test_nobody_else_does(cast: Cast, who: str, whose: str, code: str) -> None:
    token = begins(cast, whose)

    with cast.app.app_context(), nothing_written(cast.app), refused(code):
        sign_ins.sign_out_everywhere(cast.as_(who), account_id=cast.ids[whose], now=now())

    assert opens(cast, token)


def test_archived_account_cannot_be_signed_out_once_more(cast: Cast) -> None:
    cast.archives("fang")

    with cast.app.app_context(), nothing_written(cast.app), refused("not_found"):
        sign_ins.sign_out_everywhere(cast.as_("admin"), account_id=cast.ids["fang"], now=now())


def test_old_sign_ins_are_forgotten_and_none_that_could_still_open(cast: Cast, clock: StoppedClock) -> None:
    old = begins(cast, "fang")
    clock.forward(timedelta(days=20, seconds=1))
    used = begins(cast, "fang")
    clock.forward(timedelta(days=180))

    with cast.app.app_context():
        sign_ins.forget_old_sign_ins(now())

    assert cast.count(SignIn, token_hash=sha256(old.encode()).hexdigest()) == 0
    assert row_of(cast, used).began_at == MONDAY_TEN + timedelta(days=20, seconds=1)


def test_caller_without_an_account_ends_nothing(cast: Cast) -> None:
    with cast.app.app_context(), refused("account_closed"):
        sign_ins.end_other_sign_ins(Caller(None, "a-request-id", "x"), but_id=1, now=now())


def renews(cast: Cast, token: str, **began: int) -> str | None:
    with cast.app.app_context():
        return sign_ins.renew_sign_in(token, **began)


@both_databases
def test_renewed_sign_in_goes_on_under_another_token_only(cast: Cast, clock: StoppedClock) -> None:
    token = begins(cast, "director")
    before = row_of(cast, token)
    clock.forward(timedelta(hours=1))

    renewed = renews(cast, token) or ""

    assert (opens(cast, token), opens(cast, renewed)) == (False, True)
    after = row_of(cast, renewed)
    assert (after.id, after.began_at) == (before.id, before.began_at)
    assert standing(cast, "director") == ["Edge · Windows"]


@pytest.mark.parametrize(
    ("generation", "began", "goes_on"),
    [
        pytest.param(4, {}, True, id="nothing began"),
        pytest.param(5, {}, False, id="signed out everywhere while it was confirmed"),
        pytest.param(5, {"began": 5}, True, id="own new password"),
        pytest.param(6, {"began": 5}, False, id="signed out everywhere after it"),
        pytest.param(6, {"began": 6}, False, id="signed out everywhere before it"),
        pytest.param(4, {"began": 4}, True, id="own new password sent again"),
        pytest.param(5, {"began": 4}, False, id="signed out everywhere while it was sent again"),
    ],
)
def test_renewed_sign_in_outlives_its_own_new_password_and_nothing_else(
    cast: Cast, generation: int, began: dict[str, int], *, goes_on: bool
) -> None:
    cast.change("director", session_generation=4)
    token = begins(cast, "director")
    cast.change("director", session_generation=generation)

    assert opens(cast, renews(cast, token, **began) or "") is goes_on


def test_ended_sign_in_is_not_renewed_back_to_life(cast: Cast) -> None:
    token = begins(cast, "director")
    with cast.app.app_context():
        sign_ins.end_sign_in(token, now=now())

    assert not opens(cast, renews(cast, token) or "")


@pytest.mark.parametrize("token", ["", "nobody's"])
def test_what_is_no_token_is_renewed_into_nothing(cast: Cast, token: str) -> None:
    with nothing_written(cast.app):
        assert renews(cast, token) is None


@both_databases
def test_of_two_who_renew_one_token_the_second_gets_none_and_harms_nothing(cast: Cast) -> None:
    token = begins(cast, "director")
    renewed = renews(cast, token) or ""

    assert renews(cast, token) is None
    assert opens(cast, renewed)
