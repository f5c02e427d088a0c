"""What bites in Flask-Admin 2.2 (sixteen traps, by their numbers), and that our back office is not bitten.

Every trap is tried on both databases: most of them show on one of the two only.
"""

import re
from datetime import datetime
from io import BytesIO

import pytest
from flask import Flask, g
from openpyxl import load_workbook
from sqlalchemy.exc import IntegrityError

from lead_system.admin_views.lists import ListView
from lead_system.domain.errors import Refused
from lead_system.extensions import db
from lead_system.models import Account, Brokerage, Lead
from tests.admin.conftest import Desk, Room
from tests.admin.reading import notes, rows, ticked
from tests.admin.test_lists import (
    LISTS,
    List,
    add_export,
    add_fee,
    add_profile_change,
    add_rebind,
    add_reveal,
    every_list,
    hold,
)
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.html import Element
from tests.support.project import add_plot
from tests.support.refusals import everything, nothing_written
from tests.support.stories import told_once

pytestmark = both_databases


def test_1_nothing_is_deleted_in_bulk_and_ids_of_a_selection_are_numbers(desk: Desk, room: Room) -> None:
    client = desk("director")

    asked = client.submit("/admin/leads/", ticked(room.bound, room.entered), button="mark_dealt")
    done = client.submit(asked, button="Mark 1 customer as dealt")
    with nothing_written(room.cast.app):
        forged = {"rowid": [str(room.entered), str(room.bound)], "action": "delete"}
        deleted = client.forge("/admin/leads/", forged, action="/admin/leads/action/")

    assert notes(done.page) == ["1 customer is dealt."]
    assert deleted.status_code == 403


STRANGE = (
    "id=abc", "id=1,2", "id=99999999999999999999", "page=-1", "page=99999999999999999999", "page=1,2",
    "page_size=-1", "page_size=99999999999999999999", "sort=abc", "sort=-1", "sort=999", "sort=0,1&desc=x",
    "offset=-1", "flt0_0=x", "flt1_99=%27", "search=%25", "first_day=0", "last_day=2026-13-45", "intent=Z",
    "role=emperor", "role=admin", "step=Z", "broker_id=abc", "broker_id=1,2", "brokerage_id=-1",
    "consultant_id=99999999999999999999", "account_id=x", "status=Z", "state=Z", "tab=Z", "name=%ff%fe",
    "number=99999999999999999999", "number=-1", "phone=%F0%9F%98%80", "broker=%5C",
)  # fmt: skip


@every_list
def test_2_strange_arguments_are_never_a_failure(desk: Desk, cast: Cast, this: List) -> None:
    this.add_row(cast, 0)
    client = desk("admin")

    for argument in STRANGE:
        answer = client.get(f"{this.path}?{argument}")
        assert (argument, answer.status_code) in {(argument, status) for status in (200, 404, 422)}


@pytest.mark.parametrize("argument", ["id=", "id=abc", "id=1,2", "id=-1", "id=99999999999999999999", ""])
def test_2_a_record_by_a_strange_id_is_not_found(desk: Desk, cast: Cast, argument: str) -> None:
    client = desk("director")
    pages = (
        "leads/details", "leads/mark-dealt", "leads/undo-deal", "leads/extend", "leads/rebind",
        "leads/person",
        "collisions/details", "collisions/reopen", "fees/details", "fees/picture", "brokers/decide",
        "brokers/change", "brokers/archive", "brokerages/change", "brokerages/archive",
    )  # fmt: skip

    for page in pages:
        assert (page, client.get(f"/admin/{page}/?{argument}").status_code) == (page, 404)


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("secretary", "/admin/viewings/?intent=Z"),
        ("director", "/admin/brokers/?role=emperor"),
        ("director", "/admin/brokers/?role=admin"),
        ("admin", "/admin/staff/?role=broker"),
    ],
)
def test_2_and_3_a_choice_that_is_not_offered_is_answered_422(
    desk: Desk, cast: Cast, who: str, address: str
) -> None:
    answer = desk(who).get(address)

    assert answer.status_code == 422
    assert "Choose one of the list." in answer.page.find("p", id="search-error").text


