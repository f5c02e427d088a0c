"""What personal data calls for: `flask anonymise`."""

import click
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.queries.retention import concerned
from lead_system.queries.settings import get_settings
from lead_system.services.anonymising import anonymise_old_leads, anonymise_old_visitors


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
