"""One collision: both sides, what happened between them, how it was handled, and opening it again."""

from datetime import timedelta

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import facts, notes, rows, tabs
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written
from tests.support.stories import told_once

LIST = "/admin/collisions/"
OPEN_ALREADY = "This collision is open already. Handle it in the list."
CLOSED_BY_REBIND = (
    "A rebind closed this collision, so it cannot be opened again. Look at the customer's rebinds."
)
NEWER_IS_OPEN = "A newer collision of the same two customers is open. Handle that one."


def details_url(collision: int) -> str:
    return f"/admin/collisions/details/?id={collision}"


def reopen_url(collision: int) -> str:
    return f"/admin/collisions/reopen/?id={collision}"


@told_once
def challenger(room: Room, clock: StoppedClock) -> int:
    """Fang enters Qiang's customer at 10:05, reports at 10:10 and is turned away at the gate at 10:15."""
    clock.forward(timedelta(minutes=5))
    number = room.cast.enters("fang")
    clock.forward(timedelta(minutes=5))
    room.cast.reports("fang", number)
    clock.forward(timedelta(minutes=5))
    room.cast.scans("lu", number)
    return number


@pytest.fixture
def collision(room: Room, challenger: int) -> int:
    """Gives the id of that collision; another one, of Wei against Fang, was opened before it."""
    room.cast.enters("wei", ("林", "晓", "1591122"))
    return room.cast.collision_of(room.bound, challenger)


def events(page: Page) -> list[str]:
    """Return what a collision's page says happened, from top to bottom."""
    return [entry.text for entry in page.find("ol", class_="log").find_all("li")]


def menu_number(page: Page) -> str:
    """Return the number beside the collisions in the menu, blank where it is hidden."""
    badge = page.find("span", data_count_url="/admin/collisions/open-count/")
    return "" if badge.has("hidden") else badge.find("span", data_count="").text


def reopen(client: PageClient, collision: int, reason: str = "双方仍有争议") -> PageResponse:
    return client.submit(reopen_url(collision), {"reason": reason}, button="Open again")


@pytest.mark.parametrize("who", ["director", "admin"])
def test_both_sides_are_shown_with_name_phone_and_number(
    desk: Desk, room: Room, challenger: int, collision: int, who: str
) -> None:
    client = desk(who)
    page = client.get(details_url(collision)).page

    holder, other = page.find_all("div", class_="side")
    assert holder.text == f"Holder 李强 13500020002 百川地产 No. {room.bound} · 欧阳锋 138****5678 Bound"
    assert other.text == (
        f"Challenger 王芳 13500010001 安家置业 No. {challenger} · 欧阳锋 138****5678 Reported"
    )
    for side, broker in ((holder, "李强"), (other, "王芳")):
        assert facts(client.get(side.find("a")["href"]).page)["Broker's name"] == broker


def test_the_events_tell_who_did_what_and_when_the_latest_first(desk: Desk, collision: int) -> None:
    page = desk("director").get(details_url(collision)).page

    assert events(page) == [
        "2026-04-02 10:15 The challenger's code was scanned at the gate 尹露 · Gate staff",
        "2026-04-02 10:10 The challenger reported the customer 王芳 · Broker",
        "2026-04-02 10:05 The challenger entered the customer 王芳 · Broker",
    ]
    lead = page.find("p", class_="page-lead")
    assert lead.text.startswith("Held ")
    assert lead.text.endswith("· opened 10 minutes ago · still open")
    assert lead.find("time")["title"] == "2026-04-02 10:05:00"


def test_the_list_leads_to_the_collision(desk: Desk, collision: int) -> None:
    client = desk("director")
    listed = client.get(LIST).page
    row = next(row for row in listed.find("tbody").find_all("tr") if "欧阳锋" in row.text)

    ways = {link["href"] for link in row.find_all("a") if link.text in ("3", f"Details No. {collision}")}

    assert ways == {details_url(collision)}
    page = client.get(ways.pop()).page
    assert page.h1 == "Collision · 欧阳锋"
    assert client.get(page.find("a", class_="way-back")["href"]).page.h1 == "Collisions"


def test_an_open_collision_says_nothing_of_a_handling(desk: Desk, collision: int) -> None:
    page = desk("director").get(details_url(collision)).page

    assert facts(page) == {}
    assert page.find("div", class_="page-actions").text == "Handle"


