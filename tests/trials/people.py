"""People who speak HTTP to a running server: they sign in by its pages and send its forms."""

import secrets
import ssl
import time
from dataclasses import dataclass

import httpx

from tests.support.cast import AGENTS, PASSWORD, STAFF, VISITOR, Cast
from tests.support.html import Page

WAITS_SECONDS = 60
KEEPS_SECONDS = 1
"""How long an idle connection is used again: less than the server keeps one, or a form might meet its end."""

Fields = dict[str, str | list[str]]
Files = dict[str, tuple[str, bytes, str]]
OFFICE = frozenset({"secretary", "director", "admin"})
_PHONES = {who: phone for who, _, _, phone, _ in AGENTS} | {"hong": VISITOR["phone"]}
_LOGINS = {who: login for who, _, _, _, login in STAFF}


@dataclass(frozen=True)
class Answer:
    """What the server answered, and when the request was in flight by this machine's clock, in seconds."""

    status: int
    location: str
    text: str
    started: float
    ended: float

    @property
    def is_done(self) -> bool:
        """Whether the request was acknowledged: a form that was carried out leads on to another page."""
        return 300 <= self.status < 400

    @property
    def is_refused(self) -> bool:
        """Whether it was refused in words."""
        return 400 <= self.status < 500

    @property
    def number(self) -> int:
        """The number at the end of the address that it leads on to, 0 where there is none."""
        end = self.location.rstrip("/").rpartition("/")[2]
        return int(end) if end.isdigit() else 0


class Person:
    """Somebody's browser without a screen; several threads may send with it at once."""

    def __init__(self, url: str, *, trusts: ssl.SSLContext | bool = True) -> None:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=8, keepalive_expiry=KEEPS_SECONDS
        )
        self._client = httpx.Client(
            base_url=url, timeout=WAITS_SECONDS, limits=limits, trust_env=False, verify=trusts
        )
        self.token = ""

    def get(self, address: str) -> Answer:
        """Fetch a page."""
        return self._ask("GET", address, {})

    def post(
        self, address: str, request_id: str = "", *, files: Files | None = None, **fields: object
    ) -> Answer:
        """Send a form, under an id of its own unless one is given; a list is sent as one field many times.

        Raises:
            httpx.TransportError: no answer came, and nobody knows what became of the request.
        """
        sent: Fields = {"csrf_token": self.token, "request_id": request_id or new_id()}
        sent |= {name: _typed(value) for name, value in fields.items()}
        return self._ask("POST", address, sent, files)

    def leave(self) -> None:
        """Close the browser."""
        self._client.close()

    def _ask(self, method: str, address: str, sent: Fields, files: Files | None = None) -> Answer:
        started = time.monotonic()
        answer = self._client.request(method, address, data=sent or None, files=files)
        location = answer.headers.get("location", "")
        return Answer(answer.status_code, location, answer.text, started, time.monotonic())


def _typed(value: object) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


def new_id() -> str:
    """Draw a request id, as a page does."""
    return secrets.token_urlsafe(16)


def sign_in(url: str, cast: Cast, who: str, *, trusts: ssl.SSLContext | bool = True) -> Person:
    """Let somebody of the cast sign in by the door of their role; the token is that of all their forms."""
    person = Person(url, trusts=trusts)
    if who in _LOGINS:
        _by_password(person, who)
    else:
        _by_code(person, _PHONES.get(who) or cast.account(who, "phone"))
    home = person.get("/admin/password" if who in OFFICE else "/m/me")
    assert home.status == 200, f"{who} was not let in: {home}"
    person.token = Page(home.text).csrf_token
    return person


def _by_password(person: Person, who: str) -> None:
    door = "/admin/sign-in" if who in OFFICE else "/m/staff/sign-in"
    person.token = Page(person.get(door).text).csrf_token
    person.post(door, login=_LOGINS[who], password=PASSWORD)


def _by_code(person: Person, phone: str) -> None:
    """Ask for a code, which the demonstration shows on the page, and type it."""
    person.token = Page(person.get("/m/sign-in").text).csrf_token
    sent = person.post("/m/sign-in", phone=phone)
    page = Page(person.get(sent.location).text)
    code = next(element.text for element in page.walk() if element.has("data-shown-code"))
    person.post(sent.location, code=code)
