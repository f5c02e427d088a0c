"""Extending a protection: what the page foretells, that it is possible once, and what is refused."""

from datetime import timedelta

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import notes, row_of, section
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

OFFER = "Extend the protection"
"""What the button on a customer's page says."""

DAYS_WRONG = "Enter a whole number of days between 1 and 30."
EXTENDED_BEFORE = (
    "This binding was extended before, which is possible once. Ask the broker to report again later."
)


def extend_url(number: int) -> str:
    return f"/admin/leads/extend/?id={number}"


def details(client: PageClient, number: int) -> Page:
    return client.get(f"/admin/leads/details/?id={number}").page


def buttons(client: PageClient, number: int) -> dict[str, str]:
    """Return the actions that a customer's page offers, and where they lead."""
    links = details(client, number).find("div", class_="page-actions").find_all("a")
    return {link.text: link["href"] for link in links}


def protected_until(client: PageClient, number: int) -> str:
    return row_of(client.get("/admin/leads/").page, number)["Protected until"]


def extend(client: PageClient, page: str | PageResponse, days: str, reason: str = "客户出差") -> PageResponse:
    return client.submit(page, {"days": days, "reason": reason}, button="Extend")


@pytest.mark.parametrize("who", ["director", "admin"])
def test_a_bound_customer_is_extended_by_days_with_a_reason(
    desk: Desk, room: Room, clock: StoppedClock, who: str
) -> None:
    client = desk(who)
    assert protected_until(client, room.bound) == "2026-05-02 10:00"
    clock.forward(timedelta(days=3, hours=5))

    done = extend(client, client.get(buttons(client, room.bound)[OFFER]), "7").page

    said = f"Customer number {room.bound} is protected until 2026-05-09 10:00."
    assert notes(done) == [said]
    assert protected_until(client, room.bound) == "2026-05-09 10:00"
    head = done.find("p", class_="page-lead").text
    assert "protected until 2026-05-09 10:00" in head
    assert "33 d 19 h 0 min left" in head
    assert "extended on 2026-04-05 15:00" in head


def test_the_page_foretells_what_will_happen_and_writes_nothing(desk: Desk, room: Room) -> None:
    with nothing_written(room.cast.app):
        page = desk("director").get(extend_url(room.bound)).page

    assert page.h1 == "Extend the protection"
    assert page.find("p", class_="page-lead").text == f"No. {room.bound} 欧阳锋 138****5678"
    foresight = [line.text for line in page.find("div", class_="foresight").find_all("li")]
    assert foresight[0] == "The protection ends on 2026-05-02 10:00 now."
    assert "once" in foresight[-1]
    assert page.find("span", id="days-hint").text == "A whole number between 1 and 30."


def test_the_history_of_the_customer_tells_who_extended_it(desk: Desk, room: Room) -> None:
    client = desk("admin")

    extend(client, extend_url(room.bound), "7")

    latest = section(details(client, room.bound), "history").find_all("li")[0].text
    assert latest == "just now Protection extended 穆青 · Administrator"


@pytest.mark.parametrize(("days", "end"), [("1", "2026-05-03 10:00"), ("30", "2026-06-01 10:00")])
def test_one_day_and_as_many_as_the_setting_are_possible(desk: Desk, room: Room, days: str, end: str) -> None:
    client = desk("director")

    extend(client, extend_url(room.bound), days)

    assert protected_until(client, room.bound) == end


NO_DAYS = ("0", "31", "-1", "abc", "", " ", "1.5", "7 days", "1e1", "9" * 30, "9" * 5000, "<b>7</b>")


def test_days_that_cannot_be_are_refused_beside_the_field(desk: Desk, room: Room) -> None:
    client = desk("director")

    for days in NO_DAYS:
        with nothing_written(room.cast.app):
            answer = extend(client, extend_url(room.bound), days)
        assert (days, answer.status_code) == (days, 422)
        assert answer.page.find(id="days-error").text == DAYS_WRONG
    assert protected_until(client, room.bound) == "2026-05-02 10:00"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Write a few words here first."),
        (" \n\t ", "Write a few words here first."),
        ("打13812340000问过", "The text holds a whole mobile number."),
        ("x" * 501, "The text is too long: at most 500 characters."),
    ],
)
def test_without_a_reason_that_can_be_kept_nothing_is_extended(
    desk: Desk, room: Room, reason: str, sentence: str
) -> None:
    with nothing_written(room.cast.app):
        answer = extend(desk("director"), extend_url(room.bound), "7", reason)

    assert answer.status_code == 422
    assert answer.page.find(id="reason-error").text.startswith(sentence)
    assert answer.page.find("input", name="days")["value"] == "7"
    assert "13812340000" not in answer.text


def test_a_refused_form_is_sent_again_with_success(desk: Desk, room: Room) -> None:
    client = desk("director")
    refused = extend(client, extend_url(room.bound), "31")

    done = extend(client, refused, "30")

    assert notes(done.page) == [f"Customer number {room.bound} is protected until 2026-06-01 10:00."]


