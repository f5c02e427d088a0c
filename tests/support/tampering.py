"""Changes behind everybody's back: what whoever owns the database can do, though it refuses our own server."""

from flask import Flask
from sqlalchemy import text

from lead_system.extensions import db

GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'refuse_%'"
"""The triggers of SQLite that refuse something, the history's among them."""


def rewrite(app: Flask, *statements: str) -> int:
    """Run statements while no trigger and no foreign key watches; returns how many rows the last one changed."""
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            return [connection.execute(text(statement)).rowcount for statement in statements][-1]
        guards = connection.execute(text(GUARDS)).all()
        for name, _sql in guards:
            connection.execute(text(f"DROP TRIGGER {name}"))
        changed = [connection.execute(text(statement)).rowcount for statement in statements][-1]
        for _name, sql in guards:
            connection.exec_driver_sql(sql)
        return changed
