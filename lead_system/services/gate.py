"""渠道部驻场: gate staff read a visit code and confirm the visit; the scan decides who holds (R5)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed
from lead_system.domain.protection import ANOTHER_VISIT_AFTER
from lead_system.domain.roles import Role
from lead_system.models import Account, CollisionEventKind, GateScan, Lead
from lead_system.services import bindings, collisions, history
from lead_system.services.holds import HoldTaken, find_other_holders
from lead_system.services.leads import lock_lead_by_code, move
from lead_system.services.standing import BindingGround, lock_ground, lock_standing, require_consultant
from lead_system.services.transaction import LostRace, insert_row, use_case
from lead_system.statements import Statement

GATE = frozenset({Role.GATE})
HELD = "held"
READY = "ready"
BOUND = "bound"
VISIT = "visit"


@dataclass(frozen=True)
class CodeRead:
    """What a scanned code led to: READY to be confirmed, or HELD by the leads named here.

    `token` is the lead's token, under which the confirmation page is found whatever was typed.
    """

    outcome: str
    lead_id: int
    token: str
    holder_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ScanAnswer:
    """What confirming a visit led to: BOUND, another VISIT of the holder, or HELD by the leads named here."""

    outcome: str
    lead_id: int
    scan_id: int | None = None
    holder_ids: tuple[int, ...] = ()


@use_case("read_visit_code", roles=GATE, answer=CodeRead)
def read_visit_code(actor: Account, *, code: str, now: datetime) -> CodeRead:
    """Read a code at the gate, before a consultant is chosen.

    A code of a customer whom another broker holds is turned away here already, and the attempt is kept with
    its collision. A good code changes nothing yet.

    Raises:
        Refused: for the first reason that applies, in the order of R5.
    """
    lead = lock_lead_by_code(code)
    if find_other_holders(lead, now=now):
        return CodeRead(HELD, lead.id, lead.code_token or "", _turn_away(lead, actor=actor, now=now))
    if _status_to_scan(lead, now) is LeadStatus.REPORTED:
        lock_standing(lead.broker)
    return CodeRead(READY, lead.id, lead.code_token or "")


@use_case("confirm_scan", roles=GATE, answer=ScanAnswer)
def confirm_scan(
    actor: Account, *, code: str, consultant_id: int | None, another_visit: bool, now: datetime
) -> ScanAnswer:
    """Confirm a visit: the first one of a reported lead binds it, later ones only record the visit (R5).

    The unique constraint on holds is the judge between two gates. The loser's attempt is undone and made
    again, which finds the customer held by another: that is written down with a collision, and answered in
    words.

    Raises:
        Refused: for the first reason that applies, in the order of R5; ANOTHER_VISIT_UNCONFIRMED, which
            writes nothing, when the lead's last visit is less than 60 s ago and `another_visit` is False.
    """
    lead = lock_lead_by_code(code)
    if find_other_holders(lead, now=now):
        return ScanAnswer(HELD, lead.id, holder_ids=_turn_away(lead, actor=actor, now=now))
    if _status_to_scan(lead, now) is LeadStatus.REPORTED:
        ground = lock_ground(lead.broker_id, consultant_id)
        _ask_whether_another_visit(lead, now, is_said=another_visit)
        return _bind(lead, ground, actor=actor, now=now)
    consultant = require_consultant(consultant_id)
    _ask_whether_another_visit(lead, now, is_said=another_visit)
    return _visit_again(lead, consultant, actor=actor, now=now)


def _status_to_scan(lead: Lead, now: datetime) -> LeadStatus:
    """Return the status of a lead that may be scanned, or refuse one that must be reported again (R5)."""
    status = lead.status_at(now)
    if not is_allowed(Verb.SCAN, status):
        raise Refused(RefusalCode.MUST_REPORT_AGAIN, lead_id=lead.id)
    return status


_LAST_VISIT = Statement(select(func.max(GateScan.scanned_at)).where(GateScan.lead_id == bindparam("lead_id")))


def _ask_whether_another_visit(lead: Lead, now: datetime, *, is_said: bool) -> None:
    last = None if is_said else _LAST_VISIT.value({"lead_id": lead.id})
    if last is not None and now - last < ANOTHER_VISIT_AFTER:
        raise Refused(RefusalCode.ANOTHER_VISIT_UNCONFIRMED, lead_id=lead.id)


def _bind(lead: Lead, ground: BindingGround, *, actor: Account, now: datetime) -> ScanAnswer:
    scan_id = _write_scan(lead, ground.consultant_id, ground.brokerage_id, actor=actor, now=now)
    try:
        bindings.bind_by_scan(lead, scan_id, ground, actor=actor, now=now)
    except HoldTaken:
        raise LostRace from None
    return ScanAnswer(BOUND, lead.id, scan_id)


def _visit_again(lead: Lead, consultant: Account, *, actor: Account, now: datetime) -> ScanAnswer:
    """Record another visit of the holder's customer: binding and clock stay as they are."""
    scan_id = _write_scan(lead, consultant.id, lead.broker.brokerage_id, actor=actor, now=now)
    changes: dict[str, object] = {"scan": scan_id, "brokerage": lead.broker.brokerage_id}
    if lead.consultant_id != consultant.id:
        changes["consultant"] = [lead.consultant_id, consultant.id]
    move(lead, Verb.SCAN, now=now, consultant_id=consultant.id)
    history.record_lead(actor, "visit_again", lead, changes=changes, now=now)
    return ScanAnswer(VISIT, lead.id, scan_id)


def _write_scan(
    lead: Lead, consultant_id: int, brokerage_id: int | None, *, actor: Account, now: datetime
) -> int:
    return insert_row(
        GateScan,
        lead_id=lead.id,
        gate_id=actor.id,
        consultant_id=consultant_id,
        broker_id=lead.broker_id,
        brokerage_id=brokerage_id,
        scanned_at=now,
    )


def _turn_away(lead: Lead, *, actor: Account, now: datetime) -> tuple[int, ...]:
    """Keep the attempt to scan a customer whom others hold, with a collision for each; returns who holds.

    Raises:
        LostRace: whoever stood in the way has let go meanwhile, so nobody would be named.
    """
    holders = collisions.note_challenge(lead, CollisionEventKind.SCANNED, actor=actor, now=now)
    if not holders:
        raise LostRace
    changes = {
        "held_by": holders,
        "outcome": RefusalCode.HELD_BY_ANOTHER.value,
        "brokerage": lead.broker.brokerage_id,
    }
    history.record_lead(actor, "scan_turned_away", lead, changes=changes, now=now)
    return tuple(holders)
