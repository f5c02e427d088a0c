"""The line about writers of one SQLite file: how long the last of many waits, against one who is alone."""

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.bench import Bench
from benchmarks.elsewhere import run_elsewhere
from benchmarks.lines import Line, Measured, at_most
from benchmarks.writes import BROKER_IDS, sqlite_file
from lead_system.application import create_app
from lead_system.clock import now
from lead_system.config import Settings, SigningKey
from lead_system.services.leads import LeadEntry, enter_lead
from lead_system.services.transaction import Caller

PROCESSES, THREADS = 2, 16


def _queue(bench: Bench) -> Measured:
    """Let one enter customers alone, then 32 at once in two processes, on a new database each."""
    seconds = 4 if bench.quick else 15
    alone = median(_written(bench.folder / "alone", processes=1, threads=1, seconds=seconds))
    times = _written(bench.folder / "queue", processes=PROCESSES, threads=THREADS, seconds=2 * seconds)
    last = quantiles(times, n=100)[98]
    figures = {
        "alone": f"{alone * 1000:.1f} ms",
        "p99 of 32": f"{last * 1000:.0f} ms",
        "writes": f"{len(times)}",
    }
    return Measured(last / (PROCESSES * THREADS * alone), figures)


def _written(folder: Path, *, processes: int, threads: int, seconds: int) -> list[float]:
    folder.mkdir()
    file = sqlite_file(folder / "leads.sqlite3")
    plan = {"file": file, "folder": str(folder), "threads": threads, "seconds": seconds}
    plans = [plan | {"first": number * threads} for number in range(processes)]
    with ThreadPoolExecutor(processes) as pool:
        return sum(pool.map(partial(run_elsewhere, write_on), plans), list[float]())


def write_on(plan: dict[str, Any]) -> list[float]:
    """Enter customers by so many threads until the time is over; returns the seconds of each."""
    app = create_app(
        Settings(
            database_url=f"sqlite:///{plan['file']}", secret_key=SigningKey("x" * 40), demo=True,
            public_url="http://localhost", data_dir=Path(plan["folder"]),
        )
    )  # fmt: skip
    times: list[float] = []

    def write(writer: int) -> None:
        end, done = time.monotonic() + plan["seconds"], 0
        while time.monotonic() < end:
            name = chr(0x4E00 + writer) + chr(0x4E00 + done % 5000) + chr(0x4E00 + done // 5000)
            begin = time.perf_counter()
            with app.app_context():
                caller = Caller(BROKER_IDS[writer % len(BROKER_IDS)], secrets.token_urlsafe(16))
                enter_lead(caller, entry=LeadEntry("鑫", name, "138", "1234"), then_report=False, now=now())
            done += 1
            if done > 3:
                times.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=write, args=(plan["first"] + n,)) for n in range(plan["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


LINES = (Line("sqlite-queue", at_most(2), _queue),)
