"""What SQLite chooses its ways by: how many rows an index has for one value, which only ANALYZE counts.

Without, it takes a status for as rare as a name. PostgreSQL counts by itself.
"""

from functools import partial

from lead_system.extensions import analyze, db
from lead_system.services.transaction import aside


def renew_statistics() -> None:
    """Count again, one index after the other, so that whoever wants to write waits for one of them only.

    All indexes of a million customers take five seconds. PostgreSQL is left alone.
    """
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect() as connection:
        names = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars().all()
        )
    for name in names:
        aside(partial(analyze, name))
