"""Turns at writing into a SQLite file: first come, first served, within a process and between processes."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.services import transaction
from lead_system.services.leads import LeadEntry, enter_lead
from lead_system.services.transaction import aside
from lead_system.turns import take_turn
from tests.support.cast import Cast
from tests.support.databases import Database

pytestmark = pytest.mark.races

SOON_SECONDS = 60


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "leads.sqlite3")


def _stand_in_another_process(file: str, pipe: Connection) -> None:
    pipe.send("standing")
    turn = take_turn(file, patience_seconds=SOON_SECONDS)
    pipe.send("writing")
    pipe.recv()
    turn.leave()
    pipe.send("left")


@contextmanager
def another_process(file: str) -> Iterator[tuple[Any, Connection]]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_stand_in_another_process, args=(file, theirs), daemon=True)
    process.start()
    try:
        assert heard_from(ours) == "standing"
        yield process, ours
    finally:
        process.kill()
        process.join(SOON_SECONDS)


@contextmanager
def two_waiting_in_line(file: str) -> Iterator[tuple[Any, Connection, Connection]]:
    """Two other processes that stand in line, one after the other: the first itself, and how to hear both."""
    with another_process(file) as (process, first):
        wait_until_drawn(file, 2)
        with another_process(file) as (_process, second):
            wait_until_drawn(file, 3)
            yield process, first, second


def wait_until_drawn(file: str, number: int) -> None:
    """Wait until so many have drawn a number from the file; the first number is 2.

    Another process reads it: whoever closes a file gives up all locks that its process has there.
    """
    read = ["od", "-A", "n", "-t", "u8", "--endian=big", f"{file}-turns"]
    deadline = time.monotonic() + SOON_SECONDS
    while int(subprocess.run(read, check=True, capture_output=True).stdout) < number + 1:  # noqa: S603
        assert time.monotonic() < deadline
        time.sleep(0.005)


def heard_from(other: Connection) -> str:
    assert other.poll(SOON_SECONDS), "it says nothing"
    return str(other.recv())


def test_threads_write_in_the_order_in_which_they_came(file: str) -> None:
    first = take_turn(file, patience_seconds=1)
    served: list[int] = []

    def write(number: int) -> None:
        turn = take_turn(file, patience_seconds=SOON_SECONDS)
        served.append(number)
        turn.leave()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    assert served == []
    first.leave()
    for thread in threads:
        thread.join(SOON_SECONDS)

    assert served == [0, 1, 2, 3, 4, 5, 6, 7]


def test_process_that_has_just_written_does_not_go_ahead_of_one_that_waits(file: str) -> None:
    ours = take_turn(file, patience_seconds=1)
    with another_process(file) as (_process, other):
        wait_until_drawn(file, 2)
        served: list[str] = []

        def write_again() -> None:
            turn = take_turn(file, patience_seconds=SOON_SECONDS)
            served.append("ours")
            turn.leave()

        again = threading.Thread(target=write_again)
        again.start()
        ours.leave()

        assert heard_from(other) == "writing"
        time.sleep(0.05)
        assert served == []
        other.send("leave")
        assert heard_from(other) == "left"
        again.join(SOON_SECONDS)
        assert served == ["ours"]


def test_processes_write_in_the_order_in_which_they_came(file: str) -> None:
    ours = take_turn(file, patience_seconds=1)
    with two_waiting_in_line(file) as (_process, first, second), another_process(file) as (_third, third):
        wait_until_drawn(file, 4)
        ours.leave()

        for other, later in ((first, second), (second, third)):
            assert heard_from(other) == "writing"
            assert not later.poll(0.05)
            other.send("leave")
            assert heard_from(other) == "left"
        assert heard_from(third) == "writing"


def test_process_that_is_killed_while_it_waits_holds_up_nobody(file: str) -> None:
    ours = take_turn(file, patience_seconds=1)
    with two_waiting_in_line(file) as (first, _pipe, second):
        os.kill(first.pid, signal.SIGKILL)
        assert not second.poll(0.05)
        ours.leave()

        assert heard_from(second) == "writing"


@pytest.mark.parametrize("found", [b"", b"\xff" * 8, b"\x00" * 3, "不是数字".encode()])
def test_file_of_numbers_that_holds_anything_else_keeps_nobody_from_writing(file: str, found: bytes) -> None:
    Path(f"{file}-turns").write_bytes(found)

    for _ in range(3):
        take_turn(file, patience_seconds=1).leave()


def test_turn_of_a_killed_process_goes_to_the_next(file: str) -> None:
    with another_process(file) as (process, other):
        assert heard_from(other) == "writing"
        with pytest.raises(TimeoutError):
            take_turn(file, patience_seconds=0.05)

        os.kill(process.pid, signal.SIGKILL)

        take_turn(file, patience_seconds=SOON_SECONDS).leave()


def test_whoever_gives_up_holds_up_nobody(file: str) -> None:
    first = take_turn(file, patience_seconds=1)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            take_turn(file, patience_seconds=0.01)
    first.leave()

    take_turn(file, patience_seconds=1).leave()


def _enter(cast: Cast, app: Flask, given_name: str) -> None:
    with app.app_context():
        entry = LeadEntry("王", given_name, "138", "1234")
        enter_lead(cast.as_("fang"), entry=entry, then_report=False, now=now())


def test_turn_is_left_after_a_commit_a_refusal_and_a_defect(
    cast: Cast, app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(database.folder / "leads.sqlite3")

    def is_free() -> bool:
        take_turn(file, patience_seconds=0).leave()
        return True

    _enter(cast, app, "小明")
    assert is_free()
    with pytest.raises(Refused):
        _enter(cast, app, "小明")
    assert is_free()
    monkeypatch.setattr(transaction, "_keep_answer", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _enter(cast, app, "小红")
    assert is_free()


def test_write_waits_its_turn_and_gives_up_as_busy(cast: Cast, app: Flask, database: Database) -> None:
    turn = take_turn(str(database.folder / "leads.sqlite3"), patience_seconds=1)
    with sqlite3.connect(database.folder / "leads.sqlite3", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()

        with app.app_context(), pytest.raises(OperationalError) as raised:
            aside(lambda _connection: None, patience_milliseconds=100)

        assert getattr(raised.value.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
        assert 0.09 <= time.monotonic() - began < 5
        holder.execute("ROLLBACK")
    turn.leave()


def test_whoever_never_stands_in_line_is_waited_for_as_ever(
    cast: Cast, app: Flask, database: Database
) -> None:
    with sqlite3.connect(database.folder / "leads.sqlite3", isolation_level=None) as tool:
        tool.execute("BEGIN IMMEDIATE")
        entering = threading.Thread(target=_enter, args=(cast, app, "小明"))
        entering.start()
        time.sleep(0.3)
        assert entering.is_alive()
        tool.execute("ROLLBACK")
        entering.join(SOON_SECONDS)

    assert not entering.is_alive()
    with sqlite3.connect(database.folder / "leads.sqlite3") as reader:
        assert reader.execute("SELECT count(*) FROM leads").fetchone() == (1,)
