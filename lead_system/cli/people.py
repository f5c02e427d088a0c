"""Commands about people who sign in: `flask create-admin`, `flask reset-second-factor`."""

import re

import click
from flask import current_app
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.passwords import SHORTEST_PASSWORD
from lead_system.domain.roles import Role
from lead_system.services.second_factor import reset_second_factor_of
from lead_system.services.staff import NewStaff, open_staff_account
from lead_system.web.logs import note_event
from lead_system.web.sentences import sentence


@click.command("create-admin")
@click.option("--login", prompt=True, help="Account name to sign in with; never used again for anybody else.")
@click.option("--name", prompt=True)
@click.option("--phone", prompt=True)
@click.password_option(help=f"At least {SHORTEST_PASSWORD} characters.")
@with_appcontext
def create_admin(login: str, name: str, phone: str, password: str) -> None:
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


@click.command("reset-second-factor")
@click.argument("login")
@with_appcontext
def reset_second_factor(login: str) -> None:
    """Take away the second factor of LOGIN, who lost it: the password alone opens the account again."""
    try:
        account_id = reset_second_factor_of(login, now=now())
    except Refused as refused:
        with current_app.test_request_context():
            raise click.ClickException(sentence(refused)) from None
    note_event("second_factor_reset", account=account_id)
    click.echo(f"{login} is signed out, and signs in with the password alone from now on.")
