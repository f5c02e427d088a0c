"""设置: protection with its preview, contact, and the changes that the page shows."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import Setting
from tests.admin.conftest import Desk
from tests.admin.reading import notes
from tests.admin.test_passwords import complaint
from tests.support.cast import OUYANG, PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

SETTINGS, PROTECTION, CONTACT = "/admin/settings/", "/admin/settings/protection/", "/admin/settings/contact/"
LINK = "https://work.weixin.qq.com/kfid/kfc4e1d"


def days_set(cast: Cast) -> int:
    with cast.app.app_context():
        return db.session.query(Setting).one().protection_days


def sees(client: PageClient, days: object) -> PageResponse:
    """Type days into the settings and look what they would do."""
    return client.submit(SETTINGS, {"days": days}, button="See what would change")


def foresight(page: Page) -> list[str]:
    (box,) = page.find_all("div", data_foresight="")
    return [line.text for line in box.find_all("li")]


def log(page: Page) -> list[str]:
    """Return the changes that a page shows, without their times."""
    return [entry.find("div").text for entry in page.find_all("li", class_="log-entry")]


@pytest.fixture
def running(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    """Day 10: bindings of day 0 that are plain, extended and kept by a rebind, and one of day 10."""
    leads = {}
    for name, digits in (("plain", "1385678"), ("extended", "1390001"), ("held", "1591122")):
        leads[name] = cast.enters("fang", (*OUYANG[:2], digits), reports=True)
        cast.scans("feng", leads[name])
    clock.forward(timedelta(days=10))
    cast.extends("director", leads["extended"], 7)
    leads["kept"] = cast.rebinds("director", leads["held"], "qiang", keep_end=True)
    leads["new"] = cast.enters("qiang", ("周", "全", "1770002"), reports=True)
    cast.scans("feng", leads["new"])
    return leads


@pytest.mark.manual("6.3.j-2")
def test_days_are_set_for_new_bindings_after_a_preview(
    desk: Desk, cast: Cast, running: dict[str, int]
) -> None:
    client = desk("admin")
    with nothing_written(cast.app):
        asked = sees(client, 20)
    sides = [side.text for side in asked.page.find_all("p", class_="side-name")]

    done = client.submit(asked, {"reach": "new"}, button="Change the protection")

    assert sides == ["30 days", "20 days"]
    assert (done.request.path, notes(done.page)) == (SETTINGS, ["New bindings last 20 days."])
    assert days_set(cast) == 20
    assert cast.read(running["plain"], "protect_until") == MONDAY_TEN + timedelta(days=30)
    new = cast.enters("fang", ("林", "晓", "1881122"), reports=True)
    cast.scans("feng", new)
    assert cast.read(new, "protect_until") == MONDAY_TEN + timedelta(days=30)  # 10 and 20


@pytest.mark.parametrize(
    ("days", "said", "parts", "note"),
    [
        (
            5,
            ["2 running bindings would get another end.", "1 would end earlier.",
             "1 would end at once; any broker could bind that customer then."],
            ["王芳 安家置业 – – 1", "李强 百川地产 – 1 –"],
            "New bindings last 5 days. 2 running bindings got another end. 1 of them ended at once.",
        ),
        (
            40,
            ["2 running bindings would get another end.", "2 would end later."],
            ["王芳 安家置业 1 – –", "李强 百川地产 1 – –"],
            "New bindings last 40 days. 2 running bindings got another end.",
        ),
        (
            30,
            ["0 running bindings would get another end.", "2 have that end already."],
            [],
            "New bindings last 30 days.",
        ),
    ],
)  # fmt: skip
def test_preview_counts_what_the_change_for_running_bindings_then_does(
    desk: Desk,
    cast: Cast,
    running: dict[str, int],
    *,
    days: int,
    said: list[str],
    parts: list[str],
    note: str,
) -> None:
    client = desk("admin")
    asked = sees(client, days)

    done = client.submit(asked, {"reach": "running"}, button="Change the protection")

    left_alone = [
        "1 is left alone, because it was extended.",
        "1 is left alone, because a rebind kept its end.",
        "Deals and expired protections stay as they are.",
    ]
    assert foresight(asked.page) == [*said, *left_alone]
    rows = [row.text for body in asked.page.find_all("tbody") for row in body.find_all("tr")]
    assert rows == parts
    assert notes(done.page) == [note]
    ends = {name: (cast.read(lead, "protect_until") - MONDAY_TEN).days for name, lead in running.items()}
    assert (ends["plain"], ends["new"]) == (max(days, 10), 10 + days)
    assert (ends["extended"], ends["kept"]) == (37, 30)


def test_a_brokers_name_in_the_preview_opens_the_running_bindings(
    desk: Desk, running: dict[str, int]
) -> None:
    client = desk("admin")
    (link,) = [a for a in sees(client, 5).page.find_all("a") if a.text == "王芳"]

    opened = client.get(link["href"]).page

    assert sorted(row["Customer phone"] for row in opened.table_rows()) == ["138****5678", "139****0001"]


WRONG_DAYS = ["0", "-1", "3651", "30.5", "三十", "", " ", "1e3", "9" * 30, "%27", "<b>"]


@pytest.mark.parametrize("days", WRONG_DAYS)
def test_days_that_cannot_be_are_refused_beside_their_field(desk: Desk, cast: Cast, days: str) -> None:
    client = desk("admin")

    with nothing_written(cast.app):
        answer = client.get(PROTECTION, query_string={"days": days})
        forged = client.forge(f"{PROTECTION}?days=20", {"days": days, "reach": "running"}, action=PROTECTION)

    for refused in (answer, forged):
        assert refused.status_code == 422
        assert complaint(refused) == {"days": "Enter a whole number of days between 1 and 3650."}
        assert "Change the protection" not in [button.text for button in refused.page.find_all("button")]


def test_form_from_before_another_change_is_refused_in_words(
    desk: Desk, cast: Cast, running: dict[str, int]
) -> None:
    first, second = desk("admin"), desk("admin")
    asked = sees(first, 5)
    second.submit(sees(second, 20), {"reach": "new"}, button="Change the protection")

    with nothing_written(cast.app):
        answer = first.submit(asked, {"reach": "running"}, button="Change the protection")

    assert answer.status_code == 409
    assert notes(answer.page) == ["Somebody else has changed this meanwhile. Reload the page and look again."]


def test_sent_twice_the_change_is_answered_the_same(desk: Desk, cast: Cast, running: dict[str, int]) -> None:
    client = desk("admin")
    asked = sees(client, 5)

    answers = [client.submit(asked, {"reach": "running"}, button="Change the protection") for _ in "12"]

    assert notes(answers[0].page) == notes(answers[1].page)
    assert len(cast.history("settings")) == 1


@pytest.mark.manual("6.3.j-12")
def test_service_phone_and_link_are_shown_on_the_phones(
    desk: Desk, cast: Cast, signed_in: Callable[[str], PageClient]
) -> None:
    office = desk("admin")
    fields = {"service_phone": " 400-820-8820", "service_link": LINK}

    done = office.submit(CONTACT, fields, button="Save")

    assert notes(done.page) == ["The contact is saved. The phone pages show it at once."]
    assert {"400-820-8820", LINK} <= {e.text for e in done.page.walk()}
    pages = [("fang", "/m/home"), ("fang", "/m/me"), ("wei", "/m/home"), ("feng", "/m/me"), ("xin", "/m/me")]
    for who, page in pages:
        links = {a["href"]: a.text for a in signed_in(who).get(page).page.find_all("a")}
        assert links["tel:400-820-8820"] == "致电销售中心 400-820-8820"
        assert links[LINK] == "联系客服"


def test_blank_contact_is_not_shown(desk: Desk, cast: Cast, signed_in: Callable[[str], PageClient]) -> None:
    office = desk("admin")
    office.submit(CONTACT, {"service_phone": "95588", "service_link": LINK}, button="Save")

    office.submit(CONTACT, {"service_phone": "", "service_link": ""}, button="Save")

    for page in ("/m/home", "/m/me"):
        links = [a["href"] for a in signed_in("fang").get(page).page.find_all("a")]
        assert [href for href in links if href.startswith(("tel:", "https:"))] == []


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"service_phone": "客服"}, "service_phone", "A phone number has 5 to 20 digits"),
        ({"service_link": "http://example.com"}, "service_link", "begins with https://"),
        ({"service_link": "javascript:alert(1)"}, "service_link", "begins with https://"),
        ({"service_link": "https://example.com/" + "x" * 290}, "service_link", "at most 300 characters"),
    ],
)
def test_contact_that_cannot_be_is_refused_beside_its_field(
    desk: Desk, cast: Cast, typed: dict[str, str], field: str, sentence: str
) -> None:
    client = desk("admin")

    with nothing_written(cast.app):
        answer = client.forge(CONTACT, typed, action=CONTACT)

    assert answer.status_code == 422
    assert list(complaint(answer)) == [field]
    assert sentence in complaint(answer)[field]


def test_contact_form_from_before_another_change_is_refused(desk: Desk, cast: Cast) -> None:
    first, second = desk("admin"), desk("admin")
    asked = first.get(CONTACT)
    second.submit(CONTACT, {"service_phone": "95588"}, button="Save")

    with nothing_written(cast.app):
        answer = first.submit(asked, {"service_phone": "95599"}, button="Save")

    assert answer.status_code == 409
    assert notes(answer.page) == ["Somebody else has changed this meanwhile. Reload the page and look again."]


def test_the_page_shows_who_changed_what_and_the_newest_first(
    desk: Desk, cast: Cast, running: dict[str, int]
) -> None:
    client = desk("admin")
    assert log(client.get(SETTINGS).page) == []
    client.submit(sees(client, 5), {"reach": "running"}, button="Change the protection")
    client.submit(CONTACT, {"service_phone": "95588"}, button="Save")

    page = client.submit(CONTACT, {"service_phone": "95599", "service_link": LINK}, button="Save").page

    by = "穆青 · Administrator"
    link = f"Customer-service link – becomes {LINK}"
    moved = "Running bindings that got another end 2 Ended at once 1"
    assert log(page) == [
        f"Contact changed {by} Service phone 95588 becomes 95599 {link}",
        f"Contact changed {by} Service phone – becomes 95588",
        f"Protection changed {by} Protection in days 30 becomes 5 {moved}",
    ]
    times = [t.text for t in page.find_all("time")]
    assert all(re.fullmatch(r"2026-03-12 \d\d:\d\d", text) for text in times)


def test_phone_of_a_contact_change_lies_in_the_payload(desk: Desk, cast: Cast) -> None:
    desk("admin").submit(CONTACT, {"service_phone": "13800001111", "service_link": LINK}, button="Save")

    ((action, actor, changes, personal),) = cast.history("settings")
    assert (action, actor) == ("change_contact", cast.ids["admin"])
    assert changes == {"service_link": ["", LINK]}
    assert personal == {"service_phone": ["", "13800001111"]}


def test_contact_that_is_as_it_was_writes_nothing(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    client.submit(CONTACT, {"service_phone": "95588"}, button="Save")

    with nothing_written(cast.app):
        done = client.submit(CONTACT, {}, button="Save")

    assert done.request.path == SETTINGS


@pytest.mark.parametrize(("who", "offered"), [("admin", True), ("director", False), ("secretary", False)])
def test_menu_offers_the_settings_to_the_admin_only(
    desk: Desk, cast: Cast, who: str, *, offered: bool
) -> None:
    menu = desk(who).get("/admin/leads/").page.find("nav", class_="menu")

    links = {a["href"]: a.text for a in menu.find_all("a")}
    assert (links.get(SETTINGS) == "Protection and contact") is offered
    assert (links.get("/admin/customer_types/") == "Customer types") is offered
    assert ("Settings" in menu.text) is offered


@pytest.mark.manual("6.3.j-1")
def test_admin_finds_the_own_password_in_the_settings(
    desk: Desk, cast: Cast, new_client: Callable[[], PageClient]
) -> None:
    client = desk("admin")
    settings = client.get(SETTINGS).page
    (link,) = [a for a in settings.find("main").find_all("a") if a.text == "Change your password"]
    fields = {"current_password": PASSWORD, "new_password": "my very own secret"}

    done = client.submit(link["href"], fields | {"repeated": fields["new_password"]})

    assert notes(done.page) == ["Your password is changed."]
    for password, status in ((PASSWORD, 422), (fields["new_password"], 302)):
        typed = {"login": "admin", "password": password}
        assert new_client().submit("/admin/sign-in", typed, follow=False).status_code == status
