"""Races of deals and fees: one customer is dealt once, one visit paid as often as somebody said (R9, R13)."""

from datetime import UTC, datetime

from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import Role
from lead_system.models import Deal, Fee, Hold, Rebind
from tests.trials.people import new_id
from tests.trials.races.newcomers import hire
from tests.trials.races.shots import bulk_deal, deal, pay, rebind, undo_deal, void
from tests.trials.races.stage import Shot, Stage, in_any_order


def deal_twice(stage: Stage) -> None:
    """Two directors mark one customer dealt."""
    lead_id = stage.held("fang", stage.customer())
    stage.fire(deal(stage, "director", lead_id), deal(stage, "admin", lead_id))
    stage.explained(*in_any_order("done", "stale"))
    stage.times("a deal", 1, stage.rows(Deal, lead_id=lead_id))
    stage.times("a hold without end", 1, stage.rows(Hold, lead_id=lead_id, ends_at=None))


def deal_sent_five_times(stage: Stage) -> None:
    """One deal arrives five times under one request id."""
    lead_id = stage.held("fang", stage.customer())
    stage.fire(*[deal(stage, "director", lead_id)] * 5)
    stage.explained(("done",) * 5)
    stage.times("a deal", 1, stage.rows(Deal, lead_id=lead_id))


def deal_against_undo(stage: Stage) -> None:
    """A deal is undone while a colleague marks the same customer dealt again."""
    lead_id = stage.held("fang", stage.customer())
    stage.cast.deals("director", lead_id, shanghai_day(datetime.now(UTC)))
    stage.fire(deal(stage, "admin", lead_id), undo_deal(stage, "director", lead_id))
    stage.explained(("stale", "done"), ("status_forbids", "done"))
    stage.stands("the status", "bound", stage.cast.status(lead_id))
    stage.times("a deal", 1, stage.rows(Deal, lead_id=lead_id))
    stage.times("a standing deal", 0, stage.rows(Deal, lead_id=lead_id, undone_at=None))


def undo_twice(stage: Stage) -> None:
    """Two directors undo one deal."""
    lead_id = stage.held("fang", stage.customer())
    stage.cast.deals("director", lead_id, shanghai_day(datetime.now(UTC)))
    stage.fire(*(undo_deal(stage, who, lead_id) for who in ("director", "admin")))
    stage.explained(*in_any_order("done", "stale"), *in_any_order("done", "status_forbids"))
    stage.stands("the status", "bound", stage.cast.status(lead_id))


def bulk_deal_against_single(stage: Stage) -> None:
    """Two customers are marked dealt together while one of them is by itself: all of the two or none."""
    both = [stage.held("fang", stage.customer("138", of=n)) for n in (0, 1)]
    together, alone = stage.fire(bulk_deal("director", *both), deal(stage, "admin", both[0]))
    stage.explained(("done", "stale"), ("status_forbids", "done"))
    if together.is_done != alone.is_done:
        wanted = ["dealt", "dealt" if together.is_done else "bound"]
        stage.stands("the two", wanted, [stage.cast.status(lead_id) for lead_id in both])
    stage.times("a deal of the one", 1, stage.rows(Deal, lead_id=both[0]))


def bulk_deals_in_opposite_order(stage: Stage) -> None:
    """Two directors mark the same three customers dealt, each in an order of their own."""
    three = [stage.held(who, stage.customer("138", of=n)) for n, who in enumerate(("fang", "qiang", "wei"))]
    stage.fire(bulk_deal("director", *three), bulk_deal("admin", *reversed(three)))
    stage.explained(*in_any_order("done", "status_forbids"))
    for lead_id in three:
        stage.times("a deal", 1, stage.rows(Deal, lead_id=lead_id))


def two_secretaries_pay_under_one_id(stage: Stage) -> None:
    """Two secretaries pay, each twice, and all four forms carry one request id: an id counts per account."""
    hire(stage, "shu", Role.SECRETARY)
    lead_id, request_id = stage.held("fang", stage.customer()), new_id()
    mine, theirs = (pay(who, lead_id, "200.00", request_id) for who in ("secretary", "shu"))
    stage.fire(mine, theirs, mine, theirs)
    stage.explained(("done",) * 4)
    for who in ("secretary", "shu"):
        paid = stage.rows(Fee, lead_id=lead_id, created_by_id=stage.cast.ids[who])
        stage.times(f"a fee of {who}", 1, paid)


def fee_sent_five_times(stage: Stage) -> None:
    """One payment arrives five times under one request id."""
    lead_id = stage.held("fang", stage.customer())
    stage.fire(*[pay("secretary", lead_id, "88.80", new_id())] * 5)
    stage.explained(("done",) * 5)
    stage.times("a fee", 1, stage.rows(Fee, lead_id=lead_id))


def void_twice(stage: Stage) -> None:
    """Two secretaries void one fee: the second is told who did."""
    hire(stage, "shu", Role.SECRETARY)
    lead_id = stage.held("fang", stage.customer())
    fee_id = stage.cast.pays("secretary", lead_id, "200.00")
    mine, _ = stage.fire(void("secretary", fee_id, "重复支付"), void("shu", fee_id, "付错了"))
    if stage.explained(*in_any_order("done", "fee_already_voided")):
        reason = "重复支付" if mine.is_done else "付错了"
        stage.times("the reason of the first", 1, stage.rows(Fee, id=fee_id, void_reason=reason))


def fee_against_rebind(stage: Stage) -> None:
    """A fee is paid for a lead while its customer is moved: the fee stays with the broker who earned it."""
    lead_id = stage.held("fang", stage.customer())
    stage.fire(pay("secretary", lead_id, "66.00", new_id()), rebind(stage, "director", lead_id, "qiang"))
    stage.explained(("done", "done"))
    stage.times(
        "a fee of the old broker", 1, stage.rows(Fee, lead_id=lead_id, broker_id=stage.cast.ids["fang"])
    )
    stage.times("a rebind", 1, stage.rows(Rebind, from_lead_id=lead_id))


def same_id_for_two_actions(stage: Stage) -> None:
    """One request id comes with a deal and with an undo of another's deal: an id counts per action."""
    one, other = (stage.held("fang", stage.customer("138", of=n)) for n in (0, 1))
    stage.cast.deals("director", other, shanghai_day(datetime.now(UTC)))
    mark, undo = deal(stage, "director", one), undo_deal(stage, "director", other)
    stage.fire(mark, Shot(undo.who, undo.address, undo.fields, mark.request_id))
    stage.explained(("done", "done"))
    stage.stands("the one", "dealt", stage.cast.status(one))
    stage.stands("the other", "bound", stage.cast.status(other))


KINDS = (
    deal_twice,
    deal_sent_five_times,
    deal_against_undo,
    undo_twice,
    bulk_deal_against_single,
    bulk_deals_in_opposite_order,
    two_secretaries_pay_under_one_id,
    fee_sent_five_times,
    void_twice,
    fee_against_rebind,
    same_id_for_two_actions,
)
