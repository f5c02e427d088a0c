"""Pages for what went wrong, in the page's language and with the right status, never with internals.

They are rendered without what other pages are given: who is signed in, and what waits for them, would ask the
database, which may be what is wrong.
"""

import logging
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError

from lead_system.domain.errors import Refused
from lead_system.domain.identity import has_full_number
from lead_system.services.outages import find_outage
from lead_system.web.sentences import sentence, sentence_for_page

RETRY_AFTER_SECONDS = 10
"""When to ask again after an outage; PostgreSQL is back from a crash by then."""

_log = logging.getLogger(__name__)


def _answer(status: int, text: str, **shown: Any) -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(sentence=text), status
    page = current_app.jinja_env.get_template("errors/error.html")
    return page.render(status=status, sentence=text, **shown), status


def answer_refused(refused: Refused) -> ResponseReturnValue:
    """Answer a refusal that no form shows: its sentence, and when to try again where that is all it takes."""
    is_page = request.accept_mimetypes.best != "application/json"
    text = sentence_for_page(refused) if is_page else sentence(refused)
    again = fields_to_send_again() if refused.http_status == HTTPStatus.TOO_MANY_REQUESTS else None
    answer = _answer(refused.http_status, text, again=again)
    response = current_app.make_response(answer)
    response.headers.update(retry_after(refused))
    return response


def retry_after(refused: Refused) -> dict[str, str]:
    """Return the header that says when to try again, where that is why somebody was refused."""
    has_to_wait = refused.http_status == HTTPStatus.TOO_MANY_REQUESTS
    return {"Retry-After": str(refused.facts["seconds"])} if has_to_wait else {}


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    return _answer(400, _("This page was open for too long. Go back, reload it and try again."))


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    texts = {
        400: _("That request cannot be understood. Go back and try again."),
        403: _("Your account may not open this page. Sign in with another one, or ask your administrator."),
        404: _("There is nothing here, or nothing that your account may see."),
        405: _("This page cannot be opened like that. Go back and try again."),
        413: _("That file is too large. Choose a smaller one."),
        500: _("Something went wrong on our side. What you did before was kept; try again in a minute."),
    }
    return _answer(error.code, texts.get(error.code, texts[400] if error.code < 500 else texts[500]))


def _database(error: SQLAlchemyError) -> ResponseReturnValue:
    """Answer an outage; anything else is a defect, which Flask logs and answers as 500."""
    outage = find_outage(error)
    if outage is None:
        raise error
    _log.warning("The database is %s: %s", outage.value, type(error).__name__)
    text = _("The data cannot be reached at the moment, so this page cannot be shown. Try again in a minute.")
    if request.method == "POST":
        text = _(
            "The data cannot be reached at the moment. Whether this was saved is not certain, "
            "so send it again in a minute: what was already saved will not count twice."
        )
    answer = current_app.make_response(_answer(503, text, again=fields_to_send_again()))
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def fields_to_send_again(leaving_out: Collection[str] = ()) -> list[tuple[str, str]] | None:
    """Return the sent form, with its request id, for a button that sends it again (R13).

    The token that was sent goes along with it: with a fresh one, a form of another site would be let in.
    None where a page cannot repeat it: files and passwords, whole numbers, which no page shows (R1), and
    what is too long or was cut off.
    """
    try:
        sent = [(name, value) for name, value in request.form.items(multi=True) if name not in leaving_out]
    except HTTPException:
        return None
    is_secret = any("password" in name or has_full_number(value) for name, value in sent)
    return None if is_secret or request.files or not request.form.get("request_id") else sent


def _wrong_host(_error: SecurityError) -> ResponseReturnValue:
    """Answer whoever calls us by a name that is not ours; no page, since addresses begin with it."""
    text = _("This server does not go by that name.")
    return f"{text}\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def _require_our_name() -> None:
    """Send whoever calls us by another name away before anything looks at the request.

    What would complain of something else cannot: its page has addresses, and none can be told.
    """
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception


def init_host_check(app: Flask) -> None:
    """Look at the name by which we are called; to be called before whatever else looks at requests."""
    app.before_request(_require_our_name)


def init_errors(app: Flask) -> None:
    """Hand out the pages; an unforeseen error is logged by Flask and answered as 500."""
    app.register_error_handler(Refused, answer_refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
