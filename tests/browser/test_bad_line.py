"""A bad line at the gate: cut before reading, before confirming, in flight, and between commit and answer.

Whatever happens on the way, every scan that was acknowledged stands once in the database, and every other one
is on the phone and says so (SPEC B3).
"""

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lead_system.extensions import db
from lead_system.models import GateScan
from lead_system.web.qr import draw_code
from tests.browser.test_axe import AXE, complaints_here
from tests.browser.test_story import sign_in_as_staff
from tests.support.browser import PHONE
from tests.support.cast import OUYANG, Cast
from tests.support.databases import Database
from tests.support.server import Server
from tests.trials.outages import moved_away

Shot = Callable[[Page, str], Path]
SENDING = b"POST /m/gate/kept "


class Line:
    """A server of our own that can be killed, and the line to it, which can be cut in several ways."""

    def __init__(self, database: Database) -> None:
        self._server = Server(database, workers=1, keeps_socket=True)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self.is_down = False
        self.swallows_scans = False
        """Scans never reach the server, everything else does."""
        self.kills_after_commit = False
        """The server is killed when it has done its work on a scan, before a byte of its answer is out."""
        threading.Thread(target=self._accept, daemon=True).start()
        self.start()

    def start(self) -> None:
        """Start the server, the first time or after it was killed, on the same database."""
        self._server.start(public_url=self.url)
        self.is_down = False

    def kill(self) -> None:
        """Kill the server with all its processes, without a chance to finish anything."""
        self.is_down = True
        self._server.kill()

    def close(self) -> None:
        self.is_down = True
        self._server.close()
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """Carry one connection to the server and back, as long as the line holds."""
        with closing(client), suppress(OSError):
            if self.is_down:
                return
            with socket.create_connection(("127.0.0.1", self._server.port)) as server:
                scans: list[bool] = []
                back = threading.Thread(target=self._carry_back, args=(server, client, scans), daemon=True)
                back.start()
                while sent := client.recv(65536):
                    if SENDING in sent:
                        if self.swallows_scans:
                            return
                        scans.append(True)
                    server.sendall(sent)

    def _carry_back(self, server: socket.socket, client: socket.socket, scans: list[bool]) -> None:
        with suppress(OSError):
            while answered := server.recv(65536):
                if scans and self.kills_after_commit:
                    self.kill()
                    break
                client.sendall(answered)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(app: Flask, database: Database) -> Iterator[Line]:
    del app
    with closing(Line(database)) as line:
        yield line


@pytest.fixture
def phone_of(chromium: Browser, line: Line) -> Iterator[Callable[[], Page]]:
    """Gives one phone after the other."""
    complaints: list[str] = []

    @contextmanager
    def context() -> Iterator[BrowserContext]:
        context = chromium.new_context(
            base_url=line.url, viewport=PHONE, has_touch=True, is_mobile=True, locale="zh-CN"
        )
        context.set_default_timeout(15_000)
        context.add_init_script(path=AXE)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
        context.close()

    with ExitStack() as phones:
        yield lambda: phones.enter_context(context()).new_page()
    assert complaints == []


@pytest.fixture
def gate_phone(cast: Cast, phone_of: Callable[[], Page]) -> Page:
    """The phone of gate staff who have been on the scan page once."""
    del cast
    page = phone_of()
    page.goto("/m/staff/sign-in")
    page.evaluate(
        "Promise.all(['shell /static/0123456789abcdef', 'of others'].map((name) => caches.open(name)))"
    )
    sign_in_as_staff(page, "gate-feng")
    wait_for_the_shell(page)
    names = page.evaluate("caches.keys()")
    assert "of others" in names
    assert len(names) == 2, "what an earlier release kept is gone"
    return page


def wait_for_the_shell(page: Page) -> None:
    """Wait until the worker keeps the shell; the policy forbids Playwright to poll in the page."""
    page.wait_for_url("**/m/gate")
    for _ in range(100):
        if page.evaluate(
            "async () => !!navigator.serviceWorker.controller"
            " && !!(await caches.match('/m/gate/shell', {ignoreVary: true}))"
        ):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the worker keeps no shell")


def keeps(page: Page) -> list[dict[str, Any]]:
    """Read all that the phone keeps."""
    return list(
        page.evaluate(
            """() => new Promise((resolve, reject) => {
                const asked = indexedDB.open("kept-scans");
                asked.onerror = () => reject(asked.error);
                asked.onsuccess = () => {
                    const all = asked.result.transaction("scans").objectStore("scans").getAll();
                    all.onsuccess = () => { asked.result.close(); resolve(all.result); };
                };
            })"""
        )
    )


