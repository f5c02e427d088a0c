"""A list asks the database as often for fifty rows as for one: how often, stands here."""

import pytest

from tests.admin.conftest import Desk
from tests.support.cast import Cast

CUSTOMERS = [("孙", chr(0x4E00 + n), f"151{n:04}") for n in range(50)]


def held(cast: Cast, customer: tuple[str, str, str]) -> int:
    """Let Qiang hold a customer and Fang go for the same one."""
    lead = cast.enters("qiang", customer, reports=True)
    cast.scans("feng", lead)
    cast.enters("fang", customer)
    return lead


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/admin/leads/", 7),
        ("/admin/leads/?status=bound", 7),
        ("/admin/leads/?name=孙&sort=1", 7),
        ("/admin/leads/?broker_name=王芳", 8),
        ("/admin/collisions/", 12),
    ],
)
def test_a_list_needs_as_many_queries_for_fifty_rows_as_for_one(
    desk: Desk, cast: Cast, path: str, asked: int
) -> None:
    client = desk("director")
    held(cast, CUSTOMERS[0])
    client.get(path)
    for_one = len(client.queries)

    for customer in CUSTOMERS[1:]:
        held(cast, customer)
    client.get(path)

    assert len(client.queries) == for_one == asked, "\n".join(client.queries)


@pytest.mark.parametrize(("who", "asked"), [("secretary", 1), ("director", 2), ("admin", 2)])
def test_the_frame_of_a_page_asks_who_it_is_for_and_what_the_menu_shows(
    desk: Desk, cast: Cast, who: str, asked: int
) -> None:
    client = desk(who)
    cast.scans("feng", cast.enters("qiang", CUSTOMERS[0], reports=True))

    client.get("/admin/help/")

    of_this_page = [query for query in client.queries if "settings.protection_days" in query]
    assert len(client.queries) - len(of_this_page) == asked, "\n".join(client.queries)
