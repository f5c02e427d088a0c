"""First steps: what is done is read from the database, and the admin of an empty system lands there."""

from collections.abc import Callable

import pytest
from flask import Flask
from msgspec.structs import replace

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import Account, HistoryRecord, Project, Setting
from lead_system.queries.first_steps import first_steps, is_finished
from tests.admin.conftest import Desk
from tests.support.cast import BORN, Cast
from tests.support.client import PageClient

STEPS = [
    "admin", "project", "protection", "brokerage", "consultant", "gate", "broker", "customer", "scan",
]  # fmt: skip


def done(app: Flask) -> set[str]:
    with app.app_context():
        return {progress.step.value for progress in first_steps() if progress.is_done}


def change_settings(app: Flask, **values: object) -> None:
    with app.app_context():
        db.session.execute(db.update(Setting).values(**values))
        db.session.commit()


def name_the_project(app: Flask) -> None:
    with app.app_context():
        db.session.execute(db.update(Project).values(name="江畔里"))
        db.session.commit()


def shown(client: PageClient) -> dict[str, str]:
    page = client.get("/admin/first-steps/").page
    return {
        step["data-step"]: step.find("h2").find("span").text
        for step in page.find_all("li")
        if step.has("data-step")
    }


def in_menu(client: PageClient) -> bool:
    page = client.get("/admin/leads/").page
    return any(link["href"] == "/admin/first-steps/" for link in page.find_all("a"))


def test_nothing_is_done_in_an_empty_system(app: Flask) -> None:
    assert done(app) == set()
    with app.app_context():
        assert not is_finished(first_steps())


def test_every_step_counts_from_what_there_is(cast: Cast, app: Flask) -> None:
    people = {"admin", "brokerage", "consultant", "gate", "broker"}

    assert done(app) == people
    cast.enters("fang")
    assert done(app) == people, "entering is not reporting"
    cast.reports("fang", 1)
    assert done(app) == people | {"customer"}
    cast.scans("feng", 1)
    assert done(app) == people | {"customer", "scan"}
    name_the_project(app)
    assert done(app) == people | {"customer", "scan", "project"}
    with app.app_context():
        assert is_finished(first_steps()), "thirty days of protection need no change"
    change_settings(app, protection_days=45)
    assert done(app) == set(STEPS)


@pytest.mark.parametrize(
    ("who", "values", "step"),
    [
        ("xin,ming", {"archived_at": BORN}, "consultant"),
        ("feng,lu", {"archived_at": BORN}, "gate"),
        ("fang,qiang,wei", {"archived_at": BORN}, "broker"),
        ("fang,qiang,wei", {"profile_completed_at": None}, "broker"),
        ("admin", {"archived_at": BORN}, "admin"),
        ("admin", {"must_change_password": True}, "admin"),
    ],
)
def test_whoever_is_archived_or_not_ready_does_not_count(
    cast: Cast, app: Flask, who: str, values: dict[str, object], step: str
) -> None:
    assert step in done(app)

    for one in who.split(","):
        cast.change(one, **values)

    assert step not in done(app)


@pytest.mark.parametrize(
    ("chain", "action", "expected"),
    [
        ("settings", "change_protection", {"protection"}),
        ("settings", "change_contact", set()),
        ("lead:1", "change_protection", set()),
    ],
)
def test_protection_counts_as_decided_once_it_was_saved(
    app: Flask, chain: str, action: str, expected: set[str]
) -> None:
    with app.app_context():
        row = {"chain": chain, "position": 1, "action": action, "actor_role": "admin", "hash": "0" * 64}
        db.session.add(HistoryRecord(**row, at=BORN, changes={}))
        db.session.commit()

    assert done(app) == expected


def test_admin_of_a_new_system_lands_on_the_first_steps(cast: Cast, desk: Desk) -> None:
    assert desk("admin").get("/admin/").location == "/admin/first-steps/"
    assert desk("director").get("/admin/").page.h1 == "Dashboard"
    assert desk("secretary").get("/admin/").page.h1 == "Dashboard"

    cast.scans("feng", cast.enters("fang", reports=True))

    assert desk("admin").get("/admin/").page.h1 == "Dashboard"


def test_only_the_admin_has_the_entry_and_only_until_all_is_done(cast: Cast, app: Flask, desk: Desk) -> None:
    assert [in_menu(desk(who)) for who in ("admin", "director", "secretary")] == [True, False, False]

    cast.scans("feng", cast.enters("fang", reports=True))
    assert in_menu(desk("admin")), "the project has no name yet"
    name_the_project(app)

    assert not in_menu(desk("admin"))
    page = desk("admin").get("/admin/first-steps/").page
    assert page.find("p", class_="page-lead").text.startswith("Finished:")


def test_page_says_of_every_step_whether_it_is_done_and_where(cast: Cast, desk: Desk) -> None:
    client = desk("admin")

    assert shown(client) == dict.fromkeys(STEPS, "done") | {
        "project": "still to be done",
        "protection": "if you wish",
        "customer": "still to be done",
        "scan": "still to be done",
    }
    page = client.get("/admin/first-steps/").page
    for link in page.find("ol", class_="first-steps").find_all("a"):
        assert client.get(link["href"]).status_code == 200
    assert page.find("p", class_="page-lead").text.endswith("5 / 9")


def test_poster_shows_the_phone_address_to_the_whole_office(cast: Cast, desk: Desk) -> None:
    page = desk("secretary").get("/admin/help/poster/").page

    address = page.find("p", class_="poster-address").text
    picture = desk("secretary").get(page.find("img")["src"])
    assert address.endswith("/m/")
    assert (picture.status_code, picture.mimetype) == (200, "image/png")


def test_address_that_no_phone_can_reach_is_warned_of(cast: Cast, app: Flask, desk: Desk) -> None:
    settings = app.extensions["settings"]
    said = {}
    for url in ("http://127.0.0.1:8000", "https://queke.example"):
        app.extensions["settings"] = replace(settings, public_url=url)
        said[url] = "LEAD_PUBLIC_URL" in desk("admin").get("/admin/help/poster/").text

    assert said == {"http://127.0.0.1:8000": True, "https://queke.example": False}


def test_resident_who_waits_is_a_broker_who_has_signed_in(cast: Cast, app: Flask) -> None:
    for one in ("fang", "qiang"):
        cast.change(one, archived_at=BORN)
    cast.change("wei", approval=Approval.PENDING)

    assert "broker" in done(app)


def test_steps_are_asked_in_one_query(cast: Cast, signed_in: Callable[[str], PageClient], app: Flask) -> None:
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).where(Account.role == Role.ADMIN)) == 1
    client = signed_in("admin")

    client.get("/admin/help/poster/")

    assert sum("gate_scans" in query for query in client.queries) == 1
