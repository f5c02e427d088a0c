"""Signing in with a password: guessing is slowed, nobody is shut out, and nothing is given away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters

from lead_system.domain.errors import Refused
from lead_system.domain.guessing import Origin
from lead_system.domain.roles import Role
from lead_system.services import staff
from lead_system.services.passwords import hash_password, is_password
from lead_system.services.sign_in import (
    _NOBODYS_HASH,
    SignedIn,
    sign_in_with_code,
    sign_in_with_password,
)
from lead_system.services.transaction import Caller
from tests.services.test_sign_in import Outbox, send
from tests.support.cast import PASSWORD, Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.origins import ADDRESS
from tests.support.refusals import refused
from tests.support.statements import watched_statements

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

WRONG = "wrong"
GATE = frozenset({Role.GATE})
CHOSEN = "violet tractor 88 harbour"


def try_password(
    cast: Cast,
    password: str = WRONG,
    *,
    login: str = "gate-feng",
    address: str = ADDRESS,
    browser: str = "",
    seconds: float = 0,
) -> SignedIn:
    """Try a password for Feng at the gate's door, from a stranger's browser or from one that knows him."""
    known = {cast.ids["feng"]: browser} if browser else {}
    with cast.app.app_context():
        return sign_in_with_password(
            login, password, GATE,
            origin=Origin(address, known), secret=SECRET_KEY, now=MONDAY_TEN + timedelta(seconds=seconds),
        )  # fmt: skip


def fail(cast: Cast, times: int, **how: object) -> None:
    for _ in range(times):
        with refused("sign_in_failed"):
            try_password(cast, **how)  # type: ignore[arg-type]


@contextmanager
def counted_hash_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collects the hashes that are checked inside."""
    checked: list[str] = []
    verify = PasswordHasher.verify

    def watched(hasher: PasswordHasher, kept: str, password: str) -> bool:
        checked.append(kept)
        return verify(hasher, kept, password)

    with monkeypatch.context() as patched:
        patched.setattr(PasswordHasher, "verify", watched)
        yield checked


@pytest.mark.parametrize("login", ["gate-feng", "nobody-of-ours", " GATE-Feng"])
def test_sixth_try_waits_whether_the_account_exists_or_not(cast: Cast, login: str) -> None:
    fail(cast, 5, login=login)

    with refused("too_many_tries", seconds=2):
        try_password(cast, PASSWORD, login=login)
    fail(cast, 1, login=login, seconds=2)
    with refused("too_many_tries", seconds=4):
        try_password(cast, PASSWORD, login=login, seconds=2)


