"""Not the same person: what the page foretells, who may declare it, and where it shows."""

from datetime import timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.protection import shanghai_day
from lead_system.models import Collision
from lead_system.services.anonymising import anonymise_lead
from tests.admin.conftest import Desk
from tests.admin.reading import notes, row_of, section, section_rows
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")

OFFER, BACK = "Not the same person", "The same person after all"
STALE = "Somebody else has changed this meanwhile."


def url(number: int, say: str = "") -> str:
    return f"/admin/leads/person/?id={number}{f'&say={say}' if say else ''}"


def details(client: PageClient, number: int) -> Page:
    return client.get(f"/admin/leads/details/?id={number}").page


def offers(client: PageClient, number: int) -> dict[str, str]:
    """What the section of look-alikes offers, and where that leads."""
    links = section(details(client, number), "look-alikes").find_all("a", class_="button")
    return {link.text: link["href"] for link in links}


def foresight(page: Page) -> list[str]:
    return [line.text for line in page.find("div", class_="foresight").find_all("li")]


def tables(page: Page) -> dict[str, list[str]]:
    """The numbers that a page lists, by what it says of them."""
    parts = page.find_all("section", class_="persons")
    return {
        part["aria-label"]: [row.find("a").text for row in part.find("tbody").find_all("tr")]
        for part in parts
    }


def declare(client: PageClient, page: str | PageResponse, reason: str = "身份证不同") -> PageResponse:
    return client.submit(page, {"reason": reason}, button="Declare another person")


def take_back(client: PageClient, page: str | PageResponse, reason: str = "看错了") -> PageResponse:
    return client.submit(page, {"reason": reason}, button="Declare the same person")


