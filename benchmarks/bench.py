"""What the lines of one run share: databases of each size, running servers, people who have signed in."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from benchmarks import fill
from benchmarks.cluster import Cluster, running_cluster
from benchmarks.load import WrongAnswer
from benchmarks.people import DIRECTOR, Person, sign_in_broker, sign_in_office
from benchmarks.servers import Server, our_server
from benchmarks.sms import Provider
from benchmarks.surroundings import compile_sources

Found = TypeVar("Found")

LAST_LINES = 15
"""How much of a server's log is shown where somebody answered wrongly."""


@dataclass
class Bench:
    """One run; everything that it starts is stopped when it ends."""

    cluster: Cluster
    folder: Path
    ends: ExitStack
    quick: bool
    fill_seconds: dict[int, float] = field(default_factory=dict)
    """How long it took to have so many leads; next to nothing where an earlier run left them."""
    _known: dict[Any, Any] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many leads the databases have, from the smallest to the largest."""
        return (10_000, 100_000) if self.quick else (10_000, 100_000, 1_000_000)

    @property
    def smallest(self) -> int:
        """What growth is measured against."""
        return self.sizes[0]

    @property
    def largest(self) -> int:
        """What everything is measured on unless a line says otherwise."""
        return self.sizes[-1]

    @property
    def runs(self) -> int:
        """How often each page is fetched."""
        return 2 if self.quick else 15

    def once(self, study: "Callable[[Bench], Found]") -> Found:
        """Return what a study found; it runs for the first line that asks."""
        return self.kept(study, lambda: study(self))

    def database(self, rows: int, owner: str) -> str:
        """Return the name of a database with so many leads that is the owner's alone."""
        name = f"{owner}_{rows}"
        template = self.kept(("template", rows), lambda: self._filled(rows))
        return self.kept(("database", name), lambda: self.cluster.create(name, template=template))

    def _filled(self, rows: int) -> str:
        begin = time.monotonic()
        template = fill.template(self.cluster, rows)
        self.fill_seconds[rows] = time.monotonic() - begin
        return template

    @cached_property
    def provider(self) -> Provider:
        """Who takes the sign-in codes."""
        provider = Provider()
        self.ends.callback(provider.close)
        return provider

    def ours(self, rows: int, owner: str = "ours") -> Server:
        """Return our server on a database with so many leads; each owner has one of their own."""

        def start() -> Server:
            url = self.cluster.url(self.database(rows, owner))
            folder = self.folder / f"{owner}-{rows}"
            server = our_server(url, folder=folder, sms=self.provider.settings)
            self.ends.callback(server.stop)
            return server

        return self.kept(("ours", rows, owner), start)

    def office(self, rows: int, login: str = DIRECTOR) -> Person:
        """Return somebody of the back office, signed in at our server."""
        return self.kept(("office", rows, login), lambda: sign_in_office(self.ours(rows).port, login))

    def broker(self, rows: int, account_id: int) -> Person:
        """Return a broker, signed in at our server."""

        def sign_in() -> Person:
            return sign_in_broker(self.ours(rows).port, account_id, self.provider)

        return self.kept(("broker", rows, account_id), sign_in)

    def ask(self, rows: int, owner: str, question: str, **values: object) -> list[Any]:
        """Return the rows that a database answers with."""
        with self.cluster.connect(self.database(rows, owner)) as connection:
            return list(connection.execute(question.encode(), values).fetchall())

    def kept(self, key: Any, make: Callable[[], Found]) -> Found:
        """Return what was made under a key; it is made for the first who asks."""
        if key not in self._known:
            self._known[key] = make()
        found: Found = self._known[key]
        return found


@contextmanager
def opened(*, quick: bool) -> Iterator[Bench]:
    """Start what a run needs, and stop all of it when the block ends."""
    compile_sources()
    with (
        running_cluster(fill.fingerprint()) as cluster,
        TemporaryDirectory(prefix="lead-bench-run-") as folder,
        ExitStack() as ends,
    ):
        try:
            yield Bench(cluster, Path(folder), ends, quick)
        except WrongAnswer:
            show_last_words(Path(folder))
            raise
        ends.close()


def show_last_words(folder: Path) -> None:
    """Print how the servers' logs end, since they are about to be deleted."""
    for log in sorted(folder.rglob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        if lines:
            print(f"bench: {log.relative_to(folder)} ends with", *lines, sep="\n  ", file=sys.stderr)
