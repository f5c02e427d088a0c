"""What a phone's camera sees: a code on somebody's screen, held by hand, a little out of focus."""

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import qrcode
from PIL import Image, ImageFilter
from qrcode.image.pil import PilImage

SIZE = (640, 480)
FRAMES_OF_A_CODE = 40


def film_of(codes: Sequence[str], path: Path) -> Path:
    """Write a film (.mjpeg) that shows these codes one after the other and starts again at its end."""
    frames = [_frame(code, number) for code in codes for number in range(FRAMES_OF_A_CODE)]
    path.write_bytes(b"".join(frames))
    return path


def _frame(code: str, number: int) -> bytes:
    swing = math.sin(2 * math.pi * number / FRAMES_OF_A_CODE)
    image = Image.new("RGB", SIZE, (96, 92, 88))
    picture = qrcode.make(code, image_factory=PilImage).get_image().convert("RGB").resize((300, 300))
    turned = picture.rotate(4 * swing, expand=True, fillcolor=(235, 235, 235))
    image.paste(turned, (150 + round(30 * swing), 70 + round(15 * swing)))
    jpeg = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(jpeg, "JPEG", quality=75)
    return jpeg.getvalue()
