"""The public page that checks a visit slip: right, wrong, unknown, too often; in both languages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from lead_system.extensions import db
from lead_system.models import Account
from lead_system.services.visit_slips import visit_slip
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.evidence import RIVALS_SECRET, secret_of
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

NewClient = Callable[[], PageClient]
CHEN = ("陈", "静", "1390001")
REFUSED = (
    "Not confirmed: no slip with this number and this code was issued here. Compare both with the paper and "
    "type them again."
)


@pytest.fixture
def codes(cast: Cast, clock: StoppedClock) -> dict[int, str]:
    """Gives the codes of slip 1, which is Fang's, and of slip 2, which is Qiang's."""
    cast.scans("feng", cast.enters("fang", reports=True), "xin")
    clock.forward(timedelta(hours=1))
    cast.scans("lu", cast.enters("qiang", CHEN, reports=True), "ming")
    with cast.app.app_context():
        director = db.session.get_one(Account, cast.ids["director"])
        return {n: visit_slip(director, n, secret=secret_of(cast)).code for n in (1, 2)}


def check(client: PageClient, number: object, code: str, language: str = "en") -> PageResponse:
    """Type number and code, as somebody who was never here."""
    with client.session_transaction() as session:
        session["language"] = language
    return client.submit("/verify/slip", {"number": str(number), "code": code})


def lines(page: Page) -> dict[str, str]:
    """Return what the page says of a slip."""
    facts = page.find("dl", class_="facts")
    names, values = ([one.text for one in facts.find_all(tag)] for tag in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def verdict(page: Page) -> str:
    return page.find("section", id="verdict").text


def test_a_stranger_with_the_paper_is_told_what_it_says_and_nothing_is_written(
    cast: Cast, codes: dict[int, str], new_client: NewClient
) -> None:
    with nothing_written(cast.app):
        answer = check(new_client(), 1, codes[1])

    assert answer.status_code == 200
    assert verdict(answer.page) == "Genuine: this slip was issued here. Compare what it says with the paper."
    assert lines(answer.page) == {
        "Slip number": "1",
        "Scanned at": "2026-03-02 10:00:00, Shanghai time",
        "Customer number": "1",
        "Customer name": "欧阳锋",
        "Customer phone": "138****5678",
        "Broker": "王芳",
        "Brokerage then": "安家置业",
        "Consultant": "江心怡",
        "Gate staff": "岳峰",
        "What the scan did": "It bound the customer to this broker.",
        "Protection that it began": "2026-03-02 10:00:00 to 2026-04-01 10:00:00, Shanghai time",
    }


def test_it_says_what_the_paper_says(
    codes: dict[int, str], new_client: NewClient, signed_in: Callable[[str], PageClient]
) -> None:
    paper = signed_in("director").get("/admin/scans/slip/?id=2").page
    printed = {one.find("dt").text: one.find("dd").text for one in paper.find_all("div", class_="slip-line")}

    assert lines(check(new_client(), 2, codes[2], "zh-CN").page) == printed


def test_the_other_language_says_it_too(codes: dict[int, str], new_client: NewClient) -> None:
    right, wrong = (check(new_client(), 1, code, "zh-CN") for code in (codes[1], codes[2]))

    assert verdict(right.page) == "真实：这张确认单由本系统出具。请将以下内容与纸面核对。"
    assert lines(right.page)["扫码结果"] == "客户由此绑定给该经纪人。"
    assert verdict(wrong.page).startswith("未能确认：")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (1, "aaaaa-aaaaa-aaaaa"),
        (1, ""),
        (1, "another's"),
        (2, "own"),
        (3, "own"),
        (999999, "own"),
        ("x", "own"),
        ("", ""),
        (1, "x" * 5_000),
    ],
)
def test_whatever_is_wrong_gets_one_refusal_and_no_word_more(
    cast: Cast, codes: dict[int, str], new_client: NewClient, number: object, code: str
) -> None:
    given = {"own": codes[1], "another's": codes[2]}.get(code, code)

    with nothing_written(cast.app):
        answer = check(new_client(), number, given)

    assert answer.status_code == 422
    assert verdict(answer.page) == REFUSED
    assert not answer.page.find_all("dl")
    assert not [name for name in ("欧阳", "王芳", "江心怡", "陈静") if name in answer.text]


def test_a_slip_of_another_installation_is_refused(
    cast: Cast, codes: dict[int, str], new_client: NewClient
) -> None:
    with cast.app.app_context():
        director = db.session.get_one(Account, cast.ids["director"])
        theirs = visit_slip(director, 1, secret=RIVALS_SECRET).code

    assert check(new_client(), 1, theirs).status_code == 422


@pytest.mark.parametrize(
    "spelling", [str.upper, lambda code: code.replace("-", " "), lambda code: f" {code}\n"]
)
def test_capitals_and_hyphens_make_no_difference(
    codes: dict[int, str], new_client: NewClient, spelling: Callable[[str], str]
) -> None:
    assert check(new_client(), 1, spelling(codes[1])).status_code == 200


def test_the_address_on_the_paper_fills_the_number_in(codes: dict[int, str], new_client: NewClient) -> None:
    page = new_client().get("/verify/slip?number=2").page

    assert page.find("input", name="number")["value"] == "2"
    assert page.find("input", name="code").get("value") == ""
    assert not page.find_all("dl")


def test_what_was_typed_comes_back_without_whole_numbers(
    new_client: NewClient, codes: dict[int, str]
) -> None:
    answer = check(new_client(), "13812345678", "13812345678")
    asked = new_client().get("/verify/slip?number=13812345678")

    assert "138****5678" in answer.text
    assert not [one for one in (answer, asked) if "13812345678" in one.text]


def test_a_code_in_the_address_is_not_looked_at(codes: dict[int, str], new_client: NewClient) -> None:
    page = new_client().get(f"/verify/slip?number=1&code={codes[1]}").page

    assert not page.find_all("section", id="verdict")


def test_of_an_anonymised_customer_nothing_comes_back(
    codes: dict[int, str], new_client: NewClient, signed_in: Callable[[str], PageClient], clock: StoppedClock
) -> None:
    clock.forward(timedelta(days=400))
    signed_in("admin").submit("/admin/leads/anonymise/?id=1", {"reason": "客户要求"})

    answer = check(new_client(), 1, codes[1])

    assert answer.status_code == 200
    said = lines(answer.page)
    assert (said["Customer name"], said["Customer phone"]) == ("Anonymised", "–")
    assert "The customer was anonymised since" in answer.text
    assert not [gone for gone in ("欧阳", "5678") if gone in answer.text]


def test_the_two_pages_that_check_lead_to_each_other(new_client: NewClient) -> None:
    def leads_to(path: str) -> list[str]:
        return [a["href"] for a in new_client().get(path).page.find("main").find_all("a")]

    assert leads_to("/verify") == ["/verify/slip"]
    assert leads_to("/verify/slip") == ["/verify"]


@pytest.mark.alters_the_app
def test_tries_are_counted_together_with_those_at_evidence(
    app: Flask, codes: dict[int, str], new_client: NewClient
) -> None:
    client = new_client()
    form = client.get("/verify/slip")
    app.extensions["settings"].requests_per_minute = 100_000
    for _ in range(30):
        assert client.submit(form, {"number": "1", "code": "aaaaa-aaaaa-aaaaa"}).status_code == 422

    refused = client.submit(form, {"number": "1", "code": codes[1]})

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/verify/slip").status_code == 200
