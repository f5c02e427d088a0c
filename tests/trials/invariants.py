"""What must be true of the whole database whatever was tried: the checks of the product itself (B10).

The races, the crashes and the fuzz ask them; the model asks the same through the queries of the screens.
"""

from collections.abc import Iterator
from datetime import datetime

from flask import Flask

from lead_system.queries.reconciliation.check import Harm, Row
from lead_system.queries.reconciliation.checks import CHECKS
from tests.trials.findings import Broken, Finding

_BROKEN = {Harm.DOUBLE: Broken.DOUBLE, Harm.LOST: Broken.LOST, Harm.WRONG: Broken.ERROR}

_SHOWN = 3
"""How many rows of a broken invariant are reported."""


def broken_invariants(app: Flask, now: datetime) -> Iterator[Finding]:
    """Yield what is not true of the database at this moment; nobody may be writing meanwhile."""
    with app.app_context():
        for check in CHECKS:
            for row in check.find(now).rows[:_SHOWN]:
                yield Finding(_BROKEN[check.harm], check.must, f"  {_spelled(row)}")


def _spelled(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())
