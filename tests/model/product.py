"""The product beside the model: the same operation as a call of the real services, and what came of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from PIL import Image

from lead_system.domain.errors import Refused
from lead_system.services import (
    bindings,
    brokerages,
    brokers,
    collision_handling,
    deals,
    entries,
    fees,
    gate,
    leads,
    own_profile,
    persons,
    protection,
    staff,
    viewings,
    visitors,
    walk_ins,
)
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.services.transaction import Caller
from lead_system.web.pictures import draw_anew
from tests.model.answers import Seen
from tests.model.numbering import Numbering
from tests.model.pool import PEOPLE
from tests.model.reference.world import Operation

SCREENSHOT = draw_anew(Image.new("RGB", (9, 16), "seagreen"))


def perform(op: Operation, numbering: Numbering) -> Seen:
    """Call the service that an operation means, inside an application context."""
    service, wanted = CALLS[op.verb](op.wanted, numbering)
    caller = Caller(numbering.accounts[op.who], op.request)
    try:
        return Seen(answer=service(caller, **wanted, now=op.at))
    except Refused as refused:
        return Seen(refused.code.value, refused.facts.get("lead_id"))
    except Exception as unforeseen:  # noqa: BLE001 - whatever it is, the machine reports it
        return Seen(error=f"{type(unforeseen).__name__}: {unforeseen}")


Wanted = Mapping[str, Any]
Service = tuple[Callable[..., Any], dict[str, Any]]


def _entry(wanted: Wanted, n: Numbering) -> LeadEntry:
    parts = [_boxes(wanted["phone1"]), _boxes(wanted["phone2"])]
    return LeadEntry(wanted["surname"], wanted["given"], *parts[0], *parts[1], wishes=_wishes(wanted, n))


def _boxes(phone: str | None) -> tuple[str, str]:
    """Type a phone into its two boxes; a whole number is pasted into the first."""
    if phone is None or len(phone) == 11:
        return phone or "", ""
    return phone[:3], phone[3:]


def _wishes(wanted: Wanted, n: Numbering) -> Wishes:
    wish = wanted["wish"]
    return Wishes(needs=wanted["needs"], wished_consultant_id=n.accounts[wish] if wish else None)


def _enter(wanted: Wanted, n: Numbering) -> Service:
    colleague = wanted["colleague"]
    return leads.enter_lead, {
        "entry": _entry(wanted, n),
        "then_report": wanted["report"],
        "colleague_id": n.accounts[colleague] if colleague else None,
    }


def _report(wanted: Wanted, n: Numbering) -> Service:
    return leads.report_lead, {"lead_id": n.leads[wanted["lead"]], "wishes": _wishes(wanted, n)}


def _form(wanted: Wanted, n: Numbering) -> dict[str, int]:
    """Return the number and version that a form of a lead was shown with."""
    lead = wanted["lead"]
    return {"lead_id": n.leads[lead], "version": n.versions["lead", lead, wanted["version"]]}


def _correct(wanted: Wanted, n: Numbering) -> Service:
    return entries.correct_entry, _form(wanted, n) | {"entry": _entry(wanted, n)}


def _withdraw(wanted: Wanted, n: Numbering) -> Service:
    return entries.withdraw_entry, _form(wanted, n)


def _code(wanted: Wanted, n: Numbering) -> str:
    return n.codes.get(wanted["code_of"], "no such code")


def _read_code(wanted: Wanted, n: Numbering) -> Service:
    return gate.read_visit_code, {"code": _code(wanted, n)}


def _visit(wanted: Wanted, n: Numbering) -> dict[str, Any]:
    chosen = wanted["consultant"]
    return {"consultant_id": n.accounts[chosen] if chosen else None, "another_visit": wanted["another"]}


def _scan(wanted: Wanted, n: Numbering) -> Service:
    return gate.confirm_scan, _visit(wanted, n) | {"code": _code(wanted, n)}


def _walk_in(wanted: Wanted, n: Numbering) -> Service:
    code = n.visitors.get(wanted["visitor"], "no such code")
    return walk_ins.log_walk_in, _visit(wanted, n) | {"code": code}


def _view(wanted: Wanted, n: Numbering) -> Service:
    standing_in = wanted["standing_in"]
    return viewings.record_viewing, {"code": _code(wanted, n), "intent": "B", "standing_in": standing_in}


def _follow_up(wanted: Wanted, n: Numbering) -> Service:
    return viewings.add_follow_up, {"lead_id": n.leads[wanted["lead"]], "note": wanted["note"]}


def _object(wanted: Wanted, _n: Numbering) -> Service:
    return visitors.object_to_reports, {"words": wanted["words"]}


def _handle(wanted: Wanted, n: Numbering) -> Service:
    ids = tuple(n.collisions[one] for one in wanted["collisions"])
    return collision_handling.handle_collisions, {"collision_ids": ids, "outcome": wanted["outcome"]}


def _reopen(wanted: Wanted, n: Numbering) -> Service:
    seen: datetime | None = wanted["seen"]
    return collision_handling.reopen_collision, {
        "collision_id": n.collisions[wanted["collision"]],
        "seen": seen.isoformat() if seen else "",
        "reason": wanted["reason"],
    }


def _deal(wanted: Wanted, n: Numbering) -> Service:
    terms = deals.DealTerms(wanted["day"], reason=wanted["reason"])
    return deals.mark_dealt, _form(wanted, n) | {"terms": terms}


def _deal_in_bulk(wanted: Wanted, n: Numbering) -> Service:
    ids = tuple(n.leads[lead] for lead in wanted["leads"])
    return deals.mark_dealt_in_bulk, {"lead_ids": ids, "dealt_on": wanted["day"]}


def _undo_deal(wanted: Wanted, n: Numbering) -> Service:
    return deals.undo_deal, _form(wanted, n) | {"reason": wanted["reason"]}


def _rebind(wanted: Wanted, n: Numbering) -> Service:
    return bindings.rebind_lead, _form(wanted, n) | {
        "to_broker_id": n.accounts[wanted["to"]],
        "reason": wanted["reason"],
        "keep_end": wanted["keep_end"],
    }


def _extend(wanted: Wanted, n: Numbering) -> Service:
    asked = {"days": wanted["days"], "reason": wanted["reason"]}
    return bindings.extend_binding, _form(wanted, n) | asked


def _tell_apart(wanted: Wanted, n: Numbering) -> Service:
    return persons.declare_another_person, _form(wanted, n) | {"reason": wanted["reason"]}


def _take_back(wanted: Wanted, n: Numbering) -> Service:
    return persons.declare_same_person, _form(wanted, n) | {"reason": wanted["reason"]}


def _pay(wanted: Wanted, n: Numbering) -> Service:
    lead_id = n.leads[wanted["lead"]]
    return fees.pay_fee, {"lead_id": lead_id, "amount": wanted["amount"], "picture": SCREENSHOT}


def _void(wanted: Wanted, n: Numbering) -> Service:
    return fees.void_fee, {"fee_id": n.fees[wanted["fee"]], "reason": wanted["reason"]}


def _account_form(wanted: Wanted, n: Numbering) -> dict[str, int]:
    who = wanted["account"]
    return {"account_id": n.accounts[who], "version": n.versions["account", who, wanted["version"]]}


def _reject(wanted: Wanted, n: Numbering) -> Service:
    return brokers.reject_resident, _account_form(wanted, n) | {"reason": wanted["reason"]}


def _archive_brokerage(wanted: Wanted, n: Numbering) -> Service:
    name = wanted["brokerage"]
    version = n.versions["brokerage", name, wanted["version"]]
    return brokerages.archive_brokerage, {"brokerage_id": n.brokerages[name], "version": version}


def _chosen_brokerage(wanted: Wanted, n: Numbering) -> dict[str, int | None]:
    chosen = wanted["brokerage"]
    return {"brokerage_id": n.brokerages[chosen] if chosen else None}


def _move_broker(wanted: Wanted, n: Numbering) -> Service:
    phone = {"phone": PEOPLE[wanted["account"]][2]}
    return brokers.change_broker, {**_account_form(wanted, n), **phone, **_chosen_brokerage(wanted, n)}


def _change_own_brokerage(wanted: Wanted, n: Numbering) -> Service:
    version = n.versions["account", wanted["account"], wanted["version"]]
    return own_profile.change_own_brokerage, {"version": version, **_chosen_brokerage(wanted, n)}


def _change_protection(wanted: Wanted, n: Numbering) -> Service:
    version = n.versions["settings", "all", wanted["version"]]
    asked = {"days": wanted["days"], "also_running": wanted["running"]}
    return protection.change_protection, {"version": version, **asked}


CALLS: dict[str, Callable[[Wanted, Numbering], Service]] = {
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
    "archive_broker": lambda wanted, n: (brokers.archive_broker, _account_form(wanted, n)),
    "archive_staff": lambda wanted, n: (staff.archive_staff, _account_form(wanted, n)),
    "archive_brokerage": _archive_brokerage,
    "approve": lambda wanted, n: (brokers.approve_resident, _account_form(wanted, n)),
    "reject": _reject,
    "move_broker": _move_broker,
    "change_own_brokerage": _change_own_brokerage,
    "change_protection": _change_protection,
}
