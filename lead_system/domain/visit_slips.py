"""带看确认单: what the verification code of a visit slip vouches for, and how it is made (decision 41).

The code covers what was fixed when the gate confirmed the visit. Names and digits are not in it: they may
lawfully be corrected, replaced by a rebind or anonymised, and the paper stays genuine. Nor could they be: of
seven digits one can try all, so who has the secret would find in a code the digits that were deleted.
"""

import hashlib
import hmac
from dataclasses import asdict, dataclass
from datetime import datetime

from lead_system.domain.chain import canonical, moment_text
from lead_system.domain.signs import spelled, typed_signs

SIGNS_OF_A_CODE = 15
"""74 bits, while a browser may try thirty times a minute: nobody finds a code."""

_FORM = "visit slip 1"
"""What the text is about, and in which form; other facts or another spelling need another number."""

_PURPOSE = b"lead_system: codes of visit slips"


@dataclass(frozen=True)
class SlipFacts:
    """What was fixed at a confirmed scan: its number, which is the slip's, and who and what it was about.

    `brokerage_id` is the broker's brokerage then, None without one. `protected_until` is the end of the
    protection as this scan began it, which then began at `scanned_at`; None where it began none.
    """

    number: int
    lead_id: int
    scanned_at: datetime
    broker_id: int
    brokerage_id: int | None
    consultant_id: int
    gate_id: int
    protected_until: datetime | None

    @property
    def has_bound(self) -> bool:
        """Whether the scan bound the customer, rather than being another visit of the holder's."""
        return self.protected_until is not None


def key_of(secret: str) -> bytes:
    """Return the key of all codes of slips, derived from the server's secret for this purpose alone."""
    return hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()


def code_of(facts: SlipFacts, key: bytes) -> str:
    """Return the verification code of a slip, in signs without groups."""
    return spelled(hmac.new(key, _text_of(facts), hashlib.sha256).digest(), SIGNS_OF_A_CODE)


def is_code_of(facts: SlipFacts, typed: str, key: bytes) -> bool:
    """Whether what was typed is the code of a slip; it takes the same time, however much of it is right."""
    return hmac.compare_digest(code_of(facts, key).encode(), typed_signs(typed).encode())


def _text_of(facts: SlipFacts) -> bytes:
    """Return the one spelling of the facts."""
    moments = {"scanned_at": moment_text(facts.scanned_at), "protected_until": None}
    if facts.protected_until is not None:
        moments["protected_until"] = moment_text(facts.protected_until)
    return canonical({"form": _FORM, **asdict(facts), **moments})
