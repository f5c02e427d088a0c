"""带看确认单: the slip of one confirmed visit, and whether a paper that somebody holds is one of ours.

Nothing is written, for a slip or for a check: the code follows from the visit and the server's secret.
"""

from dataclasses import dataclass

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.signs import in_groups, typed_signs
from lead_system.domain.visit_slips import SlipFacts, code_of, is_code_of, key_of
from lead_system.extensions import db
from lead_system.models import Account, GateScan
from lead_system.queries.matching import find_row_number
from lead_system.queries.visits import find_end_begun_by, get_scan


@dataclass(frozen=True)
class VisitSlip:
    """What a slip says: the confirmed scan with the people in it, what was fixed then, and the code.

    Names and digits are read from the rows, so an anonymised customer has none on the next print either.
    """

    scan: GateScan
    facts: SlipFacts
    code: str


def visit_slip(actor: Account, scan_id: int, *, secret: str) -> VisitSlip:
    """Return the slip of a visit that somebody may see; the same visit has the same code each time.

    Raises:
        Refused: NOT_FOUND.
    """
    scan = get_scan(actor, scan_id)
    return _slip(scan, _facts(scan), secret)


def check_slip(number: str, code: str, *, secret: str) -> VisitSlip:
    """Return the slip of which somebody holds the paper and typed number and code.

    Whoever has both reads on the paper what is returned, so nobody need sign in.

    Raises:
        Refused: SLIP_NOT_OURS, the same for a wrong code and for a number that no slip has.
    """
    scan_id = find_row_number(typed_signs(number))
    scan = None if scan_id is None else db.session.get(GateScan, scan_id)
    facts = None if scan is None else _facts(scan)
    if scan is None or facts is None or not is_code_of(facts, code, key_of(secret)):
        raise Refused(RefusalCode.SLIP_NOT_OURS)
    return _slip(scan, facts, secret)


def _facts(scan: GateScan) -> SlipFacts:
    return SlipFacts(
        number=scan.id,
        lead_id=scan.lead_id,
        scanned_at=scan.scanned_at,
        broker_id=scan.broker_id,
        brokerage_id=scan.brokerage_id,
        consultant_id=scan.consultant_id,
        gate_id=scan.gate_id,
        protected_until=find_end_begun_by(scan),
    )


def _slip(scan: GateScan, facts: SlipFacts, secret: str) -> VisitSlip:
    return VisitSlip(scan, facts, in_groups(code_of(facts, key_of(secret))))
