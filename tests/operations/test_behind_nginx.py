"""Two instances behind nginx: restarts and kills drop no request, and both logs tell the same story."""

import hashlib
import hmac
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from sqlalchemy import func, make_url, select

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Binding, CodeSend, GateScan
from tests.operations.centre import GateStaff, ProductionCentre, opened
from tests.operations.production import Instance
from tests.support.databases import SECRET_KEY, DatabaseFactory
from tests.support.html import Page
from tests.trials.invariants import broken_invariants

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def centre(
    database_factory: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProductionCentre]:
    """One sales centre for all of these tests, since it takes seconds to open."""
    with opened(database_factory, tmp_path_factory.mktemp("production")) as centre:
        yield centre


def counted(centre: ProductionCentre, model: Any, leads: list[int]) -> dict[int, int]:
    """Count the rows of each lead."""
    with centre.app.app_context():
        rows = select(model.lead_id, func.count()).where(model.lead_id.in_(leads)).group_by(model.lead_id)
        found = {int(lead): int(times) for lead, times in db.session.execute(rows)}
        db.session.remove()
    return found


def each_scan_is_answered_and_acted_on_once(
    centre: ProductionCentre, staff: GateStaff, codes: dict[int, str]
) -> None:
    assert not staff.broken
    assert {page.status for page in staff.pages} == {200}
    assert {lead: answer.status for lead, answer in staff.answers.items()} == dict.fromkeys(codes, 302)
    once = dict.fromkeys(codes, 1)
    assert (counted(centre, GateScan, list(codes)), counted(centre, Binding, list(codes))) == (once, once)
    assert not list(broken_invariants(centre.app, now()))


def test_restarting_one_instance_after_the_other_drops_no_request(centre: ProductionCentre) -> None:
    codes = centre.reported(60)
    staff = GateStaff(centre, codes)
    one, other = centre.instances

    staff.start()
    staff.wait_until_answered(5)
    one.reload()
    assert other.stop() == 0
    other.start()
    staff.finish()

    each_scan_is_answered_and_acted_on_once(centre, staff, codes)


def test_no_scan_is_lost_or_doubled_while_one_instance_is_killed(centre: ProductionCentre) -> None:
    codes = centre.reported(40)
    # nginx asks the other instance where none of an answer has come; one that breaks off, the phone repeats.
    staff = GateStaff(centre, codes, tries=3)
    one, other = centre.instances

    staff.start()
    staff.wait_until_answered(10)
    one.kill()
    staff.wait_until_answered(25)
    one.start()
    other.kill()
    staff.finish()
    other.start()

    each_scan_is_answered_and_acted_on_once(centre, staff, codes)
    shown = Page(centre.person("feng").get("/m/gate/scans").text).text
    assert "试" in shown


def send_half_a_form(instance: Instance) -> tuple[socket.socket, bytes]:
    """Begin to send a form to an instance itself; returns the connection and what is left to send."""
    body = b"login=nobody&password=" + b"x" * 2000
    head = f"POST /m/staff/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", instance.port), timeout=30)
    connection.sendall(head.encode() + body[:1000])
    return connection, body[1000:]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_request_that_was_begun_is_answered_in_full(centre: ProductionCentre, by: signal.Signals) -> None:
    instance = centre.instances[0]
    connection, rest = send_half_a_form(instance)
    old = instance.worker_pids()

    with connection:
        # Whoever was let in is served; the wait is for a worker to have taken the connection.
        connection.settimeout(30)
        httpx.get(f"http://127.0.0.1:{instance.port}/healthz", headers={"Host": "localhost"})
        os.kill(instance.pid, by)
        connection.sendall(rest)
        answer = connection.makefile("rb").read()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")  # No CSRF token: refused in words, by the application itself.
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    assert len(body) == int(length.partition(b":")[2]) > 500
    if by is signal.SIGTERM:
        assert instance.process is not None
        assert instance.process.wait(timeout=45) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", instance.port), timeout=5)
        with centre.client() as browser:
            assert browser.get("/readyz").text == "ready\n"
        instance.start()
    else:
        instance.wait_for_others_than(old)
        assert not set(old) & set(instance.worker_pids())


