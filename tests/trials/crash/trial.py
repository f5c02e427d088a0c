"""The trial as a whole: load, kills, and afterwards the comparison of what was said with what is there."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.trials.centre import Centre, opened
from tests.trials.crash.journal import Action, Journal
from tests.trials.crash.kills import Killer
from tests.trials.crash.load import Load, Stopped
from tests.trials.crash.looking import Eye
from tests.trials.crash.proof import Fact, expected, found, half_written

THREADS = 8
WORKERS = 2


@dataclass
class Outcome:
    """The figures of the last line, and what broke."""

    kills: int = 0
    inflight: int = 0
    acknowledged: int = 0
    lost: list[Fact] = field(default_factory=list)
    doubled: list[Fact] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.kills + other.kills,
            self.inflight + other.inflight,
            self.acknowledged + other.acknowledged,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.broken + other.broken,
        )

    def __str__(self) -> str:
        return (
            f"crash: kills={self.kills} inflight={self.inflight} acknowledged={self.acknowledged}"
            f" lost={len(self.lost)} doubled={len(self.doubled)}"
        )


def crash(kind: str, *, kills: int, seed: str, say: Callable[[str], None], threads: int = THREADS) -> Outcome:
    """Run the trial on one kind of database."""
    with opened(kind, workers=WORKERS, threads=4, durable=True) as centre:
        journal = Journal()
        load = Load(centre, journal, threads=threads, seed=f"{seed} {kind}")
        killer = Killer(centre, journal, random.Random(f"{seed} {kind} kills"))
        load.start()
        try:
            for number in range(kills):
                what = killer.kill(number)
                say(f"{kind}: {number + 1}/{kills} killed {what}; {len(journal.acknowledged)} acknowledged")
        finally:
            load.stop()
        outcome = judge(centre, journal, load, say)
        outcome.kills, outcome.inflight = kills, killer.inflight
        if kind == "postgresql" and killer.recoveries() < killer.kills["postgresql"]:
            outcome.broken.append(f"PostgreSQL recovered {killer.recoveries()} times only")
        return outcome


def judge(centre: Centre, journal: Journal, load: Load, say: Callable[[str], None]) -> Outcome:
    """Compare the journal with the database, before and after everything is repeated once more."""
    done = journal.acknowledged
    missing, surplus = compare(centre, done)
    again = sum(action.tries > 1 for action in done)
    say(f"{centre.kind}: {again} of {len(done)} acknowledged actions came twice or more; repeating all")
    differing = repeat(done, load)
    lost_later, doubled_later = compare(centre, done)
    broken = [*journal.broken, *differing, *half_written(centre)]
    return Outcome(
        acknowledged=len(done),
        lost=list((missing | lost_later).elements()),
        doubled=list((surplus | doubled_later).elements()),
        broken=broken,
    )


def compare(centre: Centre, done: list[Action]) -> tuple[Counter[Fact], Counter[Fact]]:
    """Return the facts that are missing, and those that are there too often."""
    wanted, there = expected(done, centre.cast), found(Eye(centre.database))
    return wanted - there, there - wanted


def repeat(done: list[Action], load: Load) -> list[str]:
    """Send every acknowledged action once more; returns those that were answered otherwise than before."""

    def again(action: Action) -> str:
        before = action.answer
        try:
            after = load.send(action)
        except Stopped:
            return f"no answer to the repeat of {action}"
        same = before is not None and (after.status, after.location) == (before.status, before.location)
        return "" if same else f"{before} became {after} when repeated: {action}"

    with ThreadPoolExecutor(THREADS) as pool:
        return [finding for finding in pool.map(again, done) if finding]
