"""How templates find what is there for all of them."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class PlainEnvironment(Environment):
    """Jinja's environment, in which each template has a plain dictionary of what is there for all.

    Jinja chains two, so that something may be added while pages are made, which nothing here does. Each
    import of a macro compares all their names, by two thousand calls for a page of the back office.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template finds; what is given for it goes before what is there for all."""
        return {**self.globals, **(d or {})}
