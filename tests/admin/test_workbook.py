"""The writer of .xlsx files, read back with another library: what a person would see in Excel."""

import re
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from lead_system.admin_views.workbook import Cell, Sheet, write_workbook

HOSTILE = [
    "=1+1", "+86", "-1", "@SUM(A1)", "\t=1+1", "{=1}", "http://example.com/", "mailto:a@b.c", "0138", "1e5",
    "TRUE", "#N/A", "2026-03-02", "  两边空格  ", "第一行\n第二行\t后", "_x0041_", "_x0041_x0042_",
    "=_x0041_", "_x005F_x0041_", "<r>", "<r><t>x</t></r>", "<r></t></is></c>&amp;</r>", "😀𠮷", "]]>",
    "a & b < c > \"d\" 'e'",
]  # fmt: skip
NOT_IN_XML = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]))


def sheet(*headings: str, title: str = "客户", about_title: str = "说明") -> Sheet:
    return Sheet(title, headings, about_title, lambda rows: [("行数", rows)])


def write(rows: Sequence[Sequence[Any]], headings: Sequence[str] = ("甲", "乙")) -> BytesIO:
    file = BytesIO()
    assert write_workbook(file, sheet(*headings), iter(rows)) == len(rows)
    return file


def read(file: BytesIO) -> Worksheet:
    """Read the first sheet, as it is after opening it in Excel."""
    page: Worksheet = load_workbook(file).worksheets[0]
    return page


def written_cell(value: Any) -> Any:
    """Return the cell under the first heading after writing one value."""
    return read(write([[value]])).cell(2, 1)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    cell = written_cell(text)

    assert (cell.value, cell.data_type, cell.number_format, cell.hyperlink) == (text, "s", "General", None)


@pytest.mark.parametrize("text", HOSTILE)
def test_heading_and_about_line_that_look_like_something_else_stay_text(text: str) -> None:
    file = BytesIO()
    write_workbook(file, Sheet("客户", (text,), "说明", lambda _rows: [(text, text)]), [])

    book = load_workbook(file)
    cells = [book["客户"]["A1"], book["说明"]["A1"], book["说明"]["B1"]]
    assert [(cell.value, cell.data_type) for cell in cells] == [(text, "s")] * 3


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("=1+1", True), ("+86", True), ("-1", True), ("@SUM(A1)", True), ("\t1", True), ("=_x0041_", True),
        ("\x00=1+1", True), ("{=1}", False), ("1=1", False), ("0138", False), (" =1", False), ("阳", False),
    ],
)  # fmt: skip
def test_text_that_begins_like_a_formula_is_quoted(text: str, quoted: bool) -> None:  # noqa: FBT001
    assert bool(written_cell(text).quotePrefix) is quoted


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\x00b\x0bc\x1fd", "abcd"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufffeb\uffffc", "abc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x7f\x85\u2028", "\x7f\x85\u2028"),
        ("\x00", None),
        ("", None),
    ],
)
def test_what_a_workbook_cannot_hold_is_dropped(written: str, shown: str | None) -> None:
    assert written_cell(written).value == shown


@pytest.mark.parametrize(
    ("text", "length"),
    [("阳" * 32_767, 32_767), ("阳" * 32_768, 32_767), ("😀" * 16_384, 16_383), ("_x0041_" * 9_000, 32_767)],
)
def test_text_is_cut_where_excel_ends(text: str, length: int) -> None:
    shown = written_cell(text).value

    assert shown == text[:length]


@pytest.mark.parametrize(
    ("value", "shown", "number_format"),
    [
        (0, 0, "General"),
        (-138, -138, "General"),
        (13_800_001_234, 13_800_001_234, "General"),
        (Decimal("1200000.50"), 1_200_000.5, "#,##0.00"),
        (Decimal("9999999999.99"), 9_999_999_999.99, "#,##0.00"),
        (Decimal(0), 0, "#,##0.00"),
        (date(2026, 4, 2), datetime(2026, 4, 2), "yyyy-mm-dd"),  # noqa: DTZ001 - Excel knows no zones
        (date(1999, 12, 31), datetime(1999, 12, 31), "yyyy-mm-dd"),  # noqa: DTZ001
        (
            datetime(2026, 3, 31, 16, 5, tzinfo=UTC),
            datetime(2026, 4, 1, 0, 5),  # noqa: DTZ001
            "yyyy-mm-dd hh:mm",
        ),
        (
            datetime(2026, 3, 31, 16, 5, tzinfo=timezone(timedelta(hours=-5))),
            datetime(2026, 4, 1, 5, 5),  # noqa: DTZ001
            "yyyy-mm-dd hh:mm",
        ),
    ],
)
def test_numbers_and_dates_are_real_ones(value: Cell, shown: object, number_format: str) -> None:
    cell = written_cell(value)

    assert (cell.value, cell.number_format) == (shown, number_format)
    assert cell.data_type == ("d" if isinstance(shown, datetime) else "n")