def lines_of(centre: ProductionCentre, request_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return nginx's and the application's lines about a request; nginx writes after it has answered."""
    deadline = time.monotonic() + 10
    while request_id not in centre.nginx.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    ours = [line for instance in centre.instances for line in instance.log.read_text().splitlines()]
    logs = centre.nginx.log.read_text().splitlines(), [line for line in ours if line.startswith("{")]
    nginx, application = ([json.loads(line) for line in log if request_id in line] for log in logs)
    return nginx, application


def test_both_logs_know_a_request_by_the_same_id_and_hold_neither_path_nor_query(
    centre: ProductionCentre,
) -> None:
    [(_, code)] = centre.reported(1).items()
    with centre.client() as browser:
        answer = browser.get(f"/m/v/{code}", params={"q": "Ouyang"}, headers={"X-Request-Id": "ab" * 16})

    request_id = answer.headers["X-Request-Id"]
    [nginx], [application] = lines_of(centre, request_id)
    assert request_id != "ab" * 16
    assert (nginx["status"], nginx["network"]) == (answer.status_code, "127.0.0.0/24")
    assert (application["route"], application["status"]) == ("/m/v/<token>", answer.status_code)
    written = centre.nginx.log.read_text() + (centre.nginx.folder / "error.log").read_text()
    assert code not in written
    assert "Ouyang" not in written


def test_address_that_a_client_claims_counts_for_nothing(centre: ProductionCentre) -> None:
    for phone, claimed in (("13500010001", "6.6.6.6"), ("13500020002", "7.7.7.7, 8.8.8.8")):
        with centre.client() as browser:
            page = Page(browser.get("/m/sign-in").text)
            form = {"csrf_token": page.csrf_token, "request_id": f"request-of-{phone}", "phone": phone}
            sent = browser.post("/m/sign-in", data=form, headers={"X-Forwarded-For": claimed})
            assert sent.status_code == 302, sent.text

    loopback = hmac.new(SECRET_KEY.encode(), b"address:127.0.0.1", hashlib.sha256).hexdigest()
    with centre.app.app_context():
        assert set(db.session.scalars(select(CodeSend.address))) == {loopback}
        db.session.remove()
    assert [phone for phone, _ in centre.world.messages] == ["13500010001", "13500020002"]


def test_other_host_names_are_refused_by_nginx_and_by_the_application(centre: ProductionCentre) -> None:
    other = {"Host": "evil.example"}
    with centre.client() as browser:
        assert browser.get("/m/sign-in", headers=other).status_code == 400
        assert browser.get("/m/sign-in").status_code == 200
    for instance in centre.instances:
        assert httpx.get(f"http://127.0.0.1:{instance.port}/m/sign-in", headers=other).status_code == 400
    plain = f"http://127.0.0.1:{centre.nginx.http}/m/sign-in"
    assert httpx.get(plain, headers=other).status_code == 400
    led = httpx.get(plain, headers={"Host": "localhost"})
    assert (led.status_code, led.headers["Location"]) == (301, "https://localhost/m/sign-in")


def test_cookies_and_headers_bind_browsers_to_https(centre: ProductionCentre) -> None:
    with centre.client() as browser:
        answer = browser.get("/m/sign-in")
        nginx_itself = browser.post("/m/sign-in", content=b"x" * (17 * 1024 * 1024))

    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "; Secure" in cookie for cookie in cookies), cookies
    for one in (answer, nginx_itself):
        assert one.headers.get_list("Strict-Transport-Security") == ["max-age=63072000"]
    assert answer.headers["Server"] == "nginx"
    assert answer.http_version == "HTTP/1.1"


@pytest.fixture
def closed_database(centre: ProductionCentre, database_factory: DatabaseFactory) -> Iterator[None]:
    """Let PostgreSQL turn everybody away for as long as the test runs."""
    centre.person("feng")
    name = make_url(centre.app.extensions["settings"].database_url).database
    with closing(database_factory.running_cluster().connect()) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        connection.execute(
            b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        yield
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


@pytest.mark.usefixtures("closed_database")
def test_page_of_an_outage_is_the_applications_own_each_time(centre: ProductionCentre) -> None:
    """From that page a form can be sent again; nginx would only say that nobody is there."""
    answers = [centre.person("feng").get("/m/gate/scans") for _ in range(6)]

    assert [answer.status for answer in answers] == [503] * 6
    assert not any("nginx" in answer.text for answer in answers)
    assert all(Page(answer.text).text for answer in answers)


def test_largest_form_is_let_through_and_a_larger_one_is_not(centre: ProductionCentre) -> None:
    with centre.client() as browser:
        assert browser.post("/m/sign-in", content=b"x" * (17 * 1024 * 1024)).status_code == 413
