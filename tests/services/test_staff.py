"""Staff and consultants: the admin opens, changes and archives their accounts; everybody sets a password."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from lead_system.domain.errors import Refused
from lead_system.extensions import Base, db
from lead_system.models import Account
from lead_system.services import staff
from lead_system.services.sign_in import sign_in_with_password
from lead_system.services.staff import NewStaff
from tests.support.cast import PASSWORD, Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.origins import FROM_A_STRANGER
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
TEMPORARY = "ten green bottles"
ANOTHER = "nine blue bottles"
OWN = "my very own secret"
MADE = {
    "role": "consultant",
    "name": "方晓晨",
    "phone": "13712345678",
    "login": "fang.xiaochen",
    "employee_number": "C-0007",
}


def open_(
    cast: Cast, password: str = TEMPORARY, by: str = "admin", request_id: str = "", **other: str
) -> int:
    with cast.app.app_context():
        return staff.open_staff(
            cast.as_(by, request_id or None),
            staff=NewStaff(**MADE | other),
            password=password,
            now=MONDAY_TEN,
        ).account_id


def change(cast: Cast, who: str = "xin", by: str = "admin", request_id: str = "", **changed: Any) -> int:
    """Send the admin's form, which shows the phone as it is and no password, but for what is given here."""
    shown = {name: cast.account(who, name) for name in ("version", "phone")} | {"password": ""} | changed
    with cast.app.app_context():
        return staff.change_staff(
            cast.as_(by, request_id or None), account_id=cast.ids[who], now=MONDAY_TEN, **shown
        ).account_id


def archive(cast: Cast, who: str = "xin", by: str = "admin", request_id: str = "", **sent: Any) -> int:
    shown = {"version": cast.account(who, "version")} | sent
    with cast.app.app_context():
        return staff.archive_staff(
            cast.as_(by, request_id or None), account_id=cast.ids[who], now=MONDAY_TEN, **shown
        ).account_id


def set_own(
    cast: Cast, who: str = "xin", current: str = PASSWORD, new: str = OWN, request_id: str = ""
) -> int:
    with cast.app.app_context():
        return staff.change_own_password(
            cast.as_(who, request_id or None),
            current_password=current,
            new_password=new,
            now=MONDAY_TEN,
            secret=SECRET_KEY,
        ).account_id


def opens(cast: Cast, who: str, password: str) -> bool:
    """Say whether somebody's account opens with a password."""
    with cast.app.app_context():
        account = db.session.get_one(Account, cast.ids[who])
        role, login = account.role, account.login or ""
        try:
            signed_in = sign_in_with_password(
                login, password, frozenset({role}), now=MONDAY_TEN, **FROM_A_STRANGER
            )
            return signed_in.account_id == cast.ids[who]
        except Refused:
            return False


def kept(cast: Cast) -> str:
    """Return all that the database holds, the answers to requests included, as one text."""
    with cast.app.app_context():
        tables = Base.metadata.sorted_tables
        return "\n".join(repr(row) for table in tables for row in db.session.execute(table.select()))


@pytest.mark.parametrize("role", ["consultant", "secretary", "director", "gate"])
def test_admin_opens_an_account_with_a_temporary_password(cast: Cast, role: str) -> None:
    cast.ids["new"] = open_(cast, role=role)

    assert cast.count(Account, id=cast.ids["new"], **MADE | {"role": role}) == 1
    assert cast.account("new", "must_change_password") is True
    assert cast.account("new", "temporary_until") == MONDAY_TEN + timedelta(days=7)
    assert opens(cast, "new", TEMPORARY)
    assert not opens(cast, "new", ANOTHER)
    assert cast.history(f"account:{cast.ids['new']}") == [
        (
            "open_account",
            cast.ids["admin"],
            {"role": [None, role]},
            {"name": "方晓晨", "phone": "13712345678", "login": "fang.xiaochen"},
        )
    ]


@pytest.mark.parametrize("role", ["admin", "broker", "resident", "visitor", "", "Gate"])
def test_other_roles_are_not_offered(cast: Cast, role: str) -> None:
    with nothing_written(cast.app), refused("role_not_offered", field="role"):
        open_(cast, role=role)


