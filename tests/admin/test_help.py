"""Words and rules: one glossary, shown beside the words and on one page, in both languages."""

from enum import StrEnum

import pytest
from flask import Flask

from lead_system.domain.lifecycle import LeadStatus
from lead_system.domain.roles import Approval
from lead_system.models import CollisionKind, CollisionOutcome, CollisionState
from lead_system.web.meanings import Mark, meanings_of
from tests.admin.conftest import Desk, Room
from tests.support.cast import OUYANG, Cast

EXPLAINED: tuple[type[StrEnum], ...] = (
    LeadStatus,
    Mark,
    CollisionState,
    CollisionKind,
    CollisionOutcome,
    Approval,
)

WAYS = {
    ("Entered", "Reported"),
    ("Entered", "Bound"),
    ("Entered", "Withdrawn"),
    ("Reported", "Bound"),
    ("Reported", "Dealt"),
    ("Bound", "Dealt"),
    ("Bound", "Expired"),
    ("Expired", "Reported"),
    ("Expired", "Bound"),
    ("Expired", "Dealt"),
    ("Dealt", "Bound"),
    ("Dealt", "Expired"),
}
"""Every way of R3; a rebind reports what was not, so it also leads from entered and expired to bound."""


@pytest.mark.parametrize("kind", EXPLAINED)
def test_every_word_has_a_meaning(app: Flask, kind: type[StrEnum]) -> None:
    with app.test_request_context():
        explained = meanings_of([kind])

    assert [one.anchor for one in explained] == [f"{kind.__name__}-{member.value}" for member in kind]
    assert all(one.word and len(one.text) > 6 for one in explained)


def test_page_has_every_way_between_two_statuses_and_no_other(cast: Cast, desk: Desk) -> None:
    page = desk("director").get("/admin/help/").page

    rows = [row for row in page.find_all("tr") if row.has("data-arrow")]
    ways = [tuple(cell.text for cell in row.find_all("td")[:2]) for row in rows]
    assert set(ways) == WAYS


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_everybody_of_the_office_finds_the_rules_behind_the_question_mark(desk: Desk, who: str) -> None:
    client = desk(who)

    (link,) = client.get("/admin/leads/").page.find_all("a", class_="who-help")
    page = client.get(link["href"]).page

    assert link["aria-label"] == "Words and rules"
    assert [rule["id"] for rule in page.find("div", class_="rules").find_all("div")[1:]] == [
        "R2", "R4", "R5", "R6", "R7", "R8", "R9",
    ]  # fmt: skip
    assert len(page.find("main").text.split()) < 1300, "it is to be read in five minutes"


def test_protection_is_said_with_the_days_that_hold_now(cast: Cast, desk: Desk) -> None:
    rule = desk("secretary").get("/admin/help/").page.find("div", id="R6")

    assert "A new binding lasts 30 days of 24 hours" in rule.text


LISTS = [
    ("/admin/leads/", ["Entered", "Reported", "Bound", "Expired", "Dealt", "Held by …"]),
    ("/admin/collisions/", ["Open", "Handled", "Held", "The holder keeps the customer"]),
    ("/admin/fees/", ["Paid", "Void"]),
    ("/admin/brokers/", ["Waiting for approval", "Approved", "Rejected"]),
]


@pytest.mark.parametrize(("address", "words"), LISTS)
def test_list_explains_its_words_on_demand(desk: Desk, address: str, words: list[str]) -> None:
    help_text = desk("director").get(address).page.find("details", class_="help")

    explained = [word.text for word in help_text.find_all("dt")]
    assert [word for word in words if word not in explained] == []
    assert not help_text.has("open"), "it stays closed until somebody asks"
    assert help_text.find("a")["href"] == "/admin/help/"


def test_status_of_a_customer_is_explained_for_pointer_keyboard_and_finger(room: Room, desk: Desk) -> None:
    page = desk("secretary").get(f"/admin/leads/details/?id={room.bound}").page

    button = page.find("button", class_="tip-about")
    tip = page.find("span", id=button["aria-describedby"])
    assert button.find("span", class_="badge").text == "Bound"
    assert (tip["role"], tip.text) == (
        "tooltip",
        "The gate has scanned the code: the customer belongs to this broker until the protection ends.",
    )


def test_collision_explains_state_kind_and_outcome(room: Room, desk: Desk) -> None:
    collision = room.cast.collision_of(room.bound, room.cast.enters("fang", OUYANG, reports=True))
    room.cast.handles("director", collision)

    page = desk("admin").get(f"/admin/collisions/details/?id={collision}").page

    tips = {tip["id"]: tip.text for tip in page.find_all("span", class_="tip-text")}
    assert set(tips) == {"tip-state", "tip-kind", "tip-outcome"}
    assert tips["tip-outcome"] == "It was handled with one click, without saying how."
