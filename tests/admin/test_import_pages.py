"""Importing on the pages: the template, the file, every row with its reasons, the yes, what was made."""

from collections.abc import Callable
from io import BytesIO
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from lead_system.models import Account, Brokerage, HistoryRecord, Import
from tests.admin.conftest import Desk
from tests.admin.reading import notes, rows
from tests.admin.test_fee_pages import forget_upload
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.html import Page
from tests.support.refusals import nothing_written
from tests.support.sheets import (
    BROKERAGE_HEADINGS,
    CONSULTANT_HEADINGS,
    STAFF_HEADINGS,
    filled_in,
    upload,
    workbook,
)

HEADINGS = {"brokerages": BROKERAGE_HEADINGS, "consultants": CONSULTANT_HEADINGS, "staff": STAFF_HEADINGS}
CHINESE_HEADINGS = {
    "brokerages": ("公司名称", "联系人", "联系电话", "地址"),
    "consultants": ("员工编号", "姓名", "电话", "登录账号"),
    "staff": ("员工编号", "姓名", "电话", "角色", "登录账号"),
}
GOOD = {
    "brokerages": ("青禾置业", "林青", "028-8888 6666", "天府大道 1 号"),
    "consultants": ("C-0101", "林青", "13712340001", "lin.qing"),
    "staff": ("C-0101", "林青", "13712340001", "Gate staff", "lin.qing"),
}
KINDS = sorted(GOOD)
PHONE_WRONG = "A phone number has 5 to 20 digits; spaces, hyphens, brackets and + may stand between them."


def check(client: PageClient, kind: str, *people: Any, headings: Any = ()) -> PageResponse:
    """Choose a file with these rows; returns the page that shows them."""
    file = workbook(headings or HEADINGS[kind], *people)
    return client.submit(f"/admin/{kind}/import/", upload(file), button="Check the file")


def table(page: Page, name: str) -> list[list[str]]:
    """Return the rows of the bad or the good rows."""
    found = page.find_all("table", id=name)
    body = found[0].find("tbody").find_all("tr") if found else []
    return [[cell.text for cell in row.find_all("td")] for row in body]


def passwords(page: Page) -> list[str]:
    return [code.text for code in page.find_all("code", class_="import-password")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_leads_to_the_import_and_that_to_its_template(desk: Desk, kind: str) -> None:
    client = desk("admin")
    (button,) = [
        b
        for b in client.get(f"/admin/{kind}/").page.find_all("a", class_="button")
        if b.text == "Import from Excel"
    ]

    page = client.get(button["href"]).page

    assert page.h1 == "Import from Excel"
    (link,) = [a for a in page.find_all("a") if a.text == "Download the template"]
    assert first_sheet(client.get(link["href"]))["A1"].value == HEADINGS[kind][0]


def first_sheet(answer: PageResponse) -> Worksheet:
    return load_workbook(BytesIO(answer.data)).worksheets[0]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", KINDS)
def test_template_is_ready_to_be_filled_in(desk: Desk, kind: str, language: str) -> None:
    client = desk("admin")
    with client.session_transaction() as session:
        session["language"] = language
    expected = HEADINGS[kind] if language == "en" else CHINESE_HEADINGS[kind]

    answer = client.get(f"/admin/{kind}/import/template/")

    sheet = first_sheet(answer)
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [list(expected)]
    assert sheet.freeze_panes == "A2"
    for number in range(1, len(expected) + 1):
        letter = get_column_letter(number)
        assert sheet[f"{letter}1"].font.bold
        assert sheet.column_dimensions[letter].number_format == "@", "Excel would eat leading zeros"
        assert sheet.column_dimensions[letter].width >= 16
    name = unquote(answer.headers["Content-Disposition"])
    assert ("template.xlsx" if language == "en" else "导入模板.xlsx") in name


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Secretary,Director,Gate staff"), ("zh-CN", "渠道秘书,渠道总监,渠道部驻场")],
)
def test_role_is_chosen_from_a_list_in_the_template(desk: Desk, language: str, words: str) -> None:
    client = desk("admin")
    with client.session_transaction() as session:
        session["language"] = language

    [choice] = first_sheet(client.get("/admin/staff/import/template/")).data_validations.dataValidation

    assert (choice.type, choice.formula1, str(choice.sqref)) == ("list", f'"{words}"', "D2:D1001")
    assert choice.showErrorMessage


