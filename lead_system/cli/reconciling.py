"""Whether all that must be true is true: `flask reconcile`."""

import json
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.queries.reconciliation.check import Checked
from lead_system.queries.reconciliation.checks import CHECKS
from lead_system.services.reconciliation import Result, begin_by_command, run_checks
from lead_system.web.sentences import sentence


@click.command("reconcile")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end instead of lines.")
@with_appcontext
def reconcile(*, as_json: bool) -> None:
    """Check every rule on the live data, in one snapshot; to be run daily. Fails where one is broken.

    What was found is kept and shown at /admin/reconciliation/.
    """
    try:
        run_id = begin_by_command(now())
    except Refused as refused:
        with current_app.test_request_context():
            raise click.ClickException(sentence(refused)) from None
    results = run_checks(run_id, clock=now, say=None if as_json else _say)
    broken = sum(1 for one in results if one.count)
    if as_json:
        click.echo(json.dumps({"run": run_id, "broken": broken, "checks": [asdict(one) for one in results]}))
    else:
        click.echo(f"{len(results)} of {len(CHECKS)} checks, {broken} broken.")
    if broken:
        raise SystemExit(1)


def _say(check: Checked, result: Result) -> None:
    """Write the line of a check as soon as it is done: with slow ones, it is the progress."""
    if not result.count:
        click.echo(f"ok      {result.seconds:8.2f} s  {check.name}")
        return
    first = "; ".join(" ".join(f"{name}={value}" for name, value in row.items()) for row in result.rows)
    click.echo(f"FAILED  {result.seconds:8.2f} s  {check.name}: {result.count} ({check.rule}) {check.must}")
    click.echo(f"        {first}")
