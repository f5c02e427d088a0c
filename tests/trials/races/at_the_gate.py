"""Races at the gate: of two scans one binds, and the other is told so (R4, R5, R7, R13)."""

from lead_system.domain.roles import Role
from lead_system.models import Binding, Collision, GateScan, Hold
from tests.trials.races.newcomers import hire
from tests.trials.races.shots import confirm, enter
from tests.trials.races.stage import Stage, in_any_order


def _one_won(stage: Stage, one: int, other: int) -> None:
    """Expect that one of two reported leads is bound, and that the other stands in a collision with it."""
    if not stage.explained(*in_any_order("bound", "held_by_another")):
        return
    won, lost = (one, other) if stage.replies[0].word == "bound" else (other, one)
    stage.stands("who holds", {won}, stage.holders(won))
    stage.stands("the winner", "bound", stage.cast.status(won))
    stage.stands("the loser", "reported", stage.cast.status(lost))
    pair = {"holding_lead_id": won, "challenging_lead_id": lost}
    stage.times("a collision of the two", 1, stage.rows(Collision, state="open", **pair))
    stage.times("a scan of the winner", 1, stage.rows(GateScan, lead_id=won))
    stage.times("a binding of the winner", 1, stage.rows(Binding, lead_id=won))
    stage.never("the loser has a scan or a binding", is_so=bool(
        stage.rows(GateScan, lead_id=lost) + stage.rows(Binding, lead_id=lost)
    ))  # fmt: skip


def rivals_codes(stage: Stage) -> None:
    """Two gates confirm two brokers' codes of one customer."""
    one, other = (stage.cast.enters(who, stage.customer(), reports=True) for who in ("fang", "qiang"))
    stage.fire(confirm(stage, "feng", one), confirm(stage, "lu", other))
    _one_won(stage, one, other)


def crosswise_phones(stage: Stage) -> None:
    """The same, with the customer's two phones the other way round: each takes first what the other wants."""
    surname, name, first = stage.customer()
    second = stage.customer("139")[2]
    one = stage.cast.enters("fang", (surname, name, first), second, reports=True)
    other = stage.cast.enters("qiang", (surname, name, second), first, reports=True)
    stage.fire(confirm(stage, "feng", one), confirm(stage, "lu", other))
    _one_won(stage, one, other)
    for phone in (first, second):
        stage.times(f"a hold on {phone}", 1, stage.rows(Hold, phone=phone, name_key=surname + name))


def three_gates(stage: Stage) -> None:
    """Three brokers' codes of one customer at three gates; one of them stands in for two phones."""
    hire(stage, "gate3", Role.GATE)
    surname, name, first = stage.customer()
    second = stage.customer("139")[2]
    leads = [
        stage.cast.enters("fang", (surname, name, first), reports=True),
        stage.cast.enters("qiang", (surname, name, second), reports=True),
        stage.cast.enters("wei", (surname, name, first), second, reports=True),
    ]
    stage.fire(*(confirm(stage, g, n) for g, n in zip(("feng", "lu", "gate3"), leads, strict=True)))
    held = "held_by_another"
    stage.explained((held, held, "bound"), ("bound", "bound", held))
    bound = {n for n, reply in zip(leads, stage.replies, strict=True) if reply.word == "bound"}
    stage.stands("who holds", bound, stage.holders(leads[0]))


def one_code_at_two_gates(stage: Stage) -> None:
    """Two gates confirm the same code: the second is asked whether that is another visit."""
    lead_id = stage.cast.enters("fang", stage.customer(), reports=True)
    stage.fire(confirm(stage, "feng", lead_id), confirm(stage, "lu", lead_id))
    stage.explained(*in_any_order("bound", "another_visit_unconfirmed"))
    stage.times("a scan", 1, stage.rows(GateScan, lead_id=lead_id))
    stage.times("a binding", 1, stage.rows(Binding, lead_id=lead_id))


def yes_to_another_visit(stage: Stage) -> None:
    """Two gates say yes to another visit of a bound customer: both count, and nothing is bound anew."""
    lead_id = stage.held("fang", stage.customer())
    end = stage.cast.read(lead_id, "protect_until")
    stage.fire(*(confirm(stage, gate, lead_id, again=True) for gate in ("feng", "lu")))
    stage.explained(("visit", "visit"))
    stage.times("a scan", 3, stage.rows(GateScan, lead_id=lead_id))
    stage.times("a binding", 1, stage.rows(Binding, lead_id=lead_id))
    stage.stands("the end", end, stage.cast.read(lead_id, "protect_until"))


def scan_sent_five_times(stage: Stage) -> None:
    """One scan arrives five times under one request id."""
    lead_id = stage.cast.enters("fang", stage.customer(), reports=True)
    stage.fire(*[confirm(stage, "feng", lead_id)] * 5)
    stage.explained(("bound",) * 5)
    stage.times("a scan", 1, stage.rows(GateScan, lead_id=lead_id))
    stage.times("a binding", 1, stage.rows(Binding, lead_id=lead_id))


def refused_scan_sent_five_times(stage: Stage) -> None:
    """A scan of another's customer arrives five times: turned away once, and told so five times."""
    held, wanted = stage.held("qiang", stage.customer()), stage.cast.enters("fang", stage.customer())
    stage.cast.reports("fang", wanted)
    stage.fire(*[confirm(stage, "feng", wanted)] * 5)
    stage.explained(("held_by_another",) * 5)
    row = stage.cast.collision_of(held, wanted)
    stage.times("the event of the scan", 1, stage.events(row)["scanned"])


def entry_against_the_holders_scan(stage: Stage) -> None:
    """A rival enters a customer while the gate binds it: a collision, if the binding came first."""
    held = stage.cast.enters("qiang", stage.customer(), reports=True)
    entered, scanned = stage.fire(
        enter("fang", stage.customer(), reports=True), confirm(stage, "feng", held)
    )  # fmt: skip
    stage.explained(("done", "bound"))
    if not entered.is_done or not scanned.is_done:
        return
    row = stage.cast.collision_of(held, entered.answer.number if entered.answer else 0)
    told = stage.events(row) if row else {}
    stage.never(f"a collision knows {dict(told)}", is_so=bool(row) and told != {"entered": 1, "reported": 1})
    stage.stands("who holds", {held}, stage.holders(held))


KINDS = (
    rivals_codes,
    crosswise_phones,
    three_gates,
    one_code_at_two_gates,
    yes_to_another_visit,
    scan_sent_five_times,
    refused_scan_sent_five_times,
    entry_against_the_holders_scan,
)
