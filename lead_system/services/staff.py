"""Staff and consultants: the admin opens, changes and archives their accounts (manual 6.3.h, 6.3.i)."""

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import and_, func, select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.fields import Rule, Unique, require_clean
from lead_system.domain.guessing import respects_of_confirming
from lead_system.domain.identity import clean_name
from lead_system.domain.passwords import TEMPORARY_FOR
from lead_system.domain.roles import BACK_OFFICE, MANAGED_STAFF, PHONE_STAFF, Approval, Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.services import history
from lead_system.services.brokers import AccountChanged, SignInsBegunAnew, archive_account, lock_account
from lead_system.services.guessing import count_try, forget_tries
from lead_system.services.passwords import hash_password, is_password, require_strong_password
from lead_system.services.sign_in_codes import require_account_phone
from lead_system.services.transaction import Caller, atomic, require_version, use_case

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
    cleaned = NewStaff(**require_clean(asdict(staff), staff_rules(MANAGED_STAFF)))
    _require_strong(password, cleaned)
    for unique in UNIQUE_IN_STAFF:
        unique.require_free(getattr(cleaned, unique.field))
    return AccountChanged(add_staff(actor, cleaned, password_hash=hash_password(password), now=now))


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
        _make_temporary(account, now)
    if phones or sets_password:
        account.phone = phone
        account.version += 1
        _record_change(actor, account, phones=phones, sets_password=sets_password, now=now)
    return AccountChanged(account.id)


@use_case("archive_staff", roles=ADMIN, answer=AccountChanged)
def archive_staff(
    actor: Account, *, account_id: int, version: int, consultants: bool | None = None, now: datetime
) -> AccountChanged:
    """Archive a member of staff, which is what deleting means here (manual 6.3.h-8, 6.3.i-9, R10).

    `consultants` says which of the two lists is meant, whose accounts alone are there then; None means both.

    They are signed out at the next click. A consultant stays on the leads but cannot be chosen any more;
    account name and employee number are never given to anybody else. A repeat archives nothing more.

    Raises:
        Refused: NOT_FOUND for agents, admins, archived accounts and those of the other list, or STALE.
    """
    return archive_account(actor, _lock_staff(account_id, consultants=consultants), version=version, now=now)


def change_own_password(
    caller: Caller, *, current_password: str, new_password: str, secret: str, now: datetime
) -> SignInsBegunAnew:
    """Let a member of staff set a password of their own, after which none has to be changed any more.

    Every session of the account ends at its next click, but for the one that the caller keeps.
    The history says that it was done, and no value. A repeat of the request changes nothing more, and is
    answered the same whatever passwords come with it.

    A wrong present one counts: whoever finds somebody's browser open may not guess at it for long.

    Raises:
        Refused: TOO_MANY_TRIES, when nothing was looked at; PASSWORD_WRONG for the present one,
            PASSWORD_UNCHANGED, or a new one that is not good enough. The fact `field` names which of the two.
    """
    account = db.session.get(Account, caller.account_id or 0)
    generation = account.session_generation if account is not None else 0
    respects = respects_of_confirming(caller.account_id or 0, generation)
    count_try(respects, secret=secret, now=now, field="current_password")
    try:
        changed = _change_own_password(
            caller, current_password=current_password, new_password=new_password, now=now
        )
    except Refused as refused:
        if refused.facts.get("field") == "new_password":  # So the present one was right.
            forget_tries(respects, secret=secret, now=now)
        raise
    forget_tries(respects, secret=secret, now=now)
    return changed


@use_case("change_own_password", roles=PHONE_STAFF | BACK_OFFICE, answer=SignInsBegunAnew)
def _change_own_password(
    actor: Account, *, current_password: str, new_password: str, now: datetime
) -> SignInsBegunAnew:
    account = lock_account(Account.id == actor.id)
    if not is_password(account.password_hash or "", current_password):
        raise Refused(RefusalCode.PASSWORD_WRONG, field="current_password")
    if new_password == current_password:
        raise Refused(RefusalCode.PASSWORD_UNCHANGED, field="new_password")
    _set_password(account, new_password, field="new_password")
    account.must_change_password, account.temporary_until = False, None
    account.version += 1
    history.record(account, "change_own_password", chain=f"account:{account.id}", now=now)
    return SignInsBegunAnew(account.id, account.session_generation)


def open_staff_account(staff: NewStaff, *, password: str, now: datetime) -> int:
    """Make a staff account by command, as the first admin is; returns its id.

    The password was chosen by whom it belongs to, so it need not be changed.

    Raises:
        ValueError: the account name or employee number was used before, by anybody, ever.
        Refused: a wrong name, phone, account name or number, or a password that is not good enough.
    """
    return atomic(lambda: _open_staff_account(staff, password, now=now))


