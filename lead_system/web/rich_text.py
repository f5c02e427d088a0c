"""Illustrated text on a page: cleaned once more, its pictures fitted to the reader's display."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain, repeat

from flask import Flask, url_for
from markupsafe import Markup

from lead_system.queries.project import KeptPicture, pictures_named
from lead_system.services.rich_text import IMAGE, digest_of, pictures_in, plain_text, safe_html

_ALT = re.compile(r' alt="[^"]*"')
_NO_ALT = ' alt=""'
_PAGE, _CARD = "(min-width: 40rem) 36.5rem, calc(100vw - 3.5rem)", "6rem"
"""How wide a picture stands on a phone page, which never gets wider than 40 rem, and on a card."""

_FIRST, _LATER = 'fetchpriority="high"', 'loading="lazy"'
"""The first picture is what people wait for; the others load when they come near the display."""


def shown(text: str) -> Markup:
    """Return an illustrated text for a page: no marks but those that are kept, whatever the row holds.

    Its pictures say their size, so that nothing jumps while they load, in the smallest width that is sharp:
    the first one before all else, the others when they come near the display. One that is not kept any more
    is left out.
    """
    cleaned = safe_html(text)
    kept = pictures_named(pictures_in(cleaned))
    when = chain([_FIRST], repeat(_LATER))
    return Markup(  # noqa: S704 - cleaned
        IMAGE.sub(lambda image: _picture(image[1], kept, _PAGE, next(when)), cleaned)
    )


def first_pictures(texts: Sequence[str], *, first_sight: bool = False) -> list[Markup]:
    """Return the first picture of each text for the card that leads to it, blank where there is none.

    With `first_sight` the cards are few and seen as soon as the page opens, so their pictures do not wait.
    """
    firsts = [IMAGE.search(safe_html(text)) for text in texts]
    kept = pictures_named({digest_of(first[1]) for first in firsts if first})
    when = _FIRST if first_sight else _LATER
    drawn = [_picture(first[1], kept, _CARD, when) if first else "" for first in firsts]
    return [Markup(picture) for picture in drawn]  # noqa: S704 - cleaned above


def said(text: str) -> str:
    """Return what an illustrated text says, without marks and pictures."""
    return plain_text(safe_html(text))


def picture_url(digest: str, width: int) -> str:
    """Return where a picture is fetched in one width."""
    return url_for("illustrations.picture", digest=digest, width=width)


def _picture(attributes: str, kept: Mapping[str, KeptPicture], as_wide_as: str, when: str) -> str:
    digest = digest_of(attributes)
    picture = kept.get(digest)
    if picture is None:
        return ""
    alt = _ALT.search(attributes)
    sources = ", ".join(f"{picture_url(digest, width)} {width}w" for width in picture.widths)
    return (
        f'<img src="{picture_url(digest, picture.widths[-1])}" srcset="{sources}" sizes="{as_wide_as}"'
        f' width="{picture.width}" height="{picture.height}" {when} decoding="async"'
        f"{alt[0] if alt else _NO_ALT}>"
    )


def init_rich_text(app: Flask) -> None:
    """Hand the ways of showing to the templates."""
    app.jinja_env.filters.update(illustrated=shown, said=said)
    app.jinja_env.globals.update(first_pictures=first_pictures)
