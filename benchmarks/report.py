"""RESULTS.md: on what machine, with which versions, every line with its raw figures, and how it grows."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.lines import Result, shown
from benchmarks.servers import PEER_PYTHON, PROCESSES, THREADS
from lead_system.config import PROJECT_FOLDER

RESULTS = PROJECT_FOLDER / "benchmarks" / "RESULTS.md"
PLOTS = PROJECT_FOLDER / "benchmarks" / "plots"
OURS = ("Flask", "Flask-Admin", "SQLAlchemy", "psycopg", "gunicorn")
PEERS = (
    "Django",
    "Flask-Admin",
    "Flask-SQLAlchemy",
    "SQLAlchemy",
    "psycopg",
    "gunicorn",
    "granian",
    "waitress",
)

PLOTTED = {
    "lists": ("The list of customers", ("growth-list-", "growth-phone")),
    "searches": ("Searching customers", ("growth-search-",)),
    "writes": ("Scanning, entering and reporting", ("growth-scan", "growth-enter", "growth-report")),
}
"""A plot's file, its title, and how the names of its lines begin."""

HOW = """\
Each line was measured in this one run. Pages were fetched by another process over kept connections, with the
headers of a browser, the servers in turn (A B C A B C …); a figure is the median, and an answer that was no
page, or had other rows than the database names, would have ended the run. Every server ran under
gunicorn with {processes} processes of {threads} threads on a copy of the same database: {sizes} leads of
2 000 brokers over three years, with the reports, scans, bindings, fees, deals and records that belong to
them (`benchmarks/fill/`). PostgreSQL is durable, with 1 GB of shared buffers. Ours is as in production
but for TLS. The peers (`benchmarks/peers/`) have the same columns and searches, related rows in the same
question, and all indexes of our schema, which are more than their documentation advises. Django's ratio
takes the faster of its two forms.
"""


def write_report(bench: Bench, results: Sequence[Result], *, minutes: float, load: float) -> None:
    """Write RESULTS.md and its plots anew."""
    _draw(results)
    RESULTS.write_text("\n".join(_lines(bench, results, minutes=minutes, load=load)) + "\n", encoding="utf-8")


def _lines(bench: Bench, results: Sequence[Result], *, minutes: float, load: float) -> Iterator[str]:
    yield "# What `make bench` measured\n"
    short = [result.line.name for result in results if not result.is_met]
    yield f"{datetime.now(UTC):%Y-%m-%d}, {len(results)} lines in {minutes:.0f} minutes; "
    yield f"{len(short)} fall short of their goals{': ' + ', '.join(short) if short else ''}.\n"
    sizes = ", ".join(f"{rows:,}" for rows in bench.sizes)
    yield HOW.format(processes=PROCESSES, threads=THREADS, sizes=sizes)
    yield "## Machine and versions\n"
    yield f"- {_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, Linux {platform.release()}"
    yield f"- load average at the start {load:.1f}: above 0.5 others were at work, and figures are too high"
    yield f"- Python {platform.python_version()}, PostgreSQL {bench.cluster.version}"
    yield f"- ours: {', '.join(f'{name} {version(name)}' for name in OURS)}"
    yield f"- peers: {', '.join(f'{name} {found}' for name, found in _peer_versions().items())}\n"
    yield "## Lines\n"
    yield "| line | ratio | goal | | raw figures |"
    yield "|---|---:|---:|---|---|"
    yield from (_row(result) for result in results)
    yield "\n## Growth\n"
    for file, (title, _names) in PLOTTED.items():
        if (PLOTS / f"{file}.svg").exists():
            yield f"![{title}](plots/{file}.svg)\n"


def _row(result: Result) -> str:
    figures = "; ".join(f"{name} {figure}" for name, figure in result.measured.figures.items())
    ratio, goal = (
        f"{shown(result.measured.ratio):.3f}",
        str(result.line.goal).replace("<=", "≤ ").replace(">=", "≥ "),
    )
    return f"| {result.line.name} | {ratio} | {goal} | {result.verdict} | {figures} |"


def _draw(results: Sequence[Result]) -> None:
    """Draw what grows, by the library that only the benchmark needs."""
    PLOTS.mkdir(exist_ok=True)
    plots = []
    for file, (title, names) in PLOTTED.items():
        curves = {
            result.line.name.removeprefix("growth-"): sorted(result.measured.curve.items())
            for result in results
            if result.measured.curve and result.line.name.startswith(names)
        }
        if curves:
            sizes = sorted({size for points in curves.values() for size, _ms in points})
            plots.append(
                {"title": title, "file": str(PLOTS / f"{file}.svg"), "curves": curves, "sizes": sizes}
            )
    command = [str(PEER_PYTHON), "-m", "benchmarks.peers.draw"]
    subprocess.run(command, input=json.dumps(plots), text=True, check=True, cwd=PROJECT_FOLDER)


def _peer_versions() -> dict[str, str]:
    asked = (
        "import importlib.metadata as m, json, sys; "
        "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
    )
    ran = subprocess.run([str(PEER_PYTHON), "-c", asked, *PEERS], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(ran.stdout)
    return found


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
