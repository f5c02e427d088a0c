"""The log: one line of JSON for each request and each event that matters to security, and nothing personal.

No name, number, address or text that anybody typed is ever written, nor the path of a request, in which a
visit code may stand: the route is. An error says its kind and where it came from; its message, which may hold
a row of the database, it keeps to itself. What a request's lines have in common is its id, which the answer
carries too and an error page shows.
"""

import json
import logging
import re
import secrets
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask.logging import default_handler

from lead_system.config import Settings

REQUEST_ID_HEADER = "X-Request-Id"
_FROM_A_PROXY = re.compile(r"[0-9a-f]{16,64}")
_OURS = "lead_system"

_log = logging.getLogger(__name__)
_events = logging.getLogger("lead_system.security")


def request_number() -> str:
    """Return the id of this request: what the proxy before us calls it, or one that is drawn now."""
    number: str = g.setdefault("request_number", secrets.token_hex(16))
    return number


def note_event(event: str, **facts: str | int | None) -> None:
    """Write an event that matters to security: what happened, to whose account, and nothing that was typed.

    Facts are ids, roles and codes; `account` is the account's id.
    """
    _events.info(event, extra={"facts": facts})


class QuietFlask(Flask):
    """A Flask that logs a defect without the path of its request, which Flask's own words repeat."""

    def log_exception(self, exc_info: Any) -> None:
        """Write the error that nobody foresaw; which request it was, the line's id tells."""
        self.logger.error("Unforeseen error", exc_info=exc_info)


class JsonLines(logging.Formatter):
    """Writes each entry as one line of JSON, with what request it belongs to."""

    def format(self, entry: logging.LogRecord) -> str:
        """Return the line; line breaks are escaped in it, so that nobody can write a line of their own."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(entry.created, UTC).isoformat(timespec="milliseconds"),
            "level": entry.levelname,
            "from": entry.name,
            "what": entry.getMessage(),
        }
        if has_request_context():
            line["request"] = request_number()
        line |= getattr(entry, "facts", {})
        if entry.exc_info and entry.exc_info[1] is not None:
            line["error"] = _without_message(entry.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _without_message(error: BaseException) -> dict[str, Any]:
    """Say what kind of error it is, what it came from, and where; a database adds its code and constraint."""
    frames = traceback.extract_tb(error.__traceback__)
    original = getattr(error, "orig", None)
    diagnosis = getattr(original, "diag", None)
    told: dict[str, Any] = {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "code": getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        told["after"] = _without_message(before)
    return {name: value for name, value in told.items() if value}


def _begin() -> None:
    """Note when the request came, and take over its id from a proxy that we were told of."""
    g.began = time.perf_counter()
    given = request.headers.get(REQUEST_ID_HEADER, "")
    if current_app.extensions["settings"].proxies and _FROM_A_PROXY.fullmatch(given):
        g.request_number = given


def _end(response: Response) -> Response:
    """Write the request's line, and tell the browser the id."""
    response.headers[REQUEST_ID_HEADER] = request_number()
    took = time.perf_counter() - g.get("began", time.perf_counter())
    facts = {
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "milliseconds": round(took * 1000, 1),
        "account": _account_id(),
    }
    if not (request.endpoint or "").endswith("static"):
        _log.info("request", extra={"facts": facts})
    return response


def _account_id() -> int | None:
    """Return who asked, if this request has already found out; the log asks the database nothing."""
    account_id: int | None = g.get("account_id")
    return account_id


def init_logs(app: Flask) -> None:
    """Write to standard error, from the level on that the settings name."""
    settings: Settings = app.extensions["settings"]
    ours = logging.getLogger(_OURS)
    ours.setLevel(settings.log_level.value)
    default_handler.setFormatter(JsonLines())
    ours.addHandler(default_handler)
    app.before_request(_begin)
    app.after_request(_end)
    app.jinja_env.globals.update(request_number=request_number)
