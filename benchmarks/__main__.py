"""`make bench`: measures every line in one run, prints each beside its goal, and writes benchmarks/RESULTS.md.

`QUICK=1` has fewer rows and runs, and leaves RESULTS.md as it is. Names narrow the run to the lines that begin so:
`python -m benchmarks list search-2`. The exit code is 0 where every goal is met, 1 where a line falls short, and 2
where somebody answered wrongly, since then nothing was measured.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence

from benchmarks import lists
from benchmarks.bench import opened
from benchmarks.lines import Line, Result
from benchmarks.load import WrongAnswer

LINES: tuple[Line, ...] = (*lists.LINES,)
"""All lines, in the order in which they are measured and printed."""


def run(lines: Sequence[Line], *, quick: bool) -> list[Result]:
    """Measure lines in one run, and print each as soon as it is known."""
    results = []
    with opened(quick=quick) as bench:
        for line in lines:
            result = Result(line, line.measure(bench))
            print(result, flush=True)
            results.append(result)
    return results


def main(names: Sequence[str]) -> int:
    """Run the benchmark, and return the exit code."""
    quick = os.environ.get("QUICK", "0") not in ("", "0")
    lines = [line for line in LINES if not names or line.name.startswith(tuple(names))]
    # Whoever ends this early wants the servers ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    begin = time.monotonic()
    try:
        results = run(lines, quick=quick)
    except WrongAnswer as wrong:
        print(f"bench: WRONG ANSWER, nothing counts: {wrong}", file=sys.stderr)
        return 2
    short = [result.line.name for result in results if not result.is_met]
    minutes = (time.monotonic() - begin) / 60
    print(f"bench: {len(results)} lines in {minutes:.1f} minutes, {len(short)} short: {', '.join(short) or '-'}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
