"""A sales centre for a trial: a database of either kind, the cast, and the real server with people at it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from lead_system.application import create_app
from lead_system.extensions import db
from tests.support.cast import Cast, move_in
from tests.support.databases import Cluster, Database, DatabaseFactory
from tests.support.server import Server
from tests.trials.people import Person, sign_in

KINDS = ("sqlite", "postgresql")


@dataclass
class Centre:
    """What a trial works with.

    `app` stands on the same database as the server, for arranging what a round begins with and for looking at
    what came of it. `cluster` is the PostgreSQL server, where there is one.
    """

    database: Database
    app: Flask
    cast: Cast
    server: Server
    cluster: Cluster | None
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Which database it is."""
        return self.database.kind

    def person(self, who: str) -> Person:
        """Return somebody of the cast, signed in at the server by its own pages."""
        if who not in self.people:
            self.people[who] = sign_in(self.server.url, self.cast, who)
        return self.people[who]


@contextmanager
def opened(kind: str, *, workers: int = 3, threads: int = 4, durable: bool = False) -> Iterator[Centre]:
    """Open a sales centre on a new database; everything of it is gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="leads-trial-"))
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        factory = DatabaseFactory(folder, durable=durable)
        ends.callback(factory.close)
        database = ends.enter_context(factory.migrated(kind, folder))
        cluster = factory.running_cluster() if kind == "postgresql" else None
        app = create_app(database.settings())
        ends.callback(_disconnect, app)
        server = Server(database, workers=workers, threads=threads)
        ends.callback(server.close)
        cast = Cast(app, *move_in(app))
        server.start()
        centre = Centre(database, app, cast, server, cluster)
        yield centre
        for person in centre.people.values():
            person.leave()


def _disconnect(app: Flask) -> None:
    """Close the connections that the arranging and the looking have left open."""
    with app.app_context():
        db.engine.dispose()