def scans_of(cast: Cast, lead_id: int) -> list[tuple[int, int]]:
    """Which gate scans of a customer the database has: by whom, and for which consultant."""
    with cast.app.app_context():
        rows = db.select(GateScan.gate_id, GateScan.consultant_id).where(GateScan.lead_id == lead_id)
        return [(row[0], row[1]) for row in db.session.execute(rows.order_by(GateScan.id))]


def choose(page: Page, consultant_id: int) -> None:
    """Choose a consultant in the dialog that keeps the scan."""
    expect(page.locator("[data-choose]")).to_be_visible()
    page.locator(f"[data-choose] input[value='{consultant_id}']").check()
    page.locator("[data-choose] .weui-btn_primary").click()


def expect_comfort(page: Page) -> None:
    """Nothing sticks out at 200 % zoom, and nothing keeps anybody from using the page, by day or night."""
    page.set_viewport_size({"width": 180, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 180
    page.set_viewport_size(PHONE)
    assert complaints_here(page) == []
    page.emulate_media(color_scheme="light")


def expect_amber(page: Page) -> None:
    expect(page.locator("[data-kept-now]")).to_be_visible()
    expect(page.locator("[data-kept-now] h2")).to_have_text("已存本机，尚未绑定")
    expect(page.locator(".result_good")).to_have_count(0)


def test_scans_without_a_line_wait_amber_and_the_server_decides_their_order(
    cast: Cast, line: Line, gate_phone: Page, shot: Shot
) -> None:
    lead_id = cast.enters("fang", OUYANG, reports=True)
    rival = cast.enters("qiang", OUYANG, reports=True)
    page, context = gate_phone, gate_phone.context

    # Cut before reading: the shell opens instead of the page, and notices a slip of the finger by itself.
    context.set_offline(True)
    page.goto("/m/gate")
    expect(page.locator("[data-shell]")).to_be_visible()
    shot(page, "shell")
    short_code = cast.read(lead_id, "short_code")
    page.locator("#code").fill(short_code[:-1] + str((int(short_code[-1]) + 1) % 10))
    page.locator("[data-read-form] button").click()
    expect(page.locator("[data-scanner] [data-line]")).to_have_text(
        "这不是本系统的带看二维码，请经纪人重新打开二维码。"
    )
    page.locator("#code").fill(short_code)
    page.locator("[data-read-form] button").click()
    shot(page, "choose")
    expect_comfort(page)
    choose(page, cast.ids["xin"])
    expect_amber(page)
    shot(page, "kept")

    # Reloaded without a line it is still there; a code's own link, from the phone's scanner, is kept as well.
    page.reload()
    expect(page.locator(".kept-row_waiting")).to_have_count(1)
    page.goto(f"/m/v/{cast.code_of(rival)}")
    choose(page, cast.ids["ming"])
    expect_amber(page)
    expect(page.locator(".kept-row_waiting")).to_have_count(2)
    shot(page, "two kept")
    expect_comfort(page)
    kept = keeps(page)
    fields = {"account_id", "another_visit", "at", "code", "consultant_id", "place", "request_id"}
    assert [set(scan) for scan in kept] == [fields, fields], "nothing about the customer is kept"
    assert [scan["code"] for scan in kept] == [short_code, cast.code_of(rival)]
    assert scans_of(cast, lead_id) == scans_of(cast, rival) == []

    # Meanwhile the other gate was faster. What the server says is shown and stays until it was seen.
    cast.scans("lu", rival)
    context.set_offline(False)
    expect(page.locator(".kept-row_bad")).to_contain_text(f"客户编号 {rival}")
    expect(page.locator(".kept-row_asks")).to_have_count(1)
    expect(page.locator(".kept-row_waiting")).to_have_count(0)
    expect(page.locator("[data-kept-now]")).to_be_hidden()
    expect(page.locator("[data-line-back]")).to_be_visible()
    shot(page, "answered")
    expect_comfort(page)
    assert all(set(scan) == fields | {"answer"} for scan in keeps(page))
    assert not any(name in str(keeps(page)) for name in ("欧阳", "5678", "李强", "13500020002"))
    page.goto("/m/gate")
    page.locator(".kept-row_bad [data-seen]").click()
    expect(page.locator(".kept-row_bad")).to_have_count(0)
    page.reload()
    expect(page.locator(".kept-row")).to_have_count(1)

    answer_the_question(page, cast.ids["ming"])
    assert scans_of(cast, lead_id) == []
    assert scans_of(cast, rival) == [(cast.ids["lu"], cast.ids["xin"]), (cast.ids["feng"], cast.ids["ming"])]


def answer_the_question(page: Page, consultant_id: int) -> None:
    """Follow the open question to the page that asks it, and say yes."""
    page.locator(".kept-row_asks a").click()
    page.locator(f"[data-confirm] input[value='{consultant_id}']").check()
    page.locator("[data-confirm] .weui-btn_primary").click()
    expect(page.locator(".notice_amber[role=alert]")).to_be_visible()
    page.locator("[data-confirm] .weui-btn_primary").click()
    expect(page.locator("[data-result=visit]")).to_be_visible()


def test_scan_cut_in_flight_waits_for_its_own_account_only(
    cast: Cast, line: Line, gate_phone: Page, shot: Shot, tmp_path: Path
) -> None:
    lead_id = cast.enters("fang", reports=True)
    page = gate_phone
    page.goto(f"/m/v/{cast.code_of(lead_id)}")
    page.locator(f"[data-confirm] input[value='{cast.ids['xin']}']").check()
    page.context.set_offline(True)  # Read, and cut before confirming.
    page.locator("[data-confirm] .weui-btn_primary").click()
    expect_amber(page)
    shot(page, "kept")
    line.swallows_scans = True  # The line is back, but what is sent gets lost in flight.
    page.context.set_offline(False)
    page.locator("[data-kept-now] [data-send-now]").click()
    expect(page.locator(".kept-row_waiting")).to_have_count(1)
    expect_amber(page)

    sign_out(page)
    assert page.evaluate("caches.match('/m/gate/shell', {ignoreVary: true}).then((kept) => !kept)")
    sign_in_as_staff(page, "gate-lu")
    line.swallows_scans = False
    wait_for_the_shell(page)
    page.reload()
    expect(page.locator("[data-colleagues]")).to_contain_text("1")
    expect(page.locator(".kept-row")).to_have_count(0)
    expect(page.locator("[data-kept] [data-send-now]")).to_be_hidden()
    expect(page.locator("[data-kept-link]")).to_have_text("存在本机的扫码 1")
    shot(page, "a colleague's")
    assert scans_of(cast, lead_id) == []

    sign_out(page)
    sign_in_as_staff(page, "gate-feng")
    expect(page.locator(".kept-row_good")).to_contain_text("已绑定")
    shot(page, "bound")
    page.locator(".kept-row_good a").click()
    expect(page.locator("[data-result=bound]")).to_be_visible()
    assert scans_of(cast, lead_id) == [(cast.ids["feng"], cast.ids["xin"])]

    # A photo is read without a line, too; and the browser may send it when no page is open any more.
    second = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    photo = tmp_path / "photo.png"
    photo.write_bytes(draw_code(f"{line.url}/m/v/{cast.code_of(second)}"))
    page.context.set_offline(True)
    page.goto("/m/gate")
    page.locator("#photo").set_input_files(photo)
    choose(page, cast.ids["ming"])
    expect_amber(page)
    page.goto("about:blank")
    page.context.set_offline(False)
    send_in_background(page, line.url)
    page.goto("/m/gate")
    expect(page.locator(".kept-row_good")).to_have_count(2)
    assert scans_of(cast, second) == [(cast.ids["feng"], cast.ids["ming"])]


def send_in_background(page: Page, url: str) -> None:
    """Let the browser wake the worker as it does when the line is back and no page is open."""
    session = page.context.new_cdp_session(page)
    known: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: known.extend(one["registrationId"] for one in said["registrations"]),
    )
    session.send("ServiceWorker.enable")
    while not known:
        page.wait_for_timeout(50)
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": url, "registrationId": known[0], "tag": "send-kept", "lastChance": False},
    )


