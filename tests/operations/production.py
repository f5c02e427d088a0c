"""A production server on loopback: the files of deploy/, with names, ports and paths of the test's own.

What is replaced is listed where it is replaced; everything else is what an installation gets.
"""

import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
NGINX = "/usr/sbin/nginx"
HOST = "localhost"
STARTS_SECONDS = 60
FRAME = """
daemon off;
user {user};
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/lead-system.conf;
}}
"""
"""Stands for /etc/nginx/nginx.conf of Debian, which includes conf.d/*.conf."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def unit_lines(unit: Path, name: str) -> list[str]:
    """Return the values that a unit file gives to one name, in their order."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), flags=re.MULTILINE)


@dataclass
class Instance:
    """One instance of lead-system@.service, started by the unit's own ExecStart and environment."""

    port: int
    environment: dict[str, str]
    log: Path
    code: Path = ROOT
    unit: Path = ROOT / "deploy" / "lead-system@.service"
    host: str = HOST
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        [line] = unit_lines(self.unit, "ExecStart")
        command = shlex.split(line)
        if self.code == ROOT:
            # The virtual environment of the tests stands for the one that `make install` makes.
            command = [part.replace("/opt/lead-system", str(ROOT)) for part in command]
            command[0] = str(Path(sys.executable).parent / Path(command[0]).name)
        own = dict(pair.split("=", 1) for pair in unit_lines(self.unit, "Environment"))
        environment = {"PATH": os.environ["PATH"]}
        environment |= {name: value.replace("%i", str(self.port)) for name, value in own.items()}
        environment |= self.environment  # Like EnvironmentFile, which goes before Environment.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.code, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTS_SECONDS
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/readyz", headers={"Host": self.host})
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(asked, timeout=5):  # noqa: S310 - our own server
                return
            time.sleep(0.05)
        raise RuntimeError(f"the instance is not ready:\n{self.log.read_text()[-4000:]}")

    @property
    def pid(self) -> int:
        assert self.process is not None, "it was never started"
        return self.process.pid

    def worker_pids(self) -> list[int]:
        """Return the processes that answer requests at this moment."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def reload(self) -> None:
        """Do what ExecReload does, and wait until other processes answer."""
        old = self.worker_pids()
        os.kill(self.pid, signal.SIGHUP)
        self.wait_for_others_than(old)

    def wait_for_others_than(self, old: list[int]) -> None:
        """Wait until none of these processes is left, and others answer."""
        deadline = time.monotonic() + STARTS_SECONDS
        while set(old) & set(self.worker_pids()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self._wait()

    def stop(self) -> int:
        """Do what `systemctl stop` does; returns how it ended."""
        os.kill(self.pid, signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(timeout=45)

    def kill(self) -> None:
        """Kill all of its processes at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait(timeout=20)


@dataclass
class Nginx:
    """nginx with deploy/nginx.conf, in a folder of its own and on ports of its own."""

    folder: Path
    upstreams: tuple[int, int]
    configuration: Path = ROOT / "deploy" / "nginx.conf"
    host: str = HOST
    tls: str = ""
    https: int = field(default_factory=free_port)
    http: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.https}"

    @property
    def certificate(self) -> Path:
        return Path(self.tls or self.folder) / "fullchain.pem"

    @property
    def log(self) -> Path:
        return self.folder / "lead-system.log"

    def start(self) -> None:
        """Write its configuration, check it and start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.certificate.exists():
            make_certificate(self.certificate, self.folder / "privkey.pem")
        self.check()
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                self._command, stdout=output, stderr=output, start_new_session=True
            )
        self._wait()

    def check(self) -> None:
        """Let nginx read its configuration, and say what is wrong with it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "lead-system.conf").write_text(self._configured())
        frame = FRAME.format(folder=self.folder, user="root" if os.geteuid() == 0 else "nobody")
        (self.folder / "nginx.conf").write_text(frame)
        subprocess.run([*self._command, "-t"], check=True, capture_output=True)

    @property
    def _command(self) -> list[str]:
        return [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]

    def _configured(self) -> str:
        """Return deploy/nginx.conf with the names, ports and paths of this test."""
        text = self.configuration.read_text()
        for old, new in (
            (r"listen \[::\]:.*;", ""),
            (r"listen 443", f"listen 127.0.0.1:{self.https}"),
            (r"listen 80", f"listen 127.0.0.1:{self.http}"),
            (r"127\.0\.0\.1:8001", f"127.0.0.1:{self.upstreams[0]}"),
            (r"127\.0\.0\.1:8002", f"127.0.0.1:{self.upstreams[1]}"),
            (r"\S*/etc/lead-system/tls/", f"{self.certificate.parent}/"),
            (r"\S*/var/log/nginx/", f"{self.folder}/"),
            (r"sales\.example\.com", self.host),
        ):
            text, times = re.subn(old, new, text)
            assert times, f"{old} stands no more in {self.configuration}"
        return text

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTS_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.https), timeout=5):
                return
            time.sleep(0.02)
        raise RuntimeError(f"nginx does not answer:\n{(self.folder / 'output').read_text()}")

    def trusting(self) -> ssl.SSLContext:
        """Return what a client needs that trusts this certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def stop(self) -> None:
        """End it; whoever is served is served to the end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(timeout=10)


def make_certificate(certificate: Path, key: Path) -> None:
    """Make a certificate that only its own maker vouches for."""
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
            "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
