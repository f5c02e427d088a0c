"""`python -m tests.model`: the model-based test for as long as somebody has time.

    python -m tests.model --minutes 10
    python -m tests.model --steps 20000 --seed 7 --only postgresql

SQLite and PostgreSQL take turns. It ends with one line, and with exit code 1 if product and model ever
differed; the sequence of steps that shows it is printed before, and the seed that draws it again.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.model.machine import Tally
from tests.model.room import Room
from tests.model.running import KINDS, new_room, run_examples
from tests.support.databases import DatabaseFactory

EXAMPLES = 5
"""How many examples are run on one database before it is the other's turn."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _asked(arguments)
    with tempfile.TemporaryDirectory(prefix="leads-model-") as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "made").mkdir()
        factory = DatabaseFactory(folder / "made")
        stack.callback(factory.close)
        kinds = [asked.only] if asked.only else KINDS
        rooms = [stack.enter_context(new_room(factory, folder, kind)) for kind in kinds]
        tally, mismatches = Tally(), 0
        started = time.monotonic()
        for turn in range(sys.maxsize):
            if not _goes_on(asked, tally, started):
                break
            mismatches += _turn(rooms[turn % len(rooms)], tally, start=asked.seed + turn)
    _say_what_happened(tally)
    _say(
        f"model: steps={tally.steps} operations={tally.operations} examples={tally.examples}"
        f" threads={tally.in_threads} mismatches={mismatches}"
    )
    return 1 if mismatches else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--steps", type=int, help="how many steps at least, instead of minutes")
    parser.add_argument("--seed", type=int, default=1, help="which examples are drawn (1)")
    parser.add_argument("--only", choices=KINDS, help="on one database alone")
    return parser.parse_args(arguments)


def _goes_on(asked: argparse.Namespace, tally: Tally, started: float) -> bool:
    if asked.steps is not None:
        return tally.steps < int(asked.steps)
    return time.monotonic() - started < float(asked.minutes) * 60


def _turn(room: Room, tally: Tally, *, start: int) -> int:
    """Run some examples; returns 1 where product and model differ, after printing how."""
    try:
        run_examples(room, tally, examples=EXAMPLES, start=start, shrinks=True)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or not tally.last_mismatch:
            raise
        _say(f"\nmismatch with --seed {start} --only {room.kind}:\n{tally.last_mismatch}\n")
        tally.last_mismatch = ""
        return 1
    _say(f"  {room.kind}: {tally.steps} steps, {tally.operations} operations")
    return 0


def _say_what_happened(tally: Tally) -> None:
    """Print how often each operation succeeded and was refused: refusals alone would show little."""
    for verb in sorted(tally.succeeded.keys() | {verb for verb, _code in tally.refused}):
        refused = {code: count for (one, code), count in sorted(tally.refused.items()) if one == verb}
        _say(f"  {verb:22} succeeded {tally.succeeded[verb]:5}  refused {sum(refused.values()):5}  {refused}")
    _say(
        f"  at once {tally.orders.total()} times; the first serial order explained {tally.orders[1]} of them"
    )


if __name__ == "__main__":
    sys.exit(main())
