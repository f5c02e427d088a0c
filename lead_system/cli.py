"""Commands of the server: `flask create-admin`, `flask demo`, `flask anonymise` …"""

import re

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.config import Settings
from lead_system.demo import accounts_text, fill_demo, is_filled
from lead_system.domain.errors import Refused
from lead_system.domain.passwords import SHORTEST_PASSWORD
from lead_system.domain.roles import Role
from lead_system.queries.retention import concerned
from lead_system.queries.settings import get_settings
from lead_system.services.anonymising import anonymise_old_leads, anonymise_old_visitors
from lead_system.services.history import verify_history
from lead_system.services.imports import forget_stale_rows
from lead_system.services.sign_in_codes import forget_old_sends
from lead_system.services.staff import NewStaff, open_staff_account
from lead_system.services.transaction import forget_old_requests
from lead_system.web.sentences import sentence


@click.command("create-admin")
@click.option("--login", prompt=True, help="Account name to sign in with; never used again for anybody else.")
@click.option("--name", prompt=True)
@click.option("--phone", prompt=True)
@click.password_option(help=f"At least {SHORTEST_PASSWORD} characters.")
@with_appcontext
def _create_admin(login: str, name: str, phone: str, password: str) -> None:
    """Make the first administrator; no account ships with the system."""
    number = re.sub("[._]", "-", f"ADMIN-{login}")[:20]
    staff = NewStaff(Role.ADMIN, name, phone, login, number)
    try:
        open_staff_account(staff, password=password, now=now())
    except Refused as refused:
        with current_app.test_request_context():
            raise click.ClickException(sentence(refused)) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{login} can sign in at /admin/ now.")


@click.command("demo")
@with_appcontext
def _demo() -> None:
    """Fill an empty database with a made-up sales centre; does nothing where that has been done."""
    settings: Settings = current_app.extensions["settings"]
    if not settings.demo:
        raise click.ClickException("Demo data has known passwords, so it needs LEAD_DEMO=1.")
    if not is_filled():
        fill_demo(now(), say=click.echo)
    click.echo(accounts_text())


@click.command("forget-requests")
@with_appcontext
def _forget_requests() -> None:
    """Delete old request ids, files nobody said yes to, and codes sent before yesterday; to be run daily."""
    forget_old_requests(now())
    forget_old_sends(now())
    forget_stale_rows(now())


@click.command("anonymise")
@click.option("--dry-run", is_flag=True, help="Only say how many it would be; nothing is written.")
@with_appcontext
def _anonymise(*, dry_run: bool) -> None:
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
def _verify_history() -> None:
    """Compare the personal values of all history records with their hashes; fails where one was changed."""
    found = verify_history()
    click.echo(
        f"{found.records} records, {found.with_payload} with personal values, {found.anonymised} anonymised."
    )
    if found.first_changed is not None:
        raise click.ClickException(f"The personal values of record {found.first_changed} were changed.")
    click.echo("No personal value was changed.")


def init_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (_create_admin, _demo, _forget_requests, _anonymise, _verify_history):
        app.cli.add_command(command)
