"""Where tries to sign in come from."""

from typing import TypedDict

from lead_system.domain.guessing import Origin
from tests.support.databases import SECRET_KEY

ADDRESS = "203.0.113.7"


class From(TypedDict):
    """What signing in with a password is told beside name, password and door."""

    origin: Origin
    secret: str


FROM_A_STRANGER: From = {"origin": Origin(ADDRESS, {}), "secret": SECRET_KEY}
