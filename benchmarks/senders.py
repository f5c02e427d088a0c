"""Clients that send forms as fast as they are answered, from another process, and bare clients."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from urllib.parse import urlencode

from benchmarks.elsewhere import run_elsewhere
from benchmarks.load import WrongAnswer
from benchmarks.peers.thin_sql import WORKS, Database

CLIENTS = 16
PROCESSES = 2
"""Of bare clients, since the servers beside them have as many."""


def form(path: str, fields: dict[str, object], headers: dict[str, str]) -> str:
    """Return a whole request that sends a form."""
    body = urlencode({name: str(value) for name, value in fields.items()})
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/x-www-form-urlencoded"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body])


class Sent(dict[str, Any]):
    """What came of sending: `seconds` in all, `times` of each, and the `answers` by what was sent."""

    @property
    def rate(self) -> float:
        """How many a second."""
        return float(len(self["times"]) / self["seconds"])


def send_forms(port: int, forms: Sequence[str], *, clients: int = CLIENTS) -> Sent:
    """Send forms by so many clients, each over a connection that it keeps; every answer must lead on.

    Raises:
        WrongAnswer: one does not.
    """
    return _require_right(run_elsewhere(_send_forms, {"port": port, "forms": forms, "clients": clients}))


def send_bare(address: str, work: str, values: Sequence[dict[str, Any]], *, clients: int = CLIENTS) -> Sent:
    """Do a work of the thin peer as often, without a server in between."""
    plan = {"address": address, "work": work, "clients": clients // PROCESSES}
    parts = [plan | {"values": values[number::PROCESSES]} for number in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        taken = [_require_right(one) for one in pool.map(lambda part: run_elsewhere(_send_bare, part), parts)]
    return Sent(
        seconds=max(one["seconds"] for one in taken), times=[t for one in taken for t in one["times"]]
    )


def _require_right(taken: dict[str, Any]) -> Sent:
    if taken["wrong"]:
        raise WrongAnswer(f"{len(taken['wrong'])} wrong answers, first: {taken['wrong'][0]}")
    return Sent(taken)


def _send_forms(plan: dict[str, Any]) -> dict[str, Any]:
    def client() -> Callable[[int], str]:
        connection = socket.create_connection(("127.0.0.1", plan["port"]), timeout=120)
        return lambda number: _answer_to(connection, plan["forms"][number].encode())

    return _raced(len(plan["forms"]), plan["clients"], client)


def _answer_to(connection: socket.socket, request: bytes) -> str:
    """Send a request, and return where its answer leads."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = connection.recv(65536)
        if not more:
            raise WrongAnswer("the server hung up")
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = {
        k.strip().lower(): v.strip() for k, _, v in (one.partition(b":") for one in head.split(b"\r\n")[1:])
    }
    missing = int(headers.get(b"content-length", b"0")) - len(body)
    while missing > 0:
        missing -= len(connection.recv(missing))
    if not head.startswith(b"HTTP/1.1 302"):
        raise WrongAnswer(f"{head.decode()}\n{body.decode(errors='replace')[:300]}")
    return headers[b"location"].decode()


def _send_bare(plan: dict[str, Any]) -> dict[str, Any]:
    def client() -> Callable[[int], str]:
        database = Database(plan["address"])
        return lambda number: str(database.once(WORKS[plan["work"]], plan["values"][number]))

    return _raced(len(plan["values"]), plan["clients"], client)


def _raced(total: int, clients: int, client: Callable[[], Callable[[int], str]]) -> dict[str, Any]:
    """Let clients take one number after the other until none is left."""
    numbers, times, answers, wrong = count(), [0.0] * total, [""] * total, list[str]()
    ready = threading.Barrier(clients + 1)

    def run() -> None:
        send = client()
        ready.wait()
        while (number := next(numbers)) < total and not wrong:
            begin = time.perf_counter()
            try:
                answers[number] = send(number)
            except Exception as error:  # noqa: BLE001 - the run ends with it
                wrong.append(repr(error))
            times[number] = time.perf_counter() - begin

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "times": times, "answers": answers, "wrong": wrong}
