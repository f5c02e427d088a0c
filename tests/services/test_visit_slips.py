"""带看确认单: the facts of a visit as they were, and a paper that is known again whatever came later."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, GateScan
from lead_system.services.anonymising import anonymise_lead
from lead_system.services.protection import change_protection
from lead_system.services.transaction import atomic
from lead_system.services.visit_slips import VisitSlip, check_slip, visit_slip
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.evidence import RIVALS_SECRET, secret_of
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
CHEN = ("陈", "静", "1390001")


def slip(cast: Cast, number: int, who: str = "director") -> VisitSlip:
    with cast.app.app_context():
        return visit_slip(db.session.get_one(Account, cast.ids[who]), number, secret=secret_of(cast))


def is_ours(cast: Cast, number: object, code: str, secret: str = "") -> bool:
    """Say whether a paper is known again; the only refusal is the one of all papers that are not."""
    refusals: list[str] = []
    with cast.app.app_context():
        try:
            check_slip(str(number), code, secret=secret or secret_of(cast))
        except Refused as refusal:
            refusals.append(refusal.code.value)
    assert refusals in ([], ["slip_not_ours"])
    return not refusals


@pytest.fixture
def lead(cast: Cast) -> int:
    """Fang's customer, bound on 2 March at ten by a scan of Feng's; the scan is slip 1."""
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id, "xin")
    return lead_id


def test_a_scan_that_binds_says_so_with_the_protection_that_it_began(cast: Cast, lead: int) -> None:
    facts = slip(cast, 1).facts

    assert (facts.number, facts.lead_id, facts.scanned_at) == (1, lead, MONDAY_TEN)
    assert (facts.broker_id, facts.gate_id) == (cast.ids["fang"], cast.ids["feng"])
    assert facts.consultant_id == cast.ids["xin"]
    assert facts.brokerage_id == cast.account("fang", "brokerage_id")
    assert facts.protected_until == MONDAY_TEN + timedelta(days=30)


def test_another_visit_has_a_slip_of_its_own_and_begins_no_protection(
    cast: Cast, clock: StoppedClock, lead: int
) -> None:
    clock.forward(timedelta(days=2))
    cast.scans("lu", lead, "ming")

    first, second = slip(cast, 1), slip(cast, 2)

    assert (second.facts.gate_id, second.facts.consultant_id) == (cast.ids["lu"], cast.ids["ming"])
    assert (first.facts.has_bound, second.facts.has_bound) == (True, False)
    assert first.code != second.code
    assert not is_ours(cast, 1, second.code)
    assert not is_ours(cast, 2, first.code)


def test_a_second_binding_of_the_same_lead_has_its_own_end(
    cast: Cast, clock: StoppedClock, lead: int
) -> None:
    clock.forward(timedelta(days=40))
    cast.reports("fang", lead)
    cast.scans("feng", lead)

    assert slip(cast, 1).facts.protected_until == MONDAY_TEN + timedelta(days=30)
    assert slip(cast, 2).facts.protected_until == MONDAY_TEN + timedelta(days=70)


@pytest.mark.parametrize("who", ["secretary", "director", "admin", "feng"])
def test_whoever_may_see_the_visit_has_its_slip_with_the_same_code(cast: Cast, lead: int, who: str) -> None:
    assert slip(cast, 1, who).code == slip(cast, 1, "lu").code


@pytest.mark.parametrize("who", ["fang", "qiang", "wei", "xin"])
def test_for_everybody_else_there_is_none(cast: Cast, lead: int, who: str) -> None:
    with refused("not_found"):
        slip(cast, 1, who)


def test_making_and_checking_write_nothing(cast: Cast, lead: int) -> None:
    with nothing_written(cast.app):
        code = slip(cast, 1).code
        assert is_ours(cast, 1, code)
        assert not is_ours(cast, 1, "aaaaa-aaaaa-aaaaa")


@pytest.mark.parametrize("number", ["0", "2", "999999", "", "x", "1.0", "2147483648", "99999999999999999999"])
def test_a_number_that_no_slip_has_is_refused_like_a_wrong_code(cast: Cast, lead: int, number: str) -> None:
    code = slip(cast, 1).code

    with cast.app.app_context(), refused("slip_not_ours"):
        check_slip(number, code, secret=secret_of(cast))


def test_another_installation_knows_no_slip_of_ours(cast: Cast, lead: int) -> None:
    code = slip(cast, 1).code

    assert is_ours(cast, " １ ", code.upper().replace("-", " ")) is True
    assert not is_ours(cast, 1, code, RIVALS_SECRET)


def test_what_may_lawfully_change_leaves_the_paper_genuine(
    cast: Cast, clock: StoppedClock, lead: int
) -> None:
    """Extension, settings, rebind, names, another brokerage, archiving and anonymising."""
    paper = slip(cast, 1)
    clock.forward(timedelta(days=1))
    cast.extends("director", lead, 5)
    with cast.app.app_context():
        change_protection(cast.as_("admin"), days=20, also_running=True, version=1, now=now())
    cast.rebinds("director", lead, "qiang")
    cast.change_brokerage_of("fang", name="安家置业二部")
    cast.change("fang", brokerage_id=cast.account("qiang", "brokerage_id"), name="王芳芳")
    cast.archives("xin")
    assert is_ours(cast, 1, paper.code)
    assert slip(cast, 1).facts == paper.facts

    clock.forward(timedelta(days=400))
    with cast.app.app_context():
        version = cast.read(lead, "version")
        anonymise_lead(cast.as_("admin"), lead_id=lead, version=version, reason="客户要求", now=now())

    assert cast.read(lead, "surname") == ""
    assert is_ours(cast, 1, paper.code)
    assert slip(cast, 1).code == paper.code


ROWS_CHANGED = [
    {"broker_id": "qiang"},
    {"consultant_id": "ming"},
    {"gate_id": "lu"},
    {"brokerage_id": "百川地产"},
    {"brokerage_id": None},
    {"scanned_at": MONDAY_TEN + timedelta(seconds=1)},
    {"lead_id": "other"},
]


@pytest.mark.parametrize("change", ROWS_CHANGED, ids=str)
def test_a_row_that_somebody_rewrote_contradicts_the_paper(
    cast: Cast, lead: int, change: dict[str, object]
) -> None:
    paper, other = slip(cast, 1), cast.enters("qiang", CHEN, reports=True)
    with cast.app.app_context():
        companies = {one.name: one.id for one in db.session.query(Brokerage)}
        known = {**cast.ids, **companies, "other": other}
        values = {name: known.get(str(value), value) for name, value in change.items()}
        atomic(lambda: db.session.execute(update(GateScan).where(GateScan.id == 1).values(**values)))

    assert not is_ours(cast, 1, paper.code)
