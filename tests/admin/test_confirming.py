"""Half an hour after the password was given, what matters asks for it again, and nothing typed is lost."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import CustomerType, Export, Setting
from tests.mobile.conftest import speaks_english
from tests.services.test_second_factor import turns_on
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

DOOR, ASKS = "/admin/sign-in", "Confirm that it is you"
ADD_TYPE = "/admin/customer_types/add/"
HALF_AN_HOUR = timedelta(minutes=30)

NewClient = Callable[[], PageClient]


@pytest.fixture
def at_the_desk(cast: Cast, clock: StoppedClock, new_client: NewClient) -> Callable[[str], PageClient]:
    """Gives the browser of somebody who came in through the door and sits there for half an hour."""

    def sit_down(login: str) -> PageClient:
        client = speaks_english(new_client())
        client.submit(DOOR, {"login": login, "password": PASSWORD})
        return client

    return sit_down


@pytest.fixture
def admin(at_the_desk: Callable[[str], PageClient], clock: StoppedClock) -> PageClient:
    client = at_the_desk("admin")
    clock.forward(HALF_AN_HOUR)
    client.get("/admin/help/")  # Now it is noted when they were last seen.
    return client


def types(cast: Cast) -> set[str]:
    with cast.app.app_context():
        return set(db.session.scalars(db.select(CustomerType.name)))


def half_an_hour_late(
    at_the_desk: Callable[[str], PageClient], clock: StoppedClock, fields: dict[str, str]
) -> tuple[PageClient, PageResponse]:
    """Fill a form in while nobody is asked, and send it a moment too late."""
    client = at_the_desk("admin")
    page = client.get(ADD_TYPE)
    clock.forward(HALF_AN_HOUR)
    return client, client.submit(page, fields)


def test_signing_in_counts_for_half_an_hour(
    at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    client = at_the_desk("admin")
    clock.forward(HALF_AN_HOUR - timedelta(seconds=1))
    assert client.get(ADD_TYPE).status_code == 200
    clock.forward(timedelta(seconds=1))

    assert client.get(ADD_TYPE).location == "/admin/confirm?next=/admin/customer_types/add/"


def test_page_leads_to_the_question_and_the_answer_back_to_it(admin: PageClient, clock: StoppedClock) -> None:
    asked = admin.get("/admin/settings/protection/?days=20", follow_redirects=True)
    assert asked.page.h1 == ASKS

    answered = admin.submit(asked, {"confirm_password": PASSWORD}, follow=False)
    assert answered.location.endswith("next=/admin/settings/protection/?days%3D20")
    shown = admin.get(answered.location, follow_redirects=True)
    assert (shown.request.path, shown.request.query_string) == ("/admin/settings/protection/", b"days=20")

    clock.forward(HALF_AN_HOUR - timedelta(seconds=1))
    assert admin.get(ADD_TYPE).status_code == 200


def test_cookie_that_was_copied_before_the_answer_opens_nothing_after_it(
    admin: PageClient, new_client: NewClient
) -> None:
    copied = admin.get_cookie("session")
    thief = new_client()
    thief.set_cookie("session", copied.value if copied else "")
    assert thief.get("/admin/leads/").status_code == 200

    admin.submit(admin.get(ADD_TYPE, follow_redirects=True), {"confirm_password": PASSWORD})

    assert admin.get("/admin/leads/").status_code == 200
    assert thief.get("/admin/leads/").location == f"{DOOR}?next=/admin/leads/"


@pytest.mark.parametrize("wanted", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere", ""])
def test_answer_leads_nowhere_else(admin: PageClient, wanted: str) -> None:
    asked = admin.get("/admin/confirm", query_string={"next": wanted})

    shown = admin.submit(asked, {"confirm_password": PASSWORD})

    assert (shown.request.host, shown.page.h1) == ("localhost", "It is you")


def test_wrong_password_confirms_nothing_and_is_said_beside_the_field(cast: Cast, admin: PageClient) -> None:
    refused = admin.submit("/admin/confirm", {"confirm_password": "not mine"})

    assert refused.status_code == 422
    assert "password" in refused.page.find(id="confirm_password-error").text.lower()
    assert "not mine" not in refused.text
    assert admin.get(ADD_TYPE).status_code == 302


def test_form_that_comes_too_late_is_carried_along_and_acts_once(
    cast: Cast, at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    client, asked = half_an_hour_late(at_the_desk, clock, {"name": "地下商铺"})
    assert (asked.status_code, asked.page.h1) == (403, ASKS)
    assert "Nothing that you typed is lost" in asked.text
    assert "地下商铺" not in types(cast)

    wrong = client.submit(asked, {"confirm_password": "not mine"})
    assert (wrong.status_code, wrong.page.h1) == (422, ASKS)
    assert "地下商铺" not in types(cast)

    done = [client.submit(wrong, {"confirm_password": PASSWORD}, follow=False) for _ in "12"]

    assert [answer.location for answer in done] == ["/admin/customer_types/"] * 2
    assert types(cast) == {"临街商铺", "住宅", "地下商铺"}
    assert cast.count(CustomerType, name="地下商铺") == 1


def test_carried_form_keeps_its_request_id_and_its_refusals(
    cast: Cast, at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    client, asked = half_an_hour_late(at_the_desk, clock, {"name": "住宅"})

    refused = client.submit(asked, {"confirm_password": PASSWORD})

    assert (refused.status_code, refused.page.h1) == (409, "Add a customer type")
    assert refused.page.find("input", name="name")["value"] == "住宅"


def test_settings_changed_meanwhile_are_not_overwritten_by_the_carried_form(
    cast: Cast, at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    client = at_the_desk("admin")
    page = client.get("/admin/settings/protection/?days=20")
    clock.forward(HALF_AN_HOUR)
    asked = client.submit(page, {}, action="/admin/settings/protection/")
    with cast.app.app_context():
        db.session.execute(db.update(Setting).values(version=Setting.version + 1))
        db.session.commit()

    stale = client.submit(asked, {"confirm_password": PASSWORD})

    assert stale.status_code == 409
    with cast.app.app_context():
        assert db.session.scalars(db.select(Setting.protection_days)).all() == [30]


def test_passwords_and_whole_numbers_are_not_carried_and_the_page_says_so(
    cast: Cast, at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    client = at_the_desk("admin")
    page = client.get("/admin/staff/add/")
    clock.forward(HALF_AN_HOUR)
    client.get("/admin/help/")

    with nothing_written(cast.app):
        asked = client.submit(
            page, {"name": "方晓晨", "phone": "13512345678", "password": "a temporary one"}, button="Add"
        )

    assert (asked.status_code, asked.page.h1) == (403, ASKS)
    assert "this page cannot keep it" in asked.text
    assert not [typed for typed in ("方晓晨", "13512345678", "a temporary one") if typed in asked.text]
    assert [link["href"] for link in asked.page.find_all("a") if "back to the form" in link.text] == [
        "/admin/confirm?next=/"
    ]


def test_question_leads_back_to_the_page_that_the_browser_names(
    at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    client = at_the_desk("admin")
    page = client.get("/admin/staff/add/").page
    clock.forward(HALF_AN_HOUR)
    sent = next(form for form in page.forms if "employee_number" in form.names).defaults()

    def way_back(referrer: str) -> list[str]:
        headers = {"Referer": referrer}
        asked = client.post("/admin/staff/add/", data=sent | {"password": "x"}, headers=headers)
        return [link["href"] for link in asked.page.find_all("a") if "back to the form" in link.text]

    assert way_back("http://localhost/admin/staff/add/") == ["/admin/confirm?next=/admin/staff/add/"]
    assert way_back("http://elsewhere.example/admin/staff/add/") == ["/admin/confirm?next=/"]


def once(client: PageClient) -> dict[str, str]:
    """What every form carries, taken from a page that asks nothing."""
    return {"csrf_token": client.get("/admin/help/").page.csrf_token, "request_id": "sent-by-a-script"}


def test_script_is_told_where_to_confirm_and_nothing_is_done(cast: Cast, admin: PageClient) -> None:
    sent: dict[str, Any] = once(admin) | {"picture": (BytesIO(b"x"), "x.png")}

    with nothing_written(cast.app):
        answer = admin.post("/admin/project/picture/", data=sent, headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json == {
        "confirm": "/admin/confirm",
        "sentence": "Confirm that it is you, then do this once more.",
    }


def test_preview_writes_nothing_and_so_asks_nothing(admin: PageClient) -> None:
    headers = {"Accept": "application/json"}

    answer = admin.post("/admin/project/preview/", data=once(admin), headers=headers)

    assert answer.status_code == 200


def test_without_the_forms_token_no_answer_is_looked_at(cast: Cast, admin: PageClient) -> None:
    with nothing_written(cast.app):
        answer = admin.post(ADD_TYPE, data={"confirm_password": PASSWORD, "name": "地下商铺"})

    assert answer.status_code == 400


def test_wrong_role_is_refused_and_not_asked(
    at_the_desk: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    secretary = at_the_desk("secretary")
    clock.forward(HALF_AN_HOUR)

    assert secretary.get(ADD_TYPE).page.h1 == "Not for this account"


# Exports.


@pytest.fixture
def many_types(cast: Cast, request: pytest.FixtureRequest) -> int:
    """So many customer types in the list, of which one is easily told from the others."""
    wanted: int = request.param
    with cast.app.app_context():
        present = len(db.session.scalars(db.select(CustomerType.id)).all())
        db.session.add_all(CustomerType(name=f"类型 {n}") for n in range(wanted - present))
        db.session.commit()
    return wanted


@pytest.mark.parametrize("many_types", [500], indirect=True)
def test_export_of_500_rows_asks_nothing(cast: Cast, admin: PageClient, many_types: int) -> None:
    assert rows_in(exports(admin)) == many_types


@pytest.mark.parametrize("many_types", [501], indirect=True)
def test_export_of_more_asks_first_and_then_answers_with_the_file(
    cast: Cast, admin: PageClient, many_types: int
) -> None:
    with nothing_written(cast.app):
        asked = exports(admin)
    assert (asked.status_code, asked.page.h1) == (403, ASKS)

    file = admin.submit(asked, {"confirm_password": PASSWORD})

    assert rows_in(file) == many_types
    assert cast.count(Export, rows_written=many_types) == 1
    assert rows_in(exports(admin)) == many_types


@pytest.mark.parametrize("many_types", [300], indirect=True)
def test_many_small_exports_of_half_an_hour_count_as_a_large_one(
    admin: PageClient, many_types: int, clock: StoppedClock
) -> None:
    assert rows_in(exports(admin)) == many_types
    assert exports(admin).page.h1 == ASKS

    clock.forward(HALF_AN_HOUR)

    assert rows_in(exports(admin)) == many_types


def exports(client: PageClient) -> PageResponse:
    return client.submit("/admin/customer_types/", button="Export to Excel")


def rows_in(file: PageResponse) -> int:
    assert file.status_code == 200
    with closing(file), BytesIO(file.data) as workbook:
        return load_workbook(workbook).worksheets[0].max_row - 1


# The second factor.


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[tuple[str, Any]]]]:
    """Gives the events that were noted, each with whose account it is about."""
    with caplog.at_level(logging.INFO, logger="lead_system.security"):
        yield lambda: [
            (record.message, record.facts["account"])  # type: ignore[attr-defined]
            for record in caplog.records
            if record.name == "lead_system.security"
        ]


def test_with_a_second_factor_password_and_code_are_asked_for(
    cast: Cast,
    at_the_desk: Callable[[str], PageClient],
    clock: StoppedClock,
    heard: Callable[[], list[tuple[str, Any]]],
) -> None:
    secret = str(cast.app.config["SECRET_KEY"])
    phone = turns_on(cast, "admin", secret=secret)
    client = at_the_desk("admin")
    client.submit("/admin/sign-in/code", {"code": phone.code()})
    clock.forward(HALF_AN_HOUR)

    page = client.get(ADD_TYPE, follow_redirects=True)
    without = client.submit(page, {"confirm_password": PASSWORD, "confirm_code": "000000"})
    assert (without.status_code, client.get(ADD_TYPE).status_code) == (422, 302)
    assert without.page.find(id="confirm_code-error").text.startswith("This code is wrong")
    client.submit(without, {"confirm_password": PASSWORD, "confirm_code": phone.code()})

    assert client.get(ADD_TYPE).status_code == 200
    ours = cast.ids["admin"]
    assert heard()[-2:] == [("confirming_failed", ours), ("confirmed", ours)]
    assert now() - cast.account("admin", "totp_since") > HALF_AN_HOUR


def test_who_guesses_passwords_here_has_to_wait(admin: PageClient, clock: StoppedClock) -> None:
    for _ in range(10):
        assert admin.submit("/admin/confirm", {"confirm_password": "a guess"}).status_code == 422

    waits = admin.submit("/admin/confirm", {"confirm_password": PASSWORD})
    assert waits.status_code == 429
    clock.forward(timedelta(minutes=5))

    assert admin.submit("/admin/confirm", {"confirm_password": PASSWORD}).page.h1 == "It is you"
