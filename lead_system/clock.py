"""The only one who asks the time; everybody else is handed `now` (R11)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """Return the present moment in UTC, or the moment at which the clock was stopped."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def frozen_at(moment: datetime) -> Iterator[None]:
    """Stop the clock at a moment for as long as the block runs, in this thread or task only."""
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)
