"""The machine of a run: what it is, and whether others were at work on it."""

import os
import platform
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

QUIET = 0.03
"""Others may take so much of the cores: the kernel and the services of a machine that does nothing else."""


def processor() -> str:
    """Return what the processor calls itself."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def memory_gb() -> float:
    """Return how much memory there is."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3


def described() -> str:
    """Return the machine in one line."""
    return f"{processor()}, {os.cpu_count()} cores, {memory_gb():.0f} GB, Linux {platform.release()}"


def busy_seconds() -> float:
    """Return for how long all cores together did something, or were taken away by the host."""
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Return what this process and all that it started and that have ended took of the cores."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass
class Watch:
    """How much of the cores others took since it was made.

    It is asked when all processes of the run have ended: until then the kernel does not count them as ours.
    """

    load: float = field(default_factory=lambda: os.getloadavg()[0])
    begun: float = field(default_factory=time.monotonic)
    busy: float = field(default_factory=busy_seconds)
    own: float = field(default_factory=own_seconds)

    @property
    def minutes(self) -> float:
        """How long the run has taken so far."""
        return (time.monotonic() - self.begun) / 60

    def others(self) -> float:
        """Return the share of all cores that others had, or that a host kept from this machine."""
        foreign = (busy_seconds() - self.busy) - (own_seconds() - self.own)
        return max(0.0, foreign / ((time.monotonic() - self.begun) * (os.cpu_count() or 1)))


def quietness(others: float, load: float) -> str:
    """Return in words whether the machine was quiet."""
    verdict = "the machine was quiet" if others <= QUIET else "the machine was NOT quiet: times are too long"
    return f"others took {others:.1%} of the cores, load average at the start {load:.1f}: {verdict}"
