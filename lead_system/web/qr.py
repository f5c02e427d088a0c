"""QR pictures: drawing the one of a visit code, with its digits or alone, and reading one out of a photo."""

from io import BytesIO

from PIL import Image
from werkzeug.datastructures import FileStorage

from lead_system.domain.errors import Refused
from lead_system.web.pictures import is_named_as_picture, open_picture

PHOTO_BYTES = 12 * 1024 * 1024
"""Largest photo that is looked at."""

PHOTO_PIXELS = 60_000_000
"""Most pixels that a photo may have; a small file can unpack into a picture that fills the memory."""

READ_EDGE = 2400
"""Longer edge to which a photo is reduced before reading; more takes longer and finds no more."""

_BOX_PIXELS = 10
_QUIET_BOXES = 4
_CARD_BOX_PIXELS = 16
_DIGIT_PIXELS = 72
_FOOT_PIXELS = 128


def draw_code(text: str) -> bytes:
    """Return the QR picture of a text as PNG, sharp enough to be shown big and to be printed."""
    return _as_png(_drawn(text, _BOX_PIXELS))


def draw_card(text: str, digits: str) -> bytes:
    """Return as one PNG what a gate needs: the QR picture of a text, and under it digits to be typed.

    Only digits are written: the server ships no Chinese font. The words around them are written by the
    phone, which has one (decision 19).
    """
    import PIL.ImageDraw  # noqa: PLC0415
    import PIL.ImageFont  # noqa: PLC0415

    code = _drawn(text, _CARD_BOX_PIXELS)
    card = Image.new("L", (code.width, code.height + _FOOT_PIXELS), "white")
    card.paste(code, (0, 0))
    font = PIL.ImageFont.load_default(_DIGIT_PIXELS)
    middle = (card.width // 2, code.height + (_FOOT_PIXELS - _CARD_BOX_PIXELS * _QUIET_BOXES) // 2)
    PIL.ImageDraw.Draw(card).text(middle, digits, fill="black", font=font, anchor="mm")
    return _as_png(card)


def _drawn(text: str, box_pixels: int) -> Image.Image:
    import qrcode  # noqa: PLC0415

    # A fixed mask saves three quarters of the time; readers do not care which one it is.
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=_QUIET_BOXES, mask_pattern=4)
    code.add_data(text)
    rows = code.get_matrix()
    # The library draws each box by itself, which takes half as long again.
    pixels = bytes(0 if is_dark else 255 for row in rows for is_dark in row)
    boxes = Image.frombytes("L", (len(rows), len(rows)), pixels)
    return boxes.resize((len(rows) * box_pixels,) * 2, Image.Resampling.NEAREST)


def _as_png(picture: Image.Image) -> bytes:
    png = BytesIO()
    picture.save(png, "PNG", optimize=True)
    return png.getvalue()


def read_photo(photo: FileStorage) -> str | None:
    """Return the text of the QR code in a photo; None where there is none, or no picture that can be read.

    Only JPEG, PNG and WebP are opened, up to PHOTO_BYTES and PHOTO_PIXELS; nothing is stored.
    """
    import zxingcpp  # noqa: PLC0415

    data = photo.read(PHOTO_BYTES + 1)
    if len(data) > PHOTO_BYTES or not is_named_as_picture(photo):
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
