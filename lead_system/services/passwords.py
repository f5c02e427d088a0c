"""Passwords: which are good enough to be set, and how they are kept (decision 23)."""

import string
import unicodedata
from collections.abc import Iterable
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.passwords import require_good_password

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

GOOD_SCORE = 3
"""From this score of zxcvbn on, of 0 to 4, a password needs more than 10**8 guesses."""

_LONGEST_LOOKED_AT = 72
"""Characters that zxcvbn looks at; more would take it seconds. The password itself is never cut."""

_SHORTEST_PART = 3
"""Characters of a part of a fact that counts as a word of its own: gate and feng of gate-feng."""

_FEWEST_OTHERS = 4
"""Letters, or signs that no keyboard has, which a password must have beside known words and digits."""

_FIRST_TRIED_HERE = (
    *("lead", "leads", "lead_system", "sales", "broker", "gate", "consultant", "secretary", "director"),
    *("admin", "administrator", "password", "guanliyuan", "guanli", "mima", "mimashi", "wodemima", "denglu"),
    *("woaini", "woai", "wode", "woshi", "nihao", "nishi", "zhongguo", "baobei", "laopo", "laogong"),
    *("queke", "kehu", "jingjiren", "shouloubu", "fangzi", "loupan", "zhiye", "guwen", "zongjian"),
    *("520", "521", "1314", "5201314", "1314520", "7758521", "168", "666", "888", "6688", "8888", "12345"),
    *("确客", "客户", "经纪人", "置业顾问", "管理员", "密码", "我爱你", "售楼处", "登录"),
)
"""Words of this product, and what people who type Chinese try first."""

_one_question = Lock()
"""zxcvbn keeps the words that it is asked with where every thread sees them."""


def require_strong_password(
    password: str, *, login: str, about: Iterable[str | None] = (), field: str
) -> None:
    """Refuse a password that is short, common, or made of what is known of its owner.

    `about` is what anybody could know: name, phone, employee number, brokerage. Width and case of the letters
    make no password better.

    Raises:
        Refused: as `require_good_password`; or PASSWORD_TOO_EASY for one that would soon be guessed. The
            fact `field` is `field`.
    """
    require_good_password(password, login=login, field=field)
    plain = unicodedata.normalize("NFKC", password)
    words = [*_FIRST_TRIED_HERE, *_words_of([login, *about])]
    if _is_made_of(words, plain.casefold()) or _score(plain, words) < GOOD_SCORE:
        raise Refused(RefusalCode.PASSWORD_TOO_EASY, field=field)


def _score(password: str, words: list[str]) -> int:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its dictionaries are large, and passwords rarely set

    with _one_question:
        return int(zxcvbn(password[:_LONGEST_LOOKED_AT], user_inputs=words)["score"])


def _is_made_of(words: list[str], password: str) -> bool:
    """Say whether little is left of a password without these words, its digits and its signs.

    To zxcvbn three such words in a row are many guesses; to somebody who knows their owner they are few.
    """
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word.casefold(), " ")
    others = [sign for sign in rest if not (sign.isdecimal() or sign.isspace() or sign in string.punctuation)]
    return rest != password and len(others) < _FEWEST_OTHERS


def _words_of(facts: Iterable[str | None]) -> Iterable[str]:
    """Return each fact as it is, and its parts."""
    for fact in filter(None, facts):
        whole = unicodedata.normalize("NFKC", fact)
        yield whole
        parts = "".join(sign if sign.isalnum() else " " for sign in whole).split()
        yield from (part for part in parts if len(part) >= _SHORTEST_PART)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _HASHER.hash(password)


def is_password(kept: str, password: str) -> bool:
    """Say whether a password belongs to a hash."""
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Say whether a hash was made with other costs than those of today."""
    return _HASHER.check_needs_rehash(kept)
