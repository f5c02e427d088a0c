"""Who calls a service: the signed-in account or, before that, this session; and the request id (R13)."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import g, request, session
from flask_login import current_user

from lead_system.clock import now
from lead_system.extensions import login_manager
from lead_system.models import Account
from lead_system.services.sign_ins import (
    CurrentSignIn,
    begin_sign_in,
    end_sign_in,
    find_signed_in,
    renew_sign_in,
)
from lead_system.services.transaction import Caller
from lead_system.web.browsers import browser_name
from lead_system.web.forms import RequestForm
from lead_system.web.secret import server_secret

_SESSION_KEY = "session_key"
_TOKEN = "_user_id"  # noqa: S105 - the name under which Flask-Login looks for it
_OUTLIVES_A_SIGN_IN = ("language",)
"""What a browser keeps of its session when somebody signs in or out: nothing that is anybody's."""

_SECOND_STEP = "second_step"
SECOND_STEP_LASTS = timedelta(minutes=5)
"""How long after the right password the code may be given."""


class SecondStep(NamedTuple):
    """Who gave the right password; `generation` is the account's at that moment."""

    account_id: int
    generation: int


def caller(form: RequestForm) -> Caller:
    """Return who sent a form; an account keeps its own ids, other people keep them for their session."""
    who = current_user._get_current_object()  # noqa: SLF001 - asked once, since every question costs
    request_id = form.request_id.data or ""
    if who.is_authenticated:
        return Caller(who.id, request_id, secret=server_secret())
    return Caller(None, request_id, session_key(), server_secret())


def begin_session(account_id: int, *, generation: int, keeps: bool = False) -> None:
    """Begin a session of somebody who has just proved who they are; nothing of the one before is left in it.

    With `keeps`, the browser stays signed in when it is closed. A sign-in that this browser had is ended.
    """
    _end_sign_in()
    _begin_anew()
    session.permanent = keeps
    session[_TOKEN] = begin_sign_in(
        account_id, generation=generation, browser=browser_name(request.user_agent.string), now=now()
    )
    _see_anew()


def renew_session(*, began: int = 0) -> None:
    """Go on under a new token, after what somebody may do or know has changed, or was asked again.

    `began` is the generation of sign-ins that began with it, 0 where none did. Pages that are open go on too,
    and a form that is sent twice is still one of this session (R13): the one that comes second has a token
    that was renewed already, and its answer does not bring that back. Whoever was let in stays so until the
    answer.
    """
    renewed = renew_sign_in(sign_in_token(), began=began)
    if renewed is None:
        g.leaves_cookie = True
    else:
        session[_TOKEN] = renewed


def begin_second_step(account_id: int, *, generation: int) -> None:
    """Remember for five minutes who gave the right password, in a session that nobody is signed in to."""
    _end_sign_in()
    _begin_anew()
    session[_SECOND_STEP] = [account_id, generation, now().isoformat()]
    session_key()  # A code that is sent twice must come twice from the same session (R13).
    _see_anew()


def find_second_step() -> SecondStep | None:
    """Return who gave the right password in this session, and has not been asked for the code too long."""
    if _SECOND_STEP not in session:
        return None
    account_id, generation, began_at = session[_SECOND_STEP]
    is_open = now() - datetime.fromisoformat(began_at) < SECOND_STEP_LASTS
    return SecondStep(account_id, generation) if is_open else None


def end_session() -> None:
    """Forget who was signed in, and the ids of this session with them; its cookie opens nothing any more."""
    _end_sign_in()
    _begin_anew()
    _see_anew()


def sign_in_token() -> str:
    """Return the token in the session, blank where there is none; whether it opens anything is not asked."""
    return str(session.get(_TOKEN, ""))


def _end_sign_in() -> None:
    token = sign_in_token()
    if token:
        end_sign_in(token, now=now())


def _begin_anew() -> None:
    kept = {name: session[name] for name in _OUTLIVES_A_SIGN_IN if name in session}
    session.clear()
    session.update(kept)


def _see_anew() -> None:
    """Let whoever asks next in this request see who is signed in now."""
    g.pop("csrf_token", None)
    g.pop("_login_user", None)
    g.pop("sign_in", None)
    g.pop("account_id", None)


def session_key() -> str:
    """Return what tells this session from others; made at the first call."""
    if _SESSION_KEY not in session:
        session[_SESSION_KEY] = secrets.token_urlsafe(16)
    return str(session[_SESSION_KEY])


def signed_in() -> Account:
    """Return the signed-in account; only for views that name their roles."""
    account: Account = current_user._get_current_object()  # noqa: SLF001 - the proxy has no other door
    return account


def current_sign_in() -> CurrentSignIn:
    """Return the sign-in that this request belongs to; only for views that name their roles."""
    signed_in()
    sign_in: CurrentSignIn = g.sign_in
    return sign_in


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load_account(token: str) -> Account | None:
    """Return who is signed in, by the token in the session; nobody where that opens nothing (R10)."""
    found = find_signed_in(token, now=now())
    if found is None:
        return None
    g.sign_in, g.account_id = found, found.account.id
    return found.account