def test_while_one_must_wait_the_password_is_not_looked_at_and_nothing_counted(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(cast, 5)

    with counted_hash_checks(monkeypatch) as checked:
        for _ in range(20):
            with refused("too_many_tries", seconds=2):
                try_password(cast, PASSWORD)

    assert checked == []
    assert try_password(cast, PASSWORD, seconds=2).account_id == cast.ids["feng"]


def test_strangers_guessing_holds_nobody_up_on_a_browser_they_know(cast: Cast) -> None:
    for number in range(30):
        fail(cast, 1, address=f"198.51.100.{number}")
    with refused("too_many_tries"):
        try_password(cast, PASSWORD, address="198.51.100.200")

    assert try_password(cast, PASSWORD, browser="feng's own").account_id == cast.ids["feng"]


def test_known_browser_has_ten_tries_and_no_other_pays_for_them(cast: Cast) -> None:
    fail(cast, 10, browser="feng's own")

    with refused("too_many_tries", seconds=2):
        try_password(cast, PASSWORD, browser="feng's own")
    assert try_password(cast, PASSWORD, browser="feng's other").account_id == cast.ids["feng"]
    assert try_password(cast, PASSWORD).account_id == cast.ids["feng"]


def test_browser_that_knows_feng_is_a_strangers_for_lu(cast: Cast) -> None:
    fail(cast, 5, login="gate-lu", browser="feng's own")

    with refused("too_many_tries"):
        try_password(cast, PASSWORD, login="gate-lu", browser="feng's own")


def test_guessing_one_name_from_everywhere_is_slowed_to_a_try_a_minute(cast: Cast) -> None:
    for number in range(30):
        fail(cast, 1, address=f"198.51.100.{number}")
    for number, seconds in enumerate((2, 6, 14, 30, 62, 122)):
        fail(cast, 1, address=f"203.0.113.{number}", seconds=seconds)

    with refused("too_many_tries", seconds=60):
        try_password(cast, address="192.0.2.1", seconds=122)


def test_guessing_many_names_from_one_address_is_slowed(cast: Cast) -> None:
    for number in range(50):
        fail(cast, 1, login=f"name-{number}")

    with refused("too_many_tries", seconds=2):
        try_password(cast, PASSWORD)
    assert try_password(cast, PASSWORD, address="198.51.100.1").account_id == cast.ids["feng"]


def test_own_account_is_no_way_to_make_an_addresss_guesses_free_again(cast: Cast) -> None:
    for number in range(49):
        fail(cast, 1, login=f"name-{number}")
        assert try_password(cast, PASSWORD).account_id == cast.ids["feng"]
    fail(cast, 1, login="name-50")

    with refused("too_many_tries"):
        try_password(cast, PASSWORD)


def test_success_clears_what_was_mistyped_before(cast: Cast) -> None:
    fail(cast, 4)
    try_password(cast, PASSWORD)

    fail(cast, 5)


def test_addresses_of_one_household_are_one(cast: Cast) -> None:
    for number in range(5):
        fail(cast, 1, address=f"2001:db8:1:2::{number}")

    with refused("too_many_tries"):
        try_password(cast, PASSWORD, address="2001:db8:1:2:aaaa::1")
    assert try_password(cast, PASSWORD, address="2001:db8:1:3::1").account_id == cast.ids["feng"]


def test_temporary_password_opens_at_once_whatever_was_tried_before(cast: Cast) -> None:
    fail(cast, 5)
    fail(cast, 10, browser="feng's own")
    for number in range(25):
        fail(cast, 1, address=f"198.51.100.{number}")

    with cast.app.app_context():
        staff.change_staff(
            cast.as_("admin"),
            account_id=cast.ids["feng"], version=cast.account("feng", "version"),
            phone=cast.account("feng", "phone"), password=CHOSEN, now=MONDAY_TEN,
        )  # fmt: skip

    fail(cast, 1, browser="feng's own")
    assert try_password(cast, CHOSEN).account_id == cast.ids["feng"]


NOT_LET_IN = [
    ("gate-feng", "wrong"),
    ("nobody-of-ours", "wrong"),
    ("nobody-of-ours", PASSWORD),
    ("gate-lu", PASSWORD),
    ("gate-lu", "wrong"),
    ("director", PASSWORD),
    ("director", "wrong"),
]
"""Wrong password; no such account; archived (Lu); another door's account."""


def test_whatever_is_wrong_the_same_is_asked_and_one_hash_is_checked(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.archives("lu")
    seen = set()
    for number, (login, password) in enumerate(NOT_LET_IN):
        with (
            counted_hash_checks(monkeypatch) as checked,
            watched_statements() as statements,
            refused("sign_in_failed"),
        ):
            try_password(cast, password, login=login, address=f"198.51.100.{number}")
        costs = {kept.rsplit("$", 2)[0] for kept in checked}
        seen.add((len(checked), *costs, *statements))

    assert len(seen) == 1
    assert {row[:2] for row in seen} == {(1, "$argon2id$v=19$m=19456,t=2,p=1")}


def test_refusal_tells_the_log_whose_account_it_was_and_the_page_nothing(cast: Cast) -> None:
    facts = []
    for login in ("gate-feng", "nobody-of-ours"):
        with pytest.raises(Refused) as raised:
            try_password(cast, login=login)
        facts.append(raised.value.facts)

    assert facts == [{"account": cast.ids["feng"]}, {"account": None}]


def test_what_is_checked_for_nobody_costs_what_a_hash_of_somebody_costs(cast: Cast) -> None:
    cast.change("feng", password_hash=hash_password(PASSWORD))

    assert extract_parameters(_NOBODYS_HASH) == extract_parameters(cast.account("feng", "password_hash"))
    assert not is_password(_NOBODYS_HASH, PASSWORD)


WEAK = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)


def test_hash_of_outdated_costs_is_made_anew_at_the_next_sign_in(cast: Cast) -> None:
    cast.change("feng", password_hash=WEAK)

    assert try_password(cast, PASSWORD).account_id == cast.ids["feng"]

    kept = cast.account("feng", "password_hash")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert try_password(cast, PASSWORD).account_id == cast.ids["feng"]
    assert cast.account("feng", "password_hash") == kept


def test_wrong_password_makes_no_hash_anew(cast: Cast) -> None:
    cast.change("feng", password_hash=WEAK)

    fail(cast, 1)

    assert cast.account("feng", "password_hash") == WEAK


def test_whoever_guesses_at_the_present_password_of_an_open_browser_has_to_wait(cast: Cast) -> None:
    def change(current: str, new: str = CHOSEN, request_id: str | None = None) -> None:
        with cast.app.app_context():
            staff.change_own_password(
                cast.as_("feng", request_id),
                current_password=current, new_password=new, secret=SECRET_KEY, now=MONDAY_TEN,
            )  # fmt: skip

    for _ in range(9):
        with refused("password_wrong"):
            change("wrong")
    with refused("request_id_wrong"):
        change("wrong", request_id="?")

    with refused("too_many_tries", field="current_password", seconds=2):
        change(PASSWORD)


def test_new_password_that_is_refused_shows_that_the_present_one_was_right(cast: Cast) -> None:
    for number in range(12):
        with cast.app.app_context(), refused("password_too_short"):
            staff.change_own_password(
                cast.as_("feng", f"try-number-{number}"),
                current_password=PASSWORD, new_password="short", secret=SECRET_KEY, now=MONDAY_TEN,
            )  # fmt: skip


def try_code(cast: Cast, code: str, number: int, phone: str, address: str = ADDRESS) -> SignedIn:
    with cast.app.app_context():
        return sign_in_with_code(
            Caller(None, f"try-number-{number}", session_key="a browser"),
            phone=phone, code=code, address=address, secret=SECRET_KEY, now=MONDAY_TEN,
        )  # fmt: skip


def test_guessing_the_codes_of_many_phones_from_one_address_is_slowed(cast: Cast) -> None:
    outbox = Outbox()
    send(cast, outbox, "13500010001")
    for number in range(50):
        assert try_code(cast, "wrong", number, f"137000000{number:02}").refusal == "code_wrong"

    with refused("too_many_tries", field="code", seconds=2):
        try_code(cast, outbox.sent[0][1], 51, "13500010001")
    elsewhere = try_code(cast, outbox.sent[0][1], 52, "13500010001", "198.51.100.1")
    assert elsewhere.account_id == cast.ids["fang"]


def test_right_code_is_no_guess(cast: Cast) -> None:
    outbox = Outbox()
    for number in range(49):
        try_code(cast, "wrong", number, f"137000000{number:02}")
    send(cast, outbox, "13500010001")
    try_code(cast, outbox.sent[0][1], 50, "13500010001")

    assert try_code(cast, "wrong", 51, "13700000099").refusal == "code_wrong"
    with refused("too_many_tries"):
        try_code(cast, "wrong", 52, "13700000098")
