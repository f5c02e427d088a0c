"""R10 and the settings: archiving, approvals, brokerages, and another protection."""

from tests.model.reference.world import Lead, No, Operation, Outcome, Person, World, end_of

AGENTS = ("broker", "resident")
STAFF = ("consultant", "gate", "secretary", "director")


def archive_broker(world: World, op: Operation) -> Outcome:
    """Archive a broker or resident; running bindings keep their end."""
    return _archive(world, op, world.people[op.wanted["account"]], AGENTS)


def archive_staff(world: World, op: Operation) -> Outcome:
    """Archive a member of staff, who stays where they were named; admins archive no admin."""
    return _archive(world, op, world.people[op.wanted["account"]], STAFF)


def _archive(world: World, op: Operation, person: Person, roles: tuple[str, ...]) -> Outcome:
    if person.archived or person.role not in roles:
        raise No("not_found")
    _require_version(person.version, op)
    person.archived = True
    person.version += 1
    world.record("account", op.wanted["account"], "archive_account")
    return Outcome(answer={})


def archive_brokerage(world: World, op: Operation) -> Outcome:
    """Archive a brokerage, whose brokers may do no more than read."""
    brokerage = world.brokerages[op.wanted["brokerage"]]
    if brokerage.archived:
        raise No("not_found")
    _require_version(brokerage.version, op)
    brokerage.archived = True
    brokerage.version += 1
    world.record("brokerage", op.wanted["brokerage"], "archive_brokerage")
    return Outcome(answer={})


def approve(world: World, op: Operation) -> Outcome:
    """Let a waiting or rejected resident in."""
    return _decide(world, op, _resident(world, op), "approved")


def reject(world: World, op: Operation) -> Outcome:
    """Turn a waiting resident away, with a reason."""
    resident = _resident(world, op)
    if not op.wanted["reason"]:
        raise No("reason_missing")
    return _decide(world, op, resident, "rejected")


def _resident(world: World, op: Operation) -> Person:
    person = world.people[op.wanted["account"]]
    if person.archived or person.role != "resident":
        raise No("not_found")
    return person


def _decide(world: World, op: Operation, resident: Person, approval: str) -> Outcome:
    if resident.approval in ("approved", approval):
        raise No("not_waiting")
    _require_version(resident.version, op)
    resident.approval = approval
    resident.version += 1
    world.record("account", op.wanted["account"], "decide_resident")
    return Outcome(answer={})


def change_own_brokerage(world: World, op: Operation) -> Outcome:
    """Work for another brokerage; a resident waits for an approval again."""
    person = world.people[op.who]
    _require_version(person.version, op)
    _require_offered(world, op)
    if person.brokerage == op.wanted["brokerage"]:
        return Outcome(answer={})
    person.brokerage = op.wanted["brokerage"]
    person.version += 1
    world.record("account", op.who, "change_broker")
    if person.role == "resident" and person.approval != "pending":
        person.approval = "pending"
        world.record("account", op.who, "wait_again")
    return Outcome(answer={})


def move_broker(world: World, op: Operation) -> Outcome:
    """Let the office change somebody's brokerage; whoever decides on approvals did this, so it stays."""
    person = world.people[op.wanted["account"]]
    if person.archived or person.role not in AGENTS:
        raise No("not_found")
    _require_version(person.version, op)
    if person.brokerage == op.wanted["brokerage"]:
        return Outcome(answer={})
    _require_offered(world, op)
    person.brokerage = op.wanted["brokerage"]
    person.version += 1
    world.record("account", op.wanted["account"], "change_broker")
    return Outcome(answer={})


def change_protection(world: World, op: Operation) -> Outcome:
    """Let bindings last another number of days: new ones, or also those that run."""
    days = op.wanted["days"]
    if not 1 <= days <= 3650:
        raise No("protection_days_wrong")
    _require_version(world.settings_version, op)
    moved = [one for one in world.leads.values() if op.wanted["running"] and _is_moved(one, op)]
    ended = 0
    for lead in moved:
        binding = lead.bindings[-1]
        binding.end, binding.days = max(end_of(binding.start, days), op.at), days
        ended += binding.end <= op.at
        lead.version += 1
        world.record_lead(lead, "reset_protection")
    if moved or days != world.days:
        world.days = days
        world.settings_version += 1
        world.record("settings", "all", "change_protection")
    return Outcome(answer={"days": days, "moved": len(moved), "ended": ended})


def _is_moved(lead: Lead, op: Operation) -> bool:
    """R6: only running bindings; extended and kept ends are left alone."""
    if lead.status(op.at) != "bound" or lead.bindings[-1].extended or lead.bindings[-1].kept:
        return False
    return max(end_of(lead.bindings[-1].start, op.wanted["days"]), op.at) != lead.bindings[-1].end


def _require_version(version: int, op: Operation) -> None:
    if version != op.wanted["version"]:
        raise No("stale")


def _require_offered(world: World, op: Operation) -> None:
    chosen = op.wanted["brokerage"]
    if chosen is None or world.brokerages[chosen].archived:
        raise No("brokerage_not_offered")
