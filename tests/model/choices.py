"""What people try, one function for each operation: who asks, and for what."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.model.chooser import Chooser
from tests.model.numbering import Named
from tests.model.pool import AMOUNTS, BROKERAGES, NO_AMOUNTS, PHONES, having
from tests.model.promising import is_promising, may_be_tried
from tests.model.reference.world import Lead, Operation, World, day_of

Choice = tuple[str, dict[str, Any]]
"""Who acts, and what they want."""


def _enter(c: Chooser) -> Choice:
    half = c.half() if c.maybe() else None
    if half is not None:
        who, person = half
        return who, {**person, **c.wishes(), "report": c.maybe(), "colleague": None}
    who = c.agent()
    is_resident = c.world.people[who].role == "resident"
    for_colleague = c.maybe() if is_resident else c.rarely()
    agents = having("broker", "resident")
    own = [one for one in agents if c.world.people[one].brokerage == c.world.people[who].brokerage]
    others = [one for one in own if one != who]
    colleague = c.mostly(others if is_resident else agents, agents) if for_colleague else None
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
    with_code = [one for one in c.world.leads.values() if one.reports]
    lead = c.among([one for one in with_code if one.status(c.now) in statuses] or with_code)
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
    once = [one for one in c.world.leads.values() if one.bindings and not one.holds(c.now)]
    lead = c.among(once) if once and c.maybe() else c.lead("bound")
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
    bound = [one for one in c.world.leads.values() if one.status(c.now) == "bound"]
    agents = having("broker", "resident")
    merging = [one for one in bound if any(len(c.world.own_leads_for(who, one)) > 1 for who in agents)]
    lead = c.mostly(merging, bound) if merging else c.among(bound)
    others = [who for who in agents if who != lead.owner]
    with_most = max(len(c.world.own_leads_for(who, lead)) for who in others)
    likely = [who for who in others if len(c.world.own_leads_for(who, lead)) == with_most]
    to = c.mostly(c.one([likely, others]), [*others, *c.world.people])
    wanted = {"to": to, "keep_end": c.maybe(), "reason": c.reason()}
    return c.actor("director", "admin"), {**c.of_lead(lead), **wanted}


def _extend(c: Chooser) -> Choice:
    most = c.world.days
    days = c.mostly([1, most], [0, most + 1])
    wanted = {"days": days, "reason": c.reason()}
    return c.actor("director", "admin"), {**c.of_lead(c.lead("bound")), **wanted}


def _tell_apart(c: Chooser) -> Choice:
    lead = c.lead("entered", "reported", "expired")
    return c.actor("director", "admin"), {**c.of_lead(lead), "reason": c.reason()}


def _take_back(c: Chooser) -> Choice:
    lead = c.among([one for one in c.world.leads.values() if one.person and not one.holds(c.now)])
    return c.actor("director", "admin"), {**c.of_lead(lead), "reason": c.reason()}


def _pay(c: Chooser) -> Choice:
    lead = c.among([one for one in c.world.leads.values() if one.scans])
    return c.actor("secretary"), {"lead": lead.number, "amount": Decimal(c.mostly(AMOUNTS, NO_AMOUNTS))}


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
    return c.actor("director", "admin"), _account(c, _waiting(c, "pending", "rejected"))


def _reject(c: Chooser) -> Choice:
    return c.actor("director", "admin"), {**_account(c, _waiting(c, "pending")), "reason": c.reason()}


def _waiting(c: Chooser, *approvals: str) -> list[str]:
    return [who for who, one in c.world.people.items() if one.approval in approvals and not one.archived]


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
    "tell_apart": _tell_apart,
    "take_back": _take_back,
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
