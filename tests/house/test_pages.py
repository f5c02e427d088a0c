"""Every page answers everybody: with a page, a door or a refusal, in both languages and in few queries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock

PEOPLE = ("fang", "wei", "hong", "feng", "xin", "secretary", "director", "admin")
STRANGE_ARGUMENTS = (
    "",
    "?page=-1",
    "?page=999999999999",
    "?id=abc",
    "?id=1,2",
    "?sort=x&desc=y&search=%27%25",
    "?next=//elsewhere.example",
    "?number=99999999999999999999&name=%25&phone=_",
    "?name=%00&q=%00",
    "?status=nothing&tab=nothing&intent=Z&page_size=-5",
)
MOST_QUERIES = 12


def plain_addresses(app: Flask) -> list[str]:
    """The addresses that can be fetched without knowing anything."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and rule.methods and "GET" in rule.methods
    )


def addresses_of(app: Flask, known: dict[str, object]) -> list[str]:
    """The addresses of every page that can be fetched, for one customer, with what stands in the address."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.methods and "GET" in rule.methods]
    with app.test_request_context():
        built = [rule.build(known, append_unknown=False) for rule in rules if rule.arguments <= set(known)]
    plain = {address for _, address in filter(None, built)}
    return sorted(plain | {f"{address}?id={known['lead_id']}" for address in plain if "/admin/" in address})


def customer(number: int) -> tuple[str, str, str]:
    return "欧阳", f"锋{'甲乙丙丁戊己庚辛壬癸'[number % 10]}", f"13{number % 9}{5000 + number}"


def live_a_story(cast: Cast, clock: StoppedClock, number: int) -> int:
    """Fang's customer is bound, viewed and wanted by Qiang too, so that every list has a row more."""
    lead_id = cast.enters("fang", customer(number), reports=True, needs="想要一楼临街")
    cast.scans("feng", lead_id)
    cast.views("xin", lead_id)
    cast.follows_up("xin", lead_id, "周末再看")
    cast.enters("qiang", customer(number), reports=True)
    cast.walks_in("hong")
    clock.forward(timedelta(minutes=2))
    return lead_id


def server_errors(client: PageClient, addresses: list[str]) -> dict[str, str]:
    answers = {address: client.get(address) for address in addresses}
    return {address: answer.status for address, answer in answers.items() if answer.status_code >= 500}


@pytest.mark.parametrize("arguments", STRANGE_ARGUMENTS)
def test_stranger_gets_a_page_or_the_door(app: Flask, client: PageClient, arguments: str) -> None:
    addresses = [address + arguments for address in plain_addresses(app)]

    assert server_errors(client, addresses) == {}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_is_whole_in_both_languages(
    cast: Cast, clock: StoppedClock, signed_in: Callable[[str], PageClient], who: str, language: str
) -> None:
    lead_id = live_a_story(cast, clock, 1)
    client = signed_in(who)
    with client.session_transaction() as session:
        session["language"] = language

    known = {"lead_id": lead_id, "scan_id": 1, "walk_in_id": 1, "token": cast.code_of(lead_id)}
    assert server_errors(client, addresses_of(cast.app, known)) == {}


@both_databases
@pytest.mark.parametrize("who", PEOPLE)
def test_strange_arguments_are_answered_in_words(
    cast: Cast, clock: StoppedClock, signed_in: Callable[[str], PageClient], who: str
) -> None:
    """Whom a page refuses by their role, it refuses before it reads any argument: one is enough there."""
    live_a_story(cast, clock, 1)
    client, plain = signed_in(who), plain_addresses(cast.app)
    opened = [page for page in plain if client.get(page).status_code != 403]
    addresses = [page + arguments for page in opened for arguments in STRANGE_ARGUMENTS]
    addresses += [page + STRANGE_ARGUMENTS[4] for page in plain if page not in opened]
    known = {"lead_id": 10**20, "scan_id": 10**20, "walk_in_id": 10**20, "token": "x" * 500}

    assert 10 < len(opened) < len(plain)
    assert server_errors(client, addresses + addresses_of(cast.app, known)) == {}


def test_number_of_queries_does_not_grow_with_the_rows(
    cast: Cast, clock: StoppedClock, signed_in: Callable[[str], PageClient]
) -> None:
    def queries() -> dict[tuple[str, str], int]:
        pages = [(signed_in(who), who, page) for who in PEOPLE for page in plain_addresses(cast.app)]
        return {(who, page): len(client.queries) for client, who, page in pages if client.get(page).is_page}

    live_a_story(cast, clock, 0)
    with_one_row = queries()

    for number in range(1, 50):
        live_a_story(cast, clock, number)

    with_fifty_rows = queries()
    assert {page: n for page, n in with_fifty_rows.items() if n > MOST_QUERIES} == {}
    assert with_fifty_rows == with_one_row, "join or load what each row needs together with the list"


def test_unknown_address_is_a_plain_404_page(client: PageClient) -> None:
    answer = client.get("/no-such-page")

    assert answer.status_code == 404
    assert answer.is_page
