"""Every address and verb, asked by everybody: who may is let in, nobody else, and then nothing is written."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask

from lead_system.clock import now
from lead_system.domain.places import Position
from lead_system.domain.protection import shanghai_day
from lead_system.domain.roles import Approval, Role
from lead_system.services.exports import begin_export
from lead_system.services.transaction import Caller
from tests.house.access_table import ALL, LET_IN, TABLE
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.project import add_plot, keep_picture, put_away, write_project
from tests.support.refusals import nothing_written
from tests.support.stories import told_once


@told_once
def story(cast: Cast, clock: StoppedClock) -> dict[str, object]:
    """Gives the records that addresses and forms of the table name."""
    return tell_story(cast)


def tell_story(cast: Cast) -> dict[str, object]:
    """Live through what the table speaks of, and return its records: Fang holds whom Qiang is after."""
    for who, approval in (("mei", Approval.APPROVED), ("jun", Approval.PENDING)):
        cast.arrives(who, {"mei": "13900000001", "jun": "13900000002"}[who])
        brokerage_id = cast.account("qiang", "brokerage_id")
        named = {"name": "梅君", "profile_completed_at": now(), "brokerage_id": brokerage_id}
        cast.change(who, role=Role.RESIDENT, approval=approval, **named)
    bound = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", bound, "xin")
    cast.views("xin", bound)
    dealt = cast.enters("fang", ("林", "晓", "1591122"), reports=True)
    cast.scans("feng", dealt, "xin")
    cast.deals("director", dealt, shanghai_day(now()))
    qiangs = cast.enters("qiang", OUYANG)
    collision = cast.collision_of(bound, qiangs)
    handled = cast.collision_of(dealt, cast.enters("qiang", ("林", "晓", "1591122")))
    cast.handles("director", handled)
    cast.walks_in("hong")
    weis = cast.enters("wei", ("周", "全", "1770002"), reports=True)
    fee = cast.pays("secretary", bound, "88.00")
    begin_the_secretarys_export(cast)
    records = {"bound": bound, "dealt": dealt, "collision": collision, "handled": handled, "weis": weis}
    records |= {"qiangs": qiangs, "meis": cast.enters("mei", ("周", "桐", "1770004"))}
    brokerage = {"brokerage": cast.account("qiang", "brokerage_id"), "type": cast.types["住宅"]}
    project = tell_of_the_project(cast)
    return (
        cast.ids
        | records
        | brokerage
        | project
        | {
            "fee": fee,
            "code": cast.code_of(bound),
            "visitors_code": cast.account("hong", "code_token"),
        }
    )


def tell_of_the_project(cast: Cast) -> dict[str, object]:
    """Write where the project is, and give it a plot that is shown, one that is not, and a picture."""
    write_project(cast, position=Position(Decimal("31.2338"), Decimal("120.7965")))
    plot, archived = add_plot(cast, "A-01"), add_plot(cast, "B-02")
    put_away(cast, archived)
    return {"plot": plot, "archived_plot": archived, "picture": keep_picture(cast)}


def begin_the_secretarys_export(cast: Cast) -> None:
    request_id = "made-by-the-secretary"
    caller = Caller(cast.ids["secretary"], request_id)
    with cast.app.app_context():
        begin_export(caller, request_id=request_id, table_name="leads", filters={}, rows_found=7, now=now())


LASTING = ("/m/me/broker", "/sign-out")
"""What changes who somebody is."""


class Asker:
    """Somebody's browser, which sends by hand what no page of theirs offers."""

    def __init__(self, client: PageClient, story: dict[str, object]) -> None:
        self.client = client
        self.story = story
        self.begin()

    def begin(self) -> None:
        """Read the token of the present session, which ends with each sign-out and change of role."""
        page = self.client.get("/", follow_redirects=True).page
        form = next(form for form in page.forms if form.method == "post")
        (token,), (request_id,) = (form.defaults()[name] for name in ("csrf_token", "request_id"))
        self.token, self.request_id = str(token), str(request_id)

    def asks(self, number: int, **headers: str) -> PageResponse:
        """Ask for what a row of the table says; each form is sent with an id of its own."""
        row = TABLE[number]
        address = row.address.format(**self.story)
        if row.verb == "GET":
            answer = self.client.get(address, headers=headers)
        else:
            sent = {name: value.format(**self.story) for name, value in row.form.items()}
            sent |= {"csrf_token": self.token, "request_id": f"{self.request_id}-{number}"}
            answer = self.client.post(address, data=sent, headers=headers)
        answer.get_data()
        answer.close()
        if row.verb == "POST" and row.rule.endswith(LASTING):
            self.begin()
        return answer


@pytest.fixture
def asker(
    story: dict[str, object], signed_in: Callable[[str], PageClient], client: PageClient
) -> Callable[[str], Asker]:
    """Gives the browser of somebody who reads English; a stranger's too."""

    def sit_down(who: str) -> Asker:
        browser = client if who == "stranger" else signed_in(who)
        with browser.session_transaction() as session:
            session["language"] = "en"
        return Asker(browser, story)

    return sit_down


