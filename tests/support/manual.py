"""Which items of the original manual are proved, and by a test that passed.

As a pytest plugin it keeps the outcome of every case that cites an item, and after a run of all tests writes
them to a file that git ignores. An item is proved when some case cites it and every case that cites it
passed: a skip or an expected failure proves nothing. `make manual` prints the items without proof; it runs
the tests again if anything has changed since they were last run.
"""

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "manual.csv"
RECORD = ROOT / "test-output" / "manual.json"
SOURCES = ("app.py", "docs/manual.csv", "lead_system", "migrations", "pyproject.toml", "templates", "tests")
GENERATED = frozenset((".pyc", ".mo"))


@cache
def item_ids() -> list[str]:
    with MANUAL.open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def unproved(items: list[str], passed: dict[str, bool]) -> list[str]:
    return [item for item in items if not passed.get(item, False)]


def fingerprint() -> str:
    """Tells whether anything that could change a test's outcome has changed."""
    digest = hashlib.sha256()
    for path in sorted(_source_files()):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _source_files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and file.suffix not in GENERATED:
                yield file


class ManualRecorder:
    """Gathers the outcomes in the process that reports them, which with several workers is their leader."""

    def __init__(self) -> None:
        self.fingerprint = fingerprint()
        self.passed: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        is_proof = report.passed and not hasattr(report, "wasxfail")
        for name, item in report.user_properties:
            if name == "manual":
                self.passed[str(item)] = self.passed.get(str(item), True) and is_proof

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        ran_to_the_end = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if ran_to_the_end and _is_whole_run(session.config):
            RECORD.parent.mkdir(exist_ok=True)
            RECORD.write_text(json.dumps({"fingerprint": self.fingerprint, "passed": self.passed}, indent=1))


def _is_whole_run(config: pytest.Config) -> bool:
    chosen = ("keyword", "markexpr", "deselect", "lf", "failedfirst", "maxfail", "collectonly")
    return config.args == config.getini("testpaths") and not any(
        config.getoption(name, default=None) for name in chosen
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ManualRecorder())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.user_properties += [("manual", cited) for cited in _cited(item)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a case whose citation proves nothing."""
    cited = _cited(item)
    unknown = set(cited) - set(item_ids())
    if unknown:
        pytest.fail(f"docs/manual.csv has no item {sorted(unknown)}", pytrace=False)
    if len(cited) > 1:
        pytest.fail(f"cites {cited}: give each item a case of its own, as a pytest.param", pytrace=False)


def _cited(item: pytest.Item) -> list[str]:
    return [str(argument) for mark in item.iter_markers("manual") for argument in mark.args or ("nothing",)]


def _recorded() -> dict[str, bool] | None:
    """The outcomes of the last run of all tests, unless something has changed since."""
    if not RECORD.exists():
        return None
    record = json.loads(RECORD.read_text())
    passed: dict[str, bool] = record["passed"]
    return passed if record["fingerprint"] == fingerprint() else None


def main() -> int:
    passed = _recorded()
    if passed is None:
        print("The tests have not run since the last change: running them now.", file=sys.stderr)
        subprocess.run(
            [sys.executable, "-m", "pytest", "-n", "2", "-q"], cwd=ROOT, stdout=sys.stderr, check=False
        )
        passed = _recorded()
    if passed is None:
        print("The tests did not run to the end, so nothing is proved.", file=sys.stderr)
        return 1
    items = item_ids()
    missing = unproved(items, passed)
    print(*missing, f"manual: {len(items) - len(missing)}/{len(items)}", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
