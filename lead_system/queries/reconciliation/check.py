"""What a check is: a rule, a sentence, and a question whose answer is the rows that break it.

A question is one SELECT in the words that SQLite and PostgreSQL have in common, written from the rules and
not from the schema. Its first columns are numbers of rows, named for what they are of (`lead_id`, `fee_id`),
by which a page finds where to look; what is personal is in none of them, since results are kept. Adding a
check is adding one `Check` to a list, and to tests/queries/reconciliation_cases.py a case that breaks it.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from sqlalchemy import TextClause, bindparam, text

from lead_system.extensions import db
from lead_system.models import UtcDateTime

ROWS_SHOWN = 10
"""How many of the rows that break a check are named."""

Row = dict[str, int | str | None]


class Harm(StrEnum):
    """What kind of damage a broken check means."""

    DOUBLE = "double"
    """Something happened twice, or is in two hands."""
    LOST = "lost"
    """Something that was acknowledged is not there, or its record is not."""
    WRONG = "wrong"
    """Something no order of events explains."""


class Found(NamedTuple):
    """How many rows break a check, and the first of them."""

    total: int
    rows: list[Row]


class Checked(Protocol):
    """What can be run and shown."""

    @property
    def name(self) -> str:
        """What monitoring calls it; never changed, since results of earlier runs are kept under it."""

    @property
    def rule(self) -> str:
        """The rule that it keeps (SPEC 2 or 5)."""

    @property
    def must(self) -> str:
        """One sentence of what must hold."""

    @property
    def harm(self) -> Harm:
        """What kind of damage it finds."""

    def query(self) -> str:
        """Return the question as this database is asked it, for a person to read and repeat."""

    def find(self, now: datetime) -> Found:
        """Ask the question of the session's database."""


def N_(sentence: str) -> str:  # noqa: N802 - the name by which sentences to translate are collected
    """Mark a sentence that is translated where it is shown."""
    return sentence


class Check(NamedTuple):
    """A check in SQL; `rows` selects what must not exist.

    `SECONDS(x)` is a moment in whole seconds, `DAY(x)` its Shanghai day and `LAST_DAY(x)` that of the last
    instant before it (R11); these three the databases spell differently. `:now` is the moment of the run.
    """

    name: str
    rule: str
    harm: Harm
    must: str
    rows: str

    def query(self) -> str:
        """Return the SELECT in the words of this database."""
        return spelled(self.rows, db.engine.dialect.name)

    def find(self, now: datetime) -> Found:
        """Count the rows that break the check, and read the first."""
        total = int(db.session.execute(self._asked("count(*)", now)).scalar_one())
        if not total:
            return Found(0, [])
        some = db.session.execute(self._asked("*", now, f" ORDER BY 1 LIMIT {ROWS_SHOWN}"))
        return Found(total, [{name: plain(value) for name, value in row.items()} for row in some.mappings()])

    def _asked(self, what: str, now: datetime, rest: str = "") -> TextClause:
        statement = text(f"SELECT {what} FROM ({self.query()}) AS broken{rest}")
        return (
            statement.bindparams(bindparam("now", now, UtcDateTime())) if ":now" in self.rows else statement
        )


_SPELLINGS = {
    "sqlite": {
        "SECONDS": "CAST(strftime('%s', {}) AS INTEGER)",
        "DAY": "date({}, '+8 hours')",
        "LAST_DAY": "date({}, '+8 hours', '-0.001 seconds')",
    },
    "postgresql": {
        "SECONDS": "CAST(floor(extract(epoch FROM {})) AS bigint)",
        "DAY": "CAST({} AT TIME ZONE 'Asia/Shanghai' AS date)",
        "LAST_DAY": "CAST(({} - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai' AS date)",
    },
}


_WORD = re.compile(r"\b(SECONDS|DAY|LAST_DAY)\(([^()]+)\)")


def spelled(rows: str, dialect: str) -> str:
    """Return a question with SECONDS, DAY and LAST_DAY in the words of a database."""
    spellings = _SPELLINGS[dialect]
    return _WORD.sub(lambda found: spellings[found[1]].format(found[2]), rows)


def plain(value: Any) -> int | str | None:
    """Return a value of a row as it is kept in a result: numbers and nothing stay, the rest is words."""
    return value if value is None or isinstance(value, int) else str(value)
