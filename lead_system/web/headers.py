"""What every answer tells the browser to allow: our own files, the camera, and nothing else."""

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


PICTURES = "illustrations.picture"
"""The one kind of page that a browser may keep: an address that is its content, without people on it."""


def _set_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    is_file = request.endpoint is not None and request.endpoint.endswith("static")
    is_kept = request.endpoint == PICTURES and response.status_code in (200, 304)
    if not (is_file or is_kept):
        # Pages have people on them: neither a proxy nor the back button of a shared computer may keep one.
        response.headers["Cache-Control"] = "no-store"
    return response


def init_headers(app: Flask) -> None:
    """Set the headers on every answer."""
    app.after_request(_set_headers)
