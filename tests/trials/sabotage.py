"""Takes each guard away in a copy of the project, and has the tests that should notice run there.

`python -m tests.trials.sabotage` ends with `sabotage: guards=N caught=N`. First the same tests run in an
untouched copy: only where they pass there does it say anything that they fail elsewhere. In every other copy
some tests that have nothing to do with the guard must still pass.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.support.databases import ROOT
from tests.trials.guards import CONTROLS, GUARDS, Cut, Guard

LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "instance", "test-output", "__pycache__", ".*_cache", "*.sqlite3*"
)
AT_ONCE = 2


@dataclass(frozen=True)
class Told:
    """What a run of tests came to."""

    passed: int
    failed: tuple[str, ...]
    broken: str = ""
    """What pytest said where it could not run the tests at all."""


@contextmanager
def a_copy(root: Path = ROOT) -> Iterator[Path]:
    """Give a copy of the project that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix="leads-sabotage-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(root, copy, symlinks=True, ignore=LEFT_BEHIND)
        yield copy


def cut_away(folder: Path, cuts: Iterable[Cut]) -> None:
    """Take a guard away.

    Raises:
        ValueError: the guarded text does not stand exactly once in its file, so nothing was tried.
    """
    for cut in cuts:
        path = folder / cut.file
        text = path.read_text()
        if text.count(cut.text) != 1:
            raise ValueError(f"{cut.file} holds this {text.count(cut.text)} times, not once:\n{cut.text}")
        path.write_text(text.replace(cut.text, cut.instead))


def run_tests(folder: Path, tests: Sequence[str]) -> Told:
    """Run tests in a copy."""
    report = folder.parent / "report.xml"
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--junitxml={report}", *tests], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or not report.exists():
        return Told(0, (), broken=done.stdout[-2000:] + done.stderr[-2000:])
    return _read(report)


def _read(report: Path) -> Told:
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    names = tuple(f"{case.get('classname')}::{case.get('name')}" for case in failed)
    return Told(len(cases) - len(failed) - skipped, names)


def is_caught(told: Told) -> bool:
    """Say whether tests of a guard noticed that it is gone, and nothing else is."""
    names = {test.partition("[")[0] for test in told.failed}
    return not told.broken and bool(names) and not names & {_as_reported(test) for test in CONTROLS}


def _as_reported(test: str) -> str:
    """Return the name by which a report calls a test."""
    file, _, name = test.partition("::")
    return f"{file.removesuffix('.py').replace('/', '.')}::{name}"


def sabotage(guard: Guard) -> Told:
    """Take one guard away in a copy, and return what its tests say there."""
    with a_copy() as folder:
        cut_away(folder, guard.cuts)
        return run_tests(folder, [*CONTROLS, *guard.tests])


def untouched(guards: Sequence[Guard]) -> Told:
    """Return what all those tests say where nothing is missing."""
    with a_copy() as folder:
        return run_tests(folder, [*CONTROLS, *sorted({test for guard in guards for test in guard.tests})])


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all guards, or those whose names hold a word; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only guards whose name holds this")
    only = parser.parse_args(arguments).only
    guards = [guard for guard in GUARDS if only in guard.name]
    whole = untouched(guards)
    print(f"untouched: {whole.passed} passed, {len(whole.failed)} failed {whole.broken}", flush=True)
    if whole.failed or whole.broken or not whole.passed:
        print("\n".join(whole.failed))
        return 1
    caught = 0
    with ThreadPoolExecutor(AT_ONCE) as tries:
        for guard, told in zip(guards, tries.map(sabotage, guards), strict=True):
            caught += is_caught(told)
            word = "caught" if is_caught(told) else f"NOT CAUGHT {told.broken}"
            print(f"{word}: {guard.name} ({len(told.failed)} failed, {told.passed} passed)", flush=True)
    print(f"sabotage: guards={len(guards)} caught={caught}")
    return 0 if caught == len(guards) else 1


if __name__ == "__main__":
    raise SystemExit(main())
