"""Which server: gunicorn's threads beside granian and waitress, with the same pages of ours, many at once."""

import sysconfig
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from benchmarks import peers_running
from benchmarks.bench import Bench
from benchmarks.figures import referrals
from benchmarks.lines import STATED, Line, Measured
from benchmarks.lists import BUSIEST_BROKER, phone_list
from benchmarks.load import Page, Rate, rate
from benchmarks.questions import questions
from benchmarks.servers import PEER_PYTHON, PROCESSES, THREADS, Server, our_server
from lead_system.config import PROJECT_FOLDER

GUNICORN, GRANIAN, WAITRESS = "gunicorn", "granian", "waitress"
CLIENTS = 8
PACKAGES = f"{PROJECT_FOLDER}:{sysconfig.get_path('purelib')}"
"""Where servers that we did not choose find ours and its packages."""

COMMANDS: dict[str, Sequence[str]] = {
    GUNICORN: (),
    GRANIAN: (
        str(PEER_PYTHON), "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}",
        "--workers", str(PROCESSES), "--blocking-threads", str(THREADS), "app:app",
    ),
    # It has one process only, so its threads are as many as those of the others together.
    WAITRESS: (
        str(PEER_PYTHON), "-m", "waitress", "--listen", "127.0.0.1:{port}",
        "--threads", str(PROCESSES * THREADS), "app:app",
    ),
}  # fmt: skip


class Served(NamedTuple):
    """How fast a server answered, and how much of a processor each answer took."""

    rate: Rate
    cpu_ms: float

    def __str__(self) -> str:
        """Return both as RESULTS.md has them."""
        return (
            f"{self.rate.per_second:.0f}/s, p99 {self.rate.p99_ms:.0f} ms, {self.cpu_ms:.1f} ms of CPU each"
        )


def served(bench: Bench) -> dict[str, Served]:
    """Let each server answer the same mixture of pages, twice in turn; returns the better time of each."""
    found: dict[str, list[Served]] = {name: [] for name in COMMANDS}
    for _ in range(1 if bench.quick else 2):
        for name in COMMANDS:
            found[name].append(_served_by(bench, name))
    return {name: max(times, key=lambda one: one.rate.per_second) for name, times in found.items()}


def _served_by(bench: Bench, name: str) -> Served:
    rows, folder = bench.smallest, bench.folder / f"choice-{name}"
    url = bench.cluster.url(bench.database(rows, "ours"))
    more = {"PYTHONPATH": PACKAGES} if COMMANDS[name] else {}
    server = our_server(url, folder=folder, sms=bench.provider.settings, command=COMMANDS[name], **more)
    try:
        pages = _pages(bench, server)
        rate(pages, clients=CLIENTS, seconds=1)
        spent, seconds = server.cpu_seconds(), 3 if bench.quick else 8
        found = rate(pages, clients=CLIENTS, seconds=seconds)
        return Served(found, (server.cpu_seconds() - spent) / found.answers * 1000)
    finally:
        server.stop()


def _pages(bench: Bench, server: Server) -> list[Page]:
    """Return pages of both faces: the list of customers, a search, the referrals, and a list on a phone.

    Sign-ins lie in the database, and so every server on it knows who signed in at another.
    """
    rows = bench.smallest
    site = peers_running.ours(bench, rows)
    asked = [question for question in questions(bench, rows) if question.name in ("list-first", "search-2")]
    pages = [site.page(bench, rows, question) for question in asked]
    pages += [referrals(bench, rows), phone_list(bench, rows, BUSIEST_BROKER)]
    return [replace(page, port=server.port) for page in pages]


def _beside_gunicorn(name: str, bench: Bench) -> Measured:
    """Compare what gunicorn answers with what another server does: above 1, gunicorn answers more."""
    found = bench.once(served)
    figures = {who: str(one) for who, one in found.items()}
    return Measured(found[GUNICORN].rate.per_second / found[name].rate.per_second, figures)


LINES = tuple(Line(f"server-{name}", STATED, partial(_beside_gunicorn, name)) for name in (GRANIAN, WAITRESS))
