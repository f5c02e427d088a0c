"""Changes behind everybody's back: what the owner of a database can do, though it refuses our own server."""

from typing import Any

from flask import Flask
from sqlalchemy import Connection, text

from lead_system.extensions import db

GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'refuse_%'"
"""The triggers of SQLite that refuse something, the history's among them."""


def rewrite(app: Flask, *statements: str) -> None:
    """Run statements while no trigger and no foreign key watches."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            with connection.begin():
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                _run(connection, statements)
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            guards = connection.execute(text(GUARDS)).all()
            _run(connection, [f"DROP TRIGGER {name}" for name, _sql in guards])
            _run(connection, statements)
            for _name, sql in guards:
                connection.exec_driver_sql(sql)
        driver.execute("PRAGMA foreign_keys=ON")


def _run(connection: Connection, statements: Any) -> None:
    for statement in statements:
        connection.execute(text(statement))
