"""What people try: mostly what may succeed, sometimes what may not, and always on the same few customers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.model.pool import AMOUNTS, BROKERAGES, NAMES, PHONES, having
from tests.model.product import Named
from tests.model.reference.world import SHANGHAI, Lead, No, Operation, World, day_of

T = TypeVar("T")
CONTRARY = 1 / 14
"""How often somebody does what cannot succeed."""

Choice = tuple[str, dict[str, Any]]

BROKERS_VERBS = ("enter", "enter", "enter", "report", "report", "report", "correct", "withdraw")
VISIT_VERBS = ("scan", "scan", "scan", "scan", "read_code", "view", "follow_up", "walk_in", "object")
OFFICE_VERBS = ("deal", "deal", "deal_in_bulk", "undo_deal", "rebind", "rebind", "extend", "pay", "void")
DESK_VERBS = ("handle", "handle", "reopen", "reopen", "rebind", "deal", "undo_deal")
HOUSE_VERBS = (
    *("change_protection", "change_protection", "change_protection", "move_broker", "move_broker"),
    *("approve", "approve", "reject", "change_own_brokerage", "change_own_brokerage"),
    *("archive_broker", "archive_staff", "archive_brokerage"),
)
RACING_VERBS = (
    *("scan", "scan", "scan", "report", "report", "enter", "correct", "withdraw", "read_code", "view"),
    *("deal", "undo_deal", "rebind", "rebind", "extend", "handle", "reopen", "pay", "void", "walk_in"),
    *("change_protection", "archive_broker", "archive_brokerage", "archive_staff", "deal_in_bulk", "object"),
    *("change_own_brokerage", "approve", "move_broker"),
)
DUELS = (
    ("scan", "scan"),
    ("scan", "report"),
    ("scan", "rebind"),
    ("scan", "deal"),
    ("scan", "undo_deal"),
    ("scan", "enter"),
    ("scan", "correct"),
    ("scan", "change_protection"),
    ("scan", "archive_broker"),
    ("scan", "archive_brokerage"),
    ("scan", "archive_staff"),
    ("scan", "handle"),
    ("report", "report"),
    ("report", "withdraw"),
    ("report", "handle"),
    ("report", "reopen"),
    ("report", "object"),
    ("report", "change_own_brokerage"),
    ("enter", "enter"),
    ("enter", "correct"),
    ("enter", "walk_in"),
    ("enter", "rebind"),
    ("correct", "withdraw"),
    ("rebind", "rebind"),
    ("rebind", "deal"),
    ("rebind", "extend"),
    ("rebind", "report"),
    ("rebind", "archive_broker"),
    ("rebind", "change_protection"),
    ("extend", "change_protection"),
    ("extend", "deal"),
    ("deal", "deal_in_bulk"),
    ("deal", "undo_deal"),
    ("handle", "handle"),
    ("handle", "reopen"),
    ("void", "void"),
    ("pay", "rebind"),
    ("view", "rebind"),
    ("walk_in", "walk_in"),
)
"""Pairs that stand in each other's way."""


