"""The same daily tasks, done by hand in Chromium here and in Django admin with Unfold (`make comparison`).

Both servers run on copies of one demonstration. What a person presses is counted while it is done; the
seconds are those of the keystroke-level model of Card, Moran and Newell (1980), plus what was waited for
pages: 1.35 s to make up one's mind, 1.1 s to point and 0.2 s to press for each click, 0.28 s for each key.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

ROUNDS = 3
CLICK_SECONDS = 1.35 + 1.1 + 0.2
KEY_SECONDS = 0.28
PASSWORD = "demo-pass-2026"  # noqa: S105 - that of the demonstration
NOT_THERE = "not there"
COUNTED = ("clicks + keys", "waited, s", "person, s")
FLAGS = ["--no-sandbox", "--disable-gpu"]
DESK: ViewportSize = {"width": 1440, "height": 900}
PEER_PYTHON = str(Path(".venv/peers/bin/python").absolute())
"""The peer has packages of its own, which the server must not see."""


@dataclass
class Hand:
    """A person at a desk: what they press is counted, what they wait for is measured."""

    page: Page
    clicks: int = 0
    keys: int = 0
    waited: float = 0.0

    def follows(self, selector: str) -> None:
        """Press what a selector finds first, and wait for the page to which it leads."""
        target = self.page.locator(selector).first
        self.clicks += 1
        self._wait_for_page(target.click)

    def clicks_on(self, selector: str) -> None:
        """Press something that opens on the same page."""
        self.page.locator(selector).first.click()
        self.clicks += 1

    def sends(self) -> None:
        """Press Enter, which sends what was typed."""
        self.keys += 1
        self._wait_for_page(lambda: self.page.keyboard.press("Enter"))

    def _wait_for_page(self, act: Callable[[], object]) -> None:
        begin = time.perf_counter()
        with self.page.expect_navigation(wait_until="load"):
            act()
        self.waited += time.perf_counter() - begin

    def types(self, selector: str, text: str, *, replaces: bool = False) -> None:
        """Go to a field and type; a value that stands there is marked by one click more."""
        self.page.locator(selector).first.fill(text)
        self.clicks += 2 if replaces else 1
        self.keys += len(text)

    def chooses(self, selector: str, value: str) -> None:
        """Open a list of choices and press one."""
        self.page.locator(selector).first.select_option(value)
        self.clicks += 2

    def attaches(self, selector: str, file: Path) -> None:
        """Choose a file in the system's own window: two clicks there."""
        self.page.locator(selector).first.set_input_files(file)
        self.clicks += 3

    @property
    def seconds(self) -> float:
        """Return how long a practised person takes, the waiting included."""
        return self.clicks * CLICK_SECONDS + self.keys * KEY_SECONDS + self.waited


class Case(NamedTuple):
    """The rows of the demonstration that one round of a task is about."""

    lead: int
    surname: str
    given_name: str
    rival_phone: str
    resident: str
    picture: Path


Walk = Callable[[Hand, Case], None]


class Task(NamedTuple):
    """One thing that somebody of the back office does, and how it is done on either side."""

    title: str
    role: str
    ours: Walk
    theirs: Walk | None
    rounds: int = ROUNDS


# --- here ---


def _open_customers(hand: Hand) -> None:
    hand.follows("nav a[href='/admin/leads/']")


def _find_here(hand: Hand, text: str) -> None:
    hand.types("#find", text)
    hand.sends()


def whose_here(hand: Hand, case: Case) -> None:
    """Search the customer by name: the row names the broker, the state and who holds."""
    _find_here(hand, case.surname + case.given_name)


def visits_here(hand: Hand, case: Case) -> None:
    """Everything that happened with a customer is on their page."""
    _find_here(hand, str(case.lead))


def deal_here(hand: Hand, case: Case) -> None:
    """Mark the deal of today."""
    _find_here(hand, str(case.lead))
    hand.follows("a[href*='/admin/leads/mark-dealt']")
    hand.follows("main form button.button-first")


