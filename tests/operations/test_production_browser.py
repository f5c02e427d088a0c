"""docs/production.md, carried out to the letter from an empty folder, and the main job done on what it makes.

What the stage does differently from a server is listed in tests/operations/stage.py.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser import test_first_steps_browser as first_steps
from tests.operations.centre import production_settings
from tests.operations.production import free_port, unit_lines
from tests.operations.stage import DOMAIN, INSTANCES, Stage
from tests.support.browser import CHROMIUM, DESK, FLAGS, PHONE
from tests.support.databases import ROOT, Cluster
from tests.support.outside import OutsideWorld, running_world

pytestmark = [pytest.mark.postgresql, pytest.mark.browser]

PASSWORD = "a long password of the first administrator"
ADMIN = f"boss\n穆青\n13400030003\n{PASSWORD}\n{PASSWORD}\n"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
NOTED = {"apt-get", "adduser", "certbot", "curl", "git", "install", "nginx", "runuser", "systemctl"}


@dataclass
class Site:
    """What the documentation made, what its commands said, and the world that its server talks to."""

    stage: Stage
    said: str
    world: OutsideWorld
    cluster: Cluster


def commands_of(document: str) -> list[str]:
    """Return the blocks of a document that are to be typed, in their order."""
    return BLOCK.findall((ROOT / "docs" / document).read_text())


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """PostgreSQL as Debian sets it up: passwords for everybody but its own administrator."""
    folder = Path(tempfile.mkdtemp(prefix="leads-pg-"))
    cluster = Cluster(folder)
    try:
        cluster.start()
        data = folder / "data"
        (data / "conf.d").mkdir()
        with (data / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude_dir 'conf.d'\n")
        (data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def editor(stage: Stage, world: OutsideWorld) -> str:
    """Return an editor that fills in the lines of the SMS provider, and what this machine differs in."""
    lines = production_settings(world)
    filled = {name: value for name, value in lines.items() if name.startswith(("LEAD_SMS", "WEB_"))}
    program = stage.folder / "editor"
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in filled.items())
    program.write_text(
        f"""#!/bin/sh
grep -v '^LEAD_SMS' "$1" >"$1.new"
cat >>"$1.new" <<'LINES'
{text}LINES
cat "$1.new" >"$1"
rm "$1.new"
"""
    )
    program.chmod(0o755)
    return str(program)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Type every block of docs/production.md into one shell, beginning with nothing."""
    with ExitStack() as ends:
        world = ends.enter_context(running_world())
        cluster = ends.enter_context(own_cluster())
        folder = tmp_path_factory.mktemp("stage")
        stage = Stage(folder, cluster.folder, free_port(), free_port(), (free_port(), free_port()))
        stage.build()
        ends.callback(end_all, folder / "pids")
        said = typed(stage, "production.md", EDITOR=editor(stage, world))
        yield Site(stage, said, world, cluster)


def typed(stage: Stage, document: str, **more: str) -> str:
    """Type every block of a document into one new shell; returns what was said."""
    script = stage.moved("\n".join(commands_of(document)))
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=stage.folder, input=ADMIN, text=True,
        env=stage.environment() | more, start_new_session=True, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}\n{(stage.folder / 'asked').read_text()}"
    return ran.stdout


def end_all(pids: Path) -> None:
    """End what the stage's systemctl started, and nothing else."""
    for pid in pids.read_text().split() if pids.exists() else ():
        with suppress(ProcessLookupError):
            os.killpg(int(pid), signal.SIGKILL)


def test_every_command_of_the_documentation_was_typed_and_the_server_is_ready(site: Site) -> None:
    asked = (site.stage.folder / "asked").read_text().splitlines()

    assert {line.split()[0] for line in asked} == NOTED
    assert "\nready\n" in site.said
    assert "boss can sign in" in site.said
    assert re.search(r"by-hand-\S+\.backup is whole", site.said)
    assert "Every table has as many rows as the backup" in site.said
    environment = site.stage.folder / "etc" / "lead-system" / "environment"
    assert environment.stat().st_mode & 0o777 == 0o640


def test_role_owns_its_database_and_may_do_nothing_else(site: Site) -> None:
    with closing(site.cluster.connect()) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,"
            " rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname = 'lead_system'"
        ).fetchall()
        owned = connection.execute(
            "SELECT datname FROM pg_database JOIN pg_roles r ON datdba = r.oid WHERE rolname = 'lead_system'"
        ).fetchall()
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    assert role == [(False, False, False, False, False, True)]
    assert owned == [("lead_system",)]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(host=str(site.cluster.folder), user="stranger", password="x", dbname="lead_system")


def test_postgresql_writes_nobody_into_its_log(site: Site) -> None:
    """A violated constraint would bring the row, and a failed statement its values."""
    row = "('云山之南地产', '', '', '', 1)"
    twice = f"INSERT INTO brokerages (name, contact, phone, address, version) VALUES {row}, {row}"
    with (
        closing(site.cluster.connect("lead_system")) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="云山之南地产"),
    ):
        connection.execute(twice.encode())
    log = site.cluster.log.read_text(errors="replace")
    assert "duplicate key value" in log
    assert "云山之南地产" not in log


