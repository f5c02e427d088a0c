"""Every sentence of the interface has a Chinese wording, with the same placeholders."""

import re
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from tests.support.databases import ROOT
from tests.support.inspector import CHINESE_CATALOGUE

KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
SOURCES = {"lead_system": ("**.py", "python"), "templates": ("**.html", "jinja2")}


def sentences() -> Iterator[str]:
    """Every sentence in code and templates; of a plural, its singular."""
    for folder, method in SOURCES.items():
        for _, _, message, *_ in extract_from_dir(ROOT / folder, [method], keywords=KEYWORDS):
            yield message if isinstance(message, str) else message[0]


def chinese() -> Catalog:
    with CHINESE_CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def wordings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def placeholders(wording: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]", wording))


def test_every_sentence_has_a_chinese_wording() -> None:
    catalogue = chinese()

    known = {
        sentence for sentence in sentences() if (found := catalogue.get(sentence)) and all(wordings(found))
    }

    missing = sorted(set(sentences()) - known)
    assert not missing, "run `make catalogue` and translate these:\n" + "\n".join(missing)


def test_no_wording_is_a_guess() -> None:
    guesses = [message.id for message in chinese() if message.id and message.fuzzy]

    assert not guesses, f"check these and remove their `fuzzy`: {guesses}"


def test_wordings_keep_the_placeholders() -> None:
    wrong = [
        message.id
        for message in chinese()
        if isinstance(message.id, str)
        and message.id
        and placeholders(message.id) != placeholders(wordings(message)[0])
    ]

    assert not wrong, f"the Chinese of these has other placeholders: {wrong}"
