"""One round: it is arranged in process, its requests start at one instant, and what came of it is judged."""

import itertools
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select

from lead_system.extensions import db
from lead_system.models import CollisionEvent, HandledRequest, Hold, Lead, SignInFailure
from tests.support.cast import Cast
from tests.trials.centre import Centre
from tests.trials.findings import Broken, Finding
from tests.trials.people import Answer, Person, new_id
from tests.trials.races.words import DONE, SIGNED_OUT, is_never_said, word_of

MOST_AT_ONCE = 16
LATEST_START = 0.4
"""How much later than the first a form may start, as a part of the time for which one is in flight."""

READ_AFTER = 12
"""After so many answers a person looks at a page, which takes the messages of success off the session."""


@dataclass(frozen=True)
class Shot:
    """A form that somebody is about to send."""

    who: str
    address: str
    fields: dict[str, object]
    request_id: str = field(default_factory=new_id)
    files: dict[str, tuple[str, bytes, str]] | None = None

    def __str__(self) -> str:
        fields = " ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.who} POST {self.address} request_id={self.request_id} {fields}"


@dataclass(frozen=True)
class Reply:
    """What a form was answered, and what the server keeps as its answer."""

    shot: Shot
    answer: Answer | None
    kept: dict[str, Any] | None
    trouble: str = ""

    @property
    def word(self) -> str:
        """What the answer says, in one word."""
        return word_of(self.answer, self.kept)

    @property
    def is_done(self) -> bool:
        """Whether it was acknowledged as done."""
        return self.word in DONE

    @property
    def is_acknowledged(self) -> bool:
        """Whether whoever sent it takes it as done."""
        return self.answer is not None and self.answer.is_done and self.word != SIGNED_OUT

    @property
    def said(self) -> tuple[int, str, str]:
        """What a repeat must be answered too."""
        answer = self.answer
        return (answer.status, answer.location, self.word) if answer else (0, "", self.word)

    def kept_value(self, name: str) -> Any:
        """Return one value of the kept answer, None where there is none."""
        return ((self.kept or {}).get("answer") or {}).get(name)