def test_a_collision_is_handled_on_its_own_page(desk: Desk, clock: StoppedClock, collision: int) -> None:
    client = desk("admin")
    asked = client.get(details_url(collision))
    clock.forward(timedelta(minutes=5))

    client.submit(asked, button="Handle")

    page = client.get(details_url(collision)).page
    assert facts(page) == {
        "Handled by": "穆青",
        "Handled at": "2026-04-02 10:20",
        "Outcome": "No outcome given",
        "Note": "None",
    }
    assert events(page)[0] == "2026-04-02 10:20 Handled 穆青 · Administrator"
    assert menu_number(page) == "1"


def test_outcome_and_note_are_shown_once_given(desk: Desk, collision: int) -> None:
    client = desk("director")
    asked = client.submit(LIST, {"rowid": str(collision)}, button="handle")
    client.submit(
        asked, {"outcome": "challenger_gets", "note": "<b>双方已确认</b>"}, button="Handle 1 collision"
    )

    answer = client.get(details_url(collision))

    shown = facts(answer.page)
    assert (shown["Handled by"], shown["Handled at"]) == ("秦越", "2026-04-02 10:15")
    assert shown["Outcome"] == "The challenger gets the customer"
    assert shown["Note"] == "<b>双方已确认</b>"
    assert "<b>双方" not in answer.text


@pytest.mark.parametrize("who", ["director", "admin"])
def test_a_handled_collision_is_opened_again_and_counts_in_list_and_menu(
    desk: Desk, room: Room, clock: StoppedClock, collision: int, who: str
) -> None:
    room.cast.handles("director", collision, note="已谈妥")
    clock.forward(timedelta(minutes=5))
    client = desk(who)
    button = client.get(details_url(collision)).page.find("div", class_="page-actions").find("a")
    assert menu_number(client.get(LIST).page) == "1"

    done = client.submit(client.get(button["href"]), {"reason": "双方仍有争议"}, button="Open again").page

    assert notes(done) == ["The collision is open again."]
    assert (menu_number(done), facts(done)) == ("2", {})
    actor = {"director": "秦越 · Director", "admin": "穆青 · Administrator"}[who]
    assert events(done)[:2] == [
        f"2026-04-02 10:20 Opened again {actor}",
        "2026-04-02 10:15 Handled 秦越 · Director",
    ]
    listed = client.get(LIST).page
    assert [row["Customer name"] for row in rows(listed)] == ["欧阳锋", "林晓"]
    assert tabs(listed) == {"Open": "2", "Handled": "0", "All": "2"}


def test_what_is_open_again_is_as_if_nobody_had_handled_it(desk: Desk, room: Room, collision: int) -> None:
    room.cast.handles("director", collision, note="已谈妥")
    client = desk("admin")
    done = reopen(client, collision)

    (row,) = [r for r in rows(client.get(f"{LIST}?state=all").page) if r["Customer name"] == "欧阳锋"]
    shown = ("State", "Handled by", "Handled at", "Outcome", "Note")
    assert [row[column] for column in shown] == ["Open", "–", "–", "–", "–"]

    client.submit(done, button="Handle")
    handled = facts(client.get(details_url(collision)).page)
    assert (handled["Handled by"], handled["Note"]) == ("穆青", "None")


def test_the_page_that_asks_opens_nothing(desk: Desk, room: Room, collision: int) -> None:
    room.cast.handles("director", collision)

    with nothing_written(room.cast.app):
        page = desk("director").get(reopen_url(collision)).page

    assert "欧阳锋" in page.find("p", class_="page-lead").text
    assert menu_number(page) == "1"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Write a few words here first."),
        (" \n\t ", "Write a few words here first."),
        ("打13812340000问过", "The text holds a whole mobile number."),
        ("x" * 501, "The text is too long: at most 500 characters."),
    ],
)
def test_without_a_reason_that_can_be_kept_nothing_is_opened(
    desk: Desk, room: Room, collision: int, reason: str, sentence: str
) -> None:
    room.cast.handles("director", collision)
    client = desk("director")

    with nothing_written(room.cast.app):
        answer = reopen(client, collision, reason)

    assert answer.status_code == 422
    assert answer.page.find(id="reason-error").text.startswith(sentence)
    assert "13812340000" not in answer.text
    assert menu_number(answer.page) == "1"


