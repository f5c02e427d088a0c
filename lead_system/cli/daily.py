"""What is run once a day: `flask forget-requests`."""

import click
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.services.guessing import forget_old_failures
from lead_system.services.imports import forget_stale_rows
from lead_system.services.sign_in_codes import forget_old_sends
from lead_system.services.sign_ins import forget_old_sign_ins
from lead_system.services.statistics import renew_statistics
from lead_system.services.transaction import forget_old_requests


@click.command("forget-requests")
@with_appcontext
def forget_requests() -> None:
    """Delete request ids, sign-ins, failures and files that count no more, count rows; to be run daily."""
    forget_old_requests(now())
    forget_old_sends(now())
    forget_old_sign_ins(now())
    forget_old_failures(now())
    forget_stale_rows(now())
    renew_statistics()