class Crowd:
    """Everybody who sends, signed in once each, and the threads in which they do."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE)
        self._speaks_english: set[str] = set()
        self._unread: dict[str, int] = {}
        self.flight_seconds = 0.03
        """For how long a form has been in flight lately, of those of one round the shortest."""
        self.binding_seconds = 0.02
        """How long a binding has taken lately that is made in this process."""

    def person(self, who: str) -> Person:
        """Return somebody who is signed in and reads English, in which this trial knows the sentences."""
        person = self.centre.person(who)
        if who not in self._speaks_english:
            person.post("/language", language="en", next="/")
            self._speaks_english.add(who)
        return person

    def welcome(self, who: str, person: Person) -> None:
        """Let somebody in who signed in by another way."""
        person.post("/language", language="en", next="/")
        if who in self.centre.people:
            self.centre.people[who].leave()
        self.centre.people[who] = person
        self._speaks_english.add(who)

    def send(self, shots: Sequence[Shot], delays: Sequence[float]) -> list[Answer | str]:
        """Send everything at once, each a little later where asked; an answer, or why none came."""
        people = [self.person(shot.who) for shot in shots]
        barrier = threading.Barrier(len(shots))

        def run(number: int) -> Answer | str:
            shot = shots[number]
            barrier.wait()
            time.sleep(delays[number])
            try:
                return people[number].post(shot.address, shot.request_id, files=shot.files, **shot.fields)
            except httpx.TransportError as trouble:
                return repr(trouble)

        answers = list(self._threads.map(run, range(len(shots))))
        flights = [answer.ended - answer.started for answer in answers if isinstance(answer, Answer)]
        self.flight_seconds = lately(self.flight_seconds, min(flights, default=self.flight_seconds))
        self._read(shots)
        return answers

    def _read(self, shots: Sequence[Shot]) -> None:
        for shot in shots:
            self._unread[shot.who] = self._unread.get(shot.who, 0) + 1
            if self._unread[shot.who] >= READ_AFTER:
                self.person(shot.who).get("/m/me" if shot.address.startswith("/m/") else "/admin/password")
                self._unread[shot.who] = 0

    def leave(self) -> None:
        """End the threads."""
        self._threads.shutdown()


class Stage:
    """What the round of a kind has in hand."""

    def __init__(self, crowd: Crowd, number: int, chance: random.Random) -> None:
        self.crowd = crowd
        self.centre = crowd.centre
        self.cast: Cast = crowd.centre.cast
        self.number = number
        self.chance = chance
        self.findings: list[Finding] = []
        self.replies: list[Reply] = []
        self.is_together = False
        self._forget_failures()

    def _forget_failures(self) -> None:
        """Let no round be slowed by what an earlier one typed wrongly: all come from one address."""
        with self.centre.app.app_context():
            db.session.execute(db.delete(SignInFailure))
            db.session.commit()

    # What a round begins with.

    def customer(self, phone: str = "138", *, of: int = 0) -> tuple[str, str, str]:
        """Return a customer of this round alone, as `Cast.enters` takes one; `of` tells several apart."""
        number = self.number * 4 + of
        name = chr(0x4E00 + number % 20_000) + (chr(0x4E00 + number // 20_000) if number >= 20_000 else "")
        return "欧阳", name, f"{phone}{self.number % 10_000:04d}"

    def held(self, by: str, who: tuple[str, str, str], second_phone: str = "") -> int:
        """Let a broker hold a customer; returns the number."""
        lead_id = self.cast.enters(by, who, second_phone, reports=True)
        self.cast.scans("feng", lead_id)
        return lead_id

    # The race.

    def fire(self, *shots: Shot) -> list[Reply]:
        """Send all forms at one instant and return the answers in the order of the forms.

        Who is sent first, and how much later the others start, is drawn anew in each round.
        """
        order = list(range(len(shots)))
        self.chance.shuffle(order)
        is_spread = self.chance.random() < 0.5
        latest = LATEST_START * self.crowd.flight_seconds if is_spread else 0.0
        delays = [self.chance.uniform(0, latest) for _ in order]
        answers = self.crowd.send([shots[place] for place in order], delays)
        found = dict(zip(order, answers, strict=True))
        kept = self._kept(shots)
        self.replies = [self._reply(shot, found[place], kept) for place, shot in enumerate(shots)]
        self._judge_flight([a for a in answers if isinstance(a, Answer)], len(shots))
        self.judge_answers()
        return self.replies

    def _kept(self, shots: Sequence[Shot]) -> dict[tuple[str, str], dict[str, Any] | None]:
        """Return the answers that the server keeps, by asker and request id."""
        with self.centre.app.app_context():
            ids = {shot.request_id for shot in shots}
            rows = db.session.scalars(select(HandledRequest).where(HandledRequest.request_id.in_(ids)))
            return {(row.asker, row.request_id): row.answer for row in rows}

    def _reply(
        self, shot: Shot, got: Answer | str, kept: dict[tuple[str, str], dict[str, Any] | None]
    ) -> Reply:
        """Put an answer beside what is kept, which belongs to a session before sign-in."""
        if shot.who in self.cast.ids:
            own = kept.get((f"account:{self.cast.ids[shot.who]}", shot.request_id))
        else:
            own = next((answer for (_, known), answer in kept.items() if known == shot.request_id), None)
        return Reply(shot, None, own, got) if isinstance(got, str) else Reply(shot, got, own)

    def _judge_flight(self, answers: Sequence[Answer], wanted: int) -> None:
        is_whole = len(answers) == wanted
        self.is_together = is_whole and max(a.started for a in answers) < min(a.ended for a in answers)

    def judge_answers(self) -> None:
        """Refuse what may never be said, an acknowledgement without an answer kept, and unequal repeats."""
        for reply in self.replies:
            kept = reply.kept or {}
            if is_never_said(reply.word):
                self.find(Broken.ERROR, f"{reply.shot.who} was answered {_shown(reply)}")
            if reply.is_acknowledged and "answer" not in kept:
                self.find(Broken.LOST, f"{reply.shot} was acknowledged, but the server keeps {kept}")
            if kept.get("refused", reply.word) != reply.word:
                self.find(Broken.ERROR, f"{reply.shot} was told {reply.word}, but kept is {kept}")
        for _, same in itertools.groupby(sorted(self.replies, key=_asked), key=_asked):
            said = {reply.said for reply in same}
            if len(said) > 1:
                self.find(Broken.ERROR, f"one request id was answered differently: {sorted(said)}")

    @property
    def mattered(self) -> bool:
        """Whether all were in flight, and one was told of another: refused, asked, told or answered again."""
        asked = {_asked(reply) for reply in self.replies}
        is_told = any(not reply.is_done for reply in self.replies) or len(asked) < len(self.replies)
        return self.is_together and is_told

    # The verdict.

    def find(self, broken: Broken, what: str) -> None:
        """Write down a broken promise."""
        self.findings.append(Finding(broken, what))

    def explained(self, *possible: tuple[str, ...]) -> bool:
        """Expect that the answers, in the order of the forms, are what one order of the requests gives."""
        words = tuple(reply.word for reply in self.replies)
        if words in possible:
            return True
        self.find(Broken.ERROR, f"no order of the requests explains the answers {words}")
        return False

    def times(self, what: str, wanted: int, found: int) -> None:
        """Expect that something happened so many times: more is double, less is lost."""
        if found != wanted:
            broken = Broken.DOUBLE if found > wanted else Broken.LOST
            self.find(broken, f"{what}: {found} times instead of {wanted}")

    def stands(self, what: str, wanted: object, found: object) -> None:
        """Expect that what was acknowledged is how things stand."""
        if found != wanted:
            self.find(Broken.LOST, f"{what} is {found!r} instead of {wanted!r}")

    def never(self, what: str, *, is_so: bool) -> None:
        """Expect that something is not so, since no order of the requests explains it."""
        if is_so:
            self.find(Broken.ERROR, what)

    # Looking.

    def rows(self, model: Any, **values: Any) -> int:
        """Count the rows that have these values."""
        return self.cast.count(model, **values)

    def holders(self, lead_id: int) -> set[int]:
        """Return which leads have a hold on a lead's customer, under whichever phone."""
        with self.centre.app.app_context():
            name = select(Lead.name_key).where(Lead.id == lead_id).scalar_subquery()
            return set(db.session.scalars(select(Hold.lead_id).where(Hold.name_key == name)))

    def events(self, collision_id: int) -> Counter[str]:
        """Count what happened in a collision, by kind."""
        with self.centre.app.app_context():
            kinds = select(CollisionEvent.kind).where(CollisionEvent.collision_id == collision_id)
            return Counter(kind.value for kind in db.session.scalars(kinds))

    def outcome(self) -> str:
        """Return what all were told, each word with how often it came."""
        words = Counter(reply.word for reply in self.replies)
        return " ".join(word if times == 1 else f"{times}·{word}" for word, times in sorted(words.items()))

    def story(self) -> str:
        """Return all that was sent and answered."""
        return "\n".join(f"  {reply.shot}\n    -> {_shown(reply)}" for reply in self.replies)


def _asked(reply: Reply) -> tuple[str, str, str]:
    return reply.shot.who, reply.shot.address, reply.shot.request_id


def _shown(reply: Reply) -> str:
    """Return an answer in one line, with the beginning of a page that nobody foresaw."""
    if reply.answer is None:
        return f"{reply.word} ({reply.trouble})"
    text = " ".join(re.sub(r"<[^>]*>", " ", reply.answer.text).split())[:300] if not reply.is_done else ""
    return f"{reply.word} ({reply.answer.status} {reply.answer.location}) {text}".rstrip()


def lately(before: float, now: float) -> float:
    """Return a moving average, in which the newest value counts for a fifth."""
    return 0.8 * before + 0.2 * now


def in_any_order(*words: str) -> tuple[tuple[str, ...], ...]:
    """Return every order of some words, for requests of which any may come first."""
    return tuple(sorted(set(itertools.permutations(words))))
