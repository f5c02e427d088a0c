"""What `flask db` migrates. No server needs it, so only `flask` imports this module (decision 30)."""

from flask import Flask
from flask_migrate import Migrate

from lead_system.config import PROJECT_FOLDER
from lead_system.extensions import db

_migrate = Migrate(render_as_batch=True, compare_type=True)


def init_migrations(app: Flask) -> None:
    """Let `flask db`, or a test, migrate the database of an application."""
    _migrate.init_app(app, db, directory=str(PROJECT_FOLDER / "migrations"))
