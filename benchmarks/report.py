"""RESULTS.md: on what machine, with which versions, every line with its raw figures, and how it grows."""

import json
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import ceil, floor, log10
from pathlib import Path

from benchmarks.lines import Result, shown
from benchmarks.load import FEWEST_RUNS
from benchmarks.machine import described
from benchmarks.servers import PEER_PYTHON, PROCESSES, THREADS
from benchmarks.surroundings import surroundings
from lead_system.config import PROJECT_FOLDER

FOLDER = PROJECT_FOLDER / "benchmarks"
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
    "lists": ("The list of customers", "ms a page", ("growth-list-", "growth-phone")),
    "searches": ("Searching customers", "ms a page", ("growth-search-",)),
    "writes": ("Writes by 16 at once", "ms each", ("growth-scan", "growth-enter", "growth-report")),
}
"""A plot's file, its title, the unit, and how the names of its lines begin."""


class NotDrawn(Exception):
    """A plot lacks words that it was to show."""


@dataclass(frozen=True)
class Plot:
    """Everything that a plot shows; `benchmarks/peers/draw.py` only hands it to its library."""

    name: str
    title: str
    unit: str
    curves: Mapping[str, Sequence[tuple[int, float]]]
    """By the name of each line how many leads there were, and how long it took then."""

    @property
    def sizes(self) -> list[int]:
        """The numbers of leads that stand below it."""
        return sorted({size for points in self.curves.values() for size, _ms in points})

    @property
    def top(self) -> int:
        """A round number above all points: from zero to there, little growth looks little."""
        most = max(ms for points in self.curves.values() for _size, ms in points)
        step = 10 ** floor(log10(most))
        return ceil(most / step + 0.1) * step if most >= 10 else 10

    @property
    def words(self) -> list[str]:
        """What must be read in it, however it is drawn."""
        return [self.title, self.unit, *self.curves, *(f"{size:,}" for size in self.sizes)]


HOW = """\
Each line was measured in this one run. Pages were fetched by another process over kept connections, with the
headers of a browser, the servers in turn (A B C A B C …); a figure is the median, and an answer that was no
page, or had other rows than the database names, would have ended the run. A page that takes seconds was
fetched {fewest} times at least, others {runs} times and more. Every server ran under gunicorn with
{processes} processes of {threads} threads on a copy of the same database: {sizes} leads of
2 000 brokers over three years, with the reports, scans, bindings, fees, deals and records that belong to
them (`benchmarks/fill/`). PostgreSQL is durable, with 1 GB of shared buffers. Ours is as in production but
for TLS, and for the limit on the requests of one browser, which a benchmark would reach. The peers
(`benchmarks/peers/`) have the same columns and searches, related rows in the same question, and all indexes
of our schema, which are more than their documentation advises. Django's ratio takes the faster of its two
forms.
"""


@dataclass(frozen=True)
class Run:
    """What RESULTS.md says about a run beside its lines."""

    sizes: Sequence[int]
    runs: int
    postgresql: str
    peers: Mapping[str, str]
    fill_seconds: Mapping[int, float]
    minutes: float
    quietness: str


def write_report(run: Run, results: Sequence[Result], *, folder: Path = FOLDER) -> None:
    """Write RESULTS.md and its plots anew."""
    plots = plots_of(results)
    draw(plots, folder / "plots")
    (folder / "RESULTS.md").write_text(text(run, results, plots), encoding="utf-8")


def text(run: Run, results: Sequence[Result], plots: Sequence[Plot]) -> str:
    """Return what RESULTS.md says."""
    return "\n".join(_lines(run, results, plots)) + "\n"


