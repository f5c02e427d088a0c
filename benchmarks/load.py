"""Pages fetched over kept connections, in turn, each timed and looked at: a wrong answer ends the run."""

import gzip
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from http.client import HTTPConnection
from statistics import median
from typing import Any

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


class WrongAnswer(Exception):
    """A server answered with an error, or with other rows than there are."""


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


@dataclass(frozen=True)
class Statement:
    """A bare question to a database, beside which pages are measured."""

    name: str
    host: str
    database: str
    sql: str


class Asking:
    """A connection to a database that is kept open."""

    def __init__(self, statement: Statement) -> None:
        self._connection = psycopg.connect(
            host=statement.host, dbname=statement.database, user="postgres", autocommit=True
        )

    def fetch(self, statement: Statement) -> float:
        """Ask, and return the seconds until the last row was here."""
        begin = time.perf_counter()
        self._connection.execute(statement.sql.encode()).fetchall()
        return time.perf_counter() - begin


class Connection:
    """A connection to a server of this machine that is kept open."""

    def __init__(self, port: int) -> None:
        self._http = HTTPConnection("127.0.0.1", port, timeout=120)

    def fetch(self, page: Page) -> float:
        """Fetch a page, look at it, and return the seconds until its last byte.

        Raises:
            WrongAnswer: it is not what it should be.
        """
        headers = BROWSER | ({"Cookie": page.cookie} if page.cookie else {})
        begin = time.perf_counter()
        self._http.request("GET", page.path, headers=headers)
        answer = self._http.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - begin
        require_right(page, answer.status, _plain(body, answer.getheader("Content-Encoding", "")))
        return seconds


def require_right(page: Page, status: int, text: str) -> None:
    """Refuse an answer that is no page, or that shows other rows than those it should.

    Raises:
        WrongAnswer: it does.
    """
    if status != 200:
        raise WrongAnswer(f"{page.name} {page.path}: HTTP {status}\n{text[:500]}")
    found = [int(number) for number in re.findall(page.row, text)] if page.row else []
    if found != list(page.numbers):
        raise WrongAnswer(f"{page.name} {page.path}: rows {found[:3]}… ({len(found)}) instead of "
                          f"{list(page.numbers)[:3]}… ({len(page.numbers)})")  # fmt: skip
    missing = [words for words in page.says if words not in text]
    if missing:
        raise WrongAnswer(f"{page.name} {page.path}: does not say {missing}")


def _plain(body: bytes, encoding: str) -> str:
    match encoding:
        case "br":
            body = brotli.decompress(body)
        case "gzip":
            body = gzip.decompress(body)
    return body.decode()


def medians_in_turn(pages: Sequence[Page | Statement], *, runs: int, warm: int = 2) -> dict[str, float]:
    """Fetch pages, or ask bare questions, in turn (A B C A B C …) from another process.

    Returns the median of each in milliseconds. `warm` rounds go before and do not count.

    Raises:
        WrongAnswer: a page is not what it should be.
    """
    plan = {"pages": [[type(page).__name__, asdict(page)] for page in pages], "runs": runs, "warm": warm}
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
    fetches = [_fetch(kind, values) for kind, values in plan["pages"]]
    taken: dict[str, list[float]] = {values["name"]: [] for _kind, values in plan["pages"]}
    for number in range(plan["warm"] + plan["runs"]):
        for fetch, times in zip(fetches, taken.values(), strict=True):
            seconds = fetch()
            if number >= plan["warm"]:
                times.append(seconds)
    return taken


def _fetch(kind: str, values: dict[str, Any]) -> Callable[[], float]:
    """Return what fetches one page again and again, or asks one question, over a connection of its own."""
    if kind == Statement.__name__:
        statement = Statement(**values)
        return partial(Asking(statement).fetch, statement)
    page = Page(**values)
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
    pages = [Page(**one) for one in plan["pages"]]
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
