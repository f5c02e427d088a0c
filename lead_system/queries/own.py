"""What people read about themselves, and nobody else through these."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload, undefer

from lead_system.extensions import db
from lead_system.models import Account, Avatar, ProfileChange

MOST_CHANGES = 100


def own_profile_changes(account: Account) -> list[ProfileChange]:
    """Return the changes of the own phone and brokerage, newest first (manual 1.6-8)."""
    found = select(ProfileChange).where(ProfileChange.account_id == account.id)
    shown = (selectinload(ProfileChange.old_brokerage), selectinload(ProfileChange.new_brokerage))
    newest_first = found.options(*shown).order_by(ProfileChange.changed_at.desc(), ProfileChange.id.desc())
    return list(db.session.scalars(newest_first.limit(MOST_CHANGES)))


def find_avatar(account: Account) -> bytes | None:
    """Return the own avatar as a JPEG file, None without one."""
    avatar = db.session.get(Avatar, account.id, options=[undefer(Avatar.jpeg)])
    return avatar.jpeg if avatar else None


def has_avatar(account: Account) -> bool:
    """Say whether somebody has a picture of their own."""
    return db.session.scalar(select(Avatar.digest).where(Avatar.account_id == account.id)) is not None