@pytest.mark.parametrize(
    ("typed", "is_kept"),
    [
        ("abc", "abc"),
        ("007", "007"),
        ("Gate.One_2-b", "gate.one_2-b"),
        ("  Zhang  ", "zhang"),
        ("a" * 30, "a" * 30),
        ("a" * 31, None),
        ("ab", None),
        ("", None),
        (".abc", None),
        ("-abc", None),
        ("_abc", None),
        ("a b c", None),
        ("abc@d", None),
        ("张三丰", None),
        ("ａｂｃ", None),
        ("abc\n", "abc"),
        ("abc\x00d", None),
    ],
)
def test_shape_of_an_account_name(cast: Cast, typed: str, is_kept: str | None) -> None:
    if is_kept is None:
        with nothing_written(cast.app), refused("login_wrong", field="login"):
            open_(cast, login=typed)
    else:
        cast.ids["new"] = open_(cast, login=typed)
        assert cast.account("new", "login") == is_kept


@pytest.mark.parametrize(
    ("typed", "is_kept"),
    [
        ("7", "7"),
        ("C-0007", "C-0007"),
        (" c-0007 ", "C-0007"),
        ("B0007", "B0007"),
        ("X" * 20, "X" * 20),
        ("X" * 21, None),
        ("", None),
        ("   ", None),
        ("C 7", None),
        ("C_7", None),
        ("工7", None),
        ("７", None),
    ],
)
def test_shape_of_an_employee_number(cast: Cast, typed: str, is_kept: str | None) -> None:
    if is_kept is None:
        with nothing_written(cast.app), refused("employee_number_wrong", field="employee_number"):
            open_(cast, employee_number=typed)
    else:
        cast.ids["new"] = open_(cast, employee_number=typed)
        assert cast.account("new", "employee_number") == is_kept


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"name": " "}, "name_missing", "name"),
        ({"name": "R2D2"}, "name_not_letters", "name"),
        ({"name": "长" * 31}, "name_too_long", "name"),
        ({"phone": ""}, "account_phone_wrong", "phone"),
        ({"phone": "1371234567"}, "account_phone_wrong", "phone"),
        ({"phone": "028-12345678"}, "account_phone_wrong", "phone"),
        ({"password": ""}, "password_too_short", "password"),
        ({"password": "elevenchars"}, "password_too_short", "password"),
        ({"password": "123456789012"}, "password_too_easy", "password"),
        ({"password": "Fang.Xiaochen!"}, "password_too_easy", "password"),
        ({"password": "xy" * 101}, "text_too_long", "password"),
    ],
)
def test_wrong_account_is_refused_beside_its_field(
    cast: Cast, wrong: dict[str, str], code: str, field: str
) -> None:
    with nothing_written(cast.app), refused(code, field=field):
        open_(cast, **wrong)


@pytest.mark.parametrize(
    ("had", "typed"), [("gate-feng", "gate-feng"), ("gate-feng", "Gate-FENG"), ("Gate-Feng", "gate-feng")]
)
@pytest.mark.parametrize("archived", [False, True])
def test_account_name_is_never_given_twice(cast: Cast, had: str, typed: str, *, archived: bool) -> None:
    cast.change("feng", login=had)
    if archived:
        cast.archives("feng")

    with nothing_written(cast.app), refused("login_taken", field="login"):
        open_(cast, login=typed)


@pytest.mark.parametrize(
    ("who", "had", "typed"),
    [
        ("feng", "S0001", "S0001"),
        ("feng", "s-one", "S-ONE"),
        ("feng", "S-ONE", "s-one"),
        ("fang", "B00001", "b00001"),
        ("fang", "X1", "x1"),
    ],
)
@pytest.mark.parametrize("archived", [False, True])
def test_employee_number_is_never_given_twice(
    cast: Cast, who: str, had: str, typed: str, *, archived: bool
) -> None:
    cast.change(who, employee_number=had)
    if archived:
        cast.archives(who)

    with nothing_written(cast.app), refused("employee_number_taken", field="employee_number"):
        open_(cast, employee_number=typed)


@pytest.mark.parametrize("number", ["B00099", "b123456"])
def test_numbers_that_brokers_will_get_are_kept_for_them(cast: Cast, number: str) -> None:
    with nothing_written(cast.app), refused("employee_number_taken", field="employee_number"):
        open_(cast, employee_number=number)


def test_phone_of_staff_may_be_anybodys(cast: Cast) -> None:
    cast.ids["new"] = open_(cast, phone=cast.account("xin", "phone"))

    assert cast.account("new", "phone") == cast.account("xin", "phone") == "13700010001"


def test_opening_sent_twice_opens_one_account_whatever_the_password(cast: Cast) -> None:
    cast.ids["new"] = open_(cast, TEMPORARY, request_id="one-request-id")

    with nothing_written(cast.app):
        assert open_(cast, ANOTHER, request_id="one-request-id") == cast.ids["new"]
    with nothing_written(cast.app), refused("request_reused"):
        open_(cast, TEMPORARY, request_id="one-request-id", login="somebody-else")
    assert opens(cast, "new", TEMPORARY)
    assert not opens(cast, "new", ANOTHER)


