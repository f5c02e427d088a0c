"""Which server: gunicorn's threads beside granian and waitress, with the same pages of ours, many at once."""

import secrets
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple

from benchmarks import peers_running
from benchmarks.bench import Bench
from benchmarks.lines import STATED, Line, Measured
from benchmarks.lists import BUSIEST_BROKER, phone_list
from benchmarks.load import Page, Rate, rate
from benchmarks.people import (
    CONSULTANT_IDS,
    DIRECTOR,
    GATES,
    Person,
    sign_in_broker,
    sign_in_office,
    sign_in_phone_staff,
)
from benchmarks.questions import questions, unscanned_codes
from benchmarks.senders import form, send_forms
from benchmarks.servers import PEER_PYTHON, PROCESSES, THREADS, our_server
from lead_system.config import PROJECT_FOLDER

OWNER = "choice"
GUNICORN, GRANIAN, WAITRESS = "gunicorn", "granian", "waitress"
CLIENTS = 8
SCANS = 300
"""So many visits each server confirms in one of its two tries."""
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
    """How fast a server answered pages and scans, and how much of a processor each page took."""

    pages: Rate
    cpu_ms: float
    scans_per_second: float

    def __str__(self) -> str:
        """Return all of it as RESULTS.md has it."""
        return (
            f"{self.pages.per_second:.0f} pages/s, p99 {self.pages.p99_ms:.0f} ms,"
            f" {self.cpu_ms:.1f} ms of CPU each, {self.scans_per_second:.0f} scans/s"
        )


@dataclass
class Crowd:
    """Who asks all of the servers: their sign-ins lie in the database, so each server knows them."""

    office: Person
    broker: Person
    gates: list[Person]
    codes: list[str]
    """Visit codes that nobody has scanned yet."""


def served(bench: Bench) -> dict[str, Served]:
    """Let each server answer the same pages and scans, there and back; returns the faster try of each."""
    found: dict[str, list[Served]] = {name: [] for name in COMMANDS}
    orders = [list(COMMANDS)] if bench.quick else [list(COMMANDS), list(reversed(COMMANDS))]
    for name in chain.from_iterable(orders):
        found[name].append(_served_by(bench, name))
    return {name: max(times, key=lambda one: one.pages.per_second) for name, times in found.items()}


def _served_by(bench: Bench, name: str) -> Served:
    url = bench.cluster.url(bench.database(bench.smallest, OWNER))
    more = {"PYTHONPATH": PACKAGES} if COMMANDS[name] else {}
    folder = bench.folder / f"choice-{name}"
    server = our_server(url, folder=folder, sms=bench.provider.settings, command=COMMANDS[name], **more)
    try:
        crowd = bench.kept("the crowd of the choice", lambda: _crowd(bench, server.port))
        pages = _pages(bench, crowd, server.port)
        rate(pages, clients=CLIENTS, seconds=1)
        spent = server.cpu_seconds()
        found = rate(pages, clients=CLIENTS, seconds=2 if bench.quick else 8)
        spent = server.cpu_seconds() - spent
        scans = send_forms(server.port, _scans(crowd, 60 if bench.quick else SCANS), clients=CLIENTS)
        return Served(found, spent / found.answers * 1000, scans.rate)
    finally:
        server.stop()


def _crowd(bench: Bench, port: int) -> Crowd:
    return Crowd(
        office=sign_in_office(port, DIRECTOR),
        broker=sign_in_broker(port, BUSIEST_BROKER, bench.provider),
        gates=[sign_in_phone_staff(port, login) for login in GATES],
        codes=unscanned_codes(bench, bench.smallest, OWNER, many=len(COMMANDS) * 2 * SCANS),
    )


def _pages(bench: Bench, crowd: Crowd, port: int) -> list[Page]:
    """Return pages of both faces: the list of customers, two searches, and a list on a phone."""
    rows = bench.smallest
    site = replace(peers_running.ours(bench, rows), port=port, cookie=crowd.office.cookie)
    asked = ("list-first", "search-2", "search-broker")
    office = [
        site.page(bench, rows, question) for question in questions(bench, rows) if question.name in asked
    ]
    own = phone_list(bench, rows, BUSIEST_BROKER)
    return [*office, replace(own, port=port, cookie=crowd.broker.cookie)]


def _scans(crowd: Crowd, many: int) -> list[str]:
    """Return the forms that confirm visits nobody has confirmed yet, by all gates in turn."""
    taken, crowd.codes = crowd.codes[:many], crowd.codes[many:]
    return [_scan(crowd.gates[number % len(crowd.gates)], code) for number, code in enumerate(taken)]


def _scan(gate: Person, code: str) -> str:
    fields = {"csrf_token": gate.token, "request_id": secrets.token_urlsafe(16), "another_visit": ""}
    fields |= {"code": code, "consultant_id": str(CONSULTANT_IDS[0])}
    return form("/m/gate/confirm", dict(fields), gate.headers | {"Cookie": gate.cookie})


def _beside_gunicorn(name: str, bench: Bench) -> Measured:
    """Compare what gunicorn answers with what another server does: above 1, gunicorn answers more."""
    found = bench.once(served)
    figures = {who: str(one) for who, one in found.items()}
    return Measured(found[GUNICORN].pages.per_second / found[name].pages.per_second, figures)


LINES = tuple(Line(f"server-{name}", STATED, partial(_beside_gunicorn, name)) for name in (GRANIAN, WAITRESS))
