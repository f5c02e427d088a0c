"""People who work at the same time, each at the pace of a person: the load of the line `opening-day`.

They run in a process of their own, a thread each, which mostly sleeps. Somebody who gets a wrong answer,
none, or none in time notes it down and goes on, as people do. All times are those of single requests.
"""

import random
import resource
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import count
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import psycopg

from benchmarks.elsewhere import run_elsewhere
from benchmarks.load import BROWSER, KEPT_SECONDS, Connection, Page, WrongAnswer, plain, require_right

BROKER, GATE, OFFICE = "broker", "gate", "office"
THINK_SECONDS = {BROKER: (20, 30), GATE: (1, 2), OFFICE: (5, 15)}
"""How long somebody does something else after each answer: a broker talks to a customer and types, gate staff
let in a queue without a gap, the back office reads."""

PATIENCE_SECONDS = 30
ROWS_ON_A_PHONE = 20
ENTRY_PATH, LIST_PATH = "/m/customers/enter", "/m/customers"
READ_PATH, CONFIRM_PATH = "/m/gate/read", "/m/gate/confirm"
SCAN = "scan"
"""What the confirming of a visit is called among the times."""


@dataclass(frozen=True)
class Someone:
    """Who works: their sign-in, and what they need for it.

    `leads` are the newest of a broker, whose list must begin with them; `codes` are what visitors show at a
    gate; `pages` is what somebody of the back office looks at.
    """

    kind: str
    port: int
    number: int
    cookie: str
    token: str = ""
    address: str = ""
    leads: Sequence[int] = ()
    codes: Sequence[str] = ()
    pages: Sequence[Any] = ()


@dataclass
class Worked:
    """What came of it: the seconds of every answer by what was asked, the errors, and what asking cost."""

    times: dict[str, list[float]]
    errors: list[str]
    cpu_seconds: float

    def p99(self, what: str) -> float:
        """Return within how many seconds 99 of 100 were answered."""
        return quantiles(self.times[what], n=100, method="inclusive")[98]

    def __str__(self) -> str:
        """Return how many of each were answered, and how fast."""
        return ", ".join(
            f"{len(times)} × {what} {median(times) * 1000:.0f}/{self.p99(what) * 1000:.0f} ms"
            for what, times in sorted(self.times.items())
            if len(times) > 1
        )


def work(people: Sequence[Someone], *, seconds: float) -> Worked:
    """Let people work for a while, from another process."""
    plan = {"people": [vars(one) for one in people], "seconds": seconds}
    return Worked(**run_elsewhere(work_here, plan))


def work_here(plan: dict[str, Any]) -> dict[str, Any]:
    """The other end of `work`."""
    notes, ends = Notes(), time.monotonic() + plan["seconds"]
    people = [Someone(**one) for one in plan["people"]]
    threads = [threading.Thread(target=_work_until, args=(one, ends, notes)) for one in people]
    before = _cpu_seconds()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"times": notes.times, "errors": notes.errors, "cpu_seconds": _cpu_seconds() - before}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass
