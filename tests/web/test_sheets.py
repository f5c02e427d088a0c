"""Workbooks as they come in: what of a sheet is read, and in which words every nasty file is refused."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, Literal
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart
from werkzeug.datastructures import FileStorage

from lead_system.domain.imports import SheetRow
from lead_system.web.workbooks import read_workbook
from tests.support.refusals import refused
from tests.support.sheets import saved, workbook

TITLES = {"name": ("Name", "姓名"), "phone": ("Contact's phone", "联系电话")}
HEADINGS = ("Name", "Contact's phone")
OLD_PACKAGE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def read(data: bytes) -> list[SheetRow]:
    return read_workbook(FileStorage(BytesIO(data), "people.xlsx"), TITLES)


def lines(data: bytes) -> list[tuple[int, str, str]]:
    """Return the rows read: number, name and phone; fails where one has a fault."""
    rows = read(data)
    assert not [row.faults for row in rows if row.faults]
    return [(row.line, row.cells["name"], row.cells["phone"]) for row in rows]


def changed(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a package in which one part is another."""
    file = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return file.getvalue()


def in_sheet(data: bytes, old: bytes, new: bytes) -> bytes:
    def change(source: bytes) -> bytes:
        assert old in source
        return source.replace(old, new)

    return changed(data, "xl/worksheets/sheet1.xml", change)


GOOD = workbook(HEADINGS, ("林青", "028-8888 6666"))


def test_a_sheet_is_read_with_the_numbers_of_its_rows() -> None:
    assert lines(workbook(HEADINGS, ("林青", "1"), ("周全", "2"))) == [(2, "林青", "1"), (3, "周全", "2")]


@pytest.mark.parametrize(
    "headings",
    [
        ("Name", "Contact's phone"),
        ("姓名", "联系电话"),
        ("姓名", "Contact's phone"),
        (" name* ", "CONTACT’S  PHONE"),
        ("姓 名", "联系电话＊"),
    ],
)
def test_headings_are_known_in_each_language_however_they_are_spaced(headings: tuple[str, str]) -> None:
    assert lines(workbook(headings, ("林青", "1"))) == [(2, "林青", "1")]


def test_columns_may_stand_in_another_order() -> None:
    assert lines(workbook(("联系电话", "姓名"), ("1", "林青"))) == [(2, "林青", "1")]


def test_blank_rows_are_none_wherever_they_are() -> None:
    data = workbook(HEADINGS, ("", None), ("林青", "1"), (None, None), ("  ", "\n"), ("周全", ""), ("", " "))

    assert lines(data) == [(3, "林青", "1"), (6, "周全", "")]


def test_formatted_but_empty_cells_down_to_the_last_row_cost_nothing() -> None:
    book = load_workbook(BytesIO(GOOD))
    for row in (1_000, 1_048_576):
        book.worksheets[0].cell(row=row, column=1).number_format = "@"

    assert lines(saved(book)) == [(2, "林青", "028-8888 6666")]


@pytest.mark.parametrize("dimension", [b"A1:XFD1048576", b"A1:A1"])
def test_what_a_file_says_of_its_own_size_is_not_believed(dimension: bytes) -> None:
    assert lines(in_sheet(GOOD, b'ref="A1:B2"', b'ref="' + dimension + b'"')) == [
        (2, "林青", "028-8888 6666")
    ]


