"""R7: who is told that brokers go for one customer, and how a director settles it."""

from collections.abc import Iterable
from datetime import datetime

from tests.model.reference.world import Collision, Lead, No, Operation, Outcome, Pair, World, day_of

OBJECTIONS_A_DAY = 3
PERSONS_OUTCOMES = (None, "unsaid", "holder_keeps", "challenger_gets", "different_people")


def open_row(world: World, pair: Pair) -> Collision | None:
    return next((row for row in world.collisions.get(pair, []) if row.open), None)


def insert_or_join(world: World, pair: Pair, event: str) -> None:
    row = open_row(world, pair)
    if row is None:
        row = Collision()
        world.collisions.setdefault(pair, []).append(row)
    row.events.append(event)


def challenge(
    world: World, lead: Lead, event: str, now: datetime, newly: Iterable[str] = ()
) -> tuple[frozenset[int], set[Pair]]:
    """Tell those who hold a lead's customer, or had come alone before; returns holders, and who was told.

    Only visitors whom the lead names for the first time (`newly`) get a row, once and for all.
    """
    holders = frozenset(holder.number for holder in world.other_holders(lead, now))
    told: set[Pair] = set()
    for holder in holders:
        told.add(("held", holder, lead.number))
        insert_or_join(world, ("held", holder, lead.number), event)
    for visitor in world.walked_in(lead.keys):
        pair: Pair = ("walk_in_first", visitor, lead.number)
        if visitor in newly and pair not in world.collisions:
            world.collisions[pair] = [Collision()]
        row = open_row(world, pair)
        if row is not None:
            row.events.append(event)
            told.add(pair)
    return holders, told


def tell_open_of(world: World, lead: Lead, event: str, *, but: Iterable[Pair] = ()) -> None:
    """Tell every open row in which a lead challenges."""
    for pair in list(world.collisions):
        row = open_row(world, pair)
        if pair[2] == lead.number and row is not None and pair not in set(but):
            row.events.append(event)


def hold_taken(world: World, lead: Lead, event: str) -> None:
    """Tell every open row of this customer that a new hold was taken."""
    related = {one.number for one in world.leads.values() if one.is_listed and one.identity & lead.identity}
    for pair in list(world.collisions):
        row = open_row(world, pair)
        if row is not None and (pair[1] in related or pair[2] in related):
            row.events.append(event)


def close_as_rebound(world: World, pairs: Iterable[Pair], now: datetime) -> None:
    for pair in pairs:
        row = open_row(world, pair)
        if row is not None:
            row.open, row.outcome, row.handled_at = False, "rebound", now
            row.events.append("closed_as_rebound")


def pairs_of(world: World, lead: Lead) -> list[Pair]:
    return [pair for pair in world.collisions if lead.number in pair[1:]]


def handle(world: World, op: Operation) -> Outcome:
    """Settle the open ones of several; the others stay as somebody left them."""
    chosen = op.wanted["collisions"]
    if not chosen:
        raise No("nothing_chosen")
    if op.wanted["outcome"] not in PERSONS_OUTCOMES:
        raise No("outcome_unknown")
    done = 0
    for *pair, nth in sorted(set(chosen), key=str):
        key: Pair = (pair[0], pair[1], pair[2])
        row = world.collisions[key][nth]
        if row.open:
            row.open, row.handled_at, row.handled_by = False, op.at, op.who
            row.outcome = op.wanted["outcome"] or "unsaid"
            row.events.append("handled")
            done += 1
    return Outcome(answer={"handled": done, "before": len(set(chosen)) - done})


def reopen(world: World, op: Operation) -> Outcome:
    """Open again what a person had handled, unless a newer row is open."""
    if not op.wanted["reason"]:
        raise No("reason_missing")
    *pair, nth = op.wanted["collision"]
    key: Pair = (pair[0], pair[1], pair[2])
    row = world.collisions[key][nth]
    if row.open:
        raise No("collision_not_handled")
    if row.handled_by is None:
        raise No("collision_closed_by_system")
    if open_row(world, key) is not None:
        raise No("newer_collision_open")
    if row.handled_at != op.wanted["seen"]:
        raise No("stale")
    row.open, row.outcome, row.handled_by, row.handled_at = True, None, None, None
    row.events.append("reopened")
    return Outcome(answer={})


def object_to_reports(world: World, op: Operation) -> Outcome:
    """Let a visitor object to every report that names them, three times a day at most."""
    if not op.wanted["words"]:
        raise No("reason_missing")
    made = world.objections.setdefault(op.who, set())
    if sum(day_of(moment) == day_of(op.at) for moment in made) >= OBJECTIONS_A_DAY:
        raise No("objected_enough_today")
    about = world.reports_naming(op.who)
    if not about:
        raise No("no_broker_reported")
    made.add(op.at)
    for lead in about:
        insert_or_join(world, ("objection", op.who, lead.number), "objected")
    return Outcome(answer={"reports": len(about)})
