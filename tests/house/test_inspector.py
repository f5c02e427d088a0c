"""The page inspector notices each thing that it looks for, and the client refuses a GET that writes."""

from collections.abc import Iterable

import pytest
from flask import Flask
from sqlalchemy import text

from lead_system.extensions import db
from lead_system.web.access import public
from tests.support.client import PageClient
from tests.support.html import Element, Page
from tests.support.inspector import findings
from tests.support.statements import writes

GOOD = """<!doctype html><html lang="{language}"><head><title>T</title></head><body><h1>{heading}</h1>
<form method="post"><input type="hidden" name="csrf_token" value="t">
<input type="hidden" name="request_id" value="r">
<label for="a">A</label><input id="a" name="a">
<select name="s" aria-label="S"><option value="1">1</option></select>
<button name="go" value="now">Go</button></form>{more}</body></html>"""


def page(more: str = "", *, heading: str = "Leads", language: str = "en") -> str:
    return GOOD.format(more=more, heading=heading, language=language)


def test_good_page_has_no_findings() -> None:
    good = page('<p data-user>王小明</p><a lang="zh-CN" href="/?l=zh">中文</a>')
    assert findings(Page(good)) == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        (page("<h1>again</h1>"), "has 2 <h1>"),
        (page(language=""), "has no language"),
        (page('<i id="x"></i><i id="x"></i>'), "uses the id 'x' 2 times"),
        (page('<input name="b">'), "a field without a label"),
        (page('<form method="post"></form>'), "posts without csrf_token and request_id"),
        (page('<p style="color:red">'), "has style="),
        (page('<p onclick="go()">'), "has onclick="),
        (page('<a href="javascript:go()">'), "a javascript: link"),
        (page("<style>p{}</style>"), "a <style> element"),
        (page("<script>go()</script>"), "an inline <script>"),
        (page('<script src="https://elsewhere.example/x.js"></script>'), "from elsewhere"),
        (page('<img src="/x.png">'), "a picture without alt"),
        (page("<p>13812345678</p>"), "the full customer number 13812345678"),
        (page("<p>客户</p>"), "is in English but says '客户'"),
        (page('<input aria-label="客户">'), "is in English but says '客户'"),
        (page("<p>Customers</p>", heading="客户", language="zh-CN"), "is in Chinese but says 'Customers'"),
        (
            page("<p>9 rows in one file</p>", heading="客户", language="zh-CN"),
            "is in Chinese but says '9 rows in one file'",
        ),
    ],
)
def test_inspector_notices(html: str, said: str) -> None:
    found = findings(Page(html))
    assert any(said in finding for finding in found), found


@pytest.mark.parametrize(
    ("statement", "is_write"),
    [
        ("SELECT 1", False),
        ("BEGIN", False),
        ("INSERT INTO lead VALUES (1)", True),
        ("update lead SET id = 1", True),
        ("WITH old AS (SELECT 1) DELETE FROM hold", True),
        ("BEGIN IMMEDIATE", True),
    ],
)
def test_writing_statements_are_told_from_reading_ones(statement: str, *, is_write: bool) -> None:
    assert bool(writes([statement])) is is_write


@pytest.mark.alters_the_app
def test_client_refuses_a_get_that_writes(app: Flask, client: PageClient) -> None:
    @app.route("/writer")
    @public("only this test knows it")
    def writer() -> str:
        db.session.execute(text("DELETE FROM alembic_version"))
        return "written"

    with pytest.raises(AssertionError, match="GET /writer writes"):
        client.get("/writer")


def test_client_refuses_an_open_application_context(app: Flask, client: PageClient) -> None:
    with app.app_context(), pytest.raises(AssertionError, match="close the application context"):
        client.get("/")


def tags(elements: Iterable[Element]) -> str:
    return " ".join(element.tag for element in elements)


def test_page_is_walked_in_its_order_whatever_was_left_open() -> None:
    read = Page("<main><ul><li>1<b>one<li>2</ul><p>end<br><p>more</main><i>behind")

    assert tags(read.walk()) == "#page html body main ul li b li p br p i"
    assert tags(read.find("main").walk()) == "main ul li b li p br p"
    assert tags(read.find("ul").walk()) == "ul li b li"
    assert tags(read.find_all("li")[1].walk()) == "li"
    assert tags(read.walk_around(lambda element: element.tag in ("ul", "p"))) == "#page html body main i"


def test_form_sends_what_a_browser_would() -> None:
    form = Page(page()).forms[0]

    sent = form.filled({"a": "Ada"})

    assert sent == {"csrf_token": ["t"], "request_id": ["r"], "a": ["Ada"], "s": ["1"]}


@pytest.mark.parametrize("fields", [{"unknown": "x"}, {"s": "2"}, {"request_id": "mine"}])
def test_form_refuses_what_a_person_cannot_send(fields: dict[str, object]) -> None:
    with pytest.raises(AssertionError):
        Page(page()).forms[0].filled(fields)
