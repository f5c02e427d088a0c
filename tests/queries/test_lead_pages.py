"""What pages of customers show is what going through all would find: rows, order, counts and limits."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lead_system.admin_views.leads import LeadsView
from lead_system.clock import now
from lead_system.domain.lifecycle import LeadStatus
from lead_system.extensions import db
from lead_system.models import Account, Lead
from lead_system.queries.lead_counts import count_leads, tab_counts
from lead_system.queries.leads import LeadSearch, with_people
from lead_system.queries.listed_leads import leads_found, newest_ids
from lead_system.queries.paging import Total, counted, ids_between, ids_of, one_page
from lead_system.queries.sorting import in_order, in_stretches
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.many import Row, add_leads, draw_leads, plain_lead

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

TABS = ("entered", "reported", "bound", "expired", "dealt")
ROWS = 240
SIZE = 7


def real_status(row: Row) -> str:
    """The status that R6 says, without any SQL."""
    has_ended = row["status"] == "bound" and row["protect_until"] <= now()
    return "expired" if has_ended else str(row["status"])


def listed(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["status"] != "withdrawn" and row["merged_into_id"] is None]


def has_name(part: str) -> Callable[[Row], bool]:
    return lambda row: row["anonymised_at"] is None and part in row["name_key"]


def shows(digits: str) -> Callable[[Row], bool]:
    return lambda row: digits == row["phone1"] or digits in row["phone1"][:3] or digits in row["phone1"][3:]


def nobody(_row: Row) -> bool:
    return False


@pytest.fixture(params=[1, 2])
def drawn(request: pytest.FixtureRequest, cast: Cast) -> list[Row]:
    rows = draw_leads(cast, ROWS, now(), seed=request.param)
    add_leads(cast, rows)
    return rows


def pages(stretches: Sequence[Any], total: Total) -> Iterator[int]:
    """Every id, page by page, each page asked for by itself."""
    for begin in range(0, int(total) + SIZE, SIZE):
        yield from ids_between(stretches, begin, begin + SIZE, total=total)


def director() -> Account:
    return db.session.scalars(select(Account).where(Account.login == "director")).one()


@pytest.mark.parametrize("tab", [None, *TABS])
def test_pages_and_counts_of_each_tab_are_those_of_going_through_all(
    cast: Cast, drawn: list[Row], tab: str | None
) -> None:
    fitting = [row["id"] for row in listed(drawn) if tab in {None, real_status(row)}]
    search = LeadSearch(status=LeadStatus(tab) if tab else None)

    with cast.app.app_context():
        counts = tab_counts(director(), search, now())
        assert counts[search.status] == len(fitting) == count_leads(director(), search, now())
        assert not counts[search.status].is_cut
        ids = list(pages([newest_ids(director(), search, now())], counts[search.status]))
        unknown = Total(1, is_cut=True)
        forwards = ids_between([newest_ids(director(), search, now())], 0, ROWS, total=unknown)

    assert ids == forwards == sorted(fitting, reverse=True)


@pytest.mark.parametrize(
    ("search", "fits"),
    [
        ({"name": "王"}, has_name("王")),
        ({"name": "王伟"}, has_name("王伟")),
        ({"name": "阳"}, has_name("阳")),
        ({"name": "欧 阳·伟"}, has_name("欧阳伟")),
        ({"name": "欧阳伟伟"}, has_name("欧阳伟伟")),
        ({"name": "伟欧"}, nobody),
        ({"name": "·"}, nobody),
        ({"name": "anonymised"}, nobody),
        ({"phone": "135"}, shows("135")),
        ({"phone": "13"}, shows("13")),
        ({"phone": "7"}, shows("7")),
        ({"phone": "12345"}, nobody),
        ({"broker_name": "王芳"}, None),
        ({"broker_phone": "13500010001"}, None),
        ({"brokerage": "安家", "name": "王"}, None),
        ({"consultant": "明哲"}, None),
    ],
)
def test_searches_find_what_reading_every_row_would(
    cast: Cast, drawn: list[Row], search: dict[str, str], fits: Callable[[Row], bool] | None
) -> None:
    ids = cast.ids
    of_people: dict[str, Callable[[Row], bool]] = {
        "broker_name": lambda row: row["broker_id"] == ids["fang"],
        "broker_phone": lambda row: row["broker_id"] == ids["fang"],
        "brokerage": lambda row: row["broker_id"] in {ids["fang"], ids["wei"]} and has_name("王")(row),
        "consultant": lambda row: row["consultant_id"] == ids["ming"],
    }
    fits = fits or of_people[next(iter(search))]
    fitting = [row for row in listed(drawn) if fits(row)]

    with cast.app.app_context():
        asked = with_people(LeadSearch(**search))  # type: ignore[arg-type]
        found = ids_between([newest_ids(director(), asked, now())], 0, ROWS, total=Total(1, is_cut=True))
        counts = tab_counts(director(), asked, now())

    assert found == sorted((row["id"] for row in fitting), reverse=True)
    assert counts == {None: len(fitting)} | {
        LeadStatus(tab): sum(real_status(row) == tab for row in fitting) for tab in TABS
    }


@pytest.mark.parametrize("name", ["王", "阳", "王伟"])
def test_counts_of_a_name_follow_every_change_of_its_customers(
    cast: Cast, drawn: list[Row], name: str
) -> None:
    """Status and end stand beside each part of a name: whatever becomes of a customer changes them there."""
    owners = ("id", "broker_id", "entered_by_id")
    others = draw_leads(cast, ROWS, now(), seed=3)
    changed = [
        new | {column: old[column] for column in owners} for old, new in zip(drawn, others, strict=True)
    ]
    keeps_its_name = {"surname", "given_name", "name_key", "anonymised_at"}

    with cast.app.app_context():
        for number, row in enumerate(changed):
            if number % 2 and row["anonymised_at"] == drawn[number]["anonymised_at"]:
                row |= {column: drawn[number][column] for column in keeps_its_name}
            db.session.execute(update(Lead).where(Lead.id == row["id"]).values(row))
        db.session.commit()
        counts = tab_counts(director(), LeadSearch(name=name), now())

    fitting = [row for row in listed(changed) if has_name(name)(row)]
    assert counts == {None: len(fitting)} | {
        LeadStatus(tab): sum(real_status(row) == tab for row in fitting) for tab in TABS
    }


@pytest.mark.parametrize(
    "column", [c for c in LeadsView.columns if c.order is not None], ids=lambda c: c.name
)
@pytest.mark.parametrize("is_descending", [False, True])
def test_a_sorted_list_is_the_same_read_from_either_end_and_in_an_export(
    cast: Cast, drawn: list[Row], column: Any, *, is_descending: bool
) -> None:
    with cast.app.app_context():
        found = leads_found(director(), LeadSearch(), now())
        whole = list(db.session.scalars(ids_of(in_order(found, column.order, is_descending=is_descending))))
        stretches = [ids_of(one) for one in in_stretches(found, column.order, is_descending=is_descending)]

        assert len(whole) == len(listed(drawn))
        assert list(pages(stretches, Total(len(whole)))) == whole
        assert ids_between(stretches, 0, ROWS, total=Total(1, is_cut=True)) == whole
        assert ids_between(stretches, ROWS // 2, ROWS, total=Total(1, is_cut=True)) == whole[ROWS // 2 :]


@pytest.mark.parametrize(
    ("rows", "shown", "is_cut"),
    [(9_999, "9 999", False), (10_000, "10 000", False), (10_001, "10 000+", True)],
)
def test_a_search_counts_up_to_ten_thousand_and_says_when_there_are_more(
    cast: Cast, rows: int, shown: str, *, is_cut: bool
) -> None:
    add_leads(cast, [plain_lead(cast, n, now()) for n in range(1, rows + 1)])

    with cast.app.app_context():
        search = LeadSearch(name="孙")
        total = tab_counts(director(), search, now())[None]
        in_tab = tab_counts(director(), search, now())[LeadStatus.ENTERED]
        assert counted(leads_found(director(), search, now())) == total == 10_000 - (rows < 10_000)
        assert (str(total), str(in_tab), total.is_cut, in_tab.is_cut) == (shown, shown, is_cut, is_cut)
        nobody = tab_counts(director(), search, now())[LeadStatus.DEALT]
        assert (str(nobody), nobody.is_unknown) == (("…", True) if is_cut else ("0", False))
        found = one_page(leads_found(director(), search, now()).order_by(Lead.id.desc()), 200, size=50)
        assert (found.has_next, found.pages) == (is_cut, None if is_cut else 200)
        assert count_leads(director(), search, now()) == rows
        assert str(tab_counts(director(), LeadSearch(), now())[None]) == f"{rows:,}".replace(",", " ")


def test_a_search_that_means_one_broker_counts_all_of_theirs(cast: Cast) -> None:
    many = [plain_lead(cast, n, now()) for n in range(1, 10_002)]
    add_leads(cast, [*many, plain_lead(cast, 10_002, now(), who="qiang")])

    with cast.app.app_context():
        for asked in ({"broker_phone": "13500010001"}, {"broker_name": "王芳"}):
            search = with_people(LeadSearch(**asked))  # type: ignore[arg-type]
            counts = tab_counts(director(), search, now())
            assert (counts[None], counts[LeadStatus.ENTERED], counts[LeadStatus.BOUND]) == (10_001, 10_001, 0)
            assert not counts[None].is_cut
        narrower = with_people(LeadSearch(broker_phone="13500010001", name="孙"))
        assert str(tab_counts(director(), narrower, now())[None]) == "10 000+"


@pytest.mark.parametrize(("seconds", "status"), [(-1, "bound"), (0, "expired"), (1, "expired")])
def test_kept_counts_know_an_expiry_at_its_instant(
    cast: Cast, clock: StoppedClock, seconds: int, status: str
) -> None:
    add_leads(cast, [plain_lead(cast, 1, now() + timedelta(days=1), status="bound")])
    clock.forward(timedelta(days=1, seconds=seconds))
    other = "expired" if status == "bound" else "bound"

    with cast.app.app_context():
        counts = tab_counts(director(), LeadSearch(), now())
        assert (counts[LeadStatus(status)], counts[LeadStatus(other)]) == (1, 0)
        assert ids_between(
            [newest_ids(director(), LeadSearch(status=LeadStatus(status)), now())], 0, 9, total=Total(1)
        ) == [1]
