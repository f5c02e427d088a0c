"""How many requests a browser may send, and how many of those that cost much.

The counts lie in the memory of each process, so with several processes a browser may send several times as
many: this keeps one of them from taking the server from all others. What must be exact, tries at passwords
and codes and codes sent by SMS, is counted in the database (decision 23). Here nobody asks it anything.
"""

import time
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import NamedTuple

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

from lead_system.config import Settings
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import network_of
from lead_system.services.guessing import keyed_hash
from lead_system.web.caller import sign_in_token
from lead_system.web.errors import answer_refused
from lead_system.web.logs import note_event
from lead_system.web.secret import server_secret

STRANGERS_OF_ONE_ADDRESS = 5
"""How many times as much as one signed-in browser all strangers of an address may send: a whole sales centre
stands behind one Wi-Fi."""

_EXEMPT = ("static", "earlier_static", "health.alive", "health.ready")
"""Files, which cost nothing, and what keeps the server in service."""

_LONGEST_WAIT_SECONDS = 3600


MINUTE, HOUR = 60, 3600


class Limit(NamedTuple):
    """So many requests within so many seconds."""

    times: int
    seconds: int


@dataclass
class _Count:
    """How many requests there were in a window of time, and in the one before it."""

    window: int
    before: int = 0
    here: int = 0

    def reach(self, window: int) -> None:
        """Go on to a later window."""
        if window != self.window:
            self.before = self.here if window == self.window + 1 else 0
            self.window, self.here = window, 0


@dataclass
class Counts:
    """Counts requests by windows that slide: of the window before counts the part that still lies within.

    That is nearly as exact as a moment for each request, needs two numbers, and is forgotten in passing.
    """

    _counts: dict[tuple[str, Limit], _Count] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _swept_at: float = 0.0

    def __len__(self) -> int:
        """How many counts there are."""
        return len(self._counts)

    def count(self, limits: list[tuple[str, Limit]], moment: float) -> float:
        """Count a request under some names, each with its limit; returns 0.

        Where one is reached nothing is counted, and the seconds are returned after which to come again.
        """
        with self._lock:
            self._sweep(moment)
            counts = [(limit, self._reached((name, limit), moment)) for name, limit in limits]
            wait = max((_wait(limit, count, moment % limit.seconds) for limit, count in counts), default=0.0)
            if not wait:
                for _limit, count in counts:
                    count.here += 1
            return wait

    def _reached(self, key: tuple[str, Limit], moment: float) -> _Count:
        window = int(moment // key[1].seconds)
        count = self._counts.setdefault(key, _Count(window))
        count.reach(window)
        return count

    def _sweep(self, moment: float) -> None:
        """Forget, once a minute, whom nothing counts for any more."""
        if moment - self._swept_at < MINUTE:
            return
        self._swept_at = moment
        for key, count in list(self._counts.items()):
            if moment // key[1].seconds > count.window + 1:
                del self._counts[key]


def _wait(limit: Limit, count: _Count, gone: float) -> float:
    """Return how long until one more is within a limit, 0 where it is now; `gone` of the window are over."""
    left = limit.times - count.here
    if left <= 0:
        return limit.seconds - gone + limit.seconds / limit.times
    if count.before * (1 - gone / limit.seconds) < left:
        return 0.0
    return limit.seconds * (1 - left / count.before) - gone + 1


@dataclass(frozen=True)
class Costly:
    """Endpoints that cost more than a page, or that invite guessing, and how often they may be asked.

    Where a view shows its form by GET, only what is sent to it counts, unless `counts_reading`.
    """

    name: str
    limits: tuple[Limit, ...]
    endpoints: tuple[str, ...]
    counts_reading: bool = False

    def has(self, endpoint: str) -> bool:
        """Say whether an endpoint is one of these; one that begins with a dot stands for all that end so."""
        return any(
            endpoint.endswith(one) if one.startswith(".") else endpoint == one for one in self.endpoints
        )


COSTLY = (
    Costly("exports", (Limit(20, MINUTE), Limit(200, HOUR)), (".export_view",)),
    Costly("imports", (Limit(30, MINUTE),), (".import_view", ".check_view", ".passwords_view")),
    Costly(
        "pictures",
        (Limit(60, MINUTE),),
        ("fees.pay_view", "project.picture_view", "mobile.own.face"),
    ),
    Costly(
        "codes read",
        (Limit(60, MINUTE), Limit(900, HOUR)),
        ("mobile.gate.read", "mobile.gate.photo", "mobile.consultant.read", "mobile.consultant.photo"),
    ),
    Costly("previews", (Limit(120, MINUTE),), (".preview_view",)),
    Costly("reveals", (Limit(60, MINUTE), Limit(300, HOUR)), (".reveal_view", ".reveal")),
    Costly(
        "sign-ins",
        (Limit(120, MINUTE),),
        (
            "back_office_door.sign_in",
            "second_step.ask_code",
            "mobile.sign_in.by_password",
            "mobile.sign_in.by_code",
            "mobile.own.phone_code",
        ),
    ),
    Costly("codes sent", (Limit(60, MINUTE),), ("mobile.sign_in.by_phone", "mobile.own.phone")),
    Costly(
        "passwords",
        (Limit(30, MINUTE),),
        (
            ".change_password",
            "confirming.ask",
            "second_factor.set_up_view",
            "second_factor.turn_off_view",
            "second_factor.recovery_codes_view",
            ".second_factor_view",
        ),
    ),
    Costly(
        "WeChat",
        (Limit(120, MINUTE),),
        ("mobile.wechat.back", "mobile.wechat.signature"),
        counts_reading=True,
    ),
)
"""How often each may be asked by one signed-in browser, or by the strangers of one address."""


@cache
def find_costly(endpoint: str) -> Costly | None:
    """Return what limit an endpoint has of its own."""
    return next((costly for costly in COSTLY if costly.has(endpoint)), None)


def init_limits(app: Flask) -> None:
    """Look at every request before anything else is done for it, once its session is read from the cookie."""
    counts = Counts()

    @app.before_request
    def count() -> ResponseReturnValue | None:
        if not _settings().requests_per_minute or request.endpoint in _EXEMPT:
            return None
        wait = counts.count(_limits_of_this(), time.monotonic())
        return _answer(wait) if wait else None


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _limits_of_this() -> list[tuple[str, Limit]]:
    """Return under what this request counts: as one of all, and as one of those that cost much."""
    who, endpoint = _who(), request.endpoint or ""
    times = 1 if sign_in_token() else STRANGERS_OF_ONE_ADDRESS
    limits = [(who, Limit(_settings().requests_per_minute * times, MINUTE))]
    costly = find_costly(endpoint)
    if costly and (costly.counts_reading or request.method not in ("GET", "HEAD")):
        limits += [(f"{costly.name} {who}", limit) for limit in costly.limits]
    return limits


def _who() -> str:
    """Return for whom a request counts; no token or address lies about in memory."""
    token = sign_in_token()
    about = ("sign-in", token) if token else ("strangers", network_of(request.remote_addr or ""))
    return keyed_hash(("requests", *about), secret=server_secret())


def _answer(wait: float) -> ResponseReturnValue:
    note_event("too_many_requests", route=request.endpoint)
    seconds = min(max(1, int(wait)), _LONGEST_WAIT_SECONDS)
    return answer_refused(Refused(RefusalCode.TOO_MANY_REQUESTS, seconds=seconds))