@pytest.mark.parametrize("kind", KINDS)
def test_hints_with_an_example_are_not_imported(desk: Desk, kind: str) -> None:
    client = desk("admin")
    template = client.get(f"/admin/{kind}/import/template/").data
    hints = load_workbook(BytesIO(template)).worksheets[1]
    assert [row[0] for row in hints.iter_rows(min_row=2, max_col=1, values_only=True)][
        : len(HEADINGS[kind])
    ] == list(HEADINGS[kind])

    answer = client.submit(f"/admin/{kind}/import/", upload(template), button="Check the file")

    assert answer.status_code == 422
    assert "There is no row under the headings." in answer.page.text


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", KINDS)
def test_template_filled_in_is_what_is_shown(desk: Desk, kind: str, language: str) -> None:
    client = desk("admin")
    with client.session_transaction() as session:
        session["language"] = language
    template = client.get(f"/admin/{kind}/import/template/").data
    with client.session_transaction() as session:
        session["language"] = "en"
    typed = [cell if cell != "Gate staff" or language == "en" else "渠道部驻场" for cell in GOOD[kind]]

    answer = client.submit(
        f"/admin/{kind}/import/", upload(filled_in(template, [typed])), button="Check the file"
    )

    assert table(answer.page, "good") == [["2", *GOOD[kind]]]
    assert table(answer.page, "bad") == []


