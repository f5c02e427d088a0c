"""Running the machine: in a room on one database, for so many examples."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from lead_system.application import create_app
from tests.model.machine import LeadSystem, Tally
from tests.model.room import Room, room_on
from tests.support.databases import DatabaseFactory

STEPS = 40
"""How many steps an example has at most."""

KINDS = ("sqlite", "postgresql")


@contextmanager
def new_room(factory: DatabaseFactory, folder: Path, kind: str) -> Iterator[Room]:
    """Open a room on a new database of a kind, with an application of its own."""
    place = folder / kind
    place.mkdir(parents=True)
    with (
        factory.migrated(kind, place) as database,
        room_on(create_app(database.settings()), database) as room,
    ):
        yield room


def run_examples(
    room: Room,
    tally: Tally,
    *,
    examples: int,
    start: int,
    shrinks: bool = False,
    sought: tuple[str, ...] = (),
) -> None:
    """Run so many examples in a room; the same `start` draws the same ones, and the `sought` more often.

    Raises:
        Mismatch: product and model differ. `tally.last_mismatch` has the shortest sequence that shows it.
    """
    machine = type("LeadSystem", (LeadSystem,), {"room": room, "tally": tally, "sought": sought})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink] if shrinks else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    run_state_machine_as_test(seed(start)(machine), settings=chosen)
