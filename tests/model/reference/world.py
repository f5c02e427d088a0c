"""What the model remembers, and what can be read off it: statuses, holders, days."""

import pickle
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
"""There has been no summer time in Shanghai since 1991, so eight hours are the whole arithmetic."""

TICK = timedelta(microseconds=1)
HOURS_24 = timedelta(hours=24)
_DROPPED = frozenset(" \t\u3000\u00a0\u200b\u200c\u200d\u2060\ufeff·•・‧")
_UNSEEN = frozenset("\u200b\u200c\u200d\u2060\ufeff")


class No(Exception):
    """A refusal: its code, and the leads one of which it must name."""

    def __init__(self, code: str, *names: int) -> None:
        super().__init__(code)
        self.code, self.names = code, frozenset(names)


@dataclass(frozen=True)
class Operation:
    """One thing that somebody wants at a moment, as both the model and the product are told it."""

    verb: str
    who: str
    request: str
    at: datetime
    wanted: Mapping[str, Any]

    def __str__(self) -> str:
        wanted = ", ".join(f"{name}={_said(value)}" for name, value in self.wanted.items())
        return f"{self.at:%Y-%m-%d %H:%M:%S.%f} {self.who}: {self.verb}({wanted}) [{self.request}]"


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else repr(value)


@dataclass(frozen=True)
class Outcome:
    """What an operation came to: a refusal with its code, or an answer."""

    refusal: str = ""
    names: frozenset[int] = frozenset()
    answer: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"refused {self.refusal}" if self.refusal else f"answered {dict(self.answer)}"


@dataclass
class Brokerage:
    archived: bool = False
    version: int = 1


@dataclass
class Person:
    role: str
    name: str
    phone: str
    brokerage: str | None = None
    approval: str = "not_needed"
    archived: bool = False
    version: int = 1

    @property
    def digits(self) -> str:
        return self.phone[:3] + self.phone[-4:]


@dataclass
class Binding:
    cause: str
    start: datetime
    end: datetime
    days: int
    kept: bool = False
    extended: bool = False
    closed: datetime | None = None

    @property
    def held_until(self) -> datetime:
        return self.end if self.closed is None else min(self.end, self.closed)

    def covers(self, day: date) -> bool:
        """Whether the binding held at some instant of a Shanghai day."""
        if self.held_until <= self.start:
            return False
        return day_of(self.start) <= day <= day_of(self.held_until - TICK)


@dataclass
class Deal:
    day: date
    late: bool


@dataclass
class Lead:
    number: int
    owner: str
    entered_by: str
    surname: str
    given: str
    phones: tuple[str, ...]
    entered_at: datetime
    stage: str = "entered"
    wish: str | None = None
    needs: str = ""
    consultant: str | None = None
    presses: list[datetime] = field(default_factory=list)
    reports: int = 0
    bindings: list[Binding] = field(default_factory=list)
    scans: list[datetime] = field(default_factory=list)
    viewers: list[str] = field(default_factory=list)
    deal: Deal | None = None
    deals: int = 0
    rebound: bool = False
    merged_into: int | None = None
    person: int = 0
    persons_given: list[int] = field(default_factory=list)
    version: int = 1

    @property
    def name(self) -> str:
        return fold(self.surname, self.given)

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        return frozenset((self.name, phone) for phone in self.phones)

    @property
    def identity(self) -> frozenset[tuple[str, str, int]]:
        """R1: two leads are one customer where they share a name, a phone, and which person of that name."""
        return frozenset((*key, self.person) for key in self.keys)

    @property
    def is_listed(self) -> bool:
        return self.stage != "withdrawn" and self.merged_into is None

    def status(self, now: datetime) -> str:
        """R6: at the end itself the protection is over, and nothing has to run for that."""
        if self.stage == "bound" and now >= self.bindings[-1].end:
            return "expired"
        return self.stage

    def holds(self, now: datetime) -> bool:
        return self.status(now) in ("bound", "dealt")

    def presses_on(self, day: date) -> int:
        return sum(day_of(moment) == day for moment in self.presses)


@dataclass
class Collision:
    events: list[str] = field(default_factory=list)
    open: bool = True
    outcome: str | None = None
    handled_by: str | None = None
    handled_at: datetime | None = None


