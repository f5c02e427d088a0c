"""How many requests a browser may send, and how many of those that cost much.

The counts lie in the memory of each process, so with several processes a browser may send several times as
many: this keeps one of them from taking the server from all others. What must be exact, tries at passwords
and codes and codes sent by SMS, is counted in the database (decision 23). Here nobody asks it anything.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter import ApplicationLimit, Limit, Limiter, RateLimitExceeded

from lead_system.clock import now
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


@dataclass(frozen=True)
class Costly:
    """Endpoints that cost more than a page, or that invite guessing, and how often they may be asked.

    Where a view shows its form by GET, only what is sent to it counts, unless `counts_reading`.
    """

    name: str
    limit: str
    endpoints: tuple[str, ...]
    counts_reading: bool = False

    def has(self, endpoint: str) -> bool:
        """Say whether an endpoint is one of these; one that begins with a dot stands for all that end so."""
        return any(
            endpoint.endswith(one) if one.startswith(".") else endpoint == one for one in self.endpoints
        )


COSTLY = (
    Costly("exports", "20 per minute; 200 per hour", (".export_view",)),
    Costly("imports", "30 per minute", (".import_view", ".check_view", ".passwords_view")),
    Costly(
        "pictures",
        "60 per minute",
        ("fees.pay_view", "project.picture_view", "mobile.own.face"),
    ),
    Costly(
        "codes read",
        "60 per minute; 900 per hour",
        ("mobile.gate.read", "mobile.gate.photo", "mobile.consultant.read", "mobile.consultant.photo"),
    ),
    Costly("verifications", "30 per minute", ("verifying.verify_file", "slip_checking.check")),
    Costly("evidence", "20 per minute; 100 per hour", (".evidence_view",)),
    Costly("previews", "120 per minute", (".preview_view",)),
    Costly("reveals", "60 per minute; 300 per hour", (".reveal_view", ".reveal")),
    Costly(
        "sign-ins",
        "120 per minute",
        (
            "back_office_door.sign_in",
            "second_step.ask_code",
            "mobile.sign_in.by_password",
            "mobile.sign_in.by_code",
            "mobile.own.phone_code",
        ),
    ),
    Costly("codes sent", "60 per minute", ("mobile.sign_in.by_phone", "mobile.own.phone")),
    Costly(
        "passwords",
        "30 per minute",
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
        "WeChat", "120 per minute", ("mobile.wechat.back", "mobile.wechat.signature"), counts_reading=True
    ),
)
"""How often each may be asked by one signed-in browser, or by the strangers of one address."""


def find_costly(endpoint: str) -> Costly | None:
    """Return what limit an endpoint has of its own."""
    return next((costly for costly in COSTLY if costly.has(endpoint)), None)


def init_limits(app: Flask) -> None:
    """Look at every request before anything else is done for it, once its session is read from the cookie."""
    limiter = Limiter(
        _who,
        application_limits=[ApplicationLimit(_limit_of_all)],
        default_limits=[Limit(_limit_of_costly, scope=_name_of_costly, shared=True)],
        default_limits_exempt_when=_is_not_costly,
        # A window that slides counts nearly as exactly as one that moves, forgets whom it no longer counts,
        # and needs two numbers for a browser instead of a moment for each of its requests.
        strategy="sliding-window-counter",
        storage_uri="memory://",
        request_identifier=lambda: request.endpoint or "nowhere",
    )
    limiter.request_filter(_is_exempt)
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _answer_with(limiter))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _who() -> str:
    """Return for whom a request counts: a keyed hash, since the limiter writes it into its log."""
    token = sign_in_token()
    about = ("sign-in", token) if token else ("strangers", network_of(request.remote_addr or ""))
    return keyed_hash(("requests", *about), secret=server_secret())


def _limit_of_all() -> str:
    times = 1 if sign_in_token() else STRANGERS_OF_ONE_ADDRESS
    return f"{max(1, _settings().requests_per_minute) * times} per minute"


def _is_exempt() -> bool:
    return not _settings().requests_per_minute or request.endpoint in _EXEMPT


def _limit_of_costly() -> str:
    costly = find_costly(request.endpoint or "")
    return costly.limit if costly else _limit_of_all()


def _name_of_costly(endpoint: str) -> str:
    costly = find_costly(endpoint)
    return costly.name if costly else endpoint


def _is_not_costly() -> bool:
    costly = find_costly(request.endpoint or "")
    return costly is None or (request.method in ("GET", "HEAD") and not costly.counts_reading)


def _answer_with(limiter: Limiter) -> Callable[[RateLimitExceeded], ResponseReturnValue]:
    def answer(_error: RateLimitExceeded) -> ResponseReturnValue:
        limit = limiter.current_limit
        seconds = int(limit.reset_at - now().timestamp()) if limit else 1
        note_event("too_many_requests", route=request.endpoint)
        wait = min(max(1, seconds), _LONGEST_WAIT_SECONDS)
        return answer_refused(Refused(RefusalCode.TOO_MANY_REQUESTS, seconds=wait))

    return answer
