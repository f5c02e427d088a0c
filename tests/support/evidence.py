"""A small evidence file that needs no database, and ways to change one after it was signed."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from lead_system.clock import now
from lead_system.domain.chain import NOTHING, canonical, linked, payload_hash
from lead_system.domain.evidence_file import EVIDENCE, pack, unpack
from lead_system.extensions import db
from lead_system.models import Lead
from lead_system.services.evidence import ask_for_evidence, sealed
from lead_system.services.evidence_check import EvidenceCheck, check_evidence
from lead_system.services.signing import is_ours, public_key_of
from lead_system.services.transaction import Caller
from lead_system.web.evidence import evidence_file
from tests.support.cast import Cast

SECRET = "the secret of the sales centre, 32 characters"
RIVALS_SECRET = "the secret of somebody else, 32 characters"
SITE = "https://sales.example.com"
PAPER = b"%PDF-1.4 a paper of a few bytes"

LIFE = ("enter_lead", "report_lead", "bind_by_scan", "make_evidence")
"""What happened to the lead of the small file, in this order."""

WITH_PAYLOAD = frozenset({"enter_lead", "report_lead", "collision_handled"})


def records_of(chain: str, actions: Sequence[str], first_id: int) -> list[dict[str, Any]]:
    """Return linked records of a chain, those named in WITH_PAYLOAD with a payload."""
    records, before = [], NOTHING
    for place, action in enumerate(actions, 1):
        salt, values = f"salt{first_id}{place}", {"note": "再约", "place": place}
        vouched = payload_hash(salt, values) if action in WITH_PAYLOAD else None
        said = {
            "action": action, "actor": 7, "at": f"2026-03-02T06:05:0{place}.000000Z", "chain": chain,
            "changes": {"place": place}, "lead": 12, "payload": vouched, "role": "gate",
        }  # fmt: skip
        before = linked(before, hashlib.sha256(canonical(said)).hexdigest())
        kept = {"salt": salt, "values": values} if vouched else None
        record = {"id": first_id + place, "position": place, "said": said, "hash": before, "payload": kept}
        records.append(record)
    return records


def chain_of(chain: str, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a chain as the file has it."""
    ends_at = {"position": records[-1]["position"], "hash": records[-1]["hash"]}
    return {"chain": chain, "ends_at": ends_at, "records": list(records)}


def small_content() -> dict[str, Any]:
    """Return what a small file says: a lead with a life, and one collision."""
    chains = [
        chain_of("lead:12", records_of("lead:12", LIFE, 100)),
        chain_of("collision:3", records_of("collision:3", ("collision_entered", "collision_handled"), 200)),
    ]
    return {
        "format": "lead-evidence/1",
        "made_at": "2026-03-02T06:05:09.000000Z",
        "made_by": {"account": 10, "name": "秦越", "role": "director"},
        "site": SITE,
        "language": "zh-CN",
        "lead": 12,
        "leads": [{"number": 12, "broker": 1}],
        "chains": chains,
        "chain_names": ["lead:12", "collision:3"],
        "single_records": [],
        "names": {"people": {"7": "岳峰"}, "brokerages": {}},
        "periods": [],
        "steps": [],
        "checkpoint": None,
    }


def small_file(content: dict[str, Any] | None = None, *, secret: str = SECRET) -> bytes:
    """Return a genuine file of some content."""
    return sealed(content or small_content(), PAPER, secret)


def changed(file: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a file whose evidence.json was changed after it was signed, and packed as we pack."""
    contents = unpack(file)
    said = json.loads(contents[EVIDENCE])
    change(said)
    return pack({**contents, EVIDENCE: canonical(said)})


def checked(file: bytes) -> EvidenceCheck:
    """Check a file that SECRET should have signed."""
    return check_evidence(file, public_key_of(SECRET).__eq__)


# Evidence of the cast.


def dispute(cast: Cast) -> tuple[int, int]:
    """Fang's customer is bound, Qiang comes too late and is turned away; returns both numbers."""
    fangs = cast.enters("fang", reports=True)
    cast.scans("feng", fangs)
    cast.views("xin", fangs, "A")
    qiangs = cast.enters("qiang", reports=True)
    cast.scans("lu", qiangs)
    return fangs, qiangs


def take_evidence(cast: Cast, lead_id: int, who: str = "director", caller: Caller | None = None) -> bytes:
    """Let somebody take evidence about a lead's customer, in Chinese."""
    with cast.app.test_request_context("/"):
        asked = ask_for_evidence(caller or cast.as_(who), lead_id=lead_id, now=now())
        lead = db.session.get_one(Lead, lead_id)
        return evidence_file(lead, asked, site=SITE, verify_url=f"{SITE}/verify", secret=secret_of(cast))


def secret_of(cast: Cast) -> str:
    """Return the secret of the cast's server."""
    return str(cast.app.secret_key)


def said_in(file: bytes) -> dict[str, Any]:
    """Return what an evidence file says."""
    said: dict[str, Any] = json.loads(unpack(file)[EVIDENCE])
    return said


def checked_here(cast: Cast, file: bytes) -> EvidenceCheck:
    """Check a file as the cast's server does."""
    with cast.app.app_context():
        return check_evidence(file, lambda key: is_ours(key, secret_of(cast)))
