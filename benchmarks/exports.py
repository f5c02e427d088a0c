"""Lines about exports: a list of 100 000 leads as .xlsx over HTTP, beside stock Flask-Admin and plain csv.

A quick run exports 10 000.

Stock Flask-Admin exports every row of the table and we those of the list, three in a hundred fewer: compared
are the time and memory of a row. Memory is what an export adds to the worker that writes it; the whole peaks
of both workers stand beside it.
"""

import csv
import io
import re
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import httpx

from benchmarks.bench import Bench
from benchmarks.lines import STATED, Line, Measured, at_most
from benchmarks.load import WrongAnswer
from benchmarks.people import DIRECTOR, sign_in_office
from benchmarks.questions import LISTED
from benchmarks.servers import PEER_PYTHON, Server, gunicorn

ROWS, QUICK_ROWS = 100_000, 10_000
PATIENCE = 600
OWNER = "exports"
MOST_MISSING = 0.05
"""How much of the rows our list may leave out: what was withdrawn or merged."""

CSV_ROWS = f"""
SELECT leads.id, leads.surname || leads.given_name, leads.phone1, leads.phone2, leads.status, broker.name,
       broker.phone, brokerages.name, entered_by.name, leads.expected_visit_at,
       consultant.name, leads.protect_until
FROM leads JOIN accounts AS broker ON broker.id = leads.broker_id
LEFT JOIN brokerages ON brokerages.id = broker.brokerage_id
JOIN accounts AS entered_by ON entered_by.id = leads.entered_by_id
LEFT JOIN accounts AS consultant ON consultant.id = leads.consultant_id
WHERE {LISTED.replace("status", "leads.status").replace("merged", "leads.merged")} ORDER BY leads.id DESC
"""


@dataclass(frozen=True)
class Taken:
    """What one export took: seconds, the peak of the worker and what the export added to it, both in MB."""

    rows: int
    seconds: float
    peak: float = 0
    added: float = 0

    def __str__(self) -> str:
        """Return it as a line prints it."""
        memory = f", added {self.added:.0f} MB to a peak of {self.peak:.0f} MB" if self.peak else ""
        return f"{self.rows} rows in {self.seconds:.1f} s{memory}"


def our_export(bench: Bench) -> Taken:
    """Export our list of customers from a server that has shown it once."""
    rows = _rows(bench)
    server = bench.ours(rows, OWNER)
    with closing(sign_in_office(server.port, DIRECTOR)) as person:
        person.get("/admin/leads/")
        return _measured(server, rows, lambda: person.post("/admin/leads/export/"))


def stock_export(bench: Bench) -> Taken:
    """Export the table of stock Flask-Admin from a server that has shown it once."""
    environment = {
        "PEER_HOST": str(bench.cluster.folder),
        "PEER_DATABASE": bench.database(_rows(bench), "stock_exports"),
    }
    command = gunicorn(PEER_PYTHON, "benchmarks.peers.stock_site:application")
    server = Server(command, log=bench.folder / "stock_exports.log", **environment).start("/admin/lead/")
    bench.ends.callback(server.stop)
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", timeout=PATIENCE, trust_env=False
    ) as client:
        return _measured(server, _rows(bench), lambda: client.get("/admin/lead/export/xlsx/"))


def csv_export(bench: Bench) -> Taken:
    """Write the same rows as csv: the columns as the database has them, read in portions."""
    begun = time.perf_counter()
    with (
        bench.cluster.connect(bench.database(_rows(bench), OWNER)) as connection,
        TemporaryFile("w", encoding="utf-8-sig", newline="") as file,
        connection.transaction(),
        connection.cursor("rows") as cursor,
    ):
        writer, written = csv.writer(file), 0
        for row in cursor.execute(CSV_ROWS.encode()):
            writer.writerow(row)
            written += 1
    return Taken(written, time.perf_counter() - begun)


def _rows(bench: Bench) -> int:
    return QUICK_ROWS if bench.quick else ROWS


def _measured(server: Server, there: int, export: Callable[[], httpx.Response]) -> Taken:
    before = _peaks(server)
    begun = time.perf_counter()
    answer = export()
    seconds = time.perf_counter() - begun
    after = _peaks(server)
    rows = _rows_in(answer, there)
    worker = max(after, key=lambda pid: after[pid] - before[pid])
    return Taken(rows, seconds, after[worker], after[worker] - before[worker])


def _peaks(server: Server) -> dict[int, float]:
    """Return the most memory that each worker ever had, in MB."""
    texts = {pid: Path(f"/proc/{pid}/status").read_text() for pid in server.worker_pids()}
    found = {pid: re.search(r"VmHWM:\s+(\d+) kB", text) for pid, text in texts.items()}
    return {pid: int(peak.group(1)) / 1024 for pid, peak in found.items() if peak}


def _rows_in(answer: httpx.Response, there: int) -> int:
    """Return how many rows below the headings a workbook has, of those that are there.

    Raises:
        WrongAnswer: it is no workbook, or has too few rows.
    """
    if answer.status_code != httpx.codes.OK or not answer.content.startswith(b"PK"):
        raise WrongAnswer(f"an export answers {answer.status_code}: {answer.text[:300]}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        rows = book.read("xl/worksheets/sheet1.xml").count(b"<row ") - 1
    if rows < there * (1 - MOST_MISSING):
        raise WrongAnswer(f"an export has {rows} rows of {there}")
    return rows


def _time(bench: Bench) -> Measured:
    ours, stock = bench.once(our_export), bench.once(stock_export)
    ratio = (ours.seconds / ours.rows) / (stock.seconds / stock.rows)
    return Measured(ratio, {"ours": str(ours), "stock Flask-Admin": str(stock)})


def _memory(bench: Bench) -> Measured:
    ours, stock = bench.once(our_export), bench.once(stock_export)
    whole = f"{ours.peak / stock.peak:.2f}"
    figures = {"ours": str(ours), "stock Flask-Admin": str(stock), "ratio of the whole peaks": whole}
    return Measured((ours.added / ours.rows) / (stock.added / stock.rows), figures)


def _floor(bench: Bench) -> Measured:
    ours, plain = bench.once(our_export), bench.once(csv_export)
    return Measured(ours.seconds / plain.seconds, {"ours": str(ours), "csv": str(plain)})


LINES = (
    Line("export-time", at_most(0.50), _time),
    Line("export-memory", at_most(0.10), _memory),
    Line("export-floor", STATED, _floor),
)
