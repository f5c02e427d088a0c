"""Uploaded pictures: the one way in which they are opened, and how one is drawn anew to be kept.

What an upload claims to be does not count: only what decodes as JPEG, PNG or WebP is a picture, and not
even that under the name of something else. What is kept is drawn onto an empty canvas, so that nothing else
of the sent file is left: no place, no comment, no script behind the last pixel. A small file can unpack into
hundreds of megabytes, so a process unpacks one at a time, and reduces it before anything else.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import PurePosixPath
from threading import Lock

from PIL import ExifTags, Image, ImageOps
from werkzeug.datastructures import FileStorage

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.services.fees import NewPicture
from lead_system.services.illustrations import DrawnWidth, NewIllustration
from lead_system.services.own_profile import NewAvatar

MEGABYTE = 1024 * 1024
SCREENSHOT_MEGABYTES = 10
"""Largest screenshot that is looked at."""

SCREENSHOT_PIXELS = 40_000_000
"""Most pixels that a screenshot may have; a small file can unpack into a picture that fills the memory."""

WEBP_PIXELS = 20_000_000
"""Most pixels of a WebP, which takes four times as much memory for each while it is unpacked."""

KEPT_EDGE = 2000
"""Longer edge, in pixels, to which a screenshot is reduced."""

LONG_KEPT_EDGE, LONG_KEPT_WIDTH = 4000, 1500
"""Longer and shorter edge to which a very long screenshot is reduced, whose writing stays readable so."""

VERY_LONG = 2.5
"""How many times as long as wide a screenshot is that was scrolled: no telephone's display is."""

THUMBNAIL_EDGE = 240

WIDTHS = (240, 480, 960, 1600)
"""Widths in which an illustration is kept, never larger than sent: cards, phones, sharp phones, tablets."""

TALLEST = 4800
"""Greatest height of an illustration; long posters are common, endless ones are a mistake."""

AVATAR_EDGE = 240
"""Width and height of an avatar: a square, three times as sharp as it is shown."""

_QUALITY = 85
_FORMATS = ("JPEG", "PNG", "WEBP")
_ENDINGS = frozenset({"", ".jfif", ".jpeg", ".jpg", ".png", ".webp"})
"""How names of pictures end; phones call one kind by the name of another, and some name none."""

_LYING = frozenset({5, 6, 7, 8})
"""Orientations of which width and height change places when the picture is put upright."""

_unpacking = Lock()
_OF_ILLUSTRATIONS = {
    RefusalCode.PICTURE_MISSING: RefusalCode.ILLUSTRATION_MISSING,
    RefusalCode.PICTURE_TOO_LARGE: RefusalCode.ILLUSTRATION_TOO_LARGE,
}
"""The same refusals in words that do not speak of screenshots."""


@contextmanager
def open_picture(data: bytes, *, most_pixels: int) -> Iterator[Image.Image]:
    """Open a picture for a block that decodes it; whatever Pillow raises there says that it is none.

    Raises:
        Refused: PICTURE_UNREADABLE; or PICTURE_TOO_LARGE before anything is unpacked.
    """
    try:
        picture = Image.open(BytesIO(data), formats=_FORMATS)  # Reads the head only: nothing is unpacked yet.
        if picture.width * picture.height > _most_pixels(picture, most_pixels):
            raise _too_large()
        with _unpacking:
            yield picture
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise _too_large() from None
    except Exception:  # noqa: BLE001 - a broken picture makes Pillow raise nearly anything
        raise Refused(RefusalCode.PICTURE_UNREADABLE, field="picture") from None


def _most_pixels(picture: Image.Image, most: int) -> int:
    return min(most, WEBP_PIXELS) if picture.format == "WEBP" else most


def is_named_as_picture(upload: FileStorage) -> bool:
    """Say whether the name of a file is one of a picture; nothing else of the name is ever used."""
    ending = PurePosixPath((upload.filename or "").strip()).suffix.lower()
    return ending in _ENDINGS or ending[1:].isdigit()  # Behind a point, phones write the time as well.


def read_screenshot(upload: FileStorage | None) -> NewPicture:
    """Return the screenshot of a payment, drawn anew; nothing is stored.

    Raises:
        Refused: PICTURE_MISSING for no file or an empty one, PICTURE_TOO_LARGE, or PICTURE_UNREADABLE.
    """
    data = _read_file(upload)
    with open_picture(data, most_pixels=SCREENSHOT_PIXELS) as picture:
        return draw_anew(picture)


def draw_anew(picture: Image.Image) -> NewPicture:
    """Return the first frame of a picture the right way up, on white, reduced, as two fresh JPEG files.

    The picture itself is reduced.
    """
    canvas = _on_white(picture)
    small = canvas.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return NewPicture(canvas.width, canvas.height, _as_jpeg(canvas), _as_jpeg(small))


def read_avatar(upload: FileStorage) -> NewAvatar:
    """Return an uploaded picture as an avatar, drawn anew; nothing is stored.

    Raises:
        Refused: ILLUSTRATION_MISSING for an empty file, ILLUSTRATION_TOO_LARGE, or PICTURE_UNREADABLE.
    """
    with _in_words_of_illustrations():
        return draw_avatar(_read_file(upload))


