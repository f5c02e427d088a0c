"""Browsers without a screen, as fast as can be: they call the application in this process."""

import logging
import traceback
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from tests.trials.fuzzing.drafts import Asked

HOST = "localhost"
FRAME_HEADERS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Complaints(logging.Handler):
    """Hears all that the application logs; what is an error counts as one even if the answer looks fine."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.errors: list[str] = []
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, and apart from the others what is an error."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info))
        self.lines.append(text)
        if record.levelno >= logging.ERROR:
            self.errors.append(text)

    def take(self) -> list[str]:
        """Return the errors since the last time."""
        taken, self.errors = self.errors, []
        return taken


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes
    failed: str = ""
    """The exception that left the application, or what it logged as an error."""

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Browser:
    """One person's browser."""

    def __init__(self, app: Flask, who: str, complaints: Complaints) -> None:
        self.app = app
        self.who = who
        self.cookies: dict[str, str] = {}
        self._complaints = complaints

    def asks(self, asked: Asked) -> Answer:
        """Send a request and keep the cookies of the answer, unless the request brought others."""
        environ = self._environ(asked)
        self._complaints.take()
        try:
            chunks, status, headers = run_wsgi_app(self.app, environ, buffered=True)
            body = b"".join(chunks)
        except Exception:  # noqa: BLE001 - that one left the application is just what is looked for
            return Answer(500, Headers(), b"", traceback.format_exc())
        answer = Answer(int(status.split()[0]), headers, body, "\n".join(self._complaints.take()))
        if asked.cookies is None:
            self._keep_cookies(answer)
        return answer

    def begin(self, remembered: str, language: str) -> None:
        """Take the session of somebody who has signed in, or blank of nobody, without going through the door.

        What its forms are signed with stays the same, so that pages which were read before stay of use.
        """
        content: dict[str, Any] = {"csrf_token": sha256(self.who.encode()).hexdigest()[:40]}
        if remembered:
            content |= {"_user_id": remembered, "_fresh": True, "language": language, "_permanent": True}
        self.cookies = {"session": serializer(self.app).dumps(content)}

    def token(self) -> str:
        """Return a token with which this browser's forms are taken."""
        raw = self.session().get("csrf_token", "")
        return str(URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token").dumps(raw))

    def session(self) -> dict[str, Any]:
        """Return what the server remembers in this browser."""
        return read_session(self.app, self.cookies.get("session", ""))

    def _keep_cookies(self, answer: Answer) -> None:
        for line in answer.headers.getlist("Set-Cookie"):
            try:
                sent = SimpleCookie(line)
            except CookieError:
                continue
            for name, morsel in sent.items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)

    def _environ(self, asked: Asked) -> dict[str, Any]:
        path, _, query = asked.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": asked.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": asked.target,
            "REQUEST_URI": asked.target,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": HOST,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(asked.body),
            "wsgi.errors": StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        cookies = asked.cookies
        if cookies is None:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if cookies:
            environ["HTTP_COOKIE"] = cookies.encode("utf-8", "surrogatepass").decode("latin-1")
        for name, value in asked.headers:
            key = FRAME_HEADERS.get(name.lower(), "HTTP_" + name.upper().replace("-", "_"))
            environ[key] = value.encode("utf-8", "surrogatepass").decode("latin-1")
        return environ


def serializer(app: Flask) -> Any:
    """Return what signs the sessions of an application."""
    return app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]


def read_session(app: Flask, cookie: str) -> dict[str, Any]:
    """Return the content of a session cookie, nothing where it is not one of this application."""
    try:
        content: dict[str, Any] = serializer(app).loads(cookie)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no session
        return {}
    return content