def rebind_here(hand: Hand, case: Case) -> None:
    """Move the binding to another broker, found by phone, with a reason."""
    _find_here(hand, str(case.lead))
    hand.follows("a[href*='/admin/leads/rebind']")
    hand.types("#broker", case.rival_phone)
    hand.sends()
    hand.follows("button[name=to]")
    hand.types("[name=reason]", "协商一致")
    hand.follows("main form[method=post] button.button-first")


def collision_here(hand: Hand, _case: Case) -> None:
    """Settle the topmost open collision."""
    hand.follows("nav a[href='/admin/collisions/']")
    hand.follows("tbody .cell-end form button")


def fee_here(hand: Hand, case: Case) -> None:
    """Pay a viewing fee with the screenshot of the payment."""
    _find_here(hand, str(case.lead))
    hand.follows("a[href*='/admin/fees/pay']")
    hand.types("[name=amount]", "200")
    hand.attaches("input[type=file]", case.picture)
    hand.follows("main form[method=post] button.button-first")


def resident_here(hand: Hand, _case: Case) -> None:
    """Let a resident in who waits: the first page says so."""
    hand.follows("li.task a.button[href*='/admin/brokers/']")
    hand.follows("main a[href*='/admin/brokers/decide']")
    hand.follows("main form[method=post] button.button-first")


def export_here(hand: Hand, _case: Case) -> None:
    """Write the bound customers into a workbook."""
    _open_customers(hand)
    hand.follows("nav.tabs a[href*='bound']")
    begin = time.perf_counter()
    with hand.page.expect_download():
        hand.page.locator("form[data-export] button").click()
    hand.waited += time.perf_counter() - begin
    hand.clicks += 1


def protection_here(hand: Hand, _case: Case) -> None:
    """Set the days of protection, after reading whom it would hit."""
    hand.follows("nav a[href='/admin/settings/']")
    hand.types("[name=days]", "45", replaces=True)
    hand.follows("main form button.button-first")
    hand.follows("main form[method=post] button.button-first")


# --- there ---


def _change_list(hand: Hand, name: str) -> None:
    hand.follows(f"a[href='/admin/auth/{name}/']")


def _search_there(hand: Hand, name: str, text: str) -> None:
    _change_list(hand, name)
    hand.types("#searchbar", text)
    hand.sends()


def _open_there(hand: Hand, name: str, text: str) -> None:
    _search_there(hand, name, text)
    hand.follows("#result_list tbody th a, #result_list tbody td a")


def _save_there(hand: Hand) -> None:
    hand.follows("[name=_save]")


def _pick_there(hand: Hand, field: str, text: str) -> None:
    """Open a list that completes what is typed, type, and take the first that it finds."""
    hand.clicks_on(f".field-{field} .select2-selection")
    hand.page.locator(".select2-search__field").last.fill(text)
    hand.keys += len(text)
    begin = time.perf_counter()
    hand.page.locator(f".select2-results__option:has-text('{text}')").first.click()
    hand.waited += time.perf_counter() - begin
    hand.clicks += 1


def whose_there(hand: Hand, case: Case) -> None:
    """Search both parts of the name; the rows show status and broker, and one compares them by eye."""
    _search_there(hand, "lead", f"{case.surname} {case.given_name}")


def visits_there(hand: Hand, case: Case) -> None:
    """Open the customer, then search the scans and the fees by number: the row knows nothing of them."""
    _open_there(hand, "lead", str(case.lead))
    _search_there(hand, "gatescan", str(case.lead))
    _search_there(hand, "fee", str(case.lead))


def deal_there(hand: Hand, case: Case) -> None:
    """Set the status; the deal's date and the hold's end would have to be remembered by hand."""
    _open_there(hand, "lead", str(case.lead))
    hand.chooses("[name=status]", "dealt")
    _save_there(hand)


