"""绑定, 改绑 and 延期: how a customer is bound to a broker, and what a director does to that (R4–R8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_reason
from lead_system.domain.lifecycle import LeadStatus, Verb
from lead_system.domain.protection import extended_until, protected_until
from lead_system.domain.roles import DECIDERS
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    BindingKey,
    CollisionEventKind,
    Lead,
    Rebind,
)
from lead_system.queries.bindings import find_open_binding, get_extendable
from lead_system.queries.rebinds import get_other_agent, matching_leads, require_rebindable, target_among
from lead_system.queries.settings import get_settings
from lead_system.services import collisions, history, holds
from lead_system.services.lead_keys import forget_keys, is_own_person, lock_customers, take_over_phones
from lead_system.services.leads import lock_lead, make_lead_for, move, plain_changes, report_on_behalf
from lead_system.services.protection import days_of_new_binding
from lead_system.services.standing import BindingGround, lock_standing
from lead_system.services.transaction import LostRace, insert_row, require_version, use_case


@dataclass(frozen=True)
class LeadRebound:
    """The lead that lost the customer, and the new broker's lead that is bound now."""

    from_lead_id: int
    to_lead_id: int
    lead_was_made: bool


@dataclass(frozen=True)
class BindingExtended:
    """The lead whose binding lasts longer now, and its new end, in UTC as ISO 8601 spells it."""

    lead_id: int
    ends_at: str


@dataclass(frozen=True)
class _Term:
    """How long a binding lasts; `kept` where a rebind took over the old end, and its mark if extended."""

    days: int
    ends_at: datetime
    kept: bool = False
    extended_at: datetime | None = None


def bind_by_scan(lead: Lead, scan_id: int, ground: BindingGround, *, actor: Account, now: datetime) -> None:
    """Bind a reported lead because gate staff confirmed its visit; protection begins now (R5, R6).

    Raises:
        HoldTaken: another lead holds one of the keys. The caller undoes what was written.
    """
    lock_customers(lead.name_key)
    term = _Term(ground.days, protected_until(now, ground.days))
    _close_binding(lead, now=now)
    before, after = move(
        lead,
        Verb.SCAN,
        now=now,
        bound_at=now,
        protect_until=term.ends_at,
        consultant_id=ground.consultant_id,
        rebound_at=None,
    )
    binding_id = _bind(lead, term, ground.brokerage_id, now=now, scan_id=scan_id)
    collisions.note_hold_taken(lead, CollisionEventKind.HOLD_TAKEN_BY_SCAN, actor=actor, now=now)
    history.record_lead(
        actor,
        "bind_by_scan",
        lead,
        changes={
            "status": [before.value, after.value],
            "scan": scan_id,
            "binding": binding_id,
            "consultant": ground.consultant_id,
            "brokerage": ground.brokerage_id,
            "days": term.days,
            "ends_at": term.ends_at.isoformat(),
        },
        now=now,
    )


def _bind(
    lead: Lead,
    term: _Term,
    brokerage_id: int | None,
    *,
    now: datetime,
    scan_id: int | None = None,
    rebind_id: int | None = None,
) -> int:
    """Take the holds and write the binding with its one cause and the keys that it holds; returns its id."""
    holds.take(lead, ends_at=term.ends_at, now=now)
    binding_id = insert_row(
        Binding,
        lead_id=lead.id,
        broker_id=lead.broker_id,
        brokerage_id=brokerage_id,
        scan_id=scan_id,
        rebind_id=rebind_id,
        days=term.days,
        bound_at=now,
        ends_at=term.ends_at,
        kept_end=term.kept,
        extended_at=term.extended_at,
    )
    for key in lead.keys:
        insert_row(
            BindingKey,
            binding_id=binding_id,
            name_key=key.name,
            phone=key.phone,
            person_number=key.person_number,
        )
    return binding_id


def _close_binding(lead: Lead, *, now: datetime) -> None:
    """Close the open binding of a lead; one whose end has passed closed at its end.

    A lead that was never bound has none.
    """
    if lead.bound_at is None:
        return
    binding = find_open_binding(lead)
    if binding is not None:
        binding.ended_at = min(binding.ends_at, now)
        db.session.flush()


@use_case("rebind_lead", roles=DECIDERS, answer=LeadRebound)
def rebind_lead(
    actor: Account,
    *,
    lead_id: int,
    version: int,
    to_broker_id: int,
    reason: str,
    keep_end: bool,
    now: datetime,
) -> LeadRebound:
    """Move a running binding to another broker's own lead for the same customer (R8, manual 6.2.d-33).

    That lead is made where it is missing, reported on the broker's behalf where it has not been, given the
    held lead's phones, consultant, type, needs and expected visit, and bound. The old lead expires as
    "rebound". Scans and fees stay where they were earned.

    Raises:
        Refused: the lead is dealt or not running, the form is stale, the reason is missing, or the broker
            is the same, archived, unapproved, without an active brokerage, or the customer in person.
    """
    reason = clean_reason(reason)
    held = lock_lead(Lead.id == lead_id)
    require_version(held, version)
    return rebind_locked(held, actor, to_broker_id=to_broker_id, reason=reason, keep_end=keep_end, now=now)


