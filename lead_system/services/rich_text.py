"""Illustrated text: which marks of an editor are kept, whatever a browser, a paste or an attacker sends.

The text is read as a browser reads it and written anew (nh3, which is Rust's ammonia), with the marks that
are listed here and no others. So what is stored is plain, well-formed HTML without scripts, styles, classes
or anything from elsewhere. Pages clean it once more when they show it: a row is not trusted either.
"""

import html
import re

import nh3

from lead_system.domain.errors import RefusalCode, Refused

TEXT_LENGTH = 30_000
"""Longest illustrated text with its marks, in characters."""

_SENT_LENGTH = 10 * TEXT_LENGTH
"""What an editor may send; it may be full of marks that are thrown away."""

_TAGS = {"p", "br", "h2", "h3", "strong", "b", "em", "i", "ul", "ol", "li", "blockquote", "a", "img"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}}
_LINKS = ("https://", "tel:", "mailto:")
_OWN_PICTURE = re.compile(r"/pictures/([0-9a-f]{32})/[0-9]{1,4}\.jpg")

IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
"""A picture as nh3 writes it: its attributes are always quoted, so none of them can end the mark."""

_SOURCE = re.compile(r' src="/pictures/([0-9a-f]{32})/[0-9]{1,4}\.jpg"')
_BLOCK_END = re.compile(r"<br>|</(?:p|h2|h3|li|blockquote)>")
_BLANK_BEGINNING = re.compile(r"(?:<p>(?:\s|<br>)*</p>\s*)+")
_BLANK_PARAGRAPH = re.compile(r"<p>(?:\s|<br>)*</p>\s*")


def clean_html(raw: str, *, field: str) -> str:
    """Return illustrated text with only the marks that are kept; blank where it says and shows nothing.

    Text without any marks, as a plain field sends it, is parted into paragraphs at its empty lines.

    Raises:
        Refused: TEXT_TOO_LONG.
    """
    if len(raw) > _SENT_LENGTH:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=TEXT_LENGTH)
    cleaned = safe_html(raw if nh3.is_html(raw) else _paragraphs(raw))
    cleaned = _without_blank_ends(cleaned)
    if len(cleaned) > TEXT_LENGTH:
        raise Refused(RefusalCode.TEXT_TOO_LONG, field=field, limit=TEXT_LENGTH)
    return cleaned if plain_text(cleaned) or pictures_in(cleaned) else ""


def safe_html(text: str) -> str:
    """Return HTML without anything that is not kept; cleaning a clean text changes nothing.

    An editor writes each space as one that must not break (U+00A0), which would make one line of a text.
    """
    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=_kept_value,
        url_schemes={"https", "tel", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    cleaned = cleaned.replace("&nbsp;", " ").replace("\xa0", " ")
    return IMAGE.sub(lambda image: image[0] if _SOURCE.search(image[1]) else "", cleaned)


def pictures_in(cleaned: str) -> tuple[str, ...]:
    """Return the digests of the pictures in a cleaned text, each once, in order."""
    return tuple(dict.fromkeys(_SOURCE.findall(cleaned)))


def digest_of(attributes: str) -> str:
    """Return which picture the attributes of an `IMAGE` name."""
    return _SOURCE.findall(attributes)[0]  # type: ignore[no-any-return]


def plain_text(cleaned: str) -> str:
    """Return what a cleaned text says, without its marks, on one line."""
    spaced = _BLOCK_END.sub(" ", cleaned)
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())


def _without_blank_ends(cleaned: str) -> str:
    """Return a text without the blank paragraphs before and behind it.

    The end is looked for backwards: a pattern would look for it from every place of the text to its end.
    """
    beginning = _BLANK_BEGINNING.match(cleaned.lstrip())
    text = cleaned.lstrip()[beginning.end() if beginning else 0 :]
    end = len(text)
    while True:
        start = text.rfind("<p>", 0, end)
        if start < 0 or not _BLANK_PARAGRAPH.fullmatch(text, start, end):
            return text[:end].strip()
        end = start


def _kept_value(_tag: str, attribute: str, value: str) -> str | None:
    """Return the value with which an attribute is kept; None drops it."""
    value = value.strip()
    if attribute == "src":
        return value if _OWN_PICTURE.fullmatch(value) else None
    if attribute == "href":
        value = f"https://{value}" if value.lower().startswith("www.") else value
        return value if value.lower().startswith(_LINKS) else None
    return value


def _paragraphs(text: str) -> str:
    """Return plain text as paragraphs, parted at empty lines, with its line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    parts = re.split(r"\n\s*\n", lines)
    return "".join("<p>" + html.escape(part).replace("\n", "<br>") + "</p>" for part in parts if part)