def test_taken_name_is_refused_the_same_whatever_the_password(cast: Cast) -> None:
    for password in (TEMPORARY, ANOTHER):
        with nothing_written(cast.app), refused("login_taken"):
            open_(cast, password, request_id="one-request-id", login="gate-feng")


@pytest.mark.parametrize("act", [open_, change, archive])
@pytest.mark.parametrize("by", ["director", "secretary", "feng", "xin", "fang"])
def test_only_the_admin_manages_staff(cast: Cast, act: Any, by: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        act(cast, by=by)


@pytest.mark.parametrize("who", ["xin", "feng", "secretary", "director"])
def test_admin_changes_phone_and_password_and_nothing_else(cast: Cast, who: str) -> None:
    old, login = cast.account(who, "phone"), cast.account(who, "login")

    assert change(cast, who, phone="13712349999", password=TEMPORARY) == cast.ids[who]

    assert (cast.account(who, "phone"), cast.account(who, "login")) == ("13712349999", login)
    assert (cast.account(who, "must_change_password"), cast.account(who, "version")) == (True, 2)
    assert cast.account(who, "temporary_until") == MONDAY_TEN + timedelta(days=7)
    assert opens(cast, who, TEMPORARY)
    assert not opens(cast, who, PASSWORD)
    assert cast.history(f"account:{cast.ids[who]}") == [
        ("change_staff", cast.ids["admin"], {"password": "set"}, {"phone": [old, "13712349999"]})
    ]


@pytest.mark.parametrize("password", ["", "   "])
def test_blank_password_stays_as_it_is(cast: Cast, password: str) -> None:
    change(cast, phone=" 13712349999 ", password=password)

    assert opens(cast, "xin", PASSWORD)
    assert cast.account("xin", "must_change_password") is False
    [(_, _, changes, personal)] = cast.history(f"account:{cast.ids['xin']}")
    assert (changes, personal) == ({}, {"phone": ["13700010001", "13712349999"]})


def test_new_password_alone_speaks_of_no_phone(cast: Cast) -> None:
    change(cast, password=TEMPORARY)

    [(_, _, changes, personal)] = cast.history(f"account:{cast.ids['xin']}")
    assert (changes, personal) == ({"password": "set"}, None)
    assert cast.account("xin", "phone") == "13700010001"


def test_change_that_changes_nothing_writes_nothing(cast: Cast) -> None:
    with nothing_written(cast.app):
        assert change(cast) == cast.ids["xin"]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"phone": ""}, "account_phone_wrong", "phone"),
        ({"phone": "1371234999"}, "account_phone_wrong", "phone"),
        ({"password": "elevenchars"}, "password_too_short", "password"),
        ({"password": "my consultant-xin"}, "password_too_easy", "password"),
    ],
)
def test_wrong_change_is_refused_beside_its_field(
    cast: Cast, wrong: dict[str, str], code: str, field: str
) -> None:
    with nothing_written(cast.app), refused(code, field=field):
        change(cast, **{"phone": "13712349999", "password": TEMPORARY} | wrong)


@pytest.mark.parametrize("version", [1, 3])
def test_stale_form_changes_and_archives_nobody(cast: Cast, version: int) -> None:
    change(cast, phone="13712349999")

    with nothing_written(cast.app), refused("stale"):
        change(cast, phone="13712348888", password=TEMPORARY, version=version)
    with nothing_written(cast.app), refused("stale"):
        archive(cast, version=version)


def test_change_sent_twice_acts_once_whatever_the_password(cast: Cast) -> None:
    sent: dict[str, Any] = {"request_id": "one-request-id", "version": 1, "phone": "13712349999"}
    first = change(cast, **sent, password=TEMPORARY)

    with nothing_written(cast.app):
        assert change(cast, **sent, password=ANOTHER) == first
    assert opens(cast, "xin", TEMPORARY)


@pytest.mark.parametrize("act", [change, archive])
@pytest.mark.parametrize("who", ["fang", "wei", "admin", "gone"])
def test_only_managed_staff_are_found(cast: Cast, act: Any, who: str) -> None:
    cast.ids["gone"] = cast.ids["ming"]
    cast.archives("gone")

    with nothing_written(cast.app), refused("not_found"):
        act(cast, who)


