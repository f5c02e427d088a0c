"""Lines about what a process of ours costs: the time until its first page, and its memory."""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import peers_running
from benchmarks.bench import Bench
from benchmarks.figures import dashboard, referrals
from benchmarks.lines import Line, Measured, at_most
from benchmarks.load import Page, medians_in_turn
from benchmarks.people import DIRECTOR, sign_in_office
from benchmarks.questions import questions
from benchmarks.servers import our_server
from lead_system.config import PROJECT_FOLDER

STARTS = 5
FIRST_PAGE = "from app import app; assert app.test_client().get('/m/sign-in').status_code == 200"


def start(bench: Bench) -> Measured:
    """Start Python, import the application, and answer one page with it: seconds from beginning to end."""
    environment = os.environ | bench.provider.settings | {
        "LEAD_DATABASE_URL": bench.cluster.url(bench.database(bench.smallest, "ours")),
        "LEAD_DATA_DIR": str(bench.folder),
        "LEAD_SECRET_KEY": "a secret of more than 32 characters for the benchmark",
        "LEAD_PUBLIC_URL": "http://localhost",
        "LEAD_LOG_LEVEL": "WARNING",
    }  # fmt: skip
    taken = []
    for _ in range(1 + (2 if bench.quick else STARTS)):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", FIRST_PAGE], check=True, cwd=PROJECT_FOLDER, env=environment)
        taken.append(time.perf_counter() - begin)
    counted = taken[1:]  # The first one reads everything from the disk.
    figures = {
        "seconds": f"{median(counted):.2f}",
        "fastest": f"{min(counted):.2f}",
        "cold": f"{taken[0]:.2f}",
    }
    return Measured(median(counted), figures)


def memory(bench: Bench) -> Measured:
    """Fetch pages from a fresh server on the most leads: how many MB of its larger worker are resident."""
    rows = bench.largest
    url = bench.cluster.url(bench.database(rows, "ours"))
    server = our_server(url, folder=bench.folder / "memory", sms=bench.provider.settings)
    try:
        person = sign_in_office(server.port, DIRECTOR)
        pages = [*_list_pages(bench, rows), dashboard(bench, rows), referrals(bench, rows)]
        medians_in_turn([_at(page, server.port, person.cookie) for page in pages], runs=bench.runs)
        resident = [_megabytes(pid, "Rss") for pid in server.worker_pids()]
        own = [_megabytes(pid, "Private_Dirty") for pid in server.worker_pids()]
    finally:
        server.stop()
    figures = {
        "resident MB of each worker": " and ".join(f"{mb:.0f}" for mb in resident),
        "of it nobody else's": " and ".join(f"{mb:.0f}" for mb in own),
        "after pages": str(bench.runs * len(pages)),
    }
    return Measured(max(resident), figures)


def _list_pages(bench: Bench, rows: int) -> list[Page]:
    return [
        peers_running.ours(bench, rows).page(bench, rows, question) for question in questions(bench, rows)
    ]


def _at(page: Page, port: int, cookie: str) -> Page:
    return Page(f"{page.path}", port, page.path, cookie, page.row, page.numbers)


def _megabytes(pid: int, what: str) -> float:
    """Return a figure of the kernel about a process: /proc/<pid>/smaps_rollup counts in kB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(what)


LINES = (Line("start", at_most(1.5), start), Line("memory", at_most(120), memory))
