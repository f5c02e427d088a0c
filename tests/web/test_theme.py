"""Light, dark or like the computer: chosen by a POST, remembered there, in the page from its first line."""

import pytest
from flask import Flask

from tests.support.client import PageClient, PageResponse
from tests.support.databases import ROOT

NIGHT = "css/tokens_dark.css"


def night_of(answer: PageResponse) -> str | None:
    """Return when the night's colours count; None where the page does not even load them."""
    links = [link for link in answer.page.find_all("link") if link["href"].endswith(NIGHT)]
    return links[0]["media"] if links else None


@pytest.mark.parametrize(
    ("chosen", "night", "scheme"),
    [
        ("system", "screen and (prefers-color-scheme: dark)", "light dark"),
        ("light", None, "light"),
        ("dark", "screen", "dark"),
    ],
)
def test_the_choice_stands_in_the_page(
    client: PageClient, chosen: str, night: str | None, scheme: str
) -> None:
    asked = client.get("/admin/sign-in")

    done = client.forge(asked, {"theme": chosen}, action="/theme")

    assert done.request.path == "/admin/sign-in"
    assert night_of(done) == night
    assert done.page.find("html")["data-theme"] == chosen
    assert done.page.find("meta", name="color-scheme")["content"] == scheme
    pressed = [button["value"] for button in done.page.find_all("button", **{"aria-pressed": "true"})]
    assert pressed == [chosen]


def test_nothing_is_chosen_at_first(client: PageClient) -> None:
    page = client.get("/admin/sign-in").page

    assert page.find("html")["data-theme"] == "system"
    assert client.get_cookie("theme") is None


def test_the_choice_is_remembered_for_a_year_and_out_of_reach_of_scripts(client: PageClient) -> None:
    client.forge(client.get("/admin/sign-in"), {"theme": "dark"}, action="/theme")

    cookie = client.get_cookie("theme")

    assert cookie is not None
    assert (cookie.max_age, cookie.http_only, cookie.same_site) == (365 * 24 * 3600, True, "Lax")


@pytest.mark.parametrize("theme", ["", "pink", '"><script>'])
def test_an_unknown_choice_changes_nothing(client: PageClient, theme: str) -> None:
    answer = client.forge(client.get("/admin/sign-in"), {"theme": theme}, action="/theme")

    assert answer.page.find("html")["data-theme"] == "system"
    assert client.get_cookie("theme") is None


def test_a_cookie_from_elsewhere_is_not_believed(app: Flask, client: PageClient) -> None:
    client.set_cookie("theme", "pink")

    assert client.get("/admin/sign-in").page.find("html")["data-theme"] == "system"


def test_a_forged_target_leads_home(client: PageClient) -> None:
    sent = {"theme": "dark", "next": "//elsewhere.example"}

    answer = client.forge(client.get("/admin/sign-in"), sent, action="/theme", follow=False)

    assert answer.headers["Location"] == "/"


def test_the_phone_follows_the_phone(client: PageClient) -> None:
    client.forge(client.get("/admin/sign-in"), {"theme": "dark"}, action="/theme")

    assert night_of(client.get("/m/sign-in")) is None


def test_no_style_of_the_office_asks_the_computer_itself() -> None:
    styles = [
        path for path in (ROOT / "lead_system" / "static" / "css").glob("*.css") if path.stem != "phone"
    ]

    asking = [path.name for path in styles if "prefers-color-scheme" in path.read_text(encoding="utf-8")]

    assert asking == [], "use the names of tokens.css: they follow the switch and the computer"