def test_one_that_is_open_already_is_not_opened_again(desk: Desk, room: Room, collision: int) -> None:
    client = desk("director")
    assert client.get(details_url(collision)).page.find("div", class_="page-actions").find_all("a") == []

    with nothing_written(room.cast.app):
        answer = reopen(client, collision)

    assert (answer.status_code, notes(answer.page)) == (409, [OPEN_ALREADY])
    assert menu_number(answer.page) == "2"


def test_of_two_people_who_open_it_again_the_second_is_told(desk: Desk, room: Room, collision: int) -> None:
    room.cast.handles("director", collision)
    client = desk("director")
    asked = client.get(reopen_url(collision))
    room.cast.reopens("admin", collision)

    with nothing_written(room.cast.app):
        answer = client.submit(asked, {"reason": "双方仍有争议"}, button="Open again")

    assert (answer.status_code, notes(answer.page)) == (409, [OPEN_ALREADY])


def test_one_that_a_rebind_closed_is_not_opened_again(desk: Desk, room: Room, collision: int) -> None:
    room.cast.rebinds("director", room.bound, "fang")
    client = desk("admin")
    page = client.get(details_url(collision)).page
    assert (facts(page)["Handled by"], facts(page)["Outcome"]) == ("by the system", "Rebound")
    assert page.find("div", class_="page-actions").find_all("a") == []
    assert events(page)[0] == "2026-04-02 10:15 Closed by a rebind 秦越 · Director"

    with nothing_written(room.cast.app):
        answer = reopen(client, collision)

    assert (answer.status_code, notes(answer.page)) == (409, [CLOSED_BY_REBIND])
    assert menu_number(answer.page) == "1"


def test_while_a_newer_one_is_open_the_old_one_stays_handled(
    desk: Desk, room: Room, challenger: int, collision: int
) -> None:
    room.cast.handles("director", collision)
    room.cast.reports("fang", challenger)
    newer = room.cast.collision_of(room.bound, challenger)
    assert newer != collision
    client = desk("director")

    with nothing_written(room.cast.app):
        answer = reopen(client, collision)
    assert (answer.status_code, notes(answer.page)) == (409, [NEWER_IS_OPEN])
    assert menu_number(answer.page) == "2"

    room.cast.handles("director", newer)
    assert notes(reopen(client, collision).page) == ["The collision is open again."]


def test_sent_twice_a_collision_is_opened_once_and_answered_the_same(
    desk: Desk, room: Room, collision: int
) -> None:
    room.cast.handles("director", collision)
    client = desk("director")
    asked = client.get(reopen_url(collision))

    answers = [client.submit(asked, {"reason": "双方仍有争议"}, button="Open again") for _ in range(2)]

    assert [notes(answer.page) for answer in answers] == [["The collision is open again."]] * 2
    assert [line.count("Opened again") for line in events(answers[1].page)] == [1, 0, 0, 0, 0]


NO_COLLISIONS = ("", "0", "-1", "999999", "9" * 30, "abc", "1.0", "１", "1,2", "1' OR 1=1", "%", "<b>")


@pytest.mark.parametrize("page", ["details", "reopen"])
def test_an_id_that_is_no_collisions_answers_404_in_words(desk: Desk, collision: int, page: str) -> None:
    client = desk("director")

    for wanted in NO_COLLISIONS:
        answer = client.get(f"/admin/collisions/{page}/", query_string={"id": wanted})
        assert (wanted, answer.status_code) == (wanted, 404)
        assert "There is nothing here" in answer.page.text


@pytest.mark.parametrize("who", ["secretary", "fang", "feng", "xin"])
def test_only_those_who_decide_see_collisions(desk: Desk, collision: int, who: str) -> None:
    client = desk(who)

    for address in (details_url(collision), reopen_url(collision), LIST):
        assert (address, client.get(address).status_code) == (address, 403)


def test_the_secretary_cannot_open_a_collision_by_hand(desk: Desk, room: Room, collision: int) -> None:
    room.cast.handles("director", collision)
    client = desk("secretary")
    token = client.get("/admin/leads/").page.csrf_token
    sent = {"csrf_token": token, "request_id": "made-by-hand-1", "reason": "双方仍有争议"}

    with nothing_written(room.cast.app):
        answer = client.post(reopen_url(collision), data=sent)

    assert answer.status_code == 403
