"""Which passwords are good enough to be set."""

import secrets
import unicodedata
from datetime import timedelta

from lead_system.domain.errors import RefusalCode, Refused

SHORTEST_PASSWORD = 12
"""Fewest characters of a password."""

LONGEST_PASSWORD = 200
"""Most characters of a password; hashing a whole book would only keep the server busy."""

TEMPORARY_FOR = timedelta(days=7)
"""How long a temporary password opens the page that changes it; one that nobody uses must not lie about."""

_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for each other on a slip of paper."""

_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def require_good_password(password: str, *, login: str, field: str) -> None:
    """Refuse a password that is too short, too long, or the first that anybody would try.

    Width and case of the letters make no password better. `login` is the account name that must not be
    part of it.

    Raises:
        Refused: PASSWORD_TOO_SHORT under 12 characters, TEXT_TOO_LONG over 200 (both with the fact
            `limit`), or PASSWORD_TOO_EASY. The fact `field` is `field`.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(RefusalCode.PASSWORD_TOO_SHORT, field=field, limit=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=LONGEST_PASSWORD)
    if _is_easy(_folded(password), _folded(login)):
        raise Refused(RefusalCode.PASSWORD_TOO_EASY, field=field)


def draw_temporary_password(login: str) -> str:
    """Draw a temporary password that can be read out: four groups of four signs, 79 random bits.

    It is good enough by the rules above; one that happens to hold the account name is drawn again.
    """
    while True:
        password = "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))
        if not _is_easy(password, _folded(login)):
            return password


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _is_easy(password: str, login: str) -> bool:
    has_login = bool(login) and login in password
    return has_login or len(set(password)) == 1 or password.isdecimal() or _is_run(password)


def _is_run(password: str) -> bool:
    """Say whether a password is a piece of the alphabet or of the keyboard, forwards or backwards.

    Either may begin again after its last letter.
    """
    again = 1 + len(password) // len(_RUNS[0]) + 1
    return any(password in run * again or password[::-1] in run * again for run in _RUNS)
