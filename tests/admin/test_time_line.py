"""The time line of a customer: each step with its sentence, filter, ends, and who held at a moment."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.clock import now
from lead_system.services.anonymising import anonymise_lead
from lead_system.services.handing_over import assign_consultant
from tests.admin.conftest import Desk
from tests.admin.time_line_sentences import SENTENCES
from tests.admin.time_lines import steps, whole_story
from tests.support.cast import HONG, Cast
from tests.support.client import PageClient
from tests.support.databases import both_databases
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once


@told_once
def told(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    return whole_story(cast, clock)


@pytest.fixture
def director(desk: Desk) -> PageClient:
    return desk("director")


def time_line(client: PageClient, lead: int, more: str = "") -> Page:
    answer = client.get(f"/admin/leads/time-line/?id={lead}{more}")
    assert answer.status_code == 200
    return answer.page


def test_every_kind_of_step_says_in_english_what_decided(director: PageClient, told: dict[str, int]) -> None:
    said = {(one.when, one.text) for one in steps(time_line(director, told["fang"]))}

    assert [one for one in SENTENCES if one[:2] not in said] == []


def test_every_kind_of_step_says_in_chinese_what_decided(
    signed_in: Callable[[str], PageClient], told: dict[str, int]
) -> None:
    said = {(one.when, one.text) for one in steps(time_line(signed_in("director"), told["fang"]))}

    assert [one for one in SENTENCES if (one[0], one[2]) not in said] == []


def test_each_lead_of_the_customer_opens_the_same_line_oldest_first(
    director: PageClient, told: dict[str, int]
) -> None:
    lines = [steps(time_line(director, lead)) for lead in told.values()]

    assert lines[0] == lines[1] == lines[2]
    assert [one.when for one in lines[0]] == sorted(one.when for one in lines[0])


def test_a_step_names_who_role_record_broker_and_the_brokerage_then(
    director: PageClient, told: dict[str, int], cast: Cast
) -> None:
    bound = next(one for one in steps(time_line(director, told["fang"])) if one.text.startswith("Bound"))

    assert bound.whom == f"王芳 安家置业 No. {told['fang']}"
    assert bound.who.startswith("岳峰 · Gate staff · record ")


def test_the_top_says_who_entered_first_and_who_holds_until_when(
    director: PageClient, told: dict[str, int]
) -> None:
    lines = [one.text for one in time_line(director, told["fang"]).find_all("div", class_="verdict-line")]

    assert lines == [
        f"Entered first 王芳 安家置业 No. {told['fang']} · 2026-03-02 11:00:00",
        f"Holds now 赵伟 安家置业 No. {told['wei']} · until 2026-05-02 03:00:00",
    ]


def test_a_filter_shows_one_brokers_steps_and_keeps_the_derived_ends(
    director: PageClient, told: dict[str, int], cast: Cast
) -> None:
    shown = steps(time_line(director, told["fang"], f"&broker={cast.ids['wei']}"))

    texts = [one.text for one in shown]
    assert [one.when for one in shown if one.text.startswith("Protection ended")] == ["2026-03-22 22:00:00"]
    assert [one.when for one in shown if one.text.startswith("Protection will end")] == [
        "2026-05-02 03:00:00"
    ]
    assert not any(text.startswith(("Came alone", "Shown round", "Turned away")) for text in texts)
    assert any("赵伟" in text and text.startswith("Rebound to another") for text in texts)


@pytest.mark.parametrize("broker", ["999999", "x", "{ming}"])
def test_a_filter_for_somebody_without_a_lead_of_this_customer_is_not_found(
    director: PageClient, told: dict[str, int], cast: Cast, broker: str
) -> None:
    chosen = broker.format(**cast.ids)

    assert director.get(f"/admin/leads/time-line/?id={told['fang']}&broker={chosen}").status_code == 404


def test_an_end_appears_at_its_second_without_any_job(
    director: PageClient, cast: Cast, clock: StoppedClock
) -> None:
    lead = cast.enters("fang", reports=True)
    cast.scans("feng", lead)
    rule = "30 days after the binding of 2026-03-02 10:00:00; nothing ends it before."

    clock.forward(timedelta(days=30) - timedelta(seconds=1))
    assert steps(time_line(director, lead))[-1][:2] == ("2026-04-01 10:00:00", f"Protection will end {rule}")
    clock.forward(timedelta(seconds=1))
    assert steps(time_line(director, lead))[-1][:2] == ("2026-04-01 10:00:00", f"Protection ended {rule}")


def test_why_a_lead_was_never_bound_stands_beside_it(director: PageClient, told: dict[str, int]) -> None:
    page = time_line(director, told["fang"])

    why = {row["Customer number"]: row["Why not bound"] for row in tables(page)[1]}
    assert why == {
        "1": "–",
        "2": "Never bound: the entry was withdrawn.",
        "3": "–",
        "4": "Never bound: merged into another entry of the same broker.",
        "5": "–",
    }


def tables(page: Page) -> list[list[dict[str, str]]]:
    """Return the rows of each table of the page: holders, then numbers."""
    found = []
    for table in page.find_all("table"):
        titles = [cell.text for cell in table.find_all("th")]
        rows = [row.find_all("td") for row in table.find_all("tr")]
        found.append([dict(zip(titles, (c.text for c in row), strict=True)) for row in rows if row])
    return found


HELD = "At {at} this customer was held by {who} from 2026-{begins} ({why}) until 2026-{ends} ({end})"
AWAY, HERE = "Moved away by a rebind", "Moved here by a rebind"
SCAN, LATE = "First confirmed scan of a reported lead", "A deal marked late"
FANG, QIANG, WEI = "王芳 安家置业 No. 1", "李强 百川地产 No. 3", "赵伟 安家置业 No. 5"


ANSWERS = [
    ("2026-03-02 14:00:00", FANG, "03-02 14:00:00", SCAN, "03-02 22:00:00", AWAY),
    ("2026-03-02 22:00:00", QIANG, "03-02 22:00:00", HERE, "03-02 23:00:00", AWAY),
    ("2026-03-22 21:59:59", WEI, "03-02 23:00:00", HERE, "03-22 22:00:00", "The protection ran out"),
    ("2026-04-12 01:30:00", WEI, "04-12 01:00:00", LATE, "04-12 02:00:00", "The deal was undone"),
]
"""The moment, who held, since when and why, and until when and why."""


@pytest.mark.parametrize("expected", ANSWERS)
def test_the_form_answers_who_held_at_a_moment(
    director: PageClient, told: dict[str, int], expected: tuple[str, ...]
) -> None:
    at, who, begins, why, ends, end = expected

    page = time_line(director, told["fang"], f"&at={at.replace(' ', 'T')}")

    said = HELD.format(at=at, who=who, begins=begins, why=why, ends=ends, end=end)
    assert page.find("div", class_="answer").text == said


@pytest.mark.parametrize("at", ["2026-03-02T13:59:59", "2026-03-22T22:00:00", "2026-04-12T02:00:00"])
def test_the_form_answers_that_nobody_held(director: PageClient, told: dict[str, int], at: str) -> None:
    answer = time_line(director, told["fang"], f"&at={at}").find("div", class_="answer").text

    assert answer == f"At {at.replace('T', ' ')} nobody held this customer."


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("", "That date cannot be right. Choose it again."),
        ("yesterday", "That date cannot be right. Choose it again."),
        ("2026-02-30T10:00", "That date cannot be right. Choose it again."),
        ("0001-01-01T00:00", "That date cannot be right. Choose it again."),
        ("2026-04-12T03:00:01", "That moment has not come yet. Choose one that has passed."),
        ("9999-12-31T23:59", "That moment has not come yet. Choose one that has passed."),
    ],
)
def test_a_moment_that_cannot_be_answered_is_refused_in_words(
    director: PageClient, told: dict[str, int], at: str, sentence: str
) -> None:
    answer = director.get(f"/admin/leads/time-line/?id={told['fang']}&at={at}")

    assert answer.status_code == 422
    assert answer.page.find("p", class_="field-error").text == sentence
    assert not answer.page.find_all("div", class_="answer")


def test_a_secretary_sees_neither_collisions_nor_where_a_rebind_went(
    desk: Desk, told: dict[str, int]
) -> None:
    shown = [one.text for one in steps(time_line(desk("secretary"), told["fang"]))]

    assert not any("ollision" in text and "no collision" not in text for text in shown)
    assert "Rebound to another broker A rebind ended this binding before its time." in shown
    assert "Rebound to this broker A rebind bound this lead; protected until 2026-03-22 22:00:00." in shown
    assert not any("协商一致" in text or "for the rebind of" in text for text in shown)


def test_customers_and_collisions_lead_to_the_time_line(director: PageClient, told: dict[str, int]) -> None:
    fang, wei = told["fang"], 2
    for page, lead in (
        (f"/admin/leads/details/?id={fang}", fang),
        ("/admin/collisions/details/?id=2", wei),
        ("/admin/collisions/?state=all", wei),
    ):
        links = director.get(page).page.find_all("a", href=f"/admin/leads/time-line/?id={lead}")
        assert [link.text[:9] for link in links][:1] == ["Time line"], page


def test_an_anonymised_customer_keeps_what_happened_when(director: PageClient, cast: Cast) -> None:
    lead = cast.enters("fang", HONG, reports=True)
    with cast.app.app_context():
        anonymise_lead(cast.as_("admin"), lead_id=lead, version=2, reason="本人要求", now=now())

    said = [one.text for one in steps(time_line(director, lead))]
    assert said[-1] == "Anonymised Names, digits and words are gone; what happened when stays. 本人要求"
    assert len(said) == 4


@both_databases
def test_the_line_asks_as_often_for_many_leads_as_for_one(director: PageClient, cast: Cast) -> None:
    lead = cast.enters("fang", reports=True)
    time_line(director, lead)
    for_one = len(director.queries)
    cast.scans("feng", lead)
    for who in ("qiang", "wei"):
        cast.scans("lu", cast.enters(who, reports=True))

    time_line(director, lead)

    assert len(director.queries) == for_one == QUERIES


QUERIES = 14


def test_customer_told_apart_says_so_and_from_which_person_on(cast: Cast, director: PageClient) -> None:
    held = cast.enters("qiang", reports=True)
    cast.scans("feng", held)
    lead = cast.enters("fang", reports=True)
    cast.tells_apart("director", lead, "身份证不同")
    cast.takes_back("director", lead, "看错了")

    said = [one.text for one in steps(time_line(director, lead))]

    apart = "From here on another customer than leads of this name and phone: person number 1."
    event = "The challenger was declared the same person after all."
    again = "From here on it is the same customer again as leads of this name and phone."
    assert [one for one in said if "another person" in one or "same person" in one or "different" in one] == [
        f"Declared another person {apart} 身份证不同",
        "Collision closed: different people One of the two was declared another person. 身份证不同",
        f"The same person after all {again} 看错了",
        f"Collision opened 王芳 (No. 2) went for a customer whom 李强 (No. 1) held at that moment: {event}",
    ]


def test_customer_handed_over_says_from_whom_to_whom(cast: Cast, director: PageClient) -> None:
    lead = cast.enters("fang", reports=True)
    cast.scans("feng", lead)
    with cast.app.app_context():
        assign_consultant(
            cast.as_("director"),
            lead_ids=(lead,),
            from_consultant_id=cast.ids["xin"],
            to_consultant_id=cast.ids["ming"],
            now=now(),
        )

    said = [one.text for one in steps(time_line(director, lead))]

    assert "Consultant assigned 陆明哲 took over from 江心怡 ." in said
