"""Commands of the server, each called as `flask <command>`; one file for each subject."""

from flask import Flask

from lead_system.cli.backups import backup, restore, verify_backup
from lead_system.cli.daily import forget_requests
from lead_system.cli.demonstration import demo
from lead_system.cli.people import create_admin, reset_second_factor


def init_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (
        *(create_admin, reset_second_factor),
        *(demo, forget_requests),
        *(backup, verify_backup, restore),
    ):
        app.cli.add_command(command)
