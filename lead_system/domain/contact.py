"""How an office is reached: its phone as people write one, and the link behind which somebody answers."""

import re
import unicodedata
from urllib.parse import urlsplit

from lead_system.domain.errors import RefusalCode, Refused

FEWEST_PHONE_DIGITS = 5
LINK_LENGTH = 300
"""Longest link, in characters."""

_PHONE = re.compile(r"[0-9 +()-]{5,20}")
_LINK = re.compile(r"[!#-;=?-Z\[\]_a-z~]+")
"""The characters of an address as it is written down: no space, no quotation mark, no letter beyond ASCII."""

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
"""A name with a dot in it; a bare word or a number would lead into somebody's own network."""


def clean_office_phone(raw: str, *, field: str, refusal: RefusalCode) -> str:
    """Return the phone of an office as typed: blank, or digits and the signs that stand between them.

    Raises:
        Refused: the given refusal.
    """
    phone = unicodedata.normalize("NFKC", raw).strip()
    has_digits = sum(c.isdigit() for c in phone) >= FEWEST_PHONE_DIGITS
    if phone and not (has_digits and _PHONE.fullmatch(phone)):
        raise Refused(refusal, field=field)
    return phone


def clean_service_link(raw: str, *, field: str) -> str:
    """Return the link to customer service: blank, or a whole https address on a named server.

    WeChat opens its own customer service by such a link too. Nothing else is let in: brokers tap it without
    looking, so a script, an unencrypted page or an address with somebody's password in it must not pass.

    Raises:
        Refused: TEXT_TOO_LONG or SERVICE_LINK_WRONG.
    """
    link = raw.strip()
    if len(link) > LINK_LENGTH:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=LINK_LENGTH)
    if link and not _is_https_address(link):
        raise Refused(RefusalCode.SERVICE_LINK_WRONG, field=field)
    return link


def _is_https_address(link: str) -> bool:
    """Say whether a link is an https address; the scheme is wanted in small letters, as the database does."""
    if not link.startswith("https://") or not _LINK.fullmatch(link):
        return False
    try:
        parts = urlsplit(link)
        _ = parts.port
    except ValueError:
        return False
    is_open = parts.username is None and parts.password is None
    return is_open and bool(_HOST.fullmatch(parts.hostname or ""))
