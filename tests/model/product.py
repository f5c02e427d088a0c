"""The product beside the model: the same operation as a call of the real services, and what came of it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from PIL import Image

from lead_system.domain.errors import Refused
from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Brokerage
from lead_system.services import (
    bindings,
    brokerages,
    brokers,
    collisions,
    deals,
    entries,
    fees,
    gate,
    leads,
    own_profile,
    protection,
    staff,
    viewings,
    visitors,
    walk_ins,
)
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.services.transaction import Caller
from lead_system.web.pictures import draw_anew
from tests.model.pool import BEGINNING, BROKERAGES, PEOPLE
from tests.model.reference.world import Operation, Outcome

SCREENSHOT = draw_anew(Image.new("RGB", (9, 16), "seagreen"))
LOGIN_ROLES = ("gate", "consultant", "secretary", "director", "admin")
Named = tuple[str, object, int]
"""Kind of row, which one, and its version in the model."""


@dataclass
class Numbering:
    """What the rows of the product are called in the model."""

    accounts: dict[str, int] = field(default_factory=dict)
    brokerages: dict[str, int] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)
    fees: dict[int, int] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    collisions: dict[tuple[Any, ...], int] = field(default_factory=dict)
    versions: dict[Named, int] = field(default_factory=dict)

    def clone(self) -> "Numbering":
        return Numbering(**{name: dict(value) for name, value in vars(self).items()})


def move_in(app: Flask) -> Numbering:
    """Make everybody's account; returns how the product numbered them."""
    numbering = Numbering()
    with app.app_context():
        rows = {name: Brokerage(name=name) for name in BROKERAGES}
        db.session.add_all(rows.values())
        db.session.flush()
        numbering.brokerages = {name: row.id for name, row in rows.items()}
        for number, who in enumerate(PEOPLE, 1):
            account = _account(who, number, numbering)
            db.session.add(account)
            db.session.flush()
            numbering.accounts[who] = account.id
            if account.code_token:
                numbering.visitors[who] = account.code_token
        db.session.commit()
    return numbering


def _account(who: str, number: int, numbering: Numbering) -> Account:
    role, name, phone, brokerage, approval = PEOPLE[who]
    signs_in = {"login": who, "password_hash": "nobody signs in here"} if role in LOGIN_ROLES else {}
    code = {"code_token": f"visitor-{number:016d}", "short_code": f"{number:010d}"}
    return Account(
        role=Role(role),
        name=name,
        phone=phone,
        brokerage_id=numbering.brokerages[brokerage] if brokerage else None,
        approval=Approval(approval),
        employee_number=f"M{number:05d}",
        created_at=BEGINNING,
        profile_completed_at=BEGINNING,
        **signs_in,
        **(code if role == "visitor" else {}),
    )


@dataclass(frozen=True)
class Seen:
    """What the product answered, in its own numbers; `error` is what may never be."""

    refusal: str = ""
    lead_named: object = None
    answer: Any = None
    error: str = ""

    def __str__(self) -> str:
        return self.error or (f"refused {self.refusal}" if self.refusal else f"answered {self.answer}")


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
    return collisions.handle_collisions, {"collision_ids": ids, "outcome": wanted["outcome"]}


def _reopen(wanted: Wanted, n: Numbering) -> Service:
    seen: datetime | None = wanted["seen"]
    return collisions.reopen_collision, {
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


def fresh_request_id() -> str:
    return secrets.token_urlsafe(12)


LEADS = ("lead", "to_lead")


def agrees(predicted: Outcome, seen: Seen, numbering: Numbering) -> bool:
    """Say whether the product answered what the model predicts, learning the numbers of new rows."""
    if seen.error or predicted.refusal != seen.refusal:
        return False
    if predicted.refusal:
        named = {numbering.leads.get(number) for number in predicted.names}
        return not named or seen.lead_named is None or seen.lead_named in named
    return all(_is_same(name, value, seen.answer, numbering) for name, value in predicted.answer.items())


_READ: dict[str, Callable[[Any], Any]] = {
    "lead": lambda answer: getattr(answer, "lead_id", None) or getattr(answer, "from_lead_id", None),
    "to_lead": lambda answer: answer.to_lead_id,
    "made": lambda answer: answer.lead_was_made,
    "fee": lambda answer: answer.fee_id,
    "holders": lambda answer: frozenset(answer.holder_ids),
    "leads": lambda answer: frozenset(answer.lead_ids),
    "handled": lambda answer: len(answer.handled_ids),
    "before": lambda answer: len(answer.already_handled_ids),
    "ends_at": lambda answer: datetime.fromisoformat(answer.ends_at),
}


def _is_same(name: str, predicted: Any, answer: Any, numbering: Numbering) -> bool:
    seen = _READ.get(name, lambda one: getattr(one, name))(answer)
    if name in LEADS:
        return _is_called(numbering.leads, predicted, seen)
    if name == "fee":
        return _is_called(numbering.fees, predicted, seen)
    if name in ("holders", "leads"):
        return {numbering.leads.get(number) for number in predicted} == set(seen)
    return bool(predicted == seen)


def _is_called(known: dict[int, int], number: int, row_id: int) -> bool:
    """Say whether a row is the model's of this number; a number that is new is given to a row that is new."""
    if number not in known and row_id not in known.values():
        known[number] = row_id
    return known.get(number) == row_id