def test_a_row_number_beyond_excels_ends_the_reading() -> None:
    data = in_sheet(GOOD, b'<row r="2"', b'<row r="99999999999"')

    with refused("rows_missing", field="file"):
        read(data)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (13800000000, "13800000000"),
        (13800000000.0, "13800000000"),
        (7, "7"),
        (-3, "-3"),
        (12.5, "12.5"),
        ("  林青 ", "  林青 "),
        ("１３８", "１３８"),
        ("林\n青", "林\n青"),
        ("林_x000D_青", "林\r青"),
        ("007", "007"),
        ("_x12_", "_x12_"),
        ("x" * 1000, "x" * 1000),
    ],
)
def test_a_cell_is_read_as_the_text_that_it_shows(cell: Any, text: str) -> None:
    assert lines(workbook(HEADINGS, (cell, "1"))) == [(2, text, "1")]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=1+1", "cell_has_formula"),
        ('=HYPERLINK("http://evil.example")', "cell_has_formula"),
        (date(2026, 3, 2), "cell_is_date"),
        (datetime(2026, 3, 2, 10, 0), "cell_is_date"),  # noqa: DTZ001 - Excel knows no zones
        (time(10, 30), "cell_is_date"),
        (True, "cell_unreadable"),
        ("#N/A", "cell_unreadable"),
        (10**15, "cell_unreadable"),
        (1e300, "cell_unreadable"),
        ("林_x0000_青", "text_not_readable"),
        ("林_x0007_青", "text_not_readable"),
        ("林_xD800_青", "text_not_readable"),
        ("x" * 1001, "text_too_long"),
    ],
)
def test_a_cell_that_is_no_text_says_so_beside_its_row(cell: Any, code: str) -> None:
    rows = read(workbook(HEADINGS, ("林青", "1"), (cell, "2")))

    assert [(row.line, [(fault.code, fault.facts["field"]) for fault in row.faults]) for row in rows] == [
        (2, []),
        (3, [(code, "name")]),
    ]
    assert rows[1].cells["phone"] == "2"
    rows[1].cells["name"].encode()


def test_text_that_looks_like_a_formula_is_text() -> None:
    book = load_workbook(BytesIO(GOOD))
    cell = book.worksheets[0]["A2"]
    cell.value, cell.data_type = "=1+1", "s"

    assert lines(saved(book)) == [(2, "=1+1", "028-8888 6666")]


def with_two_sheets(first: str, *, state: Literal["visible", "hidden"] = "visible") -> bytes:
    """Return a workbook whose second sheet is the filled-in one."""
    book = load_workbook(BytesIO(GOOD))
    other = book.create_sheet("Notes", 0)
    other.append([first])
    book.worksheets[1].sheet_state = state
    return saved(book)


def test_the_first_sheet_with_our_headings_is_read() -> None:
    assert lines(with_two_sheets("Column")) == [(2, "林青", "028-8888 6666")]


def test_a_hidden_sheet_is_not_read() -> None:
    with refused("headings_missing", headings="Name · Contact's phone"):
        read(with_two_sheets("Column", state="hidden"))


def only_a_chart() -> bytes:
    book = Workbook()
    book.create_chartsheet("Chart").add_chart(BarChart())
    book.remove(book.worksheets[0])
    return saved(book)


def merged() -> bytes:
    book = load_workbook(BytesIO(GOOD))
    book.worksheets[0].merge_cells("A2:B3")
    return saved(book)


