"""What people see while the data cannot be reached: how to send a form again, and nothing secret."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from lead_system import extensions
from lead_system.extensions import db
from lead_system.models import Brokerage
from tests.support.cast import OUYANG, PASSWORD, SCREENSHOT, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.refusals import nothing_written
from tests.trials.outages import moved_away

RELOAD = "请刷新本页以重新提交。"
WHOLE_NUMBER = "1385551" + "5678"


def file_of(app: Flask) -> Path:
    return Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))


@pytest.fixture
def director(signed_in: Callable[[str], PageClient]) -> PageClient:
    return signed_in("director")


def sends_again(answer: PageResponse) -> dict[str, Any] | None:
    """Return what the page's own form would send again; None where it has none."""
    forms = [form for form in answer.page.forms if form.method == "post"]
    return forms[0].defaults() if forms else None


def test_form_is_sent_again_as_it_was_under_its_request_id(cast: Cast, director: PageClient) -> None:
    page = director.get("/admin/brokerages/add/")
    with moved_away(file_of(cast.app)):
        answer = director.submit(
            page, {"name": '新"<公司>', "contact": "李"}, action="/admin/brokerages/add/"
        )

        assert answer.status_code == 503
        sent = sends_again(answer)
        assert sent is not None
        assert sent["name"] == ['新"<公司>']
        form = next(form for form in page.page.forms if "contact" in form.names)
        assert sent["request_id"] == form.defaults()["request_id"]

    with nothing_written(cast.app):
        assert director.post("/admin/brokerages/add/", data=sent | {"csrf_token": ["x"]}).status_code == 400
    assert director.submit(answer, button="重新提交", follow=False).status_code == 302
    assert director.submit(answer, button="重新提交", follow=False).status_code == 302
    assert cast.count(Brokerage, name='新"<公司>') == 1


def test_password_is_not_on_the_page_that_says_so(cast: Cast, client: PageClient) -> None:
    page = client.get("/admin/sign-in")

    with moved_away(file_of(cast.app)):
        answer = client.submit(page, {"login": "director", "password": PASSWORD})

    assert (answer.status_code, sends_again(answer)) == (503, None)
    assert RELOAD in answer.text
    assert PASSWORD not in answer.text


def test_whole_number_is_not_on_it_either(cast: Cast, signed_in: Callable[[str], PageClient]) -> None:
    broker = signed_in("fang")
    page = broker.get("/m/customers/enter")

    with moved_away(file_of(cast.app)):
        answer = broker.forge(page, {"surname": OUYANG[0], "needs": f"打 {WHOLE_NUMBER}"})

    assert (answer.status_code, sends_again(answer)) == (503, None)
    assert RELOAD in answer.text
    assert WHOLE_NUMBER not in answer.text


def test_file_cannot_be_sent_again_by_the_page(cast: Cast, signed_in: Callable[[str], PageClient]) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    secretary = signed_in("secretary")
    page = secretary.get(f"/admin/fees/pay/?lead={lead_id}")
    picture = (BytesIO(SCREENSHOT.jpeg), "paid.jpg")

    with moved_away(file_of(cast.app)):
        answer = secretary.forge(page, {"amount": "88", "picture": picture})

    assert (answer.status_code, sends_again(answer)) == (503, None)
    assert RELOAD in answer.text


def test_page_that_was_asked_for_is_asked_for_again(cast: Cast, director: PageClient) -> None:
    with moved_away(file_of(cast.app)):
        answer = director.get("/admin/leads/?status=bound&name=欧阳")
        assert director.post("/language", data={}).status_code == 400, "even without a token nothing fails"

    again = next(link for link in answer.page.find_all("a") if link.text == "重试")
    assert answer.status_code == 503
    assert again["href"] == "/admin/leads/?status=bound&name=欧阳"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Iterator[Flask]:
    """Let the application wait a tenth of a second for other writers, not half a minute."""
    monkeypatch.setattr(extensions, "SQLITE_BUSY_MILLISECONDS", 100)
    with app.app_context():
        db.engine.dispose()
    yield app
    with app.app_context():
        db.engine.dispose()


def test_writer_who_waited_in_vain_is_told_so_at_once(
    cast: Cast, impatient: Flask, director: PageClient
) -> None:
    page = director.get("/admin/brokerages/add/")

    with closing(sqlite3.connect(file_of(impatient), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = director.submit(page, {"name": "新公司"}, action="/admin/brokerages/add/")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert director.submit(answer, button="重新提交", follow=False).status_code == 302


def test_defect_is_a_500_and_logged(
    cast: Cast, director: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    page = director.get("/admin/brokerages/add/")
    cast.app.config["PROPAGATE_EXCEPTIONS"] = False
    with closing(sqlite3.connect(file_of(cast.app))) as other:
        other.execute(
            "CREATE TRIGGER defect BEFORE INSERT ON brokerages BEGIN SELECT RAISE(ABORT, 'no'); END"
        )

    with nothing_written(cast.app):
        answer = director.submit(page, {"name": "新公司"}, action="/admin/brokerages/add/")

    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers
    assert "brokerages" not in answer.page.text
    assert any(record.exc_info for record in caplog.records)
