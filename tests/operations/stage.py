"""Where docs/production.md is carried out to the letter, on a machine that must stay as it is.

What differs from a server, and why:

- folders of the system lie below the stage (`MOVED`), so that nothing of the machine is touched;
- `install` and `adduser` make no user and give nothing away: the stage has no other users;
- `runuser` runs the command as whoever runs the test, as the database's administrator where it says postgres;
- `apt-get` and `certbot` are only noted, since packages and certificates come from outside;
- `git clone` copies the project as git knows it, with the packages and browser assets of the tests, so that
  `make install` finds them installed; `git pull` finds nothing new;
- `systemctl` is not asked, since no systemd runs in a test: it starts what a unit says by its ExecStart, and
  nginx and PostgreSQL with the files that were put in their folders;
- ports are free ones, PostgreSQL is reached through its socket, and curl is told where the domain is.

As a program this is `systemctl` and `nginx` of the stage.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.operations.production import ROOT, Instance, Nginx

MOVED = (
    "/opt/lead-system",
    "/etc/lead-system",
    "/etc/letsencrypt",
    "/etc/nginx",
    "/etc/postgresql",
    "/etc/systemd",
    "/usr/local/sbin",
    "/var/backups/lead-system",
    "/var/lib/lead-system",
    "/var/log/nginx",
    "/var/www/html",
)
DOMAIN = "sales.example.com"
INSTANCES = ("8001", "8002")
PROGRAMS = {
    "apt-get": "exit 0",
    "adduser": "exit 0",
    "certbot": """
