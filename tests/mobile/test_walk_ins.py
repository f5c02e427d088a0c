"""Walk-ins at the gate: a visitor's own code is read, a consultant takes over, and the records tell."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.models import Collision, GateScan, WalkIn
from tests.mobile.test_gate import camera_sees, said
from tests.support.cast import HONG, Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

LINK, SHORT = "/m/v/hongs-own-code-is-this-1", "111 111 1116"
LIST = "/m/gate/scans/walk-ins"


def test_camera_and_typing_lead_to_the_walk_in(cast: Cast, phone: Phone) -> None:
    client = phone("feng")

    with nothing_written(cast.app):
        seen = camera_sees(client, f"https://leads.example{LINK}")
        typed = client.submit("/m/gate", {"code": SHORT})

    assert seen.json == {"url": LINK}
    assert (typed.request.path, typed.page.h1) == (LINK, "Log a walk-in")
    assert "洪七" in said(typed)
    assert "139****2222" in said(typed)
    assert "13911112222" not in typed.text


def test_the_walk_in_is_logged_with_the_chosen_consultant(cast: Cast, phone: Phone) -> None:
    logged = phone("lu").submit(LINK, {"consultant_id": cast.ids["ming"]})

    assert logged.page.h1 == "Walk-in logged"
    row = phone("feng").get(LIST).page.table_rows()[0]
    assert row == {
        "Came at": "2026-03-02 10:00",
        "Visitor's name": "洪七",
        "Visitor's phone": "139****2222",
        "Consultant": "陆明哲",
        "Gate staff": "尹露",
    }
    assert cast.count(GateScan) == 0


def test_without_a_consultant_nothing_is_logged(cast: Cast, phone: Phone) -> None:
    client = phone("feng")

    with nothing_written(cast.app):
        refused = client.submit(LINK, button="Log the walk-in")

    assert refused.status_code == 422
    assert refused.page.find("p", id="consultant_id-complaint").text == (
        "Choose the consultant who will show the customer round."
    )


def test_a_second_time_within_the_minute_asks_and_no_is_no(
    cast: Cast, phone: Phone, clock: StoppedClock
) -> None:
    client = phone("feng")
    client.submit(LINK, {"consultant_id": cast.ids["xin"]})
    clock.forward(timedelta(seconds=59))

    asked = client.submit(LINK, {"consultant_id": cast.ids["xin"]})

    assert asked.status_code == 409
    assert cast.count(WalkIn) == 1
    sentence = "This customer was scanned less than a minute ago. Count it as another visit?"
    assert asked.page.find("p", class_="notice_amber").text == sentence
    client.submit(asked, button="Yes, another visit")
    assert cast.count(WalkIn) == 2


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", "洪 七"), ("phone", "139****2222"), ("phone", "2222"), ("consultant", "心怡")],
)
def test_the_records_are_searched_through_the_visible_fields(
    cast: Cast, phone: Phone, field: str, typed: str
) -> None:
    cast.arrives("near")
    cast.change(
        "near", name="心洪怡", role="visitor", phone="13822221392", code_token="y" * 24,
        short_code="2222222222", profile_completed_at=cast.account("hong", "created_at"),
    )  # fmt: skip
    cast.walks_in("near", "ming")
    cast.walks_in("hong", "xin")
    client = phone("feng")
    assert len(client.get(LIST).page.table_rows()) == 2

    found = client.submit(LIST, {field: typed}).page.table_rows()

    assert [row["Visitor's name"] for row in found] == ["洪七"]


@pytest.mark.parametrize("who", ["stranger", "fang", "hong", "director"])
def test_to_anybody_else_the_code_says_nothing(
    cast: Cast, phone: Phone, stranger: PageClient, who: str
) -> None:
    client = stranger if who == "stranger" else phone(who)

    page = client.get(LINK)

    assert page.page.h1 == client.get("/m/v/no-such-code-there-is-xx1").page.h1
    assert "洪七" not in page.text
    assert "2222" not in said(page)


def test_a_consultant_learns_no_more_than_from_an_unknown_code(cast: Cast, phone: Phone) -> None:
    client = phone("xin")

    answers = [client.get(link) for link in (LINK, "/m/v/no-such-code-there-is-xx1")]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert said(answers[0]) == said(answers[1])


def test_the_broker_is_answered_as_for_anybody(cast: Cast, phone: Phone) -> None:
    """R7: the answer for a walk-in's name is word for word that for a free customer."""
    cast.walks_in("hong")
    client = phone("fang")

    def entered(customer: tuple[str, str, str]) -> list[str]:
        surname, given_name, phone7 = customer
        fields = {"surname": surname, "given_name": given_name}
        fields |= {"phone1_head": phone7[:3], "phone1_tail": phone7[3:]}
        page = client.submit("/m/customers/enter", fields, button="Only enter").page
        return [notice.text for notice in page.find_all("p", class_="notice")]

    assert entered(HONG) == entered(("洪", "八", "1392222")) == ["The customer is entered."]
    assert cast.count(Collision, kind="walk_in_first") == 1


def test_records_of_both_kinds_lead_to_each_other(cast: Cast, phone: Phone) -> None:
    client = phone("feng")

    for here, other in (("/m/gate/scans", LIST), (LIST, "/m/gate/scans")):
        tabs = client.get(here).page.find("nav", class_="record-tabs").find_all("a")
        assert [a["href"] for a in tabs if a.has("aria-current")] == [here]
        assert [a["href"] for a in tabs if not a.has("aria-current")] == [other]
