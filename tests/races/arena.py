"""Where races are run: two processes with threads of their own, all starting at the same instant.

The processes outlive a test, since starting them takes longer than many rounds; each test has connections of
its own, to its own database.

A round counts as a race only when all of its calls were in flight together, by the clock that the
processes share; a test goes on until it has seen enough of those. Thousands of rounds are for `make races`.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
from flask import Flask

from lead_system.application import create_app
from lead_system.domain.errors import Refused
from tests.support.client import on_database
from tests.support.databases import Database

PROCESSES = 2
ROUNDS = 12
MOST_ROUNDS = 150
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


def _serve(connection: Connection, first: Database) -> None:
    """Run in another process: go from one test's database to the next, until there is none."""
    app = create_app(first.settings())
    while (database := connection.recv()) is not None:
        with on_database(app, database):
            _serve_test(connection, app)
        connection.send(None)


def _serve_test(connection: Connection, app: Flask) -> None:
    """Make the calls that come in, each in a thread of its own."""
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


class Racers:
    """The processes of this worker, on the database of one test after the other."""

    def __init__(self) -> None:
        self._processes: list[SpawnProcess] = []
        self._connections: list[Connection] = []

    @contextmanager
    def on(self, database: Database) -> Iterator[list[Connection]]:
        """Send the processes to a database; they have left it when the block ends."""
        if not self._processes:
            self._start(database)
        self._send(database)
        try:
            yield self._connections
            self._send(None)
            assert [connection.recv() for connection in self._connections] == [None] * PROCESSES
        except BaseException:
            self.stop()  # They may be anywhere: the next test gets new ones.
            raise

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
            process.join(timeout=20)
        self._processes, self._connections = [], []

    def _start(self, database: Database) -> None:
        spawn = multiprocessing.get_context("spawn")
        pairs = [spawn.Pipe() for _ in range(PROCESSES)]
        self._connections = [ours for ours, _ in pairs]
        self._processes = [
            spawn.Process(target=_serve, args=(theirs, database), daemon=True) for _, theirs in pairs
        ]
        for process in self._processes:
            process.start()

    def _send(self, message: Database | None) -> None:
        for connection in self._connections:
            connection.send(message)


@pytest.fixture(scope="session")
def racers() -> Iterator[Racers]:
    racers = Racers()
    yield racers
    racers.stop()


@pytest.fixture
def arena(racers: Racers, database: Database) -> Iterator[Arena]:
    """An arena on the test's database."""
    with racers.on(database) as connections:
        yield Arena(connections)
