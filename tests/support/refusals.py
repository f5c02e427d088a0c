"""How tests speak of refusals: the code that comes, and that nothing was written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from lead_system.domain.errors import Refused
from lead_system.extensions import Base, db

KEPT_BESIDE = ("handled_requests", "sign_in_failures")
"""Tables of what is kept of refusals themselves: their answers, and how often somebody guessed."""


@contextmanager
def refused(code: str, **facts: object) -> Iterator[None]:
    """Expect a refusal with this code and at least these facts."""
    with pytest.raises(Refused) as raised:
        yield
    assert raised.value.code.value == code
    assert {name: raised.value.facts.get(name) for name in facts} == facts


def everything(app: Flask) -> dict[str, list[Any]]:
    """Return every row of every table, but for what is kept of refusals themselves."""
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(table.select())))
            for table in Base.metadata.sorted_tables
            if table.name not in KEPT_BESIDE
        }


@contextmanager
def nothing_written(app: Flask) -> Iterator[None]:
    """Expect that the block leaves every table as it was."""
    before = everything(app)
    yield
    after = everything(app)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
