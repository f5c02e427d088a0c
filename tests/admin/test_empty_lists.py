"""A list without rows says what to do next, each tab in its own words, and leads there."""

from collections.abc import Callable

import pytest
from flask import Flask

from lead_system.extensions import db
from lead_system.models import Brokerage
from tests.admin.conftest import Desk
from tests.support.cast import BORN, Cast
from tests.support.client import PageClient, PageResponse

LISTS = {
    "leads": ("/admin/help/poster/", ("", "?status=entered", "?status=reported", "?status=bound")),
    "collisions": (None, ("", "?state=handled", "?state=all")),
    "fees": ("/admin/leads/?status=bound", ("", "?state=paid", "?state=void")),
    "referrals": ("/admin/help/poster/", ("",)),
    "scans": ("/admin/leads/?status=reported", ("",)),
    "viewings": ("/admin/leads/?status=bound", ("",)),
    "rebinds": ("/admin/leads/?status=bound", ("",)),
    "profile_changes": ("/admin/brokers/", ("",)),
    "exports": ("/admin/leads/", ("",)),
    "brokers": ("/admin/help/poster/", ("", "?tab=residents", "?tab=waiting", "?tab=rejected")),
    "brokerages": ("/admin/brokerages/add/", ("",)),
    "consultants": ("/admin/consultants/add/", ("",)),
    "staff": ("/admin/staff/add/", ("",)),
}
"""The thirteen lists: where the button of the default tab leads, and the tabs with words of their own."""


@pytest.fixture
def deserted(cast: Cast, app: Flask) -> None:
    """Leave nobody but the three of the back office, and of those in the list of staff nobody either."""
    for one in ("fang", "qiang", "wei", "feng", "lu", "xin", "ming"):
        cast.change(one, archived_at=BORN)
    with app.app_context():
        db.session.execute(db.update(Brokerage).values(archived_at=BORN))
        db.session.commit()


def reader(cast: Cast, desk: Desk, name: str) -> PageClient:
    """Let the admin read the list; for the staff nobody else may be left."""
    client = desk("admin")
    if name == "staff":
        for one in ("secretary", "director"):
            cast.change(one, archived_at=BORN)
    return client


def emptiness(answer: PageResponse) -> tuple[str, str, list[str]]:
    """Return what an empty list says, its advice, and where its buttons lead."""
    empty = answer.page.find("div", class_="empty")
    links = [link["href"] for link in empty.find_all("a")]
    return empty.find("strong").text, empty.find("p").text, links


@pytest.mark.usefixtures("deserted")
@pytest.mark.parametrize("name", LISTS)
def test_empty_list_says_what_to_do_and_leads_there(cast: Cast, desk: Desk, name: str) -> None:
    client, (wanted, _) = reader(cast, desk, name), LISTS[name]

    title, advice, links = emptiness(client.get(f"/admin/{name}/"))

    assert title.endswith(".")
    assert len(advice) > len("Look here.")
    assert links == ([wanted] if wanted else [])
    assert [client.get(link).status_code for link in links] == [200] * len(links)


@pytest.mark.usefixtures("deserted")
@pytest.mark.parametrize("name", [name for name, (_, tabs) in LISTS.items() if len(tabs) > 1])
def test_each_empty_tab_has_words_of_its_own(cast: Cast, desk: Desk, name: str) -> None:
    client, (_, tabs) = reader(cast, desk, name), LISTS[name]

    said = [emptiness(client.get(f"/admin/{name}/{tab}"))[0] for tab in tabs]

    assert len(set(said)) == len(tabs), said


@pytest.mark.usefixtures("deserted")
@pytest.mark.parametrize("name", ["leads", "fees", "scans", "viewings", "exports"])
def test_button_of_an_empty_list_is_open_to_the_secretary_too(cast: Cast, desk: Desk, name: str) -> None:
    client = desk("secretary")

    (link,) = emptiness(client.get(f"/admin/{name}/"))[2]

    assert client.get(link).status_code == 200


def test_search_that_finds_nothing_says_so_and_not_that_nothing_is_there(cast: Cast, desk: Desk) -> None:
    cast.enters("fang")

    title, _, links = emptiness(desk("director").get("/admin/leads/?name=nobody"))

    assert title == "Nothing fits this search."
    assert links == ["/admin/leads/"]


def test_deal_tab_tells_the_secretary_who_marks_deals(cast: Cast, desk: Desk) -> None:
    address = "/admin/leads/?status=dealt"

    assert emptiness(desk("director").get(address))[1] == "Open a bound customer and mark the deal there."
    assert emptiness(desk("secretary").get(address))[1] == "A director marks the deal on the customer's page."


@pytest.mark.parametrize(
    ("who", "address", "link"),
    [
        ("feng", "/m/gate/scans", "/m/gate"),
        ("xin", "/m/consultant/viewings", "/m/consultant"),
        ("fang", "/m/customers?tab=bound", "/m/customers"),
    ],
)
def test_empty_list_on_the_phone_leads_on(
    cast: Cast, signed_in: Callable[[str], PageClient], who: str, address: str, link: str
) -> None:
    page = signed_in(who).get(address).page

    (empty,) = [one for one in page.find_all("div") if "empty" in one.get("class").split()]
    assert [one["href"] for one in empty.find_all("a")] == [link]


def test_each_empty_tab_of_a_broker_has_words_of_its_own(
    cast: Cast, signed_in: Callable[[str], PageClient]
) -> None:
    client = signed_in("fang")
    said = set()
    for tab in ("", "?tab=entered", "?tab=reported", "?tab=bound", "?tab=expired", "?tab=dealt"):
        page = client.get(f"/m/customers{tab}").page
        (empty,) = [one for one in page.find_all("div") if "empty" in one.get("class").split()]
        said.add(empty.find_all("p")[0].text)

    assert len(said) == 6
