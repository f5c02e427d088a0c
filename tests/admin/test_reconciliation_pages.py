"""The page of the reconciliation: what was last found, and the button that looks again."""

import pytest
from sqlalchemy import text

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Reconciliation
from lead_system.queries.reconciliation.checks import CHECKS
from lead_system.services.reconciliation import begin_by_command, run_checks
from tests.admin.conftest import Desk, Room
from tests.support.databases import both_databases

PAGE = "/admin/reconciliation/"
RUN = "Run the checks now"


def lose_a_hold(room: Room) -> None:
    """Take a hold away behind the application's back, as no page can."""
    with room.cast.app.app_context():
        db.session.execute(text(f"DELETE FROM holds WHERE lead_id = {room.bound}"))
        db.session.commit()


def test_page_invites_before_the_first_run_and_lists_every_check(desk: Desk, room: Room) -> None:
    page = desk("director").get(PAGE).page

    assert "The checks were never run." in page.text
    assert page.text.count("not run yet") == len(CHECKS)
    assert room.cast.count(Reconciliation) == 0


@both_databases
def test_button_runs_all_checks_and_says_that_all_hold(desk: Desk, room: Room) -> None:
    client = desk("admin")

    done = client.submit(client.get(PAGE), {}, button=RUN).page

    assert "All checks were run, and none found anything." in done.text
    assert "Everything that must be true is true." in done.text
    assert "not run yet" not in done.text
    assert f"穆青 {len(CHECKS)} / {len(CHECKS)} 0" in done.text


@both_databases
def test_broken_rule_stands_first_with_the_customer_it_is_about(desk: Desk, room: Room) -> None:
    lose_a_hold(room)
    client = desk("director")

    done = client.submit(client.get(PAGE), {}, button=RUN).page

    assert "1 check found something" in done.text
    (broken,) = done.find_all("li", class_="check-broken")
    assert "holds all of its keys" in broken.text
    assert f"/admin/leads/details/?id={room.bound}" in [link.get("href") for link in broken.find_all("a")]


def test_same_form_sent_twice_runs_once(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(PAGE)

    client.submit(asked, {}, button=RUN)
    client.submit(asked, {}, button=RUN)

    assert room.cast.count(Reconciliation) == 1


def test_nobody_runs_the_checks_while_they_run(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(PAGE)
    with room.cast.app.app_context():
        begin_by_command(now())

    answer = client.submit(asked, {}, button=RUN)

    assert answer.status_code == 409
    assert "The checks are being run already." in answer.page.text
    assert f"0 of {len(CHECKS)} checks are done" in client.get(PAGE).page.text


@both_databases
@pytest.mark.usefixtures("clock")
def test_run_stops_when_its_time_is_up_and_older_results_stand(room: Room) -> None:
    with room.cast.app.app_context():
        run_checks(begin_by_command(now()), clock=now)
        cut = begin_by_command(now())

        results = run_checks(cut, clock=now, seconds=0)

        run = db.session.get_one(Reconciliation, cut)
        assert (results, run.results, run.is_complete, run.finished_at) == ([], [], False, now())


def test_page_speaks_chinese(desk: Desk, room: Room) -> None:
    client = desk("director")
    with client.session_transaction() as session:
        session["language"] = "zh_Hans_CN"

    page = client.get(PAGE).page

    assert "没有两位客户占有同一标识。" in page.text
    assert "尚未进行过检查。" in page.text
