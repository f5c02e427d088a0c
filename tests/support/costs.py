"""What a piece of work costs: done in a process of its own, whose memory has an end."""

import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

MEGABYTE = 1024 * 1024
ROOM_MEGABYTES = 1500
"""How much more than at its beginning the process may take, so that a test that fails breaks nothing else."""

CPU_SECONDS = 60


@dataclass(frozen=True)
class Cost:
    """What came of the work, how long it kept a processor busy, and by how much the memory grew at most."""

    outcome: str
    seconds: float
    megabytes: int


def cost_of(work: Callable[[], str]) -> Cost:
    """Do the work in a fork of this process, and measure it; it may tell in a word what came of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_tell(work, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    assert told, f"the work came to no end: status {status}"
    return Cost(*json.loads(told))


def _work_and_tell(work: Callable[[], str], pipe: int) -> None:
    try:
        in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()  # noqa: SIM115, PTH123
        resource.setrlimit(resource.RLIMIT_AS, (in_use + ROOM_MEGABYTES * MEGABYTE,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        before, began = _peak_kilobytes(), time.process_time()
        outcome = work()
        told = (outcome, time.process_time() - began, (_peak_kilobytes() - before) // 1024)
        os.write(pipe, json.dumps(told).encode())
    finally:
        os._exit(0)


def _peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
