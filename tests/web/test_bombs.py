"""Small files that unpack into much more: what reading one may cost, measured in a process of its own."""

import re
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from threading import Thread
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from lead_system.domain.errors import Refused
from lead_system.domain.places import find_position
from lead_system.services.rich_text import clean_html
from lead_system.web.pictures import open_picture, read_avatar, read_illustration, read_screenshot
from lead_system.web.qr import read_photo
from lead_system.web.workbooks import read_workbook
from tests.support.costs import cost_of
from tests.support.sheets import workbook

TITLES = {"name": ("Name",), "phone": ("Phone",)}
GOOD = workbook(("Name", "Phone"), ("林青", "1"))
SHEET, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
TYPES, RELATIONS = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
STRINGS = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MEGABYTE = 1024 * 1024


def parts() -> dict[str, bytes]:
    with ZipFile(BytesIO(GOOD)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(changed: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=9) as package:
        for name, content in (parts() | changed).items():
            package.writestr(name, content)
    return file.getvalue()


def before(part: str, mark: bytes, more: bytes) -> dict[str, bytes]:
    """Return a part into which something was written, before a mark of it."""
    source = parts()[part]
    assert mark in source
    return {part: source.replace(mark, more + mark, 1)}


def strings(content: bytes) -> dict[str, bytes]:
    known = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + STRINGS + b'"/>'
    table = b"<sst " + MAIN + b">" + content + b"</sst>"
    return before(TYPES, b"</Types>", known) | {"xl/sharedStrings.xml": table}


def sheets(times: int, *, same: bool = False) -> dict[str, bytes]:
    """Return a list of so many sheets: of one part, or of parts of their own that are not there."""
    (entry,) = re.findall(rb"<sheet [^>]*/>", parts()[BOOK])
    entries = b"".join(entry.replace(b'"Sheet"', b'"S%d"' % number) for number in range(times))
    return before(BOOK, b"</sheets>", entry * times if same else entries)


def numbered(pattern: bytes, times: int) -> bytes:
    return b"".join(pattern % number for number in range(times))


HUGE = "file_too_large"
BROKEN = "file_not_workbook"
WORKBOOKS: dict[str, tuple[Callable[[], dict[str, bytes]], str]] = {
    "a million shared strings": (lambda: strings(b"<si><t/></si>" * 1_000_000), HUGE),
    "shared strings just below": (lambda: strings(b"<si><t/></si>" * 39_000), "1 rows"),
    "one string of fifteen megabytes": (
        lambda: strings(b"<si><t>" + b"a" * 15_000_000 + b"</t></si>"),
        "1 rows",
    ),
    "a string of a million pieces": (
        lambda: strings(b"<si>" + b"<r><t>a</t></r>" * 900_000 + b"</si>"),
        HUGE,
    ),
    "a million cells": (
        lambda: before(SHEET, b"</sheetData>", b'<row r="5">' + b"<c><v>1</v></c>" * 900_000 + b"</row>"),
        HUGE,
    ),
    "two million rows": (lambda: before(SHEET, b"</sheetData>", b"<row/>" * 2_500_000), HUGE),
    "rows that jump": (
        lambda: before(SHEET, b"</sheetData>", b'<row r="1048576"/><row r="3"/>' * 55_000),
        "1 rows",
    ),
    "marks in marks": (lambda: before(SHEET, b"</sheetData>", b"<a>" * 50_000 + b"</a>" * 50_000), "1 rows"),
    "a million half marks": (lambda: before(SHEET, b"</sheetData>", b"<mergeCell " * 1_400_000), HUGE),
    "half marks just below": (lambda: before(SHEET, b"</sheetData>", b"<mergeCell " * 100_000), BROKEN),
    "a number of fifteen megabytes": (
        lambda: before(
            SHEET, b"</sheetData>", b'<row r="5"><c r="A5"><v>' + b"1" * 15_000_000 + b"</v></c></row>"
        ),
        BROKEN,
    ),
    "endless accents on a heading": (
        lambda: before(
            SHEET,
            b"<row ",
            b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
            + "a\u0301\u0323".encode() * 1_000_000
            + b"</t></is></c></row>",
        ),
        "headings_missing",
    ),
    "200,000 sheets": (lambda: sheets(200_000), HUGE),
    "100,000 sheets": (lambda: sheets(100_000), HUGE),
    "101 sheets": (lambda: sheets(101), HUGE),
    "a sheet that is listed twice": (lambda: sheets(1, same=True), BROKEN),
    "90,000 names": (
        lambda: before(
            BOOK,
            b"</workbook>",
            b"<definedNames>"
            + numbered(b'<definedName name="n%d">1</definedName>', 55_000)
            + b"</definedNames>",
        ),
        "1 rows",
    ),
    "100,000 formats": (
        lambda: (
            before(STYLES, b"</numFmts>", numbered(b'<numFmt numFmtId="%d" formatCode="0"/>', 100_000))
            if b"</numFmts>" in parts()[STYLES]
            else before(
                STYLES,
                b"<fonts",
                b"<numFmts>" + numbered(b'<numFmt numFmtId="%d" formatCode="0"/>', 100_000) + b"</numFmts>",
            )
        ),
        "1 rows",
    ),
    "100,000 relations": (
        lambda: before(
            RELATIONS, b"</Relationships>", numbered(b'<Relationship Id="x%d" Type="t" Target="a"/>', 100_000)
        ),
        "1 rows",
    ),
    "a hundred thousand kinds": (
        lambda: before(
            TYPES, b"</Types>", numbered(b'<Override PartName="/p%d" ContentType="a/b"/>', 100_000)
        ),
        "1 rows",
    ),
}


def read(data: bytes) -> str:
    try:
        return f"{len(read_workbook(FileStorage(BytesIO(data), 'people.xlsx'), TITLES))} rows"
    except Refused as refused:
        return refused.code.value


@pytest.mark.parametrize("what", WORKBOOKS)
def test_a_workbook_costs_seconds_and_little_memory_whatever_is_in_it(what: str) -> None:
    change, outcome = WORKBOOKS[what]
    data = packed(change())
    assert len(data) < 2 * MEGABYTE

    cost = cost_of(lambda: read(data))

    assert cost.outcome == outcome
    assert cost.seconds < 12
    assert cost.megabytes < 150


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp037"])
def test_no_encoding_hides_a_document_type(code: str) -> None:
    """An entity of its own could open a file or grow without end; expat knows a part by its encoding."""
    kind = '<!DOCTYPE a [<!ENTITY e "eve"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    source = parts()[SHEET].decode().replace("林青", "&e;&x;")
    name = code.removesuffix("-sig").removesuffix("-le").removesuffix("-be")

    part = f'<?xml version="1.0" encoding="{name}"?>{kind}{source}'.encode(code)

    assert read(packed({SHEET: part})) == BROKEN


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def black_png(width: int, height: int, colour_type: int, bits: int, *more: bytes) -> bytes:
    """Return a PNG of one colour, packed row by row."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour_type]
    row = bytes(1 + (width * channels * bits + 7) // 8)
    packer = zlib.compressobj(1)
    packed_rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(6)) if colour_type == 3 else b""
    begin = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + b"".join(more)
    return begin + chunk(b"IDAT", packed_rows) + chunk(b"IEND", b"")


def of_one_colour(kind: str, width: int, height: int, **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), "red").save(file, kind, **options)
    return file.getvalue()


def moving_webp() -> bytes:
    frames = [Image.new("RGB", (3000, 3000), colour) for colour in ("blue", "green", "white")]
    file = BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:] * 3, method=0, quality=1)
    return file.getvalue()


HIDDEN = zlib.compress(b"a" * 50_000_000, 9)
PICTURES: dict[str, tuple[Callable[[], bytes], bool]] = {
    "40 million pixels of colour": (lambda: black_png(8000, 5000, 2, 8), True),
    "40 million see-through pixels": (lambda: black_png(8000, 5000, 6, 8), True),
    "40 million pixels of 16 bits": (lambda: black_png(8000, 5000, 0, 16), True),
    "40 million pixels of a palette": (
        lambda: black_png(8000, 5000, 3, 8, chunk(b"tRNS", b"\0\0")),
        True,
    ),
    "a JPEG of 40 million pixels": (lambda: of_one_colour("JPEG", 8000, 5000, progressive=True), True),
    "a WebP of 20 million pixels": (lambda: of_one_colour("WEBP", 5000, 4000, method=0, quality=1), True),
    "a WebP of more": (lambda: of_one_colour("WEBP", 5000, 4001, method=0, quality=1), False),
    "a WebP that moves": (moving_webp, True),
    "a comment of a gigabyte": (
        lambda: black_png(60, 40, 2, 8, *[chunk(b"zTXt", b"x\0\0" + HIDDEN)] * 20),
        False,
    ),
    "colours of 50 megabytes": (lambda: black_png(60, 40, 2, 8, chunk(b"iCCP", b"x\0\0" + HIDDEN)), False),
}


def door(name: str, data: bytes) -> str:
    upload = FileStorage(BytesIO(data), "picture.png")
    try:
        if name == "photo":
            assert read_photo(upload) is None
        else:
            {"screenshot": read_screenshot, "avatar": read_avatar, "illustration": read_illustration}[name](
                upload
            )
    except Refused:
        return "refused"
    return "taken"


ALL_DOORS = ("screenshot", "avatar", "illustration", "photo")
DEAREST = ("40 million see-through pixels", "a WebP of 20 million pixels", "a WebP of more")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        *(("screenshot", what) for what in PICTURES),
        *((name, what) for name in ALL_DOORS[1:] for what in DEAREST),
    ],
)
def test_a_picture_costs_seconds_and_bounded_memory_at_every_door(name: str, what: str) -> None:
    make, is_taken = PICTURES[what]
    data = make()
    assert len(data) < 10 * MEGABYTE

    cost = cost_of(lambda: door(name, data))

    assert cost.outcome == ("taken" if is_taken or name == "photo" else "refused")
    assert cost.seconds < 12
    assert cost.megabytes < 450


def test_one_picture_at_a_time_is_unpacked() -> None:
    """Eight at once would take eight times the memory; the second waits until the first is done."""
    data = of_one_colour("PNG", 60, 40)

    with open_picture(data, most_pixels=10_000):
        second = Thread(target=read_avatar, args=(FileStorage(BytesIO(data), "a.png"),))
        second.start()
        second.join(timeout=0.5)
        waited = second.is_alive()
    second.join(timeout=10)

    assert (waited, second.is_alive()) == (True, False)


ENDLESS_TEXTS = {
    "spaces": "<p>a" + " " * 150_000 + "a</p>",
    "blank paragraphs": "a" + "<p></p>" * 40_000 + "<p>a</p>",
    "half a paragraph": "a<p>" + "\n" * 150_000 + "a",
    "a position and spaces": "31.1" + " " * 150_000 + "x",
}


@pytest.mark.parametrize("what", ENDLESS_TEXTS)
def test_no_pattern_looks_through_a_text_from_each_of_its_places(what: str) -> None:
    text = ENDLESS_TEXTS[what]

    def look() -> str:
        for reader in (lambda: clean_html(text, field="text"), lambda: find_position(text)):
            with suppress(Refused):
                reader()
        return "looked"

    assert cost_of(look).seconds < 5
