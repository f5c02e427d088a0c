"""What office and phones show of an anonymised customer, the action on the page, and the retention."""

from datetime import UTC, datetime

import pytest

from lead_system.extensions import db
from lead_system.models import Setting
from tests.admin.conftest import Desk
from tests.admin.reading import facts, notes, rows
from tests.admin.test_settings_pages import SETTINGS, foresight, log
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")
RETENTION = "/admin/settings/retention/"
LATER = datetime(2029, 6, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def gone(cast: Cast, desk: Desk) -> int:
    """Fang's reported customer, anonymised at the customer's wish; Qiang's entry of the same one with it."""
    lead_id = cast.enters("fang", reports=True, needs="想买铺面")
    cast.enters("qiang")
    page = f"/admin/leads/anonymise/?id={lead_id}"
    answer = desk("admin").submit(page, {"reason": "客户要求"})
    assert notes(answer.page) == ["The customer's data is anonymised."]
    return lead_id


def test_the_page_says_before_what_goes_and_for_whom(cast: Cast, desk: Desk) -> None:
    lead_id = cast.enters("fang")
    others = cast.enters("qiang")

    page = desk("admin").get(f"/admin/leads/anonymise/?id={lead_id}").page

    (box,) = page.find_all("div", class_="foresight")
    assert [line.text for line in box.find_all("li")] == [
        "Name, digits, needs, notes and reasons are deleted. Nobody can undo this.",
        "Number, status, scans, viewings and fees stay. The visit code is refused at the gate.",
        f"The same happens to the other numbers of this customer: {others}.",
    ]


def test_the_office_sees_number_and_status_and_no_person(cast: Cast, desk: Desk, gone: int) -> None:
    client = desk("admin")

    listed = {row["Customer number"]: row for row in rows(client.get("/admin/leads/").page)}
    details = client.get(f"/admin/leads/details/?id={gone}")

    row = listed[str(gone)]
    assert (row["Customer name"], row["Customer phone"], row["Status"]) == ("Anonymised", "–", "Reported")
    assert facts(details.page)["Customer name"] == "Anonymised"
    assert "Anonymised on 2026-03-02 10:00" in details.text
    assert "欧阳" not in details.text
    assert "想买铺面" not in details.text
    assert [a.text for a in details.page.find_all("a", class_="button")] == ["Time line"]
    assert client.get(f"/admin/leads/anonymise/?id={gone}").status_code == 409
    assert desk("secretary").get(f"/admin/fees/pay/?lead={gone}").status_code == 409


@pytest.mark.parametrize("search", ["name=欧阳", "phone=1385678", "phone=0", "name=Anonymised", "phone=*"])
def test_no_search_finds_an_anonymised_customer(cast: Cast, desk: Desk, gone: int, search: str) -> None:
    assert rows(desk("director").get(f"/admin/leads/?{search}").page) == []


def test_the_number_still_finds_it_and_counts_stay_true(cast: Cast, desk: Desk, gone: int) -> None:
    client = desk("director")

    assert [row["Customer number"] for row in rows(client.get(f"/admin/leads/?number={gone}").page)] == [
        str(gone)
    ]
    assert len(rows(client.get("/admin/leads/").page)) == 2


def test_the_broker_keeps_the_row_and_can_do_nothing_with_it(cast: Cast, desk: Desk, gone: int) -> None:
    phone = desk("fang")

    listed, details = phone.get("/m/customers"), phone.get(f"/m/customers/{gone}")

    (card,) = listed.page.find_all("article")
    assert card.find("h2").text == "Anonymised"
    assert "****" not in listed.text
    assert card.find_all("a", class_="weui-btn") == []
    assert "Enter the customer anew where they come again." in details.text
    for page in ("report", "code", "correct", "withdraw"):
        answer = phone.get(f"/m/customers/{gone}/{page}")
        assert (page, answer.status_code) == (page, 409)
        assert "data was anonymised" in answer.text


def test_the_gate_is_told_what_it_is_told_of_an_unknown_code(cast: Cast, desk: Desk, gone: int) -> None:
    gate = desk("feng")
    unknown = gate.get("/m/v/no-such-code")

    answer = gate.get(f"/m/v/{cast.code_of(gone)}")

    (said,), (expected,) = (page.page.find_all("main") for page in (answer, unknown))
    assert said.text == expected.text
    assert answer.status_code == unknown.status_code


@pytest.mark.parametrize("button", ["Anonymise"])
def test_only_an_admin_is_offered_it(cast: Cast, desk: Desk, button: str) -> None:
    lead_id = cast.enters("fang")
    page = f"/admin/leads/details/?id={lead_id}"

    assert button in [link.text for link in desk("admin").get(page).page.find_all("a", class_="button")]
    assert button not in [
        link.text for link in desk("director").get(page).page.find_all("a", class_="button")
    ]


def test_a_held_customer_is_refused_in_words(cast: Cast, desk: Desk) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)

    with nothing_written(cast.app):
        answer = desk("admin").submit(f"/admin/leads/anonymise/?id={lead_id}", {"reason": "客户要求"})

    assert answer.status_code == 409
    assert f"Customer number {lead_id} is bound or dealt" in answer.text


# The setting.


def months(cast: Cast) -> int:
    with cast.app.app_context():
        return db.session.query(Setting).one().retention_months


def test_the_retention_is_changed_after_a_preview_and_recorded(
    cast: Cast, desk: Desk, clock: StoppedClock
) -> None:
    cast.enters("fang", OUYANG)
    cast.enters("qiang", HONG)
    cast.arrives("new")
    clock.at(LATER)
    client = desk("admin")

    preview = client.submit(SETTINGS, {"months": 24}, button="See what would change")
    assert months(cast) == 36
    done = client.submit(preview, {}, button="Change the retention")

    assert foresight(preview.page)[:2] == [
        "2 customers would be anonymised at the next daily run.",
        "1 visitor's account would be anonymised and closed.",
    ]
    assert months(cast) == 24
    assert "Personal data is kept for 24 months." in done.text
    assert log(done.page)[0] == "Retention changed 穆青 · Administrator Retention in months 36 becomes 24"
    assert cast.history("settings")[-1][:3] == (
        "change_retention",
        cast.ids["admin"],
        {"retention_months": [36, 24]},
    )


@pytest.mark.parametrize("typed", ["5", "121", "0", "-7", "12.5", "viel", ""])
def test_a_retention_that_cannot_be_is_refused(cast: Cast, desk: Desk, typed: str) -> None:
    client = desk("admin")

    with nothing_written(cast.app):
        preview = client.get(RETENTION, query_string={"months": typed})
        page = client.get(f"{RETENTION}?months=24")
        posted = client.forge(page, {"months": typed})

    assert (preview.status_code, posted.status_code) == (422, 422)
    assert "Enter a whole number of months between 6 and 120." in preview.text


def test_a_stale_retention_form_changes_nothing(cast: Cast, desk: Desk) -> None:
    client = desk("admin")
    page = client.get(f"{RETENTION}?months=24")
    client.submit(client.get(f"{RETENTION}?months=48"), {}, button="Change the retention")

    assert client.submit(page, {}, button="Change the retention").status_code == 409
    assert months(cast) == 48
