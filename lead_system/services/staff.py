"""Staff and consultants: the admin opens, changes and archives their accounts (manual 6.3.h, 6.3.i)."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import clean_name
from lead_system.domain.passwords import require_good_password
from lead_system.domain.roles import BACK_OFFICE, MANAGED_STAFF, PHONE_STAFF, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.services import history
from lead_system.services.brokers import AccountChanged, archive_account, lock_account
from lead_system.services.sign_in import hash_password, is_password, require_account_phone
from lead_system.services.transaction import atomic, require_version, use_case

ADMIN = frozenset({Role.ADMIN})

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,29}")
_EMPLOYEE_NUMBER = re.compile(r"[A-Z0-9-]{1,20}")
_BROKERS_NUMBER = re.compile(r"B[0-9]{5,}")
"""What a broker's account gets with its profile; staff who had it would stand in that broker's way."""


@dataclass(frozen=True)
class NewStaff:
    """A staff account as it is to be made; its password is passed beside it, for no request contains one."""

    role: str
    name: str
    phone: str
    login: str
    employee_number: str


@use_case("open_staff", roles=ADMIN, answer=AccountChanged)
def open_staff(actor: Account, *, staff: NewStaff, password: str, now: datetime) -> AccountChanged:
    """Open an account for a consultant, secretary, director or gate staff (manual 6.3.h-6, 6.3.i-7).

    The password is a temporary one, to be changed at the next sign-in; only its hash is written. The account
    name is kept in small letters and the employee number in capitals, so that the unique constraints compare
    them whatever the case. A repeat opens no second account, whatever password comes with it.

    Raises:
        Refused: a role that is not offered; a wrong name, phone, account name, number or password; or
            LOGIN_TAKEN or EMPLOYEE_NUMBER_TAKEN where anybody ever had it. The fact `field` names which.
    """
    if staff.role not in MANAGED_STAFF:
        raise Refused(RefusalCode.ROLE_NOT_OFFERED, field="role")
    cleaned = _clean_staff(staff)
    require_good_password(password, login=cleaned.login, field="password")
    if _is_login_taken(cleaned.login):
        raise Refused(RefusalCode.LOGIN_TAKEN, field="login")
    if _is_employee_number_taken(cleaned.employee_number):
        raise Refused(RefusalCode.EMPLOYEE_NUMBER_TAKEN, field="employee_number")
    account = _add_account(cleaned, password, now=now)
    account.must_change_password = True
    _record_opening(actor, account, now=now)
    return AccountChanged(account.id)


@use_case("change_staff", roles=ADMIN, answer=AccountChanged)
def change_staff(
    actor: Account, *, account_id: int, version: int, phone: str, password: str, now: datetime
) -> AccountChanged:
    """Change phone and password of a member of staff, and nothing else (manual 6.3.h-7, 6.3.i-8).

    A blank password stays as it is; another one is temporary again, and ends every session of the account
    at its next click. Where neither changes, and on a repeat, nothing is written.

    Raises:
        Refused: NOT_FOUND for agents, admins and archived accounts, STALE, no mobile number, or a password
            that is not good enough.
    """
    account = _lock_staff(account_id)
    require_version(account, version)
    phone = phone.strip()
    require_account_phone(phone)
    phones = [account.phone, phone] if phone != account.phone else None
    sets_password = bool(password.strip())
    if sets_password:
        _set_password(account, password, field="password")
        account.must_change_password = True
    if phones or sets_password:
        account.phone = phone
        account.version += 1
        _record_change(actor, account, phones=phones, sets_password=sets_password, now=now)
    return AccountChanged(account.id)


@use_case("archive_staff", roles=ADMIN, answer=AccountChanged)
def archive_staff(actor: Account, *, account_id: int, version: int, now: datetime) -> AccountChanged:
    """Archive a member of staff, which is what deleting means here (manual 6.3.h-8, 6.3.i-9, R10).

    They are signed out at the next click. A consultant stays on the leads but cannot be chosen any more;
    account name and employee number are never given to anybody else. A repeat archives nothing more.

    Raises:
        Refused: NOT_FOUND for agents, admins and archived accounts, or STALE.
    """
    return archive_account(actor, _lock_staff(account_id), version=version, now=now)


@use_case("change_own_password", roles=PHONE_STAFF | BACK_OFFICE, answer=AccountChanged)
def change_own_password(
    actor: Account, *, current_password: str, new_password: str, now: datetime
) -> AccountChanged:
    """Let a member of staff set a password of their own, after which none has to be changed any more.

    Every session of the account ends at its next click, but for the one that the caller keeps.
    The history says that it was done, and no value. A repeat of the request changes nothing more, and is
    answered the same whatever passwords come with it.

    Raises:
        Refused: PASSWORD_WRONG for the present one, PASSWORD_UNCHANGED, or a new one that is not good
            enough. The fact `field` names which of the two.
    """
    account = lock_account(Account.id == actor.id)
    if not is_password(account.password_hash or "", current_password):
        raise Refused(RefusalCode.PASSWORD_WRONG, field="current_password")
    if new_password == current_password:
        raise Refused(RefusalCode.PASSWORD_UNCHANGED, field="new_password")
    _set_password(account, new_password, field="new_password")
    account.must_change_password = False
    account.version += 1
    history.record(account, "change_own_password", chain=f"account:{account.id}", now=now)
    return AccountChanged(account.id)


def open_staff_account(staff: NewStaff, *, password: str, now: datetime) -> int:
    """Make a staff account by command, as the first admin is; returns its id.

    The password was chosen by whom it belongs to, so it need not be changed.

    Raises:
        ValueError: the account name or employee number was used before, by anybody, ever.
        Refused: a wrong name, phone, account name or number, or a password that is not good enough.
    """
    return atomic(lambda: _open_staff_account(staff, password, now=now))


def _open_staff_account(staff: NewStaff, password: str, *, now: datetime) -> int:
    cleaned = _clean_staff(staff)
    require_good_password(password, login=cleaned.login, field="password")
    if _is_login_taken(cleaned.login) or _is_employee_number_taken(cleaned.employee_number):
        raise ValueError(
            f"Account name {cleaned.login} or employee number {cleaned.employee_number} is taken."
        )
    account = _add_account(cleaned, password, now=now)
    _record_opening(None, account, now=now)
    return account.id


def _lock_staff(account_id: int) -> Account:
    """Lock an account that the admin manages and that is not archived."""
    return lock_account(
        and_(Account.id == account_id, Account.role.in_(MANAGED_STAFF), Account.archived_at.is_(None))
    )


def _clean_staff(staff: NewStaff) -> NewStaff:
    name, phone = clean_name(staff.name, field="name"), staff.phone.strip()
    require_account_phone(phone)
    login, number = staff.login.strip().lower(), staff.employee_number.strip().upper()
    if not _LOGIN.fullmatch(login):
        raise Refused(RefusalCode.LOGIN_WRONG, field="login")
    if not _EMPLOYEE_NUMBER.fullmatch(number):
        raise Refused(RefusalCode.EMPLOYEE_NUMBER_WRONG, field="employee_number")
    return NewStaff(staff.role, name, phone, login, number)


def _is_login_taken(login: str) -> bool:
    return _is_any(func.lower(Account.login) == login)


def _is_employee_number_taken(number: str) -> bool:
    """Say whether a number is somebody's, was, or will be a broker's."""
    return bool(_BROKERS_NUMBER.fullmatch(number)) or _is_any(func.upper(Account.employee_number) == number)


def _is_any(condition: ColumnElement[bool]) -> bool:
    return db.session.scalar(select(Account.id).where(condition).limit(1)) is not None


def _add_account(staff: NewStaff, password: str, *, now: datetime) -> Account:
    """Add the account; of two at once with one name or number, the unique constraints let one through."""
    account = Account(
        role=Role(staff.role),
        name=staff.name,
        phone=staff.phone,
        login=staff.login,
        password_hash=hash_password(password),
        employee_number=staff.employee_number,
        approval=Approval.NOT_NEEDED,
        profile_completed_at=now,
        created_at=now,
    )
    db.session.add(account)
    db.session.flush()
    return account


def _set_password(account: Account, password: str, *, field: str) -> None:
    require_good_password(password, login=account.login or "", field=field)
    account.password_hash = hash_password(password)
    account.session_generation += 1


def _record_opening(actor: Account | None, account: Account, *, now: datetime) -> None:
    history.record(
        actor,
        "open_account",
        chain=f"account:{account.id}",
        changes={"role": [None, account.role.value]},
        personal={"name": account.name, "phone": account.phone, "login": account.login},
        now=now,
    )


def _record_change(
    actor: Account, account: Account, *, phones: list[str] | None, sets_password: bool, now: datetime
) -> None:
    history.record(
        actor,
        "change_staff",
        chain=f"account:{account.id}",
        changes={"password": "set"} if sets_password else None,
        personal={"phone": phones} if phones else None,
        now=now,
    )
