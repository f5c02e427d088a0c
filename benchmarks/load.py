"""Pages fetched over kept connections, in turn, each timed and looked at: a wrong answer ends the run."""

import gzip
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from http.client import HTTPConnection
from statistics import median
from typing import Any, Self

import brotli
import psycopg

from benchmarks.elsewhere import run_elsewhere

BROWSER = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0",
}
"""What a browser sends; pages are compressed for it where a server does so."""


KEPT_SECONDS = 15
"""A connection that was idle for longer is opened anew: servers hang up after 30 seconds."""

WARM = 1
"""So many rounds go before those that count."""

FEWEST_RUNS, ENOUGH_SECONDS = 3, 6
"""A page that counts so often, and has taken so long in all, is not fetched again: those that take seconds
are known well enough by then, and the whole run stays within its time."""


class WrongAnswer(Exception):
    """A server answered with an error, or with other rows than there are."""


@dataclass(frozen=True)
class Statement:
    """A bare question to a database, beside which pages are measured, or which says what a page must show."""

    name: str
    host: str
    database: str
    sql: str


@dataclass(frozen=True)
class Page:
    """A page to fetch, and how to know that it is right: `row` finds the number of each row in it.

    `cookie` is the header of somebody who has signed in.
    """

    name: str
    port: int
    path: str
    cookie: str = ""
    row: str = ""
    numbers: Sequence[int] = field(default_factory=tuple)
    says: Sequence[str] = field(default_factory=tuple)
    """Texts that must stand in the page, such as a count."""
    rows: int | None = None
    """How many rows it must have instead of `numbers`, where others change meanwhile which ones."""
    truth: Statement | None = None
    """What names the rows instead of `numbers` where they change by themselves: asked before and after each
    fetch, since something may end in between; the time of a fetch is without it."""

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """Return the page whose `asdict` this is."""
        truth = values["truth"]
        return cls(**values | {"truth": Statement(**truth) if truth else None})


class Asking:
    """A connection to a database that is kept open."""

    def __init__(self, statement: Statement) -> None:
        self._connection = psycopg.connect(
            host=statement.host, dbname=statement.database, user="postgres", autocommit=True
        )

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def fetch(self, statement: Statement) -> float:
        """Ask, and return the seconds until the last row was here."""
        begin = time.perf_counter()
        self._rows(statement)
        return time.perf_counter() - begin

    def numbers(self, statement: Statement) -> list[int]:
        """Ask, and return the first column."""
        return [row[0] for row in self._rows(statement)]

    def _rows(self, statement: Statement) -> list[Any]:
        return self._connection.execute(statement.sql.encode()).fetchall()


class Connection:
    """A connection to a server of this machine that is kept open."""

    def __init__(self, port: int) -> None:
        self._http = HTTPConnection("127.0.0.1", port, timeout=120)
        self._used = time.monotonic()
        self._asking: Asking | None = None

    def close(self) -> None:
        """Close it; fetching opens it again."""
        self._http.close()
        if self._asking is not None:
            self._asking.close()
            self._asking = None

    def fetch(self, page: Page) -> float:
        """Fetch a page, look at it, and return the seconds until its last byte.

        Raises:
            WrongAnswer: it is not what it should be.
        """
        if page.truth is None:
            seconds, status, text = self._answer(page)
            require_right(page, status, text)
        else:
            before = self._true_numbers(page.truth)
            seconds, status, text = self._answer(page)
            after = self._true_numbers(page.truth)
            require_right_at_some_time(page, status, text, before=before, after=after)
        return seconds

    def _answer(self, page: Page) -> tuple[float, int, str]:
        """Return the seconds that a page took, its status and its text."""
        headers = BROWSER | ({"Cookie": page.cookie} if page.cookie else {})
        if time.monotonic() - self._used > KEPT_SECONDS:
            self._http.close()
        begin = time.perf_counter()
        self._http.request("GET", page.path, headers=headers)
        answer = self._http.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - begin
        self._used = time.monotonic()
        return seconds, answer.status, plain(body, answer.getheader("Content-Encoding", ""))

    def _true_numbers(self, truth: Statement) -> list[int]:
        if self._asking is None:
            self._asking = Asking(truth)
        return self._asking.numbers(truth)


def require_right_at_some_time(
    page: Page, status: int, text: str, *, before: Sequence[int], after: Sequence[int]
) -> None:
    """Refuse a page that shows neither the rows there were before it was fetched nor those of afterwards.

    Raises:
        WrongAnswer: it does not.
    """
    try:
        require_right(replace(page, numbers=before), status, text)
    except WrongAnswer:
        if before == after:
            raise
        require_right(replace(page, numbers=after), status, text)


