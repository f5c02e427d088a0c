"""How the tests of the back office read its pages."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.html import Element, Page

READERS = (("secretary", "6.1.a"), ("director", "6.2.d"), ("admin", "6.3.d"))
"""Who sees customers, and the chapter of the manual that says so."""

DECIDERS = (("director", "6.2"), ("admin", "6.3"))


def for_each(people: Iterable[tuple[str, str]], *cases: tuple[Any, ...]) -> list[Any]:
    """Return every case once for each person; a case begins with the number of its item in their chapter."""
    return [
        pytest.param(who, *values, marks=pytest.mark.manual(f"{chapter}-{number}"), id=f"{chapter}-{number}")
        for who, chapter in people
        for number, *values in cases
    ]


def numbers(page: Page) -> list[int]:
    """Return the customer numbers of a list, from top to bottom."""
    return [int(row["Customer number"]) for row in rows(page)]


def ticked(*ids: int) -> dict[str, object]:
    """Return the selection of some rows, as the form of a list sends it."""
    return {"rowid": [str(number) for number in ids]}


def rows(page: Page) -> list[dict[str, str]]:
    """Return the rows of a list; an empty one has no table."""
    return page.table_rows() if page.find_all("table", class_="list-table") else []


def row_of(page: Page, number: int) -> dict[str, str]:
    """Return the row of one customer."""
    found = [row for row in rows(page) if row["Customer number"] == str(number)]
    assert len(found) == 1, f"{len(found)} rows of number {number}"
    return found[0]


def facts(page: Page) -> dict[str, str]:
    """Return the fields of a details page: what it calls them and what it says."""
    pairs = [(fact.find("dt").text, fact.find("dd").text) for fact in page.find_all("div", class_="fact")]
    return dict(pairs)


def section(page: Page, name: str) -> Element:
    """Return one section of a details page, to which a link at its top leads."""
    page.find("a", href=f"#{name}")
    return page.find("section", id=name)


def section_rows(page: Page, name: str) -> list[dict[str, str]]:
    """Return the rows of the table in a section."""
    part = section(page, name)
    if not part.find_all("table"):
        return []
    headings = [cell.text for cell in part.find("thead").find_all("th")]
    body = part.find("tbody").find_all("tr")
    return [dict(zip(headings, [c.text for c in r.find_all("td")], strict=True)) for r in body]


def notes(page: Page) -> list[str]:
    """Return the messages of a page."""
    return [note.text for note in page.find_all("p", class_="note-text")]


def tabs(page: Page) -> dict[str, str]:
    """Return the tabs of a list, each with the number of rows that it promises."""
    links = page.find_all("a", class_="tab")
    return {link.text.rsplit(" ", 1)[0]: link.text.rsplit(" ", 1)[1] for link in links}


def tab_url(page: Page, title: str) -> str:
    """Return where a tab leads."""
    return next(link["href"] for link in page.find_all("a", class_="tab") if link.text.startswith(title))
