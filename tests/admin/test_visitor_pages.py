"""自然用户 in the back office: masked everywhere, revealed once with a reason, archived, anonymised."""

from datetime import timedelta

import pytest
from flask import Flask

from lead_system.extensions import db
from lead_system.models import Export, HandledRequest, HistoryRecord, Lead
from tests.admin.conftest import Desk
from tests.admin.reading import facts, notes, rows
from tests.admin.test_fee_list import exported
from tests.support.cast import HONG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")
VISITORS, REVEALS = "/admin/visitors/", "/admin/reveals/"
PHONE = "13911112222"


@pytest.fixture
def hong(cast: Cast) -> int:
    """Hong came alone once, was then reported by Fang, and objected."""
    cast.walks_in("hong")
    cast.enters("fang", HONG, reports=True)
    cast.objects("hong", "我没找过经纪人")
    return cast.ids["hong"]


def handle_all(cast: Cast) -> None:
    with cast.app.app_context():
        ids = tuple(db.session.scalars(db.text("SELECT id FROM collisions WHERE state = 'open'")))
    cast.handles("director", *ids)


def buttons(page: Page) -> list[str]:
    (actions,) = page.find_all("div", class_="page-actions")
    return [link.text for link in actions.find_all("a")]


def shown_phone(answer: PageResponse) -> list[str]:
    return [element.text for element in answer.page.find_all("p", data_revealed="")]


def everything_kept(app: Flask) -> str:
    with app.app_context():
        answers = [repr(row.answer) for row in db.session.scalars(db.select(HandledRequest))]
        records = [
            f"{row.changes} {row.payload.values if row.payload else ''}"
            for row in db.session.scalars(db.select(HistoryRecord).filter_by(chain="reveals"))
        ]
    return " ".join([*answers, *records])


@pytest.mark.parametrize("who", ["director", "admin"])
def test_the_list_shows_visitors_with_masked_numbers_on_screen_and_in_the_workbook(
    cast: Cast, desk: Desk, hong: int, who: str
) -> None:
    client = desk(who)

    page = client.get(VISITORS)

    (row,) = rows(page.page)
    assert row | {"Last seen": ""} == {
        "Visitor's name": "洪七",
        "Visitor's phone": "139****2222",
        "Walk-ins": "1",
        "First seen": "2026-01-01 08:00",
        "Last seen": "",
    }
    assert exported(client, page) == [row]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("name=洪七", 1), ("name=七洪", 0), ("phone=139 2222", 1), ("phone=2222", 1), ("phone=1111", 0),
        ("tab=archived", 0), ("first_day=2026-01-02", 0), ("first_day=2026-01-01", 1),
    ],
)  # fmt: skip
def test_the_list_is_searched_by_what_may_be_seen(cast: Cast, desk: Desk, search: str, found: int) -> None:
    assert len(rows(desk("director").get(f"{VISITORS}?{search}").page)) == found


def test_the_whole_number_may_not_stand_in_an_address(cast: Cast, desk: Desk) -> None:
    answer = desk("director").get(f"{VISITORS}?phone={PHONE}")

    assert answer.status_code == 422
    assert PHONE not in answer.text


PAGES = {
    "director": (
        "/admin/", "/admin/collisions/", "/admin/walk_ins/", "/admin/visitors/", "/admin/leads/",
        "/admin/visitors/details/?id={hong}", "/admin/visitors/reveal/?id={hong}",
        "/admin/visitors/archive/?id={hong}", "/admin/collisions/details/?id={collision}",
        "/admin/leads/details/?id={lead}", "/admin/profile_changes/", "/admin/exports/",
    ),
    "admin": ("/admin/visitors/anonymise/?id={hong}", "/admin/reveals/", "/admin/settings/"),
    "secretary": ("/admin/walk_ins/", "/admin/leads/details/?id={lead}"),
    "feng": ("/m/gate/scans/walk-ins", "/m/v/{code}", "/m/gate/scans"),
    "xin": ("/m/consultant/viewings", "/m/consultant"),
    "fang": ("/m/home", "/m/customers", "/m/customers/{lead}", "/m/customers/{lead}/report"),
}  # fmt: skip