def test_units_run_what_they_say(site: Site) -> None:
    """The units of every night, by their own ExecStart and environment."""
    system = site.stage.folder / "etc" / "systemd" / "system"
    backups = site.stage.folder / "var" / "backups" / "lead-system"
    interrupted, running = backups / ".of-may.backup.abc", backups / ".of-now.backup.def"
    for folder in (interrupted, running):
        folder.mkdir()
        (folder / "database").write_text("people")
    os.utime(interrupted, (0, 0))
    for unit in ("lead-system-daily.service", "lead-system-backup.service"):
        for line in unit_lines(system / unit, "ExecStart"):
            own = dict(pair.split("=", 1) for pair in unit_lines(system / unit, "Environment"))
            environment = {"PATH": os.environ["PATH"], **own, **site.stage.unit_environment()}
            ran = subprocess.run(
                shlex.split(line), cwd=site.stage.code, env=environment, capture_output=True, check=False
            )
            assert ran.returncode == 0, ran.stderr.decode()

    assert not interrupted.exists()
    shutil.rmtree(running)
    assert [file.stat().st_mode & 0o777 for file in backups.iterdir()] == [0o600, 0o600]


def test_systemd_finds_no_fault_in_the_units_and_little_exposure(site: Site) -> None:
    system = site.stage.folder / "etc" / "systemd" / "system"
    shutil.copy(system / "lead-system@.service", system / "lead-system@8001.service")
    units = ["lead-system@8001.service", "lead-system-daily.service", "lead-system-backup.service"]
    timers = ["lead-system-daily.timer", "lead-system-backup.timer", "lead-system.target"]

    found = subprocess.run(
        ["systemd-analyze", "verify", *(str(system / unit) for unit in units + timers)],
        capture_output=True,
        text=True,
        check=False,
    )
    judging = [str(system / unit) for unit in units]
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", *judging],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    ours = [line for line in found.stderr.splitlines() if "lead-system" in line]
    assert not ours
    assert judged.returncode == 0, judged.stdout


@pytest.fixture
def browser(playwright: Playwright, site: Site) -> Iterator[Browser]:
    """Chromium to which the domain is this machine, and which takes the certificate as it is."""
    flags = [
        *FLAGS,
        f"--host-resolver-rules=MAP {DOMAIN}:443 127.0.0.1:{site.stage.https}",
        "--ignore-certificate-errors",
    ]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


def new_page(browser: Browser, *, is_phone: bool) -> Page:
    context = browser.new_context(
        base_url=f"https://{DOMAIN}",
        viewport=PHONE if is_phone else DESK,
        locale="zh-CN",
        ignore_https_errors=True,
    )
    context.set_default_timeout(20_000)
    return context.new_page()


def broker_reports(page: Page, world: OutsideWorld) -> str:
    """Sign in by the SMS, make a profile, enter and report; returns the short code."""
    page.goto("/m/")
    first_steps.fill(page, phone="13712349876")
    page.locator("main form button").click()
    page.locator("#code").wait_for()
    assert page.locator("[data-shown-code]").count() == 0
    [(phone, code)] = world.messages
    assert phone == "13712349876"
    first_steps.fill(page, code=code)
    page.locator("main form button").click()
    first_steps.fill(page, name="钱多多")
    page.locator("#brokerage_id").select_option(label="安家置业")
    page.locator("input[name=role][value=broker]").check()
    page.locator("main form button").first.click()
    page.goto("/m/customers/enter")
    first_steps.fill(page, surname="欧阳", given_name="锋", phone1_head="138", phone1_tail="5678")
    page.locator("button[name=then_report]").click()
    page.locator("a[href$='/code']").click()
    return page.locator("[data-short-code]").inner_text()


def test_main_job_is_done_over_https(site: Site, browser: Browser) -> None:
    desk, phone, gate = (new_page(browser, is_phone=is_phone) for is_phone in (False, True, True))
    answer = desk.goto("/admin/")
    assert answer is not None
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    first_steps.sign_in(desk, "/admin/", "boss", PASSWORD)
    first_steps.project_is_named(desk)
    first_steps.open_step(desk, "brokerage")
    first_steps.fill(desk, name="安家置业")
    desk.locator("main form button.button-first").click()
    for step, number, name, person, login in (
        ("consultant", "C0001", "江心怡", "13700010001", "consultant-first"),
        ("gate", "G0001", "岳峰", "13600010001", "gate-first"),
    ):
        first_steps.add_person(desk, step, number, name=name, phone=person, login=login)

    code = broker_reports(phone, site.world)
    first_steps.gate_scans(gate, code)

    phone.goto("/m/customers")
    expect(phone.locator(".status_bound").first).to_be_visible()
    for page in (desk, phone, gate):
        cookies = page.context.cookies()
        assert cookies
        assert all(cookie["name"].startswith("__Host-") and cookie["secure"] for cookie in cookies)
    for socket_port in site.stage.instances:
        with socket.create_connection(("127.0.0.1", socket_port), timeout=5):
            pass


def test_every_command_of_the_upgrade_was_typed_and_other_processes_serve(site: Site) -> None:
    """In a new shell, months later: nothing of the installation's own variables is known in it."""
    pids = [(site.stage.folder / f"{number}.pid").read_text() for number in INSTANCES]

    said = typed(site.stage, "upgrading.md")

    backups = site.stage.folder / "var" / "backups" / "lead-system"
    assert len(list(backups.glob("before-upgrade-*.backup"))) == 1
    assert said.count("\nready") == 2, "nginx is asked first, and the first instance before the second stops"
    assert {(site.stage.folder / f"{number}.pid").read_text() for number in INSTANCES}.isdisjoint(pids)
    asked = (site.stage.folder / "asked").read_text()
    assert asked.endswith("systemctl restart lead-system@8001\nsystemctl restart lead-system@8002\n")


def test_instance_is_asked_under_the_name_that_it_answers_to(site: Site) -> None:
    """Asked from a shell that knows no setting, as whoever watches the machine does."""
    command = [str(site.stage.code / "deploy" / "is-ready"), str(site.stage.instances[0])]

    ready = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    other = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"LEAD_PUBLIC_URL": "https://other.example"}
    )

    assert (ready.returncode, ready.stdout) == (0, "ready\n")
    assert other.returncode == 1
