"""Commands of the server: `flask create-admin`, `flask demo`, `flask forget-requests`."""

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
from lead_system.services.guessing import forget_old_failures
from lead_system.services.imports import forget_stale_rows
from lead_system.services.second_factor import reset_second_factor_of
from lead_system.services.sign_in_codes import forget_old_sends
from lead_system.services.sign_ins import forget_old_sign_ins
from lead_system.services.staff import NewStaff, open_staff_account
from lead_system.services.transaction import forget_old_requests
from lead_system.web.logs import note_event
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


@click.command("reset-second-factor")
@click.argument("login")
@with_appcontext
def _reset_second_factor(login: str) -> None:
    """Take away the second factor of LOGIN, who lost it: the password alone opens the account again."""
    try:
        account_id = reset_second_factor_of(login, now=now())
    except Refused as refused:
        with current_app.test_request_context():
            raise click.ClickException(sentence(refused)) from None
    note_event("second_factor_reset", account=account_id)
    click.echo(f"{login} is signed out, and signs in with the password alone from now on.")


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
    """Delete old request ids, files nobody said yes to, and what was counted before today; run it daily."""
    forget_old_requests(now())
    forget_old_sends(now())
    forget_old_sign_ins(now())
    forget_old_failures(now())
    forget_stale_rows(now())


def init_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (_create_admin, _demo, _forget_requests, _reset_second_factor):
        app.cli.add_command(command)
