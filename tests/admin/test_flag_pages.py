"""Flags where people see them: the card, the list, the marks on collisions, and the admin's switches (B8)."""

from datetime import date, timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.flag_rules import DEFAULT_RULES, Flag, FlagRule, FlagRules
from lead_system.extensions import db
from lead_system.models import Collision
from lead_system.queries.flag_settings import flag_rules
from lead_system.services.anonymising import anonymise_lead
from lead_system.services.flag_settings import change_flags
from tests.admin.conftest import Desk
from tests.admin.reading import notes, rows
from tests.admin.test_settings_pages import log
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

LIST, SETTINGS, FLAGS = "/admin/flags/", "/admin/settings/", "/admin/settings/flags/"
CALM = "A flag says what happened; it decides nothing."


def said(page: Page) -> list[str]:
    """Return what the card says, line by line."""
    (card,) = page.find_all("section", id="flags")
    return [line.text for line in card.find_all("li")]


def details(client: PageClient, lead: int) -> Page:
    return client.get(f"/admin/leads/details/?id={lead}").page


@pytest.fixture
def flagged(cast: Cast, clock: StoppedClock) -> int:
    """Monday: Hong came alone; Fang tried three of his numbers, corrected, reported, and he was dealt."""
    cast.walks_in("hong")
    clock.forward(timedelta(hours=3, minutes=5))
    cast.enters("fang", (*HONG[:2], "1391111"))
    cast.enters("fang", (*HONG[:2], "1393333"))
    lead = cast.enters("fang", ("洪", "奇", "1392222"))
    cast.corrects("fang", lead, HONG)
    cast.reports("fang", lead)
    clock.forward(timedelta(minutes=4))
    cast.scans("feng", lead)
    clock.forward(timedelta(days=1))
    cast.deals("director", lead, date(2026, 3, 3))
    return lead


EVERYTHING = [
    "Came alone earlier Came alone 1 time before this entry: at 2026-03-02 10:00, 3 h 5 min earlier.",
    (
        "Many numbers for one name 3 different numbers were entered for this name within 24 hours,"
        " from 2026-03-02 13:05 to 2026-03-02 13:05."
    ),
    "Name corrected Corrected 1 time after the entry, at 2026-03-02 13:05: 奇 → 七",
    "Reported just before the scan Reported 4 min before the scan at 2026-03-02 13:09.",
    "Dealt soon after binding Dealt on 2026-03-03, 1 day after the binding at 2026-03-02 13:09.",
]


def test_the_card_says_what_happened_with_its_figures(desk: Desk, flagged: int) -> None:
    page = details(desk("director"), flagged)

    assert said(page) == EVERYTHING
    assert CALM in page.find("section", id="flags").text


def test_the_card_speaks_chinese_too(signed_in: Desk, flagged: int) -> None:
    lines = said(details(signed_in("director"), flagged))

    assert lines[3] == "扫码前刚报备 在 2026-03-02 13:09 扫码前 4 分钟报备。"
    assert lines[4] == "绑定后很快成交 2026-03-03 成交，距 2026-03-02 13:09 绑定 1 天。"