@dataclass
class Fee:
    lead: int
    broker: str
    brokerage: str | None
    amount: Decimal
    void: bool = False


@dataclass
class WalkIn:
    visitor: str
    name: str
    digits: str
    at: datetime


Pair = tuple[str, int | str, int]
"""Kind, who held (a lead, or a visitor by name), and the lead that challenges."""


@dataclass
class World:
    people: dict[str, Person]
    brokerages: dict[str, Brokerage]
    days: int = 30
    settings_version: int = 1
    leads: dict[int, Lead] = field(default_factory=dict)
    collisions: dict[Pair, list[Collision]] = field(default_factory=dict)
    fees: dict[int, Fee] = field(default_factory=dict)
    walk_ins: list[WalkIn] = field(default_factory=list)
    objections: dict[str, set[datetime]] = field(default_factory=dict)
    answered: dict[tuple[str, str, str], tuple[dict[str, Any], Outcome]] = field(default_factory=dict)
    history: dict[tuple[str, int | str], Counter[str]] = field(default_factory=dict)

    def clone(self) -> "World":
        copied: World = pickle.loads(pickle.dumps(self))  # noqa: S301 - this process wrote it
        return copied

    def lead(self, number: int) -> Lead:
        if number not in self.leads:
            raise No("not_found")
        return self.leads[number]

    def own_leads(self, owner: str, keys: Iterable[tuple[str, str]]) -> list[Lead]:
        """Return the listed leads of a broker with a name and one of some phones, whichever person (R2)."""
        wanted = set(keys)
        return [
            one for one in self.leads.values() if one.is_listed and one.owner == owner and one.keys & wanted
        ]

    def other_holders(self, lead: Lead, now: datetime) -> list[Lead]:
        return [
            one
            for one in self.leads.values()
            if one.number != lead.number and one.holds(now) and one.identity & lead.identity
        ]

    def own_leads_for(self, owner: str, held: Lead) -> list[Lead]:
        """Return the listed leads of a broker for a customer, of which R2 allows one for each key."""
        return [one for one in self.own_leads(owner, held.keys) if one.person == held.person]

    def walked_in(self, keys: Iterable[tuple[str, str]]) -> set[str]:
        """Return the visitors who had come alone under one of these names and digits."""
        wanted = set(keys)
        return {one.visitor for one in self.walk_ins if (one.name, one.digits) in wanted}

    def reports_naming(self, visitor: str) -> list[Lead]:
        """Return the leads by which brokers have reported somebody of a visitor's name and digits."""
        person = self.people[visitor]
        key = (fold(person.name), person.digits)
        return [one for one in self.leads.values() if one.is_listed and one.reports and key in one.keys]

    def record(self, kind: str, which: int | str, action: str) -> None:
        self.history.setdefault((kind, which), Counter())[action] += 1

    def record_lead(self, lead: Lead, action: str) -> None:
        self.record("lead", lead.number, action)

    def require_standing(self, agent: str) -> None:
        """R5, R10: who may enter, report and win a new binding."""
        person = self.people[agent]
        if person.archived:
            raise No("broker_not_active")
        if person.approval not in ("not_needed", "approved"):
            raise No("broker_not_approved")
        if person.brokerage is None or self.brokerages[person.brokerage].archived:
            raise No("brokerage_not_active")

    def is_offered(self, consultant: str) -> bool:
        person = self.people.get(consultant)
        return person is not None and person.role == "consultant" and not person.archived

    def names(self, lead: Lead, agent: str) -> bool:
        """R2: whether a customer bears an agent's own name and visible digits."""
        person = self.people[agent]
        return person.role in ("broker", "resident") and (fold(person.name), person.digits) in lead.keys


def fold(*parts: str) -> str:
    """R1: join first, so that where the surname ends makes no difference."""
    wide = unicodedata.normalize("NFKC", "".join(parts))
    return unicodedata.normalize("NFKC", "".join(c for c in wide if c not in _DROPPED).casefold())


def tidy(text: str) -> str:
    """Return a name as it is kept: what nobody sees is gone, what was typed stays."""
    return " ".join("".join(c for c in text if c not in _UNSEEN).split())


def day_of(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def end_of(start: datetime, days: int) -> datetime:
    """R6: a day of protection has 24 hours, whatever the calendar says."""
    return start + days * HOURS_24
