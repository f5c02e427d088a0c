"""What people sent, written down before it is sent, and what the server acknowledged of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.trials.people import Answer, Files, new_id


@dataclass(eq=False)
class Action:
    """One form of one person. `about` is the lead or the collision that it concerns, 0 where it makes one."""

    what: str
    who: str
    address: str
    about: int = 0
    fields: dict[str, object] = field(default_factory=dict)
    files: Files | None = None
    request_id: str = field(default_factory=new_id)
    answer: Answer | None = None
    tries: int = 0

    def __str__(self) -> str:
        return f"{self.what} by {self.who} at {self.address} {self.fields} under {self.request_id}"


class Journal:
    """All actions of a trial in the order in which they were sent; many threads write in it at once."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.broken: list[str] = []
        self._flying: set[Action] = set()
        self._changed = threading.Condition()

    @property
    def acknowledged(self) -> list[Action]:
        """What the server has answered with yes."""
        with self._changed:
            return [action for action in self.actions if action.answer is not None]

    def write(self, action: Action) -> None:
        """Write down what somebody is about to send."""
        with self._changed:
            self.actions.append(action)

    def complain(self, what: str) -> None:
        """Write down that something was answered that must never be."""
        with self._changed:
            self.broken.append(what)

    @contextmanager
    def flight(self, action: Action) -> Iterator[None]:
        """Count an action as in flight while its form is sent and not answered."""
        with self._changed:
            action.tries += 1
            self._flying.add(action)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._flying.discard(action)

    def in_flight(self) -> int:
        """Return how many forms are sent and not answered at this moment."""
        with self._changed:
            return len(self._flying)

    def wait_for_flight(self, seconds: float) -> None:
        """Wait until a form is in flight, no longer than this."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self._flying and time.monotonic() < deadline:
                self._changed.wait(timeout=0.1)
