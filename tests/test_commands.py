"""The daily anonymising, as a command of the server."""

import pytest
from flask import Flask

from tests.services.test_anonymising import LATER
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command; returns its exit code and what it says."""
    result = app.test_cli_runner().invoke(args=words)
    return result.exit_code, result.output


def test_anonymise_says_how_many_and_a_dry_run_writes_nothing(cast: Cast, clock: StoppedClock) -> None:
    cast.enters("fang")
    cast.arrives("new")
    clock.at(LATER)

    with nothing_written(cast.app):
        assert run(cast.app, "anonymise", "--dry-run") == (
            0,
            "To be anonymised: 1 customers, 1 visitors.\n",
        )
    assert run(cast.app, "anonymise") == (0, "Anonymised: 1 customers, 1 visitors.\n")
    assert run(cast.app, "anonymise") == (0, "Anonymised: 0 customers, 0 visitors.\n")
