"""How much a request may bring: a form little, and only a page that asks for a file as much as a file has."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., Any])

LARGEST_FORM = 1024 * 1024
"""Bytes of a form without a file; the longest illustrated text fits ten times."""

LARGEST_UPLOAD = 16 * 1024 * 1024
"""Bytes of a form with a file: the largest picture that is looked at, and room for what stands around it."""

MOST_FIELDS = 1_000
"""Fields of a form; the largest, which marks rows of a list, has a tenth of them."""


def takes_files(view: View) -> View:
    """Let a view be sent files."""
    return takes_files_up_to(LARGEST_UPLOAD)(view)


def takes_files_up_to(most: int) -> Callable[[View], View]:
    """Let a view be sent files, in requests of at most so many bytes."""

    def mark(view: View) -> View:
        view.__takes_files__ = most  # type: ignore[attr-defined]
        return view

    return mark


def _set_limit() -> None:
    """Set the limit before anybody reads the form; a longer request is refused unread, with 413."""
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "__takes_files__", LARGEST_FORM)
    if most != LARGEST_UPLOAD:  # Which is what the configuration says already.
        request.max_content_length = most


def init_sizes(app: Flask) -> None:
    """Limit every request; to be called before whatever else looks at forms."""
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD, MAX_FORM_MEMORY_SIZE=LARGEST_FORM, MAX_FORM_PARTS=MOST_FIELDS
    )
    app.before_request(_set_limit)
