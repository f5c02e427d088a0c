"""Why something is not offered: said in one line, by the very checks that would refuse it."""

from datetime import date, timedelta

import pytest

from tests.admin.conftest import Desk, Room
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock

DEAL, REBIND, EXTEND = "Mark as dealt", "Change the broker", "Extend the protection"
NOT_YET = "Only for a bound customer. This one has not been reported and scanned yet."
NOT_SCANNED = "Only for a bound customer. The gate has not scanned this one yet."
EXPIRED = "Only while a binding runs. This one expired on 2026-04-01 10:00."
STANDS = "A deal stands. Undo the deal first."

NEVER = "Pay a viewing fee: The gate has never scanned this customer, so no viewing fee is due."
NO_FEE: tuple[list[str], list[str]] = ([], [NEVER])
A_FEE: tuple[list[str], list[str]] = (["Pay a viewing fee"], [])
AGAIN = "This binding was extended before, which is possible once. Ask the broker to report again later."
MOVED = "Only while a binding runs. This one was moved to another broker on 2026-04-02 10:00."
REPORTED_AGAIN = "Only while a binding runs. This one was reported again and waits for the scan at the gate."
BY_A_REBIND = "A rebind closed this collision, so it cannot be opened again. Look at the customer's rebinds."

OF_EACH_STATUS = [
    ("entered", [], [f"{DEAL}, {REBIND}, {EXTEND}: {NOT_YET}"]),
    ("reported", [], [f"{DEAL}, {REBIND}, {EXTEND}: {NOT_SCANNED}"]),
    ("bound", [DEAL, REBIND, EXTEND], []),
    ("expired", ["Mark a late deal"], [f"{REBIND}, {EXTEND}: {EXPIRED}"]),
    ("dealt", ["Undo the deal"], [f"{DEAL}, {REBIND}, {EXTEND}: {STANDS}"]),
]


def details(client: PageClient, lead_id: int) -> tuple[list[str], list[str]]:
    """Return the buttons of a customer's page, and the lines that say why others are missing."""
    page = client.get(f"/admin/leads/details/?id={lead_id}").page
    buttons = [link.text for link in page.find("div", class_="page-actions").find_all("a")]
    return buttons, lines(client, f"/admin/leads/details/?id={lead_id}")


def lines(client: PageClient, address: str) -> list[str]:
    found = client.get(address).page.find_all("ul", class_="why-not")
    return [line.text for those in found for line in those.find_all("li")]


@pytest.mark.parametrize(("status", "offered", "said"), OF_EACH_STATUS)
def test_what_is_not_offered_says_why(
    room: Room, desk: Desk, status: str, offered: list[str], said: list[str]
) -> None:
    for who in ("director", "admin"):
        assert details(desk(who), getattr(room, status)) == (offered, said)


@pytest.mark.parametrize(("status", "offered", "said"), OF_EACH_STATUS)
def test_secretary_is_told_nothing_of_a_directors_buttons(
    room: Room, desk: Desk, status: str, offered: list[str], said: list[str]
) -> None:
    buttons, why = details(desk("secretary"), getattr(room, status))

    assert not {DEAL, REBIND, EXTEND, *offered} & set(buttons)
    assert not set(said) & set(why)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("entered", NO_FEE),
        ("reported", NO_FEE),
        ("bound", A_FEE),
        ("expired", A_FEE),
        ("dealt", A_FEE),
    ],
)
def test_secretary_reads_why_no_fee_can_be_paid(
    room: Room, desk: Desk, status: str, expected: object
) -> None:
    assert details(desk("secretary"), getattr(room, status)) == expected


def test_director_is_told_nothing_of_the_secretarys_button(room: Room, desk: Desk) -> None:
    assert not any("fee" in line for line in details(desk("director"), room.reported)[1])


def test_extended_binding_says_that_it_was_extended(room: Room, desk: Desk) -> None:
    room.cast.extends("director", room.bound, 5)

    offered, said = details(desk("admin"), room.bound)

    assert offered == [DEAL, REBIND]
    assert said == [f"{EXTEND}: {AGAIN}"]


def test_rebound_customer_says_when_it_was_moved(room: Room, desk: Desk) -> None:
    room.cast.rebinds("director", room.bound, "fang")

    assert details(desk("director"), room.bound)[1] == [f"{REBIND}, {EXTEND}: {MOVED}"]


def test_customer_reported_again_waits_for_the_gate(room: Room, desk: Desk) -> None:
    room.cast.reports("fang", room.expired)

    offered, said = details(desk("director"), room.expired)

    assert offered == ["Mark a late deal"]
    assert said == [f"{REBIND}, {EXTEND}: {REPORTED_AGAIN}"]


def test_what_is_said_changes_at_the_second_of_the_end(cast: Cast, clock: StoppedClock, desk: Desk) -> None:
    lead = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", lead)
    client = desk("director")

    clock.forward(timedelta(days=30) - timedelta(microseconds=1))
    before = details(client, lead)
    clock.forward(timedelta(microseconds=1))
    after = details(client, lead)

    assert before == ([DEAL, REBIND, EXTEND], [])
    assert after == (["Mark a late deal"], [f"{REBIND}, {EXTEND}: {EXPIRED}"])


def test_collision_closed_by_a_rebind_says_why_it_stays_closed(room: Room, desk: Desk) -> None:
    challenger = room.cast.enters("fang", OUYANG, reports=True)
    collision = room.cast.collision_of(room.bound, challenger)
    address = f"/admin/collisions/details/?id={collision}"
    client = desk("director")

    assert lines(client, address) == []
    room.cast.rebinds("director", room.bound, "fang")

    assert lines(client, address) == [f"Open again: {BY_A_REBIND}"]


def test_collision_that_a_newer_one_replaced_says_so(room: Room, desk: Desk, clock: StoppedClock) -> None:
    challenger = room.cast.enters("fang", OUYANG, reports=True)
    collision = room.cast.collision_of(room.bound, challenger)
    room.cast.handles("director", collision)
    client, address = desk("director"), f"/admin/collisions/details/?id={collision}"

    assert (lines(client, address), bool(reopen_link(client, address))) == ([], True)
    clock.forward(timedelta(minutes=5))
    room.cast.reports("fang", challenger)

    assert not reopen_link(client, address)
    assert lines(client, address) == [
        "Open again: A newer collision of the same two customers is open. Handle that one."
    ]


def reopen_link(client: PageClient, address: str) -> list[object]:
    actions = client.get(address).page.find("div", class_="page-actions")
    return [link for link in actions.find_all("a") if "reopen" in link["href"]]


def test_void_fee_says_to_the_secretary_who_voided_it(room: Room, desk: Desk) -> None:
    fee = room.cast.pays("secretary", room.bound, "300")
    address = f"/admin/fees/details/?id={fee}"

    assert lines(desk("secretary"), address) == []
    room.cast.voids("secretary", fee)

    assert lines(desk("secretary"), address) == [
        "Void the fee: 苏文 has voided this fee already. Nothing more is to be done."
    ]
    assert lines(desk("director"), address) == []


def test_deal_undone_offers_everything_again(room: Room, desk: Desk) -> None:
    room.cast.deals("director", room.bound, date(2026, 4, 2))
    room.cast.undoes_deal("director", room.bound)

    assert details(desk("director"), room.bound) == ([DEAL, REBIND, EXTEND], [])