def rows_for(who: str, *, refused: bool) -> list[int]:
    """Return the rows that refuse somebody, or let them in; what changes who they are comes last."""
    chosen = [n for n, row in enumerate(TABLE) if (row.answer_for(who) in (403, 404)) is refused]
    return sorted(chosen, key=lambda n: [TABLE[n].rule.endswith(end) for end in reversed(LASTING)])


def is_wrong(status: int, expected: int) -> bool:
    if expected == LET_IN:
        return status in (401, 403, 404, 405) or status >= 500
    return status != expected


def wrong_answers(asker: Asker, who: str, rows: list[int]) -> dict[str, str]:
    given = {number: asker.asks(number).status_code for number in rows}
    return {
        f"{TABLE[number]} {TABLE[number].form or ''}": f"{status}, not {TABLE[number].answer_for(who)}"
        for number, status in given.items()
        if is_wrong(status, TABLE[number].answer_for(who))
    }


@pytest.mark.parametrize("who", sorted(ALL))
def test_whoever_is_not_named_is_refused_and_nothing_is_written(
    cast: Cast, asker: Callable[[str], Asker], who: str
) -> None:
    browser = asker(who)
    refusing = rows_for(who, refused=True)
    assert len(refusing) > 30

    with nothing_written(cast.app):
        assert wrong_answers(browser, who, refusing) == {}


@pytest.mark.parametrize("who", sorted(ALL))
def test_whoever_is_named_is_let_in(asker: Callable[[str], Asker], who: str) -> None:
    assert wrong_answers(asker(who), who, rows_for(who, refused=False)) == {}


def test_a_stranger_is_sent_to_the_door_of_those_who_are_named(
    cast: Cast, asker: Callable[[str], Asker]
) -> None:
    browser = asker("stranger")
    closed = [number for number, row in enumerate(TABLE) if "stranger" not in row.people]

    with nothing_written(cast.app):
        answers = {number: browser.asks(number) for number in closed}

    wrong = {
        str(TABLE[number]): (answer.status_code, answer.location)
        for number, answer in answers.items()
        if (answer.status_code, (answer.location or "").partition("?")[0]) != (302, TABLE[number].door)
    }
    assert wrong == {}


def test_a_script_of_a_stranger_is_told_where_the_door_is(cast: Cast, asker: Callable[[str], Asker]) -> None:
    browser = asker("stranger")
    closed = [number for number, row in enumerate(TABLE) if "stranger" not in row.people]

    with nothing_written(cast.app):
        answers = {number: browser.asks(number, Accept="application/json") for number in closed}

    for number, answer in answers.items():
        told = (str(TABLE[number]), answer.status_code, answer.json)
        assert told == (str(TABLE[number]), 401, {"sign_in": TABLE[number].door})


def test_a_stranger_may_use_what_is_public(asker: Callable[[str], Asker]) -> None:
    public = [number for number, row in enumerate(TABLE) if "stranger" in row.people]

    assert wrong_answers(asker("stranger"), "stranger", public) == {}


def test_the_progress_of_an_export_is_told_to_its_owner_alone(asker: Callable[[str], Asker]) -> None:
    (number,) = [n for n, row in enumerate(TABLE) if row.rule == "/admin/exports/progress/"]

    told = {who: asker(who).asks(number).json for who in ("secretary", "director", "admin")}

    nothing = {"written": 0, "found": 0, "is_finished": False}
    assert told == {"secretary": nothing | {"found": 7}, "director": nothing, "admin": nothing}


def routes_of(app: Flask) -> set[tuple[str, str]]:
    """Return every address and verb that is served, but for files."""
    return {
        (verb, rule.rule)
        for rule in app.url_map.iter_rules()
        for verb in rule.methods or ()
        if verb not in ("HEAD", "OPTIONS") and not rule.endpoint.endswith("static")
    }


def rows_of_table() -> set[tuple[str, str]]:
    return {(row.verb, row.rule) for row in TABLE}


def test_every_route_and_verb_has_a_row(app: Flask) -> None:
    forgotten = routes_of(app) - rows_of_table()

    assert not forgotten, (
        f"{sorted(forgotten)}: write in tests/house/access_table.py who may use it, "
        "and who owns the record that its address or form names"
    )


def test_every_row_has_a_route(app: Flask) -> None:
    gone = rows_of_table() - routes_of(app)

    assert not gone, f"{sorted(gone)}: no such route; take the row out of tests/house/access_table.py"


@pytest.mark.alters_the_app
def test_a_route_without_a_row_is_noticed(app: Flask) -> None:
    app.add_url_rule("/attic", view_func=lambda: "open to everybody", endpoint="attic", methods=["DELETE"])

    assert routes_of(app) - rows_of_table() == {("DELETE", "/attic")}


def test_everybody_of_the_cast_asks(cast: Cast, story: dict[str, object]) -> None:
    roles = {who: str(cast.account(who, "role")) for who in ALL}

    assert set(roles.values()) == {
        "broker", "resident", "visitor", "gate", "consultant", "secretary", "director", "admin"
    }  # fmt: skip
