"""What may stand in an address or a form, whatever the page: values that a database can look up."""

import unicodedata
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Flask, abort, request, url_for
from flask.globals import request_ctx
from werkzeug.routing import IntegerConverter, Map, RequestRedirect

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import has_full_number
from lead_system.queries.matching import LARGEST_ID

MOST_MARKS = 30
"""Marks in a row that a text may have; Unicode calls such texts stream-safe."""


class AddressingFlask(Flask):
    """A Flask that works out once how the addresses of an endpoint look, and then fills in what differs.

    A page has some hundred links, most of which differ by a row's number or a day only, and Werkzeug looks
    for the fitting rule and quotes the arguments for each. Texts, which people may have typed, are left to
    it, as are addresses with a host; so nothing personal is kept.
    """

    def url_for(
        self,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """Return an address of this server, as Flask does."""
        given = {name: value for name, value in values.items() if value is not None}
        is_here = _anchor is None and _method is None and _scheme is None and _external is None
        if is_here and (_is_file(endpoint, given) or all(map(_is_ours, given.values()))):
            pattern = self._pattern(endpoint, given)
            if pattern:
                return pattern % given
        how: dict[str, Any] = {"_anchor": _anchor, "_method": _method, "_scheme": _scheme}
        return super().url_for(endpoint, **how, _external=_external, **values)

    def _pattern(self, endpoint: str, given: dict[str, Any]) -> str:
        """Return an address with places for numbers, blank where it cannot be told which is which."""
        try:
            adapter = request_ctx.url_adapter
        except RuntimeError:  # Outside a request, where every address names its host.
            return ""
        here = request.blueprint if endpoint.startswith(".") else None
        names = given.items() if _is_file(endpoint, given) else given
        key = (endpoint, here, adapter and (adapter.script_name, adapter.default_method), *names)
        try:
            return self._patterns[key]
        except KeyError:
            return self._patterns.setdefault(key, self._find_pattern(endpoint, given))

    @cached_property
    def _patterns(self) -> dict[tuple[Any, ...], str]:
        return {}

    def _find_pattern(self, endpoint: str, given: dict[str, Any]) -> str:
        if _is_file(endpoint, given):
            return super().url_for(endpoint, **given).replace("%", "%%")
        numbers: dict[str, Any] = {name: _UNLIKELY_NUMBER + place for place, name in enumerate(given)}
        pattern = super().url_for(endpoint, **numbers).replace("%", "%%")
        for name, number in numbers.items():
            if pattern.count(str(number)) != 1:
                return ""
            pattern = pattern.replace(str(number), f"%({name})s")
        return pattern


def _is_ours(value: Any) -> bool:
    """Say whether a value is a number, a day or a word of ours, and so written as it is."""
    return type(value) in _WRITTEN_AS_THEY_ARE or (isinstance(value, StrEnum) and value.isidentifier())


_WRITTEN_AS_THEY_ARE = (int, date)


def _is_file(endpoint: str, given: dict[str, Any]) -> bool:
    """Say whether this is one of our own files, whose names our templates say."""
    return endpoint == "static" and list(given) == ["filename"]


_UNLIKELY_NUMBER = 1_234_567_000
"""The first of those that stand for others while the look of an address is found out."""


def url_with_number(endpoint: str, argument: str, **values: str) -> str:
    """Return an address with a place for a number, filled in by `%`: a page has many."""
    numbered: dict[str, Any] = {argument: _UNLIKELY_NUMBER, **values}
    address = url_for(endpoint, **numbered)
    return address.replace("%", "%%").replace(str(_UNLIKELY_NUMBER), "%d")


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
