"""Pages for what went wrong, in the page's language and with the right status, never with internals."""

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from lead_system.domain.errors import Refused
from lead_system.web.sentences import sentence, sentence_for_page


def _answer(status: int, text: str) -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(sentence=text), status
    return render_template("errors/error.html", status=status, sentence=text), status


def _refused(refused: Refused) -> ResponseReturnValue:
    is_page = request.accept_mimetypes.best != "application/json"
    return _answer(refused.http_status, sentence_for_page(refused) if is_page else sentence(refused))


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


def init_errors(app: Flask) -> None:
    """Hand out the pages; an unforeseen error is logged by Flask and answered as 500."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
