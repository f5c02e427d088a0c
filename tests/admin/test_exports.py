"""Every list as a workbook: the rows of all pages, as the screen shows them, and the log of who took them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from urllib.parse import unquote

import pytest
from openpyxl import Workbook, load_workbook

from lead_system.admin_views import exports as writing
from lead_system.models import Export
from lead_system.services import exports as service
from tests.admin.conftest import Desk
from tests.admin.reading import rows
from tests.admin.test_lists import LISTS, List, add_rows, all_pages, every_list
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Element, Page, Sent
from tests.support.refusals import nothing_written

BY_ENDPOINT = {one.endpoint: one for one in LISTS}
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TABS = (
    ("leads", "status=bound"),
    ("leads", "status=expired"),
    ("collisions", "state=handled"),
    ("collisions", "state=all"),
    ("fees", "state=paid"),
    ("fees", "state=void"),
    ("brokers", "tab=residents"),
    ("brokers", "tab=waiting"),
)


def export(client: PageClient, address: str, **fields: str) -> PageResponse:
    """Press the button of a list and return what it answers."""
    action = f"{address.partition('?')[0]}export/"
    answer = client.forge(address, fields, action=action)
    return whole(answer)


def whole(answer: PageResponse) -> PageResponse:
    """Read an answer to its end and close it, as a server does."""
    answer.get_data()
    answer.close()
    return answer


def sent_by(client: PageClient, address: str) -> tuple[str, Sent]:
    """Return the form of the button, to be sent more than once."""
    (form,) = [form for form in client.get(address).page.forms if "/export/" in form.action]
    return form.action, form.defaults()


def book(answer: PageResponse) -> Workbook:
    assert (answer.status_code, answer.mimetype) == (200, EXCEL)
    return load_workbook(BytesIO(answer.data))


def table(answer: PageResponse) -> list[list[object]]:
    """Return the first sheet: its headings and rows; a moment without its seconds, as the screen has it."""
    sheet = book(answer).worksheets[0]
    return [[_to_the_minute(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _to_the_minute(value: object) -> object:
    return value.replace(second=0, microsecond=0) if isinstance(value, datetime) else value


def about(answer: PageResponse) -> list[tuple[object, ...]]:
    """Return the second sheet, line by line."""
    return list(book(answer).worksheets[1].iter_rows(values_only=True))


def on_screen(pages: list[Page]) -> list[list[object]]:
    """Return the headings and the cells of all pages, each as what a workbook should hold for it."""
    headings: list[object] = [cell.text for cell in _cells(pages[0].find("thead"))]
    lines = [line for page in pages for line in page.find("tbody").find_all("tr")]
    return [headings, *([meant(cell) for cell in _cells(line)] for line in lines)]


def _cells(line: Element) -> list[Element]:
    cells = [cell for cell in line.walk() if cell.tag in ("th", "td")]
    return [cell for cell in cells if not {"cell-check", "pin-end"} & set(cell.get("class").split())]


def _text(cell: Element) -> str:
    """Return the text of a cell with no space that the page does not have."""
    return " ".join("".join(_pieces(cell)).split())


def _pieces(part: Element) -> Iterator[str]:
    for child in part.children:
        if isinstance(child, str):
            yield child
        else:
            yield from _pieces(child)


def meant(cell: Element) -> object:
    """Return nothing for a dash, a number for one, yuan as a number, a moment or a day, or the text."""
    text = _text(cell)
    if text == "–":
        return None
    if cell.find_all("time"):
        return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - Excel knows no zones
    if text.startswith("¥"):
        return float(text[1:].replace(",", ""))
    return int(text) if cell.find_all("span", class_="figures") else text


@every_list
def test_the_workbook_holds_every_row_of_all_pages_as_the_screen_shows_it(
    desk: Desk, cast: Cast, clock: StoppedClock, this: List
) -> None:
    add_rows(cast, clock, this, 22)
    client = desk(this.who)
    pages = all_pages(client, f"{this.path}?page_size=20")

    written = table(export(client, f"{this.path}?page_size=20"))

    shown = on_screen(pages)
    assert written == shown
    assert len(shown) > 1 + 20
    assert [heading for heading, *cells in zip(*shown, strict=True) if not any(cells)] == []


@every_list
def test_the_workbook_follows_the_search_and_the_order(
    desk: Desk, cast: Cast, clock: StoppedClock, this: List
) -> None:
    add_rows(cast, clock, this, 5)
    client = desk(this.who)
    order = "" if this.sort is None else f"&sort={this.sort}&desc=1"

    for state in (this.search, f"{this.search}{order}", order):
        shown = on_screen(all_pages(client, f"{this.path}?{state}"))
        assert table(export(client, f"{this.path}?{state}")) == shown

    found, everything = (client.get(f"{this.path}?{state}").page for state in (this.search, ""))
    assert 0 < len(rows(found)) < len(rows(everything))


@pytest.mark.parametrize(("endpoint", "tab"), TABS)
def test_the_workbook_holds_the_chosen_tab_with_its_columns(
    desk: Desk, cast: Cast, clock: StoppedClock, endpoint: str, tab: str
) -> None:
    this = BY_ENDPOINT[endpoint]
    add_rows(cast, clock, this, 4)
    client = desk("director")

    answer = export(client, f"{this.path}?{tab}")

    written = table(answer)
    assert written == on_screen(all_pages(client, f"{this.path}?{tab}"))
    assert written != table(export(client, this.path))
    assert len(written) > 1


def test_the_second_sheet_says_who_made_the_file_when_and_with_which_filter(
    desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    for n in range(4):
        BY_ENDPOINT["fees"].add_row(cast, n)
    client = desk("secretary")

    lines = about(export(client, "/admin/fees/?state=paid&broker_name=李&first_day=2026-03-01"))

    assert lines == [
        ("Table", "Viewing fees"),
        ("Exported by", "苏文 (secretary)"),
        ("Exported at", datetime(2026, 3, 2, 10, 0)),  # noqa: DTZ001 - Excel knows no zones
        ("Rows", 2),
        ("Total without void fees", 2473),
        ("Status", "Paid"),
        ("Created at from", "2026-03-01"),
        ("Broker's name", "李"),
        ("At most", "100 000 rows in one file"),
    ]


def test_the_second_sheet_names_a_choice_and_a_narrowing_in_words(desk: Desk, cast: Cast) -> None:
    BY_ENDPOINT["viewings"].add_row(cast, 1)
    client = desk("director")

    graded = about(export(client, "/admin/viewings/?intent=B"))
    narrowed = about(export(client, f"/admin/leads/?step=bound&broker_id={cast.ids['qiang']}"))
    unnarrowed = about(export(client, "/admin/scans/"))

    assert ("Intent", "B") in graded
    assert narrowed[4:6] == [("Only", "Broker 李强 · ever bound"), ("Status", "All")]
    assert unnarrowed[4:] == [("Filter", "None"), ("At most", "100 000 rows in one file")]


def test_a_chinese_session_gets_a_chinese_file_that_nobody_may_keep_on_the_way(
    signed_in: Desk, cast: Cast, clock: StoppedClock
) -> None:
    BY_ENDPOINT["fees"].add_row(cast, 1)

    answer = export(signed_in("secretary"), "/admin/fees/")

    name = answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]
    assert unquote(name) == "带看费记录_2026-03-02_1000.xlsx"
    assert (answer.mimetype, answer.headers["Cache-Control"]) == (EXCEL, "no-store")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert [sheet.title for sheet in book(answer).worksheets] == ["带看费记录", "导出说明"]
    assert table(answer)[0][0] == "带看费金额"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://a.example")'])
def test_what_looks_like_a_formula_stays_text(desk: Desk, cast: Cast, text: str) -> None:
    cast.change("qiang", name=text)
    cast.change_brokerage_of("qiang", name=f"{text} 公司", contact=text)
    BY_ENDPOINT["rebinds"].add_row(cast, 1)
    client = desk("director")

    for address, cells in (
        ("/admin/leads/", [(text, "s"), (f"{text} 公司", "s")]),
        ("/admin/brokerages/", [(text, "s"), (f"{text} 公司", "s")]),
        ("/admin/rebinds/", [(text, "s")]),
    ):
        sheet = book(export(client, address)).worksheets[0]
        found = {(cell.value, cell.data_type) for row in sheet.iter_rows(min_row=2) for cell in row}
        assert set(cells) <= found


def test_control_characters_leave_the_file_readable(desk: Desk, cast: Cast) -> None:
    cast.change_brokerage_of("fang", contact="王\x01小\x1f姐", address="一楼\x0b东")

    written = table(export(desk("director"), "/admin/brokerages/"))

    line = next(line for line in written if line[0] == "安家置业")
    assert (line[1], line[3]) == ("王小姐", "一楼东")


@pytest.mark.parametrize(
    ("who", "endpoint"),
    [
        ("secretary", "collisions"),
        ("secretary", "referrals"),
        ("secretary", "rebinds"),
        ("secretary", "profile_changes"),
        ("secretary", "brokers"),
        ("secretary", "brokerages"),
        ("secretary", "consultants"),
        ("secretary", "staff"),
        ("director", "consultants"),
        ("director", "staff"),
    ],
)
def test_a_list_that_somebody_may_not_see_is_not_exported_either(
    desk: Desk, cast: Cast, who: str, endpoint: str
) -> None:
    BY_ENDPOINT[endpoint].add_row(cast, 0)
    client = desk(who)
    sent = token_of(client)

    with nothing_written(cast.app):
        answer = whole(client.post(f"/admin/{endpoint}/export/", data=sent))

    assert answer.status_code == 403


def token_of(client: PageClient) -> Sent:
    """Return what every form of a page sends."""
    form = next(form for form in client.get("/admin/leads/").page.forms if form.action == "/admin/sign-out")
    return form.defaults()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("first_day=2026-02-30", "That date cannot be right. Choose it again."),
        ("phone=13812345678", "That is a whole mobile number."),
        ("intent=Z", "Choose one of the list."),
    ],
)
def test_a_wrong_search_is_answered_with_its_page_and_no_file(
    desk: Desk, cast: Cast, state: str, sentence: str
) -> None:
    BY_ENDPOINT["viewings"].add_row(cast, 1)
    client = desk("secretary")

    with nothing_written(cast.app):
        answer = whole(client.post(f"/admin/viewings/export/?{state}", data=token_of(client)))

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert answer.page.h1 == "Viewings"
    assert sentence in answer.page.text
    assert rows(answer.page) == []


def logged(client: PageClient) -> list[tuple[str, ...]]:
    """Return who took which table with which filter, how many rows and files; the newest first."""
    names = ("Exported by", "Table", "Filter", "Rows", "Files")
    return [tuple(row[name] for name in names) for row in rows(client.get("/admin/exports/").page)]


def test_every_export_is_logged_in_words_for_its_owner_and_for_the_admin(
    desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    for n in (0, 1, 2):
        BY_ENDPOINT["leads"].add_row(cast, n)
    export(desk("secretary"), "/admin/leads/?status=bound&broker_name=王")
    clock.forward(timedelta(minutes=1))
    export(desk("director"), "/admin/brokers/")

    log = rows(desk("admin").get("/admin/exports/").page)

    own = ("苏文", "Customers", "Status: Bound ; Bound broker: 王", "1", "1")
    others = ("秦越", "Brokers", "Kind: All", "3", "1")
    assert logged(desk("admin")) == [others, own]
    assert (logged(desk("secretary")), logged(desk("director"))) == ([own], [others])
    assert (log[1]["Exported at"], log[1]["Role"]) == ("2026-03-02 10:00", "Secretary")
    assert log[1]["Finished at"] == "2026-03-02 10:00"


def test_a_form_sent_twice_is_one_line_with_two_files(desk: Desk, cast: Cast) -> None:
    BY_ENDPOINT["leads"].add_row(cast, 1)
    client = desk("secretary")
    action, sent = sent_by(client, "/admin/leads/")

    first, second = (whole(client.post(action, data=sent)) for _ in range(2))

    assert table(first) == table(second)
    assert logged(client) == [("苏文", "Customers", "Status: All", "1", "2")]


def test_a_form_sent_again_with_another_search_is_refused(desk: Desk, cast: Cast) -> None:
    BY_ENDPOINT["leads"].add_row(cast, 1)
    client = desk("secretary")
    action, sent = sent_by(client, "/admin/leads/")
    whole(client.post(action, data=sent))

    for other in (f"{action}?name=孙", "/admin/scans/export/"):
        with nothing_written(cast.app):
            answer = whole(client.post(other, data=sent))
        assert answer.status_code == 409
        assert "This form was already sent with other content." in answer.page.text


def test_more_rows_than_an_export_may_have_are_refused_with_the_limit(
    desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (service, writing):
        monkeypatch.setattr(module, "ROWS_OF_AN_EXPORT", 2)
    for n in (1, 4):
        BY_ENDPOINT["leads"].add_row(cast, n)
    client = desk("secretary")
    assert len(table(export(client, "/admin/leads/"))) == 3

    BY_ENDPOINT["leads"].add_row(cast, 7)
    with nothing_written(cast.app):
        answer = export(client, "/admin/leads/")

    assert answer.status_code == 409
    assert "These are 3 rows; an Excel file takes 2 at most. Narrow the search" in answer.page.text


def test_only_the_own_progress_is_told(desk: Desk, cast: Cast) -> None:
    BY_ENDPOINT["leads"].add_row(cast, 1)
    client = desk("secretary")
    action, sent = sent_by(client, "/admin/leads/")
    (request_id,) = sent["request_id"]
    progress = f"/admin/exports/progress/?request_id={request_id}"
    nothing = {"written": 0, "found": 0, "is_finished": False}
    assert client.get(progress).json == nothing

    whole(client.post(action, data=sent))

    assert client.get(progress).json == {"written": 1, "found": 1, "is_finished": True}
    for who in ("director", "admin"):
        assert desk(who).get(progress).json == nothing


@every_list
def test_an_export_is_never_fetched(desk: Desk, cast: Cast, this: List) -> None:
    answer = desk(this.who).get(f"{this.path}export/")

    assert answer.status_code == 405
    assert cast.count(Export) == 0
