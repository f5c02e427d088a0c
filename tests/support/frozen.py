"""The clock of a test: stands still until the test moves it, in the test's own thread only."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from lead_system.clock import frozen_at, now

MONDAY_TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday 2 March 2026, ten in the morning in Shanghai."""


class StoppedClock:
    def __init__(self) -> None:
        self._stack = ExitStack()

    def at(self, moment: datetime) -> datetime:
        """Stop the time at a moment."""
        self._stack.close()
        self._stack.enter_context(frozen_at(moment))
        return moment

    def forward(self, step: timedelta) -> datetime:
        return self.at(now() + step)

    def release(self) -> None:
        self._stack.close()


@pytest.fixture
def clock() -> Iterator[StoppedClock]:
    clock = StoppedClock()
    clock.at(MONDAY_TEN)
    yield clock
    clock.release()
