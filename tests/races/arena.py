"""Where races are run: two processes with threads of their own, all starting at the same instant.

A round counts as a race only when all of its calls were in flight together, by the clock that the
processes share; a test goes on until it has seen enough of those.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import pytest

from lead_system.application import create_app
from lead_system.config import Settings
from lead_system.domain.errors import Refused
from tests.support.databases import Database

PROCESSES = 2
ROUNDS = 50
MOST_ROUNDS = 400
HEAD_START_SECONDS = 0.004


@dataclass(frozen=True)
class Call:
    """A service call that another process is to make."""

    function: Callable[..., Any]
    caller: Any
    arguments: dict[str, Any]


def call(function: Callable[..., Any], caller: Any, **arguments: Any) -> Call:
    """Describe a service call in the words in which it would be made."""
    return Call(function, caller, arguments)


@dataclass(frozen=True)
class Outcome:
    """What a call came to, and when it was in flight."""

    answer: Any
    refusal: str
    facts: dict[str, Any]
    error: str
    started: float
    ended: float


@dataclass
class Arena:
    """The running processes, and how often all calls of a round really met."""

    connections: list[Connection]
    rounds: int = 0
    overlapping: int = 0
    errors: list[str] = field(default_factory=list)

    def race(self, calls: Sequence[Call]) -> list[Outcome]:
        """Make all calls at once, dealt out to the processes in turn; returns the outcomes in their order."""
        start_at = time.monotonic() + HEAD_START_SECONDS
        for number, connection in enumerate(self.connections):
            connection.send((start_at, calls[number :: len(self.connections)]))
        parts = [iter(connection.recv()) for connection in self.connections]
        outcomes = [next(parts[number % len(parts)]) for number in range(len(calls))]
        self.rounds += 1
        self.overlapping += max(o.started for o in outcomes) < min(o.ended for o in outcomes)
        self.errors += [outcome.error for outcome in outcomes if outcome.error]
        return outcomes

    def goes_on(self) -> Iterator[int]:
        """Count rounds until enough of them were real races, and nothing but answers and refusals came."""
        while self.overlapping < ROUNDS:
            assert self.rounds < MOST_ROUNDS, f"only {self.overlapping} of {self.rounds} rounds overlapped"
            yield self.rounds
        assert not self.errors, self.errors[:5]


def _serve(connection: Connection, settings: Settings) -> None:
    """Run in another process: make the calls that come in, each in a thread of its own."""
    app = create_app(settings)
    while (job := connection.recv()) is not None:
        start_at, calls = job
        outcomes: list[Outcome | None] = [None] * len(calls)

        def run(number: int, wanted: Call, start_at: float = start_at, outcomes: Any = outcomes) -> None:
            with app.app_context():
                while time.monotonic() < start_at:
                    pass
                outcomes[number] = _outcome_of(wanted)

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection.send(outcomes)


def _outcome_of(wanted: Call) -> Outcome:
    answer, refusal, facts, error = None, "", {}, ""
    started = time.monotonic()
    try:
        answer = wanted.function(wanted.caller, **wanted.arguments)
    except Refused as refused:
        refusal, facts = refused.code.value, refused.facts
    except Exception as unforeseen:  # noqa: BLE001 - the test reports it
        error = repr(unforeseen)
    return Outcome(answer, refusal, facts, error, started, time.monotonic())


@pytest.fixture
def arena(database: Database) -> Iterator[Arena]:
    """Start the processes on the test's database; they end with the test."""
    spawn = multiprocessing.get_context("spawn")
    pairs = [spawn.Pipe() for _ in range(PROCESSES)]
    processes = [
        spawn.Process(target=_serve, args=(theirs, database.settings()), daemon=True) for _, theirs in pairs
    ]
    for process in processes:
        process.start()
    yield Arena([ours for ours, _ in pairs])
    for ours, _ in pairs:
        ours.send(None)
    for process in processes:
        process.join(timeout=20)
