"""`flask reconcile`: a line a check, and an exit code for monitoring."""

import json

import pytest
from flask import Flask
from sqlalchemy import text

from lead_system.extensions import db
from lead_system.models import Reconciliation
from lead_system.queries.reconciliation.checks import CHECKS
from tests.support.cast import Cast
from tests.support.databases import both_databases

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


def bound_without_hold(cast: Cast) -> int:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    with cast.app.app_context():
        db.session.execute(text("DELETE FROM holds"))
        db.session.commit()
    return lead_id


def test_sound_database_ends_with_zero_and_a_line_for_each_check(app: Flask, cast: Cast) -> None:
    cast.enters("fang", reports=True)

    ran = app.test_cli_runner().invoke(args=["reconcile"])

    assert ran.exit_code == 0
    assert [line.split()[-1] for line in ran.output.splitlines()[:-1]] == [check.name for check in CHECKS]
    assert ran.output.splitlines()[-1] == f"{len(CHECKS)} of {len(CHECKS)} checks, 0 broken."
    assert cast.count(Reconciliation, account_id=None, broken=0) == 1


def test_broken_rule_ends_with_one_and_names_the_row(app: Flask, cast: Cast) -> None:
    lead_id = bound_without_hold(cast)

    ran = app.test_cli_runner().invoke(args=["reconcile"])

    assert ran.exit_code == 1
    (failed,) = [line for line in ran.output.splitlines() if line.startswith("FAILED")]
    assert "holders_hold_all_their_keys: 1 (R4)" in failed
    assert f"lead_id={lead_id} status=bound holds=0" in ran.output


def test_json_says_the_same_to_machines(app: Flask, cast: Cast) -> None:
    lead_id = bound_without_hold(cast)

    ran = app.test_cli_runner().invoke(args=["reconcile", "--json"])

    said = json.loads(ran.output)
    assert (ran.exit_code, said["broken"], len(said["checks"])) == (1, 1, len(CHECKS))
    (broken,) = [one for one in said["checks"] if one["count"]]
    assert broken["rows"] == [{"lead_id": lead_id, "status": "bound", "holds": 0}]
