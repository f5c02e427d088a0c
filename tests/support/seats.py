"""Sign-ins of the cast that last as long as a test needs; how they end is what the tests of sign-ins ask.

Tests move the clock by months, which no sign-in would outlive: these begin so late that none is ever over.
"""

from datetime import datetime
from hashlib import sha256

from lead_system.extensions import db
from lead_system.models import Account, SignIn

LATE = datetime.fromisoformat("2190-01-01T00:00:00+00:00")


def token_of(who: str) -> str:
    """The token of the seat that somebody of the cast has from the beginning."""
    return f"the seat of {who}"


def take_seat(account: Account, token: str) -> None:
    """Sign somebody in under a token, unless that is taken; whoever has it in their session is them."""
    token_hash = sha256(token.encode()).hexdigest()
    if db.session.scalar(db.select(SignIn.id).filter_by(token_hash=token_hash)):
        return
    db.session.add(
        SignIn(
            account_id=account.id, token_hash=token_hash, browser="",
            generation=account.session_generation, began_at=LATE, seen_at=LATE, confirmed_at=LATE,
        )
    )  # fmt: skip
    db.session.commit()
