"""Marking deals and undoing them, one at a time and for a selection."""

import re

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, for_each, notes, numbers, row_of, ticked
from tests.support.html import Page


def deal_url(number: int) -> str:
    return f"/admin/leads/mark-dealt/?id={number}"


@pytest.mark.parametrize("who", for_each([(w, f"{c}.d") for w, c in DECIDERS], (38,)))
def test_a_bound_customer_is_marked_dealt_by_hand(desk: Desk, room: Room, who: str) -> None:
    client = desk(who)
    details = client.get(f"/admin/leads/details/?id={room.bound}").page
    asked = client.get(details.find("a", class_="button-first")["href"])

    done = client.submit(asked, {"unit": "2-101", "amount": "1,200,000.50"}, button="Mark as dealt")

    assert notes(done.page) == [f"Customer number {room.bound} is dealt."]
    dealt = client.get("/admin/leads/?status=dealt").page
    assert numbers(dealt) == [room.bound, room.dealt]
    assert "¥1,200,000.50" in done.page.text


def test_the_page_that_asks_says_who_gets_the_deal_and_writes_nothing(desk: Desk, room: Room) -> None:
    page = desk("director").get(deal_url(room.bound)).page

    assert "李强 13500020002" in page.find("div", class_="foresight").text
    assert room.cast.status(room.bound) == "bound"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"dealt_on": "2026-04-03"}, "The deal date must be a day on which the customer was bound"),
        ({"dealt_on": "2026-04-01"}, "The deal date must be a day on which the customer was bound"),
        ({"dealt_on": ""}, "That date cannot be right."),
        ({"dealt_on": "2026-02-30"}, "That date cannot be right."),
        ({"amount": "-5"}, "Enter the amount in yuan with at most two decimals"),
        ({"amount": "1.234"}, "Enter the amount in yuan with at most two decimals"),
        ({"amount": "NaN"}, "Enter the amount in yuan with at most two decimals"),
        ({"amount": "much"}, "Enter the amount in yuan with at most two decimals"),
        ({"unit": "x" * 41}, "The text is too long: at most 40 characters."),
        ({"unit": "13812340000"}, "The text holds a whole mobile number."),
    ],
)
def test_wrong_terms_are_refused_beside_the_form(
    desk: Desk, room: Room, fields: dict[str, object], sentence: str
) -> None:
    answer = desk("director").forge(deal_url(room.bound), fields)

    assert answer.status_code == 422
    assert sentence in answer.page.text
    assert room.cast.status(room.bound) == "bound"


