"""How many races there were, and what they brought to light."""

from collections import Counter
from dataclasses import dataclass, field

from tests.trials.findings import Broken, Finding


@dataclass
class Tally:
    """Rounds, and what came of them; of one kind, or of the whole run."""

    rounds: int = 0
    together: int = 0
    """Rounds in which all requests were in flight at once."""
    mattered: int = 0
    """Of those, the ones in which a request was told of another: refused, asked, told or answered again."""
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def overlap(self) -> int:
        """The share of rounds in which all requests were in flight together, in whole percent."""
        return 100 * self.together // self.rounds if self.rounds else 0

    def count(self, broken: Broken) -> int:
        """Count the findings of one sort."""
        return sum(finding.broken is broken for finding in self.findings)

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.rounds += other.rounds
        self.together += other.together
        self.mattered += other.mattered
        self.outcomes += other.outcomes
        self.findings += other.findings

    def last_line(self) -> str:
        """Return the one line that the run ends with."""
        counts = " ".join(f"{broken.value}={self.count(broken)}" for broken in Broken)
        return f"races: rounds={self.rounds} overlap={self.overlap}% {counts}"

    def holds(self, *, rounds_wanted: int) -> bool:
        """Whether nothing was broken, in enough rounds that were races."""
        return not self.findings and self.rounds >= rounds_wanted and self.overlap >= 50
