"""Servers of a run: ours and those of the peers, all by gunicorn with the settings of our production."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.surroundings import surroundings
from lead_system.config import PROJECT_FOLDER

PROCESSES, THREADS = 2, 8
"""As many of each for ours and for every peer."""

BOOT_SECONDS = 60
PEER_PYTHON = PROJECT_FOLDER / ".venv" / "peers" / "bin" / "python"
"""Peers have packages of their own, which our server must not see."""


class Server:
    """A server that runs at a port of loopback."""

    def __init__(self, command: Sequence[str], *, log: Path, **environment: str) -> None:
        self.port = free_port()
        self.log = log
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        self._environment = surroundings(**_gunicorn_settings(self.port) | environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, path: str, **more: str) -> "Server":
        """Start it, and wait until it answers at `path`, whatever it says."""
        environment = self._environment | {k: v.replace("{port}", str(self.port)) for k, v in more.items()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=PROJECT_FOLDER,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait(f"http://127.0.0.1:{self.port}{path}")
        except BaseException:  # Whoever ends the run at this moment wants it ended too.
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)

    def worker_pids(self) -> list[int]:
        """Return the processes that answer requests."""
        if self._process is None:
            return []
        pid = self._process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def cpu_seconds(self) -> float:
        """Return what all of its processes together have cost so far, by the kernel's count."""
        if self._process is None:
            return 0.0
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # It ended meanwhile.
            if int(fields[3]) == self._process.pid:  # The session that it began.
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while True:
            try:
                urllib.request.urlopen(url, timeout=BOOT_SECONDS).close()  # noqa: S310 - our own server
                return
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError):
                    return
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    raise RuntimeError(f"{self._command} does not answer:\n{self.log.read_text()}") from error
                time.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _gunicorn_settings(port: int) -> dict[str, str]:
    return {
        "WEB_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(PROCESSES),
        "WEB_THREADS": str(THREADS),
        "PYTHONPATH": str(PROJECT_FOLDER),
    }


def gunicorn(python: str | Path, application: str) -> list[str]:
    """Return how an application is served as in production."""
    return [str(python), "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", application]


def our_server(
    database_url: str, *, folder: Path, sms: Mapping[str, str], command: Sequence[str] = (), **more: str
) -> Server:
    """Start our server on a database, as in production as far as plain HTTP goes: behind one proxy.

    Only the limit on requests is off, and a provider of ours takes the codes.
    """
    folder.mkdir(exist_ok=True)
    environment = our_settings(database_url, folder=folder, sms=sms) | more
    server = Server(command or gunicorn(sys.executable, "app:app"), log=folder / "server.log", **environment)
    return server.start("/healthz", LEAD_PUBLIC_URL="http://127.0.0.1:{port}")


def our_settings(database_url: str, *, folder: Path, sms: Mapping[str, str]) -> dict[str, str]:
    """Return what our application is told: as in production but for the limit on requests and the codes."""
    return {
        "LEAD_DATABASE_URL": database_url,
        "LEAD_DATA_DIR": str(folder),
        "LEAD_PROXIES": "1",
        "LEAD_REQUESTS_PER_MINUTE": "0",
        "LEAD_SECRET_KEY": "a secret of more than 32 characters for the benchmark",
        **sms,
    }