def test_a_late_deal_needs_a_reason_and_a_day_on_which_it_was_held(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(deal_url(room.expired))

    blank = client.submit(asked, {"dealt_on": "2026-03-20"}, button="Mark as dealt")
    assert (blank.status_code, room.cast.status(room.expired)) == (422, "expired")
    assert "Write a few words here first." in blank.page.text

    done = client.submit(blank, {"reason": "合同早已签好"}, button="Mark as dealt")
    assert notes(done.page) == [f"Customer number {room.expired} is dealt."]
    assert "Marked late" in done.page.text


def test_a_stale_form_says_that_somebody_else_was_faster(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(deal_url(room.bound))
    room.cast.rebinds("admin", room.bound, "fang")

    answer = client.submit(asked, button="Mark as dealt")

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.page.text
    assert room.cast.status(room.bound) == "expired"


def test_sent_twice_a_deal_is_marked_once_and_answered_the_same(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(deal_url(room.bound))

    answers = [client.submit(asked, button="Mark as dealt") for _ in range(2)]

    assert [notes(answer.page) for answer in answers] == [[f"Customer number {room.bound} is dealt."]] * 2
    assert room.cast.read(room.bound, "version") == room.cast.read(room.dealt, "version")


def test_an_undone_deal_gives_the_customer_the_old_end_back(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(f"/admin/leads/undo-deal/?id={room.dealt}")
    assert "bound again, until 2026-05-02 10:00" in asked.page.find("div", class_="foresight").text

    blank = client.submit(asked, {"reason": " "}, button="Undo the deal")
    assert (blank.status_code, room.cast.status(room.dealt)) == (422, "dealt")
    client.submit(blank, {"reason": "买家反悔"}, button="Undo the deal")

    bound = client.get("/admin/leads/?status=bound").page
    assert row_of(bound, room.dealt)["Protected until"] == "2026-05-02 10:00"


@pytest.mark.parametrize(
    ("page", "customer", "sentence"),
    [
        ("undo-deal", "reported", "No deal stands on this customer."),
        ("rebind", "reported", "That needs a bound customer."),
        ("mark-dealt", "entered", "That needs a bound customer."),
        ("mark-dealt", "reported", "This customer was never bound to this broker"),
        ("mark-dealt", "dealt", "Undo the deal first."),
    ],
)
def test_an_action_that_does_not_fit_the_status_is_explained(
    desk: Desk, room: Room, page: str, customer: str, sentence: str
) -> None:
    answer = desk("director").get(f"/admin/leads/{page}/?id={getattr(room, customer)}")

    assert answer.status_code == 409
    assert sentence in answer.page.text


def chosen(page: Page) -> list[int]:
    return [int(field["value"]) for field in page.find_all("input", name="lead_ids")]


def test_a_selection_shows_who_can_be_marked_and_why_the_others_cannot(desk: Desk, room: Room) -> None:
    client = desk("director")
    every = [room.entered, room.reported, room.bound, room.expired, room.dealt]

    asked = client.submit("/admin/leads/", ticked(*every), button="mark_dealt").page

    assert chosen(asked) == [room.bound]
    why = asked.find_all("tbody")[1].text
    assert why.count("Never bound") == 2
    assert "Not bound now." in why
    assert "Already dealt." in why


def test_a_selection_is_marked_dealt_together(desk: Desk, room: Room) -> None:
    also = room.cast.enters("fang", ("孙", "立", "1510005"), reports=True)
    room.cast.scans("lu", also)
    client = desk("director")
    asked = client.submit("/admin/leads/?status=bound", ticked(room.bound, also), button="mark_dealt")

    done = client.submit(asked, {"dealt_on": "2026-04-02"}, button="Mark 2 customers as dealt")

    assert notes(done.page) == ["2 customers are dealt."]
    assert numbers(done.page) == [also, room.bound, room.dealt]


def test_of_a_selection_nothing_is_marked_when_one_was_lost_meanwhile(desk: Desk, room: Room) -> None:
    also = room.cast.enters("fang", ("孙", "立", "1510005"), reports=True)
    room.cast.scans("lu", also)
    client = desk("director")
    asked = client.submit("/admin/leads/?status=bound", ticked(room.bound, also), button="mark_dealt")
    moved = room.cast.rebinds("admin", room.bound, "fang")

    answer = client.submit(asked, {"dealt_on": "2026-04-02"}, button="Mark 2 customers as dealt")

    assert answer.status_code == 409
    assert re.search(f"Customer number {room.bound}: The customer's protection has ended", answer.page.text)
    assert [room.cast.status(lead) for lead in (also, room.bound, moved)] == ["bound", "expired", "bound"]


@pytest.mark.parametrize("ids", [[], ["abc"], ["1", "999999"], ["-1"]])
def test_a_selection_that_no_page_offers_changes_nothing(desk: Desk, room: Room, ids: list[str]) -> None:
    client = desk("director")
    asked = client.submit("/admin/leads/", ticked(room.bound), button="mark_dealt")

    answer = client.forge(asked, {"lead_ids": ids}, action="/admin/leads/mark-dealt-in-bulk/")

    assert answer.status_code in (404, 422)
    assert room.cast.status(room.bound) == "bound"