def rebind_there(hand: Hand, case: Case) -> None:
    """Give the row another broker: nothing asks why, and the old broker's lead is gone."""
    _open_there(hand, "lead", str(case.lead))
    _pick_there(hand, "broker", case.rival_phone)
    _save_there(hand)


def collision_there(hand: Hand, _case: Case) -> None:
    """Open the row, set the state, the time by its two shortcuts and oneself, and save."""
    _change_list(hand, "collision")
    hand.page.goto(f"{hand.page.url.split('?')[0]}?state__exact=open")
    hand.clicks += 2
    hand.follows("#result_list tbody th a, #result_list tbody td a")
    hand.chooses("[name=state]", "handled")
    hand.types("[name=handled_at_0]", "2026-11-25")
    hand.types("[name=handled_at_1]", "12:00:00")
    _save_there(hand)


def fee_there(hand: Hand, case: Case) -> None:
    """Add a row: customer, payee, brokerage, amount in cents, time; a screenshot cannot be attached."""
    _change_list(hand, "fee")
    hand.follows("a[href='/admin/auth/fee/add/']")
    _pick_there(hand, "lead", str(case.lead))
    _pick_there(hand, "broker", case.rival_phone)
    _pick_there(hand, "created_by", "苏")
    hand.types("[name=amount]", "20000")
    hand.types("[name=created_at_0]", "2026-11-25")
    hand.types("[name=created_at_1]", "12:00:00")
    _save_there(hand)


def resident_there(hand: Hand, case: Case) -> None:
    """Search the resident, set the approval, save."""
    _open_there(hand, "account", case.resident)
    hand.chooses("[name=approval]", "approved")
    _save_there(hand)


def protection_there(hand: Hand, _case: Case) -> None:
    """Type another number into the row: what it would do is not said, and it does nothing to running ones."""
    _change_list(hand, "setting")
    hand.follows("#result_list tbody th a, #result_list tbody td a")
    hand.types("[name=protection_days]", "45", replaces=True)
    _save_there(hand)


TASKS = (
    Task("Whose customer is this? Search by name", "director", whose_here, whose_there),
    Task("See all visits and fees of a customer", "director", visits_here, visits_there),
    Task("Mark a deal", "director", deal_here, deal_there),
    Task("Move a binding to another broker", "director", rebind_here, rebind_there),
    Task("Settle a collision", "director", collision_here, collision_there),
    Task("Pay a viewing fee", "secretary", fee_here, fee_there),
    Task("Let a resident in", "director", resident_here, resident_there, rounds=1),
    Task("Change the days of protection", "admin", protection_here, protection_there, rounds=1),
    Task("Export the bound customers", "director", export_here, None),
)


# --- the servers ---


