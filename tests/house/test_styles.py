"""Styles of single pages keep to themselves: pages are built apart, and share one set of names."""

import re

import pytest

from tests.support.databases import ROOT

STYLES = ROOT / "lead_system" / "static" / "css"
OF_PAGES = ("dashboard", "editing", "help", "imports", "settings")
OF_THE_OFFICE = (*OF_PAGES, "back_office")
NAMED_ALONE = re.compile(r"^\.([\w-]+)(?=,$| \{$)", re.MULTILINE)


def names_used(style: str) -> set[str]:
    return set(re.findall(r"\.([a-z][\w-]*)", (STYLES / f"{style}.css").read_text(encoding="utf-8")))


def names_made(style: str) -> set[str]:
    """Return the names to which a style gives a look wherever they stand."""
    return set(NAMED_ALONE.findall((STYLES / f"{style}.css").read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", OF_PAGES)
def test_a_name_made_for_one_page_means_nothing_on_another(page: str) -> None:
    shared = {other: names_made(page) & names_used(other) for other in OF_THE_OFFICE if other != page}

    assert {other: names for other, names in shared.items() if names} == {}, (
        "choose another name: every page of the office would get this look as soon as both styles meet"
    )
    assert len(names_made(page)) > 1
