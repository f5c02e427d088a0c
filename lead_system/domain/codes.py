"""Visit codes: the opaque token inside the QR code, and the short code that is typed when nothing scans."""

import re
import secrets
import unicodedata

TOKEN_BYTES = 18
"""Random bytes of a token: 144 bits, so that no one guesses a customer's code."""

SHORT_CODE_DIGITS = 10
"""Digits of a short code; the last one is a check digit."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")
_LINK = re.compile(r"/m/v/([A-Za-z0-9_-]{24})(?:[/?#]|$)")


def new_token() -> str:
    """Draw the token of a new visit code: 24 characters that mean nothing and fit into a link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def _check_digit(digits: str) -> int:
    """Return the Luhn check digit, which notices any single wrong digit and most swapped neighbours."""
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return -sum(d - 9 if d > 9 else d for d in doubled) % 10


def new_short_code() -> str:
    """Draw a short code: random digits and their check digit, easy on a phone's number keyboard."""
    digits = "".join(secrets.choice("0123456789") for _ in range(SHORT_CODE_DIGITS - 1))
    return digits + str(_check_digit(digits))


def _is_short_code(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{10}", text)) and _check_digit(text[:-1]) == int(text[-1])


def read_code(text: str) -> str | None:
    """Return the token or the short code in what was scanned or typed, or None where there is none.

    A link is read whatever its host, since the address of the server may change after a code was printed.
    A short code may be typed with spaces or hyphens and in full-width digits; one whose check digit is
    wrong is no code, so a slip of the finger never finds another customer.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if link := _LINK.search(text):
        return link.group(1)
    if _TOKEN.fullmatch(text):
        return text
    digits = re.sub(r"[\s-]", "", text)
    return digits if _is_short_code(digits) else None


def grouped(short_code: str) -> str:
    """Return a short code as it is printed, in groups that are easy to read out: 012 345 6789."""
    return f"{short_code[:3]} {short_code[3:6]} {short_code[6:]}"
