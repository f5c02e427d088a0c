"""Turns at writing: whoever wants to write into a SQLite file first is let first, in whichever process.

SQLite lets one transaction write and has the others try again, after pauses that grow: who came last may be
let first, and who waits longest sleeps longest. Here each process has a line of its own, and the heads of the
lines draw numbers from a file beside the database. A number is a locked byte of that file, and whoever has
one waits until no lower byte is locked. So the heads are let in the order in which they came, and a process
that has just written comes after all that wait. The kernel frees the bytes of a process that dies, however it
dies.

This only decides who comes when. That nobody else writes, SQLite itself makes sure; who never stands in line,
as a tool on the same file, is waited for as ever.
"""

import fcntl
import os
import threading
import time
from collections import deque
from contextlib import suppress
from functools import cache
from pathlib import Path

LOOKS_AGAIN_SECONDS = 0.0002
"""How long the head of a line pauses before it looks again whether another process has gone on (decision 29).

A lock that is waited for in the kernel would need no pause, and could not be given up when patience ends.
"""

_COUNTER, _NUMBER_BYTES, _NUMBERS = 0, 8, 2**62
"""Which byte is locked by whoever draws a number, how many hold the last one, and how many there are."""


class Turn:
    """A place before all others who want to write, until it is left."""

    def __init__(self, line: "_Line", held: int) -> None:
        self._line = line
        self._held = held

    def leave(self) -> None:
        """Let the next one write: of another process, if one waits there."""
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
        return Turn(line, _stand_among_processes(path, until))
    except BaseException:
        line.move_up()
        raise


def _stand_among_processes(path: str, until: float) -> int:
    """Draw a number and wait until it comes; returns what to close.

    The locks are the process's, not the descriptor's: as only the head of a line stands here, none is closed
    by another thread.
    """
    held = _open_beside(path)
    try:
        number = _draw_number(held, until)
        _lock(held, fcntl.LOCK_SH, range(1, number), until)
    except BaseException:
        os.close(held)
        raise
    return held


def _open_beside(path: str) -> int:
    """Open the file of the numbers; where it is made by root, it belongs to whom the database belongs to."""
    held = os.open(f"{path}-turns", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = Path(path).stat()
            os.fchown(held, owner.st_uid, owner.st_gid)
    return held


def _draw_number(held: int, until: float) -> int:
    """Count on, and lock the byte of the number before anybody can draw a higher one."""
    _lock(held, fcntl.LOCK_EX, range(_COUNTER, _COUNTER + 1), until)
    last = int.from_bytes(os.pread(held, _NUMBER_BYTES, 0))
    number = max(last % _NUMBERS, 1) + 1
    os.pwrite(held, number.to_bytes(_NUMBER_BYTES), 0)
    _lock(held, fcntl.LOCK_EX, range(number, number + 1), until)
    fcntl.lockf(held, fcntl.LOCK_UN, 1, _COUNTER)
    return number


def _lock(held: int, kind: int, stretch: range, until: float) -> None:
    """Lock a stretch of bytes as soon as no other process has one of them locked.

    Raises:
        TimeoutError: it takes too long.
    """
    while True:
        try:
            fcntl.lockf(held, kind | fcntl.LOCK_NB, len(stretch), stretch.start)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise TimeoutError from None
            time.sleep(LOOKS_AGAIN_SECONDS)
        else:
            return
