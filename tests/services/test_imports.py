"""Imports: rows of a file wait for a yes; then all of them are made, or none, or the good ones by choice."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from lead_system.domain.errors import Refused
from lead_system.domain.imports import ImportKind, SheetRow
from lead_system.extensions import Base, db
from lead_system.models import Account, Brokerage, HandledRequest, HistoryRecord, Import
from lead_system.services import brokerages, imports, staff
from lead_system.services.brokerages import BrokerageFacts
from lead_system.services.imports import CarriedOut
from lead_system.services.sign_in import sign_in_with_password
from lead_system.services.staff import NewStaff
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN
from tests.support.origins import FROM_A_STRANGER
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

QINGHE = {"name": "青禾置业", "contact": "林青", "phone": "028-8888 6666", "address": "天府大道 1 号"}
CHUNHE = {"name": "春和房产", "contact": "", "phone": "", "address": ""}
LIN = {
    "employee_number": "C-0101",
    "name": "林青",
    "phone": "13712340001",
    "role": "director",
    "login": "lin.qing",
}
ZHOU = {
    "employee_number": "C-0102",
    "name": "周全",
    "phone": "13712340002",
    "role": "gate",
    "login": "zhou.quan",
}
HOUR = timedelta(hours=1)


def rows_of(*cells: dict[str, str]) -> list[SheetRow]:
    return [SheetRow(line, dict(row)) for line, row in enumerate(cells, 2)]


def read(cast: Cast, *cells: dict[str, str], kind: str = "brokerages", by: str = "admin", **sent: Any) -> int:
    """Read a file with these rows; returns the import that waits for a yes."""
    request_id = sent.pop("request_id", None)
    said: dict[str, Any] = {"file_name": "people.xlsx", "now": MONDAY_TEN} | sent
    with cast.app.app_context():
        return imports.read_import(
            cast.as_(by, request_id), kind=ImportKind(kind), rows=rows_of(*cells), **said
        ).import_id


def carry_out(cast: Cast, import_id: int, by: str = "admin", request_id: str = "", **sent: Any) -> CarriedOut:
    said: dict[str, Any] = {"good_only": False, "now": MONDAY_TEN} | sent
    with cast.app.app_context():
        return imports.carry_out_import(cast.as_(by, request_id or None), import_id=import_id, **said)


def verdict(cast: Cast, import_id: int) -> dict[int, list[tuple[str, Any]]]:
    """Return what is wrong with each row: the code and the field of each reason."""
    with cast.app.app_context():
        rows = imports.check_rows(db.session.get_one(Import, import_id))
        return {row.line: [(r.code.value, r.facts["field"]) for r in row.refusals] for row in rows}


def kept(cast: Cast) -> str:
    """Return all that the database holds as one text."""
    with cast.app.app_context():
        tables = Base.metadata.sorted_tables
        return "\n".join(repr(row) for table in tables for row in db.session.execute(table.select()))


def opens(cast: Cast, login: str, password: str) -> bool:
    with cast.app.app_context():
        account = db.session.query(Account).filter_by(login=login).one()
        try:
            account_id = account.id
            signed_in = sign_in_with_password(
                login, password, frozenset({account.role}), now=MONDAY_TEN, **FROM_A_STRANGER
            )
            return signed_in.account_id == account_id
        except Refused:
            return False


def test_reading_a_file_makes_nothing_yet(cast: Cast) -> None:
    before = cast.count(Brokerage), cast.count(HistoryRecord)

    import_id = read(cast, QINGHE, CHUNHE, file_name="C:\\lists\\new.xlsx")

    assert cast.count(Import, id=import_id, file_name="new.xlsx", rows_read=2, carried_out_at=None) == 1
    assert (cast.count(Brokerage), cast.count(HistoryRecord)) == before
    assert verdict(cast, import_id) == {2: [], 3: []}


@pytest.mark.parametrize("by", ["director", "admin"])
def test_brokerages_are_made_with_a_record_each_and_one_for_the_import(cast: Cast, by: str) -> None:
    import_id = read(cast, QINGHE, CHUNHE, by=by)

    done = carry_out(cast, import_id, by=by).done

    assert (done.made, done.left_out) == (2, 0)
    assert cast.count(Brokerage, **QINGHE, version=1) == cast.count(Brokerage, **CHUNHE) == 1
    with cast.app.app_context():
        first, second = db.session.get_one(Import, import_id).made
    assert cast.history(f"brokerage:{first}") == [
        (
            "open_brokerage",
            cast.ids[by],
            {"name": ["", "青禾置业"], "address": ["", "天府大道 1 号"], "import": import_id},
            {"contact": ["", "林青"], "phone": ["", "028-8888 6666"]},
        )
    ]
    assert [action for action, *_ in cast.history(f"brokerage:{second}")] == ["open_brokerage"]
    assert cast.history(f"import:{import_id}") == [
        (
            "import_rows",
            cast.ids[by],
            {"kind": "brokerages", "rows": 2, "left_out": 0},
            {"file_name": "people.xlsx"},
        )
    ]


@pytest.mark.parametrize(
    ("kind", "role", "more"), [("staff", "director", {"role": "director"}), ("consultants", "consultant", {})]
)
def test_accounts_are_made_with_temporary_passwords_that_are_kept_nowhere(
    cast: Cast, kind: str, role: str, more: dict[str, str]
) -> None:
    person = {name: text for name, text in LIN.items() if name != "role"} | more
    import_id = read(cast, person, kind=kind)

    carried_out = carry_out(cast, import_id)

    assert cast.count(Account, **person | {"role": role}, must_change_password=True) == 1
    assert list(carried_out.passwords) == ["lin.qing"]
    assert opens(cast, "lin.qing", carried_out.passwords["lin.qing"])
    assert carried_out.passwords["lin.qing"] not in kept(cast)
    with cast.app.app_context():
        [account_id] = db.session.get_one(Import, import_id).made
    [(action, actor_id, changes, personal)] = cast.history(f"account:{account_id}")
    assert (action, actor_id, changes) == (
        "open_account",
        cast.ids["admin"],
        {"role": [None, role], "import": import_id},
    )
    assert personal == {"name": "林青", "phone": "13712340001", "login": "lin.qing"}


def test_every_account_has_a_password_of_its_own(cast: Cast) -> None:
    people = [LIN | {"login": f"lin-{n}", "employee_number": f"C-{n}"} for n in range(45)]

    passwords = carry_out(cast, read(cast, *people, kind="staff")).passwords

    assert len(passwords) == len(set(passwords.values())) == 45
    assert all(len(password) == 19 for password in passwords.values())
    assert cast.count(Import, passwords_made=45) == 1


def test_sent_twice_it_acts_once_and_has_no_passwords_the_second_time(cast: Cast) -> None:
    import_id = read(cast, LIN, kind="staff")
    first = carry_out(cast, import_id, request_id="one-request-id")

    with nothing_written(cast.app):
        second = carry_out(cast, import_id, request_id="one-request-id")

    assert second.done == first.done
    assert second.passwords == {}
    assert opens(cast, "lin.qing", first.passwords["lin.qing"])


def test_an_import_is_carried_out_once_whatever_the_request(cast: Cast) -> None:
    import_id = read(cast, LIN, kind="staff")
    carry_out(cast, import_id)

    with nothing_written(cast.app), refused("import_done_before"):
        carry_out(cast, import_id)


# What is wrong with rows.


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({"name": ""}, [("name_missing", "name")]),
        ({"name": "A" * 61}, [("text_too_long", "name")]),
        ({"name": "青禾 138 1234 5678"}, [("text_has_full_number", "name")]),
        ({"contact": "林" * 31}, [("text_too_long", "contact")]),
        ({"phone": "1234"}, [("brokerage_phone_wrong", "phone")]),
        ({"address": "路\x07"}, [("text_not_readable", "address")]),
        ({"name": "安家置业"}, [("brokerage_name_taken", "name")]),
        (
            {"name": " ", "contact": "林" * 31, "phone": "x", "address": "路" * 121},
            [
                ("name_missing", "name"),
                ("text_too_long", "contact"),
                ("brokerage_phone_wrong", "phone"),
                ("text_too_long", "address"),
            ],
        ),
    ],
)
def test_every_reason_of_a_wrong_brokerage_is_named(
    cast: Cast, wrong: dict[str, str], codes: list[tuple[str, str]]
) -> None:
    assert verdict(cast, read(cast, QINGHE | wrong, CHUNHE)) == {2: codes, 3: []}


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({"name": ""}, [("name_missing", "name")]),
        ({"name": "R2D2"}, [("name_not_letters", "name")]),
        ({"name": "长" * 31}, [("name_too_long", "name")]),
        ({"phone": ""}, [("account_phone_wrong", "phone")]),
        ({"phone": "１３７１２３４０００１"}, [("account_phone_wrong", "phone")]),
        ({"phone": "137 1234 0001"}, [("account_phone_wrong", "phone")]),
        ({"role": ""}, [("role_not_offered", "role")]),
        ({"role": "Boss"}, [("role_not_offered", "role")]),
        ({"role": "admin"}, [("role_not_offered", "role")]),
        ({"role": "consultant"}, [("role_not_offered", "role")]),
        ({"login": "a b"}, [("login_wrong", "login")]),
        ({"login": "Gate-FENG"}, [("login_taken", "login")]),
        ({"employee_number": "S_1"}, [("employee_number_wrong", "employee_number")]),
        ({"employee_number": "s0001"}, [("employee_number_taken", "employee_number")]),
        ({"employee_number": "B12345"}, [("employee_number_taken", "employee_number")]),
        (
            {"name": "", "phone": "1", "role": "x", "login": "", "employee_number": "S0001"},
            [
                ("employee_number_taken", "employee_number"),
                ("name_missing", "name"),
                ("account_phone_wrong", "phone"),
                ("role_not_offered", "role"),
                ("login_wrong", "login"),
            ],
        ),
    ],
)
def test_every_reason_of_a_wrong_account_is_named(
    cast: Cast, wrong: dict[str, str], codes: list[tuple[str, str]]
) -> None:
    assert verdict(cast, read(cast, LIN | wrong, ZHOU, kind="staff")) == {2: codes, 3: []}


@pytest.mark.parametrize("archived", [False, True])
def test_names_of_archived_people_and_companies_stay_taken(cast: Cast, *, archived: bool) -> None:
    if archived:
        cast.archives("feng")
        cast.change_brokerage_of("fang", archived_at=MONDAY_TEN)

    people = verdict(cast, read(cast, LIN | {"login": "gate-feng", "employee_number": "S0001"}, kind="staff"))
    companies = verdict(cast, read(cast, QINGHE | {"name": " 安家置业"}))

    assert people == {2: [("employee_number_taken", "employee_number"), ("login_taken", "login")]}
    assert companies == {2: [("brokerage_name_taken", "name")]}


def test_a_row_that_repeats_an_earlier_one_names_it(cast: Cast) -> None:
    companies = read(
        cast,
        QINGHE,
        CHUNHE,
        QINGHE | {"name": "  青禾置业 "},
        QINGHE | {"name": "ＣＨ"},
        {**CHUNHE, "name": "ch"},
    )
    people = read(
        cast,
        LIN,
        ZHOU | {"login": "LIN.qing"},
        ZHOU | {"employee_number": "c-0101", "login": "zhou"},
        kind="staff",
    )

    assert verdict(cast, companies) == {
        2: [], 3: [], 4: [("twice_in_file", "name")], 5: [], 6: [("twice_in_file", "name")]
    }  # fmt: skip
    assert verdict(cast, people) == {
        2: [],
        3: [("twice_in_file", "login")],
        4: [("twice_in_file", "employee_number")],
    }
    with cast.app.app_context():
        [fault] = imports.check_rows(db.session.get_one(Import, companies))[2].refusals
        assert fault.facts["line"] == 2


def test_whole_numbers_in_wrong_texts_are_kept_nowhere(cast: Cast) -> None:
    wrong = QINGHE | {
        "contact": "林青 13812345678",
        "address": "路边，电话 138 1234 5678",
        "name": "13812345678",
    }

    read(cast, wrong, file_name="13812345678.xlsx")

    text = kept(cast)
    assert "1234" not in text
    assert "138****5678" in text


PAGES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("brokerages", QINGHE, change)
    for change in (
        {},
        {"name": "  青禾  置业\n"},
        {"name": ""},
        {"name": "A" * 61},
        {"name": "安家置业"},
        {"name": "青禾\x00置业"},
        {"contact": "林\t青"},
        {"phone": "（028）８８８８６６６６"},
        {"phone": "028/8888666"},
        {"address": "路" * 121},
        {"address": "13812345678"},
    )
] + [
    ("staff", LIN, change)
    for change in (
        {},
        {"name": " 林  青 "},
        {"name": "林\u200b青"},
        {"name": "林青1"},
        {"phone": " 13712340001 "},
        {"phone": "137-1234-0001"},
        {"role": "broker"},
        {"login": "Lin.Qing"},
        {"login": "ab"},
        {"login": "GATE-feng"},
        {"employee_number": "c-7"},
        {"employee_number": "工7"},
        {"employee_number": "b00001"},
    )
]


@pytest.mark.parametrize(("kind", "cells", "change"), PAGES)
def test_a_row_is_refused_and_kept_as_the_page_refuses_and_keeps_it(
    cast: Cast, kind: str, cells: dict[str, str], change: dict[str, str]
) -> None:
    typed = cells | change
    said = verdict(cast, read(cast, typed, kind=kind))[2]
    on_page: list[tuple[str, Any]] = []
    made: dict[str, Any] = {}

    with cast.app.app_context():
        try:
            if kind == "staff":
                account_id = staff.open_staff(
                    cast.as_("admin"), staff=NewStaff(**typed), password="ten green bottles", now=MONDAY_TEN
                ).account_id
                account = db.session.get_one(Account, account_id)
                made = {name: getattr(account, name) for name in cells}
            else:
                brokerage_id = brokerages.open_brokerage(
                    cast.as_("admin"), facts=BrokerageFacts(**typed), now=MONDAY_TEN
                ).brokerage_id
                brokerage = db.session.get_one(Brokerage, brokerage_id)
                made = {name: getattr(brokerage, name) for name in cells}
        except Refused as refused_there:
            on_page = [(refused_there.code.value, refused_there.facts["field"])]

    assert said == on_page
    if not said:
        with cast.app.app_context():
            row = db.session.query(Import).one().rows[0]
        assert row["cells"] == made


# All, none, or the good ones.


def test_one_wrong_row_stops_the_whole(cast: Cast) -> None:
    import_id = read(cast, QINGHE, CHUNHE | {"phone": "x"})

    with nothing_written(cast.app), refused("import_rows_bad", rows=1):
        carry_out(cast, import_id)


def test_good_rows_alone_by_choice(cast: Cast) -> None:
    import_id = read(cast, QINGHE, {**CHUNHE, "phone": "x"}, {**CHUNHE, "name": "秋实地产"})

    done = carry_out(cast, import_id, good_only=True).done

    assert (done.made, done.left_out) == (2, 1)
    assert cast.count(Brokerage, name="青禾置业") == cast.count(Brokerage, name="秋实地产") == 1
    assert cast.count(Brokerage, name="春和房产") == 0
    with cast.app.app_context():
        carried_out = db.session.get_one(Import, import_id)
        assert [(row["line"], row["cells"], row["faults"][0]["code"]) for row in carried_out.rows] == [
            (3, {}, "brokerage_phone_wrong")
        ]


def test_no_good_row_is_nothing_to_import(cast: Cast) -> None:
    import_id = read(cast, QINGHE | {"name": ""})

    with nothing_written(cast.app), refused("import_nothing_good"):
        carry_out(cast, import_id, good_only=True)


@pytest.mark.parametrize(("kind", "first", "second"), [("brokerages", QINGHE, CHUNHE), ("staff", LIN, ZHOU)])
def test_a_row_that_became_wrong_meanwhile_stops_the_whole_or_is_left_out(
    cast: Cast, kind: str, first: dict[str, str], second: dict[str, str]
) -> None:
    waiting = read(cast, first, second, kind=kind)
    carry_out(cast, read(cast, first, kind=kind))

    with nothing_written(cast.app), refused("import_rows_bad", rows=1):
        carry_out(cast, waiting)
    done = carry_out(cast, waiting, good_only=True).done

    assert (done.made, done.left_out) == (1, 1)
    model: Any = Brokerage if kind == "brokerages" else Account
    assert cast.count(model, name=first["name"]) == cast.count(model, name=second["name"]) == 1


def test_rows_wait_for_an_hour(cast: Cast) -> None:
    import_id = read(cast, QINGHE)
    almost = MONDAY_TEN + HOUR - timedelta(seconds=1)

    with nothing_written(cast.app), refused("import_expired"):
        carry_out(cast, import_id, now=MONDAY_TEN + HOUR)
    assert carry_out(cast, import_id, now=almost).done.made == 1


@pytest.mark.parametrize("by_hand", [False, True])
def test_rows_that_nobody_said_yes_to_are_deleted(cast: Cast, *, by_hand: bool) -> None:
    old = read(cast, QINGHE)
    done = read(cast, CHUNHE)
    carry_out(cast, done)

    if by_hand:
        with cast.app.app_context():
            imports.forget_stale_rows(MONDAY_TEN + HOUR)
    else:
        read(cast, QINGHE, now=MONDAY_TEN + HOUR)

    assert cast.count(Import, id=old) == 0
    assert cast.count(Import, id=done) == 1


# Who may, and how much.


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        ("director", "staff"),
        ("director", "consultants"),
        ("secretary", "brokerages"),
        ("xin", "consultants"),
        ("fang", "brokerages"),
    ],
)
def test_whoever_may_not_add_such_rows_may_not_import_them(cast: Cast, by: str, kind: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        read(cast, QINGHE if kind == "brokerages" else LIN, kind=kind, by=by)


def test_anothers_file_does_not_exist(cast: Cast) -> None:
    import_id = read(cast, QINGHE, by="director")

    with nothing_written(cast.app), refused("not_found"):
        carry_out(cast, import_id, by="admin")
    with nothing_written(cast.app), refused("not_found"):
        carry_out(cast, 999_999)


def test_an_admin_who_became_a_director_imports_no_staff_any_more(cast: Cast) -> None:
    import_id = read(cast, LIN, kind="staff")
    cast.change("admin", role="director")

    with nothing_written(cast.app), refused("forbidden"):
        carry_out(cast, import_id)


@pytest.mark.parametrize(("number", "code"), [(0, "rows_missing"), (1001, "rows_too_many")])
def test_at_least_one_row_and_at_most_a_thousand(cast: Cast, number: int, code: str) -> None:
    with nothing_written(cast.app), refused(code, field="file"):
        read(cast, *([QINGHE] * number))


def test_a_file_sent_twice_waits_once(cast: Cast) -> None:
    first = read(cast, QINGHE, request_id="one-request-id")

    with nothing_written(cast.app):
        assert read(cast, QINGHE, request_id="one-request-id") == first
    with nothing_written(cast.app), refused("request_reused"):
        read(cast, CHUNHE, request_id="one-request-id")


def test_taking_the_passwords_in_a_file_is_on_record(cast: Cast) -> None:
    import_id = read(cast, LIN, kind="staff")
    with cast.app.app_context(), refused("not_found"):
        imports.take_passwords(cast.as_("admin"), import_id=import_id, now=MONDAY_TEN)
    carry_out(cast, import_id)

    with cast.app.app_context():
        imports.take_passwords(cast.as_("admin"), import_id=import_id, now=MONDAY_TEN)

    assert cast.history(f"import:{import_id}")[1:] == [
        ("take_passwords", cast.ids["admin"], {"kind": "staff", "rows": 1}, {"file_name": "people.xlsx"})
    ]


def test_kept_answers_hold_nothing_of_the_people(cast: Cast) -> None:
    carried_out = carry_out(cast, read(cast, LIN, kind="staff"))

    with cast.app.app_context():
        answers: Sequence[Any] = db.session.scalars(db.select(HandledRequest.answer)).all()
    assert "林青" not in repr(answers)
    assert carried_out.passwords["lin.qing"] not in repr(answers)
