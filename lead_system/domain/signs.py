"""Codes that people copy from paper: spelled in signs that nobody mistakes, read however they are typed."""

import re
import unicodedata

SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for each other on paper; each is worth 4.95 bits.

There is no 1 among them, with which every mobile number begins, so that no code looks like one: forms do not
show those again, and pages are searched for them (R1).
"""

GROUP = 5
"""How many signs stand together."""

_BETWEEN = re.compile(r"[\s\u2010-\u2015-]")


def spelled(digest: bytes, length: int) -> str:
    """Return a digest as so many signs; of one that is worth more, the rest is left out."""
    number, signs = int.from_bytes(digest), ""
    for _ in range(length):
        number, sign = divmod(number, len(SIGNS))
        signs += SIGNS[sign]
    return signs


def in_groups(signs: str) -> str:
    """Return a code as it is printed, in groups of five: `abcde-fghjk`."""
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def typed_signs(text: str) -> str:
    """Return a typed code without what stands between its signs; a Chinese keyboard writes wide digits."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).lower()
