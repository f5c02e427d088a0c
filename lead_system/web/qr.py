"""QR pictures: drawing the one of a visit code, and reading one out of a photo that somebody uploads."""

from io import BytesIO
from typing import BinaryIO

import qrcode
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

from lead_system.domain.errors import Refused
from lead_system.web.pictures import open_picture

PHOTO_BYTES = 12 * 1024 * 1024
"""Largest photo that is looked at."""

PHOTO_PIXELS = 60_000_000
"""Most pixels that a photo may have; a small file can unpack into a picture that fills the memory."""

READ_EDGE = 2400
"""Longer edge to which a photo is reduced before reading; more takes longer and finds no more."""

_BOX_PIXELS = 10
_QUIET_BOXES = 4


def draw_code(text: str) -> bytes:
    """Return the QR picture of a text as PNG, sharp enough to be shown big and to be printed."""
    # A fixed mask saves three quarters of the time; readers do not care which one it is.
    code = qrcode.QRCode(
        error_correction=ERROR_CORRECT_M, box_size=_BOX_PIXELS, border=_QUIET_BOXES, mask_pattern=4
    )
    code.add_data(text)
    code.make(fit=True)
    picture = BytesIO()
    code.make_image().save(picture, "PNG")
    return picture.getvalue()


def read_photo(photo: BinaryIO) -> str | None:
    """Return the text of the QR code in a photo; None where there is none, or no picture that can be read.

    Only JPEG, PNG and WebP are opened, up to PHOTO_BYTES and PHOTO_PIXELS; nothing is stored.
    """
    data = photo.read(PHOTO_BYTES + 1)
    if len(data) > PHOTO_BYTES:
        return None
    picture = _opened(data)
    if picture is None:
        return None
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return next((code.text for code in found if code.text), None)


def _opened(data: bytes) -> Image.Image | None:
    """Unpack a photo into grey, no larger than is worth reading; None for what is no harmless picture."""
    try:
        with open_picture(data, most_pixels=PHOTO_PIXELS) as picture:
            picture.draft("L", (READ_EDGE, READ_EDGE))  # Lets a JPEG unpack at a fraction of its size.
            grey = picture.convert("L")
    except Refused:
        return None
    grey.thumbnail((READ_EDGE, READ_EDGE))
    return grey
