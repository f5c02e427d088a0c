"""`python -m tests.trials.races`: people at one customer at the same instant, on both databases."""

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from tests.trials.centre import KINDS as DATABASES
from tests.trials.centre import opened
from tests.trials.races.run import KINDS, Plan, Races
from tests.trials.races.tally import Tally

SHOWN = 20
"""How many findings are told in full."""


def main(arguments: Sequence[str]) -> int:
    """Run the races, tell what broke, and end with one line; returns the exit code."""
    plan = _plan(arguments)
    print(f"races: {len(plan.kinds)} kinds × {plan.rounds_each} rounds on {' and '.join(plan.databases)},"
          f" seed {plan.seed}")  # fmt: skip
    total = Tally()
    try:
        for database in plan.databases:
            _run_on(database, plan, total)
    except KeyboardInterrupt:
        print("Stopped before the end.")
    for finding in total.findings[:SHOWN]:
        print(f"\n{finding}")
    if len(total.findings) > SHOWN:
        print(f"\n… and {len(total.findings) - SHOWN} more")
    print(f"\nIn {total.mattered} rounds all were in flight and one was told of another.")
    print(total.last_line())
    return 0 if total.holds(rounds_wanted=plan.rounds) else 1


def _run_on(database: str, plan: Plan, total: Tally) -> None:
    began = time.monotonic()
    with opened(database) as centre:
        races = Races(centre, plan.seed)
        try:
            for name in plan.kinds:
                _batch(races, database, name, plan.rounds_each, total)
        finally:
            races.close()
    print(f"{database}: {time.monotonic() - began:.0f} s", flush=True)


def _batch(races: Races, database: str, name: str, rounds: int, total: Tally) -> None:
    """Run one kind, and count and tell what came of it, even if it was stopped halfway."""
    tally = Tally()
    try:
        races.batch(name, rounds, tally)
    finally:
        total.add(tally)
        print(_line(database, name, tally), flush=True)


def _line(database: str, name: str, tally: Tally) -> str:
    """Return the progress of one kind: rounds, overlap, and how often each outcome came."""
    outcomes = ", ".join(f"{words} × {times}" for words, times in tally.outcomes.most_common())
    broken = f"  {len(tally.findings)} BROKEN" if tally.findings else ""
    return f"{database:10} {name:44} {tally.rounds:3} rounds {tally.overlap:3}%  {outcomes}{broken}"


def _plan(arguments: Sequence[str]) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000, help="rounds in all (%(default)s)")
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="drawn unless given")
    parser.add_argument("--only", choices=sorted(KINDS), nargs="+", metavar="KIND", help="some kinds alone")
    given = parser.parse_args(arguments)
    databases = DATABASES if given.database == "both" else (given.database,)
    return Plan(given.rounds, databases, tuple(given.only or KINDS), given.seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
