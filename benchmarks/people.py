"""People of the benchmark's databases, who sign in at our server by its own pages."""

import re
import secrets
from itertools import count

import httpx

from benchmarks.fill import PASSWORD
from benchmarks.load import BROWSER
from benchmarks.sms import Provider

ADMIN, DIRECTOR, SECRETARY = "admin-1", "director-2", "secretary-5"
GATES = tuple(f"gate-{n}" for n in range(21, 27))
CONSULTANTS = tuple(f"consultant-{n}" for n in range(31, 51))
CONSULTANT_IDS = tuple(range(31, 51))
OFFICE = (ADMIN, *(f"director-{n}" for n in range(2, 5)), *(f"secretary-{n}" for n in range(5, 21)))
"""Account names; everybody's password is `fill.PASSWORD`, and the number is that of the account."""

_addresses = count(1)
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def broker_phone(account_id: int) -> str:
    """Return the phone by which the broker of an account signs in: 101 is the busiest of 2 000."""
    return f"135{account_id - 100:08d}"


class NotLetIn(Exception):
    """Somebody could not sign in, and so nothing can be measured."""


class Person:
    """Somebody's browser: `cookie` for the load, `post` for what changes something."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.token = ""
        # As nginx says where a request comes from: everybody from an address of their own.
        number = next(_addresses)
        self.headers = BROWSER | {
            "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        }
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=120, headers=self.headers, trust_env=False
        )

    @property
    def cookie(self) -> str:
        """The header by which the server knows who asks."""
        return "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())

    def get(self, path: str) -> httpx.Response:
        """Fetch a page, and remember the token of its forms."""
        answer = self._client.get(path)
        if found := _TOKEN.search(answer.text):
            self.token = found.group(1)
        return answer

    def post(self, path: str, request_id: str = "", **fields: object) -> httpx.Response:
        """Send a form with the token of the last page, under an id of its own unless one is given."""
        sent = {"csrf_token": self.token, "request_id": request_id or secrets.token_urlsafe(16)}
        return self._client.post(path, data=sent | {name: str(value) for name, value in fields.items()})

    def close(self) -> None:
        """Close the browser."""
        self._client.close()


def sign_in_office(port: int, login: str) -> Person:
    """Sign somebody of the back office in."""
    return _by_password(port, login, door="/admin/sign-in", home="/admin/password")


def sign_in_phone_staff(port: int, login: str) -> Person:
    """Sign somebody in who stands at the gate, or a consultant."""
    return _by_password(port, login, door="/m/staff/sign-in", home="/m/me")


def sign_in_broker(port: int, account_id: int, provider: Provider) -> Person:
    """Sign a broker in with the code that the provider was given for their phone."""
    person, phone = Person(port), broker_phone(account_id)
    person.get("/m/sign-in")
    sent = person.post("/m/sign-in", phone=phone)
    if sent.status_code != 302:
        raise NotLetIn(f"{phone}: HTTP {sent.status_code}, no code was sent; was one sent a minute ago?")
    person.get(sent.headers["location"])
    person.post(sent.headers["location"], code=provider.codes[phone])
    return _require_home(person, "/m/me", phone)


def _by_password(port: int, login: str, *, door: str, home: str) -> Person:
    person = Person(port)
    person.get(door)
    person.post(door, login=login, password=PASSWORD)
    return _require_home(person, home, login)


def _require_home(person: Person, home: str, who: str) -> Person:
    answer = person.get(home)
    if answer.status_code != 200:
        raise NotLetIn(f"{who}: HTTP {answer.status_code} at {home}")
    return person
