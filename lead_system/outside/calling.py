"""How other companies' servers are called: briefly, once, and without trust in what comes back.

Nothing is sent twice here. Whoever calls must hold no database transaction, for an answer may take seconds.
"""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

MOST_ANSWER_BYTES = 256 * 1024
"""Longest answer that is read where words are expected."""

_log = logging.getLogger(__name__)

# The library logs whole addresses, and ours carry phones and secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class OutsideFailed(Exception):
    """Somebody else's server did not do what it was asked.

    `cause` is ours or the other side's name for what was wrong; no phone, code or key is in it. The other
    side may still have acted where `may_have_acted`: it was asked, and its answer did not come.
    """

    def __init__(self, service: str, cause: str, *, may_have_acted: bool = False) -> None:
        super().__init__(f"{service}: {cause}")
        self.service = service
        self.cause = cause
        self.may_have_acted = may_have_acted


def failure(service: str, cause: str, *, may_have_acted: bool = False) -> OutsideFailed:
    """Log that a call failed, and return the exception to raise."""
    _log.warning("%s did not do what it was asked: %s", service, cause)
    return OutsideFailed(service, cause, may_have_acted=may_have_acted)


def ask(
    service: str,
    method: str,
    url: str,
    *,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> dict[str, Any]:
    """Make one call and return the JSON object that answers it, whatever its HTTP status.

    Raises:
        OutsideFailed: not reached, too slow, a server error, or an answer that is no JSON object.
    """
    status, body = fetch(service, method, url, timeout=timeout, headers=headers, content=content)
    if status >= 500:
        raise failure(service, f"HTTP {status}", may_have_acted=True)
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise failure(service, f"HTTP {status} without a JSON object", may_have_acted=True)
    return answer


def _plain(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {"accept-encoding": "identity", **(headers or {})}


def fetch(
    service: str,
    method: str,
    url: str,
    *,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    most_bytes: int = MOST_ANSWER_BYTES,
) -> tuple[int, bytes]:
    """Make one call and return its HTTP status and body; no redirect is followed.

    `timeout` in seconds holds for the connection, for each pause and for the body as a whole.

    Raises:
        OutsideFailed: not reached, too slow, or a longer answer than `most_bytes`.
    """
    import httpx  # noqa: PLC0415 - a sales centre without SMS and WeChat calls nobody

    deadline = time.monotonic() + timeout
    body = b""
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, headers=_plain(headers), content=content or None) as response,
        ):
            # As it came: a small packed answer could unpack into one that fills the memory.
            for part in response.iter_raw():
                body += part
                if len(body) > most_bytes:
                    raise failure(service, "the answer is too long", may_have_acted=True)
                if time.monotonic() > deadline:
                    raise failure(service, "the answer is too slow", may_have_acted=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        was_reached = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL))
        raise failure(service, type(error).__name__, may_have_acted=was_reached) from None
    return response.status_code, body
