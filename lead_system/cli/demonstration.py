"""The made-up sales centre: `flask demo`."""

import click
from flask import current_app
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.config import Settings


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Fill an empty database with a made-up sales centre; does nothing where that has been done."""
    from lead_system.demo import accounts_text, fill_demo, is_filled  # noqa: PLC0415

    settings: Settings = current_app.extensions["settings"]
    if not settings.demo:
        raise click.ClickException("Demo data has known passwords, so it needs LEAD_DEMO=1.")
    if not is_filled():
        fill_demo(now(), say=click.echo)
    click.echo(accounts_text())
