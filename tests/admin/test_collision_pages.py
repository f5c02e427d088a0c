"""Collisions: what the list shows, handling one and many, and the number in the menu."""

from datetime import timedelta

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, facts, for_each, notes, rows, tabs, ticked
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once

LIST = "/admin/collisions/"
CHAPTERS = [(who, f"{chapter}.e") for who, chapter in DECIDERS]


@told_once
def challenger(room: Room, clock: StoppedClock) -> int:
    """Fang reports the customer whom Qiang holds, after Wei went for the one whom Fang sold a home."""
    room.cast.enters("wei", ("林", "晓", "1591122"))
    clock.forward(timedelta(minutes=5))
    return room.cast.enters("fang", reports=True)


@told_once
def pair(room: Room, challenger: int) -> dict[str, int]:
    """Gives the numbers of both sides of the latest collision."""
    return {"held": room.bound, "challenger": challenger}


def menu_number(page: Page) -> str:
    """Return the number beside the collisions in the menu, blank where it is hidden."""
    badge = page.find("span", data_count_url="/admin/collisions/open-count/")
    return "" if badge.has("hidden") else badge.find("span", data_count="").text


@pytest.mark.parametrize(
    ("who", "columns", "values"),
    for_each(
        CHAPTERS,
        (1, ("Customer name",), ("欧阳锋",)),
        (2, ("Customer phone",), ("138****5678",)),
        (3, ("Holder", "Holder's phone", "Holder's number"), ("李强", "13500020002", "{held}")),
        (
            4,
            ("Challenger", "Challenger's phone", "Challenger's number"),
            ("王芳", "13500010001", "{challenger}"),
        ),
    ),
)
def test_a_column_shows_the_value_of_its_own_collision(
    desk: Desk, pair: dict[str, int], who: str, columns: tuple[str, ...], values: tuple[str, ...]
) -> None:
    latest, earlier = rows(desk(who).get(LIST).page)

    for column, value in zip(columns, values, strict=True):
        assert latest[column] == value.format(**pair)
        assert earlier[column] != latest[column]


@pytest.mark.parametrize("who", for_each(CHAPTERS, (5,)))
def test_one_click_handles_a_collision(desk: Desk, room: Room, challenger: int, who: str) -> None:
    client = desk(who)
    listed = client.get(LIST)
    row = room.cast.collision_of(room.bound, challenger)

    done = press(client, listed.page, row)

    assert notes(done) == ["1 collision is handled."]
    assert [r["Customer name"] for r in rows(done)] == ["林晓"]
    handled = rows(client.get(f"{LIST}?state=handled").page)
    assert [r["Customer name"] for r in handled] == ["欧阳锋"]
    assert handled[0]["Handled at"] == "2026-04-02 10:05"


def press(client: PageClient, page: Page, collision_id: int) -> Page:
    """Press the button of one row and return the page that follows."""
    (form,) = [form for form in page.forms if form.defaults().get("collision_ids") == [str(collision_id)]]
    return client.post(form.action, data=form.defaults(), follow_redirects=True).page


def waiting(page: Page) -> list[int]:
    """Return the collisions that can be handled on a page."""
    forms = [form.defaults() for form in page.forms if "collision_ids" in form.names]
    return [int(str(form["collision_ids"][0])) for form in forms]


@pytest.mark.parametrize("who", for_each(CHAPTERS, (6,)))
def test_a_customer_number_leads_to_that_customer(desk: Desk, room: Room, challenger: int, who: str) -> None:
    client = desk(who)
    table = client.get(LIST).page.find("tbody").find_all("tr")[0]

    for number, broker in ((room.bound, "李强"), (challenger, "王芳")):
        link = next(a for a in table.find_all("a") if a.text == str(number))
        page = client.get(link["href"]).page
        assert (facts(page)["Customer number"], facts(page)["Broker's name"]) == (str(number), broker)
        assert client.get(page.find("a", class_="way-back")["href"]).page.h1 == "Customers"


@pytest.mark.parametrize("who", for_each(CHAPTERS, (7,)))
def test_the_number_in_the_menu_is_that_of_the_default_tab_and_goes_when_all_is_handled(
    desk: Desk, room: Room, challenger: int, who: str
) -> None:
    client = desk(who)
    start = client.get("/admin/leads/").page
    listed = client.get(LIST).page
    assert menu_number(start) == tabs(listed)["Open"] == str(len(rows(listed))) == "2"

    done = press(client, listed, room.cast.collision_of(room.bound, challenger))
    assert menu_number(done) == "1"
    (left,) = waiting(done)
    done = press(client, done, left)

    assert menu_number(done) == ""
    assert "No open collisions." in done.text