@pytest.mark.parametrize("who", ["xin", "feng", "secretary", "director"])
def test_archived_staff_are_written_down_and_refused_at_the_next_call(cast: Cast, who: str) -> None:
    assert archive(cast, who) == cast.ids[who]

    assert (cast.account(who, "archived_at"), cast.account(who, "version")) == (MONDAY_TEN, 2)
    assert cast.history(f"account:{cast.ids[who]}") == [
        ("archive_account", cast.ids["admin"], {"archived_at": [None, "2026-03-02T02:00:00+00:00"]}, None)
    ]
    assert not opens(cast, who, PASSWORD)
    with nothing_written(cast.app), refused("account_closed"):
        set_own(cast, who)


def test_archiving_sent_twice_acts_once(cast: Cast) -> None:
    first = archive(cast, version=1, request_id="one-request-id")

    with nothing_written(cast.app):
        assert archive(cast, version=1, request_id="one-request-id") == first


def test_archived_consultant_stays_on_the_lead_but_cannot_be_chosen(cast: Cast) -> None:
    lead_id, other = cast.enters("fang", reports=True), cast.enters("qiang", ("欧阳", "克", "1394321"))
    cast.scans("feng", lead_id, "xin")
    cast.reports("qiang", other)

    archive(cast, "xin")

    assert cast.read(lead_id, "consultant_id") == cast.ids["xin"]
    with nothing_written(cast.app), refused("consultant_not_offered"):
        cast.scans("feng", other, "xin")
    assert cast.scans("feng", other, "ming").outcome == "bound"


@pytest.mark.parametrize("who", ["feng", "xin", "secretary", "director", "admin"])
def test_everybody_with_a_password_sets_their_own(cast: Cast, who: str) -> None:
    cast.change(who, must_change_password=True, temporary_until=MONDAY_TEN + timedelta(days=1))

    assert set_own(cast, who) == cast.ids[who]
    assert cast.account(who, "temporary_until") is None

    assert (cast.account(who, "must_change_password"), cast.account(who, "version")) == (False, 2)
    assert opens(cast, who, OWN)
    assert not opens(cast, who, PASSWORD)
    assert cast.history(f"account:{cast.ids[who]}") == [("change_own_password", cast.ids[who], {}, None)]
    assert opens(cast, "lu", PASSWORD)


