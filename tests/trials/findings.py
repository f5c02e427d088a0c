"""What a trial brought to light: which promise was broken, in what, and where."""

from dataclasses import dataclass
from enum import StrEnum


class Broken(StrEnum):
    """Which promise was broken."""

    DOUBLE = "double"
    """Something happened twice."""
    LOST = "lost"
    """What was acknowledged is not there, or its history record is not."""
    ERROR = "errors"
    """No answer, a failure shown, or an outcome that no order of the requests explains."""


@dataclass(frozen=True)
class Finding:
    """One broken promise, and all that somebody needs to mend it."""

    broken: Broken
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.broken.value}: {self.what}\n{self.where}".rstrip()
