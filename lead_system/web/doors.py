"""What all doors have in common: a password is tried, somebody comes in or goes out, and the log says so."""

from flask_login import current_user

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account
from lead_system.services.sign_in import SignedIn, sign_in_with_password
from lead_system.web.caller import begin_session, end_session
from lead_system.web.known_browsers import origin, remember_browser
from lead_system.web.logs import note_event
from lead_system.web.secret import server_secret


def try_password(login: str | None, password: str | None, roles: frozenset[Role]) -> SignedIn:
    """Sign in with what was typed into a form; nobody is in before `let_in`.

    Raises:
        Refused: as `sign_in_with_password` does.
    """
    try:
        return sign_in_with_password(
            login or "", password or "", roles, origin=origin(), secret=server_secret(), now=now()
        )
    except Refused as refused:
        note_refused(refused)
        raise


def note_refused(refused: Refused) -> None:
    """Write down that somebody was not let in, or has to wait."""
    is_slowed = refused.code is RefusalCode.TOO_MANY_TRIES
    account = refused.facts.get("account")
    note_event("sign_in_slowed" if is_slowed else "sign_in_failed", account=account)


def let_in(signed_in: SignedIn, *, way: str, keeps: bool = False) -> Account:
    """Begin the session of somebody who has given all that was asked for; returns whose it is.

    `way` is password, code or wechat; with `keeps` the browser stays signed in when it is closed.
    """
    account = db.session.get_one(Account, signed_in.account_id)
    begin_session(account.id, generation=signed_in.generation, keeps=keeps)
    note_event("sign_in", account=account.id, role=account.role.value, way=way)
    if way == "password":
        remember_browser(account.id)
    return account


def let_out() -> None:
    """End the session of whoever is signed in, if anybody is."""
    if current_user.is_authenticated:
        note_event("signed_out", account=current_user.id)
    end_session()