@pytest.mark.parametrize("who", PAGES)
def test_nobody_else_sees_a_visitors_number(cast: Cast, desk: Desk, hong: int, who: str) -> None:
    client = desk(who)
    with cast.app.app_context():
        collision = db.session.scalar(db.text("SELECT min(id) FROM collisions"))
        lead = db.session.scalar(db.select(Lead.id))
    names = {"hong": hong, "collision": collision, "lead": lead, "code": cast.account("hong", "code_token")}

    for page in PAGES[who]:
        answer = client.get(page.format(**names))
        assert (page, answer.status_code) == (page, 200)
        assert PHONE not in answer.text
        assert "1111 2222" not in answer.text
    assert PHONE in desk("hong").get("/m/me").text


@pytest.mark.parametrize("who", ["director", "admin"])
def test_a_reveal_shows_the_number_once_and_is_recorded(cast: Cast, desk: Desk, hong: int, who: str) -> None:
    client = desk(who)

    answer = client.submit(f"/admin/visitors/reveal/?id={hong}", {"reason": "本人来电核实"})

    assert shown_phone(answer) == [PHONE]
    assert answer.headers["Cache-Control"] == "no-store"
    assert PHONE not in answer.request.url
    assert cast.history("reveals") == [
        ("reveal_phone", cast.ids[who], {"visitor": hong}, {"reason": "本人来电核实"})
    ]
    assert PHONE not in everything_kept(cast.app)
    assert PHONE not in client.get(f"/admin/visitors/details/?id={hong}").text


def test_a_repeat_shows_it_for_a_minute_and_is_no_second_look(
    cast: Cast, desk: Desk, hong: int, clock: StoppedClock
) -> None:
    client = desk("director")
    page = client.get(f"/admin/visitors/reveal/?id={hong}")
    client.submit(page, {"reason": "核实"})

    clock.at(MONDAY_TEN + timedelta(seconds=59))
    assert shown_phone(client.submit(page, {"reason": "核实"})) == [PHONE]
    clock.at(MONDAY_TEN + timedelta(seconds=60))
    late = client.submit(page, {"reason": "核实"})

    assert PHONE not in late.text
    assert "Ask for it again with a reason." in late.text
    assert len(cast.history("reveals")) == 1


@pytest.mark.parametrize("reason", ["", "  ", "打 13812345678"])
def test_a_reveal_needs_a_reason(cast: Cast, desk: Desk, hong: int, reason: str) -> None:
    with nothing_written(cast.app):
        answer = desk("director").submit(f"/admin/visitors/reveal/?id={hong}", {"reason": reason})

    assert answer.status_code == 422
    assert PHONE not in answer.text


def test_a_number_that_was_anonymised_meanwhile_is_not_shown(cast: Cast, desk: Desk) -> None:
    client = desk("director")
    page = client.get(f"/admin/visitors/reveal/?id={cast.ids['hong']}")
    desk("admin").submit(f"/admin/visitors/anonymise/?id={cast.ids['hong']}", {"reason": "本人要求"})

    assert client.submit(page, {"reason": "核实"}).status_code == 404


def test_reveals_stand_in_a_log_that_is_exported(cast: Cast, desk: Desk, hong: int) -> None:
    desk("director").submit(f"/admin/visitors/reveal/?id={hong}", {"reason": "核实身份"})
    client = desk("admin")

    page = client.get(REVEALS)

    (row,) = rows(page.page)
    assert row == {
        "Shown at": "2026-03-02 10:00",
        "Shown to": "秦越",
        "Role then": "Director",
        "Visitor": "洪七",
        "Reason": "核实身份",
    }
    assert exported(client, page) == [row]
    assert rows(client.get(f"{REVEALS}?visitor=王芳").page) == []