def test_a_customer_without_flags_has_a_card_that_says_so(
    desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    lead = cast.enters("fang", OUYANG)

    page = details(desk("admin"), lead)

    assert said(page) == []
    assert "Nothing happened that a flag tells of." in page.find("section", id="flags").text


@pytest.mark.parametrize("who", ["secretary"])
def test_who_does_not_decide_sees_no_flags(desk: Desk, flagged: int, who: str) -> None:
    client = desk(who)

    assert details(client, flagged).find_all("section", id="flags") == []
    assert client.get(LIST).status_code == 403


def test_brokers_see_no_flags_anywhere(signed_in: Desk, flagged: int) -> None:
    client = signed_in("fang")
    with client.session_transaction() as session:
        session["language"] = "en"

    pages = [client.get(path).page.text for path in ("/m/customers", f"/m/customers/{flagged}", "/m/")]

    assert client.get(LIST).status_code == 403
    assert not [
        word for page in pages for word in ("Came alone", "just before the scan", "Flag") if word in page
    ]


def test_the_list_has_a_tab_for_each_flag_and_filters_by_broker_and_days(desk: Desk, flagged: int) -> None:
    client = desk("director")
    tabs = {tab.text.rsplit(" ", 1)[0]: tab for tab in client.get(LIST).page.find_all("a", class_="tab")}

    assert {name: int(tab.text.rsplit(" ", 1)[1]) for name, tab in tabs.items()} == {
        "All": 3,
        "Came alone earlier": 1,
        "Many numbers for one name": 3,
        "Name corrected": 1,
        "Reported just before the scan": 1,
        "Dealt soon after binding": 1,
    }
    (row,) = rows(client.get(tabs["Name corrected"]["href"]).page)
    assert row["Customer number"] == str(flagged)
    assert row["Flags"] == " ".join(EVERYTHING)
    for search, found in (("broker=王芳", 3), ("broker=李强", 0), ("first_day=2026-03-03", 1)):
        assert len(rows(client.get(f"{LIST}?{search}").page)) == found


def test_the_list_is_always_of_some_days_and_of_no_more_than_a_month(
    desk: Desk, flagged: int, clock: StoppedClock
) -> None:
    client = desk("director")
    assert "from 2026-02-25 to 2026-03-03, at most 31 days" in client.get(LIST).page.text
    clock.forward(timedelta(days=7))

    assert rows(client.get(LIST).page) == []
    assert len(rows(client.get(f"{LIST}?first_day=2026-02-07&last_day=2026-03-09").page)) == 3
    refused = client.get(f"{LIST}?first_day=2026-02-06&last_day=2026-03-09")
    assert (refused.status_code, rows(refused.page)) == (422, [])
    assert refused.page.find("p", id="search-error").text == "Choose at most 31 days at once."


def test_a_collision_whose_leads_are_flagged_is_marked(desk: Desk, cast: Cast, clock: StoppedClock) -> None:
    held = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", held)
    rival = cast.enters("qiang", ("欧阳", "峰", "1385678"))
    cast.corrects("qiang", rival, OUYANG)
    client = desk("director")

    (row,) = rows(client.get("/admin/collisions/").page)
    page = client.get(f"/admin/collisions/details/?id={cast.collision_of(held, rival)}").page

    assert row["Flags"] == "Holder: Reported just before the scan · Challenger: Name corrected"
    assert said(page) == [
        "Reported just before the scan Reported less than a minute before the scan at 2026-03-02 10:00.",
        "Name corrected Corrected 1 time after the entry, at 2026-03-02 10:00: 峰 → 锋",
    ]


def test_what_is_anonymised_takes_its_flags_with_it(desk: Desk, cast: Cast, clock: StoppedClock) -> None:
    cast.walks_in("hong")
    clock.forward(timedelta(minutes=1))
    for digits in ("1391111", "1393333", "1392222"):
        lead = cast.enters("fang", ("洪", "奇", digits))
    cast.corrects("fang", lead, HONG)
    cast.enters("fang", (*HONG[:2], "1394444"))
    cast.enters("fang", (*HONG[:2], "1395555"))
    before = said(details(desk("admin"), lead))
    version = cast.read(lead, "version")
    with cast.app.app_context():
        disputes = list(db.session.scalars(db.select(Collision.id)))
    cast.handles("director", *disputes)
    with cast.app.app_context():
        anonymise_lead(cast.as_("admin"), lead_id=lead, version=version, reason="本人要求", now=now())

    assert len(before) == 3
    assert said(details(desk("admin"), lead)) == []


def test_the_admin_switches_a_flag_off_and_moves_a_threshold(desk: Desk, cast: Cast, flagged: int) -> None:
    client = desk("admin")
    asked = client.get(FLAGS)

    done = client.forge(
        asked,
        {"late_report_limit": "3", "many_numbers_limit": "4"},
        action=FLAGS,
        without=["name_corrected_on"],
    )

    assert (done.request.path, notes(done.page)) == (
        SETTINGS,
        ["The flags are saved. Every page goes by them at once."],
    )
    assert said(details(client, flagged)) == [EVERYTHING[0], EVERYTHING[4]]
    assert "Flags changed" in log(done.page)[0]
    ((action, actor, changes, personal),) = [
        one for one in cast.history("settings") if one[0] == "change_flags"
    ]
    assert (action, actor, personal) == ("change_flags", cast.ids["admin"], None)
    assert changes == {
        "name_corrected_on": [True, False],
        "late_report_limit": [30, 3],
        "many_numbers_limit": [3, 4],
    }


@pytest.mark.parametrize("limit", ["0", "1441", "", "3.5", "三", "-1"])
def test_a_threshold_that_cannot_be_is_refused_beside_its_field(desk: Desk, cast: Cast, limit: str) -> None:
    client = desk("admin")
    asked = client.get(FLAGS)

    with nothing_written(cast.app):
        refused = client.submit(asked, {"late_report_limit": limit}, button="Save")

    assert refused.status_code == 422
    error = refused.page.find("span", id="late_report_limit-error").text
    assert error == "Enter a whole number between 1 and 1440."


def test_a_stale_form_and_a_repeat_change_nothing(desk: Desk, cast: Cast) -> None:
    client, other = desk("admin"), desk("admin")
    asked, theirs = client.get(FLAGS), other.get(FLAGS)
    first = client.submit(asked, {"quick_deal_limit": "2"}, button="Save")
    again = client.submit(asked, {"quick_deal_limit": "2"}, button="Save")

    stale = other.submit(theirs, {"quick_deal_limit": "5"}, button="Save")

    assert (first.status_code, again.status_code, stale.status_code) == (200, 200, 409)
    with cast.app.app_context():
        assert flag_rules()[Flag.QUICK_DEAL] == FlagRule(is_on=True, limit=2)
    assert len([one for one in cast.history("settings") if one[0] == "change_flags"]) == 1


def test_the_rules_at_first_are_those_of_the_domain(cast: Cast) -> None:
    with cast.app.app_context():
        assert flag_rules() == DEFAULT_RULES


def test_with_all_flags_off_the_list_is_empty_and_the_card_says_why(
    desk: Desk, cast: Cast, flagged: int, clock: StoppedClock
) -> None:
    off: FlagRules = {flag: rule._replace(is_on=False) for flag, rule in DEFAULT_RULES.items()}
    with cast.app.app_context():
        change_flags(cast.as_("admin"), version=1, rules=off, now=now())
    client = desk("director")

    assert rows(client.get(LIST).page) == []
    assert "All flags are switched off in the settings." in details(client, flagged).text