def rebind_locked(
    held: Lead, actor: Account, *, to_broker_id: int, reason: str, keep_end: bool, now: datetime
) -> LeadRebound:
    """Move the running binding of a locked lead, as `rebind_lead` says, whose refusals these are too.

    `reason` is clean.
    """
    require_rebindable(held, now)
    broker = _get_new_broker(to_broker_id, held)
    term = _new_term(held, now=now, keep_end=keep_end)
    own = _lock_own_leads(broker, held)
    lock_customers(held.name_key)
    _let_go(held, now=now)
    target = _target_lead(own, broker, held, actor=actor, now=now)
    rebind = _write_rebind(actor, held, target=target, term=term, reason=reason, now=now)
    _hand_over(held, target, rebind=rebind, term=term, actor=actor, now=now)
    collisions.close_between(held, target, actor=actor, now=now)
    collisions.note_hold_taken(target, CollisionEventKind.HOLD_TAKEN_BY_REBIND, actor=actor, now=now)
    return LeadRebound(held.id, target.id, lead_was_made=not own)


def _let_go(held: Lead, *, now: datetime) -> None:
    """End the old broker's binding and its holds: the lead is expired, and shown as rebound.

    Raises:
        Refused: the lead is not bound; or STALE, because its end has come by another clock and a scan has
            taken the customer.
    """
    move(held, Verb.REBIND_AWAY, now=now, rebound_at=now)
    if holds.release(held) != len(held.keys):
        raise Refused(RefusalCode.STALE)
    _close_binding(held, now=now)


def _write_rebind(
    actor: Account, held: Lead, *, target: Lead, term: _Term, reason: str, now: datetime
) -> Rebind:
    rebind = Rebind(
        from_lead_id=held.id,
        to_lead_id=target.id,
        from_broker_id=held.broker_id,
        to_broker_id=target.broker_id,
        actor_id=actor.id,
        at=now,
        reason=reason,
        kept_end=term.kept,
        old_end=held.protect_until,
        new_end=term.ends_at,
    )
    db.session.add(rebind)
    db.session.flush()
    return rebind


def _hand_over(
    held: Lead, target: Lead, *, rebind: Rebind, term: _Term, actor: Account, now: datetime
) -> None:
    """Bind the target with all that it takes over from the held lead, and write the history of both."""
    before = _taken_over(target)
    take_over_phones(target, held)
    _close_binding(target, now=now)
    move(
        target,
        Verb.REBIND_HERE,
        now=now,
        bound_at=now,
        protect_until=term.ends_at,
        rebound_at=None,
        consultant_id=held.consultant_id,
        customer_type_id=held.customer_type_id,
        needs=held.needs,
        expected_visit_at=held.expected_visit_at,
    )
    binding_id = _bind(target, term, target.broker.brokerage_id, now=now, rebind_id=rebind.id)
    bound = {"binding": binding_id, "days": term.days, "brokerage": target.broker.brokerage_id}
    _record_rebind(actor, rebind, held=held, target=target, before=before, bound=bound, now=now)


def _get_new_broker(broker_id: int, held: Lead) -> Account:
    """Return the broker who is to get the customer, or refuse in the order in which one would check."""
    broker = get_other_agent(held, broker_id)
    lock_standing(broker)
    if _names(held, broker):
        raise Refused(RefusalCode.OWN_PERSON)
    return broker


def _names(held: Lead, agent: Account) -> bool:
    """Say whether the held customer is this agent in person (R2)."""
    return is_own_person(held.name_key, (held.phone1, held.phone2), agent)


def _lock_own_leads(broker: Account, held: Lead) -> list[Lead]:
    """Lock the leads that the new broker has for the held customer.

    Raises:
        LostRace: another rebind changed or merged one of them while its lock was waited for.
    """
    own = [lock_lead(Lead.id == lead.id) for lead in matching_leads(broker, held)]
    if own != matching_leads(broker, held):
        raise LostRace
    return own


def _target_lead(own: list[Lead], broker: Account, held: Lead, *, actor: Account, now: datetime) -> Lead:
    """Return the new broker's lead for the held customer, ready to be bound, made now if they have none."""
    target = target_among(own, held)
    if target is not None and target.entered_by.is_agent and _names(held, target.entered_by):
        raise Refused(RefusalCode.OWN_PERSON)
    if target is None:
        target = make_lead_for(broker, held, actor=actor, now=now)
    else:
        for other in own:
            if other.id != target.id:
                _merge(other, target, actor=actor, now=now)
        holds.release(target)  # Ended rows under the old phones, before these change (R4).
    if target.status_at(now) is not LeadStatus.REPORTED:
        report_on_behalf(target, actor=actor, now=now)
    return target