def chosen(select: Element) -> list[str]:
    return [option.text for option in select.find_all("option") if option.has("selected")]


def test_3_a_choice_stays_chosen_and_a_saved_form_resets_no_enumeration(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    before = [cast.account("wei", name) for name in ("role", "approval")]

    found = client.get("/admin/brokers/?role=resident").page
    client.submit(f"/admin/brokers/change/?id={cast.ids['wei']}", {"phone": "13500030009"}, button="Save")

    assert [row["Name"] for row in rows(found)] == ["赵伟"]
    assert chosen(found.find("select", name="role")) == ["Resident"]
    assert cast.account("wei", "phone") == "13500030009"
    assert [cast.account("wei", name) for name in ("role", "approval")] == before


def test_4_one_token_protects_creating_acting_and_archiving(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    asked = client.get("/admin/brokerages/add/")
    (form,) = [form for form in asked.page.forms if "contact" in form.names]
    assert len([field for field in form.fields if "csrf" in field["name"]]) == 1

    with nothing_written(cast.app):
        refused = client.forge(asked, {"name": "云山地产"}, without=["csrf_token"])
    added = client.submit(asked, {"name": "云山地产"}, button="Add")

    assert refused.status_code == 400
    assert [row["Company name"] for row in rows(added.page)].count("云山地产") == 1


@every_list
def test_5_nothing_depends_on_scripts_in_attributes_and_a_get_only_asks(
    desk: Desk, cast: Cast, this: List
) -> None:
    this.add_row(cast, 0)
    client = desk("admin")
    page = client.get(this.path).page

    assert not [
        element for element in page.walk() if {"onclick", "onsubmit", "style"} & set(element.attributes)
    ]
    for script in page.find_all("script"):
        assert (re.sub("[0-9a-f]{16}", "…", script["src"]), script["type"]) == (
            "/static/…/js/back_office.js",
            "module",
        )
    for link in page.find("main").find_all("a"):
        assert client.get(link["href"]).status_code in (200, 409)


def test_6_a_taken_name_is_refused_in_words(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    asked = client.get("/admin/consultants/add/")
    fields = {
        "employee_number": "S0099",
        "name": "孔明",
        "phone": "13700099999",
        "login": "gate-lu",
        "password": "a fine temporary word",
    }

    answer = client.submit(asked, fields, button="Add")

    assert answer.status_code == 409
    assert "This account name was used before" in answer.page.text
    assert_no_database_words(answer.text)


def assert_no_database_words(text: str) -> None:
    for word in ("INSERT", "UPDATE ", "constraint", "psycopg", "sqlite", "Failing row", "Traceback"):
        assert word not in text


FORBIDDING = {
    "sqlite": "CREATE TRIGGER no_more BEFORE INSERT ON brokerages BEGIN "
    "SELECT RAISE(ABORT, 'CHECK constraint failed: Failing row contains'); END",
    "postgresql": "ALTER TABLE brokerages ADD CONSTRAINT no_more CHECK (name <> '云山地产')",
}


def test_6_a_violated_constraint_shows_neither_statement_nor_row(desk: Desk, cast: Cast) -> None:
    with cast.app.app_context():
        db.session.execute(db.text(FORBIDDING[db.engine.dialect.name]))
        db.session.commit()
    cast.app.testing = False
    client = desk("admin")
    asked = client.get("/admin/brokerages/add/")

    with nothing_written(cast.app):
        answer = client.submit(asked, {"name": "云山地产", "contact": "郑小姐"}, button="Add")

    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.page.text
    assert "郑小姐" not in answer.text
    assert_no_database_words(answer.text)


@pytest.mark.parametrize("parent", [Brokerage, Account, Lead])
def test_7_a_parent_with_children_cannot_be_deleted_and_keeps_them(
    room: Room, parent: type[Brokerage | Account | Lead]
) -> None:
    cast = room.cast
    keys = {
        Brokerage: cast.account("fang", "brokerage_id"),
        Account: cast.ids["fang"],
        Lead: room.bound,
    }
    before = everything(cast.app)

    with cast.app.app_context():
        db.session.delete(db.session.get_one(parent, keys[parent]))
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()

    assert everything(cast.app) == before


def test_8_a_stale_form_is_refused(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    address = f"/admin/brokerages/change/?id={cast.account('fang', 'brokerage_id')}"
    stale = client.get(address)
    desk("admin").submit(address, {"address": "和平路 1 号"}, button="Save")

    with nothing_written(cast.app):
        answer = client.submit(stale, {"address": "和平路 2 号"}, button="Save")

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.page.text


def test_9_pages_name_their_language_and_list_and_file_show_the_time_of_shanghai(
    signed_in: Desk, desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    clock.at(datetime.fromisoformat("2026-03-02T16:05:00+00:00"))
    hold(cast, 0)

    chinese = signed_in("secretary").get("/admin/scans/").page
    client = desk("secretary")
    english = client.get("/admin/scans/").page

    assert (chinese.language, english.language) == ("zh-CN", "en")
    assert next(iter(rows(chinese)[0].values())) == rows(english)[0]["Scanned at"] == "2026-03-03 00:05"
    assert exported(client, "/admin/scans/")[1][0] == datetime(2026, 3, 3, 0, 5)  # noqa: DTZ001


def exported(client: PageClient, address: str) -> list[tuple[object, ...]]:
    answer = client.forge(address, {}, action=f"{address}export/")
    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    answer.close()
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("endpoint", ["leads", "collisions", "fees", "rebinds", "profile_changes"])
def test_10_what_a_row_shows_of_others_is_not_asked_for_each_row(
    desk: Desk, cast: Cast, clock: StoppedClock, endpoint: str
) -> None:
    this = next(one for one in LISTS if one.endpoint == endpoint)
    client = desk("director")
    this.add_row(cast, 0)
    client.get(this.path)
    for_one = len(client.queries)

    for n in range(1, 6):
        this.add_row(cast, n)
    client.get(this.path)

    assert len(client.queries) == for_one


def test_11_wildcards_of_the_database_are_ordinary_characters(desk: Desk, cast: Cast) -> None:
    cast.change_brokerage_of("fang", name="百分_100% 地产")
    client = desk("director")

    for typed, found in (("%", 1), ("_", 1), ("0%", 1), ("分%1", 0), ("百_", 0), ("\\", 0)):
        page = client.submit("/admin/brokerages/", {"name": typed}).page
        assert (typed, len(rows(page))) == (typed, found)


def test_11_rows_are_counted_without_a_bound_text(desk: Desk, cast: Cast) -> None:
    client = desk("director")

    for path in ("/admin/leads/", "/admin/scans/", "/admin/brokerages/", "/admin/referrals/"):
        client.get(path)
        counting = [query for query in client.queries if "count(" in query]
        assert counting
        assert not [query for query in counting if "count(?" in query or "count(%" in query]


def test_12_an_export_leaves_no_formula_alive_and_keeps_its_chinese_name(
    signed_in: Desk, cast: Cast, clock: StoppedClock
) -> None:
    cast.change("qiang", name="=1+1")
    hold(cast, 0)
    client = signed_in("secretary")

    answer = client.forge("/admin/scans/", {}, action="/admin/scans/export/")
    cells = [cell for row in load_workbook(BytesIO(answer.data)).worksheets[0] for cell in row]
    answer.close()

    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]
    assert (
        "filename*=UTF-8''%E9%A9%BB%E5%9C%BA%E6%89%AB%E7%A0%81%E8%AE%B0%E5%BD%95"
        in answer.headers["Content-Disposition"]
    )
    assert client.get("/admin/scans/export/csv/").status_code == 404


SEES = {
    "fang": {"leads", "plots"},
    "wei": {"leads", "plots"},
    "hong": {"plots"},
    "feng": {"scans", "walk_ins", "plots"},
    "xin": {"leads", "viewings", "plots"},
    "ming": {"plots"},
    "secretary": {"leads", "fees", "scans", "walk_ins", "viewings", "exports", "plots"},
    "director": {
        "leads", "collisions", "fees", "referrals", "scans", "walk_ins", "viewings", "rebinds",
        "profile_changes", "brokers", "brokerages", "plots", "visitors", "flags",
    },
    "admin": {one.endpoint for one in LISTS},
}  # fmt: skip
"""Of which lists each of them sees rows, where the secretary has made an export and the director none."""


@told_once
def full(cast: Cast, clock: StoppedClock) -> Cast:
    """Every list has rows; Xin showed Fang's customer round, Ming nobody; one of Qiang's went to Wei."""
    add_fee(cast, 3)
    add_rebind(cast, 5)
    add_profile_change(cast, 7)
    add_export(cast, 9)
    lead = cast.enters("fang", reports=True)
    cast.scans("feng", lead, "xin")
    cast.views("xin", lead)
    cast.enters("qiang")
    add_plot(cast, "A-01")
    cast.walks_in("hong")
    add_reveal(cast, 11)
    return cast


def views_of(app: Flask) -> dict[str, ListView]:
    (office,) = app.extensions["admin"]
    return {view.endpoint: view for view in office._views if isinstance(view, ListView)}  # noqa: SLF001


@pytest.mark.parametrize("who", list(SEES))
def test_13_rows_counts_and_single_rows_obey_one_scope(full: Cast, who: str) -> None:
    seen = {}
    for endpoint, view in views_of(full.app).items():
        with full.app.test_request_context():
            g._login_user = db.session.get_one(Account, full.ids[who])  # noqa: SLF001 - as Flask-Login does
            everybodys = set(db.session.scalars(db.select(view.model.id)))
            mine = {row.id for row in view.get_query()}
            assert view.get_count_query().scalar() == len(mine)
            assert all(view.get_one(str(number)).id == number for number in mine)
            for number in everybodys - mine:
                with pytest.raises(Refused):
                    view.get_one(str(number))
            seen[endpoint] = mine

    assert {endpoint for endpoint, mine in seen.items() if mine} == SEES[who]


def test_13_the_rival_and_the_colleague_are_outside_the_scope(full: Cast) -> None:
    view = views_of(full.app)["leads"]

    def leads_of(who: str) -> set[str]:
        with full.app.test_request_context():
            g._login_user = db.session.get_one(Account, full.ids[who])  # noqa: SLF001 - as Flask-Login does
            return {row.broker.name for row in view.get_query()}

    assert (leads_of("fang"), leads_of("qiang"), leads_of("wei")) == ({"王芳"}, {"李强"}, {"赵伟"})


def test_14_an_action_answers_with_a_page_that_posts_to_an_address_of_its_own(desk: Desk, room: Room) -> None:
    client = desk("director")

    with nothing_written(room.cast.app):
        asked = client.submit("/admin/leads/", ticked(room.bound), button="mark_dealt")

    assert "/admin/leads/mark-dealt-in-bulk/" in {form.action for form in asked.page.forms}
    for path in ("leads/action", "leads/mark-dealt-in-bulk", "collisions/action", "collisions/handle"):
        assert client.get(f"/admin/{path}/").status_code == 405


def test_15_each_number_in_the_menu_is_asked_once_for_a_page(desk: Desk, room: Room) -> None:
    room.cast.enters("fang")
    client = desk("director")

    page = client.get("/admin/leads/").page

    (badge,) = page.find_all("span", data_count_url="/admin/collisions/open-count/")
    assert badge.find("span", data_count="").text == "1"
    assert len([query for query in client.queries if "FROM collisions" in query]) == 1


def test_16_an_error_inside_a_page_is_not_hidden_by_running_it_again(app: Flask) -> None:
    runs: list[int] = []

    def page(_view: ListView, **arguments: object) -> str:
        runs.append(len(arguments))
        raise TypeError("the cause")

    for view in views_of(app).values():
        runs.clear()
        with pytest.raises(TypeError, match="the cause"):
            view._run_view(page, id="1")  # noqa: SLF001 - what Flask-Admin calls
        assert runs == [1]
