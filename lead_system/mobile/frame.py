"""What every phone page shares: where an account is at home, the bottom bar, refusals and page numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import AGENTS, Role
from lead_system.models import Account
from lead_system.queries.follow_ups import count_due
from lead_system.web.addresses import address_has_number
from lead_system.web.caller import signed_in
from lead_system.web.sentences import sentence

Choice = TypeVar("Choice", bound=StrEnum)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]
"""What a view may return."""

ROWS = 20
"""Rows of one page of a list, about five screens of a small phone."""

BARS: dict[Role, tuple[tuple[str, Any, str], ...]] = {
    Role.BROKER: (
        ("mobile.project.home", _l("Home"), "home"),
        ("mobile.broker.customers", _l("Customers"), "customers"),
        ("mobile.profile.me", _l("Me"), "me"),
    ),
    Role.VISITOR: (
        ("mobile.visitor.home", _l("Home"), "home"),
        ("mobile.visitor.code", _l("My code"), "code"),
        ("mobile.profile.me", _l("Me"), "me"),
    ),
    Role.GATE: (
        ("mobile.gate.scan_page", _l("Scan"), "scan"),
        ("mobile.gate.scans", _l("Scan records"), "records"),
        ("mobile.profile.me", _l("Me"), "me"),
    ),
    Role.CONSULTANT: (
        ("mobile.consultant.scan_page", _l("Scan"), "scan"),
        ("mobile.consultant.viewings", _l("Viewings"), "records"),
        ("mobile.profile.me", _l("Me"), "me"),
    ),
}
BARS[Role.RESIDENT] = BARS[Role.BROKER]
"""The bottom bar of each role: page, word and drawing; the first page is the role's home."""

OPEN_WITHOUT_PROFILE = frozenset(
    {
        "mobile.own.avatar",
        "mobile.privacy.notice",
        "mobile.profile.complete",
        "mobile.profile.standing",
        "mobile.sign_in.sign_out",
        "mobile.visitor.begin",
    }
)
"""The only phone pages for an agent whose profile is incomplete or not approved (manual 1.2-7, 5.1-4)."""


@dataclass(frozen=True)
class BarEntry:
    """One entry of the bottom bar."""

    url: str
    name: Any
    icon: str
    is_here: bool
    count: int = 0
    """What waits there to be done; shown where it is any."""


def bottom_bar() -> dict[str, Any]:
    """Give every phone page the bottom bar of whoever is signed in; nobody's is empty."""
    is_in = current_user.is_authenticated and is_let_in(current_user)
    is_in = is_in and not current_user.must_change_password
    bar = BARS.get(current_user.role, ()) if is_in else ()
    entries = [
        BarEntry(url_for(endpoint), name, icon, _is_within(endpoint), _waiting_at(endpoint))
        for endpoint, name, icon in bar
    ]
    return {"bottom_bar": entries}


def _waiting_at(endpoint: str) -> int:
    """Return how much waits on a page of the bar: a consultant's follow-ups whose day has come."""
    if endpoint != "mobile.consultant.viewings":
        return 0
    return count_due(signed_in(), shanghai_day(now()))


def _is_within(endpoint: str) -> bool:
    """Say whether the present page is the entry's page or lies below it in the address."""
    address = url_for(endpoint)
    others = {url_for(other) for bar in BARS.values() for other, _, _ in bar}
    nearest = max((a for a in others if (request.path + "/").startswith(a + "/")), key=len, default="")
    return address == nearest


def is_let_in(account: Account) -> bool:
    """Say whether an account's profile and approval are in order; always true for staff."""
    return not account.is_agent or (account.has_profile and account.is_approved)


def home_of(account: Account) -> str:
    """Return the address where an account lands after signing in."""
    if account.is_back_office:
        return url_for("admin.index")
    if not is_let_in(account):
        return url_for("mobile.profile.standing" if account.has_profile else "mobile.profile.complete")
    return url_for(BARS[account.role][0][0])


def send_to_unfinished_profile() -> Response | None:
    """Let nothing else open before an agent's profile is complete and a resident approved."""
    who = current_user._get_current_object()  # noqa: SLF001 - asked once, since every question costs
    if not who.is_authenticated or who.role not in AGENTS or is_let_in(who):
        return None
    return None if request.endpoint in OPEN_WITHOUT_PROFILE else redirect(home_of(who))


def refuse_whole_numbers() -> None:
    """Refuse an address with somebody's whole number in it, so that no search keeps or shows one (R1)."""
    if address_has_number():
        raise Refused(RefusalCode.PHONE_FULL_NUMBER)


def chosen(argument: str, choices: Iterable[Choice]) -> Choice | None:
    """Return which of the choices the address names; None where it names none.

    Raises:
        Refused: NOT_FOUND for a choice that does not exist.
    """
    name = request.args.get(argument, "")
    if not name:
        return None
    for choice in choices:
        if choice.value == name:
            return choice
    raise Refused(RefusalCode.NOT_FOUND)


def page_number() -> int:
    """Return the page that a list is asked for, from 1.

    Raises:
        Refused: NOT_FOUND for anything that is no page number.
    """
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Refused(RefusalCode.NOT_FOUND)
    return int(text)


def same_page(number: int) -> str:
    """Return the address of another page of the present list, with its search."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if value and name != "page"]
    return f"{request.path}?{urlencode([*kept, ('page', number)])}"


def refusal_page(refused: Refused, **more: Any) -> tuple[str, int]:
    """Return the red page that says why something was not done, and what to do next."""
    page = render_template("mobile/refused.html", sentence=sentence(refused), **more)
    return page, refused.http_status
