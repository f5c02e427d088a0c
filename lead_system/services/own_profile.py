"""个人信息: what people change about themselves: avatar and nickname, agents also phone and brokerage."""

from dataclasses import dataclass
from datetime import datetime

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import respects_of_codes
from lead_system.domain.identity import NAME_LENGTH, clean_line
from lead_system.domain.roles import AGENTS, OUTSIDERS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, Avatar
from lead_system.services import history
from lead_system.services.brokerages import lock_offered_brokerage
from lead_system.services.brokers import (
    AccountChanged,
    lock_account,
    record_change,
    refuse_taken_phone,
    remember_change,
)
from lead_system.services.guessing import count_try, forget_tries
from lead_system.services.sign_in_codes import require_account_phone, use_code
from lead_system.services.transaction import Caller, require_version, use_case


@dataclass(frozen=True)
class NewAvatar:
    """A picture that was decoded and drawn anew as a small square; `digest` is the hash of the JPEG file."""

    digest: str
    jpeg: bytes


@dataclass(frozen=True)
class PhoneChanged:
    """The phone was changed; or, with `refusal`, why not (a wrong code is counted, so it is no exception).

    `began` is the generation of sign-ins that began with it; 0 where none did, and in answers of earlier
    releases.
    """

    account_id: int
    refusal: str = ""
    began: int = 0


@use_case("change_own_face", roles=OUTSIDERS, answer=AccountChanged)
def change_own_face(
    actor: Account, *, nickname: str, picture: NewAvatar | None, now: datetime
) -> AccountChanged:
    """Change the own nickname, which may be blank, and the avatar where one is given (manual 1.6-1, 1.6-2).

    What is as it was writes nothing.

    Raises:
        Refused: TEXT_TOO_LONG, or a text that is not kept here; the fact `field` is "nickname".
    """
    actor = lock_account(Account.id == actor.id)
    before, actor.nickname = actor.nickname, clean_line(nickname, field="nickname", limit=NAME_LENGTH)
    digests = _keep_avatar(actor, picture) if picture is not None else None
    if digests is None and before == actor.nickname:
        return AccountChanged(actor.id)
    history.record(
        actor,
        "change_own_face",
        chain=f"account:{actor.id}",
        changes={"avatar": digests} if digests else None,
        personal={"nickname": [before, actor.nickname]} if before != actor.nickname else None,
        now=now,
    )
    return AccountChanged(actor.id)


@use_case("take_wechat_avatar", roles=OUTSIDERS, answer=AccountChanged)
def take_wechat_avatar(actor: Account, *, picture: NewAvatar, now: datetime) -> AccountChanged:
    """Take the avatar from WeChat where the account has none (manual 1.2-1); one of its own is kept."""
    actor = lock_account(Account.id == actor.id)
    if db.session.get(Avatar, actor.id) is None:
        changes = {"avatar": _keep_avatar(actor, picture)}
        history.record(actor, "take_wechat_avatar", chain=f"account:{actor.id}", changes=changes, now=now)
    return AccountChanged(actor.id)


def _keep_avatar(account: Account, picture: NewAvatar) -> list[str | None] | None:
    """Keep an account's picture; returns the digests before and after, None where it is the same picture."""
    avatar = db.session.get(Avatar, account.id)
    if avatar is None:
        db.session.add(Avatar(account_id=account.id, digest=picture.digest, jpeg=picture.jpeg))
        return [None, picture.digest]
    before, avatar.digest, avatar.jpeg = avatar.digest, picture.digest, picture.jpeg
    return [before, picture.digest] if before != picture.digest else None


def require_new_phone(account: Account, phone: str) -> None:
    """Refuse a new phone that is none, before a code is sent to it.

    Whether somebody else has it is not said here: only whoever holds the phone learns that.

    Raises:
        Refused: ACCOUNT_PHONE_WRONG, or PHONE_UNCHANGED for the present one.
    """
    require_account_phone(phone)
    if phone == account.phone:
        raise Refused(RefusalCode.PHONE_UNCHANGED, field="phone")


def change_own_phone(
    caller: Caller, *, phone: str, code: str, address: str, secret: str, now: datetime
) -> PhoneChanged:
    """Change the phone with which an agent signs in, by the code sent to the new one (manual 1.6-6).

    Written are the account, the change as the lists of profile changes show it, and a history record. The
    old phone signs in here no longer; whoever holds it next begins anew. Every sign-in of the account ends,
    but for the one that the caller begins anew. A wrong code is counted, so CODE_WRONG is a committed
    outcome. At one `address` it counts together with codes for signing in.

    Raises:
        Refused: TOO_MANY_TRIES, when the code was not looked at; BROKER_NOT_ACTIVE without a profile,
            PHONE_UNCHANGED, or PHONE_TAKEN where another account signs in with the phone or did.
    """
    respects = respects_of_codes(address)
    count_try(respects, secret=secret, now=now, field="code")
    changed = _change_own_phone(caller, phone=phone, code=code, secret=secret, now=now)
    if not changed.refusal:
        forget_tries(respects, secret=secret, now=now)
    return changed


@use_case("change_own_phone", roles=AGENTS, answer=PhoneChanged)
def _change_own_phone(actor: Account, *, phone: str, code: str, secret: str, now: datetime) -> PhoneChanged:
    actor = lock_account(Account.id == actor.id)
    if not actor.has_profile:
        raise Refused(RefusalCode.BROKER_NOT_ACTIVE)
    require_new_phone(actor, phone)
    if not use_code(phone, code, secret=secret, now=now):
        return PhoneChanged(actor.id, RefusalCode.CODE_WRONG.value)
    refuse_taken_phone(phone, actor)
    change = remember_change(actor, actor, phone=phone, brokerage_id=actor.brokerage_id, now=now)
    actor.phone = phone
    actor.session_generation += 1
    actor.version += 1
    record_change(actor, change, now=now)
    return PhoneChanged(actor.id, began=actor.session_generation)


@use_case("change_own_brokerage", roles=AGENTS, answer=AccountChanged)
def change_own_brokerage(
    actor: Account, *, version: int, brokerage_id: int | None, now: datetime
) -> AccountChanged:
    """Change the brokerage that a broker or resident works for (manual 1.6-7).

    A resident waits for an approval again; bindings, leads, scans and fees stay as they are. The present
    brokerage, and a repeat, change nothing.

    Raises:
        Refused: STALE, BROKER_NOT_ACTIVE without a profile, or BROKERAGE_NOT_OFFERED.
    """
    actor = lock_account(Account.id == actor.id)
    require_version(actor, version)
    if not actor.has_profile:
        raise Refused(RefusalCode.BROKER_NOT_ACTIVE)
    brokerage = lock_offered_brokerage(brokerage_id)
    if brokerage.id == actor.brokerage_id:
        return AccountChanged(actor.id)
    change = remember_change(actor, actor, phone=actor.phone, brokerage_id=brokerage.id, now=now)
    actor.brokerage_id = brokerage.id
    actor.version += 1
    record_change(actor, change, now=now)
    if actor.role is Role.RESIDENT:
        _wait_again(actor, now=now)
    return AccountChanged(actor.id)


def _wait_again(resident: Account, *, now: datetime) -> None:
    before, resident.approval = resident.approval, Approval.PENDING
    resident.rejection_reason = ""
    if before is not Approval.PENDING:
        changes = {"approval": [before.value, Approval.PENDING.value]}
        history.record(resident, "wait_again", chain=f"account:{resident.id}", changes=changes, now=now)
