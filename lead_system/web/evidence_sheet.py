"""What stands on the paper of an evidence file, as plain texts in the words of one language."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """A table: its headings, its rows, and how wide its columns are, as parts of the width."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    nothing: str = ""
    """What stands there instead of a table without rows."""


@dataclass(frozen=True)
class PaperStep:
    """What one record tells: when, of whom, what happened by which rule, in whose words, and who did it."""

    time: str
    whom: str
    told: Sequence[tuple[str, str]]
    words: Sequence[str]
    who: str


@dataclass(frozen=True)
class Section:
    """A chapter of the paper; `days` are the steps of each day."""

    title: str
    texts: Sequence[str] = ()
    grid: Grid | None = None
    days: Sequence[tuple[str, Sequence[PaperStep]]] = ()


@dataclass(frozen=True)
class PaperSheet:
    """All that stands on the paper, in the words of one language. `page` is filled with number and total."""

    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    foot: str
    foot_more: str
    page: str
    language: str
