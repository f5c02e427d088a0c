"""`make bench`: measures every line in one run, prints each beside its goal, and writes RESULTS.md.

`QUICK=1` has fewer rows and runs, and leaves RESULTS.md as it is. Names narrow the run to the lines that
begin so: `python -m benchmarks list search-2`. The exit code is 0 where every goal is met, 1 where a line
falls short, and 2 where somebody answered wrongly, since then nothing was measured.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence

from benchmarks import choice, exports, figures, lists, opening_day, queueing, resources, writes
from benchmarks.bench import Bench, opened
from benchmarks.lines import Line, Result
from benchmarks.load import WrongAnswer
from benchmarks.machine import Watch, quietness
from benchmarks.report import Run, peer_versions, write_report

MET, SHORT, WRONG = range(3)
"""The exit codes."""

LINES: tuple[Line, ...] = (
    *lists.LINES, *figures.LINES, *exports.LINES,
    *writes.LINES, *opening_day.LINES, *queueing.LINES, *resources.LINES, *choice.LINES,
)  # fmt: skip
"""All lines, in the order in which they are measured and printed."""


def measured(bench: Bench, lines: Sequence[Line]) -> list[Result]:
    """Measure lines, and print each as soon as it is known."""
    results = []
    for line in lines:
        begin, filled = time.monotonic(), sum(bench.fill_seconds.values())
        found = line.measure(bench)
        filling = sum(bench.fill_seconds.values()) - filled
        results.append(Result(line, found, seconds=time.monotonic() - begin - filling))
        print(results[-1], flush=True)
    return results


def run(lines: Sequence[Line], *, quick: bool, reports: bool) -> int:
    """Measure lines in one run; returns the exit code."""
    watch = Watch()
    with opened(quick=quick) as bench:
        results = measured(bench, lines)
        postgresql = bench.cluster.version
    quiet = quietness(watch.others(), watch.load)
    if reports:
        about = Run(
            sizes=bench.sizes, runs=bench.runs, postgresql=postgresql, peers=peer_versions(),
            fill_seconds=bench.fill_seconds, minutes=watch.minutes, quietness=quiet,
        )  # fmt: skip
        write_report(about, results)
    short = ", ".join(short_of(results)) or "none"
    print(f"bench: {len(results)} lines in {watch.minutes:.1f} minutes; short: {short}")
    filling = sum(bench.fill_seconds.values()) / 60
    print(f"bench: of these minutes {filling:.1f} for filling; {quiet}")
    return exit_code(results)


def exit_code(results: Sequence[Result]) -> int:
    """Return whether a line missed its goal."""
    return SHORT if short_of(results) else MET


def short_of(results: Sequence[Result]) -> list[str]:
    """Return the names of the lines that miss their goals."""
    return [result.line.name for result in results if not result.is_met]


def main(names: Sequence[str]) -> int:
    """Run the benchmark, and return the exit code."""
    quick = os.environ.get("QUICK", "") not in ("", "0")
    lines = [line for line in LINES if not names or line.name.startswith(tuple(names))]
    # Whoever ends this early wants the servers ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    try:
        return run(lines, quick=quick, reports=not quick and not names)
    except WrongAnswer as wrong:
        print(f"bench: WRONG ANSWER, nothing counts: {wrong}", file=sys.stderr)
        return WRONG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
