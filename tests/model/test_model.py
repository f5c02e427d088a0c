"""The short form of the model-based test, and that the model shares nothing with what it judges."""

import ast
import sys
from pathlib import Path

import pytest

from tests.model.machine import Tally
from tests.model.reference.once import VERBS
from tests.model.running import KINDS, new_room, run_examples
from tests.support.databases import DatabaseFactory

REFERENCE = Path(__file__).parent / "reference"
EXAMPLES = 4
"""How many examples each database gets in a test of every day; `python -m tests.model` takes its time."""

MORE, AT_ONCE = 12, 3
"""How many more rounds there may be until every operation has succeeded, since threads decide some of what is
possible; and of how many examples. The first of a round is always the simplest that there is."""


@pytest.mark.postgresql
def test_product_does_what_the_model_says_whatever_people_try(
    database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    tally = Tally()

    for start, kind in enumerate(KINDS, 1):
        with new_room(database_factory, tmp_path, kind) as room:
            run_examples(room, tally, examples=EXAMPLES, start=start)
            for more in range(MORE if kind == KINDS[-1] else 0):
                if missing := never_succeeded(tally):
                    run_examples(
                        room, tally, examples=AT_ONCE, start=100 + more, sought=tuple(sorted(missing))
                    )

    # A run in which everything is refused would agree with any model.
    assert never_succeeded(tally) == set()
    assert tally.in_threads >= 100


def never_succeeded(tally: Tally) -> set[str]:
    return {verb for verb in VERBS if not tally.succeeded[verb]}


def test_model_shares_nothing_with_the_product() -> None:
    own = "tests.model.reference"
    for file in REFERENCE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                is_plain = name.partition(".")[0] in sys.stdlib_module_names
                assert is_plain or name == own or name.startswith(f"{own}."), f"{file.name} imports {name}"