@pytest.fixture
def held(cast: Cast) -> int:
    """The customer as Qiang holds it."""
    lead_id = cast.enters("qiang", OUYANG, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


@pytest.fixture
def wanted(cast: Cast, held: int) -> int:
    """The same customer as Fang has reported it since."""
    del held
    return cast.enters("fang", OUYANG, reports=True)


@both_databases
@pytest.mark.parametrize("who", ["director", "admin"])
def test_a_customer_is_declared_another_person_from_its_page(
    desk: Desk, cast: Cast, wanted: int, who: str
) -> None:
    client = desk(who)

    done = declare(client, client.get(offers(client, wanted)[OFFER])).page

    assert notes(done) == [f"Customer number {wanted} is another person now."]
    assert "Another person, no. 1" in done.find("div", class_="head-line").text
    assert cast.scans("lu", wanted).outcome == "bound"


def test_the_page_foretells_who_holds_which_collisions_close_and_writes_nothing(
    desk: Desk, cast: Cast, held: int, wanted: int
) -> None:
    row = cast.collision_of(held, wanted)
    weis = cast.enters("wei")

    with nothing_written(cast.app):
        page = desk("director").get(url(wanted)).page

    assert page.h1 == OFFER
    becomes, holds, closes, tells, back, kept = foresight(page)
    assert becomes == (
        f"Customer number {wanted} becomes another person with this name and these digits: person no. 1."
    )
    assert holds == (
        f"Customer number {held} of broker 李强 holds this name and these digits now, and goes on holding "
        f"them. Afterwards number {wanted} can be scanned and bound as well."
    )
    rival = f"customer number {held} of broker 李强"
    assert closes == f"Collision number {row} with {rival} is closed: they are different people."
    assert tells.startswith("The broker is told nothing, and still cannot enter this name")
    assert back.startswith("You can take it back while the customer is not bound.")
    assert kept == "It is kept in the history, with your name and reason."
    assert tables(page) == {"No longer the same customer": [str(held), str(weis)]}


def test_an_entry_that_was_not_reported_is_told_to_be_reported_first(
    desk: Desk, cast: Cast, held: int
) -> None:
    number = cast.enters("fang", OUYANG)

    assert foresight(desk("director").get(url(number)).page)[1].endswith(
        f"Afterwards number {number} can be reported, scanned and bound as well."
    )
    assert held < number


def test_the_collision_with_a_visitor_is_foretold_without_naming_anybody(desk: Desk, cast: Cast) -> None:
    cast.walks_in("hong")
    number = cast.enters("fang", HONG)

    page = desk("director").get(url(number)).page

    assert "Collision number 1 with a visitor is closed: they are different people." in foresight(page)
    assert "No other number is the same customer now" in foresight(page)[1]
    assert tables(page) == {}


def test_while_nobody_holds_the_page_says_so(desk: Desk, cast: Cast) -> None:
    mine, theirs = cast.enters("fang"), cast.enters("qiang")

    page = desk("director").get(url(mine)).page

    assert foresight(page)[1].startswith("Nobody holds this name and these digits now.")
    assert tables(page) == {"No longer the same customer": [str(theirs)]}


def test_taking_it_back_foretells_the_collision_that_it_makes(
    desk: Desk, cast: Cast, held: int, wanted: int
) -> None:
    client = desk("admin")
    cast.tells_apart("director", wanted)

    with nothing_written(cast.app):
        page = client.get(offers(client, wanted)[BACK]).page

    assert page.h1 == BACK
    becomes, collides = foresight(page)[:2]
    assert becomes == (
        f"Customer number {wanted} is no longer person no. 1 but the same person as every other entry of "
        "this name and these digits."
    )
    assert collides == (
        f"Customer number {held} of broker 李强 holds this name and these digits now: a collision is opened, "
        f"and number {wanted} cannot be bound meanwhile."
    )
    assert tables(page) == {"The same customer afterwards": [str(held)]}


def test_it_is_taken_back_from_the_page_and_the_history_tells_both(
    desk: Desk, cast: Cast, held: int, wanted: int
) -> None:
    client = desk("director")
    declare(client, url(wanted))

    done = take_back(client, url(wanted, "same")).page

    assert notes(done) == [f"Customer number {wanted} is the same person again."]
    assert "Another person" not in done.find("div", class_="head-line").text
    told = [line.text for line in section(done, "history").find_all("li")][:2]
    assert told == [
        "just now Declared the same person after all 秦越 · Director",
        "just now Declared another person with the same name and digits 秦越 · Director",
    ]
    assert cast.count(Collision, holding_lead_id=held, state="open") == 1


def test_the_closed_collision_says_who_declared_it_and_why(
    desk: Desk, cast: Cast, held: int, wanted: int
) -> None:
    client = desk("director")
    declare(client, url(wanted), "身份证不同")

    shown = client.get(f"/admin/collisions/details/?id={cast.collision_of(held, wanted)}").page.text

    for words in ("They are different people", "身份证不同", "Closed: one side was declared another person"):
        assert words in shown


def test_the_number_shows_in_lists_where_it_is_not_0(desk: Desk, cast: Cast, held: int, wanted: int) -> None:
    cast.tells_apart("director", wanted)

    page = desk("secretary").get("/admin/leads/").page

    assert row_of(page, wanted)["Marks"] == "Another person, no. 1"
    assert row_of(page, held)["Marks"] == "–"


def test_on_the_phone_nothing_tells_the_broker(signed_in: Desk, cast: Cast, wanted: int) -> None:
    client = signed_in("fang")
    pages = ("/m/customers", f"/m/customers/{wanted}")
    before = [client.get(page).page.text for page in pages]

    cast.tells_apart("director", wanted)

    assert [client.get(page).page.text for page in pages] == before


# What is refused.

REFUSED = {
    "bound": "The customer is bound, so who it is stays as it is. Move the binding to the right broker",
    "dealt": "The customer is marked as dealt. Undo the deal first.",
    "withdrawn": "The entry was withdrawn and cannot be used any more.",
    "back": "counts as the same person. Reload the page and look again.",
    "twice": "is declared another person already. Say first that it is the same person after all.",
    "merged": "This number was merged into customer number",
    "broker": "The broker has another entry for that customer: number",
    "anonymised": "This person's data was anonymised",
}


def refusal_of(cast: Cast, clock: StoppedClock, case: str) -> str:
    """Let a case come about; returns the address that is refused."""
    if case in {"back", "twice", "withdrawn", "anonymised"}:
        number = cast.enters("fang")
        if case == "twice":
            cast.tells_apart("director", number)
        if case == "withdrawn":
            cast.withdraws("fang", number)
        if case == "anonymised":
            _anonymise(cast, number)
        return url(number, "same" if case == "back" else "")
    if case in {"bound", "dealt"}:
        number = cast.enters("fang", reports=True)
        cast.scans("feng", number)
        if case == "dealt":
            cast.deals("director", number, shanghai_day(now()))
        return url(number)
    return _after_a_rebind(cast, case)


def _anonymise(cast: Cast, number: int) -> None:
    with cast.app.app_context():
        anonymise_lead(cast.as_("admin"), lead_id=number, version=1, reason="客户要求", now=now())


def _after_a_rebind(cast: Cast, case: str) -> str:
    number = cast.enters("fang", ("欧阳", "锋", "1394321"))
    if case == "merged":
        cast.enters("fang", OUYANG)
    else:
        cast.tells_apart("director", number)
    theirs = cast.enters("qiang", OUYANG, "1394321", reports=True)
    cast.scans("feng", theirs)
    cast.rebinds("director", theirs, "fang")
    return url(number, "same" if case == "broker" else "")


def by_hand(client: PageClient, cast: Cast, address: str, number: int) -> PageResponse:
    """Send what the form would send, with the version of now, also where no form is offered."""
    token = client.get("/admin/help/").page.csrf_token
    sent = {"csrf_token": token, "request_id": "made-by-hand-1", "version": str(cast.read(number, "version"))}
    return client.post(address, data={**sent, "reason": "身份证不同"})


@pytest.mark.parametrize(("case", "sentence"), REFUSED.items())
def test_what_cannot_be_is_refused_in_words_before_and_after_the_question(
    desk: Desk, cast: Cast, clock: StoppedClock, case: str, sentence: str
) -> None:
    address, client = refusal_of(cast, clock, case), desk("director")
    number = int(address.split("id=")[1].split("&")[0])

    asked = client.get(address)
    with nothing_written(cast.app):
        answer = by_hand(client, cast, address, number)

    assert (asked.status_code, answer.status_code) == (409, 409)
    assert sentence in asked.page.text
    assert sentence in answer.page.text


@pytest.mark.parametrize(
    ("status", "offered"),
    [("entered", OFFER), ("reported", OFFER), ("bound", ""), ("expired", OFFER), ("withdrawn", "")],
)
def test_it_is_offered_where_it_may_be(
    desk: Desk, cast: Cast, clock: StoppedClock, status: str, offered: str
) -> None:
    number = cast.enters("fang", reports=status not in {"entered", "withdrawn"})
    if status in {"bound", "expired"}:
        cast.scans("feng", number)
    if status == "expired":
        clock.forward(timedelta(days=30))
    if status == "withdrawn":
        cast.withdraws("fang", number)

    assert list(offers(desk("director"), number)) == ([offered] if offered else [])


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Write a few words here first."),
        ("打13812340000问过", "The text holds a whole mobile number."),
        ("x" * 501, "The text is too long: at most 500 characters."),
    ],
)
def test_without_a_reason_that_can_be_kept_nothing_is_declared(
    desk: Desk, cast: Cast, wanted: int, reason: str, sentence: str
) -> None:
    with nothing_written(cast.app):
        answer = declare(desk("director"), url(wanted), reason)

    assert answer.status_code == 422
    assert answer.page.find(id="reason-error").text.startswith(sentence)
    assert "13812340000" not in answer.text