def test_a_binding_is_extended_once(desk: Desk, room: Room) -> None:
    client = desk("director")
    extend(client, extend_url(room.bound), "7")
    assert sorted(buttons(client, room.bound)) == ["Change the broker", "Mark as dealt"]
    asked = client.get(extend_url(room.bound))
    assert (asked.status_code, EXTENDED_BEFORE in asked.page.text) == (409, True)

    with nothing_written(room.cast.app):
        answer = by_hand(client, room, room.bound)

    assert answer.status_code == 409
    assert EXTENDED_BEFORE in answer.page.text
    assert protected_until(client, room.bound) == "2026-05-09 10:00"


def by_hand(client: PageClient, room: Room, number: int) -> PageResponse:
    """Send to a customer's page what the form would send, with the version of now."""
    token = client.get("/admin/leads/").page.csrf_token
    version = str(room.cast.read(number, "version"))
    sent = {"csrf_token": token, "request_id": "made-by-hand-1", "version": version}
    return client.post(extend_url(number), data={**sent, "days": "7", "reason": "客户出差"})


def test_a_rebind_that_restarts_the_clock_may_be_extended_and_one_that_keeps_the_end_may_not(
    desk: Desk, room: Room
) -> None:
    room.cast.extends("director", room.bound, 7)
    client = desk("director")

    kept = room.cast.rebinds("director", room.bound, "fang", keep_end=True)
    assert OFFER not in buttons(client, kept)
    assert client.get(extend_url(kept)).status_code == 409

    restarted = room.cast.rebinds("director", kept, "qiang")
    assert OFFER in buttons(client, restarted)
    extend(client, extend_url(restarted), "1")
    assert protected_until(client, restarted) == "2026-05-03 10:00"


@pytest.mark.parametrize(
    ("customer", "sentence"),
    [
        ("entered", "The customer is only entered. That needs a bound customer."),
        ("reported", "The customer is reported but not bound. That needs a bound customer."),
        ("expired", "The customer's protection has ended. That needs a bound customer."),
        ("dealt", "The customer is marked as dealt. Undo the deal first."),
    ],
)
def test_only_a_running_binding_is_extended(desk: Desk, room: Room, customer: str, sentence: str) -> None:
    client, number = desk("director"), getattr(room, customer)
    assert OFFER not in buttons(client, number)
    asked = client.get(extend_url(number))
    assert (asked.status_code, sentence in asked.page.text) == (409, True)

    with nothing_written(room.cast.app):
        answer = by_hand(client, room, number)

    assert answer.status_code == 409
    assert sentence in answer.page.text


def test_at_the_end_itself_it_is_too_late(desk: Desk, room: Room, clock: StoppedClock) -> None:
    client = desk("director")
    clock.forward(timedelta(days=30) - timedelta(seconds=1))
    asked = client.get(extend_url(room.bound))
    clock.forward(timedelta(seconds=1))

    with nothing_written(room.cast.app):
        answer = extend(client, asked, "7")

    assert answer.status_code == 409
    assert "The customer's protection has ended." in answer.page.text
    assert row_of(client.get("/admin/leads/").page, room.bound)["Status"] == "Expired"


def test_a_stale_form_says_that_somebody_else_was_faster(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(extend_url(room.bound))
    room.cast.extends("admin", room.bound, 1)

    with nothing_written(room.cast.app):
        answer = extend(client, asked, "7")

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.page.text
    assert protected_until(client, room.bound) == "2026-05-03 10:00"


def test_a_version_that_never_was_is_stale(desk: Desk, room: Room) -> None:
    client = desk("director")

    for version in ("", "0", "-1", "abc", "9" * 30):
        with nothing_written(room.cast.app):
            fields = {"version": version, "days": "7", "reason": "客户出差"}
            answer = client.forge(extend_url(room.bound), fields)
        assert (version, answer.status_code) == (version, 409)
        assert "Somebody else has changed this meanwhile." in answer.page.text


def test_sent_twice_a_binding_is_extended_once_and_answered_the_same(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(extend_url(room.bound))

    answers = [extend(client, asked, "7") for _ in range(2)]

    said = f"Customer number {room.bound} is protected until 2026-05-09 10:00."
    assert [notes(answer.page) for answer in answers] == [[said], [said]]
    assert protected_until(client, room.bound) == "2026-05-09 10:00"


@pytest.mark.parametrize("who", ["secretary", "qiang", "feng", "xin"])
def test_nobody_but_those_who_decide_may_extend(desk: Desk, room: Room, who: str) -> None:
    assert desk(who).get(extend_url(room.bound)).status_code == 403


def test_the_secretary_has_no_button_and_cannot_extend_by_hand(desk: Desk, room: Room) -> None:
    client = desk("secretary")
    assert OFFER not in buttons(client, room.bound)

    with nothing_written(room.cast.app):
        answer = by_hand(client, room, room.bound)

    assert answer.status_code == 403


def test_a_number_that_is_no_customers_answers_404_in_words(desk: Desk, room: Room) -> None:
    client = desk("director")

    for wanted in ("", "0", "-1", "999999", "abc", "9" * 30, "１"):
        answer = client.get("/admin/leads/extend/", query_string={"id": wanted})
        assert (wanted, answer.status_code) == (wanted, 404)
        assert "There is nothing here" in answer.page.text
