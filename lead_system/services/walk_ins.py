"""自然到访: gate staff log a visitor who came without a broker."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import fold_name, visible_digits
from lead_system.domain.protection import ANOTHER_VISIT_AFTER
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, WalkIn
from lead_system.queries.visitors import get_visitor_by_code
from lead_system.services import history
from lead_system.services.standing import require_consultant
from lead_system.services.transaction import use_case

GATE = frozenset({Role.GATE})


@dataclass(frozen=True)
class WalkInLogged:
    """The walk-in that was written."""

    walk_in_id: int


@use_case("log_walk_in", roles=GATE, answer=WalkInLogged)
def log_walk_in(
    actor: Account, *, code: str, consultant_id: int | None, another_visit: bool, now: datetime
) -> WalkInLogged:
    """Log that a visitor came alone, and which consultant takes over; no broker has a part in it.

    Name and visible digits are kept as they are now. Every lead that names this person afterwards opens a
    collision "walk-in first" (R7); those entered before do not.

    Raises:
        Refused: CODE_UNKNOWN, no consultant or one who cannot be chosen; ANOTHER_VISIT_UNCONFIRMED, which
            writes nothing, less than 60 s after the visitor's last walk-in unless `another_visit` is True.
    """
    visitor = _lock_visitor(code)
    consultant = require_consultant(consultant_id)
    if not another_visit and _was_here_just_now(visitor, now):
        raise Refused(RefusalCode.ANOTHER_VISIT_UNCONFIRMED)
    walk_in = WalkIn(
        visitor_id=visitor.id,
        gate_id=actor.id,
        consultant_id=consultant.id,
        name=visitor.name,
        name_key=fold_name(visitor.name),
        phone=visible_digits(visitor.phone),
        came_at=now,
    )
    db.session.add(walk_in)
    db.session.flush()
    history.record(
        actor,
        "log_walk_in",
        chain=f"account:{visitor.id}",
        changes={"walk_in": walk_in.id, "consultant": consultant.id},
        personal={"name": walk_in.name, "phone": walk_in.phone},
        now=now,
    )
    return WalkInLogged(walk_in.id)


def _lock_visitor(code: str) -> Account:
    """Lock the visitor of a code, so that two gates at once find each other's walk-in, and read it afresh."""
    visitor_id = get_visitor_by_code(code).id
    db.session.scalar(
        select(Account)
        .where(Account.id == visitor_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return get_visitor_by_code(code)


def _was_here_just_now(visitor: Account, now: datetime) -> bool:
    last = db.session.scalar(
        select(WalkIn.came_at).where(WalkIn.visitor_id == visitor.id).order_by(WalkIn.id.desc()).limit(1)
    )
    return last is not None and now - last < ANOTHER_VISIT_AFTER
