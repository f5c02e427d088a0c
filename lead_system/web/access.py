"""Who may use which route: every view says so, and one hook asks before any view runs (R12).

Deny by default: a view that names neither roles nor a reason to be public is not served at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask, abort, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lead_system.domain.roles import BACK_OFFICE, PHONE_STAFF, Role
from lead_system.models import Account
from lead_system.web.addresses import shown_address

View = TypeVar("View", bound=Callable[..., Any])

BACK_OFFICE_DOOR = "back_office_door.sign_in"
PHONE_DOOR = "mobile.sign_in.by_phone"
PHONE_STAFF_DOOR = "mobile.sign_in.by_password"
BACK_OFFICE_PASSWORD = "back_office_door.change_password"  # noqa: S105 - the name of a page
PHONE_PASSWORD = "mobile.profile.change_password"  # noqa: S105 - the name of a page
SECOND_FACTOR = "second_factor.set_up_view"

_OPEN_WITH_TEMPORARY_PASSWORD = frozenset(
    {
        BACK_OFFICE_PASSWORD,
        PHONE_PASSWORD,
        "back_office_door.sign_out",
        "earlier_static",
        "health.alive",
        "health.ready",
        "language.choose_language",
        "mobile.sign_in.sign_out",
        "static",
        "theme.choose_theme",
    }
)
"""All that somebody may do whose password an admin set: change it, or leave (SPEC 4).

For these nobody asks the database who is signed in, so they answer without it.
"""

_OPEN_WITHOUT_SECOND_FACTOR = _OPEN_WITH_TEMPORARY_PASSWORD | {SECOND_FACTOR, "confirming.ask"}
"""All that somebody of the back office may do before setting up a second factor, where that is required."""


@dataclass(frozen=True)
class Access:
    """The roles that may use a view; or, with none, the reason why it is open to everybody."""

    roles: frozenset[Role] = field(default_factory=frozenset)
    public_because: str = ""


def allow(*roles: Role) -> Callable[[View], View]:
    """Open a view to the named roles."""

    def mark(view: View) -> View:
        view.__access__ = Access(roles=frozenset(roles))  # type: ignore[attr-defined]
        return view

    return mark


def public(reason: str) -> Callable[[View], View]:
    """Open a view to everybody, for a reason that a reviewer can judge."""

    def mark(view: View) -> View:
        view.__access__ = Access(public_because=reason)  # type: ignore[attr-defined]
        return view

    return mark


def access_of(endpoint: str) -> Access | None:
    """Return what an endpoint's view says of itself, or what the back-office view says that it belongs to."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return Access(public_because="files that everybody needs")
    view = current_app.view_functions[endpoint]
    access: Access | None = getattr(view, "__access__", None)
    if access is not None:
        return access
    roles = getattr(getattr(view, "__self__", None), "roles", None)
    return Access(roles=frozenset(roles)) if roles else None


def _require_access() -> ResponseReturnValue | None:
    """Answer for whoever may not go on: to the door when nobody is signed in, 403 in the wrong role."""
    if request.endpoint is None:
        return None
    access = access_of(request.endpoint)
    if access is None:
        abort(403)
    if access.public_because and request.endpoint in _OPEN_WITH_TEMPORARY_PASSWORD:
        return None
    who = current_user._get_current_object()  # noqa: SLF001 - asked once, since every question costs
    if not access.public_because and not who.is_authenticated:
        return _to_the_door(access.roles)
    if not access.public_because and who.role not in access.roles:
        abort(403)
    return _to_what_comes_first(request.endpoint, who)


def _to_what_comes_first(endpoint: str, who: Any) -> ResponseReturnValue | None:
    """Send somebody with a temporary password, or without a second factor, to where that is put right."""
    if endpoint in _OPEN_WITH_TEMPORARY_PASSWORD or not who.is_authenticated:
        return None
    if who.must_change_password:
        page = BACK_OFFICE_PASSWORD if who.is_back_office else PHONE_PASSWORD
        return _lead_to("change_password", url_for(page))
    if _lacks_second_factor(who) and endpoint not in _OPEN_WITHOUT_SECOND_FACTOR:
        return _lead_to("set_up_second_factor", url_for(SECOND_FACTOR))
    return None


def _lacks_second_factor(who: Account) -> bool:
    is_required = current_app.extensions["settings"].require_second_factor and who.is_back_office
    return is_required and not who.has_second_factor


def _lead_to(what: str, page: str) -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return jsonify({what: page}), 403
    return redirect(page)


def _to_the_door(roles: frozenset[Role]) -> ResponseReturnValue:
    """Send a stranger to the door for those who may use the page, and from there back to it."""
    door = PHONE_DOOR
    if roles <= BACK_OFFICE:
        door = BACK_OFFICE_DOOR
    elif roles <= PHONE_STAFF:
        door = PHONE_STAFF_DOOR
    if request.accept_mimetypes.best == "application/json":
        return jsonify(sign_in=url_for(door)), 401
    came_for = shown_address() if request.method == "GET" else ""
    return redirect(url_for(door, next=came_for or None))


def is_safe_next(target: str | None) -> bool:
    """Say whether a `next` address stays on this server: a path, and nothing that browsers bend into more."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return False
    return not any(ord(c) < 33 or c == "\\" for c in target)


def init_access(app: Flask) -> None:
    """Ask every request before its view runs."""
    app.before_request(_require_access)
