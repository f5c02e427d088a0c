"""Who is signed in where: the sign-ins of an account that open something now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from lead_system.domain.sessions import limits_of
from lead_system.extensions import db
from lead_system.models import Account, RecoveryCode, SignIn


def own_sign_ins(account: Account, now: datetime, *, this_id: int) -> Sequence[SignIn]:
    """Return the sign-ins of an account as it reads them: the present one first, then the last used."""
    return sorted(standing_sign_ins(account, now), key=lambda one: one.id != this_id)


def standing_sign_ins(account: Account, now: datetime) -> Sequence[SignIn]:
    """Return the sign-ins of an account that neither ended nor lapsed, the one used last first."""
    limits = limits_of(account.role)
    found = select(SignIn).where(
        SignIn.account_id == account.id,
        SignIn.generation == account.session_generation,
        SignIn.ended_at.is_(None),
        SignIn.seen_at > now - limits.idle,
        SignIn.began_at > now - limits.absolute,
    )
    return db.session.scalars(found.order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()


def find_own_sign_in(account: Account, sign_in_id: int, now: datetime) -> SignIn | None:
    """Return one of those; None for anybody else's, and for one that opens nothing any more."""
    return next((one for one in standing_sign_ins(account, now) if one.id == sign_in_id), None)


def recovery_codes_left(account: Account) -> int:
    """Return how many recovery codes of an account still work."""
    left = select(func.count()).select_from(RecoveryCode)
    return db.session.execute(
        left.where(RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None))
    ).scalar_one()
