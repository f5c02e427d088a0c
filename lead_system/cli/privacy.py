"""Commands about personal data: `flask anonymise`, `flask verify-history`."""

import click
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.queries.retention import concerned
from lead_system.queries.settings import get_settings
from lead_system.services.anonymising import anonymise_old_leads, anonymise_old_visitors
from lead_system.services.history import verify_history as look_through_history


@click.command("anonymise")
@click.option("--dry-run", is_flag=True, help="Only say how many it would be; nothing is written.")
@with_appcontext
def anonymise(*, dry_run: bool) -> None:
    """Take the personal values of customers and visitors kept long enough; to be run daily."""
    moment = now()
    if dry_run:
        leads, visitors = concerned(get_settings().retention_months, moment)
        click.echo(f"To be anonymised: {leads} customers, {visitors} visitors.")
        return
    leads, visitors = anonymise_old_leads(moment), anonymise_old_visitors(moment)
    click.echo(f"Anonymised: {leads} customers, {visitors} visitors.")


@click.command("verify-history")
@with_appcontext
def verify_history() -> None:
    """Compare the personal values of all history records with their hashes; fails where one was changed."""
    found = look_through_history()
    click.echo(
        f"{found.records} records, {found.with_payload} with personal values, {found.anonymised} anonymised."
    )
    if found.first_changed is not None:
        raise click.ClickException(f"The personal values of record {found.first_changed} were changed.")
    click.echo("No personal value was changed.")
