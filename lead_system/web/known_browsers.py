"""Remembers in a browser which accounts signed in on it, so that strangers' guessing holds nobody up there.

The cookie opens nothing: it only decides for whom a wrong password counts (decision 23). It is signed, and
has for each account a random text, new at each sign-in, by which this browser's tries are counted apart.
"""

import secrets
from datetime import timedelta

from flask import after_this_request, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as BaseResponse

from lead_system.domain.guessing import Origin
from lead_system.web.cookies import keep_cookie, read_cookie
from lead_system.web.secret import server_secret

COOKIE = "known_browser"
KEPT_FOR = timedelta(days=180)
MOST_ACCOUNTS = 5
"""How many accounts a browser is remembered for, the last ones; at a counter several people share one."""


def origin() -> Origin:
    """Return where this request comes from."""
    return Origin(request.remote_addr or "", _known_accounts())


def remember_browser(account_id: int) -> None:
    """Let this browser be known as one on which somebody has signed in, with all that signing in asks for."""
    known = {account_id: secrets.token_urlsafe(16)} | {
        other: part for other, part in _known_accounts().items() if other != account_id
    }
    newest = list(known.items())[:MOST_ACCOUNTS]

    @after_this_request
    def keep(answer: BaseResponse) -> BaseResponse:
        keep_cookie(answer, COOKIE, str(_signer().dumps(newest)), lasts=KEPT_FOR)
        return answer


def _known_accounts() -> dict[int, str]:
    """Return the accounts in the cookie, the last one first; none where it is too old or not of our own."""
    try:
        kept = _signer().loads(read_cookie(COOKIE), max_age=int(KEPT_FOR.total_seconds()))
    except BadData:
        return {}
    return dict(kept)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(server_secret(), salt="known browsers")
