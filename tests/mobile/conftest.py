"""Phones of the cast, set to English so that what a page says can be written out here."""

from collections.abc import Callable

import pytest

from tests.support.client import PageClient


def speaks_english(client: PageClient) -> PageClient:
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


@pytest.fixture
def phone(signed_in: Callable[[str], PageClient]) -> Callable[[str], PageClient]:
    """Gives the phone of somebody who has signed in."""
    return lambda who: speaks_english(signed_in(who))


@pytest.fixture
def stranger(client: PageClient) -> PageClient:
    """The phone of somebody who has not signed in."""
    return speaks_english(client)
