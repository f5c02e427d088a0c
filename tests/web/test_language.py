"""Which language a page speaks: Chinese, until somebody chooses; the choice belongs to the browser."""

import pytest

from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient

DOORS = ["/admin/sign-in", "/m/sign-in", "/m/staff/sign-in"]


def language_of(client: PageClient, address: str) -> str:
    return client.get(address, follow_redirects=True).page.find("html")["lang"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("accepted", ["en-GB,en;q=0.9", "zh-CN", "fr", ""])
def test_first_visit_is_in_chinese_whatever_the_browser_prefers(
    client: PageClient, door: str, accepted: str
) -> None:
    page = client.get(door, headers={"Accept-Language": accepted}).page

    assert page.find("html")["lang"] == "zh-CN"


@pytest.mark.parametrize("door", DOORS)
def test_choice_is_there_before_anybody_signs_in(client: PageClient, door: str) -> None:
    client.submit(door, button="language", action="/language")

    assert [language_of(client, one) for one in DOORS] == ["en", "en", "en"]


def test_choice_outlives_signing_in_and_out(cast: Cast, client: PageClient) -> None:
    client.submit("/admin/sign-in", button="language", action="/language")
    client.submit("/admin/sign-in", {"login": "secretary", "password": PASSWORD})
    inside = language_of(client, "/admin/leads/")

    client.submit("/admin/leads/", action="/admin/sign-out")

    assert (inside, language_of(client, "/admin/sign-in")) == ("en", "en")


def test_choice_outlives_the_session(client: PageClient) -> None:
    client.submit("/admin/sign-in", button="language", action="/language")

    client.delete_cookie("session")

    assert language_of(client, "/m/sign-in") == "en"


def test_choice_can_be_taken_back(client: PageClient) -> None:
    client.submit("/admin/sign-in", button="language", action="/language")
    client.submit("/admin/sign-in", button="language", action="/language")

    client.delete_cookie("session")

    assert language_of(client, "/m/sign-in") == "zh-CN"


@pytest.mark.parametrize("unknown", ["fr", "", "zh", "<script>"])
def test_unknown_language_is_not_remembered(client: PageClient, unknown: str) -> None:
    client.set_cookie("language", unknown)

    assert language_of(client, "/admin/sign-in") == "zh-CN"
