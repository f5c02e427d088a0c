"""The kills: one worker, the whole server, or PostgreSQL, each with SIGKILL and while forms are in flight."""

import os
import random
import signal
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from tests.trials.centre import Centre
from tests.trials.crash.journal import Journal

KINDS = {"sqlite": ("worker", "server"), "postgresql": ("worker", "server", "postgresql")}
SETTLES_SECONDS = (0.3, 1.2)
LEAVES_SECONDS = 0.03
"""A form may go so far before the kill comes: a request takes about that long."""

BACK_SECONDS = 60
RECOVERED = "database system was not properly shut down"
"""What PostgreSQL writes into its log when it recovers from a crash."""


@dataclass
class Killer:
    """Kills what a centre consists of, one thing after the other, and starts again what must be started."""

    centre: Centre
    journal: Journal
    dice: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    inflight: int = 0

    def kill(self, number: int) -> str:
        """Kill the next thing at a random moment, and bring it back; returns what it was."""
        kinds = KINDS[self.centre.kind]
        what = kinds[number % len(kinds)]
        time.sleep(self.dice.uniform(*SETTLES_SECONDS))
        self.journal.wait_for_flight(seconds=5)
        time.sleep(self.dice.uniform(0, LEAVES_SECONDS))
        self.inflight += self.journal.in_flight() > 0
        {"worker": self._worker, "server": self._server, "postgresql": self._postgresql}[what]()
        self.kills[what] += 1
        self._wait_until_ready()
        return what

    def recoveries(self) -> int:
        """Return how often PostgreSQL had to recover from a crash."""
        cluster = self.centre.cluster
        return cluster.log.read_text(errors="replace").count(RECOVERED) if cluster else 0

    def _worker(self) -> None:
        pids = self.centre.server.worker_pids()
        os.kill(self.dice.choice(pids), signal.SIGKILL)
        while len(self.centre.server.worker_pids()) < len(pids):
            time.sleep(0.02)

    def _server(self) -> None:
        self.centre.server.kill()
        self.centre.server.start()

    def _postgresql(self) -> None:
        assert self.centre.cluster is not None
        self.centre.cluster.kill()
        self.centre.cluster.start_again()

    def _wait_until_ready(self) -> None:
        """Wait until the server says itself that it can serve."""
        deadline = time.monotonic() + BACK_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError):
                address = f"{self.centre.server.url}/readyz"
                urllib.request.urlopen(address, timeout=10).close()  # noqa: S310 - our own server
                return
            time.sleep(0.05)
        raise RuntimeError(
            f"not ready within {BACK_SECONDS} s:\n{self.centre.server.log.read_text()[-3000:]}"
        )
