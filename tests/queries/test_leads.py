"""What lists show: status without any job, search, counts and scope."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Account, Collision, Lead
from lead_system.queries.lead_counts import tab_counts
from lead_system.queries.leads import LeadSearch, status_expression
from lead_system.queries.listed_leads import holders_of, leads_found
from lead_system.queries.one_lead import get_lead, get_own_lead, leads_of_same_customer
from lead_system.queries.scope import visible_collisions
from tests.support.cast import OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.refusals import refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]


@pytest.fixture
def found(cast: Cast) -> Callable[..., list[int]]:
    """Finds the numbers of the leads that somebody's search shows."""

    def find(who: str = "director", **search: object) -> list[int]:
        with cast.app.app_context():
            actor = db.session.get_one(Account, cast.ids[who])
            rows = db.session.scalars(leads_found(actor, LeadSearch(**search), now()))  # type: ignore[arg-type]
            return sorted(lead.id for lead in rows)

    return find


def counts(cast: Cast, who: str = "director") -> dict[str, int]:
    with cast.app.app_context():
        actor = db.session.get_one(Account, cast.ids[who])
        return {tab.value if tab else "all": n for tab, n in tab_counts(actor, LeadSearch(), now()).items()}


@pytest.mark.parametrize(("seconds", "status"), [(-1, "bound"), (0, "expired"), (1, "expired")])
def test_every_reader_agrees_at_the_boundary_second_without_any_job(
    cast: Cast, clock: StoppedClock, found: Callable[..., list[int]], seconds: int, status: str
) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    clock.forward(timedelta(days=30, seconds=seconds))
    other = "bound" if status == "expired" else "expired"

    with cast.app.app_context():
        assert db.session.scalar(db.select(status_expression(now())).where(Lead.id == lead_id)) == status
    assert cast.status(lead_id) == status
    assert (found(status=LeadStatus(status)), found(status=LeadStatus(other))) == ([lead_id], [])
    assert (counts(cast)[status], counts(cast)[other]) == (1, 0)


def test_counts_of_the_tabs_are_the_rows_behind_them(
    cast: Cast, clock: StoppedClock, found: Callable[..., list[int]]
) -> None:
    for number in range(6):
        lead_id = cast.enters("fang", ("欧阳", chr(0x4E00 + number), f"138000{number}"), reports=number > 0)
        if number > 1:
            cast.scans("feng", lead_id)
        if number == 5:
            cast.deals("director", lead_id, shanghai_day(now()))
        clock.forward(timedelta(days=20 if number == 3 else 0))
    clock.forward(timedelta(days=10))

    shown = {
        status: len(found(status=LeadStatus(status)))
        for status in ("entered", "reported", "bound", "expired", "dealt")
    }

    assert shown == {"entered": 1, "reported": 1, "bound": 1, "expired": 2, "dealt": 1}
    assert counts(cast) == {"all": 6} | shown


@pytest.mark.parametrize(
    ("search", "hits"),
    [
        ({"name": "欧阳"}, {"ouyang", "ke"}),
        ({"name": "阳锋"}, {"ouyang"}),
        ({"name": "欧阳 锋"}, {"ouyang"}),
        ({"name": "%"}, set()),
        ({"name": "_"}, set()),
        ({"phone": "138"}, {"ouyang", "huang"}),
        ({"phone": "5678"}, {"ouyang"}),
        ({"phone": "138****5678"}, {"ouyang"}),
        ({"phone": "1385678"}, {"ouyang"}),
        ({"phone": "85"}, set()),
        ({"phone": "1994321"}, {"ouyang"}),
        ({"phone": "4321"}, {"ouyang", "ke"}),
        ({"broker_name": "王"}, {"ouyang", "huang"}),
        ({"broker_name": "李强"}, {"ke"}),
        ({"broker_phone": "1350002"}, {"ke"}),
        ({"brokerage": "百川"}, {"ke"}),
        ({"consultant": "明哲"}, {"huang"}),
        ({"anything": "黄"}, {"huang"}),
        ({"name": "欧阳", "brokerage": "安家"}, {"ouyang"}),
    ],
)
def test_search_finds_parts_and_only_them(
    cast: Cast, found: Callable[..., list[int]], search: dict[str, str], hits: set[str]
) -> None:
    numbers = {
        "ouyang": cast.enters("fang", OUYANG, "1994321"),
        "ke": cast.enters("qiang", ("欧阳", "克", "1394321")),
        "huang": cast.enters("fang", ("黄", "蓉", "1380000"), reports=True),
    }
    cast.scans("feng", numbers["huang"], "ming")

    assert {name for name, number in numbers.items() if number in found(**search)} == hits


