"""What machines ask of the server: whether the process answers, and whether it can serve.

Both are open to everybody and give nothing away: one word.
"""

import time
from concurrent.futures import Future
from contextvars import copy_context
from threading import Lock, Thread
from weakref import WeakKeyDictionary

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.services.pulse import Readiness, take_pulse
from lead_system.web.access import public

ASKS_EVERY_SECONDS = 1.0
WAITS_SECONDS = 2.5
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}

health = Blueprint("health", __name__)


class _Watch:
    """Asks a database one question at a time and at most once a second, however many ask us.

    The question is asked by a thread of its own, since a database that hangs would hold the request.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked_at = 0.0
        self._asked: Future[Readiness] | None = None

    def answer(self) -> Readiness:
        """Return what the database said within the last second, or says within the next few."""
        with self._lock:
            age = time.monotonic() - self._asked_at
            if self._asked is None or (self._asked.done() and age > ASKS_EVERY_SECONDS):
                self._asked, self._asked_at, age = _ask(), time.monotonic(), 0.0
            asked = self._asked
        try:
            return asked.result(timeout=max(0, WAITS_SECONDS - age))
        except TimeoutError:
            return Readiness.UNREACHABLE


_watches: WeakKeyDictionary[Engine, _Watch] = WeakKeyDictionary()


def _ask() -> Future[Readiness]:
    """Ask in the background; the thread does not keep the process from ending."""
    asked: Future[Readiness] = Future()

    def ask() -> None:
        try:
            asked.set_result(take_pulse(now=now()))
        except Exception as error:  # noqa: BLE001 - whoever waits for the answer raises it
            asked.set_exception(error)

    Thread(target=copy_context().run, args=(ask,), name="readiness", daemon=True).start()
    return asked


@health.get("/healthz")
@public("whoever keeps the process running asks whether it answers; it says one word")
def alive() -> ResponseReturnValue:
    """Say that the process answers, whatever the database does."""
    return "alive\n", 200, PLAIN


@health.get("/readyz")
@public("whoever sends people to this server asks whether it can serve them; it says one word")
def ready() -> ResponseReturnValue:
    """Say whether people can be served: 200, or 503 with the reason in a word."""
    readiness = _watches.setdefault(db.engine, _Watch()).answer()
    return f"{readiness.value}\n", 200 if readiness is Readiness.READY else 503, PLAIN


def init_health(app: Flask) -> None:
    """Add both addresses."""
    app.register_blueprint(health)
