"""An authenticator app, written from RFC 6238 and not with the library of the server."""

import base64
import hmac
import re
from datetime import datetime

STEP_SECONDS = 30


def code_at(key: str, moment: datetime) -> str:
    """Return the six digits that an app which was told a key shows at a moment."""
    counter = (int(moment.timestamp()) // STEP_SECONDS).to_bytes(8)
    digest = hmac.digest(base64.b32decode(re.sub(r"\s", "", key).upper()), counter, "sha1")
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"
