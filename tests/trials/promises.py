"""Runs the trials one after the other, and writes their last lines into docs/promises.md.

`python -m tests.trials.promises` runs all of them in full; names after it run only those.
"""

import os
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.cluster import postgresql_program
from tests.support.databases import ROOT

PAGE = ROOT / "docs" / "promises.md"
TRIALS = {
    "model": ("tests.model",),
    "races": ("tests.trials.races",),
    "crash": ("tests.trials.crash",),
    "fuzz": ("tests.trials.fuzz",),
    "sabotage": ("tests.trials.sabotage",),
}
_SAID = re.compile(r"(?<=<!-- said -->\n\n).*?(?=\n\n<!-- /said -->)", re.DOTALL)


def last_line(name: str) -> tuple[str, bool]:
    """Run a trial, showing what it prints; returns its last line, and whether it kept its promise."""
    command = [sys.executable, "-m", *TRIALS[name]]
    line = ""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as trial:
        for printed in trial.stdout or ():
            print(printed, end="", flush=True)
            line = printed.strip() or line
    return line, trial.returncode == 0


def machine() -> str:
    """Say on what the trials were run, and when."""
    postgresql = subprocess.run(
        [postgresql_program("postgres"), "--version"], capture_output=True, text=True, check=True
    )
    version = re.search(r"[0-9]+[.][0-9]+", postgresql.stdout)
    parts = (
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"PostgreSQL {version.group() if version else 'unknown'}",
    )
    return " · ".join(parts)


def main(names: Sequence[str]) -> int:
    """Run the named trials, or all of them, and then keep their last lines; returns the exit code."""
    said = {name: last_line(name) for name in names or TRIALS}
    if not names and all(kept for _, kept in said.values()):
        lines = "\n".join(line for line, _ in said.values())
        page = PAGE.read_text()
        PAGE.write_text(_SAID.sub(lambda _: f"{machine()}\n\n```\n{lines}\n```", page))
    print("\n".join(line for line, _ in said.values()))
    return 0 if all(kept for _, kept in said.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