def test_the_menu_can_ask_for_the_number_alone(desk: Desk, room: Room, challenger: int) -> None:
    client = desk("director")
    badge = client.get("/admin/leads/").page.find("span", data_count_url="/admin/collisions/open-count/")

    assert client.get(badge["data-count-url"]).json == {"count": 2}
    room.cast.handles("admin", room.cast.collision_of(room.bound, challenger))
    assert client.get(badge["data-count-url"]).json == {"count": 1}


def test_a_selection_is_handled_with_outcome_and_note(desk: Desk, room: Room, challenger: int) -> None:
    client = desk("director")
    both = waiting(client.get(LIST).page)
    asked = client.submit(LIST, ticked(*both), button="handle")
    assert asked.page.h1 == "Handle collisions"

    done = client.submit(
        asked, {"outcome": "holder_keeps", "note": "双方已确认"}, button="Handle 2 collisions"
    )

    assert notes(done.page) == ["2 collisions are handled."]
    columns = ("State", "Handled by", "Handled at", "Outcome", "Note")
    handled = [[row[c] for c in columns] for row in rows(client.get(f"{LIST}?state=handled").page)]
    outcome = "The holder keeps the customer"
    assert handled == [["Handled", "秦越", "2026-04-02 10:05", outcome, "双方已确认"]] * 2
    assert "双方已确认" in client.get(f"/admin/leads/details/?id={challenger}").page.text


def test_the_second_person_is_told_who_handled_it_and_when(
    desk: Desk, room: Room, challenger: int, clock: StoppedClock
) -> None:
    client = desk("admin")
    listed = client.get(LIST).page
    row = room.cast.collision_of(room.bound, challenger)
    room.cast.handles("director", row, note="先到")
    clock.forward(timedelta(hours=1))

    done = press(client, listed, row)

    assert notes(done) == ["欧阳锋 · Handled before by 秦越 at 2026-04-02 10:05."]
    handled = rows(client.get(f"{LIST}?state=handled").page)
    assert (handled[0]["Handled by"], handled[0]["Handled at"]) == ("秦越", "2026-04-02 10:05")


def test_a_double_click_is_answered_the_same(desk: Desk, room: Room, challenger: int) -> None:
    client = desk("director")
    listed = client.get(LIST).page
    row = room.cast.collision_of(room.bound, challenger)

    assert [notes(press(client, listed, row)) for _ in range(2)] == [["1 collision is handled."]] * 2


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", "阳锋"), ("phone", "138 5678"), ("number", "{held}"), ("broker", "李强"), ("broker", "20002")],
)
def test_a_search_finds_its_collision_and_no_other(
    desk: Desk, room: Room, challenger: int, field: str, typed: str
) -> None:
    page = desk("director").submit(LIST, {field: typed.format(held=room.bound)}).page

    assert [row["Customer name"] for row in rows(page)] == ["欧阳锋"]
    assert tabs(page) == {"Open": "1", "Handled": "0", "All": "1"}


@pytest.mark.parametrize("note", ["电话13812340000", "x" * 501])
def test_a_note_that_cannot_be_kept_is_refused_and_nothing_is_handled(
    desk: Desk, room: Room, challenger: int, note: str
) -> None:
    client = desk("director")
    row = room.cast.collision_of(room.bound, challenger)
    asked = client.submit(LIST, ticked(row), button="handle")

    answer = client.forge(asked, {"note": note}, action="/admin/collisions/handle/")

    assert answer.status_code == 422
    assert menu_number(answer.page) == "2"


@pytest.mark.parametrize("ids", [[], ["abc"], ["999999"], ["-1"], ["1", "999999"]])
def test_collisions_that_do_not_exist_are_refused(
    desk: Desk, room: Room, challenger: int, ids: list[str]
) -> None:
    client = desk("director")
    row = room.cast.collision_of(room.bound, challenger)
    asked = client.submit(LIST, ticked(row), button="handle")

    answer = client.forge(asked, {"collision_ids": ids}, action="/admin/collisions/handle/")

    assert answer.status_code in (404, 422)
    assert menu_number(client.get(LIST).page) == "2"


def test_an_action_without_a_selection_says_what_to_do(desk: Desk, room: Room, challenger: int) -> None:
    page = desk("director").submit(LIST, {}, button="handle").page

    assert notes(page) == ["Choose at least one row first."]
    assert page.h1 == "Collisions"
