"""`python -m tests.trials.crash`: kill -9 under load, and then look whether anything was lost or doubled."""

import argparse
import secrets
import sys
import time

from tests.trials.centre import KINDS
from tests.trials.crash.trial import Outcome, crash

KILLS = 110
LEAST_KILLS, LEAST_INFLIGHT = 100, 50


def main() -> int:
    """Run the trial, print what broke, and end with the line of figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help="over all databases together")
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    asked = parser.parse_args()
    kinds = KINDS if asked.database == "both" else (asked.database,)
    print(f"seed {asked.seed}", flush=True)
    began = time.monotonic()
    outcome = Outcome()
    for number, kind in enumerate(kinds):
        kills = asked.kills // len(kinds) + (number < asked.kills % len(kinds))
        outcome += crash(kind, kills=kills, seed=asked.seed, say=lambda line: _say(began, line))
    for finding in (*map(str, outcome.lost), *map(str, outcome.doubled), *outcome.broken):
        print(finding)
    print(outcome)
    return int(not is_kept(outcome, asked.kills))


def is_kept(outcome: Outcome, asked: int) -> bool:
    """Say whether nothing broke, with as many kills as were wanted and half of them in flight."""
    is_enough = outcome.kills >= min(asked, LEAST_KILLS)
    is_enough = is_enough and outcome.inflight >= min(asked // 2, LEAST_INFLIGHT) and outcome.acknowledged > 0
    return is_enough and not (outcome.lost or outcome.doubled or outcome.broken)


def _say(began: float, line: str) -> None:
    print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