def _lines(run: Run, results: Sequence[Result], plots: Sequence[Plot]) -> Iterator[str]:
    yield "# What `make bench` measured\n"
    short = [result.line.name for result in results if not result.is_met]
    yield f"{datetime.now(UTC):%Y-%m-%d}, {len(results)} lines in {run.minutes:.0f} minutes; "
    yield f"{len(short)} fall short of their goals{': ' + ', '.join(short) if short else ''}.\n"
    sizes = ", ".join(f"{rows:,}" for rows in run.sizes)
    yield HOW.format(processes=PROCESSES, threads=THREADS, sizes=sizes, fewest=FEWEST_RUNS, runs=run.runs)
    yield "## Machine and versions\n"
    yield f"- {described()}"
    yield f"- {run.quietness}"
    yield f"- Python {platform.python_version()}, PostgreSQL {run.postgresql}"
    yield f"- ours: {', '.join(f'{name} {version(name)}' for name in OURS)}"
    yield f"- peers: {', '.join(f'{name} {found}' for name, found in run.peers.items())}"
    yield f"- {_filled(run)}\n"
    yield "## Lines\n"
    yield "The last column is how many seconds measuring took; what lines share is counted at the first.\n"
    yield "| line | ratio | goal | | raw figures | s |"
    yield "|---|---:|---:|---|---|---:|"
    yield from (_row(result) for result in results)
    yield "\n## Growth\n"
    for plot in plots:
        yield f"![{plot.title}](plots/{plot.name}.svg)\n"


def _filled(run: Run) -> str:
    taken = ", ".join(f"{rows:,} leads {seconds:.0f} s" for rows, seconds in run.fill_seconds.items())
    return f"filling, within the {run.minutes:.0f} minutes (next to nothing where rows were kept): {taken}"


def _row(result: Result) -> str:
    figures = "; ".join(f"{name} {figure}" for name, figure in result.measured.figures.items())
    ratio, goal = (
        f"{shown(result.measured.ratio):.3f}",
        str(result.line.goal).replace("<=", "≤ ").replace(">=", "≥ ").replace(",", ", "),
    )
    # A bar or a new line within an error's words would end the cell.
    cell = " ".join(figures.replace("|", "/").split())
    return f"| {result.line.name} | {ratio} | {goal} | {result.verdict} | {cell} | {result.seconds:.0f} |"


def plots_of(results: Sequence[Result]) -> list[Plot]:
    """Return the plots of what was measured at several sizes; one without any line is not drawn."""
    plots = []
    for name, (title, unit, begins) in PLOTTED.items():
        curves = {
            result.line.name.removeprefix("growth-"): sorted(result.measured.curve.items())
            for result in results
            if result.measured.curve and result.line.name.startswith(begins)
        }
        if curves:
            plots.append(Plot(name, title, unit, curves))
    return plots


def draw(plots: Sequence[Plot], folder: Path) -> None:
    """Draw plots by the library that only the benchmark needs, which is in the environment of the peers.

    Raises:
        NotDrawn: a plot lacks words that it was to show.
    """
    folder.mkdir(exist_ok=True)
    files = [folder / f"{plot.name}.svg" for plot in plots]
    described = [
        asdict(plot) | {"sizes": plot.sizes, "top": plot.top, "file": str(file)}
        for plot, file in zip(plots, files, strict=True)
    ]
    command = [str(PEER_PYTHON), "-m", "benchmarks.peers.draw"]
    subprocess.run(
        command, input=json.dumps(described), text=True, check=True, cwd=PROJECT_FOLDER, env=surroundings()
    )
    for plot, file in zip(plots, files, strict=True):
        require_drawn(plot, file.read_text(encoding="utf-8"))


def require_drawn(plot: Plot, drawn: str) -> None:
    """Refuse a drawing in which words of the plot are not to be read."""
    if lacking := [words for words in plot.words if words not in drawn]:
        raise NotDrawn(f"{plot.name}.svg lacks {', '.join(lacking)}")


def peer_versions() -> dict[str, str]:
    """Return which versions the peers have, in their own environment."""
    asked = (
        "import importlib.metadata as m, json, sys; "
        "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
    )
    ran = subprocess.run([str(PEER_PYTHON), "-c", asked, *PEERS], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(ran.stdout)
    return found
