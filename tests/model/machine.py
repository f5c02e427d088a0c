"""The state machine: what hypothesis thinks of is done to the product and to the model, and compared."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model import promising
from tests.model.answers import Seen, agrees
from tests.model.checks import broken_promises, wrong_figures
from tests.model.choices import operations
from tests.model.chooser import moments
from tests.model.numbering import Named, Numbering
from tests.model.pool import BEGINNING, NAMES, PHONES, new_world
from tests.model.reference.once import perform
from tests.model.reference.world import Lead, Operation, Outcome, World
from tests.model.room import MOST_AT_ONCE, Room
from tests.model.state import Reader, State, differences, expected_state


class Mismatch(AssertionError):
    """Product and model differ; the text is the whole sequence up to there, and what differs."""


@dataclass
class Tally:
    """What a run did: how often each operation succeeded or was refused, alone or beside others."""

    steps: int = 0
    examples: int = 0
    in_threads: int = 0
    succeeded: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    orders: Counter[int] = field(default_factory=Counter)
    last_mismatch: str = ""

    @property
    def operations(self) -> int:
        return self.succeeded.total() + self.refused.total()

    def count(self, op: Operation, outcome: Outcome) -> None:
        if outcome.refusal:
            self.refused[op.verb, outcome.refusal] += 1
        else:
            self.succeeded[op.verb] += 1


class LeadSystem(RuleBasedStateMachine):
    """One example: a day or a year at the sales centre. Whoever runs it says in which room."""

    room: ClassVar[Room]
    tally: ClassVar[Tally]
    sought: ClassVar[tuple[str, ...]] = ()
    """Operations that have not succeeded yet, to be tried more often."""

    def __init__(self) -> None:
        super().__init__()
        self.world = new_world()
        self.numbering = self.room.put_back()
        self.now = BEGINNING
        self.done: list[Operation] = []
        self.journal: list[str] = []
        self.numbers = 0
        self.turn = 0
        self.has_pressed = False
        self.last_reading: object = None
        self.has_succeeded: set[str] = set()
        self.tally.examples += 1

    @initialize(data=st.data())
    def everybody_moves_in(self, data: st.DataObject) -> None:
        """Begin with some customers, so that the first step has something to be about."""
        self._settle(self.world, self.numbering)
        if data.draw(st.sampled_from([False, False, True])):
            self._open_with_halves()
        for _entry in range(data.draw(st.integers(3, 6))):
            self._act(data, ("enter",))

    def _open_with_halves(self) -> None:
        """Bind a customer of two phones while a rival has each phone by itself: R8 merges at the next rebind.

        Chance alone brings these three leads together too seldom.
        """
        for who, phones in (("fang", PHONES[:2]), ("qiang", PHONES[:1]), ("qiang", PHONES[1:2])):
            person = {
                "surname": NAMES[0][0],
                "given": NAMES[0][1],
                "wish": None,
                "needs": "",
                "colleague": None,
            }
            typed = {"phone1": phones[0], "phone2": phones[1] if len(phones) > 1 else None}
            self._say("enter", who, {**person, **typed, "report": who == "fang"})
        self._say("scan", "feng", {"code_of": 1, "consultant": "xin", "another": False})

    def _say(self, verb: str, who: str, wanted: dict[str, Any]) -> None:
        self._do([Operation(verb, who, self._new_request(), self.now, wanted)])

    def teardown(self) -> None:
        """Ask at the end for all figures together."""
        if not self.tally.last_mismatch:
            self._settle(self.world, self.numbering, turn=None)

    @rule(data=st.data())
    def broker_acts(self, data: st.DataObject) -> None:
        self._act(data, promising.BROKERS_VERBS)

    @rule(data=st.data())
    def visit_happens(self, data: st.DataObject) -> None:
        self._act(data, promising.VISIT_VERBS)

    @rule(data=st.data())
    def office_acts(self, data: st.DataObject) -> None:
        self._act(data, promising.OFFICE_VERBS)

    @precondition(lambda self: self.world.collisions)
    @rule(data=st.data())
    def desk_is_cleared(self, data: st.DataObject) -> None:
        self._act(data, promising.DESK_VERBS)

    @rule(data=st.data())
    def house_changes(self, data: st.DataObject) -> None:
        self._act(data, promising.HOUSE_VERBS + self.sought * len(promising.HOUSE_VERBS))

    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        """Go on to a later moment, at which everything is compared again: expiry itself writes nothing."""
        self.now = data.draw(moments(self.world, self.now))
        self.journal.append(f"it is {self.now.isoformat()}")
        self.tally.steps += 1
        self.turn += 1
        self._settle(self.world, self.numbering, self.turn)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def is_sent_again(self, data: st.DataObject) -> None:
        """Send a request id again: with the same content, or with another's of the same action."""
        before = data.draw(st.sampled_from(self.done[-12:]))
        alike = [op.wanted for op in self.done if (op.verb, op.who) == (before.verb, before.who)]
        wanted = data.draw(st.sampled_from([before.wanted, before.wanted, *alike]))
        self._do([Operation(before.verb, before.who, before.request, self.now, wanted)])

    @precondition(lambda self: self.world.leads and not self.has_pressed)
    @rule(data=st.data())
    def broker_presses_on(self, data: st.DataObject) -> None:
        """Report one customer until the day has seen enough of it, and once more."""
        self.has_pressed = True
        lead = data.draw(st.sampled_from(list(self.world.leads.values())))
        wanted = {"lead": lead.number, "wish": lead.wish, "needs": lead.needs}
        for press in range(11):
            op = Operation("report", lead.owner, self._new_request(), self.now, wanted)
            self._do([op], unseen=press < 10)

    @precondition(lambda self: self.world.leads)
    @rule(data=st.data())
    def all_at_once(self, data: st.DataObject) -> None:
        """Let two or three go for one customer in the same instant: some serial order must explain it."""
        verbs = [promising.RACING_VERBS] * data.draw(st.integers(2, MOST_AT_ONCE))
        self._race(data, verbs)

    @precondition(lambda self: self.world.leads)
    @rule(data=st.data())
    def duel(self, data: st.DataObject) -> None:
        """Let two do what is known to stand in each other's way."""
        duels = promising.promising_duels(self.world, self.now)
        self._race(data, [(verb,) for verb in data.draw(st.sampled_from(duels))])

    @precondition(lambda self: self.world.leads)
    @rule(data=st.data())
    def taps_twice(self, data: st.DataObject) -> None:
        """Send the same request twice at once: it acts once, and both are answered the same."""
        op = self._draw(data, promising.RACING_VERBS)
        self._do([op, op])

    def _race(self, data: st.DataObject, verbs: Sequence[Sequence[str]]) -> None:
        focus = self.world.leads[data.draw(st.sampled_from(sorted(self.world.leads)))]
        self._do([self._draw(data, one, focus) for one in verbs])

    def _act(self, data: st.DataObject, verbs: Sequence[str]) -> None:
        self._do([self._draw(data, verbs)])

    def _draw(self, data: st.DataObject, verbs: Sequence[str], focus: Lead | None = None) -> Operation:
        drawn = operations(
            self.world,
            self.now,
            verbs=verbs,
            request=self._new_request(),
            shown=frozenset(self.numbering.versions),
            focus=focus,
            done=frozenset(self.has_succeeded),
        )
        op: Operation = data.draw(drawn)
        return op

    def _new_request(self) -> str:
        self.numbers += 1
        return f"request-{self.numbers:04d}"

    def _do(self, ops: Sequence[Operation], *, unseen: bool = False) -> None:
        """Do operations, several of them at once, and find the serial order that explains what was seen.

        An `unseen` one is compared by its answer alone; the next one that is not compares the whole state.
        """
        self.tally.steps += 1
        self.done += ops
        if len(ops) == 1:
            seen = [self.room.perform(ops[0], self.numbering)]
        else:
            self.tally.in_threads += len(ops)
            seen = self.room.perform_together(ops, self.numbering)
        at_once = " (at once)" if len(ops) > 1 else ""
        self.journal += [f"{op}{at_once}\n    {said}" for op, said in zip(ops, seen, strict=True)]
        self._explain(ops, seen, unseen=unseen)

    def _explain(self, ops: Sequence[Operation], seen: Sequence[Seen], *, unseen: bool) -> None:
        """Take over the first serial order under which the model says and becomes what the product did."""
        told: list[str] = []
        for number, order in enumerate(permutations(range(len(ops))), 1):
            world = self.world.clone() if len(ops) > 1 else self.world
            numbering = self.numbering.clone()
            predicted = {i: perform(world, ops[i]) for i in order}
            answers = [
                agrees(predicted[i], seen[i], numbering) for i in order
            ]  # All of them, in serial order: they teach numbers.
            if not all(answers):
                told.append(
                    f"in the order {order} the model says {[str(predicted[i]) for i in range(len(ops))]}"
                )
                continue
            self.turn += 1
            if unseen or self._compare(world, numbering, told if len(ops) > 1 else None, turn=self.turn):
                self._accept(world, numbering, ops, predicted, number)
                return
        self._fail("No serial order explains this.", told)

    def _accept(
        self,
        world: World,
        numbering: Numbering,
        ops: Sequence[Operation],
        predicted: dict[int, Outcome],
        number: int,
    ) -> None:
        for i, op in enumerate(ops):
            self.tally.count(op, predicted[i])
            if not predicted[i].refusal:
                self.has_succeeded.add(op.verb)
        if len(ops) > 1:
            self.tally.orders[number] += 1
        self.world, self.numbering = world, numbering

    def _compare(
        self, world: World, numbering: Numbering, told: list[str] | None, *, turn: int | None
    ) -> bool:
        """Compare the whole state, and ask the database for every promise.

        Fails at once where `told` is None, and otherwise adds to it why this order is not the one.
        """

        def read() -> tuple[list[str], list[str], Reader]:
            reader = Reader(numbering)
            state: State = reader.state(self.now)
            different = list(differences(expected_state(world, self.now), state))
            if different:
                return different, [], reader
            reading = (self.now, state, reader.unseen())
            if reading == self.last_reading and turn is not None:
                return [], [], reader  # Nothing changed, so every promise holds as it did a step ago.
            self.last_reading = reading
            broken = broken_promises(world, numbering, self.now)
            wrong = wrong_figures(world, numbering, self.now, turn)
            return [], [*broken, *wrong], reader

        different, broken, reader = self.room.read(read)
        if different and told is not None:
            told.append("\n    ".join(["another state:", *different]))
            return False
        if different or broken:
            self._fail(
                "Product and model differ." if different else "A promise is broken.", different + broken
            )
        self._learn(world, numbering, reader)
        return True

    def _settle(self, world: World, numbering: Numbering, turn: int | None = 0) -> None:
        self._compare(world, numbering, None, turn=turn)

    def _learn(self, world: World, numbering: Numbering, reader: Reader) -> None:
        """Learn codes and ids, and that a version moves exactly when the model says that the row changed."""
        numbering.codes = reader.codes
        numbering.collisions = reader.collisions
        for kind, which, version in _versions(world):
            seen = reader.versions[kind, which]
            known = numbering.versions.setdefault((kind, which, version), seen)
            others = [v for k, v in numbering.versions.items() if k[:2] == (kind, which) and k[2] != version]
            if known != seen or seen in others:
                self._fail("A form would not be stale, or stale for nothing.", [f"{kind} {which}: {seen}"])

    def _fail(self, why: str, details: Sequence[str]) -> None:
        steps = [f"{number:3}. {line}" for number, line in enumerate(self.journal, 1)]
        text = "\n".join([f"{why} ({self.room.kind})", *steps, *(f"  {line}" for line in details)])
        self.tally.last_mismatch = text
        raise Mismatch(text)


def _versions(world: World) -> list[Named]:
    return [
        *(("lead", number, lead.version) for number, lead in world.leads.items()),
        *(("account", who, person.version) for who, person in world.people.items()),
        *(("brokerage", name, one.version) for name, one in world.brokerages.items()),
        ("settings", "all", world.settings_version),
    ]
