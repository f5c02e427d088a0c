"""Cookies that a browser keeps: bound to this host and to HTTPS wherever there is HTTPS."""

from datetime import timedelta

from flask import current_app, request
from werkzeug.wrappers import Response as BaseResponse


def cookie_name(name: str, *, is_https: bool) -> str:
    """Return the full name of a cookie; `__Host-` ones are taken from the host itself and over HTTPS only."""
    return f"__Host-{name}" if is_https else name


def read_cookie(name: str) -> str:
    """Return what a browser kept under a name; blank where it kept nothing."""
    return request.cookies.get(cookie_name(name, is_https=_is_https()), "")


def keep_cookie(answer: BaseResponse, name: str, value: str, *, lasts: timedelta) -> None:
    """Let a browser keep a value that no script of a page can read."""
    answer.set_cookie(
        cookie_name(name, is_https=_is_https()),
        value,
        max_age=lasts,
        secure=_is_https(),
        httponly=True,
        samesite="Lax",
    )


def _is_https() -> bool:
    return bool(current_app.extensions["settings"].is_https)