@dataclass
class Chooser:
    """Draws for one operation from the world as it is now; `focus` is a customer whom all of a race want."""

    random: Random
    world: World
    now: datetime
    shown: frozenset[Named]
    focus: Lead | None = None

    def one(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def rarely(self) -> bool:
        return self.random.random() < CONTRARY

    def maybe(self) -> bool:
        return self.random.random() < 0.5

    def mostly(self, preferred: Sequence[T], others: Sequence[T]) -> T:
        """Return one of the preferred, where there are any and nobody is contrary."""
        return self.one(preferred if preferred and not self.rarely() else others)

    def actor(self, *roles: str) -> str:
        """Return somebody of the right role; an archived or wrong one now and then."""
        at_work = [who for who in having(*roles) if not self.world.people[who].archived]
        return self.mostly(at_work, list(self.world.people))

    def agent(self) -> str:
        """Return an agent, mostly one who may work."""
        agents = having("broker", "resident")
        return self.mostly([who for who in agents if self._has_standing(who)], agents)

    def _has_standing(self, agent: str) -> bool:
        try:
            self.world.require_standing(agent)
        except No:
            return False
        return True

    def lead(self, *statuses: str, owner: str | None = None) -> Lead:
        """Return a lead of the race's customer, in one of these statuses, where there is one."""
        leads = list(self.world.leads.values())
        if self.focus is not None and not self.rarely():
            leads = [one for one in leads if one.keys & self.focus.keys] or leads
        wanted = [
            one
            for one in leads
            if one.merged_into is None
            and (not statuses or one.status(self.now) in statuses)
            and owner in (None, one.owner)
        ]
        return self.mostly(wanted, leads)

    def version(self, kind: str, which: object, version: int) -> int:
        """Return the version of a form: today's, or now and then an older one that was shown."""
        older = [number for k, w, number in self.shown if (k, w) == (kind, which)]
        return self.mostly([version], sorted(older))

    def of_lead(self, lead: Lead) -> dict[str, Any]:
        return {"lead": lead.number, "version": self.version("lead", lead.number, lead.version)}

    def reason(self) -> str:
        return "" if self.rarely() else "agreed"

    def wishes(self, lead: Lead | None = None) -> dict[str, Any]:
        if lead is not None and self.maybe():
            return {"wish": lead.wish, "needs": lead.needs}
        return {"wish": self.one([None, *having("consultant")]), "needs": self.one(["", "a corner shop"])}

    def person(self) -> dict[str, Any]:
        """Return a customer as somebody types one."""
        if self.focus is not None and not self.rarely():
            surname, given = self.focus.surname, self.focus.given
        else:
            surname, given = self.one(NAMES)
        second = self.one([None, *PHONES]) if self.maybe() else None
        wrong = self.rarely() and self.rarely()
        first = self.one(["138", "13812345678"]) if wrong else self.one(PHONES)
        return {"surname": surname, "given": given, "phone1": first, "phone2": second}

    def day(self, lead: Lead) -> date:
        """Return a day at or beside an end of the lead's bindings, or today."""
        starts = [day_of(one.start) for one in lead.bindings]
        ends = [day_of(one.held_until) for one in lead.bindings]
        near = [day + timedelta(days=days) for day in starts + ends for days in (-1, 0, 1)]
        return self.one([day_of(self.now), *starts, *near])


def _enter(c: Chooser) -> Choice:
    who = c.agent()
    is_resident = c.world.people[who].role == "resident"
    for_colleague = c.maybe() if is_resident else c.rarely()
    colleague = c.one(having("broker", "resident")) if for_colleague else None
    report = c.maybe() if colleague is None else c.rarely()
    return who, {**c.person(), **c.wishes(), "report": report, "colleague": colleague}


def _report(c: Chooser) -> Choice:
    lead = c.lead("entered", "reported", "expired", "bound")
    return c.mostly([lead.owner], having("broker", "resident")), {"lead": lead.number, **c.wishes(lead)}


def _correct(c: Chooser) -> Choice:
    lead = c.lead("entered")
    person = c.person()
    if c.maybe():
        first, second = (*lead.phones, None)[:2]
        person = {"surname": lead.surname, "given": lead.given, "phone1": first, "phone2": second}
        if c.maybe():
            person["phone2"] = c.one([None, *PHONES])
    return c.mostly([lead.owner], having("broker")), {**c.of_lead(lead), **person, **c.wishes(lead)}


def _withdraw(c: Chooser) -> Choice:
    lead = c.lead("entered")
    return c.mostly([lead.owner], having("broker")), c.of_lead(lead)


def _code(c: Chooser, *statuses: str) -> dict[str, Any]:
    """Return whose code is read; a lead that was never reported has none, so that is an unknown one."""
    lead = c.lead(*statuses)
    return {"code_of": lead.number if lead.reports else None}


def _visit(c: Chooser) -> dict[str, Any]:
    consultants = [who for who in having("consultant") if c.world.is_offered(who)]
    return {
        "consultant": c.mostly(consultants, [None, *having("consultant", "gate")]),
        "another": c.maybe(),
    }


def _read_code(c: Chooser) -> Choice:
    return c.actor("gate"), _code(c, "reported", "bound", "expired")


def _scan(c: Chooser) -> Choice:
    statuses = c.one([("reported",), ("reported", "bound"), ("expired", "dealt", "bound")])
    return c.actor("gate"), {**_code(c, *statuses), **_visit(c)}


def _walk_in(c: Chooser) -> Choice:
    visitor = c.mostly(having("visitor"), [*having("visitor"), "nobody"])
    return c.actor("gate"), {"visitor": visitor, **_visit(c)}


def _view(c: Chooser) -> Choice:
    code = _code(c, "bound", "dealt")
    return c.actor("consultant"), {**code, "standing_in": c.maybe()}


def _follow_up(c: Chooser) -> Choice:
    lead = c.lead("bound", "dealt")
    assigned = [lead.consultant] if lead.consultant else []
    note = "" if c.rarely() else "wants to see it again"
    return c.mostly(assigned, having("consultant")), {"lead": lead.number, "note": note}


def _object(c: Chooser) -> Choice:
    return c.actor("visitor"), {"words": "" if c.rarely() else "I asked nobody"}


def _deal(c: Chooser) -> Choice:
    lead = c.lead(*c.one([("bound",), ("bound",), ("expired", "reported")]))
    reason = c.one(["", "late"]) if lead.status(c.now) == "bound" else c.mostly(["late"], [""])
    return c.actor("director", "admin"), {**c.of_lead(lead), "day": c.day(lead), "reason": reason}


def _deal_in_bulk(c: Chooser) -> Choice:
    leads = [c.lead("bound") for _ in range(c.one([1, 2, 3]))]
    chosen = () if c.rarely() else tuple(lead.number for lead in leads)
    day = c.mostly([day_of(c.now)], [c.day(leads[0])])
    return c.actor("director", "admin"), {"leads": chosen, "day": day}


def _undo_deal(c: Chooser) -> Choice:
    return c.actor("director", "admin"), {**c.of_lead(c.lead("dealt")), "reason": c.reason()}


def _rebind(c: Chooser) -> Choice:
    lead = c.lead("bound")
    others = [who for who in having("broker", "resident") if who != lead.owner]
    with_own = [who for who in others if c.world.own_leads(who, lead.keys)]
    to = c.mostly(c.one([with_own, others]), list(c.world.people))
    wanted = {"to": to, "keep_end": c.maybe(), "reason": c.reason()}
    return c.actor("director", "admin"), {**c.of_lead(lead), **wanted}


def _extend(c: Chooser) -> Choice:
    most = c.world.days
    days = c.mostly([1, most], [0, most + 1])
    wanted = {"days": days, "reason": c.reason()}
    return c.actor("director", "admin"), {**c.of_lead(c.lead("bound")), **wanted}


def _pay(c: Chooser) -> Choice:
    lead = c.lead("bound", "dealt", "expired")
    return c.actor("secretary"), {"lead": lead.number, "amount": Decimal(c.one(AMOUNTS))}


def _void(c: Chooser) -> Choice:
    standing = [number for number, fee in c.world.fees.items() if not fee.void]
    return c.actor("secretary"), {"fee": c.mostly(standing, list(c.world.fees)), "reason": c.reason()}


def _rows(c: Chooser, *, are_open: bool) -> tuple[list[Any], list[Any]]:
    """Return the collisions that are open, or handled, and all of them."""
    every = [(*pair, nth) for pair, rows in c.world.collisions.items() for nth in range(len(rows))]
    rows = [one for one in every if c.world.collisions[one[:3]][one[3]].open is are_open]
    return rows, every


def _handle(c: Chooser) -> Choice:
    chosen = [c.mostly(*_rows(c, are_open=True)) for _ in range(c.one([1, 1, 2, 3]))]
    outcome = c.mostly([None, "holder_keeps", "different_people"], ["rebound"])
    collisions = () if c.rarely() else tuple(chosen)
    return c.actor("director", "admin"), {"collisions": collisions, "outcome": outcome}


def _reopen(c: Chooser) -> Choice:
    chosen = c.mostly(*_rows(c, are_open=False))
    handled_at = c.world.collisions[chosen[:3]][chosen[3]].handled_at
    seen = c.mostly([handled_at], [None, c.now])
    return c.actor("director", "admin"), {"collision": chosen, "seen": seen, "reason": c.reason()}


def _account(c: Chooser, accounts: Sequence[str]) -> dict[str, Any]:
    who = c.mostly(accounts, list(c.world.people))
    return {"account": who, "version": c.version("account", who, c.world.people[who].version)}


def _archive_broker(c: Chooser) -> Choice:
    return c.actor("director", "admin"), _account(c, having("broker", "resident"))


def _archive_staff(c: Chooser) -> Choice:
    return c.actor("admin"), _account(c, having("consultant", "gate"))


def _archive_brokerage(c: Chooser) -> Choice:
    name = c.one(BROKERAGES)
    version = c.version("brokerage", name, c.world.brokerages[name].version)
    return c.actor("director", "admin"), {"brokerage": name, "version": version}


def _approve(c: Chooser) -> Choice:
    return c.actor("director", "admin"), _account(c, having("resident"))


def _reject(c: Chooser) -> Choice:
    return c.actor("director", "admin"), {**_account(c, having("resident")), "reason": c.reason()}


def _move_broker(c: Chooser) -> Choice:
    account = _account(c, having("broker", "resident"))
    return c.actor("director", "admin"), {**account, "brokerage": c.mostly(BROKERAGES, [None])}


def _change_own_brokerage(c: Chooser) -> Choice:
    who = c.agent()
    version = c.version("account", who, c.world.people[who].version)
    brokerage = c.mostly(BROKERAGES, [None])
    return who, {"account": who, "version": version, "brokerage": brokerage}


def _change_protection(c: Chooser) -> Choice:
    days = c.mostly([1, 2, 30, 45], [0, 3650, 3651])
    version = c.version("settings", "all", c.world.settings_version)
    return c.actor("admin"), {"days": days, "running": c.maybe(), "version": version}


_CHOICES: dict[str, Callable[[Chooser], Choice]] = {
    "enter": _enter,
    "report": _report,
    "correct": _correct,
    "withdraw": _withdraw,
    "read_code": _read_code,
    "scan": _scan,
    "walk_in": _walk_in,
    "view": _view,
    "follow_up": _follow_up,
    "object": _object,
    "handle": _handle,
    "reopen": _reopen,
    "deal": _deal,
    "deal_in_bulk": _deal_in_bulk,
    "undo_deal": _undo_deal,
    "rebind": _rebind,
    "extend": _extend,
    "pay": _pay,
    "void": _void,
    "archive_broker": _archive_broker,
    "archive_staff": _archive_staff,
    "archive_brokerage": _archive_brokerage,
    "approve": _approve,
    "reject": _reject,
    "move_broker": _move_broker,
    "change_own_brokerage": _change_own_brokerage,
    "change_protection": _change_protection,
}


_WANT: dict[str, tuple[str, ...]] = {
    "report": ("entered", "reported", "bound", "expired"),
    "correct": ("entered",),
    "withdraw": ("entered",),
    "read_code": ("reported", "bound", "expired", "dealt"),
    "scan": ("reported", "bound", "expired", "dealt"),
    "view": ("bound", "dealt"),
    "follow_up": ("bound", "dealt"),
    "object": ("reported", "bound"),
    "deal": ("bound", "expired"),
    "deal_in_bulk": ("bound",),
    "undo_deal": ("dealt",),
    "rebind": ("bound",),
    "extend": ("bound",),
    "pay": ("bound", "dealt", "expired"),
}
"""The statuses of which there should be a lead, for an operation to be worth trying."""


def is_promising(world: World, now: datetime, verb: str) -> bool:
    """Whether there is anything now that an operation may succeed with."""
    rows = [row.open for rows in world.collisions.values() for row in rows]
    if verb == "handle":
        return True in rows
    if verb == "reopen":
        return False in rows
    if verb == "void":
        return any(not fee.void for fee in world.fees.values())
    if verb in ("approve", "reject"):
        return any(person.approval in ("pending", "rejected") for person in world.people.values())
    wanted = _WANT.get(verb)
    return wanted is None or any(lead.status(now) in wanted for lead in world.leads.values())


def promising_duels(world: World, now: datetime) -> list[tuple[str, str]]:
    """Return the duels of which both sides may succeed."""
    return [duel for duel in DUELS if all(is_promising(world, now, verb) for verb in duel)]


def may_be_tried(world: World, verb: str) -> bool:
    """Whether there is anything yet that an operation could be about."""
    if verb in ("handle", "reopen"):
        return bool(world.collisions)
    if verb == "void":
        return bool(world.fees)
    return bool(world.leads) or verb not in _WANT


@st.composite
def operations(
    draw: st.DrawFn,
    world: World,
    now: datetime,
    *,
    verbs: Sequence[str],
    request: str,
    shown: frozenset[Named],
    focus: Lead | None = None,
    done: frozenset[str] = frozenset(),
) -> Operation:
    """Draw what somebody tries next: half of the time something that has not been `done` yet."""
    # Where hypothesis repeats itself the request still differs, and so does what is tried.
    seed = f"{draw(st.integers(0, 2**32))} {request}"
    chooser = Chooser(Random(seed), world, now, shown, focus)  # noqa: S311 - chance is what it is for
    possible = [verb for verb in verbs if may_be_tried(world, verb)] or ["enter"]
    promising = [one for one in possible if is_promising(world, now, one)]
    new = [one for one in promising if one not in done and not one.startswith("archive")]
    verb = chooser.mostly(new if new and chooser.maybe() else promising, possible)
    who, wanted = _CHOICES[verb](chooser)
    return Operation(verb, who, request, now, wanted)


@st.composite
def moments(draw: st.DrawFn, world: World, now: datetime) -> datetime:
    """Draw a later moment: at or just before the end of a binding or of a day, or some way off."""
    ends = [one.bindings[-1].end for one in world.leads.values() if one.holds(now) and one.bindings]
    midnight = datetime.combine(day_of(now), datetime.min.time(), tzinfo=SHANGHAI).astimezone(UTC)
    boundaries = [*ends, midnight + timedelta(days=1)]
    before = [timedelta(0), timedelta(0), timedelta(microseconds=-1), timedelta(seconds=-1)]
    exact = [end + step for end in boundaries for step in before]
    steps = [timedelta(seconds=1), timedelta(seconds=59), timedelta(seconds=60), timedelta(hours=5)]
    far = [timedelta(days=1), timedelta(days=100)]
    if draw(st.booleans()):
        return now + draw(st.sampled_from(steps))
    later = [moment for moment in exact if moment > now]
    return max(draw(st.sampled_from([*later, *(now + step for step in far)])), now)
