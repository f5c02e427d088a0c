"""What a line of the benchmark is: a name, a goal, and how it is measured.

To add a line, write a module of one subject beside this one with a function for each line and a tuple
`LINES`, and name that tuple in `benchmarks/__main__.py`:

    def scan_thin(bench: Bench) -> Measured:
        rates = bench.once(_rates)                # measured once, though several lines read it
        return Measured(rates["ours"] / rates["thin"], {"ours": f"{rates['ours']:.0f}/s", …})

    LINES = (Line("scan-thin", at_least(0.60), scan_thin),)

`bench` (benchmarks/bench.py) gives databases of each size, servers that run, and people who have signed in. A
wrong answer, of a peer or of ours, is an exception (`load.WrongAnswer`), which ends the whole run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.bench import Bench


@dataclass(frozen=True)
class Goal:
    """What a ratio has to keep to; without a limit it is only stated. `most_ms` is a second limit."""

    limit: float | None = None
    is_least: bool = False
    most_ms: float | None = None

    def is_met(self, ratio: float, ms: float | None = None) -> bool:
        """Whether a ratio, as exact as it is printed, keeps to the goal, and the milliseconds to theirs."""
        if self.most_ms is not None and (ms is None or ms > self.most_ms):
            return False
        if self.limit is None:
            return True
        return shown(ratio) >= self.limit if self.is_least else shown(ratio) <= self.limit

    def __str__(self) -> str:
        """Return the goal as a line prints it, without spaces."""
        if self.limit is None:
            return "stated"
        text = f"{'>=' if self.is_least else '<='}{self.limit:g}"
        return f"{text},<={self.most_ms:g}ms" if self.most_ms is not None else text


STATED = Goal()


def at_most(limit: float, *, ms: float | None = None) -> Goal:
    """Return the goal that a ratio is at most this, and what was measured at most so many milliseconds."""
    return Goal(limit, most_ms=ms)


def at_least(limit: float) -> Goal:
    """Return the goal that a ratio is at least this."""
    return Goal(limit, is_least=True)


def shown(ratio: float) -> float:
    """Return a ratio with the three digits behind the point that are printed and judged."""
    return round(ratio, 3)


@dataclass(frozen=True)
class Measured:
    """What measuring a line gave: the ratio, the raw figures beside it by name, and a curve for the plots.

    `ms` is what a limit in milliseconds is about, `curve` milliseconds by the number of leads, and `errors`
    how many answers were wrong where a line goes on after one.
    """

    ratio: float
    figures: Mapping[str, str] = field(default_factory=dict)
    ms: float | None = None
    curve: Mapping[int, float] = field(default_factory=dict)
    errors: int = 0


@dataclass(frozen=True)
class Line:
    """One line of the benchmark."""

    name: str
    goal: Goal
    measure: "Callable[[Bench], Measured]"


@dataclass(frozen=True)
class Result:
    """A line that was measured."""

    line: Line
    measured: Measured
    seconds: float = 0
    """How long measuring took; what several lines share is counted where it was first asked for."""

    @property
    def is_met(self) -> bool:
        """Whether the goal is met, which no line does in which somebody got a wrong answer."""
        met = self.line.goal.is_met(self.measured.ratio, self.measured.ms)
        return met and not self.measured.errors

    @property
    def verdict(self) -> str:
        """The last word of the printed line."""
        return "ok" if self.is_met else "short"

    def __str__(self) -> str:
        """Return the line as it is printed, the raw figures beside it."""
        figures = "; ".join(f"{name} {figure}" for name, figure in self.measured.figures.items())
        ratio = shown(self.measured.ratio)
        line = f"bench: {self.line.name} ratio={ratio:.3f} goal={self.line.goal} {self.verdict}"
        return f"{line}  ({figures}; took {self.seconds:.0f} s)"
