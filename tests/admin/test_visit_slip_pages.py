"""带看确认单 in the office: each fact of one visit where another's differ, who may, and the ways to it."""

import re
from datetime import timedelta
from io import BytesIO
from typing import NamedTuple

import pytest
import zxingcpp
from PIL import Image

from tests.admin.conftest import Desk
from tests.admin.reading import section
from tests.support.cast import Cast
from tests.support.client import PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.project import write_project
from tests.support.refusals import nothing_written
from tests.support.stories import told_once

CHEN = ("陈", "静", "1390001")
CODE = re.compile(r"([a-hjkmnp-z2-9]{5})-([a-hjkmnp-z2-9]{5})-([a-hjkmnp-z2-9]{5})")


class Visits(NamedTuple):
    """Fang's customer, whom the gate scanned twice (slips 1 and 3), and Qiang's (slip 2)."""

    cast: Cast
    fangs: int
    qiangs: int


@told_once
def visits(cast: Cast, clock: StoppedClock) -> Visits:
    """2 March 10:00:07 Fang's, an hour later Qiang's, on 4 March Fang's again, who has moved meanwhile."""
    clock.forward(timedelta(seconds=7))
    fangs = cast.enters("fang", second_phone="1394321", reports=True)
    cast.scans("feng", fangs, "xin")
    clock.forward(timedelta(hours=1))
    qiangs = cast.enters("qiang", CHEN, reports=True)
    cast.scans("lu", qiangs, "ming")
    clock.forward(timedelta(days=2))
    cast.change("fang", brokerage_id=cast.account("qiang", "brokerage_id"))
    cast.scans("lu", fangs, "ming")
    return Visits(cast, fangs, qiangs)


def slip(desk: Desk, number: int, who: str = "director") -> PageResponse:
    return desk(who).get(f"/admin/scans/slip/?id={number}")


def lines(page: Page) -> dict[str, str]:
    """Return what a slip says, line by line."""
    found = page.find_all("div", class_="slip-line")
    return {line.find("dt").text: line.find("dd").text for line in found}


def code(page: Page) -> str:
    return page.find("p", class_="slip-code").text


AGAIN = "Another visit of this broker's customer. It changed neither the binding nor its end."
FIRST = {
    "Slip number": "1",
    "Scanned at": "2026-03-02 10:00:07, Shanghai time",
    "Customer name": "欧阳锋",
    "Customer phone": "138****5678 · 139****4321",
    "Broker": "王芳",
    "Brokerage then": "安家置业",
    "Consultant": "江心怡",
    "Gate staff": "岳峰",
    "What the scan did": "It bound the customer to this broker.",
    "Protection that it began": "2026-03-02 10:00:07 to 2026-04-01 10:00:07, Shanghai time",
}
SECOND = {
    "Slip number": "2",
    "Scanned at": "2026-03-02 11:00:07, Shanghai time",
    "Customer name": "陈静",
    "Customer phone": "139****0001",
    "Broker": "李强",
    "Brokerage then": "百川地产",
    "Consultant": "陆明哲",
    "Gate staff": "尹露",
    "What the scan did": "It bound the customer to this broker.",
    "Protection that it began": "2026-03-02 11:00:07 to 2026-04-01 11:00:07, Shanghai time",
}
THIRD = FIRST | {
    "Slip number": "3",
    "Scanned at": "2026-03-04 11:00:07, Shanghai time",
    "Brokerage then": "百川地产",
    "Consultant": "陆明哲",
    "Gate staff": "尹露",
    "What the scan did": AGAIN,
}
del THIRD["Protection that it began"]


@pytest.mark.parametrize("said", [FIRST, SECOND, THIRD], ids=["binds", "another's", "again"])
def test_each_fact_stands_on_the_slip_as_it_was_at_the_scan(
    desk: Desk, visits: Visits, said: dict[str, str]
) -> None:
    number = visits.qiangs if said is SECOND else visits.fangs

    assert lines(slip(desk, int(said["Slip number"])).page) == said | {"Customer number": str(number)}


def test_customer_broker_and_consultant_each_have_a_line_to_sign(desk: Desk, visits: Visits) -> None:
    signatures = slip(desk, 3).page.find_all("div", class_="slip-signature")

    assert [one.text for one in signatures] == [
        "Customer 欧阳锋 Signature and date",
        "Broker 王芳 Signature and date",
        "Consultant 陆明哲 Signature and date",
    ]


