"""The second factor: beside the password, a code that an authenticator app shows (RFC 6238, decision 25).

What the app knows is derived from the account's salt and the server's secret, so a copy of the database
says no codes. Tries are counted by `services.guessing`, before anything here looks at them.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyotp import TOTP
from sqlalchemy import and_, delete, func, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.guessing import respects_of_second_step
from lead_system.domain.roles import BACK_OFFICE, MANAGED_STAFF, Role
from lead_system.domain.signs import in_groups, spelled, typed_signs
from lead_system.extensions import db
from lead_system.models import Account, RecoveryCode
from lead_system.services import history
from lead_system.services.brokers import SignInsBegunAnew, lock_account
from lead_system.services.guessing import count_try, forget_tries
from lead_system.services.sign_in import SignedIn
from lead_system.services.transaction import Caller, atomic, open_use_case, use_case

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How many steps the clock of a telephone may be away from ours, either way."""

RECOVERY_CODES = 10
SHOWN_FOR = timedelta(minutes=10)
"""How long a form that made recovery codes, sent again, shows the same ones."""

_ISSUER = "确客"
"""Under which name an app lists the account."""
_SALT = re.compile(r"[A-Z2-7]{32}")
"""Base 32 has no 1, so that no salt holds what looks like a mobile number: forms do not show those again."""

_SIGNS_OF_A_CODE = 10
_ADMIN = frozenset({Role.ADMIN})


@dataclass(frozen=True)
class CodesMade:
    """Whose recovery codes were made, and when; they themselves are kept nowhere.

    `began` is the generation of sign-ins that began with them, 0 where none did.
    """

    account_id: int
    made_at: str
    began: int = 0


@dataclass(frozen=True)
class TurnedOn:
    """The recovery codes that came with a second factor, and the generation of sign-ins that began."""

    codes: tuple[str, ...]
    began: int


@dataclass(frozen=True)
class SetUp:
    """What an authenticator app is told: as a secret to be typed, and as an address for a QR picture."""

    salt: str
    shared_secret: str
    address: str


# Setting it up.


