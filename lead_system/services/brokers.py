"""经纪人 and 经纪公司驻场: completing the profile, letting residents in, changing and archiving agents."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_name, clean_reason
from lead_system.domain.roles import AGENTS, DECIDERS, OUTSIDERS, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, ProfileChange
from lead_system.services import history
from lead_system.services.brokerages import lock_offered_brokerage
from lead_system.services.sign_in_codes import require_account_phone
from lead_system.services.transaction import require_version, use_case


@dataclass(frozen=True)
class AccountChanged:
    """The account that was changed."""

    account_id: int


@dataclass(frozen=True)
class SignInsBegunAnew:
    """The account whose sign-ins ended, and the generation that began; 0 in answers of earlier releases."""

    account_id: int
    began: int = 0


@use_case("complete_profile", roles=AGENTS, answer=AccountChanged)
def complete_profile(
    actor: Account, *, name: str, brokerage_id: int | None, role: str, now: datetime
) -> AccountChanged:
    """Give a new account its name, brokerage and role (manual 1.2); a resident then waits for approval.

    A resident who was rejected may send the profile again, and waits again; another brokerage than before
    then stands in the list of profile changes.

    Raises:
        Refused: the profile is complete already, the name is wrong, or the brokerage or role not offered.
    """
    actor = lock_account(Account.id == actor.id)
    if actor.has_profile and actor.approval is not Approval.REJECTED:
        raise Refused(RefusalCode.PROFILE_ALREADY_COMPLETE)
    cleaned = clean_name(name, field="name")
    if role not in {Role.BROKER.value, Role.RESIDENT.value}:
        raise Refused(RefusalCode.ROLE_NOT_OFFERED, field="role")
    brokerage = lock_offered_brokerage(brokerage_id)
    before = {"role": actor.role.value, "brokerage": actor.brokerage_id, "approval": actor.approval.value}
    old_name = actor.name
    if actor.has_profile and actor.brokerage_id != brokerage.id:
        remember_change(actor, actor, phone=actor.phone, brokerage_id=brokerage.id, now=now)
    actor.name, actor.brokerage_id, actor.role = cleaned, brokerage.id, Role(role)
    actor.approval = Approval.PENDING if actor.role is Role.RESIDENT else Approval.NOT_NEEDED
    actor.rejection_reason = ""
    actor.profile_completed_at = now
    actor.version += 1
    actor.employee_number = actor.employee_number or f"B{actor.id:05d}"
    history.record(
        actor,
        "complete_profile",
        chain=f"account:{actor.id}",
        changes={
            "role": [before["role"], role],
            "brokerage": [before["brokerage"], brokerage.id],
            "approval": [before["approval"], actor.approval.value],
        },
        personal={"name": [old_name, cleaned]},
        now=now,
    )
    return AccountChanged(actor.id)


@use_case("approve_resident", roles=DECIDERS, answer=AccountChanged)
def approve_resident(actor: Account, *, account_id: int, version: int, now: datetime) -> AccountChanged:
    """Let a waiting or rejected resident in; the phone pages open at the next click (manual 6.2.c-8).

    `version` is that of the profile which was looked at: nobody approves what has been changed meanwhile,
    nor overrides a decision that a colleague has just made.

    Raises:
        Refused: NOT_FOUND, the account does not wait for an approval, or STALE.
    """
    resident = _lock_resident(account_id)
    _decide(actor, resident, version=version, approval=Approval.APPROVED, now=now)
    return AccountChanged(resident.id)


@use_case("reject_resident", roles=DECIDERS, answer=AccountChanged)
def reject_resident(
    actor: Account, *, account_id: int, version: int, reason: str, now: datetime
) -> AccountChanged:
    """Turn a waiting resident away with a reason, which the phone shows.

    Raises:
        Refused: NOT_FOUND, no reason, the account does not wait for an approval, or STALE.
    """
    resident = _lock_resident(account_id)
    why = clean_reason(reason)
    _decide(actor, resident, version=version, approval=Approval.REJECTED, reason=why, now=now)
    return AccountChanged(resident.id)


@use_case("change_broker", roles=DECIDERS, answer=AccountChanged)
def change_broker(
    actor: Account, *, account_id: int, version: int, phone: str, brokerage_id: int | None, now: datetime
) -> AccountChanged:
    """Change phone and brokerage of a broker or resident, and nothing else (manual 6.2.c-13).

    Written are the account, the change as the list of profile changes shows it, and a history record; where
    both are as they were, and on a repeat, nothing is. With another phone every sign-in ends: the one before
    opened them. A resident stays approved, for whoever decides on approvals made this change. Leads, bindings
    and fees keep the brokerage that they were made under.

    Raises:
        Refused: NOT_FOUND, STALE, no mobile number, PHONE_TAKEN where another account signs in with the phone
            or did, or BROKERAGE_NOT_OFFERED for another brokerage than the present one.
    """
    broker = _lock_broker(account_id)
    require_version(broker, version)
    phone = phone.strip()
    require_account_phone(phone)
    if (phone, brokerage_id) == (broker.phone, broker.brokerage_id):
        return AccountChanged(broker.id)
    if brokerage_id != broker.brokerage_id:
        lock_offered_brokerage(brokerage_id)
    refuse_taken_phone(phone, broker)
    change = remember_change(actor, broker, phone=phone, brokerage_id=brokerage_id, now=now)
    if phone != broker.phone:
        broker.session_generation += 1
    broker.phone, broker.brokerage_id = phone, brokerage_id
    broker.version += 1
    record_change(actor, change, now=now)
    return AccountChanged(broker.id)


@use_case("archive_broker", roles=DECIDERS, answer=AccountChanged)
def archive_broker(actor: Account, *, account_id: int, version: int, now: datetime) -> AccountChanged:
    """Archive a broker or resident, which is what deleting means here (R10).

    The phone pages close at the next click, and the phone is never given to another account. Leads,
    bindings and holds stay untouched: a running binding keeps its end. A repeat archives nothing more.

    Raises:
        Refused: NOT_FOUND for anybody else and for an archived one, or STALE.
    """
    return archive_account(actor, _lock_broker(account_id), version=version, now=now)


def lock_account(condition: ColumnElement[bool]) -> Account:
    """Lock the one account that fits a condition, and read it afresh.

    Two forms about one person then come one after the other, and a scan that counts on the account comes
    wholly before or wholly after.

    Raises:
        Refused: NOT_FOUND.
    """
    account = db.session.scalar(
        select(Account).where(condition).with_for_update().execution_options(populate_existing=True)
    )
    if account is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return account


def archive_account(actor: Account, account: Account, *, version: int, now: datetime) -> AccountChanged:
    """Archive an account that is locked, and write it down (R10).

    Raises:
        Refused: STALE.
    """
    require_version(account, version)
    account.archived_at = now
    account.version += 1
    changes = {"archived_at": [None, now.isoformat()]}
    history.record(actor, "archive_account", chain=f"account:{account.id}", changes=changes, now=now)
    return AccountChanged(account.id)


def _lock_broker(account_id: int) -> Account:
    """Lock a broker or resident who has a profile and is not archived."""
    return lock_account(
        and_(
            Account.id == account_id,
            Account.role.in_(AGENTS),
            Account.archived_at.is_(None),
            Account.profile_completed_at.is_not(None),
        )
    )


def _lock_resident(account_id: int) -> Account:
    return lock_account(
        and_(Account.id == account_id, Account.role == Role.RESIDENT, Account.archived_at.is_(None))
    )


def _decide(
    actor: Account,
    resident: Account,
    *,
    version: int,
    approval: Approval,
    reason: str = "",
    now: datetime,
) -> None:
    before = resident.approval
    if before is Approval.APPROVED or before is approval:
        raise Refused(RefusalCode.NOT_WAITING)
    require_version(resident, version)
    resident.approval, resident.rejection_reason = approval, reason
    resident.version += 1
    history.record(
        actor,
        "decide_resident",
        chain=f"account:{resident.id}",
        changes={"approval": [before.value, approval.value]},
        personal={"reason": reason} if reason else None,
        now=now,
    )


def refuse_taken_phone(phone: str, broker: Account) -> None:
    """Refuse a phone that signs in another account, or did; the unique index judges two at once (R10).

    Whoever loses there runs again, and then meets the winner here.

    Raises:
        Refused: PHONE_TAKEN; the fact `field` is "phone".
    """
    others = select(Account.id).where(
        Account.phone == phone, Account.role.in_(OUTSIDERS), Account.id != broker.id
    )
    if db.session.scalar(others) is not None:
        raise Refused(RefusalCode.PHONE_TAKEN, field="phone")


def remember_change(
    actor: Account, broker: Account, *, phone: str, brokerage_id: int | None, now: datetime
) -> ProfileChange:
    """Keep a change of phone or brokerage for the list of profile changes, before it is made."""
    change = ProfileChange(
        account_id=broker.id,
        old_phone=broker.phone,
        new_phone=phone,
        old_brokerage_id=broker.brokerage_id,
        new_brokerage_id=brokerage_id,
        changed_by_id=actor.id,
        changed_at=now,
    )
    db.session.add(change)
    return change


def record_change(actor: Account, change: ProfileChange, *, now: datetime) -> None:
    """Write a change of phone or brokerage into the history."""
    phones = [change.old_phone, change.new_phone]
    brokerages = [change.old_brokerage_id, change.new_brokerage_id]
    history.record(
        actor,
        "change_broker",
        chain=f"account:{change.account_id}",
        changes={"brokerage": brokerages} if brokerages[0] != brokerages[1] else None,
        personal={"phone": phones} if phones[0] != phones[1] else None,
        now=now,
    )