def _open_staff_account(staff: NewStaff, password: str, *, now: datetime) -> int:
    cleaned = NewStaff(**require_clean(asdict(staff), staff_rules(tuple(Role))))
    login, number = cleaned.login, cleaned.employee_number
    _require_strong(password, cleaned)
    if _taken_logins({login}) or _taken_numbers({number}):
        raise ValueError(f"Account name {login} or employee number {number} is taken.")
    account = _add_account(cleaned, hash_password(password), now=now)
    _record_opening(None, account, now=now)
    return account.id


def _require_strong(password: str, staff: NewStaff) -> None:
    about = (staff.name, staff.phone, staff.employee_number)
    require_strong_password(password, login=staff.login, about=about, field="password")


def _lock_staff(account_id: int, *, consultants: bool | None = None) -> Account:
    """Lock an account that the admin manages and that is not archived, of one kind or of either."""
    roles = MANAGED_STAFF
    if consultants is not None:
        roles = MANAGED_STAFF & {Role.CONSULTANT} if consultants else MANAGED_STAFF - {Role.CONSULTANT}
    return lock_account(
        and_(Account.id == account_id, Account.role.in_(roles), Account.archived_at.is_(None))
    )


def add_staff(
    actor: Account, staff: NewStaff, *, password_hash: str, import_id: int | None = None, now: datetime
) -> int:
    """Add an account whose facts are clean, and whose name and number are free; returns its id.

    Its password is temporary. Written are the account and its first history record, which names the import
    that it came with.
    """
    account = _add_account(staff, password_hash, now=now)
    _make_temporary(account, now)
    _record_opening(actor, account, import_id=import_id, now=now)
    return account.id


def staff_rules(offered: Collection[Role]) -> dict[str, Rule]:
    """Return what each fact of an account must be, whether it was typed into a page or stands in a file."""
    return {
        "role": partial(_clean_role, offered=offered),
        "name": partial(clean_name, field="name"),
        "phone": _clean_phone,
        "login": _clean_login,
        "employee_number": _clean_employee_number,
    }


def _clean_role(raw: str, *, offered: Collection[Role]) -> str:
    if raw not in {role.value for role in offered}:
        raise Refused(RefusalCode.ROLE_NOT_OFFERED, field="role")
    return raw


def _clean_phone(raw: str) -> str:
    phone = raw.strip()
    require_account_phone(phone)
    return phone


def _clean_login(raw: str) -> str:
    login = raw.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise Refused(RefusalCode.LOGIN_WRONG, field="login")
    return login


def _clean_employee_number(raw: str) -> str:
    number = raw.strip().upper()
    if not _EMPLOYEE_NUMBER.fullmatch(number):
        raise Refused(RefusalCode.EMPLOYEE_NUMBER_WRONG, field="employee_number")
    return number


def _taken_logins(logins: Collection[str]) -> set[str]:
    """Return those of the account names, in small letters, that anybody has or had."""
    had = func.lower(Account.login)
    return set(db.session.scalars(select(had).where(had.in_(logins))))


def _taken_numbers(numbers: Collection[str]) -> set[str]:
    """Return those of the numbers, in capitals, that are somebody's, were, or will be a broker's."""
    had = func.upper(Account.employee_number)
    brokers = {number for number in numbers if _BROKERS_NUMBER.fullmatch(number)}
    return brokers.union(db.session.scalars(select(had).where(had.in_(numbers))))


UNIQUE_IN_STAFF = (
    Unique("login", RefusalCode.LOGIN_TAKEN, str.lower, _taken_logins),
    Unique("employee_number", RefusalCode.EMPLOYEE_NUMBER_TAKEN, str.upper, _taken_numbers),
)
"""What no two accounts may have in common, in the order in which it is refused."""


def _add_account(staff: NewStaff, password_hash: str, *, now: datetime) -> Account:
    """Add the account; of two at once with one name or number, the unique constraints let one through."""
    account = Account(
        role=Role(staff.role),
        name=staff.name,
        phone=staff.phone,
        login=staff.login,
        password_hash=password_hash,
        employee_number=staff.employee_number,
        approval=Approval.NOT_NEEDED,
        profile_completed_at=now,
        created_at=now,
    )
    db.session.add(account)
    db.session.flush()
    return account


def _make_temporary(account: Account, now: datetime) -> None:
    """Let a password that somebody else has set open the page that changes it, for a week."""
    account.must_change_password, account.temporary_until = True, now + TEMPORARY_FOR


def _set_password(account: Account, password: str, *, field: str) -> None:
    about = (account.name, account.phone, account.employee_number)
    require_strong_password(password, login=account.login or "", about=about, field=field)
    account.password_hash = hash_password(password)
    account.session_generation += 1


def _record_opening(
    actor: Account | None, account: Account, *, import_id: int | None = None, now: datetime
) -> None:
    came_with = {} if import_id is None else {"import": import_id}
    history.record(
        actor,
        "open_account",
        chain=f"account:{account.id}",
        changes={"role": [None, account.role.value], **came_with},
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