def test_the_project_stands_above_it_where_the_settings_have_one(desk: Desk, visits: Visits) -> None:
    assert "澄湖广场" not in slip(desk, 1).text
    write_project(visits.cast, name="澄湖广场")

    page = slip(desk, 1).page
    assert page.find("div", class_="page-head-text").text.startswith("Visit slip 澄湖广场")


def test_an_end_that_moved_since_is_not_on_the_slip(desk: Desk, visits: Visits) -> None:
    before = lines(slip(desk, 1).page)

    visits.cast.extends("director", visits.fangs, 5)

    assert lines(slip(desk, 1).page) == before


def test_each_visit_has_a_code_of_its_own_the_same_for_everybody(desk: Desk, visits: Visits) -> None:
    codes = [code(slip(desk, number).page) for number in (1, 2, 3)]

    assert all(CODE.fullmatch(one) for one in codes)
    assert len(set(codes)) == 3
    assert [code(slip(desk, 1, who).page) for who in ("secretary", "admin")] == [codes[0]] * 2


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_the_office_opens_it_and_nothing_is_written(desk: Desk, visits: Visits, who: str) -> None:
    with nothing_written(visits.cast.app):
        assert slip(desk, 1, who).status_code == 200
        assert slip(desk, 4, who).status_code == 404


@pytest.mark.parametrize("who", ["fang", "qiang", "wei", "hong", "feng", "xin"])
def test_the_phones_do_not(desk: Desk, visits: Visits, who: str) -> None:
    client = desk(who)

    assert client.get("/admin/scans/slip/?id=1").status_code == 403
    assert client.get("/admin/scans/slip/address.png?id=1").status_code == 403


def test_the_picture_leads_to_the_page_that_checks_and_brings_the_number(desk: Desk, visits: Visits) -> None:
    page = slip(desk, 2).page
    address = page.find("span", class_="slip-address").text

    picture = desk("director").get(page.find("img")["src"])

    assert picture.mimetype == "image/png"
    assert address.endswith("/verify/slip")
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)))
    assert found.text == (f"{address}?number=2")


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_rows_of_the_list_and_the_customers_page_and_time_line_lead_to_it(
    desk: Desk, visits: Visits, who: str
) -> None:
    client = desk(who)

    listed = [
        a["href"] for a in client.get("/admin/scans/").page.find_all("a") if a.text.startswith("Visit slip")
    ]
    details = client.get(f"/admin/leads/details/?id={visits.fangs}").page
    on_page = [a["href"] for a in section(details, "scans").find_all("a") if "slip" in a["href"]]
    line = client.get(f"/admin/leads/time-line/?id={visits.fangs}").page
    on_line = [(a["href"], a.text) for p in line.find_all("p", class_="line-slip") for a in p.find_all("a")]

    assert listed == [f"/admin/scans/slip/?id={n}" for n in (3, 2, 1)]
    assert on_page == [f"/admin/scans/slip/?id={n}" for n in (3, 1)]
    assert on_line == [(f"/admin/scans/slip/?id={n}", f"Visit slip {n}") for n in (1, 3)]
    assert all(client.get(address).status_code == 200 for address in listed)


def test_of_an_anonymised_customer_number_and_people_of_ours_are_left(
    desk: Desk, visits: Visits, clock: StoppedClock
) -> None:
    paper = code(slip(desk, 1).page)
    clock.forward(timedelta(days=400))
    answer = desk("admin").submit(f"/admin/leads/anonymise/?id={visits.fangs}", {"reason": "客户要求"})
    assert answer.status_code == 200

    again = slip(desk, 1)

    said = lines(again.page)
    assert (said["Customer name"], said["Customer phone"]) == ("Anonymised", "–")
    assert (said["Broker"], said["Gate staff"]) == ("王芳", "岳峰")
    assert not [gone for gone in ("欧阳", "5678", "4321") if gone in again.text]
    assert code(again.page) == paper


def test_the_slip_speaks_chinese_by_itself(signed_in: Desk, visits: Visits) -> None:
    page = signed_in("director").get("/admin/scans/slip/?id=1").page

    said = lines(page)
    assert page.h1 == "带看确认单"
    assert said["扫码结果"] == "客户由此绑定给该经纪人。"
    assert said["由此开始的保护期"] == "2026-03-02 10:00:07 至 2026-04-01 10:00:07（上海时间）"


def test_a_slip_asks_as_few_questions_as_any_page(desk: Desk, visits: Visits) -> None:
    client = desk("director")
    client.get("/admin/scans/slip/?id=1")

    assert len(client.queries) <= 12