@pytest.mark.parametrize("who", ["fang", "wei"])
def test_agents_have_no_password_to_change(cast: Cast, who: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        set_own(cast, who)


@pytest.mark.parametrize(
    ("passwords", "code", "field"),
    [
        ({"current": "wrong"}, "password_wrong", "current_password"),
        ({"current": ""}, "password_wrong", "current_password"),
        ({"current": "wrong", "new": "short"}, "password_wrong", "current_password"),
        ({"new": PASSWORD}, "password_unchanged", "new_password"),
        ({"new": "short"}, "password_too_short", "new_password"),
        ({"new": "abcdefghijkl"}, "password_too_easy", "new_password"),
        ({"new": "Consultant-Xin 1"}, "password_too_easy", "new_password"),
    ],
)
def test_wrong_own_password_is_refused_beside_its_field(
    cast: Cast, passwords: dict[str, str], code: str, field: str
) -> None:
    cast.change("xin", must_change_password=True)

    with nothing_written(cast.app), refused(code, field=field):
        set_own(cast, **passwords)


def test_own_password_sent_twice_counts_once_whatever_is_typed(cast: Cast) -> None:
    first = set_own(cast, request_id="one-request-id")

    with nothing_written(cast.app):
        assert set_own(cast, current="anything", new=ANOTHER, request_id="one-request-id") == first
    assert opens(cast, "xin", OWN)


def test_wrong_present_password_does_not_answer_for_the_right_one_under_the_same_id(cast: Cast) -> None:
    with nothing_written(cast.app), refused("password_wrong"):
        set_own(cast, current="wrong", request_id="one-request-id")

    set_own(cast, current=PASSWORD, request_id="one-request-id")

    assert opens(cast, "xin", OWN)


def test_a_password_that_is_given_afterwards_is_other_content(cast: Cast) -> None:
    change(cast, "xin", phone="13700010009", request_id="one-request-id")

    with nothing_written(cast.app), refused("request_reused"):
        change(cast, "xin", version=1, phone="13700010009", password=ANOTHER, request_id="one-request-id")


def test_no_password_stands_anywhere_in_the_database(cast: Cast) -> None:
    cast.ids["new"] = open_(cast, TEMPORARY)
    change(cast, "xin", password=ANOTHER)
    set_own(cast, "xin", ANOTHER, OWN)

    everything = kept(cast)

    assert "fang.xiaochen" in everything
    assert [word for word in (TEMPORARY, ANOTHER, OWN, PASSWORD) if word in everything] == []
    with cast.app.app_context():
        hashes = db.session.scalars(text("SELECT password_hash FROM accounts WHERE login IS NOT NULL"))
        assert all(kept_hash.startswith("$argon2id$") for kept_hash in hashes)


def by_command(cast: Cast, password: str = TEMPORARY, **other: str) -> int:
    with cast.app.app_context():
        return staff.open_staff_account(
            NewStaff(**MADE | {"role": "admin"} | other), password=password, now=MONDAY_TEN
        )


def test_command_opens_an_admin_whose_password_may_stay(cast: Cast) -> None:
    cast.ids["new"] = by_command(cast)

    assert cast.count(Account, id=cast.ids["new"], role="admin", must_change_password=False) == 1
    assert opens(cast, "new", TEMPORARY)
    [(action, actor_id, changes, _)] = cast.history(f"account:{cast.ids['new']}")
    assert (action, actor_id, changes) == ("open_account", None, {"role": [None, "admin"]})


@pytest.mark.parametrize("taken", [{"login": "Gate-Feng"}, {"employee_number": "s0001"}])
def test_command_says_what_is_taken(cast: Cast, taken: dict[str, str]) -> None:
    cast.archives("feng")

    with nothing_written(cast.app), pytest.raises(ValueError, match=r"^Account name .* is taken\.$"):
        by_command(cast, **taken)


def test_command_refuses_an_easy_password(cast: Cast) -> None:
    with nothing_written(cast.app), refused("password_too_easy"):
        by_command(cast, password="abcdefghijkl")


def test_create_admin_makes_the_first_admin(cast: Cast) -> None:
    run = cast.app.test_cli_runner().invoke(
        args=["create-admin", "--login", "Boss.One", "--name", "穆白", "--phone", "13711112222"],
        input=f"{TEMPORARY}\n{TEMPORARY}\n",
    )

    assert run.exit_code == 0, run.output
    assert cast.count(Account, login="boss.one", employee_number="ADMIN-BOSS-ONE", role="admin") == 1


def test_create_admin_says_why_a_password_is_not_good_enough(cast: Cast) -> None:
    with nothing_written(cast.app):
        run = cast.app.test_cli_runner().invoke(
            args=["create-admin", "--login", "boss", "--name", "穆白", "--phone", "13711112222"],
            input="elevenchars\nelevenchars\n",
        )

    assert run.exit_code == 1
    assert "12" in run.output.splitlines()[-1]


@pytest.mark.parametrize(("who", "consultants"), [("lu", True), ("secretary", True), ("xin", False)])
def test_account_of_the_other_list_is_not_archived(cast: Cast, who: str, consultants: bool) -> None:  # noqa: FBT001 - a table of truth
    with nothing_written(cast.app), refused("not_found"):
        archive(cast, who, consultants=consultants)


@pytest.mark.parametrize(("who", "consultants"), [("lu", False), ("xin", True), ("xin", None), ("lu", None)])
def test_account_of_the_list_is_archived(cast: Cast, who: str, consultants: bool | None) -> None:  # noqa: FBT001 - a table of truth
    archive(cast, who, consultants=consultants)

    assert cast.account(who, "archived_at") == MONDAY_TEN


def test_create_admin_refuses_a_common_password(cast: Cast) -> None:
    with nothing_written(cast.app):
        result = cast.app.test_cli_runner().invoke(
            args=["create-admin", "--login", "boss", "--name", "穆白", "--phone", "13711112222"],
            input="qwerty123456\nqwerty123456\n",
        )

    assert result.exit_code == 1
    assert "密码太容易被猜到" in result.output


@pytest.mark.parametrize("password", ["woaini1314520", "consultant-xin-1", "江心怡江心怡123456"])
def test_no_door_to_a_password_lets_an_easy_one_in(cast: Cast, password: str) -> None:
    with nothing_written(cast.app):
        with refused("password_too_easy", field="new_password"):
            set_own(cast, new=password)
        with refused("password_too_easy", field="password"):
            change(cast, "xin", password=password)
        with refused("password_too_easy", field="password"):
            open_(cast, login="consultant-xin-2", name="江心怡", password=password)


def test_known_passwords_are_made_in_a_demonstration_only(cast: Cast) -> None:
    cast.app.extensions["settings"].demo = False

    with nothing_written(cast.app):
        result = cast.app.test_cli_runner().invoke(args=["demo"])

    assert result.exit_code == 1
    assert "LEAD_DEMO=1" in result.output


def test_new_database_has_no_account(app: Flask) -> None:
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Account)) == 0