def test_nothing_is_an_empty_cell_and_moves_no_other() -> None:
    page = read(write([[None, "b"], ["a", None], [None, None], ["c", "d"]]))

    assert [[cell.value for cell in row] for row in page["A2:B5"]] == [
        [None, "b"],
        ["a", None],
        [None, None],
        ["c", "d"],
    ]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (True, TypeError),
        (False, TypeError),
        (1.5, TypeError),
        (b"x", TypeError),
        (["x"], TypeError),
        (Decimal("NaN"), TypeError),
        (datetime(2026, 3, 2, 10, 0), ValueError),  # noqa: DTZ001 - that is what is refused
    ],
)
def test_value_of_another_kind_is_refused_and_leaves_no_file(
    value: Any, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = BytesIO()

    with pytest.raises(error):
        write_workbook(file, sheet("甲"), [["fine"], [value]])

    assert file.getvalue() == b""
    assert list(tmp_path.iterdir()) == []


def test_reader_that_breaks_off_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[Sequence[Cell]]:
        yield from [["欧阳锋"]] * 500
        raise ConnectionError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = BytesIO()

    with pytest.raises(ConnectionError):
        write_workbook(file, sheet("甲"), rows())

    assert file.getvalue() == b""
    assert list(tmp_path.iterdir()) == []


def test_headings_are_bold_stay_in_sight_and_filter() -> None:
    page = read(write([["a", "b"]] * 3))

    assert [(cell.value, cell.font.b) for cell in page[1]] == [("甲", True), ("乙", True)]
    assert [cell.font.b for cell in page[2]] == [False, False]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:B4"


def test_table_without_rows_has_its_headings_and_filter() -> None:
    page = read(write([]))

    assert [[cell.value for cell in row] for row in page.iter_rows()] == [["甲", "乙"]]
    assert page.auto_filter.ref == "A1:B1"


@pytest.mark.parametrize(
    ("heading", "value", "width"),
    [
        ("a", None, 6),
        ("客户编号", 1, 12),
        ("a", "abcdefghij", 12),
        ("a", "欧阳锋欧阳", 12),
        ("a", "ＡＢＣＤＥ", 12),
        ("a", "short\nabcdefghij", 12),
        ("a", "阳" * 100, 60),
        ("a", datetime(2026, 3, 2, tzinfo=UTC), 18),
        ("a", date(2026, 3, 2), 12),
        ("a", Decimal("1200000.5"), 14),
        ("a", 1_234_567_890, 12),
    ],
)
def test_column_is_as_wide_as_what_it_shows(heading: str, value: Cell, width: int) -> None:
    page = read(write([[value]], [heading]))

    assert page.column_dimensions["A"].width == pytest.approx(width, abs=1)


def test_green_corners_on_phones_are_switched_off() -> None:
    file = write([["13800001234", "0138"]] * 2)

    with zipfile.ZipFile(file) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    assert '<ignoredError sqref="A1:B3" numberStoredAsText="1"/>' in xml


def test_second_sheet_is_told_how_many_rows_were_written() -> None:
    lines: list[tuple[str, Cell]] = [("时间", datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), ("筛选", "=姓名")]
    file = BytesIO()

    write_workbook(file, Sheet("客户", ("甲",), "说明", lambda rows: [("行数", rows), *lines]), [["a"]] * 321)

    page = load_workbook(file)["说明"]
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["行数", 321],
        ["时间", datetime(2026, 3, 2, 10, 0)],  # noqa: DTZ001 - Excel knows no zones
        ["筛选", "=姓名"],
    ]


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (("客户", "说明"), ["客户", "说明"]),
        (("a[b]c:d*e?f/g\\h", "x\ny\x00z"), ["a b c d e f g h", "x yz"]),
        (("阳" * 40, "😀" * 40), ["阳" * 31, "😀" * 15]),
        (("'quoted'", " 说明 "), ["quoted", "说明"]),
        (("a" * 30 + "'b", "*"), ["a" * 30, "2"]),
        (("", ""), ["1", "2"]),
        (("History", "hISTORY"), ["History_", "hISTORY_ 2"]),
        (("Fees", "fees"), ["Fees", "fees 2"]),
        (("a" * 40, "A" * 40), ["a" * 31, "A" * 29 + " 2"]),
    ],
)
def test_sheets_get_names_that_excel_allows(titles: tuple[str, str], names: list[str]) -> None:
    file = BytesIO()

    write_workbook(file, sheet("甲", title=titles[0], about_title=titles[1]), [])

    assert load_workbook(file).sheetnames == names


def test_rows_after_the_measured_ones_follow_in_their_order() -> None:
    rows = [[number, f"阳{number}"] for number in range(1_000)]

    assert [list(row) for row in read(write(rows)).values][1:] == rows


def test_ten_thousand_rows_take_less_than_a_megabyte(tmp_path: Path) -> None:
    rows: Iterator[Sequence[Cell]] = ([f"欧阳{number}", number] for number in range(10_000))

    with Path(tmp_path, "export.xlsx").open("wb") as file:
        tracemalloc.start()
        write_workbook(file, sheet("甲", "乙"), rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 1_000_000


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(codec=None) | st.sampled_from("_x0041F<r>/&\r\n\x00\ud800")), min_size=1)
)
def test_any_text_is_read_back_without_what_was_dropped(texts: list[str]) -> None:
    cells = read(write([[text, 1] for text in texts]))["A"][1:]

    kept = [re.sub("\r\n?", "\n", text).translate(dict.fromkeys(map(ord, NOT_IN_XML))) for text in texts]
    assert [cell.value or "" for cell in cells] == kept
    assert {cell.data_type for cell in cells if cell.value} <= {"s"}


def test_what_is_read_back_tells_a_formula_from_text() -> None:
    book = Workbook()
    book.worksheets[0].append(["=1+1"])
    file = BytesIO()
    book.save(file)

    assert load_workbook(file).worksheets[0]["A1"].data_type == "f"