@pytest.mark.parametrize(
    ("text", "finds"),
    [("1", True), (" 1 ", True), ("2", False), ("x", False), ("9" * 40, False), ("9" * 5000, False)],
)
def test_number_is_found_whole(
    cast: Cast, found: Callable[..., list[int]], text: str, *, finds: bool
) -> None:
    lead_id = cast.enters("fang")

    assert found(number=text) == ([lead_id] if finds else [])


def test_each_role_sees_its_own_scope(cast: Cast, found: Callable[..., list[int]]) -> None:
    fangs, qiangs, weis = (
        cast.enters("fang", reports=True),
        cast.enters("qiang", reports=True),
        cast.enters("wei"),
    )
    cast.scans("feng", fangs, "xin")
    cast.views("ming", fangs)

    everything = sorted([fangs, qiangs, weis])
    assert (found("fang"), found("qiang"), found("wei")) == ([fangs], [qiangs], [weis])
    assert (found("xin"), found("ming"), found("feng")) == ([fangs], [fangs], [])
    assert found("secretary") == found("director") == found("admin") == everything


def test_resident_reads_what_was_entered_for_a_colleague_while_both_are_there(
    cast: Cast, found: Callable[..., list[int]]
) -> None:
    lead_id = cast.enters("fang")
    with cast.app.app_context():
        db.session.get_one(Lead, lead_id).entered_by_id = cast.ids["wei"]
        db.session.commit()
    assert found("wei") == [lead_id]

    cast.change("wei", brokerage_id=2)

    assert found("wei") == []


def test_anothers_lead_does_not_exist(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    with cast.app.app_context():
        qiang = db.session.get_one(Account, cast.ids["qiang"])
        with refused("not_found"):
            get_lead(qiang, lead_id)
        with refused("not_found"):
            get_own_lead(qiang, lead_id)
        with refused("not_found"):
            get_lead(qiang, 999)


def test_mark_of_the_holder_is_on_the_others_and_not_on_the_holders_own_lead(cast: Cast) -> None:
    held, wanted = cast.enters("fang", reports=True), cast.enters("qiang", OUYANG, "1394321")
    stranger = cast.enters("qiang", ("欧阳", "克", "1385678"))
    cast.scans("feng", held)

    with cast.app.app_context():
        marks = holders_of([held, wanted, stranger], now())

    assert marks == {wanted: [(held, cast.account("fang", "name"))]}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("1385678", ""), ("1385678", ""), True),
        (("1385678", "1394321"), ("1394321", ""), True),
        (("1385678", ""), ("1592233", "1385678"), True),
        (("1385678", "1394321"), ("1394321", "1385678"), True),
        (("1385678", "1394321"), ("1592233", "1869900"), False),
    ],
)
def test_same_name_is_the_same_customer_when_any_phone_is_shared(
    cast: Cast, one: tuple[str, str], other: tuple[str, str], *, same: bool
) -> None:
    mine = cast.enters("fang", ("欧阳", "锋", one[0]), one[1])
    theirs = cast.enters("qiang", ("欧", "阳锋", other[0]), other[1])
    cast.enters("wei", ("欧阳", "克", one[0]), one[1])

    with cast.app.app_context():
        twins = leads_of_same_customer(db.session.get_one(Lead, mine))
        assert [lead.id for lead in twins] == ([theirs] if same else [])


def test_another_person_of_that_name_and_number_is_another_customer(cast: Cast) -> None:
    mine, theirs = cast.enters("fang"), cast.enters("qiang")
    cast.tells_apart("director", theirs)

    with cast.app.app_context():
        assert leads_of_same_customer(db.session.get_one(Lead, mine)) == []


def test_mark_of_the_holder_goes_with_the_hold(cast: Cast, clock: StoppedClock) -> None:
    held, wanted = cast.enters("fang", reports=True), cast.enters("qiang")
    cast.scans("feng", held)
    clock.forward(timedelta(days=30))

    with cast.app.app_context():
        assert holders_of([wanted], now()) == {}


def test_secretary_sees_no_collisions(cast: Cast) -> None:
    held = cast.enters("fang", reports=True)
    cast.scans("feng", held)
    cast.enters("qiang")

    with cast.app.app_context():
        people = {who: db.session.get_one(Account, cast.ids[who]) for who in ("secretary", "director")}
        seen = {
            who: len(db.session.scalars(db.select(Collision).where(visible_collisions(person))).all())
            for who, person in people.items()
        }
    assert seen == {"secretary": 0, "director": 1}