def _merge(other: Lead, target: Lead, *, actor: Account, now: datetime) -> None:
    """Let one of two matching leads go into the other: out of lists, its code refused (R8).

    It keeps its status; a binding that ran out, which is only read as expired, is stored so from now on.
    """
    holds.release(other)
    forget_keys(other)
    _close_binding(other, now=now)
    status = other.status_at(now)
    db.session.execute(
        update(Lead)
        .where(Lead.id == other.id)
        .values(merged_into_id=target.id, status=status, version=Lead.version + 1)
    )
    db.session.refresh(other)
    collisions.close_all_of(other, actor=actor, now=now)
    changes = {"merged_into": [None, target.id], "status": status.value}
    history.record_lead(actor, "merge_lead", other, changes=changes, now=now)


def _new_term(held: Lead, *, now: datetime, keep_end: bool) -> _Term:
    """Return how long the new binding lasts: the full days from now, or what is left of the old one."""
    binding = find_open_binding(held)
    if keep_end and binding is not None:
        return _Term(binding.days, binding.ends_at, kept=True, extended_at=binding.extended_at)
    days = days_of_new_binding()
    return _Term(days, protected_until(now, days))


_TAKEN_OVER = ("consultant_id", "customer_type_id", "expected_visit_at", "phone1", "phone2", "needs")
_PERSONAL = frozenset({"phone1", "phone2", "needs"})


def _taken_over(target: Lead) -> dict[str, Any]:
    """Return what the target has of its own before it takes over from the held lead."""
    return {name: getattr(target, name) for name in _TAKEN_OVER}


def _record_rebind(
    actor: Account,
    rebind: Rebind,
    *,
    held: Lead,
    target: Lead,
    before: dict[str, Any],
    bound: dict[str, Any],
    now: datetime,
) -> None:
    """Write the rebind on both leads' chains, on the target's with its binding and all that it took over."""
    changes = {
        "rebind": rebind.id,
        "broker": [held.broker_id, target.broker_id],
        "ends_at": [rebind.old_end.isoformat(), rebind.new_end.isoformat()],
        "kept_end": rebind.kept_end,
    }
    taken = plain_changes(before, _taken_over(target))
    personal = {"reason": rebind.reason} | {name: taken.pop(name) for name in _PERSONAL & set(taken)}
    away = changes | {
        "to_lead": target.id,
        "status": ["bound", "expired"],
        "brokerage": held.broker.brokerage_id,
    }
    here = changes | {"from_lead": held.id, "status": ["reported", "bound"]} | bound | taken
    reason = {"reason": rebind.reason}
    history.record_lead(actor, "rebind_away", held, changes=away, personal=reason, now=now)
    history.record_lead(actor, "rebind_here", target, changes=here, personal=personal, now=now)


@use_case("extend_binding", roles=DECIDERS, answer=BindingExtended)
def extend_binding(
    actor: Account, *, lead_id: int, version: int, days: int, reason: str, now: datetime
) -> BindingExtended:
    """Let a running binding end some days later, once and with a reason (延期, R6).

    The new end is the old one and `days` times 24 hours. The binding, the lead and its holds move their end
    together; the binding keeps the mark that it was extended.

    Raises:
        Refused: the reason is missing, the form is stale, no binding runs any more, it was extended before,
            the days are not 1 to today's setting; or STALE, because the end has come by another clock and a
            scan has taken the customer.
    """
    reason = clean_reason(reason)
    lead = lock_lead(Lead.id == lead_id)
    require_version(lead, version)
    binding = get_extendable(lead, now)
    old_end = binding.ends_at
    new_end = extended_until(old_end, days, most_days=get_settings().protection_days)
    _move_end(lead, binding, ends_at=new_end, now=now)
    changes = {"binding": binding.id, "days": days, "ends_at": [old_end.isoformat(), new_end.isoformat()]}
    history.record_lead(actor, "extend_binding", lead, changes=changes, personal={"reason": reason}, now=now)
    return BindingExtended(lead.id, new_end.isoformat())


def _move_end(lead: Lead, binding: Binding, *, ends_at: datetime, now: datetime) -> None:
    """Move the end of a running binding, in its row, in the lead and in every live hold, or in none."""
    move(lead, Verb.EXTEND, now=now, protect_until=ends_at)
    binding.ends_at, binding.extended_at = ends_at, now
    if not holds.move_end(lead, ends_at=ends_at, now=now):
        raise Refused(RefusalCode.STALE)
