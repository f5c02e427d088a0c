"""The short form of `make sabotage`: every guard can still be taken away, and one is, in a copy."""

import pytest

from tests.support.databases import ROOT
from tests.trials.guards import GUARDS, Cut, Guard
from tests.trials.sabotage import a_copy, cut_away, is_caught, run_tests, sabotage

NAMED_BY_THE_PROMISES = (
    "hold constraint",
    "hold release",
    "boundary",
    "scope in get_one",
    "scope of pictures",
    "scope of exports",
    "request-id replay",
    "collision join",
    "CSRF",
    "stale form",
    "once per broker",
    "history record",
)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.partition(":")[0])
def test_guard_stands_where_sabotage_looks_for_it(guard: Guard) -> None:
    for cut in guard.cuts:
        assert (ROOT / cut.file).read_text().count(cut.text) == 1, f"{cut.file} has changed: {cut.text}"
    for test in guard.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("name", NAMED_BY_THE_PROMISES)
def test_every_named_guard_is_among_them(name: str) -> None:
    assert any(guard.name.startswith(name) for guard in GUARDS)


def test_guard_that_is_gone_is_caught() -> None:
    (guard,) = (guard for guard in GUARDS if guard.name.startswith("boundary of the status"))

    told = sabotage(guard)

    assert is_caught(told), told


def test_cut_that_takes_nothing_away_is_not_called_caught() -> None:
    (boundary,) = (guard for guard in GUARDS if guard.name.startswith("boundary of the status"))
    harmless = Cut(boundary.cuts[0].file, "What can happen to a lead.", "What may happen to a lead.")

    with a_copy() as folder:
        cut_away(folder, [harmless])
        told = run_tests(folder, boundary.tests)

    assert told.passed
    assert not is_caught(told)


def test_copy_in_which_nothing_works_is_not_called_caught() -> None:
    broken = Cut("lead_system/domain/lifecycle.py", "class Verb(StrEnum):", "class Verb(StrEnum:")

    told = sabotage(Guard("a syntax", (broken,), ("tests/domain/test_lifecycle.py",)))

    assert told.broken
    assert not is_caught(told)


def test_text_that_is_not_there_is_said_so() -> None:
    with pytest.raises(ValueError, match="0 times, not once"):
        cut_away(ROOT, [Cut("README.md", "no such text anywhere in this file")])
