"""Lines about what a process of ours costs: the time until its first page, and its memory."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Self

from benchmarks import peers_running
from benchmarks.bench import Bench
from benchmarks.figures import dashboard, referrals
from benchmarks.lines import Line, Measured, at_most
from benchmarks.lists import BUSIEST_BROKER
from benchmarks.load import Page, medians_in_turn
from benchmarks.machine import own_seconds
from benchmarks.people import GATES, sign_in_phone_staff
from benchmarks.questions import questions
from benchmarks.servers import our_server, our_settings
from benchmarks.surroundings import surroundings
from lead_system.config import PROJECT_FOLDER

STARTS = 5
ROUNDS = 5
"""So often every page is fetched twice: a connection stays with one worker, and each should see all."""
IN_MENU = re.compile(r'<a [^>]*href="(/admin/[a-z-]+/)"')
BROKER_PAGES = ("/m/home", "/m/project", "/m/customers", "/m/customers/enter", "/m/me")
GATE_PAGES = ("/m/gate", "/m/gate/scans")
FIRST_PAGE = "from app import app; assert app.test_client().get('/m/sign-in').status_code == 200"


def start(bench: Bench) -> Measured:
    """Start Python, import the application, and answer one page with it: seconds from beginning to end."""
    url = bench.cluster.url(bench.database(bench.smallest, "ours"))
    settings = our_settings(url, folder=bench.folder, sms=bench.provider.settings)
    environment = surroundings(**settings, LEAD_PUBLIC_URL="http://localhost", LEAD_LOG_LEVEL="WARNING")
    taken, spent = [], []
    for _ in range(1 + (2 if bench.quick else STARTS)):
        begin, before = time.perf_counter(), own_seconds()
        subprocess.run([sys.executable, "-c", FIRST_PAGE], check=True, cwd=PROJECT_FOLDER, env=environment)
        taken.append(time.perf_counter() - begin)
        spent.append(own_seconds() - before)
    counted = taken[1:]  # The first one reads everything from the disk.
    figures = {
        "seconds": f"{median(counted):.2f}",
        "fastest": f"{min(counted):.2f}",
        "cold": f"{taken[0]:.2f}",
        "seconds of CPU": f"{min(spent):.2f}",
    }
    return Measured(median(counted), figures)


def memory(bench: Bench) -> Measured:
    """Let a fresh server on the most leads show every page several times, each over new connections.

    The figure is the resident memory (Rss) of the larger worker, what it shares with the other one included:
    what one worker alone would take. Its proportional share (Pss) stands beside it.
    """
    rows = bench.largest
    url = bench.cluster.url(bench.database(rows, "ours"))
    server = our_server(url, folder=bench.folder / "memory", sms=bench.provider.settings)
    try:
        pages = _every_page(bench, server.port)
        for _ in range(2 if bench.quick else ROUNDS):
            medians_in_turn(pages, runs=1)
        workers = [MemoryOf.worker(pid) for pid in server.worker_pids()]
    finally:
        server.stop()
    figures = {
        "MB of each worker": " and ".join(map(str, workers)),
        "kinds of pages": f"{len(pages)}",
    }
    return Measured(max(worker.resident for worker in workers), figures)


def _every_page(bench: Bench, port: int) -> list[Page]:
    """Return the pages that are measured elsewhere, all to which the menu leads, and those of the phones.

    Who is signed in stands in the database, so this server knows people who signed in at another.
    """
    rows = bench.largest
    office, broker = bench.office(rows), bench.broker(rows, BUSIEST_BROKER)
    measured = [*_list_pages(bench, rows), dashboard(bench, rows), referrals(bench, rows)]
    menu = set(IN_MENU.findall(office.get("/admin/").text)) - {page.path for page in measured}
    coded = (
        "SELECT id FROM leads WHERE broker_id = %(broker)s AND status = 'reported' AND merged_into_id IS NULL"
        " ORDER BY id LIMIT 1"
    )
    ((lead,),) = bench.ask(rows, "ours", coded, broker=BUSIEST_BROKER)
    codes = (f"/m/customers/{lead}", f"/m/customers/{lead}/code", f"/m/customers/{lead}/code.png")
    phones = (
        (broker, (*BROKER_PAGES, *codes)),
        (sign_in_phone_staff(port, GATES[0]), GATE_PAGES),
    )
    return [
        *(replace(page, name=page.path, port=port, cookie=office.cookie) for page in measured),
        *(Page(path, port, path, office.cookie) for path in sorted(menu)),
        *(Page(path, port, path, person.cookie) for person, paths in phones for path in paths),
    ]


def _list_pages(bench: Bench, rows: int) -> list[Page]:
    return [
        peers_running.ours(bench, rows).page(bench, rows, question) for question in questions(bench, rows)
    ]


@dataclass(frozen=True)
class MemoryOf:
    """What the kernel counts of a process, in MB: all, its proportional share, and what is nobody else's."""

    resident: float
    share: float
    own: float

    @classmethod
    def worker(cls, pid: int) -> Self:
        """Ask the kernel."""
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found = {name: int(kb) / 1024 for name, kb in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}
        return cls(found["Rss"], found["Pss"], found["Private_Dirty"])

    def __str__(self) -> str:
        """Return all three as a line prints them."""
        return f"{self.resident:.0f} (share {self.share:.0f}, own {self.own:.0f})"


LINES = (Line("start", at_most(1.5), start), Line("memory", at_most(120), memory))