def draw_avatar(data: bytes) -> NewAvatar:
    """Return the middle of a picture as a small square, on white, as a fresh JPEG file.

    Raises:
        Refused: PICTURE_TOO_LARGE or PICTURE_UNREADABLE.
    """
    with open_picture(data, most_pixels=SCREENSHOT_PIXELS) as picture:
        upright = _on_white(picture, (4 * AVATAR_EDGE, 4 * AVATAR_EDGE))
        square = ImageOps.fit(upright, (AVATAR_EDGE, AVATAR_EDGE), Image.Resampling.LANCZOS)
        jpeg = _as_jpeg(square)
    return NewAvatar(hashlib.sha256(jpeg).hexdigest()[:32], jpeg)


@contextmanager
def _in_words_of_illustrations() -> Iterator[None]:
    """Refuse what is no picture in words that do not speak of screenshots."""
    try:
        yield
    except Refused as refused:
        raise Refused(_OF_ILLUSTRATIONS.get(refused.code, refused.code), **refused.facts) from None


def read_illustration(upload: FileStorage | None) -> NewIllustration:
    """Return a picture for the project page, drawn anew in a few widths; nothing is stored.

    Raises:
        Refused: ILLUSTRATION_MISSING for no file or an empty one, ILLUSTRATION_TOO_LARGE, or
            PICTURE_UNREADABLE.
    """
    with _in_words_of_illustrations():
        data = _read_file(upload)
        with open_picture(data, most_pixels=SCREENSHOT_PIXELS) as picture:
            return draw_widths(picture)


def draw_widths(picture: Image.Image) -> NewIllustration:
    """Return the first frame of a picture the right way up, on white, as a fresh JPEG file for each width.

    The picture itself is reduced.
    """
    largest = _on_white(picture, (WIDTHS[-1], TALLEST))
    widths = sorted({min(width, largest.width) for width in WIDTHS})
    drawn = tuple(DrawnWidth(width, _as_jpeg(_narrowed(largest, width))) for width in widths)
    digest = hashlib.sha256(drawn[-1].jpeg).hexdigest()[:32]
    return NewIllustration(digest, largest.width, largest.height, drawn)


def _narrowed(picture: Image.Image, width: int) -> Image.Image:
    """Return a picture in a width that is no larger than its own."""
    height = max(1, round(picture.height * width / picture.width))
    return picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)


def _read_file(upload: FileStorage | None) -> bytes:
    """Return what was sent, of which no more is read than may be kept; its temporary file goes at once.

    Raises:
        Refused: PICTURE_MISSING, PICTURE_TOO_LARGE, or PICTURE_UNREADABLE for the name of something else.
    """
    most_bytes = SCREENSHOT_MEGABYTES * MEGABYTE
    data = b""
    if upload is not None:
        data = upload.read(most_bytes + 1)
        upload.close()
    if not data:
        raise Refused(RefusalCode.PICTURE_MISSING, field="picture")
    if len(data) > most_bytes:
        raise _too_large()
    if upload is not None and not is_named_as_picture(upload):
        raise Refused(RefusalCode.PICTURE_UNREADABLE, field="picture")
    return data


def _on_white(picture: Image.Image, box: tuple[int, int] | None = None) -> Image.Image:
    """Return a picture the right way up on a white canvas, fitted into a box; without one, into its own."""
    upright = _coloured(ImageOps.exif_transpose(_reduced(picture, box)))
    canvas = Image.new("RGB", upright.size, "white")
    canvas.paste(upright, mask=upright if upright.mode == "RGBA" else None)
    return canvas


def _reduced(picture: Image.Image, box: tuple[int, int] | None) -> Image.Image:
    """Return a picture as it lies in its file, small enough to fit into the box once it is upright.

    Nothing is copied at its full size where that can be avoided; a JPEG even unpacks at a fraction of it.
    """
    is_lying = picture.getexif().get(ExifTags.Base.Orientation) in _LYING
    width, height = box or _box(picture.size[::-1] if is_lying else picture.size)
    if picture.mode.startswith("I"):
        picture = picture.convert("I")
    elif picture.mode in ("1", "P", "PA") or "transparency" in picture.info:
        picture = _coloured(picture)
    picture.thumbnail((height, width) if is_lying else (width, height))
    return picture


def _too_large() -> Refused:
    return Refused(RefusalCode.PICTURE_TOO_LARGE, field="picture", limit=SCREENSHOT_MEGABYTES)


def _coloured(picture: Image.Image) -> Image.Image:
    """Return a picture in full colours, with its transparency where it has one."""
    if picture.mode.startswith("I"):
        # Pillow cuts 16 bits of grey off at 255, which would leave a white page.
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _box(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height into which a picture is fitted; a smaller one stays as it is."""
    shorter, longer = sorted(size)
    if longer <= VERY_LONG * shorter:
        return KEPT_EDGE, KEPT_EDGE
    is_upright = size[1] == longer
    return (LONG_KEPT_WIDTH, LONG_KEPT_EDGE) if is_upright else (LONG_KEPT_EDGE, LONG_KEPT_WIDTH)


def _as_jpeg(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