live=$STAGE/etc/letsencrypt/live/$DOMAIN
mkdir -p "$live"
cp "$STAGE"/etc/lead-system/tls/*.pem "$live/"
""",
    "curl": """
exec /usr/bin/curl --cacert "$STAGE/etc/lead-system/tls/fullchain.pem" \\
    --connect-to "$DOMAIN:443:127.0.0.1:$HTTPS_PORT" "$@"
""",
    "git": '[ "$3" = pull ] || PYTHONPATH="$STAGE_CODE" exec "$PYTHON" -m tests.operations.stage clone "$3"',
    "install": """
for word in "$@"; do
    shift
    case "$word" in
        -o|-g) skipped=1 ;;
        *) [ -n "$skipped" ] || set -- "$@" "$word"; skipped= ;;
    esac
done
exec /usr/bin/install "$@"
""",
    "nginx": 'PYTHONPATH="$STAGE_CODE" exec "$PYTHON" -m tests.operations.stage nginx',
    "runuser": '[ "$2" != postgres ] || export PGUSER=postgres; shift 3; exec "$@"',
    "systemctl": 'PYTHONPATH="$STAGE_CODE" exec "$PYTHON" -m tests.operations.stage systemctl "$@"',
}
"""What stands in the place of the programs that a stage may not run as they are."""


@dataclass(frozen=True)
class Stage:
    """Where everything lies, and on which ports."""

    folder: Path
    cluster: Path
    https: int
    http: int
    instances: tuple[int, int]

    @property
    def code(self) -> Path:
        return self.folder / "opt" / "lead-system"

    @property
    def nginx(self) -> Nginx:
        """nginx with the configuration that was put in its place."""
        configuration = self.folder / "etc" / "nginx" / "conf.d" / "lead-system.conf"
        place = self.folder / "nginx"
        tls = str(self.folder / "etc" / "lead-system" / "tls")
        return Nginx(place, self.instances, configuration, DOMAIN, tls, self.https, self.http)

    def moved(self, text: str) -> str:
        """Return a text whose folders are those of the stage."""
        for number, port in zip(INSTANCES, self.instances, strict=True):
            text = text.replace(f"is-ready {number}", f"is-ready {port}")
        for folder in MOVED:
            text = text.replace(folder, f"{self.folder}{folder}")
        return text.replace("@127.0.0.1/", "@/")

    def build(self) -> None:
        """Make the folders that a fresh Debian has, and the programs."""
        for folder in ("etc/nginx/conf.d", "etc/nginx/sites-enabled", "etc/postgresql/15/main/conf.d", "opt"):
            (self.folder / folder).mkdir(parents=True)
        for folder in (
            "etc/systemd/system",
            "usr/local/sbin",
            "var/lib",
            "var/backups",
            "var/log/nginx",
            "bin",
        ):
            (self.folder / folder).mkdir(parents=True)
        for name, script in PROGRAMS.items():
            program = self.folder / "bin" / name
            program.write_text(f'#!/bin/bash\necho "{name} $*" >>"$STAGE/asked"\n{script}\n')
            program.chmod(0o755)
        (self.folder / "stage.json").write_text(json.dumps(asdict(self), default=str))

    def environment(self) -> dict[str, str]:
        """Return what a shell on this stage begins with."""
        path = f"{self.folder / 'bin'}:{self.folder / 'usr/local/sbin'}:{os.environ['PATH']}"
        own = {"STAGE": str(self.folder), "PYTHON": sys.executable, "STAGE_CODE": str(ROOT)}
        own |= {"HTTPS_PORT": str(self.https), "PGHOST": str(self.cluster), "PATH": path}
        return own | {"HOME": str(self.folder), "LANG": "C.UTF-8"}

    def clone(self, target: Path) -> None:
        """Copy the project as git knows it, and what the tests have installed for it."""
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, env={"PATH": os.environ["PATH"].partition(":")[2]}, capture_output=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                copied = target / name
                copied.parent.mkdir(parents=True, exist_ok=True)
                data = (ROOT / name).read_bytes()
                copied.write_bytes(self.moved(data.decode()).encode() if name.startswith("deploy/") else data)
                copied.chmod((ROOT / name).stat().st_mode)
        self._lend_what_is_installed(target)

    def _lend_what_is_installed(self, target: Path) -> None:
        (target / ".venv").mkdir()
        for part in ("bin", "include", "lib", "pyvenv.cfg"):
            (target / ".venv" / part).symlink_to((Path(sys.prefix) / part).absolute())
        stamp = subprocess.run(
            ["bash", "-c", "cat requirements.txt | sha256sum | cut -c1-16"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        (target / ".venv" / f"runtime-{stamp.stdout.decode().strip()}").touch()
        for vendor in (Path("static", "vendor"), Path("vendor")):
            (target / "lead_system" / vendor).symlink_to(ROOT / "lead_system" / vendor)

    def systemctl(self, *words: str) -> None:
        """Do what systemd would, as far as a test can."""
        match words:
            case ("enable", "--now", *units):
                for unit in units:
                    self._enable(unit)
            case ("restart", "postgresql"):
                file = self.folder / "etc" / "postgresql" / "15" / "main" / "conf.d" / "lead-system.conf"
                target = self.cluster / "data" / "conf.d" / file.name
                target.write_text(file.read_text())
                target.chmod(0o644)
                subprocess.run(
                    ["psql", "--quiet", "--tuples-only", "--command=SELECT pg_reload_conf()"],
                    env=os.environ | {"PGUSER": "postgres"}, check=True, stdout=subprocess.DEVNULL,
                )  # fmt: skip
            case ("restart", "nginx"):
                nginx = self.nginx
                nginx.start()
                self._note(nginx.process)
            case ("reload", "nginx"):
                os.kill(int((self.folder / "nginx" / "nginx.pid").read_text()), signal.SIGHUP)
            case (verb, unit) if unit.startswith("lead-system"):
                self._move(verb, INSTANCES if unit.endswith(".target") else (unit.partition("@")[2],))
            case ("daemon-reload",):
                pass
            case _:
                sys.exit(f"the stage has no systemctl {' '.join(words)}")

    def _move(self, verb: str, numbers: tuple[str, ...]) -> None:
        """Stop, start or restart instances."""
        for number in numbers if verb in ("stop", "restart") else ():
            self._stop(number)
        for number in numbers if verb in ("start", "restart") else ():
            self._enable(f"lead-system@{number}")

    def _enable(self, unit: str) -> None:
        name, _, number = unit.removesuffix(".service").partition("@")
        file = self.folder / "etc" / "systemd" / "system" / (f"{name}@.service" if number else unit)
        if not file.exists():
            sys.exit(f"no unit {unit} was installed")
        if number:
            port = self.instances[INSTANCES.index(number)]
            log = self.folder / f"{number}.log"
            instance = Instance(port, self.unit_environment(), log, self.code, file, DOMAIN)
            instance.start()
            self._note(instance.process)
            self._pid_file(number).write_text(str(instance.pid))

    def _pid_file(self, number: str) -> Path:
        return self.folder / f"{number}.pid"

    def _stop(self, number: str) -> None:
        """End an instance as its unit does, and wait for it."""
        pid = int(self._pid_file(number).read_text())
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 45
        with suppress(FileNotFoundError, ProcessLookupError):
            while Path(f"/proc/{pid}/cmdline").read_bytes():  # Blank as soon as it has ended.
                if time.monotonic() > deadline:
                    sys.exit(f"lead-system@{number} does not end")
                time.sleep(0.05)

    def unit_environment(self) -> dict[str, str]:
        """Return the environment file as systemd reads it, and where PostgreSQL's socket is."""
        lines = (self.folder / "etc" / "lead-system" / "environment").read_text().splitlines()
        given = dict(line.split("=", 1) for line in lines if "=" in line)
        unquoted = {name: "".join(shlex.split(value)) for name, value in given.items()}
        return unquoted | {"PGHOST": str(self.cluster)}

    def _note(self, process: "subprocess.Popen[bytes] | None") -> None:
        assert process is not None
        with (self.folder / "pids").open("a") as pids:
            pids.write(f"{process.pid}\n")


def opened_stage(folder: Path) -> Stage:
    """Return the stage that was built in a folder."""
    told = json.loads((folder / "stage.json").read_text())
    one, other = told["instances"]
    return Stage(Path(told["folder"]), Path(told["cluster"]), told["https"], told["http"], (one, other))


if __name__ == "__main__":
    stage = opened_stage(Path(os.environ["STAGE"]))
    match sys.argv[1:]:
        case ("clone", target):
            stage.clone(Path(target))
        case ("nginx",):
            stage.nginx.check()
        case ("systemctl", *words):
            stage.systemctl(*words)
