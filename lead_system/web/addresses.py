"""What may stand in an address or a form, whatever the page: values that a database can look up."""

import unicodedata
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, Map, RequestRedirect

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import has_full_number
from lead_system.queries.matching import LARGEST_ID

MOST_MARKS = 30
"""Marks in a row that a text may have; Unicode calls such texts stream-safe."""


class RowNumberConverter(IntegerConverter):
    """The `<int:…>` of an address, no larger than a row's number can be: a larger one is not found."""

    def __init__(self, map: Map, **kwargs: Any) -> None:  # noqa: A002 - Werkzeug's name
        super().__init__(map, **({"max": LARGEST_ID} | kwargs))


def _refuse_endless_texts() -> None:
    """Refuse texts with endless marks or a null character, which PostgreSQL can neither store nor compare."""
    texts = [request.path]
    for name, values in (*request.args.lists(), *request.form.lists()):
        texts += [name, *values]
    if any("\0" in text or _has_endless_marks(text) for text in texts):
        abort(400)


def _has_endless_marks(text: str) -> bool:
    """Say whether more marks stand in a row than any writing puts on a letter.

    Names are compared in one form, in which the marks of a letter are sorted, and sorting half a million of
    them takes minutes.
    """
    in_a_row = 0
    for character in text if not text.isascii() else "":
        parts = unicodedata.normalize("NFKD", character)
        in_a_row = in_a_row + len(parts) if unicodedata.combining(parts[0]) else len(parts) - 1
        if in_a_row > MOST_MARKS:
            return True
    return False


def _lead_on_without_number() -> None:
    """Refuse an address that is nearly right, where leading to the right one would repeat a number (R1)."""
    if isinstance(request.routing_exception, RequestRedirect) and address_has_number():
        raise Refused(RefusalCode.PHONE_FULL_NUMBER)


def _lead_on_where_the_browser_is() -> None:
    """Let Werkzeug lead on by the path alone, since it would name the scheme that our proxy uses with us."""
    if isinstance(request.routing_exception, RequestRedirect):
        whole = urlsplit(request.routing_exception.new_url)
        request.routing_exception.new_url = urlunsplit(("", "", whole.path, whole.query, ""))


def address_has_number() -> bool:
    """Say whether somebody's whole number stands anywhere in the arguments of this address (R1).

    An argument may be there several times, and its name comes from outside too.
    """
    return any(_holds_number(*pair) for pair in request.args.items(multi=True))


def shown_address() -> str:
    """Return the address of this page as a page may show it, to come back to: without whole numbers (R1)."""
    if has_full_number(request.path):
        return "/"
    if not address_has_number():
        return request.full_path.rstrip("?")
    kept = [pair for pair in request.args.items(multi=True) if not _holds_number(*pair)]
    return f"{request.path}?{urlencode(kept)}".rstrip("?")


def _holds_number(name: str, value: str) -> bool:
    return has_full_number(f"{name}={value}")


def init_addresses(app: Flask) -> None:
    """Take over the `int` of addresses, before any route is added, and look at every request."""
    app.url_map.converters["int"] = RowNumberConverter
    app.before_request(_refuse_endless_texts)
    app.before_request(_lead_on_without_number)
    app.before_request(_lead_on_where_the_browser_is)
    app.jinja_env.globals.update(shown_address=shown_address)
