"""渠道部驻场: gate staff read a visit code and confirm the visit; the scan decides who holds (R5)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb, is_allowed
from lead_system.domain.protection import ANOTHER_VISIT_AFTER
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, CollisionEventKind, GateScan, Lead
from lead_system.services import bindings, collisions, history
from lead_system.services.holds import HoldTaken, find_other_holders
from lead_system.services.leads import lock_lead_by_code, move
from lead_system.services.standing import lock_standing, require_consultant
from lead_system.services.transaction import LostRace, attempt, use_case

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
    _refuse_unless_scannable(lead, now)
    return CodeRead(READY, lead.id, lead.code_token or "")


@use_case("confirm_scan", roles=GATE, answer=ScanAnswer)
def confirm_scan(
    actor: Account, *, code: str, consultant_id: int | None, another_visit: bool, now: datetime
) -> ScanAnswer:
    """Confirm a visit: the first one of a reported lead binds it, later ones only record the visit (R5).

    The unique constraint on holds is the judge between two gates. The loser's attempt is undone and written
    down as what it is: a customer held by another, with a collision, and an answer in words.

    Raises:
        Refused: for the first reason that applies, in the order of R5; ANOTHER_VISIT_UNCONFIRMED, which
            writes nothing, when the lead's last visit is less than 60 s ago and `another_visit` is False.
    """
    lead = lock_lead_by_code(code)
    if find_other_holders(lead, now=now):
        return ScanAnswer(HELD, lead.id, holder_ids=_turn_away(lead, actor=actor, now=now))
    _refuse_unless_scannable(lead, now)
    consultant = require_consultant(consultant_id)
    if not another_visit and _was_here_just_now(lead, now):
        raise Refused(RefusalCode.ANOTHER_VISIT_UNCONFIRMED, lead_id=lead.id)
    if lead.status_at(now) is not LeadStatus.REPORTED:
        return _visit_again(lead, consultant, actor=actor, now=now)
    try:
        with attempt():
            return _bind(lead, consultant, actor=actor, now=now)
    except HoldTaken:
        return ScanAnswer(HELD, lead.id, holder_ids=_turn_away(lead, actor=actor, now=now))


def _refuse_unless_scannable(lead: Lead, now: datetime) -> None:
    """Refuse a lead that must be reported again, or whose broker may not win a new binding (R5)."""
    status = lead.status_at(now)
    if not is_allowed(Verb.SCAN, status):
        raise Refused(RefusalCode.MUST_REPORT_AGAIN, lead_id=lead.id)
    if status is LeadStatus.REPORTED:
        lock_standing(lead.broker)


def _was_here_just_now(lead: Lead, now: datetime) -> bool:
    last = db.session.scalar(
        select(GateScan.scanned_at).where(GateScan.lead_id == lead.id).order_by(GateScan.id.desc()).limit(1)
    )
    return last is not None and now - last < ANOTHER_VISIT_AFTER


def _bind(lead: Lead, consultant: Account, *, actor: Account, now: datetime) -> ScanAnswer:
    scan = _write_scan(lead, consultant, actor=actor, now=now)
    bindings.bind_by_scan(lead, scan, actor=actor, now=now)
    return ScanAnswer(BOUND, lead.id, scan.id)


def _visit_again(lead: Lead, consultant: Account, *, actor: Account, now: datetime) -> ScanAnswer:
    """Record another visit of the holder's customer: binding and clock stay as they are."""
    scan = _write_scan(lead, consultant, actor=actor, now=now)
    changes: dict[str, object] = {"scan": scan.id}
    if lead.consultant_id != consultant.id:
        changes["consultant"] = [lead.consultant_id, consultant.id]
    move(lead, Verb.SCAN, now=now, consultant_id=consultant.id)
    history.record_lead(actor, "visit_again", lead, changes=changes, now=now)
    return ScanAnswer(VISIT, lead.id, scan.id)


def _write_scan(lead: Lead, consultant: Account, *, actor: Account, now: datetime) -> GateScan:
    scan = GateScan(
        lead_id=lead.id,
        gate_id=actor.id,
        consultant_id=consultant.id,
        broker_id=lead.broker_id,
        brokerage_id=lead.broker.brokerage_id,
        scanned_at=now,
    )
    db.session.add(scan)
    db.session.flush()
    return scan


def _turn_away(lead: Lead, *, actor: Account, now: datetime) -> tuple[int, ...]:
    """Keep the attempt to scan a customer whom others hold, with a collision for each; returns who holds.

    Raises:
        LostRace: whoever stood in the way has let go meanwhile, so nobody would be named.
    """
    holders = collisions.note_challenge(lead, CollisionEventKind.SCANNED, actor=actor, now=now)
    if not holders:
        raise LostRace
    holder_ids = tuple(holder.id for holder in holders)
    history.record_lead(actor, "scan_turned_away", lead, changes={"held_by": list(holder_ids)}, now=now)
    return holder_ids
