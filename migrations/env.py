"""How migrations run: online, inside the application, in one transaction that writes."""

from alembic import context
from flask import current_app

from lead_system.extensions import WRITES, db
from lead_system.models import Money, UtcDateTime


def _render(kind: str, thing: object, _context: object) -> str | bool:
    """Write our own column types as the plain types beneath them, so that old migrations never import models."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Money):
        return "sa.BigInteger()"
    return False


def _run() -> None:
    settings = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        context.configure(
            connection=connection.execution_options(**{WRITES: True}),
            target_metadata=db.metadata,
            render_item=_render,
            **settings,
        )
        with context.begin_transaction():
            context.run_migrations()


_run()
