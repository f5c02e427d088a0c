"""The daily anonymising and the check of the history, as commands of the server."""

import pytest
from flask import Flask

from lead_system.extensions import db
from lead_system.models import HistoryPayload
from lead_system.services import history
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


def test_verify_history_counts_records_and_payloads(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)

    assert run(cast.app, "verify-history") == (
        0,
        "3 records, 1 with personal values, 0 anonymised.\nNo personal value was changed.\n",
    )

    clock.at(LATER)
    run(cast.app, "anonymise")

    assert run(cast.app, "verify-history") == (
        0,
        "4 records, 0 with personal values, 1 anonymised.\nNo personal value was changed.\n",
    )


@pytest.mark.parametrize("at_once", [1, 1000])
@pytest.mark.parametrize("change", ["values", "salt", "moved", "added"])
def test_verify_history_names_the_first_record_whose_payload_was_changed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, change: str, at_once: int
) -> None:
    monkeypatch.setattr(history, "AT_ONCE", at_once)
    cast.enters("fang")
    cast.enters("qiang", ("黄", "蓉", "1391234"), reports=True)
    cast.enters("fang", ("郭", "靖", "1391234"))
    with cast.app.app_context():
        _first, second, last = db.session.scalars(
            db.select(HistoryPayload).order_by(HistoryPayload.record_id)
        )
        wrong = second.record_id
        if change == "values":
            second.values = second.values | {"surname": "王"}
        elif change == "salt":
            second.salt = "0" * 64
        elif change == "moved":
            second.values, last.values = last.values, second.values
        else:
            wrong = second.record_id + 1
            db.session.add(HistoryPayload(record_id=wrong, salt="0" * 64, values={"surname": "王"}))
        db.session.commit()

    code, said = run(cast.app, "verify-history")

    assert code == 1
    assert f"The personal values of record {wrong} were changed." in said
