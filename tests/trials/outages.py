"""Outages of a database that is really there: its disk is full, it may only be read, it is gone, it hangs.

Each is a block: inside it the outage lasts, and afterwards it is over. Disks are small tmpfs mounts, which
only root may make; elsewhere the tests that need one say why they are skipped.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.databases import Cluster

MOUNT, UNMOUNT = shutil.which("mount"), shutil.which("umount")
NO_DISK = "only root may mount a small disk, and not in every container"
BLOCK = b"\0" * 65536


class NoDisk(Exception):
    """No disk may be mounted here."""


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of its own at a place.

    Raises:
        NoDisk: it may not be mounted here.
    """
    place.mkdir(exist_ok=True)
    command = [str(MOUNT), "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(place)]
    if MOUNT is None or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        raise NoDisk
    try:
        yield place
    finally:
        subprocess.run([str(UNMOUNT), "--lazy", str(place)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill a disk to its last byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (len(BLOCK), 4096, 512, 1):
            _fill(file.fileno(), size)
    try:
        yield
    finally:
        ballast.unlink()


def _fill(file: int, size: int) -> None:
    while True:
        try:
            os.write(file, BLOCK[:size])
        except OSError:
            return


@contextmanager
def read_only_disk(disk: Path) -> Iterator[None]:
    """Let nobody write on a disk on which no file is open."""
    subprocess.run([str(MOUNT), "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run([str(MOUNT), "-o", "remount,rw", str(disk)], check=True)


@contextmanager
def read_only_postgresql(cluster: Cluster) -> Iterator[None]:
    """Let every new transaction of a PostgreSQL server only read, as on a stand-by."""
    _set(cluster, "ALTER SYSTEM SET default_transaction_read_only = on", "on")
    try:
        yield
    finally:
        _set(cluster, "ALTER SYSTEM RESET default_transaction_read_only", "off")


def _set(cluster: Cluster, statement: str, value: str) -> None:
    with cluster.connect() as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement.encode())
        connection.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with cluster.connect() as connection:
            if connection.execute("SHOW default_transaction_read_only").fetchall() == [(value,)]:
                return
        time.sleep(0.02)


@contextmanager
def moved_away(file: Path) -> Iterator[None]:
    """Move a SQLite database elsewhere, though it is in use."""
    elsewhere = file.with_suffix(".away")
    file.rename(elsewhere)
    try:
        yield
        assert not file.exists(), "somebody made another database where the old one was"
    finally:
        elsewhere.rename(file)


@contextmanager
def killed(cluster: Cluster) -> Iterator[None]:
    """Kill PostgreSQL, and start it again afterwards."""
    cluster.kill()
    try:
        yield
    finally:
        cluster.start_again()


@contextmanager
def hanging(cluster: Cluster) -> Iterator[None]:
    """Let PostgreSQL neither answer nor go away."""
    pids = cluster.pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