def sign_out(page: Page) -> None:
    page.goto("/m/me")
    page.locator("form[action$='/sign-out'] button").click()
    page.wait_for_url("**/staff/sign-in")


def test_server_killed_between_commit_and_answer_gives_the_same_answer_again(
    cast: Cast, line: Line, gate_phone: Page, phone_of: Callable[[], Page]
) -> None:
    lead_id = cast.enters("fang", reports=True)
    other_id = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    page = gate_phone
    page.goto(f"/m/v/{cast.code_of(lead_id)}")
    page.locator(f"[data-confirm] input[value='{cast.ids['xin']}']").check()
    line.kills_after_commit = True

    page.locator("[data-confirm] .weui-btn_primary").click()
    expect_amber(page)
    expect(page.locator(".kept-row_waiting")).to_have_count(1)
    assert scans_of(cast, lead_id) == [(cast.ids["feng"], cast.ids["xin"])], "committed, and nobody was told"
    page.goto("/m/gate")
    expect(page.locator("[data-shell]")).to_be_visible()
    expect(page.locator(".kept-row_waiting")).to_have_count(1)

    line.kills_after_commit = False
    line.start()
    # On a slow machine the page may have tried again by itself, and then there is nothing to press.
    page.locator("[data-kept] [data-send-now]").dispatch_event("click")
    expect(page.locator(".kept-row_good")).to_contain_text("已绑定")
    expect(page.locator("[data-line-back]")).to_be_visible()
    assert scans_of(cast, lead_id) == [(cast.ids["feng"], cast.ids["xin"])], "once, however often it was sent"

    # A phone that keeps nothing says so, and is as good as the line.
    bare = phone_of()
    bare.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('denied') }")
    sign_in_as_staff(bare, "gate-lu")
    bare.goto(f"/m/v/{cast.code_of(other_id)}")
    bare.locator(f"[data-confirm] input[value='{cast.ids['ming']}']").check()
    line.swallows_scans = True
    bare.locator("[data-confirm] .weui-btn_primary").click()
    expect(bare.locator("[data-not-kept]")).to_be_visible()
    expect(bare.locator("[data-not-kept]")).to_contain_text("没有发送成功，本机也无法保存")
    expect(bare.locator("[data-kept-now]")).to_be_hidden()
    assert scans_of(cast, other_id) == []
    line.swallows_scans = False
    bare.locator("[data-confirm] .weui-btn_primary").click()
    expect(bare.locator("[data-result=bound]")).to_be_visible()
    assert scans_of(cast, other_id) == [(cast.ids["lu"], cast.ids["ming"])]


