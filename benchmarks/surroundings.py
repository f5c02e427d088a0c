"""The environment in which everything runs that is measured: nothing of the shell that started the run."""

import os
import subprocess
import sys

from lead_system.config import PROJECT_FOLDER

FOREIGN = ("PYTHON", "FLASK_", "LEAD_", "WEB_", "GUNICORN_", "PG")
"""How names begin that would change what runs: PYTHONDONTWRITEBYTECODE alone doubles the time of a start."""


def surroundings(**settings: str) -> dict[str, str]:
    """Return the environment of the shell without what concerns programs of ours, and with these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | settings


def compile_sources() -> None:
    """Compile what servers import, as `make install` does, so that none of them has to."""
    folders = ("app.py", "lead_system", "migrations", "benchmarks")
    command = [sys.executable, "-m", "compileall", "-q", *folders]
    subprocess.run(command, check=True, cwd=PROJECT_FOLDER, env=surroundings())
