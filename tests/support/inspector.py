"""What every page must keep, whichever test fetched it. Each finding says what to do instead."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babel.messages.pofile import read_po

from tests.support.full_numbers import FULL_CUSTOMER_NUMBERS
from tests.support.html import FIELDS, Element, Form, Page

CHINESE_CATALOGUE = (
    Path(__file__).parents[2] / "lead_system" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
)
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
ADVICE = "translate it with _(), or mark what people typed with data-user"
SPOKEN_ATTRIBUTES = ("placeholder", "aria-label", "alt", "title")
NEEDS_NO_LABEL = frozenset(("hidden", "submit", "button", "image", "reset"))


def findings(page: Page) -> list[str]:
    """Everything that is wrong with a page; an empty list for a good one."""
    checks: tuple[Callable[[Page], Iterator[str]], ...] = (
        _structure,
        _labels,
        _post_forms,
        _nothing_inline,
        _pictures,
        _language,
    )
    found = [finding for check in checks for finding in check(page)]
    return found + [
        f"shows the full customer number {number}: show the first three and last four digits"
        for number in FULL_CUSTOMER_NUMBERS
        if number in page.html
    ]


def _structure(page: Page) -> Iterator[str]:
    headings = len(page.find_all("h1"))
    if headings != 1:
        yield f"has {headings} <h1>: give the page exactly one"
    if not any(element.get("lang") for element in page.find_all("html")):
        yield "has no language: write <html lang=…>"
    ids = Counter(element["id"] for element in page.walk() if element.has("id"))
    for name in (name for name, times in ids.items() if times > 1):
        yield f"uses the id {name!r} {ids[name]} times: make it unique"


def _labels(page: Page) -> Iterator[str]:
    labelled = {label["for"] for label in page.find_all("label") if label.has("for")}
    for control in page.walk():
        if control.tag not in FIELDS or control.get("type") in NEEDS_NO_LABEL:
            continue
        wrapped = any(ancestor.tag == "label" for ancestor in control.ancestors())
        spoken = control.get("aria-label") or control.get("aria-labelledby")
        if not (wrapped or spoken or (control.get("id") in labelled)):
            yield f"has a field without a label: give {_shown(control)} a <label for=…> or an aria-label"


def _post_forms(page: Page) -> Iterator[str]:
    for element in page.find_all("form"):
        if element.get("method").lower() == "post":
            missing = {"csrf_token", "request_id"} - Form(page, element).hidden()
            if missing:
                yield f"posts without {' and '.join(sorted(missing))}: render it in {_shown(element)}"


def _nothing_inline(page: Page) -> Iterator[str]:
    for element in page.walk():
        for name in element.attributes:
            if name == "style" or name.startswith("on"):
                yield f"has {name}= in {_shown(element)}: the policy forbids it; use a class or a module"
        if element.get("href").lstrip().lower().startswith("javascript:"):
            yield f"has a javascript: link in {_shown(element)}: use a button and a module"
        if element.tag == "style":
            yield "has a <style> element: put the rules in lead_system/static/css/"
        if element.tag == "script" and not element.has("src") and element.get("type") != "application/json":
            yield "has an inline <script>: put the code in lead_system/static/js/"
        source = element.get("src") if element.tag == "script" else element.get("href")
        if element.tag in ("script", "link") and re.match(r"(https?:)?//", source):
            yield f"loads {source} from elsewhere: serve it ourselves"


def _pictures(page: Page) -> Iterator[str]:
    for picture in page.find_all("img"):
        if not picture.has("alt"):
            yield f"has a picture without alt: describe {_shown(picture)}, or say alt=''"


def _language(page: Page) -> Iterator[str]:
    language = next((element.get("lang") for element in page.find_all("html")), "")
    if language.startswith("en"):
        for text in _spoken(page, language):
            if HAN.search(text):
                yield f"is in English but says {text!r}: {ADVICE}"
    elif language.startswith("zh"):
        for text in _spoken(page, language):
            if _is_untranslated(text):
                yield f"is in Chinese but says {text!r}: {ADVICE}"


def _spoken(page: Page, language: str) -> Iterator[str]:
    """What the page itself says: its title, texts and spoken attributes, without what people typed."""

    def is_not_ours(element: Element) -> bool:
        other_language = element.has("lang") and element["lang"][:2] != language[:2]
        return element.has("data-user") or other_language

    for title in page.find_all("title"):
        if not is_not_ours(title):
            yield from title.texts()
    yield from page.texts(is_not_ours)
    for element in page.walk_around(is_not_ours):
        yield from (element[name] for name in SPOKEN_ATTRIBUTES if element.get(name))


class _Sentences(NamedTuple):
    """Whole sentences, and patterns of those in which something is filled in."""

    whole: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]


@cache
def _untranslated_sentences() -> _Sentences:
    """The English sentences that have another wording in Chinese; a placeholder stands for anything."""
    if not CHINESE_CATALOGUE.exists():
        return _Sentences(frozenset(), ())
    with CHINESE_CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file, locale="zh_Hans_CN") if message.id]
    pairs = [
        (english, chinese)
        for message in messages
        for english in _forms(message.id)
        for chinese in _forms(message.string)[:1]
        if chinese and chinese != english and re.search("[A-Za-z]{3}", re.sub(r"%\(\w+\)[sd]", "", english))
    ]
    parts = [_parts(english) for english, _ in pairs]
    return _Sentences(
        frozenset(sentence for sentence, *more in parts if not more),
        tuple(re.compile(".+".join(map(re.escape, sentence))) for sentence in parts if len(sentence) > 1),
    )


def _parts(sentence: str) -> list[str]:
    """What stands before, between and after the placeholders."""
    parts = re.split(r"%\(\w+\)[sd]", " ".join(sentence.split()))
    return [part.replace("%%", "%") for part in parts]


def _forms(message: object) -> list[str]:
    return [message] if isinstance(message, str) else [str(form) for form in message]  # type: ignore[attr-defined]


@cache
def _is_untranslated(text: str) -> bool:
    sentences = _untranslated_sentences()
    return text in sentences.whole or any(pattern.fullmatch(text) for pattern in sentences.patterns)


def _shown(element: Element) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in element.attributes.items())
    return f"<{element.tag}{attributes[:120]}>"
