"""Files that people upload: honest pictures and workbooks, and what somebody makes to break a server."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from random import Random

from PIL import Image

from tests.support.sheets import BROKERAGE_HEADINGS, CONSULTANT_HEADINGS, STAFF_HEADINGS, workbook
from tests.trials.fuzzing.drafts import Upload

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLOURS = ("teal", "tomato", "goldenrod", "slateblue")


@cache
def picture(kind: str, colour: str = "teal", size: tuple[int, int] = (64, 48)) -> bytes:
    """Return an honest picture."""
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def honest_picture(dice: Random) -> Upload:
    """Return a picture as a telephone takes it."""
    kind = dice.choice(("JPEG", "PNG", "WEBP"))
    return Upload(f"shot.{kind.lower()}", picture(kind, dice.choice(COLOURS)), f"image/{kind.lower()}")


def honest_workbook(dice: Random, address: str) -> Upload:
    """Return a filled-in workbook for the list that an address imports into."""
    number = dice.randrange(10**6)
    phone = f"1370{dice.randrange(10**7):07d}"
    rows: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        "brokerages": (BROKERAGE_HEADINGS, (f"进口公司{number}", "柯联", phone, "苏州街 1 号")),
        "consultants": (CONSULTANT_HEADINGS, (f"C{number}", "顾问新", phone, f"consultant-{number}")),
        "staff": (STAFF_HEADINGS, (f"S{number}", "岗亭新", phone, "Gate staff", f"gate-{number}")),
    }
    headings, row = next((rows[name] for name in rows if name in address), rows["brokerages"])
    return Upload("people.xlsx", workbook(headings, row), WORKBOOK)


@cache
def _bomb_picture() -> bytes:
    """A PNG of 30,000 by 30,000 points that is itself quite small."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    line = zlib.compress(b"\0" * (3751 * 30_000), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", line) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed(**members: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name.replace("__", "/").replace("DOT", "."), data)
    return file.getvalue()


@cache
def _members() -> dict[str, bytes]:
    book = workbook(STAFF_HEADINGS, ("S9", "甲", "13700009999", "Gate staff", "gate-nine"))
    with zipfile.ZipFile(BytesIO(book)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def _altered_book(name: str, data: bytes) -> bytes:
    """A workbook of which one member was replaced, or added."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, kept in (_members() | {name: data}).items():
            packed.writestr(member, kept)
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
_ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY f SYSTEM "file:///etc/passwd">]><x>&c;&f;</x>'
)


@cache
def wicked_files() -> tuple[Upload, ...]:
    """Return what nobody uploads by mistake."""
    png, jpeg = picture("PNG"), picture("JPEG")
    book = workbook(STAFF_HEADINGS, ("S8", "=1+1", "13700008888", "Gate staff", "gate-eight"))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
    pictures = {
        "empty.png": b"",
        "half.png": png[: len(png) // 2],
        "half.jpg": jpeg[: len(jpeg) // 2],
        "head.png": png[:33],
        "bomb.png": _bomb_picture(),
        "polyglot.jpg": jpeg + b"<script>alert(1)</script>" + _packed(aDOTtxt=b"x"),
        "polyglot.gif": b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)",
        "picture.svg": svg,
        "noise.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(range(256)),
        "dim.png": png[:16] + b"\0\0\0\0\0\0\0\0" + png[24:],
        "many.png": png[:33] + _chunk(b"tEXt", b"a\0" + b"b" * 70_000) * 3 + png[33:],
        "icc.png": png[:33] + _chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 5_000_000)) + png[33:],
        "picture.tiff": picture("TIFF"),
        "picture.bmp": picture("BMP"),
        "page.html": b"<html><script>alert(1)</script></html>",
    }
    books = {
        "broken.xlsx": book[: len(book) // 2],
        "not.xlsx": b"PK\x03\x04" + b"\0" * 200,
        "bomb.xlsx": _altered_book(SHEET, b"<worksheet>" + b" " * 60_000_000),
        "entities.xlsx": _altered_book(SHEET, _ENTITIES),
        "strings.xlsx": _altered_book("xl/sharedStrings.xml", b"<sst><si><t>\xff\xfe</t></si>"),
        "deep.xlsx": _altered_book(SHEET, b"<a>" * 20_000),
        "slip.xlsx": _altered_book("../../../../tmp/slipped.xml", b"<x/>"),
        "types.xlsx": _altered_book("[Content_Types].xml", b"not xml at all"),
        "workbook.xlsx": _altered_book("xl/workbook.xml", b"<workbook/>"),
        "nothing.xlsx": _packed(xl__workbookDOTxml=b""),
        "formula.xlsx": book,
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        "far.xlsx": _altered_book(SHEET, _far_cell()),
        "macro.xlsm": _altered_book("xl/vbaProject.bin", b"\0" * 100),
    }
    named = [(name, data, "image/png") for name, data in pictures.items()]
    named += [(name, data, WORKBOOK) for name, data in books.items()]
    odd_names = ("../../etc/passwd", "a\0.png", "工" * 300 + ".png", 'x";filename="y.png', "\ud800.png", "")
    return (
        *(Upload(*each) for each in named),
        *(Upload(name, png, "image/png") for name in odd_names),
        Upload("text.png", png, "text/html; charset=\xff".encode("ascii", "replace").decode()),
    )


def _far_cell() -> bytes:
    """A sheet whose only cell stands at the last place that there is."""
    ns = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cell = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    return b'<worksheet xmlns="' + ns + b'"><sheetData>' + cell + b"</sheetData></worksheet>"
