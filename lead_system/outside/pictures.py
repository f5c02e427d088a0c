"""Pictures from elsewhere: fetched from the few places that the settings name, and from nowhere else.

An address that somebody else wrote may point into our own network; only the origin decides whether it is
fetched, before anything is sent, and no redirect leads away from there.
"""

from urllib.parse import urlsplit

from lead_system.outside.calling import failure, fetch

MOST_PICTURE_BYTES = 2 * 1024 * 1024
SERVICE = "The place of avatars"


def fetch_picture(url: str, *, origins: str, timeout: float) -> bytes:
    """Return a picture's file; whether it is one is for whoever draws it.

    `origins` are parted by commas. An address with http is fetched over https where that is allowed.

    Raises:
        OutsideFailed: another place, not there, too slow, or larger than MOST_PICTURE_BYTES.
    """
    allowed = {origin.strip().rstrip("/") for origin in origins.split(",") if origin.strip()}
    try:
        parts = urlsplit(url)
    except ValueError:
        raise failure(SERVICE, "an address that is none") from None
    schemes = ("https", "http") if parts.scheme == "http" else ("https",)
    scheme = next((s for s in schemes if f"{s}://{parts.netloc}" in allowed), None)
    if scheme is None:
        raise failure(SERVICE, "a place that is not allowed")
    address = parts._replace(scheme=scheme, fragment="").geturl()
    status, body = fetch(SERVICE, "GET", address, timeout=timeout, most_bytes=MOST_PICTURE_BYTES)
    if status != 200:
        raise failure(SERVICE, f"HTTP {status}")
    return body
