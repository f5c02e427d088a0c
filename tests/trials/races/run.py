"""The run: all kinds on one database, in batches after each of which everything is checked."""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from sqlalchemy import select

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Binding, Hold, Lead
from tests.trials.centre import Centre
from tests.trials.findings import Broken, Finding
from tests.trials.invariants import broken_invariants
from tests.trials.races import (
    at_the_gate,
    boundary,
    collisions,
    deals,
    entering,
    people,
    protection,
    rebinds,
    visitors,
)
from tests.trials.races.acknowledged import broken_books
from tests.trials.races.stage import Crowd, Stage
from tests.trials.races.tally import Tally

Kind = Callable[[Stage], None]

# Changes for all running bindings come first, while there are few of those.
_SUBJECTS = (protection, at_the_gate, entering, people, rebinds, deals, collisions, boundary, visitors)
KINDS: dict[str, Kind] = {kind.__name__: kind for subject in _SUBJECTS for kind in subject.KINDS}
"""Every kind of race by its name."""


@dataclass(frozen=True)
class Plan:
    """What is to be run: which kinds, on how many databases, how often each, and by which chance."""

    rounds: int
    databases: tuple[str, ...]
    kinds: tuple[str, ...]
    seed: int

    @property
    def rounds_each(self) -> int:
        """How many rounds each kind gets on each database, so that all together are enough."""
        return math.ceil(self.rounds / (len(self.databases) * len(self.kinds)))


class Races:
    """The races on one database."""

    def __init__(self, centre: Centre, seed: int) -> None:
        self._centre = centre
        self._seed = seed
        self._crowd = Crowd(centre)
        self._numbers = count(1)
        self._known: set[Finding] = set()

    def batch(self, name: str, rounds: int, tally: Tally) -> None:
        """Run rounds of one kind, and then look at the whole database; counted as they come."""
        for _ in range(rounds):
            tally.add(self.round_of(name))
        tally.findings += self.broken_by_now()

    def broken_by_now(self) -> list[Finding]:
        """Look at the whole database; what was found before is not told again."""
        broken = [*broken_invariants(self._centre.app, now()), *broken_books(self._centre.app)]
        new = [finding for finding in broken if finding not in self._known]
        self._known.update(new)
        return new

    def stage(self, name: str = "") -> Stage:
        """Prepare the next round; its number and the seed decide all that is drawn in it."""
        number = next(self._numbers)
        return Stage(self._crowd, number, random.Random(f"{self._seed}/{name}/{number}"))

    def round_of(self, name: str) -> Tally:
        """Run one round of a kind, and judge it."""
        stage = self.stage(name)
        where = f"{name} on {self._centre.kind}, round {stage.number}, seed {self._seed}"
        try:
            KINDS[name](stage)
        except Exception as trouble:  # noqa: BLE001 - what a round stumbles over is a finding like any other
            stage.find(Broken.ERROR, f"the round could not be judged: {trouble!r}")
        told = [
            Finding(f.broken, f.what, f"  {where}\n{stage.story()}\n{self._rows_of(stage)}")
            for f in stage.findings
        ]
        outcome = Counter({stage.outcome(): 1})
        return Tally(1, int(stage.is_together), int(stage.mattered), outcome, told)

    def _rows_of(self, stage: Stage) -> str:
        """Return the leads of a round's customers as they stand, with their bindings and holds."""
        names = ["".join(stage.customer(of=n)[:2]) for n in range(4)]
        with self._centre.app.app_context():
            leads = db.session.scalars(select(Lead).where(Lead.name_key.in_(names)).order_by(Lead.id)).all()
            return "\n".join(_told(lead) for lead in leads)

    def close(self) -> None:
        """Send everybody home."""
        self._crowd.leave()


def _told(lead: Lead) -> str:
    bindings = db.session.scalars(select(Binding).where(Binding.lead_id == lead.id).order_by(Binding.id))
    holds = db.session.scalars(select(Hold).where(Hold.lead_id == lead.id).order_by(Hold.id))
    stands = f"{lead.status.value}, version {lead.version}, phones {lead.phone1} {lead.phone2 or ''}"
    until = f"until {lead.protect_until}, merged into {lead.merged_into_id}"
    said = [f"  lead {lead.id} of broker {lead.broker_id}: {stands}, {until}"]
    said += [f"    binding {b.id}: {b.bound_at} to {b.ends_at}, ended {b.ended_at}" for b in bindings]
    said += [f"    hold on {hold.phone} until {hold.ends_at}" for hold in holds]
    return "\n".join(said)
