"""Commands of the server, each called as `flask <command>`; one file for each subject."""

import os

from flask import Flask

from lead_system.cli.backups import backup, restore, verify_backup
from lead_system.cli.daily import forget_requests
from lead_system.cli.demonstration import demo
from lead_system.cli.evidence import verify_evidence
from lead_system.cli.history import checkpoint, signing_key, verify_history
from lead_system.cli.holding import who_held
from lead_system.cli.people import create_admin, reset_second_factor
from lead_system.cli.privacy import anonymise
from lead_system.cli.reconciling import reconcile


def init_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (
        *(create_admin, reset_second_factor),
        *(demo, forget_requests),
        *(anonymise, reconcile),
        *(verify_history, checkpoint, signing_key, verify_evidence, who_held),
        *(backup, verify_backup, restore),
    ):
        app.cli.add_command(command)
    if "FLASK_RUN_FROM_CLI" in os.environ:  # As `flask` itself says; Alembic is large, and servers need none.
        from lead_system.cli.migrations import init_migrations  # noqa: PLC0415

        init_migrations(app)
