"""Backups are restored only where nobody is connected, so their tests get databases of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Database, DatabaseFactory


@pytest.fixture
def database(
    request: pytest.FixtureRequest, database_factory: DatabaseFactory, tmp_path: Path
) -> Iterator[Database]:
    """A migrated database to which nobody is connected: SQLite, or as `both_databases` says."""
    with database_factory.alone(getattr(request, "param", "sqlite"), tmp_path) as database:
        yield database
