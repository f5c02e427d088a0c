"""设置: what if protection were so many days, before anything is saved (B9)."""

import pytest

from lead_system.extensions import db
from lead_system.models import Setting
from tests.admin.conftest import Desk
from tests.admin.test_settings_pages import running
from tests.support.cast import Cast
from tests.support.html import Page
from tests.support.refusals import nothing_written

__all__ = ["running"]

PAGE = "/admin/settings/what-if/"


def lines(page: Page) -> list[list[str]]:
    return [
        [cell.text for cell in row.walk() if cell.tag in ("th", "td") and not cell.has("aria-hidden")]
        for body in page.find_all("tbody")
        for row in body.find_all("tr")
    ]


@pytest.mark.usefixtures("running")
def test_each_number_of_days_says_how_many_would_end_and_nothing_is_saved(desk: Desk, cast: Cast) -> None:
    client = desk("admin")

    with nothing_written(cast.app):
        page = client.submit(PAGE, {"first": "9", "last": "18"}, button="Compare").page

    assert lines(page) == [
        ["9", "1", "0", "1"],
        ["10", "1", "0", "1"],
        ["11", "0", "1", "0"],
        *[[str(days), "0", "1", "0"] for days in range(12, 18)],
        ["18", "0", "0", "0"],
    ]
    with cast.app.app_context():
        assert db.session.query(Setting).one().protection_days == 30


def test_a_number_of_days_opens_its_brokers_and_a_figure_its_rows(
    desk: Desk, cast: Cast, running: dict[str, int]
) -> None:
    client = desk("admin")
    table = client.get(f"{PAGE}?first=5&last=10").page
    (link,) = [a for a in table.find_all("a") if a.text == "5"]
    brokers = client.get(link["href"]).page
    figures = [a for a in brokers.find_all("a", class_="figures") if a.has("aria-label")]

    assert lines(brokers) == [["王芳", "安家置业", "1", "0"], ["李强", "百川地产", "0", "1"]]
    for figure, name in zip(figures, ("plain", "new"), strict=True):
        ((number, *_),) = lines(client.get(figure["href"]).page)
        assert number == str(running[name])


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"first": "0"}, "first", "Enter a whole number of days between 1 and 3650."),
        ({"last": "3651"}, "last", "Enter a whole number of days between 1 and 3650."),
        ({"first": "x"}, "first", "Enter a whole number of days between 1 and 3650."),
        ({"first": "31", "last": "30"}, "first", "The first number of days is the larger one. Swap them."),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(
    desk: Desk, typed: dict[str, str], field: str, sentence: str
) -> None:
    refused = desk("admin").submit(PAGE, typed, button="Compare")

    assert refused.status_code == 422
    assert refused.page.find("span", id=f"{field}-error").text == sentence
    assert lines(refused.page) == []


@pytest.mark.parametrize(
    "query", ["days=0", "days=x", "days=5&broker_id=1&when=later", "days=5&broker_id=9999"]
)
def test_what_no_link_says_is_not_found(desk: Desk, query: str) -> None:
    assert desk("admin").get(f"{PAGE}?{query}").status_code == 404


def test_only_the_admin_asks(desk: Desk, signed_in: Desk) -> None:
    assert [desk(who).get(PAGE).status_code for who in ("secretary", "director", "admin")] == [403, 403, 200]
    assert "如果保护期改为" in signed_in("admin").get(PAGE).page.text
