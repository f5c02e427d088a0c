"""Turns at writing: whoever wants to write into a SQLite file first is let first, in whichever process.

SQLite lets one transaction write and has the others try again, after pauses that grow: who came last may be
let first, and who waits longest sleeps longest. Here each process has a line of its own, and the heads of the
lines stand at two locks: whoever has `next` waits for `turn`, and gives `next` away when it has that. So a
process that has just written cannot go ahead of another one's head. The locks are `flock`s on files beside
the database: the kernel frees them when their process dies, however it dies.

This only decides who comes when. That nobody else writes, SQLite itself makes sure; who never stands in line,
as a tool on the same file, is waited for as ever.
"""

import fcntl
import os
import threading
import time
from collections import deque
from functools import cache

LOOKS_AGAIN_SECONDS = 0.0005
"""How long the head of a line pauses before it looks again whether another process has gone on."""


class Turn:
    """A place at the head of all lines, until it is left."""

    def __init__(self, line: "_Line", held: int) -> None:
        self._line = line
        self._held = held

    def leave(self) -> None:
        """Let the next one write; that of other processes first, if one waits."""
        os.close(self._held)
        self._line.move_up()


class _Line:
    """Those of this process who want to write into one file, in the order in which they came."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._has_head = False

    def stand(self, until: float) -> None:
        """Wait to become the head.

        Raises:
            TimeoutError: it takes too long.
        """
        with self._guard:
            if not self._has_head:
                self._has_head = True
                return
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(max(0.0, until - time.monotonic())):
            return
        with self._guard:
            if called in self._waiting:  # Else it was called at the very end of its patience.
                self._waiting.remove(called)
                raise TimeoutError

    def move_up(self) -> None:
        """Call the next one, after the head has left."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._has_head = False


@cache
def _line_at(path: str, process: int) -> _Line:  # noqa: ARG001 - a forked process stands in a line of its own
    return _Line()


def take_turn(path: str, *, patience_seconds: float) -> Turn:
    """Wait until it is this thread's turn to write into a database file.

    Whoever has one must leave it, and must not ask for another one meanwhile.

    Raises:
        TimeoutError: it takes longer than that.
        OSError: no file can be put beside the database.
    """
    until = time.monotonic() + patience_seconds
    line = _line_at(path, os.getpid())
    line.stand(until)
    try:
        comes_next = _lock(f"{path}-next", until)
        try:
            return Turn(line, _lock(f"{path}-turn", until))
        finally:
            os.close(comes_next)
    except BaseException:
        line.move_up()
        raise


def _lock(path: str, until: float) -> int:
    """Lock a file, which is made where it is missing; returns what to close."""
    held = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        while not _is_locked_now(held):
            if time.monotonic() >= until:
                raise TimeoutError
            time.sleep(LOOKS_AGAIN_SECONDS)
    except BaseException:
        os.close(held)
        raise
    return held


def _is_locked_now(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
