"""Who counts as the same customer (R1), and what of a number may be kept.

A customer's phone is seven digits: the first three and the last four. The four between them are never
asked for, so a text in which somebody pasted a whole number is refused rather than stored.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from lead_system.domain.errors import RefusalCode, Refused

NAME_LENGTH = 30
"""Longest surname and longest given name, in characters."""

FOLDED_LENGTH = 90
"""Longest surname and longest given name after folding, which unfolds some letters into many."""

TEXT_LENGTH = 500
"""Longest free text (needs, notes, reasons), in characters."""

TITLES = frozenset(
    {
        "先生",
        "女士",
        "小姐",
        "太太",
        "老师",
        "老板",
        "总",
        "经理",
        "阿姨",
        "叔叔",
        "大哥",
        "大姐",
        "夫人",
        "mr",
        "mrs",
        "ms",
        "miss",
    }
)
"""Given names that are a form of address; they are warned of, not refused."""

_DOTS = frozenset("·•・‧")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0")
_NAME_PUNCTUATION = frozenset(" '’-.〇") | _DOTS
_PHONE_HEAD = re.compile(r"1[3-9][0-9]")
_PHONE_TAIL = re.compile(r"[0-9]{4}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PREFIXED_MOBILE = re.compile(r"(?:00)?(?:86)?1[3-9][0-9]{9}")
_LONGEST_NUMBER = 15
_CHINESE_DIGITS = str.maketrans("〇零○幺一二三四五六七八九壹贰叁肆伍陆柒捌玖", "0001123456789123456789")
_CUTTABLE = re.compile(r"(1[3-9]\d)\d{4}(\d{4})")
_GAP = "[^0-9]{1,6}"
_AS_PEOPLE_GROUP = re.compile(
    "(?<![0-9])1[3-9][0-9]"
    f"(?:{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}|{_GAP}[0-9]{{8}}|[0-9]{{4}}{_GAP}[0-9]{{4}})"
    "(?![0-9])"
)
_GROUPS = re.compile(r"[0-9]+(?:[^0-9:年月日\w]{1,3}[0-9]+|_+[0-9]+)*")


class Key(NamedTuple):
    """One way in which a customer is recognised: name, one phone, and which person of that name (R1, R4)."""

    name: str
    phone: str
    person_number: int


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    variation_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return category in {"Cf", "Cc"} or character in _INVISIBLE or variation_selector


def fold_name(*parts: str) -> str:
    """Reduce a name to what counts when two customers are compared.

    The parts are joined before folding, so where the surname ends makes no difference: 欧阳|锋 is 欧|阳锋.
    """
    text = unicodedata.normalize("NFKC", "".join(parts))
    kept = "".join(c for c in text if not (c.isspace() or _is_invisible(c) or c in _DOTS))
    return unicodedata.normalize("NFKC", kept.casefold())


def full_name(surname: str, given_name: str) -> str:
    """Return surname and given name as one, parted by a space where both are in Latin letters."""
    gap = " " if surname.isascii() and given_name.isascii() else ""
    return f"{surname}{gap}{given_name}".strip()


def clean_name(raw: str, *, field: str) -> str:
    """Return a name as it is stored: trimmed, in composed form, without invisible characters.

    Raises:
        Refused: the name is blank, longer than NAME_LENGTH, or holds something that is no letter (digits
            and markup included). The fact `field` names the part of the name.
    """
    visible = "".join(" " if c.isspace() else c for c in raw if c.isspace() or not _is_invisible(c))
    name = " ".join(unicodedata.normalize("NFC", visible).split())
    if not fold_name(name):
        raise Refused(RefusalCode.NAME_MISSING, field=field)
    if len(name) > NAME_LENGTH or len(fold_name(name)) > FOLDED_LENGTH:
        raise Refused(RefusalCode.NAME_TOO_LONG, field=field, limit=NAME_LENGTH)
    if has_full_number(name) or not _is_written_in_letters(name):
        raise Refused(RefusalCode.NAME_NOT_LETTERS, field=field)
    return name


def _is_written_in_letters(name: str) -> bool:
    has_letter = any(unicodedata.category(c)[0] == "L" for c in name)
    return has_letter and all(unicodedata.category(c)[0] in "LM" or c in _NAME_PUNCTUATION for c in name)


def is_title(given_name: str) -> bool:
    """Say whether a given name is only a form of address, such as 先生; worth a warning, never a refusal."""
    return fold_name(given_name).rstrip(".") in TITLES


def clean_phone(head: str, tail: str, *, field: str) -> str:
    """Join the first three and the last four digits of a customer's phone into the seven that are stored.

    Raises:
        Refused: a full number was pasted into one of the boxes, or a part is missing or not a mobile's.
            The fact `field` names the phone.
    """
    head, tail = (unicodedata.normalize("NFKC", part).strip() for part in (head, tail))
    if has_full_number(head) or has_full_number(tail):
        raise Refused(RefusalCode.PHONE_FULL_NUMBER, field=field)
    if not _PHONE_HEAD.fullmatch(head) or not _PHONE_TAIL.fullmatch(tail):
        raise Refused(RefusalCode.PHONE_INCOMPLETE, field=field)
    return head + tail


def clean_second_phone(head: str, tail: str, *, first: str, field: str) -> str | None:
    """Return the optional second phone: None when both boxes are blank, otherwise whole and not the first.

    Raises:
        Refused: half a phone, a full number, or the same digits as `first`.
    """
    if not head.strip() and not tail.strip():
        return None
    phone = clean_phone(head, tail, field=field)
    if phone == first:
        raise Refused(RefusalCode.PHONES_EQUAL, field=field)
    return phone


def visible_digits(account_phone: str) -> str:
    """Return of a full account phone the seven digits by which a customer with that phone would be stored."""
    return account_phone[:3] + account_phone[-4:]


def phones_one_digit_off(phone: str) -> frozenset[str]:
    """Return the phones that differ from one in exactly one of its visible digits."""
    places = range(len(phone))
    return frozenset(f"{phone[:n]}{digit}{phone[n + 1 :]}" for n in places for digit in "0123456789") - {
        phone
    }


def _folded_digits(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded if not _is_invisible(c)
    ).translate(_CHINESE_DIGITS)


def _spells_mobile(groups: list[str]) -> bool:
    """Say whether neighbouring groups of digits, put together, are exactly one mobile number.

    No more groups are looked at than the longest number has digits: a million of them take a million steps.
    """
    for start in range(len(groups)):
        joined = ""
        for group in groups[start : start + _LONGEST_NUMBER]:
            joined += group
            if len(joined) > _LONGEST_NUMBER:
                break
            if _PREFIXED_MOBILE.fullmatch(joined):
                return True
    return False


def has_full_number(text: str) -> bool:
    """Say whether a text holds a whole mobile number, in whatever digits and however it is broken up.

    Found are unbroken runs that contain one; groups parted by spaces, hyphens, dots or brackets that together
    are exactly one; and the groups in which people say numbers (3-4-4, 3-8, 7-4), whatever stands between
    them. Two amounts such as 1500000-2000000 are not.
    """
    digits = _folded_digits(text)
    if _AS_PEOPLE_GROUP.search(digits):
        return True
    for run in _GROUPS.finditer(digits):
        groups = re.findall(r"[0-9]+", run.group())
        if any(_MOBILE.search(group) for group in groups) or _spells_mobile(groups):
            return True
    return False


def without_full_numbers(text: str) -> str:
    """Return what was typed as it may be shown again: whole numbers cut to the digits that may be seen.

    A text in which a number is spelled so that it cannot be cut comes back blank.
    """
    cut = _CUTTABLE.sub(r"\1****\2", text)
    return "" if has_full_number(cut) else cut


def clean_text(raw: str | None, *, field: str) -> str:
    """Return free text as it is stored, trimmed, with unix line ends; blank text is the empty string.

    Raises:
        Refused: it holds a whole mobile number (R1), is longer than TEXT_LENGTH, or holds control
            characters that no keyboard makes.
    """
    text = (raw or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > TEXT_LENGTH:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=TEXT_LENGTH)
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in text):
        raise Refused(RefusalCode.TEXT_NOT_READABLE, field=field)
    if has_full_number(text):
        raise Refused(RefusalCode.TEXT_HAS_FULL_NUMBER, field=field)
    return text


def clean_line(raw: str, *, field: str, limit: int) -> str:
    """Return a text as one line of at most `limit` characters, without any that nobody sees.

    Raises:
        Refused: TEXT_TOO_LONG, or what `clean_text` refuses.
    """
    visible = "".join(c for c in raw if unicodedata.category(c) != "Cf")
    line = " ".join(visible.split())
    if len(line) > limit:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=limit)
    return clean_text(line, field=field)


def clean_reason(raw: str | None, *, field: str = "reason") -> str:
    """Return a reason, which must say something.

    Raises:
        Refused: it is blank, or `clean_text` refuses it.
    """
    reason = clean_text(raw, field=field)
    if not reason:
        raise Refused(RefusalCode.REASON_MISSING, field=field)
    return reason


def keys_of(name_key: str, phones: Iterable[str | None], person_number: int) -> tuple[Key, ...]:
    """Return the keys of a customer in sorted order, the order in which every hold is taken (R4)."""
    return tuple(sorted(Key(name_key, phone, person_number) for phone in phones if phone))
