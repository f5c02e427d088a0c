"""An uploaded screenshot: what is taken, what is refused, and that nothing but its pixels is kept."""

import random
import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw, PngImagePlugin
from werkzeug.datastructures import FileStorage

from lead_system.services.fees import NewPicture
from lead_system.web.pictures import read_screenshot
from tests.support.refusals import refused

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SECRET = b"SECRET-138-1234-5678"
SCRIPT = b"<script>alert('" + SECRET + b"')</script>"
MEGABYTE = 1024 * 1024


def picture(width: int = 60, height: int = 40, mode: str = "RGB", colour: Any = RED) -> Image.Image:
    return Image.new(mode, (width, height), colour)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(data: bytes, name: str = "screenshot.png") -> NewPicture:
    return read_screenshot(FileStorage(BytesIO(data), filename=name))


def seen(jpeg: bytes, x: int, y: int) -> tuple[int, ...]:
    """Return the colour of a pixel, to the nearest of black, half and full, since JPEG blurs."""
    with Image.open(BytesIO(jpeg)) as image:
        image.load()
        found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(min((0, 127, 255), key=lambda full: abs(full - part)) for part in found)


def claims_to_be(width: int, height: int) -> bytes:
    """Return a PNG whose head speaks of this size, and which has hardly any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "name", ["screenshot.png", "a.JPG", "a.jpeg", "a.webp", "IMG.103412", "no ending", ""]
)
def test_picture_is_known_by_its_content_under_any_name_of_a_picture(kind: str, name: str) -> None:
    kept = read(encoded(picture(), kind), name)

    assert (kept.width, kept.height) == (60, 40)
    with Image.open(BytesIO(kept.jpeg)) as large, Image.open(BytesIO(kept.thumbnail)) as small:
        assert (large.format, large.mode, large.size) == ("JPEG", "RGB", (60, 40))
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (60, 40))
    assert seen(kept.jpeg, 30, 20) == seen(kept.thumbnail, 30, 20) == RED


@pytest.mark.parametrize(
    "name",
    [
        "screenshot.txt",
        "screenshot.png.html",
        "screenshot.svg",
        "photo\u202egnp.exe",
        "../../app.py",
        "a.png\u200e",
        "a.png;.php",
    ],
)
def test_picture_that_is_named_as_something_else_is_refused(name: str) -> None:
    with refused("picture_unreadable", field="picture"):
        read(encoded(picture()), name)


def test_missing_file_is_asked_for() -> None:
    with refused("picture_missing", field="picture"):
        read_screenshot(None)


@pytest.mark.parametrize("name", ["", "screenshot.png"])
def test_file_without_a_byte_is_a_missing_one(name: str) -> None:
    with refused("picture_missing", field="picture"):
        read(b"", name)


@pytest.mark.parametrize(("extra", "allowed"), [(0, True), (1, False)])
def test_file_has_at_most_ten_megabytes(extra: int, *, allowed: bool) -> None:
    data = encoded(picture())
    data += bytes(10 * MEGABYTE + extra - len(data))

    if allowed:
        assert read(data).width == 60
    else:
        with refused("picture_too_large", field="picture", limit=10):
            read(data)


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [
        (8000, 5001, "picture_too_large"),
        (40_000_001, 1, "picture_too_large"),
        (8000, 5000, "picture_unreadable"),
        (20_000, 20_000, "picture_too_large"),
        (2**31 - 1, 2**31 - 1, "picture_too_large"),
    ],
)
def test_small_file_that_unpacks_into_a_huge_picture_is_refused(width: int, height: int, code: str) -> None:
    with refused(code, field="picture"):
        read(claims_to_be(width, height))


def test_picture_of_just_forty_million_pixels_is_taken() -> None:
    kept = read(encoded(picture(8000, 5000, "1", 1)))

    assert (kept.width, kept.height) == (2000, 1250)


def no_pictures() -> dict[str, bytes]:
    whole_jpeg = encoded(picture(400, 300), "JPEG")
    noise = Image.frombytes("RGB", (200, 200), random.Random(1).randbytes(120_000))  # noqa: S311
    return {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "html": b"<!doctype html><script>alert(1)</script>",
        "pdf": b"%PDF-1.7 not a picture",
        "gif": encoded(picture(), "GIF"),
        "bmp": encoded(picture(), "BMP"),
        "tiff": encoded(picture(), "TIFF"),
        "truncated jpeg": encoded(noise, "JPEG")[:-3000],
        "truncated png": encoded(noise)[:-3000],
        "truncated webp": encoded(noise, "WEBP")[:-3000],
        "head of a jpeg": whole_jpeg[:20],
        "script behind a jpeg's head": whole_jpeg[:160] + SCRIPT,
        "script behind a png's head": encoded(picture())[:33] + SCRIPT,
        "script before a png": SCRIPT + encoded(picture()),
        "one byte": b"\x89",
        "noise": random.Random(2).randbytes(5000),  # noqa: S311
    }


@pytest.mark.parametrize(("what", "data"), no_pictures().items(), ids=no_pictures())
def test_what_does_not_decode_as_one_of_three_formats_is_no_picture(what: str, data: bytes) -> None:
    with refused("picture_unreadable", field="picture"):
        read(data)


def commented_png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    text.add_text("Zipped", SECRET.decode(), zip=True)
    return encoded(picture(), "PNG", pnginfo=text, icc_profile=SECRET)


def place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 29: SECRET.decode()})
    return exif


TALKATIVE = {
    "png with comments": commented_png(),
    "jpeg with a place": encoded(
        picture(), "JPEG", exif=place(), comment=SECRET, icc_profile=SECRET, xmp=SECRET
    ),
    "webp with a place": encoded(picture(), "WEBP", exif=place(), icc_profile=SECRET, xmp=SECRET),
    "png with a script": encoded(picture()) + SCRIPT,
    "jpeg with a script": encoded(picture(), "JPEG") + SCRIPT,
}


@pytest.mark.parametrize(("what", "data"), TALKATIVE.items(), ids=TALKATIVE)
def test_nothing_but_the_pixels_is_kept(what: str, data: bytes) -> None:
    assert SECRET in data

    kept = read(data)

    for jpeg in (kept.jpeg, kept.thumbnail):
        assert SECRET not in jpeg
        assert b"Exif" not in jpeg
        with Image.open(BytesIO(jpeg)) as image:
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert len(image.getexif()) == 0
    assert seen(kept.jpeg, 30, 20) == RED


@pytest.mark.parametrize(
    ("width", "height", "kept_width", "kept_height"),
    [
        (1, 1, 1, 1),
        (2000, 1200, 2000, 1200),
        (2001, 1000, 2000, 1000),
        (3000, 2000, 2000, 1333),
        (1080, 2400, 900, 2000),
        (1000, 2500, 800, 2000),
        (1000, 2501, 1000, 2501),
        (1080, 4000, 1080, 4000),
        (1080, 8000, 540, 4000),
        (8000, 1080, 4000, 540),
        (1600, 4160, 1500, 3900),
        (9000, 1, 4000, 1),
    ],
)
def test_picture_is_reduced_and_a_very_long_one_stays_readable(
    width: int, height: int, kept_width: int, kept_height: int
) -> None:
    kept = read(encoded(picture(width, height)))

    assert (kept.width, kept.height) == (kept_width, kept_height)
    with Image.open(BytesIO(kept.jpeg)) as image:
        assert image.size == (kept_width, kept_height)


@pytest.mark.parametrize(
    ("size", "small"), [((1080, 2400), (108, 240)), ((600, 300), (240, 120)), ((90, 60), (90, 60))]
)
def test_thumbnail_fits_into_240_pixels(size: tuple[int, int], small: tuple[int, int]) -> None:
    kept = read(encoded(picture(*size)))

    with Image.open(BytesIO(kept.thumbnail)) as image:
        assert image.size == small


@pytest.mark.parametrize(
    ("orientation", "red_corner"),
    [(1, "top left"), (3, "bottom right"), (6, "top right"), (8, "bottom left")],
)
@pytest.mark.parametrize("scale", [1, 60])
def test_picture_is_turned_the_way_the_camera_was_held(orientation: int, red_corner: str, scale: int) -> None:
    image = picture(80 * scale, 40 * scale, colour=BLUE)
    ImageDraw.Draw(image).rectangle((0, 0, 40 * scale, 20 * scale), RED)
    exif = Image.Exif()
    exif[0x0112] = orientation

    kept = read(encoded(image, "JPEG", exif=exif))

    assert (kept.width < kept.height) is (orientation in (6, 8))
    for corner in ("top left", "top right", "bottom left", "bottom right"):
        x = 3 if "left" in corner else kept.width - 4
        y = 3 if "top" in corner else kept.height - 4
        assert seen(kept.jpeg, x, y) == (RED if corner == red_corner else BLUE)


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("LA", (0, 0), WHITE),
        ("L", 0, (0, 0, 0)),
        ("1", 1, WHITE),
        ("P", 1, (0, 0, 0)),
        ("I;16", 32_000, (127, 127, 127)),
        ("I;16", 65_535, WHITE),
    ],
)
def test_every_kind_of_pixel_is_shown_as_it_was_meant_on_white(
    mode: str, colour: Any, shown: tuple[int, ...]
) -> None:
    image = picture(mode=mode, colour=colour)
    if mode == "P":
        image.putpalette([255, 0, 0, 0, 0, 0])

    kept = read(encoded(image))

    assert seen(kept.jpeg, 30, 20) == seen(kept.thumbnail, 30, 20) == shown


def test_transparent_palette_is_white_and_its_colours_stay() -> None:
    image = picture(mode="P", colour=0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    ImageDraw.Draw(image).rectangle((30, 0, 60, 40), 1)

    kept = read(encoded(image, transparency=0))

    assert (seen(kept.jpeg, 8, 20), seen(kept.jpeg, 52, 20)) == (WHITE, BLUE)


def test_colours_of_print_are_taken_too() -> None:
    kept = read(encoded(picture(mode="CMYK", colour=(0, 255, 255, 0)), "JPEG"))

    assert seen(kept.jpeg, 30, 20) == RED


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_first_frame_of_a_moving_picture_is_kept(kind: str) -> None:
    data = encoded(picture(), kind, save_all=True, append_images=[picture(colour=BLUE)], duration=100)

    assert seen(read(data).jpeg, 30, 20) == RED


def test_same_file_makes_the_same_picture_so_that_a_repeat_is_known() -> None:
    data = encoded(Image.frombytes("RGB", (50, 50), random.Random(3).randbytes(7500)))  # noqa: S311

    assert read(data) == read(data)