def test_a_stale_form_says_that_somebody_else_was_faster(desk: Desk, cast: Cast, wanted: int) -> None:
    client = desk("director")
    asked = client.get(url(wanted))
    cast.tells_apart("admin", wanted)

    with nothing_written(cast.app):
        answer = declare(client, asked)

    assert answer.status_code == 409
    assert STALE in answer.page.text


def test_sent_twice_it_is_declared_once_and_answered_the_same(desk: Desk, cast: Cast, wanted: int) -> None:
    client = desk("director")
    asked = client.get(url(wanted))

    answers = [declare(client, asked) for _ in range(2)]

    said = [f"Customer number {wanted} is another person now."]
    assert [notes(answer.page) for answer in answers] == [said, said]
    assert cast.read(wanted, "person_number") == 1


def test_the_secretary_cannot_declare_by_hand(desk: Desk, cast: Cast, wanted: int) -> None:
    with nothing_written(cast.app):
        answer = by_hand(desk("secretary"), cast, url(wanted), wanted)

    assert answer.status_code == 403


@pytest.mark.parametrize("who", ["secretary", "qiang", "feng", "xin"])
def test_nobody_but_those_who_decide_may_declare(desk: Desk, wanted: int, who: str) -> None:
    assert desk(who).get(url(wanted)).status_code == 403


def test_the_secretary_sees_look_alikes_and_no_button(desk: Desk, cast: Cast, wanted: int) -> None:
    cast.tells_apart("director", wanted)

    assert offers(desk("secretary"), wanted) == {}
    assert len(section_rows(details(desk("secretary"), wanted), "look-alikes")) == 1


def test_a_number_that_is_no_customers_answers_404_in_words(desk: Desk, wanted: int) -> None:
    del wanted
    client = desk("director")

    for number in ("", "0", "-1", "999999", "abc"):
        answer = client.get("/admin/leads/person/", query_string={"id": number})
        assert (number, answer.status_code) == (number, 404)
