"""What may stand in an address or a form, whatever the page: values that a database can look up."""

from typing import Any

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, Map

from lead_system.queries.matching import LARGEST_ID


class RowNumberConverter(IntegerConverter):
    """The `<int:…>` of an address, no larger than a row's number can be: a larger one is not found."""

    def __init__(self, map: Map, **kwargs: Any) -> None:  # noqa: A002 - Werkzeug's name
        super().__init__(map, **({"max": LARGEST_ID} | kwargs))


def _refuse_null_characters() -> None:
    """Refuse texts with a null character, which PostgreSQL can neither store nor compare."""
    texts = [request.path]
    for name, values in (*request.args.lists(), *request.form.lists()):
        texts += [name, *values]
    if any("\0" in text for text in texts):
        abort(400)


def init_addresses(app: Flask) -> None:
    """Take over the `int` of addresses, before any route is added, and look at every request."""
    app.url_map.converters["int"] = RowNumberConverter
    app.before_request(_refuse_null_characters)