def bomb(megabytes: int) -> bytes:
    """Return a workbook with a part that unpacks into much more than it is."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        with ZipFile(BytesIO(GOOD)) as good:
            for name in good.namelist():
                package.writestr(name, good.read(name))
        package.writestr("xl/media/zeros.bin", b"\0" * megabytes * 1024 * 1024)
    return file.getvalue()


def many_parts() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as package:
        for number in range(501):
            package.writestr(f"xl/{number}.xml", b"")
    return file.getvalue()


def entities() -> bytes:
    laughs = b'<!DOCTYPE sst [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return changed(GOOD, "xl/worksheets/sheet1.xml", lambda source: laughs + source)


NASTY: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "nothing at all": (b"", "file_missing", {}),
    "text": (b"Name,Phone\n1,2\n", "file_not_workbook", {}),
    "zeros": (b"\0" * 5000, "file_not_workbook", {}),
    "half a workbook": (GOOD[: len(GOOD) // 2], "file_not_workbook", {}),
    "a zip of something else": (
        changed(GOOD, "[Content_Types].xml", lambda _: b"<a/>"),
        "file_not_workbook",
        {},
    ),
    "a workbook of nothing": (changed(GOOD, "xl/workbook.xml", lambda _: b"<a/>"), "sheet_missing", {}),
    "broken XML": (changed(GOOD, "xl/worksheets/sheet1.xml", lambda s: s[:-20]), "file_not_workbook", {}),
    "an Excel 97 workbook": (OLD_PACKAGE, "file_not_workbook", {}),
    "a password": (OLD_PACKAGE + "EncryptedPackage".encode("utf-16-le"), "file_locked", {}),
    "entities": (entities(), "file_not_workbook", {}),
    "too large": (GOOD + b"\0" * 2 * 1024 * 1024, "file_too_large", {"limit": 2, "unpacked": 16}),
    "a zip bomb": (bomb(17), "file_too_large", {"limit": 2, "unpacked": 16}),
    "hundreds of parts": (many_parts(), "file_too_large", {}),
    "only a chart": (only_a_chart(), "sheet_missing", {}),
    "an empty sheet": (saved(Workbook()), "headings_missing", {"headings": "Name · Contact's phone"}),
    "no headings": (workbook(("林青", "1")), "headings_missing", {"headings": "Name · Contact's phone"}),
    "a heading less": (workbook(("姓名",), ("林青",)), "headings_missing", {"headings": "Contact's phone"}),
    "a heading more": (
        workbook((*HEADINGS, "工资"), ("林青", "1", "2")),
        "heading_unknown",
        {"name": "工资"},
    ),
    "a number in a heading": (
        workbook((*HEADINGS, "13812345678"), ("林青", "1", "2")),
        "heading_unknown",
        {"name": "138****5678"},
    ),
    "a heading twice": (
        workbook((*HEADINGS, "姓名"), ("林青", "1", "2")),
        "heading_twice",
        {"headings": "Name"},
    ),
    "headings in the second row": (workbook((), HEADINGS, ("林青", "1")), "headings_missing", {}),
    "merged cells": (merged(), "cells_merged", {"cells": "A2:B3"}),
    "headings alone": (workbook(HEADINGS), "rows_missing", {}),
    "blank rows alone": (workbook(HEADINGS, ("", ""), (" ", None)), "rows_missing", {}),
    "a row too many": (
        workbook(HEADINGS, *[("林青", n) for n in range(1001)]),
        "rows_too_many",
        {"limit": 1000},
    ),
}


@pytest.mark.parametrize("nasty", NASTY)
def test_a_nasty_file_is_refused_in_its_own_words(nasty: str) -> None:
    data, code, facts = NASTY[nasty]

    with refused(code, field="file", **facts):
        read(data)


def test_no_file_at_all_is_refused() -> None:
    with refused("file_missing", field="file"):
        read_workbook(None, TITLES)


def test_a_thousand_rows_are_read() -> None:
    rows = lines(workbook(HEADINGS, *[("林青", n) for n in range(1000)]))

    assert (len(rows), rows[-1]) == (1000, (1001, "林青", "999"))


def test_a_bomb_below_the_limit_is_only_large() -> None:
    assert lines(bomb(15)) == [(2, "林青", "028-8888 6666")]


def test_a_part_never_unpacks_into_more_than_it_says() -> None:
    """A file may deny its size; it is then read no further than it says, and is broken."""
    data = bytearray(bomb(17))
    said = (17 * 1024 * 1024).to_bytes(4, "little")
    for found in re.finditer(re.escape(said), bytes(data)):
        data[found.start() : found.end()] = (100).to_bytes(4, "little")

    with refused("file_not_workbook", field="file"):
        read(bytes(data))


TYPED = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=40,
).filter(lambda text: bool(text.strip()) and not text.startswith(("=", "#")) and "_x" not in text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TYPED, st.integers(0, 10**14) | TYPED), min_size=1, max_size=8))
def test_what_was_filled_in_is_what_is_read(rows: list[tuple[str, Any]]) -> None:
    told = [(line, name, str(phone)) for line, (name, phone) in enumerate(rows, 2)]

    assert lines(workbook(HEADINGS, *rows)) == told