def draw_salt() -> str:
    """Draw the salt of a second factor that is to be set up; the page carries it until the first code."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def is_salt(text: str) -> bool:
    """Say whether a text can be a salt that was drawn here."""
    return _SALT.fullmatch(text) is not None


def set_up_of(account: Account, *, salt: str, secret: str) -> SetUp:
    """Return what the app of an account is told under a salt; nothing is written."""
    shared = _shared_secret(account.id, salt, secret=secret)
    address = TOTP(shared).provisioning_uri(name=account.login, issuer_name=_ISSUER)
    return SetUp(salt, shared, address)


def turn_on_second_factor(caller: Caller, *, salt: str, code: str, secret: str, now: datetime) -> TurnedOn:
    """Ask for codes of an app from now on, of which this is the first; returns the recovery codes with it.

    Written are the salt, from when on, the step that the code used up, the hashes of ten recovery codes, and
    a history record. Every sign-in of the account ends, but for the one that the caller begins anew. Sent
    again within ten minutes, the form is answered with the same recovery codes; later with none.

    Raises:
        Refused: SECOND_FACTOR_ON where there is one already, or SECOND_FACTOR_WRONG (field `code`).
    """
    made = _turn_on(caller, salt=salt, code=code, secret=secret, request_id=caller.request_id, now=now)
    return TurnedOn(_codes_made(made, caller.request_id, secret=secret, now=now), made.began)


@use_case("turn_on_second_factor", roles=BACK_OFFICE, answer=CodesMade)
def _turn_on(
    actor: Account, *, salt: str, code: str, secret: str, request_id: str, now: datetime
) -> CodesMade:
    account = lock_account(Account.id == actor.id)
    if account.has_second_factor:
        raise Refused(RefusalCode.SECOND_FACTOR_ON)
    if not is_salt(salt):
        raise Refused(RefusalCode.SECOND_FACTOR_WRONG, field="code")
    account.totp_salt = salt
    step = _step_of(account, typed_signs(code), secret=secret, now=now)
    if step is None:
        raise Refused(RefusalCode.SECOND_FACTOR_WRONG, field="code")
    account.totp_step, account.totp_since = step, now
    account.session_generation += 1
    account.version += 1
    _keep_codes(account, _recovery_codes(account.id, request_id, secret=secret), secret=secret)
    _record(account, "turn_on_second_factor", account, now=now)
    return CodesMade(account.id, now.isoformat(), account.session_generation)


def make_recovery_codes(caller: Caller, *, secret: str, now: datetime) -> tuple[str, ...]:
    """Make ten new recovery codes, after which the old ones are worth nothing; returns them.

    Written are their hashes and a history record. A repeat is answered as `turn_on_second_factor` says.

    Raises:
        Refused: SECOND_FACTOR_OFF.
    """
    made = _make_codes(caller, secret=secret, request_id=caller.request_id, now=now)
    return _codes_made(made, caller.request_id, secret=secret, now=now)


@use_case("make_recovery_codes", roles=BACK_OFFICE, answer=CodesMade)
def _make_codes(actor: Account, *, secret: str, request_id: str, now: datetime) -> CodesMade:
    account = lock_account(Account.id == actor.id)
    if not account.has_second_factor:
        raise Refused(RefusalCode.SECOND_FACTOR_OFF)
    _keep_codes(account, _recovery_codes(account.id, request_id, secret=secret), secret=secret)
    _record(account, "make_recovery_codes", account, now=now)
    return CodesMade(account.id, now.isoformat())


# Taking it away.


@use_case("turn_off_second_factor", roles=BACK_OFFICE, answer=SignInsBegunAnew)
def turn_off_second_factor(actor: Account, *, now: datetime) -> SignInsBegunAnew:
    """Let one's own password alone open the account again.

    Salt and recovery codes are deleted, every sign-in ends but for the one that the caller begins anew, and
    the history says so. A repeat changes nothing more.

    Raises:
        Refused: SECOND_FACTOR_OFF.
    """
    account = lock_account(Account.id == actor.id)
    if not account.has_second_factor:
        raise Refused(RefusalCode.SECOND_FACTOR_OFF)
    return _take_away(account, account, "turn_off_second_factor", now=now)


@use_case("reset_second_factor", roles=_ADMIN, answer=SignInsBegunAnew)
def reset_second_factor(actor: Account, *, account_id: int, now: datetime) -> SignInsBegunAnew:
    """Take away the second factor of a member of staff who lost theirs; all of their sign-ins end.

    Raises:
        Refused: NOT_FOUND for admins, outsiders and archived accounts, or SECOND_FACTOR_OFF.
    """
    managed = Account.role.in_(MANAGED_STAFF & BACK_OFFICE)
    account = lock_account(and_(Account.id == account_id, managed, Account.archived_at.is_(None)))
    if not account.has_second_factor:
        raise Refused(RefusalCode.SECOND_FACTOR_OFF)
    return _take_away(actor, account, "reset_second_factor", now=now)


def reset_second_factor_of(login: str, *, now: datetime) -> int:
    """Take away the second factor of whoever signs in under an account name, by command of the server.

    Admins are helped so too. The history names no account as the one who did it. Returns the account's id.

    Raises:
        Refused: NOT_FOUND for no such account or an archived one, or SECOND_FACTOR_OFF.
    """
    return atomic(lambda: _reset_by_command(login, now))


def _reset_by_command(login: str, now: datetime) -> int:
    named = func.lower(Account.login) == login.strip().lower()
    account = lock_account(and_(named, Account.archived_at.is_(None)))
    if not account.has_second_factor:
        raise Refused(RefusalCode.SECOND_FACTOR_OFF)
    return _take_away(None, account, "reset_second_factor", now=now).account_id


def _take_away(actor: Account | None, account: Account, action: str, *, now: datetime) -> SignInsBegunAnew:
    account.totp_salt = account.totp_since = None
    account.session_generation += 1
    account.version += 1
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    _record(actor, action, account, now=now)
    return SignInsBegunAnew(account.id, account.session_generation)


# Using it.


def sign_in_with_second_factor(
    caller: Caller, *, account_id: int, generation: int, code: str, secret: str, now: datetime
) -> SignedIn:
    """Sign in whoever has given the right password, by a code of their app or one from paper.

    `generation` is the account's when the password was looked at. Each code works once: written are the step
    or the recovery code that was used. A wrong one is counted, so it is a committed outcome and no refusal:
    SECOND_FACTOR_WRONG, or SIGN_IN_FAILED where the account has changed meanwhile. Sent again, the form is
    answered the same.

    Raises:
        Refused: TOO_MANY_TRIES.
    """
    respects = respects_of_second_step(account_id, generation)
    count_try(respects, secret=secret, now=now)
    signed_in = _sign_in(
        caller, account_id=account_id, generation=generation, code=code, secret=secret, now=now
    )
    if signed_in.account_id is not None:
        forget_tries(respects, secret=secret, now=now)
    return signed_in


@open_use_case("sign_in_with_second_factor", answer=SignedIn)
def _sign_in(*, account_id: int, generation: int, code: str, secret: str, now: datetime) -> SignedIn:
    account = lock_account(Account.id == account_id)
    if not account.is_active or account.session_generation != generation:
        return SignedIn(None, RefusalCode.SIGN_IN_FAILED.value)
    if not is_code_used_up(account, code, secret=secret, now=now):
        return SignedIn(None, RefusalCode.SECOND_FACTOR_WRONG.value)
    return SignedIn(account.id, generation=generation)


def is_code_used_up(account: Account, code: str, *, secret: str, now: datetime) -> bool:
    """Use a code of an account's app, or a recovery code, up; False where it is wrong or was used before.

    To be called inside a transaction. Of two who give the same code at once, the conditional UPDATE lets
    one through.
    """
    typed = typed_signs(code)
    if len(typed) == _SIGNS_OF_A_CODE:
        return _use_recovery_code(account, typed, secret=secret, now=now)
    step = _step_of(account, typed, secret=secret, now=now)
    if step is None:
        return False
    used = update(Account).where(Account.id == account.id, Account.totp_step < step)
    return db.session.execute(used.values(totp_step=step).returning(Account.id)).first() is not None


def _use_recovery_code(account: Account, typed: str, *, secret: str, now: datetime) -> bool:
    used = (
        update(RecoveryCode)
        .where(RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.code_hash == _hash(account.id, typed, secret=secret))
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    if db.session.execute(used).first() is None:
        return False
    _record(account, "use_recovery_code", account, now=now)
    return True


def _step_of(account: Account, typed: str, *, secret: str, now: datetime) -> int | None:
    """Return the step whose code was typed, among those near now that come after the last used one."""
    if account.totp_salt is None:
        return None
    totp = TOTP(_shared_secret(account.id, account.totp_salt, secret=secret))
    present = int(now.timestamp()) // STEP_SECONDS
    near = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    fitting = [s for s in near if hmac.compare_digest(totp.generate_otp(s).encode(), typed.encode())]
    return next((step for step in fitting if step > account.totp_step), None)


def _shared_secret(account_id: int, salt: str, *, secret: str) -> str:
    """Return what app and server share, in the letters in which apps are told it: 160 bits.

    The account's id is part of it: a salt copied to another account is another secret there.
    """
    digest = hmac.new(secret.encode(), f"totp:{account_id}:{salt}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode()


def _hash(account_id: int, code: str, *, secret: str) -> str:
    """Return what is kept of a recovery code; without the server's secret nobody can try which it is."""
    return hmac.new(secret.encode(), f"recovery:{account_id}:{code}".encode(), hashlib.sha256).hexdigest()


def _recovery_codes(account_id: int, request_id: str, *, secret: str) -> tuple[str, ...]:
    """Return the codes that a form makes, the same each time that it is sent, so that none is ever kept."""
    return tuple(_code_for(f"{account_id}:{request_id}:{n}", secret) for n in range(RECOVERY_CODES))


def _code_for(name: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), f"recovery code:{name}".encode(), hashlib.sha256).digest()
    return in_groups(spelled(digest, _SIGNS_OF_A_CODE))


def _codes_made(made: CodesMade, request_id: str, *, secret: str, now: datetime) -> tuple[str, ...]:
    if now - datetime.fromisoformat(made.made_at) >= SHOWN_FOR:
        return ()
    return _recovery_codes(made.account_id, request_id, secret=secret)


def _keep_codes(account: Account, codes: tuple[str, ...], *, secret: str) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    hashes = [_hash(account.id, typed_signs(code), secret=secret) for code in codes]
    db.session.add_all(RecoveryCode(account_id=account.id, code_hash=one) for one in hashes)


def _record(actor: Account | None, action: str, account: Account, *, now: datetime) -> None:
    history.record(actor, action, chain=f"account:{account.id}", now=now)