def test_every_wrong_row_is_shown_with_its_number_and_every_reason(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    wrong = ("s0001", "", "123", "Boss", "GATE-feng")

    with nothing_written_but_the_file(cast):
        page = check(client, "staff", GOOD["staff"], ("", "", "", "", ""), wrong).page

    assert table(page, "good") == [["2", *GOOD["staff"]]]
    assert table(page, "bad") == [
        [
            "4",
            "S0001",
            "–",
            "123",
            "Boss",
            "gate-feng",
            " ".join(
                (
                    "Employee number : This employee number was used before, and is never given to anybody",
                    "else. Choose another one. Name : Enter the name. Phone : Enter the whole mobile number:",
                    "eleven digits, beginning with 1. Role : Choose one of the roles in the list. Account",
                    "name : This account name was used before, and is never given to anybody else. Choose",
                    "another one.",
                )
            ),
        ]
    ]
    assert page.find("section", class_="import-verdict").find_all("p")[0].text == (
        "1 row can be imported · 1 row cannot"
    )


class nothing_written_but_the_file:  # noqa: N801 - reads as what it expects
    """Expect that no account, brokerage or record is made by the block."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def counts(self) -> list[int]:
        return [self.cast.count(model) for model in (Account, Brokerage, HistoryRecord)]

    def __enter__(self) -> None:
        self.before = self.counts()

    def __exit__(self, *_: object) -> None:
        assert self.counts() == self.before


def test_imported_brokerages_stand_in_the_list_that_the_result_leads_to(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    page = check(client, "brokerages", GOOD["brokerages"], ("春和房产", "", "", ""))

    done = client.submit(page, button="Import all 2 rows")

    assert notes(done.page) == ["2 rows are imported."]
    (link,) = [a for a in done.page.find_all("a") if a.text == "Show the 2 new rows"]
    listed = client.get(link["href"]).page
    assert [row["Company name"] for row in rows(listed)] == ["春和房产", "青禾置业"]
    assert listed.find("p", class_="narrowed").text.startswith("Only Imported from people.xlsx")
    assert len(rows(client.get("/admin/brokerages/").page)) == 4


@pytest.mark.parametrize("kind", ["consultants", "staff"])
def test_new_account_signs_in_with_the_password_shown_and_must_change_it(
    desk: Desk, cast: Cast, new_client: Callable[[], PageClient], kind: str
) -> None:
    client = desk("admin")

    done = client.submit(check(client, kind, GOOD[kind]), button="Import 1 row")

    assert done.status_code == 200
    [password] = passwords(done.page)
    assert [row["Account name"] for row in rows_of_passwords(done.page)] == ["lin.qing"]
    phone = new_client()
    with phone.session_transaction() as session:
        session["language"] = "en"
    inside = phone.submit("/m/staff/sign-in", {"login": "lin.qing", "password": password})
    assert inside.page.h1 == "Change your password"


def rows_of_passwords(page: Page) -> list[dict[str, str]]:
    return page.table_rows()


def test_passwords_are_shown_once_and_the_second_time_it_is_said_so(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    page = check(client, "staff", GOOD["staff"])
    done = client.submit(page, button="Import 1 row")
    [password] = passwords(done.page)

    with nothing_written(cast.app):
        again = client.submit(page, button="Import 1 row")

    for later in (again, client.get(again.request.full_path)):
        assert later.status_code == 200
        assert password not in later.text
        assert "The temporary passwords were shown once" in " ".join(notes(later.page))
        assert "1 row is imported." in notes(later.page)
    assert cast.count(Account, login="lin.qing") == 1


def test_passwords_are_taken_as_a_file_from_their_own_page(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    done = client.submit(check(client, "staff", GOOD["staff"]), button="Import 1 row")
    [password] = passwords(done.page)

    file = client.submit(done, button="Take them as an Excel file")

    sheet = load_workbook(BytesIO(file.data)).worksheets[0]
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [
        ["Employee number", "Name", "Account name", "Temporary password"],
        ["C-0101", "林青", "lin.qing", password],
    ]
    assert cast.count(HistoryRecord, action="take_passwords", actor_id=cast.ids["admin"]) == 1


@pytest.mark.parametrize("sealed", ["", "WzEsIHt9XQ.made.up", "of another import"])
def test_only_what_this_server_sealed_for_this_import_becomes_a_file(
    desk: Desk, cast: Cast, sealed: str
) -> None:
    client = desk("admin")
    first = client.submit(check(client, "staff", GOOD["staff"]), button="Import 1 row")
    second = ("C-0102", "周全", "13712340002", "Director", "zhou.quan")
    done = client.submit(check(client, "staff", second), button="Import 1 row")
    if sealed == "of another import":
        sealed = first.page.find("input", name="sealed")["value"]

    with nothing_written(cast.app):
        answer = client.forge(done, {"sealed": sealed}, action="/admin/staff/import/passwords/")

    assert answer.status_code == 409
    assert "These passwords can no longer be put into a file." in answer.page.text


def test_wrong_rows_are_left_out_by_choice_and_said_to_be(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    page = check(client, "brokerages", GOOD["brokerages"], ("", "林青", "", ""), ("春和房产", "", "x", ""))
    assert [b.text for b in page.page.find_all("button") if "mport" in b.text] == [
        "Import only the 1 good row, leave 2 out"
    ]

    done = client.submit(page, button="Import only the 1 good row, leave 2 out")

    assert notes(done.page) == ["1 row is imported.", "2 rows were left out; the reasons stand below."]
    assert [[c.text for c in r.find_all("td")] for r in done.page.find("tbody").find_all("tr")] == [
        ["3", "Company name : Enter the name."],
        [
            "4",
            f"Contact's phone : {PHONE_WRONG}",
        ],
    ]
    assert cast.count(Brokerage, name="青禾置业") == 1
    assert cast.count(Brokerage) == 3


def test_without_a_good_row_there_is_nothing_to_press(desk: Desk) -> None:
    page = check(desk("director"), "brokerages", ("", "林青", "", "")).page

    assert not [b for b in page.find_all("button") if "mport" in b.text]
    assert "No row can be imported." in page.text


def test_what_became_wrong_meanwhile_stops_the_whole_in_words(desk: Desk, cast: Cast) -> None:
    client, other = desk("director"), desk("admin")
    page = check(client, "brokerages", GOOD["brokerages"], ("春和房产", "", "", ""))
    other.submit(check(other, "brokerages", GOOD["brokerages"]), button="Import 1 row")

    refused = client.submit(page, button="Import all 2 rows")

    assert refused.status_code == 409
    assert notes(refused.page)[0].startswith(
        "Nothing was imported. Rows that cannot be, as things are now: 1."
    )
    assert [row[0] for row in table(refused.page, "bad")] == ["2"]
    assert cast.count(Brokerage, name="春和房产") == 0
    client.submit(refused, button="Import only the 1 good row, leave 1 out")
    assert cast.count(Brokerage, name="春和房产") == cast.count(Brokerage, name="青禾置业") == 1


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"Name;Phone", "That file is no Excel workbook (.xlsx) that can be read."),
        (b"\0" * (2 * 1024 * 1024 + 1), "The file is too large: at most 2 MB"),
        (workbook(("Name",), ("林青",)), "These headings are missing in the first row: Company name"),
        (workbook(BROKERAGE_HEADINGS), "There is no row under the headings."),
    ],
)
def test_wrong_file_is_refused_beside_its_field(desk: Desk, cast: Cast, file: bytes, said: str) -> None:
    with nothing_written(cast.app):
        answer = desk("director").submit("/admin/brokerages/import/", upload(file), button="Check the file")

    assert answer.status_code == 422
    assert answer.page.find("span", id="file-error").text.startswith(said)
    forget_upload(answer)


@pytest.mark.parametrize("fields", [{}, {"file": "no file at all"}, {"file": (BytesIO(b""), "")}])
def test_no_file_is_answered_in_words(desk: Desk, fields: dict[str, object]) -> None:
    answer = desk("director").forge("/admin/brokerages/import/", fields, action="/admin/brokerages/import/")

    assert answer.status_code == 422
    assert "Choose the filled-in Excel file first." in answer.page.text


def test_formula_and_date_are_named_beside_their_column(desk: Desk) -> None:
    page = check(desk("director"), "brokerages", ("青禾置业", "=1+1", "", "路")).page

    assert table(page, "bad") == [
        ["2", "青禾置业", "–", "–", "路", "Contact : The cell holds a formula. Type the value itself."]
    ]


def test_no_page_shows_a_whole_number_out_of_a_wrong_text(desk: Desk) -> None:
    answer = check(desk("director"), "brokerages", ("青禾置业", "林青 13812345678", "", ""))

    assert "林青 138****5678" in answer.page.text
    assert "customers' numbers are not kept here" in answer.page.text


@pytest.mark.parametrize("who", ["director", "secretary"])
@pytest.mark.parametrize("page", ["import/", "import/template/", "import/check/?id=1"])
def test_staff_are_imported_by_the_admin_alone(desk: Desk, who: str, page: str) -> None:
    assert desk(who).get(f"/admin/staff/{page}").status_code == 403


def test_anothers_import_does_not_exist(desk: Desk, cast: Cast) -> None:
    address = PurePath(check(desk("director"), "brokerages", GOOD["brokerages"]).request.full_path)

    for path in (f"{address}", "/admin/brokerages/?import_id=1", "/admin/brokerages/import/progress/?id=1"):
        assert desk("admin").get(path).status_code == 404
        assert desk("director").get(path).status_code == 200
    assert desk("director").get("/admin/brokerages/import/check/?id=2").status_code == 404


def test_an_import_of_one_list_does_not_exist_in_another(desk: Desk) -> None:
    client = desk("admin")
    check(client, "staff", GOOD["staff"])

    assert client.get("/admin/staff/import/check/?id=1").status_code == 200
    assert client.get("/admin/consultants/import/check/?id=1").status_code == 404


def test_progress_is_told_while_passwords_are_made(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    page = check(client, "staff", GOOD["staff"])
    address = page.page.find("form", action=page.request.full_path)["data-progress-url"]

    before = client.get(address).json
    client.submit(page, button="Import 1 row")

    assert (before, client.get(address).json) == ({"done": 0, "of": 1}, {"done": 1, "of": 1})


def test_pages_are_chinese(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    with client.session_transaction() as session:
        session["language"] = "zh-CN"

    page = client.submit(
        "/admin/staff/import/",
        upload(
            workbook(
                CHINESE_HEADINGS["staff"],
                ("C-1", "林青", "13712340001", "渠道总监", "lin"),
                ("", "", "", "", "x"),
            )
        ),
        button="检查文件",
    )
    done = client.submit(page, button="只导入正确的 1 行，跳过 1 行")

    assert notes(done.page) == [
        "已导入 1 行。",
        "有 1 行未导入，原因见下。",
        "这些密码只在本页显示一次，之后无法再查看。离开本页前请记下或下载文件。",
    ]
    assert cast.count(Account, login="lin", role="director") == 1
    assert cast.count(Import) == 1
