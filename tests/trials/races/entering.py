"""Races of brokers: entries, corrections, withdrawals and reports (R2, R3, R7, R12, R13)."""

from lead_system.models import Lead, LeadKey, Report
from tests.trials.races.shots import correct, enter, report, withdraw
from tests.trials.races.stage import Stage, in_any_order


def _listed(stage: Stage, broker: str) -> int:
    """Count the leads of this round's customer that a broker has."""
    surname, name, _ = stage.customer()
    return stage.rows(Lead, broker_id=stage.cast.ids[broker], name_key=surname + name)


def ten_identical_entries(stage: Stage) -> None:
    """A broker enters one customer ten times at once, each time under another request id."""
    stage.fire(*(enter("fang", stage.customer(), reports=True) for _ in range(10)))
    stage.explained(*in_any_order_of_one("done", "already_entered", 10))
    stage.times("a lead", 1, _listed(stage, "fang"))


def in_any_order_of_one(one: str, rest: str, number: int) -> tuple[tuple[str, ...], ...]:
    """Return the orders in which one of many is answered otherwise than all the rest."""
    return tuple(tuple(one if place == n else rest for place in range(number)) for n in range(number))


def two_brokers_enter_one_customer(stage: Stage) -> None:
    """Two brokers enter one customer that nobody holds: both have it, each their own."""
    stage.fire(*(enter(who, stage.customer(), reports=True) for who in ("fang", "qiang")))
    stage.explained(("done", "done"))
    for who in ("fang", "qiang"):
        stage.times(f"a lead of {who}", 1, _listed(stage, who))
    stage.stands("who holds", set(), stage.holders(_newest(stage)))


def _newest(stage: Stage) -> int:
    return max(reply.answer.number for reply in stage.replies if reply.answer)


def entry_sent_five_times(stage: Stage) -> None:
    """One entry arrives five times under one request id."""
    stage.fire(*[enter("fang", stage.customer(), reports=True)] * 5)
    stage.explained(("done",) * 5)
    stage.times("a lead", 1, _listed(stage, "fang"))
    stage.times("a report", 1, stage.rows(Report, lead_id=_newest(stage)))


def report_sent_five_times(stage: Stage) -> None:
    """One report arrives five times under one request id."""
    lead_id = stage.cast.enters("fang", stage.customer())
    stage.fire(*[report("fang", lead_id)] * 5)
    stage.explained(("done",) * 5)
    stage.times("a report", 1, stage.rows(Report, lead_id=lead_id))


def eleven_reports(stage: Stage) -> None:
    """Eleven reports of one day at once: ten are recorded, and the eleventh changes nothing."""
    lead_id = stage.cast.enters("fang", stage.customer())
    stage.fire(*(report("fang", lead_id) for _ in range(11)))
    stage.explained(*in_any_order_of_one("reported_enough_today", "done", 11))
    stage.times("a report", 10, stage.rows(Report, lead_id=lead_id))


def correction_against_report(stage: Stage) -> None:
    """A correction meets the first report, after which nothing can be corrected."""
    lead_id = stage.cast.enters("fang", stage.customer())
    corrected, _ = stage.fire(
        correct(stage, "fang", lead_id, stage.customer("139")), report("fang", lead_id)
    )  # fmt: skip
    stage.explained(("done", "done"), ("status_forbids", "done"))
    stage.stands("the status", "reported", stage.cast.status(lead_id))
    phone = stage.customer("139" if corrected.is_done else "138")[2]
    stage.stands("the phone", phone, stage.cast.read(lead_id, "phone1"))
    stage.times("its key", 1, stage.rows(LeadKey, lead_id=lead_id, phone=phone))


def withdrawal_against_report(stage: Stage) -> None:
    """A withdrawal meets the first report: whichever comes second finds the other."""
    lead_id = stage.cast.enters("fang", stage.customer())
    withdrawn, _ = stage.fire(withdraw(stage, "fang", lead_id), report("fang", lead_id))
    if stage.explained(("done", "not_found"), ("status_forbids", "done")):
        status = "withdrawn" if withdrawn.is_done else "reported"
        stage.stands("the status", status, stage.cast.status(lead_id))
        stage.times("a report", int(not withdrawn.is_done), stage.rows(Report, lead_id=lead_id))


def two_entries_corrected_to_one_customer(stage: Stage) -> None:
    """A broker corrects two entries to one customer: one becomes it."""
    ids = [stage.cast.enters("fang", stage.customer(phone)) for phone in ("136", "137")]
    stage.fire(*(correct(stage, "fang", lead_id, stage.customer("138")) for lead_id in ids))
    stage.explained(*in_any_order("done", "already_entered"))
    phone = stage.customer("138")[2]
    names = [lead_id for lead_id in ids if stage.cast.read(lead_id, "phone1") == phone]
    stage.times("a lead of that customer", 1, len(names))


def resident_enters_for_a_colleague_who_enters(stage: Stage) -> None:
    """A resident enters a customer for a colleague while the colleague does: there is one lead of it."""
    fang = stage.cast.ids["fang"]
    stage.fire(enter("wei", stage.customer(), colleague_id=fang), enter("fang", stage.customer()))
    stage.explained(("done", "already_entered"), ("colleague_has_customer", "done"))
    stage.times("a lead", 1, _listed(stage, "fang"))


KINDS = (
    ten_identical_entries,
    two_brokers_enter_one_customer,
    entry_sent_five_times,
    report_sent_five_times,
    eleven_reports,
    correction_against_report,
    withdrawal_against_report,
    two_entries_corrected_to_one_customer,
    resident_enters_for_a_colleague_who_enters,
)