@contextmanager
def _served(python: str, application: str, environment: dict[str, str], path: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = subprocess.Popen(
            [python, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--no-control-socket",
             "--worker-class", "gthread", "--threads", "4", "--log-level", "error", application],
            env=os.environ | environment | {"LEAD_PUBLIC_URL": url}, pass_fds=[listener.fileno()],
        )  # fmt: skip
    try:
        try:
            urlopen(f"{url}{path}", timeout=60).close()  # noqa: S310 - our own server
        except HTTPError as error:
            raise RuntimeError(f"{application} answers {error.code}") from error
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def _demonstration(folder: Path) -> dict[str, str]:
    """Fill a demonstration once, or open the one that COMPARISON_DATA names; returns its environment."""
    environment = {
        "LEAD_DEMO": "1",
        "LEAD_REQUESTS_PER_MINUTE": "0",
        "LEAD_DATA_DIR": str(folder),
        "LEAD_SECRET_KEY": "thrown away together with the folder",
    }
    if kept := os.environ.get("COMPARISON_DATA"):
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return environment
    for command in (["db", "upgrade"], ["demo"]):
        subprocess.run(
            [sys.executable, "-m", "flask", *command],
            env=os.environ | environment,
            check=True,
            capture_output=True,
        )
    return environment


def _cases(database: Path, picture: Path) -> list[Case]:
    """Choose rows for each round: bound and well visited customers, and residents who wait."""
    with closing(sqlite3.connect(database)) as connection:
        leads = connection.execute(
            "SELECT l.id, surname, given_name FROM leads l"
            " WHERE status = 'bound' AND protect_until > datetime('now')"
            " AND EXISTS (SELECT 1 FROM gate_scans s WHERE s.lead_id = l.id) ORDER BY l.id DESC LIMIT ?",
            (ROUNDS * len(TASKS),),
        ).fetchall()
        residents = connection.execute("SELECT name FROM accounts WHERE approval = 'pending'").fetchall()
        (rival,) = connection.execute(
            "SELECT phone FROM accounts WHERE role = 'broker' AND archived_at IS NULL ORDER BY id DESC"
        ).fetchone()
    return [
        Case(lead, surname, given_name, rival, residents[number % len(residents)][0], picture)
        for number, (lead, surname, given_name) in enumerate(leads)
    ]


def _sign_in_here(page: Page, url: str, who: str) -> None:
    page.goto(f"{url}/admin/sign-in")
    page.locator("#login").fill(who)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_load_state("load")


def _sign_in_there(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/")
    page.locator("#id_username").fill("director")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")


def _walked(walk: Walk, page: Page, case: Case) -> Hand:
    page.goto(page.url.split("/admin")[0] + "/admin/")
    hand = Hand(page)
    walk(hand, case)
    return hand


def _row(title: str, ours: list[Hand], theirs: list[Hand]) -> str:
    def cells(hands: list[Hand]) -> str:
        if not hands:
            return f"{NOT_THERE} | | "
        last = hands[-1]
        seconds = median(hand.seconds for hand in hands)
        return f"{last.clicks} + {last.keys} | {median(hand.waited for hand in hands):.1f} | {seconds:.0f}"

    return f"| {title} | {cells(ours)} | {cells(theirs)} |"


HEADINGS = ("task", *(f"{side}: {what}" for side in ("here", "Unfold") for what in COUNTED))


@contextmanager
def _both_sides(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Serve both on copies of one demonstration; gives their addresses and our database."""
    environment = _demonstration(folder)
    (database,) = folder.glob("*.sqlite3")
    peer = {"PEER_DATABASE": str(shutil.copy(database, folder / "theirs.db"))}
    prepare = [PEER_PYTHON, "-m", "benchmarks.peers.prepare"]
    subprocess.run(prepare, env=os.environ | peer, check=True, capture_output=True)
    with (
        _served(sys.executable, "app:app", environment, "/m/") as here,
        _served(PEER_PYTHON, "benchmarks.peers.unfold_site:application", peer, "/admin/login/") as there,
    ):
        yield here, there, database


def compare() -> None:
    """Walk all tasks on both sides and print the table."""
    with TemporaryDirectory() as name, _both_sides(Path(name)) as (here, there, database):
        picture = Path(name) / "payment.png"
        Image.new("RGB", (540, 960), "seagreen").save(picture)
        cases = _cases(database, picture)
        print(f"| {' | '.join(HEADINGS)} |\n{'|---' * len(HEADINGS)}|")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            for task in TASKS:
                mine, yours = (browser.new_context(viewport=DESK).new_page() for _ in range(2))
                _sign_in_here(mine, here, task.role)
                _sign_in_there(yours, there)
                rounds = [cases.pop() for _ in range(task.rounds)]
                ours = [_walked(task.ours, mine, case) for case in rounds]
                theirs = [_walked(task.theirs, yours, case) for case in rounds] if task.theirs else []
                print(_row(task.title, ours, theirs), flush=True)


if __name__ == "__main__":
    compare()
