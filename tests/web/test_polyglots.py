"""Files that are two things at once: whatever else a picture is, only its pixels go on, at every door."""

import random
import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from lead_system.web.pictures import read_avatar, read_illustration, read_screenshot
from lead_system.web.workbooks import read_workbook
from tests.support.refusals import refused
from tests.support.sheets import workbook
from tests.web.test_bombs import chunk, of_one_colour

SECRET = b"SECRET-31.2338-120.7965"
SCRIPT = b"<!doctype html><script>/*" + SECRET + b"*/alert(1)</script><?php system('id'); ?>"


def archive() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as package:
        package.writestr("META-INF/MANIFEST.MF", SECRET)
    return file.getvalue()


JPEG, PNG = of_one_colour("JPEG", 60, 40), of_one_colour("PNG", 60, 40)
WEBP, GIF = of_one_colour("WEBP", 60, 40), of_one_colour("GIF", 60, 40)


def segment(kind: int, data: bytes) -> bytes:
    """Return a segment of a JPEG, to stand behind its first two bytes."""
    return b"\xff" + bytes([kind]) + (len(data) + 2).to_bytes(2, "big") + data


def riff(more: bytes) -> bytes:
    """Return the WebP with a part of its own behind the picture, and with the length that goes with it."""
    body = WEBP[8:] + b"HTML" + len(more).to_bytes(4, "little") + more + b"\0" * (len(more) % 2)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def located() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 1.6), 29: SECRET.decode()})
    exif.get_ifd(0x8769)[0x9286] = SECRET.decode()
    return exif


TWO_AT_ONCE = {
    "a JPEG and a page behind it": JPEG + SCRIPT,
    "a JPEG and an archive (GIFAR)": JPEG + archive(),
    "a JPEG with a page as its comment": JPEG[:2] + segment(0xFE, SCRIPT) + JPEG[2:],
    "a JPEG with a page in its first segment": JPEG[:2] + segment(0xE1, SCRIPT) + JPEG[2:],
    "a JPEG that is a script": JPEG[:2] + segment(0xE0, b"*/=1;alert(1)/*" + SECRET) + JPEG[2:],
    "a PNG and an archive": PNG + archive(),
    "a PNG and a page behind it": PNG + SCRIPT,
    "a PNG with a page in a part of its own": PNG[:33] + chunk(b"htMl", SCRIPT) + PNG[33:],
    "a PNG with a page in a comment": PNG[:33] + chunk(b"tEXt", b"Comment\0" + SCRIPT) + PNG[33:],
    "a PNG with a packed comment": PNG[:33] + chunk(b"zTXt", b"C\0\0" + zlib.compress(SCRIPT)) + PNG[33:],
    "a PNG with international words": PNG[:33]
    + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)
    + PNG[33:],
    "a WebP with a page in a part of its own": riff(SCRIPT),
    "a WebP and an archive": WEBP + archive(),
    "a JPEG that says where it was taken": of_one_colour(
        "JPEG", 60, 40, exif=located(), xmp=SECRET, comment=SECRET
    ),
    "a PNG that says where it was taken": of_one_colour("PNG", 60, 40, exif=located(), icc_profile=SECRET),
    "a WebP that says where it was taken": of_one_colour(
        "WEBP", 60, 40, exif=located(), xmp=SECRET, icc_profile=SECRET
    ),
}


def screenshot(upload: FileStorage) -> tuple[bytes, ...]:
    kept = read_screenshot(upload)
    return kept.jpeg, kept.thumbnail


DOORS: dict[str, Callable[[FileStorage], tuple[bytes, ...]]] = {
    "screenshot": screenshot,
    "avatar": lambda upload: (read_avatar(upload).jpeg,),
    "illustration": lambda upload: tuple(size.jpeg for size in read_illustration(upload).drawn),
}
FOREIGN = (b"SECRET", b"<script", b"<?php", b"PK\x03\x04", b"Exif", b"ICC_PROFILE", b"http:")


def sent(data: bytes, name: str = "picture.jpg") -> FileStorage:
    return FileStorage(BytesIO(data), name)


@pytest.mark.parametrize("what", TWO_AT_ONCE)
@pytest.mark.parametrize("door", DOORS)
def test_of_a_file_that_is_two_things_only_the_pixels_go_on(door: str, what: str) -> None:
    kept = DOORS[door](sent(TWO_AT_ONCE[what]))

    for jpeg in kept:
        with Image.open(BytesIO(jpeg)) as picture:
            assert picture.format == "JPEG"
            (red, _), (_, green), (_, blue) = picture.getextrema()  # type: ignore[misc]
            assert (red > 250, green < 5, blue < 5) == (True, True, True)
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert jpeg.startswith(b"\xff\xd8\xff\xe0")
        assert jpeg.endswith(b"\xff\xd9")
        assert [foreign for foreign in FOREIGN if foreign in jpeg] == []


NO_PICTURES = {
    "an animated GIF": GIF,
    "a GIF and an archive": GIF + archive(),
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "an SVG behind a byte mark": b"\xef\xbb\xbf<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "a packed SVG": zlib.compress(b"<svg/>"),
    "a page before a JPEG": SCRIPT + JPEG,
    "a PDF before a JPEG": b"%PDF-1.7\n" + JPEG,
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) system",
    "an icon": of_one_colour("ICO", 32, 32),
    "a bitmap": of_one_colour("BMP", 60, 40),
    "a TIFF": of_one_colour("TIFF", 60, 40),
    "a JPEG 2000": of_one_colour("JPEG2000", 60, 40),
    "a HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    "a film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(200),
    "an archive": archive(),
    "a program": b"MZ" + bytes(200),
    "zeros": bytes(5000),
    "noise": random.Random(4).randbytes(5000),  # noqa: S311
    "half a PNG": PNG[: len(PNG) // 2],
    "half a JPEG": JPEG[: len(JPEG) // 2],
    "half a WebP": WEBP[: len(WEBP) // 2],
    "a JPEG of nothing": PNG[:8] + JPEG[2:],
}


@pytest.mark.parametrize("what", NO_PICTURES)
@pytest.mark.parametrize("door", DOORS)
def test_anything_else_is_no_picture_at_any_door_whatever_it_is_called(door: str, what: str) -> None:
    with refused("picture_unreadable", field="picture"):
        DOORS[door](sent(NO_PICTURES[what]))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["a.svg", "a.jpg.html", "a\u202egpj.exe", "../../cron.d/x.sh", "a.png\n.js"])
def test_a_picture_under_the_name_of_something_else_is_refused_at_every_door(door: str, name: str) -> None:
    with refused("picture_unreadable", field="picture"):
        DOORS[door](sent(JPEG, name))


TITLES = {"name": ("Name",), "phone": ("Phone",)}


@pytest.mark.parametrize(
    "name", ["people.xlsm", "people.xls", "people.csv", "people.xlsx.exe", "people", "", "a\u202exslx.exe"]
)
def test_a_workbook_under_another_name_is_refused(name: str) -> None:
    book = workbook(("Name", "Phone"), ("林青", "1"))
    assert read_workbook(sent(book, "名单 2026.XLSX"), TITLES)[0].cells["name"] == "林青"

    with refused("file_not_workbook", field="file"):
        read_workbook(sent(book, name), TITLES)