FAILS = """CREATE TRIGGER defect BEFORE INSERT ON gate_scans WHEN NEW.lead_id = {lead_id}
    BEGIN SELECT RAISE(ABORT, 'a defect of ours'); END"""


def alter(database: Database, statement: str) -> None:
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=30)) as connection:
        connection.execute(statement)


def test_outage_keeps_scans_amber_and_one_at_which_the_server_fails_lets_others_pass(
    cast: Cast, line: Line, gate_phone: Page, database: Database, shot: Shot
) -> None:
    failing = cast.enters("fang", OUYANG, reports=True)
    other = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    codes = [cast.read(lead_id, "short_code") for lead_id in (failing, other)]
    page = gate_phone
    page.goto("/m/gate")
    alter(database, FAILS.format(lead_id=failing))

    # The data cannot be reached: what is typed on the open page is kept as without a line.
    with moved_away(Path(database.url.removeprefix("sqlite:///"))):
        for number, code in enumerate(codes, 1):
            page.locator("#code").fill(code)
            page.locator("[data-read-form] button").click()
            choose(page, cast.ids["xin"])
            expect_amber(page)
            expect(page.locator(".kept-row_waiting")).to_have_count(number)
            page.locator("[data-next]").click()

    # Back again: the first scan is a defect, which is said, and after some tries the second one goes past it.
    send_now = page.locator("[data-kept] [data-send-now]")
    for _ in range(3):
        send_now.dispatch_event("click")
        expect(page.locator("[data-kept] [data-kept-line]")).to_have_text(
            "服务器处理其中一次扫码时出错，该扫码仍保存在本机并会重试，请告知管理员。"
        )
    expect(page.locator(".kept-row_good")).to_have_count(1)
    expect(page.locator(".kept-row_waiting")).to_have_count(1)
    shot(page, "failed")
    assert (scans_of(cast, failing), len(scans_of(cast, other))) == ([], 1)

    alter(database, "DROP TRIGGER defect")
    send_now.dispatch_event("click")
    expect(page.locator(".kept-row_good")).to_have_count(2)
    assert (len(scans_of(cast, failing)), len(scans_of(cast, other))) == (1, 1)
