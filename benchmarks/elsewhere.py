"""Run a function of the benchmark in a process of its own, so that asking does not disturb who is asked.

What is passed and what comes back is JSON. `python -m benchmarks.elsewhere module:function` is the other end.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.surroundings import surroundings
from lead_system.config import PROJECT_FOLDER


def run_elsewhere(function: Callable[[Any], Any], argument: Any, *, seconds: float = 600) -> Any:
    """Call a function of a module of ours in another process, and return what it returns.

    Raises:
        RuntimeError: it failed there; the message has its last words.
    """
    name = f"{function.__module__}:{function.__name__}"
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.elsewhere", name],
        check=False, input=json.dumps(argument), capture_output=True, text=True, timeout=seconds,
        cwd=PROJECT_FOLDER, env=surroundings(),
    )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(f"{name} failed:\n{ran.stderr[-4000:]}")
    return json.loads(ran.stdout)


def _answer(name: str) -> None:
    module, _, function = name.partition(":")
    called = getattr(importlib.import_module(module), function)
    print(json.dumps(called(json.load(sys.stdin))))


if __name__ == "__main__":
    _answer(sys.argv[1])
