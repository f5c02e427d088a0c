"""Who calls a service: the signed-in account or, before that, this session; and the request id (R13)."""

import secrets

from flask import session
from flask_login import current_user, login_user, logout_user

from lead_system.models import Account
from lead_system.services.transaction import Caller
from lead_system.web.forms import RequestForm

_SESSION_KEY = "session_key"


def caller(form: RequestForm) -> Caller:
    """Return who sent a form; an account keeps its own ids, other people keep them for their session."""
    account_id = current_user.id if current_user.is_authenticated else None
    return Caller(account_id, form.request_id.data or "", session_key())


def begin_session(account: Account) -> None:
    """Remember who signed in; what this session asked for before belongs to nobody any more."""
    session.pop(_SESSION_KEY, None)
    login_user(account)


def keep_session(account: Account) -> None:
    """Keep this session of somebody whose password is new; all others of the account end by that (SPEC 4)."""
    login_user(account)


def end_session() -> None:
    """Forget who was signed in, and the ids of this session with them."""
    session.pop(_SESSION_KEY, None)
    logout_user()


def session_key() -> str:
    """Return what tells this session from others; made at the first call."""
    if _SESSION_KEY not in session:
        session[_SESSION_KEY] = secrets.token_urlsafe(16)
    return str(session[_SESSION_KEY])


def signed_in() -> Account:
    """Return the signed-in account; only for views that name their roles."""
    account: Account = current_user._get_current_object()  # noqa: SLF001 - the proxy has no other door
    return account