class Notes:
    """What all of them write down."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


def _work_until(one: Someone, ends: float, notes: Notes) -> None:
    """Work until a moment; whatever ends it earlier is an error too."""
    try:
        _work(one, ends, notes)
    except Exception as error:  # noqa: BLE001 - a thread that ends silently would make the load lighter
        notes.errors.append(f"{one.kind} {one.number} went home: {error!r}")


def _work(one: Someone, ends: float, notes: Notes) -> None:
    """Do one thing after the other; everybody begins at another moment, with another thing."""
    draw = random.Random(f"{one.kind} {one.number}")  # noqa: S311 - the same pace in every run
    least, most = THINK_SECONDS[one.kind]
    browser = Browser(one, notes)
    with closing(browser), closing(_DOES[one.kind](browser, draw.randrange(1000))) as doing:
        time.sleep(min(draw.uniform(0, most), max(0, ends - time.monotonic())))
        while time.monotonic() < ends:
            next(doing)
            time.sleep(min(draw.uniform(least, most), max(0, ends - time.monotonic())))


class Browser:
    """Somebody's browser: it notes the time of every answer, and what is wrong with it."""

    def __init__(self, one: Someone, notes: Notes) -> None:
        self.one = one
        self._notes = notes
        self._http = HTTPConnection("127.0.0.1", one.port, timeout=PATIENCE_SECONDS)
        self._used = time.monotonic()
        self._headers = BROWSER | {"Cookie": one.cookie, "X-Forwarded-For": one.address}

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def notes(self, what: str, ask: Callable[[], float]) -> bool:
        """Ask something that returns its seconds; returns whether the answer was right."""
        try:
            seconds = ask()
        except (WrongAnswer, OSError, HTTPException, psycopg.Error) as error:
            self._http.close()
            self._notes.errors.append(f"{what}: {error!r}"[:500])
            return False
        self._notes.times[what].append(seconds)
        return True

    def shows(self, what: str, page: Page) -> bool:
        """Fetch a page; returns whether it was right."""

        def fetch() -> float:
            seconds, status, _location, text = self._request("GET", page.path)
            require_right(page, status, text)
            return seconds

        return self.notes(what, fetch)

    def sends(self, what: str, path: str, **fields: object) -> str:
        """Send a form; returns where its answer leads, nothing if it leads nowhere."""
        leads_to = []

        def send() -> float:
            own = {"csrf_token": self.one.token, "request_id": secrets.token_urlsafe(16)}
            seconds, status, location, text = self._request("POST", path, urlencode(own | fields))
            if status != 302:
                raise WrongAnswer(f"{path}: HTTP {status}\n{text[:300]}")
            leads_to.append(location)
            return seconds

        return leads_to[0] if self.notes(what, send) else ""

    def _request(self, method: str, path: str, body: str | None = None) -> tuple[float, int, str, str]:
        if time.monotonic() - self._used > KEPT_SECONDS:
            self._http.close()
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        begin = time.perf_counter()
        self._http.request(method, path, body, self._headers | form)
        answer = self._http.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - begin
        self._used = time.monotonic()
        text = plain(content, answer.getheader("Content-Encoding", ""))
        return seconds, answer.status, answer.getheader("Location", ""), text


def _broker(browser: Browser, first: int) -> Generator[None]:
    """Open the form, enter a customer and report the visit at once, look at the own list; and again."""
    one, entered = browser.one, list(browser.one.leads)
    for turn in count(first):
        match turn % 3:
            case 0:
                browser.shows("form", Page("form", one.port, ENTRY_PATH, says=['name="surname"']))
            case 1:
                entered[:0] = _entered(browser, turn)
            case 2:
                rows = entered[:ROWS_ON_A_PHONE]
                own = Page("own list", one.port, LIST_PATH, row=r'data-lead="(\d+)"', numbers=rows)
                browser.shows("own list", own)
        yield


def _entered(browser: Browser, turn: int) -> list[int]:
    """Enter and report somebody whom nobody has entered; returns the number of the new customer."""
    one = browser.one
    given_name = chr(0x4E00 + one.number) + chr(0x4E00 + turn)
    fields = {"surname": "鑫", "given_name": given_name, "phone1_head": "198", "phone1_tail": "0000"}
    blank = ("phone2_head", "phone2_tail", "expected_visit_at", "customer_type_id", "wished_consultant_id")
    wishes = dict.fromkeys(blank, "") | {"needs": "看房", "then_report": "1"}
    place = browser.sends("entry with report", ENTRY_PATH, **fields, **wishes)
    if not place:
        return []
    code = f'href="{place}/code"'
    browser.shows("customer", Page("customer", one.port, place, says=[f"鑫{given_name}", code]))
    return [int(place.rpartition("/")[2])]


def _gate(browser: Browser, _first: int) -> Generator[None]:
    """Read the next visitor's code, look at the question, and confirm the visit with a consultant."""
    one = browser.one
    for number, code in enumerate(one.codes):
        question = browser.sends("code", READ_PATH, code=code)
        if question:
            asks = Page("question", one.port, question, says=['name="consultant_id"'])
            browser.shows("question", asks)
            yield
            fields = {"code": code, "consultant_id": 31 + number % 20, "another_visit": ""}
            done = browser.sends(SCAN, CONFIRM_PATH, **fields)
            if done:
                browser.shows("answer", Page("answer", one.port, done, says=['data-result="bound"']))
        yield
    raise RuntimeError("No visitor is left.")


def _office(browser: Browser, first: int) -> Generator[None]:
    """Look at one page after the other."""
    one = browser.one
    pages = [Page.of(values) for values in one.pages]
    with closing(Connection(one.port)) as connection:
        for turn in count(first):
            page = pages[turn % len(pages)]
            if not browser.notes(page.name, partial(connection.fetch, page)):
                connection.close()
            yield


_DOES = {BROKER: _broker, GATE: _gate, OFFICE: _office}
