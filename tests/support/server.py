"""The real server: gunicorn with several processes on a database, which can be stopped and killed."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.support.databases import ROOT, SECRET_KEY, Database

BOOT_SECONDS = 60


class Server:
    """Processes of the real server at one address of loopback, which stays the same over restarts.

    The socket is handed to the server open, so that no request comes too early. `keeps_socket` leaves it open
    here too: while the server is down, requests then wait for the next one instead of being turned away.
    """

    def __init__(
        self, database: Database, *, workers: int = 2, threads: int = 4, keeps_socket: bool = False
    ) -> None:
        self.log = database.folder / "server.log"
        self._database = database
        self._size = ["--workers", str(workers), "--threads", str(threads)]
        self._keeps_socket = keeps_socket
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, public_url: str = "", **more_environment: str) -> None:
        """Start it, the first time or again, and wait until it answers."""
        if self._listener.fileno() < 0:
            self._listener = self._same_door()
        environment = os.environ | {
            "LEAD_DATABASE_URL": self._database.url,
            "LEAD_DATA_DIR": str(self._database.folder),
            "LEAD_DEMO": "1",
            "LEAD_PUBLIC_URL": public_url or self.url,
            "LEAD_REQUESTS_PER_MINUTE": "0",
            "LEAD_SECRET_KEY": SECRET_KEY,
            **more_environment,
        }
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{self._listener.fileno()}"]
        command += ["--no-control-socket", "--worker-class", "gthread", *self._size, "app:app"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log,
                pass_fds=[self._listener.fileno()], start_new_session=True,
            )  # fmt: skip
        if not self._keeps_socket:
            self._listener.close()
        self._wait_until_it_answers()

    def _same_door(self) -> socket.socket:
        """Open the port again, as soon as the last of the killed processes has let it go."""
        deadline = time.monotonic() + BOOT_SECONDS
        while True:
            try:
                return socket.create_server(("127.0.0.1", self.port))
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    @property
    def pid(self) -> int:
        """The process that watches over the others, and leads their group."""
        assert self._process is not None, "the server was never started"
        return self._process.pid

    def worker_pids(self) -> list[int]:
        """Return the processes that answer requests at this moment."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def stop(self) -> None:
        """Ask it to finish what it is doing and end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def kill(self) -> None:
        """Kill all of its processes at once, without a chance to finish anything."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(timeout=20)

    def close(self) -> None:
        """Kill it for good."""
        self.kill()
        self._listener.close()

    def _wait_until_it_answers(self) -> None:
        try:
            address = f"{self.url}/m/sign-in"
            urllib.request.urlopen(address, timeout=BOOT_SECONDS).close()  # noqa: S310 - our own server
        except OSError as error:
            raise RuntimeError(f"the server does not answer ({error}):\n{self.log.read_text()}") from error
