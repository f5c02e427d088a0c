"""Fuzz: every route, every role, nonsense of every kind; nothing breaks, and nobody reads what is not theirs.

`python -m tests.trials.fuzz [--requests N] [--seed S] [--database sqlite|postgresql|both]` ends with
`fuzz: requests=N server_errors=0 leaks=0`. Batches are independent of each other: each begins at the end of
the same story with dice of its own, so `--replay KIND:SEED:BATCH` sends one of them again.
"""

import argparse
import multiprocessing
import queue
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from lead_system.clock import now
from tests.support.databases import DatabaseFactory
from tests.trials.fuzzing.aftermath import history_of, kept_numbers, numbers_in, rewritten
from tests.trials.fuzzing.batch import Batch, Fault, Tally
from tests.trials.fuzzing.coverage import histogram, missing
from tests.trials.fuzzing.world import World, opened
from tests.trials.invariants import broken_invariants

BATCH = 2500
FEWEST = 50_000
PROCESSES = 2
KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Job:
    """One batch: on which database, by which dice, and how many requests."""

    kind: str
    seed: int
    number: int
    requests: int = BATCH

    def __str__(self) -> str:
        return f"{self.kind}:{self.seed}:{self.number}"


Results = Any
"""A queue of jobs, each with what came of it; the class of its context has no name of its own."""


class Worker:
    """The worlds of one process, each opened when it is first needed."""

    def __init__(self) -> None:
        self._ends = ExitStack()
        self._worlds: dict[str, World] = {}

    def do(self, job: Job) -> Tally:
        """Send a batch and look at what it left behind."""
        world = self._world(job.kind)
        world.complaints.lines.clear()
        batch = Batch(world, f"{job.seed}.{job.number}")
        history = history_of(world.app)
        tally = batch.run(job.requests)
        broken = [str(finding) for finding in broken_invariants(world.app, now())]
        broken += rewritten(history, history_of(world.app))
        tally.faults += [Fault("error", 0, f"after {job}", sentence) for sentence in broken]
        left = [*kept_numbers(world.app, tally.numbers)]
        if logged := numbers_in("\n".join(world.complaints.lines), tally.numbers):
            left.append(f"the log has the whole number {logged}")
        tally.faults += [Fault("leak", 0, f"after {job}", sentence) for sentence in left]
        return tally

    def close(self) -> None:
        """Stop the databases."""
        self._ends.close()

    def _world(self, kind: str) -> World:
        if kind not in self._worlds:
            folder = Path(tempfile.mkdtemp(prefix="leads-fuzz-"))
            self._ends.callback(shutil.rmtree, folder, ignore_errors=True)
            factory = DatabaseFactory(folder)
            self._ends.callback(factory.close)
            database = self._ends.enter_context(factory.migrated(kind, folder))
            self._worlds[kind] = self._ends.enter_context(opened(database, folder))
        return self._worlds[kind]


def _jobs(arguments: argparse.Namespace) -> list[Job]:
    if arguments.replay:
        kind, seed, number = arguments.replay.split(":")
        return [Job(kind, int(seed), int(number), min(arguments.requests, BATCH))]
    kinds = KINDS if arguments.database == "both" else (arguments.database,)
    batches = -(-arguments.requests // BATCH)
    size = -(-arguments.requests // batches)
    return [Job(kinds[number % len(kinds)], arguments.seed, number, size) for number in range(batches)]


def _work(jobs: Sequence[Job], results: Results) -> None:
    """Do some jobs in a process of their own, and hand back what came of each."""
    worker = Worker()
    try:
        for job in jobs:
            results.put((job, worker.do(job)))
    finally:
        worker.close()


def _all_done(jobs: Sequence[Job]) -> Iterator[tuple[Job, Tally]]:
    """Deal the jobs out to the processes and give what came of each as soon as it is there."""
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    shares = [jobs[place::PROCESSES] for place in range(min(PROCESSES, len(jobs)))]
    workers = [spawn.Process(target=_work, args=(share, results)) for share in shares]
    for worker in workers:
        worker.start()
    for _ in jobs:
        yield _next_of(results, workers)
    for worker in workers:
        worker.join()


def _next_of(results: Results, workers: Sequence[SpawnProcess]) -> tuple[Job, Tally]:
    """Wait for the next result; a worker that died is a failure of the whole run."""
    while True:
        try:
            job, tally = results.get(timeout=5)
        except queue.Empty:
            dead = [worker.exitcode for worker in workers if worker.exitcode]
            if dead:
                raise SystemExit(f"A worker of the fuzz died: {dead}") from None
        else:
            return job, tally


def _shown(job: Job, fault: Fault) -> str:
    again = f"python -m tests.trials.fuzz --replay {job} --requests {job.requests}"
    return f"{fault.kind} at request {fault.number} of {job} ({again})\n  {fault.asked}\n  {fault.what}"


def run(arguments: argparse.Namespace) -> int:
    """Send all batches, say what came of them, and return whether a promise was broken."""
    total, jobs = Tally(), _jobs(arguments)
    for done, (job, tally) in enumerate(_all_done(jobs), 1):
        total.add(tally)
        _say(f"{done}/{len(jobs)} batches, {total.requests} requests")
        for fault in tally.faults:
            _say(_shown(job, fault))
    unreached = [] if arguments.replay else missing(total)
    _say(histogram(total))
    _say(f"routes x roles never answered successfully: {len(unreached)}")
    for line in unreached:
        _say(f"  {line}")
    errors, leaks = (sum(fault.kind == kind for fault in total.faults) for kind in ("error", "leak"))
    _say(f"fuzz: requests={total.requests} server_errors={errors} leaks={leaks}")
    return int(bool(errors or leaks or unreached))


def _say(line: str) -> None:
    sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=FEWEST)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--replay", default="", metavar="KIND:SEED:BATCH", help="send one batch again")
    return run(parser.parse_args(words))


if __name__ == "__main__":
    raise SystemExit(main())
