"""Files of our own for the browser: addresses that change with the content, kept for a year, sent compressed.

The hash stands in the path and not behind a question mark, so that what a file loads by itself — one module
importing another, the camera's reader its wasm — lies under the same hash without being told.
"""

import hashlib
import secrets
from functools import cache
from pathlib import Path

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_compress import Compress
from itsdangerous import URLSafeTimedSerializer

from lead_system.web.access import public

STATIC = "static"
EARLIER_STATIC = "earlier_static"

_A_YEAR = "public, max-age=31536000, immutable"
_A_MINUTE = "public, max-age=60"
_MOST_PADDING = 100
_WORTH_COMPRESSING = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/wasm",
        "image/svg+xml",
    }
)


@cache
def hash_of_files(folder: Path) -> str:
    """Return what stands in the address of every file: a hash of all of them, with their names."""
    seen = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        seen.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
        seen.update(content)
    return seen.hexdigest()[:16]


def static_address(folder: Path) -> str:
    """Return the address under which the files of a folder are served."""
    return f"/static/{hash_of_files(folder)}"


class SessionOfPages(SecureCookieSessionInterface):
    """Keeps sessions out of the answers to files: what varies by cookie is asked for again and again.

    They are signed with SHA-256; Flask's own choice is SHA-1.
    """

    digest_method = staticmethod(hashlib.sha256)

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs and reads the cookie, which Flask makes anew for every reading and writing."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, and say that the answer depends on it, on pages only.

        Not where another answer has meanwhile given the browser a newer one (`web.caller.renew_session`).
        """
        if request.endpoint not in (STATIC, EARLIER_STATIC) and not g.get("leaves_cookie"):
            super().save_session(app, session, response)


def _keep_as_long_as_true(response: Response) -> Response:
    """Say how long a file may be kept: for good under its own hash, for a minute under another one.

    Another hash is asked for while a new release is put up: by a page that is older than this server, or by
    one of a server that is newer. Both get what there is, and neither keeps it.
    """
    if request.endpoint in (STATIC, EARLIER_STATIC):
        is_found = response.status_code in (200, 206, 304)
        kept = _A_YEAR if request.endpoint == STATIC else _A_MINUTE
        response.headers["Cache-Control"] = kept if is_found else "no-store"
    return response


def _hide_the_length(response: Response) -> Response:
    """Blur the length of a compressed page, which could otherwise betray a guess at what it says (BREACH)."""
    if response.mimetype == "text/html" and "Content-Encoding" in response.headers:
        response.headers["X-Padding"] = "-" * (1 + secrets.randbelow(_MOST_PADDING))
    return response


def _read_whole(response: Response) -> Response:
    """Read and close a file that is going to be compressed: Flask-Compress would leave it open."""
    if request.endpoint in (STATIC, EARLIER_STATIC) and response.mimetype in _WORTH_COMPRESSING:
        response.direct_passthrough = False
        response.make_sequence()
    return response


def init_assets(app: Flask) -> None:
    """Serve the files under their hash, and compress them and the pages for whoever can read that."""
    app.config.update(
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=sorted(_WORTH_COMPRESSING),
        COMPRESS_STREAMS=False,
        # Each more level takes a page twice the time, for a twentieth of its length.
        COMPRESS_BR_LEVEL=2,
        COMPRESS_LEVEL=3,
    )
    app.session_interface = SessionOfPages()
    app.after_request(_keep_as_long_as_true)
    app.after_request(_hide_the_length)
    Compress(app)
    app.after_request(_read_whole)  # Registered last, and therefore called first.

    @app.get("/static/<earlier>/<path:filename>", endpoint=EARLIER_STATIC)
    @public("files that everybody needs")
    def earlier_file(earlier: str, filename: str) -> Response:
        """Serve a file to a page of another release."""
        del earlier
        return app.send_static_file(filename)