def require_right(page: Page, status: int, text: str) -> None:
    """Refuse an answer that is no page, or that shows other rows than those it should.

    Raises:
        WrongAnswer: it does.
    """
    if status != 200:
        raise WrongAnswer(f"{page.name} {page.path}: HTTP {status}\n{text[:500]}")
    found = [int(number) for number in re.findall(page.row, text)] if page.row else []
    if page.rows is not None:
        if len(set(found)) != page.rows:
            raise WrongAnswer(f"{page.name} {page.path}: {len(set(found))} rows instead of {page.rows}")
    elif found != list(page.numbers):
        raise WrongAnswer(f"{page.name} {page.path}: rows {found[:3]}… ({len(found)}) instead of "
                          f"{list(page.numbers)[:3]}… ({len(page.numbers)})")  # fmt: skip
    missing = [words for words in page.says if words not in text]
    if missing:
        raise WrongAnswer(f"{page.name} {page.path}: does not say {missing}")


def plain(body: bytes, encoding: str) -> str:
    match encoding:
        case "br":
            body = brotli.decompress(body)
        case "gzip":
            body = gzip.decompress(body)
    return body.decode(errors="replace")  # A picture has no text to look at.


def medians_in_turn(pages: Sequence[Page | Statement], *, runs: int) -> dict[str, float]:
    """Fetch pages, or ask bare questions, in turn (A B C A B C …) from another process.

    Returns the median of each in milliseconds, of `runs` rounds, or of fewer where it takes long; a round
    that warms up goes before.

    Raises:
        WrongAnswer: a page is not what it should be.
    """
    plan = {"pages": [[type(page).__name__, asdict(page)] for page in pages], "runs": runs}
    taken = run_elsewhere(fetch_in_turn, plan)
    if "wrong" in taken:
        raise WrongAnswer(taken["wrong"])
    return {name: median(times) * 1000 for name, times in taken.items()}


def fetch_in_turn(plan: dict[str, Any]) -> dict[str, Any]:
    """The other end of `medians_in_turn`: the seconds of each page by its name, or what was `wrong`."""
    try:
        return dict(_fetched(plan))
    except WrongAnswer as wrong:
        return {"wrong": str(wrong)}


def _fetched(plan: dict[str, Any]) -> dict[str, list[float]]:
    """Fetch round after round, each time only what is not known well enough."""
    fetches = [_fetch(kind, values) for kind, values in plan["pages"]]
    taken: dict[str, list[float]] = {values["name"]: [] for _kind, values in plan["pages"]}
    for _ in range(WARM + plan["runs"]):
        for fetch, times in zip(fetches, taken.values(), strict=True):
            if not is_enough(times):
                times.append(fetch())
    return {name: times[WARM:] for name, times in taken.items()}


def is_enough(times: Sequence[float]) -> bool:
    """Whether fetching a page again would tell little for its time."""
    return len(times) >= WARM + FEWEST_RUNS and sum(times) > ENOUGH_SECONDS


def _fetch(kind: str, values: dict[str, Any]) -> Callable[[], float]:
    """Return what fetches one page again and again, or asks one question, over a connection of its own."""
    if kind == Statement.__name__:
        statement = Statement(**values)
        return partial(Asking(statement).fetch, statement)
    page = Page.of(values)
    return partial(Connection(page.port).fetch, page)


@dataclass(frozen=True)
class Rate:
    """How many requests a second were answered, and within how many milliseconds 99 of 100."""

    answers: int
    per_second: float
    p99_ms: float


def rate(pages: Sequence[Page], *, clients: int, seconds: float) -> Rate:
    """Let clients fetch pages again and again at the same time, from another process.

    Raises:
        WrongAnswer: a page is not what it should be.
    """
    plan = {"pages": [asdict(page) for page in pages], "clients": clients, "seconds": seconds}
    answered = run_elsewhere(fetch_at_once, plan)
    if "wrong" in answered:
        raise WrongAnswer(answered["wrong"])
    times = sorted(answered["times"])
    return Rate(len(times), len(times) / seconds, times[int(len(times) * 0.99)] * 1000)


def fetch_at_once(plan: dict[str, Any]) -> dict[str, Any]:
    """The other end of `rate`: the seconds of every request that was answered, or what was `wrong`."""
    pages = [Page.of(one) for one in plan["pages"]]
    with ThreadPoolExecutor(plan["clients"]) as pool:
        ends = time.monotonic() + plan["seconds"]
        clients = [pool.submit(_fetch_until, pages, number, ends) for number in range(plan["clients"])]
        try:
            return {"times": [seconds for client in clients for seconds in client.result()]}
        except WrongAnswer as wrong:
            return {"wrong": str(wrong)}


def _fetch_until(pages: Sequence[Page], number: int, ends: float) -> list[float]:
    """Fetch pages in turn until a moment, each client beginning with another one."""
    connections = {page.port: Connection(page.port) for page in pages}
    taken = []
    while time.monotonic() < ends:
        page = pages[number % len(pages)]
        taken.append(connections[page.port].fetch(page))
        number += 1
    return taken
