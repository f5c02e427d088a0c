"""What every answer tells the browser to allow: our own files, the camera, and nothing else.

No page has a script or a style in itself, so the policy needs no nonce: it admits files of ours alone.
"""

from flask import Flask, Response, current_app, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-src 'none'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

FILE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "sandbox",
    )
)
"""For pictures, workbooks and data: opened by itself such a file can do nothing, whatever it is taken for."""

_FILES = ("image/", "application/")

_NEVER_ASKED_FOR = (
    *("accelerometer", "bluetooth", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "serial", "usb"),
)
PERMISSIONS_POLICY = ", ".join(("camera=(self)", *(f"{feature}=()" for feature in _NEVER_ASKED_FOR)))

HTTPS_FOR_SECONDS = 2 * 365 * 24 * 3600
"""How long a browser asks this host over HTTPS only; other hosts of the domain are not ours to bind."""

PICTURES = "illustrations.picture"
"""The one kind of page that a browser may keep: an address that is its content, without people on it."""


def _set_headers(response: Response) -> Response:
    kind = response.mimetype or ""
    is_no_page = kind.startswith(_FILES) and not kind.endswith("javascript")
    response.headers["Content-Security-Policy"] = FILE_POLICY if is_no_page else CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"  # For browsers from before frame-ancestors.
    if current_app.extensions["settings"].is_https:
        response.headers["Strict-Transport-Security"] = f"max-age={HTTPS_FOR_SECONDS}"
    is_file = request.endpoint is not None and request.endpoint.endswith("static")
    is_kept = request.endpoint == PICTURES and response.status_code in (200, 304)
    if not (is_file or is_kept):
        # Pages have people on them: neither a proxy nor the back button of a shared computer may keep one.
        response.headers["Cache-Control"] = "no-store"
    return response


def init_headers(app: Flask) -> None:
    """Set the headers on every answer."""
    app.after_request(_set_headers)