def test_an_archived_visitor_is_signed_out_and_refused_at_the_gate(cast: Cast, desk: Desk, hong: int) -> None:
    phone = desk("hong")
    assert phone.get("/m/visitor").status_code == 200

    answer = desk("director").submit(f"/admin/visitors/archive/?id={hong}", {}, button="Archive")

    assert "The visitor is archived and signed out." in answer.text
    assert phone.get("/m/visitor").location.startswith("/m/sign-in")
    code = cast.account("hong", "code_token")
    assert "no visit code of ours" in desk("feng").get(f"/m/v/{code}").text
    assert rows(desk("director").get(VISITORS).page) == []
    (row,) = rows(desk("director").get(f"{VISITORS}?tab=archived").page)
    assert (row["Visitor's name"], row["Archived at"]) == ("洪七", "2026-03-02 10:00")
    assert cast.history(f"account:{hong}")[-1][0] == "archive_account"


def test_an_archived_visitor_cannot_be_archived_again(cast: Cast, desk: Desk, hong: int) -> None:
    client = desk("director")
    page = client.get(f"/admin/visitors/archive/?id={hong}")
    cast.archives("hong")

    with nothing_written(cast.app):
        assert client.submit(page, {}, button="Archive").status_code == 404


def test_the_page_offers_what_a_role_may_do(cast: Cast, desk: Desk, hong: int) -> None:
    page = f"/admin/visitors/details/?id={hong}"

    assert buttons(desk("director").get(page).page) == ["Show the whole number", "Archive"]
    assert buttons(desk("admin").get(page).page) == ["Show the whole number", "Archive", "Anonymise"]


def test_an_anonymised_visitor_is_called_so_everywhere(cast: Cast, desk: Desk, hong: int) -> None:
    handle_all(cast)
    client = desk("admin")

    done = client.submit(f"/admin/visitors/anonymise/?id={hong}", {"reason": "本人要求"})

    assert notes(done.page) == ["The visitor's data is anonymised, and the account is closed."]
    assert buttons(done.page) == []
    (row,) = rows(client.get(f"{VISITORS}?tab=archived").page)
    assert (row["Visitor's name"], row["Visitor's phone"]) == ("Anonymised", "–")
    (walk_in,) = rows(client.get("/admin/walk_ins/").page)
    assert (walk_in["Visitor's name"], walk_in["Visitor's phone"]) == ("Anonymised", "–")
    with cast.app.app_context():
        collision = db.session.scalar(db.text("SELECT min(id) FROM collisions WHERE kind = 'objection'"))
    details = client.get(f"/admin/collisions/details/?id={collision}")
    assert "Anonymised" in details.text
    assert "我没找过经纪人" not in details.text
    assert "*" not in facts(done.page).get("Phone", "")


def test_a_visitor_in_an_open_collision_stays(cast: Cast, desk: Desk, hong: int) -> None:
    with nothing_written(cast.app):
        answer = desk("admin").submit(f"/admin/visitors/anonymise/?id={hong}", {"reason": "本人要求"})

    assert answer.status_code == 409
    assert "Handle the collision first." in answer.text


@pytest.mark.parametrize(
    ("page", "field"),
    [("/admin/leads/", "broker_phone"), ("/admin/brokers/", "phone"), ("/admin/fees/", "broker_phone")],
)
def test_a_whole_number_in_a_search_does_not_stand_in_the_log_of_exports(
    cast: Cast, desk: Desk, page: str, field: str
) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    cast.pays("secretary", lead_id, "10")
    client: PageClient = desk("admin")
    listed = client.get(f"{page}?{field}=13500010001")

    assert len(exported(client, listed)) == 1

    with cast.app.app_context():
        (export,) = db.session.scalars(db.select(Export))
        assert export.filters[field] == "135****0001"
        personal = cast_history(cast, export.id)
    assert "13500010001" not in repr(personal)
    assert "135****0001" in client.get("/admin/exports/").text


def cast_history(cast: Cast, export_id: int) -> list[object]:
    rows_found = db.session.scalars(db.select(HistoryRecord).filter_by(chain=f"export:{export_id}"))
    return [row.payload.values if row.payload else None for row in rows_found]
