"""A list asks the database as often for fifty rows as for one, and at most twelve times."""

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


@pytest.mark.parametrize("path", ["/admin/leads/", "/admin/collisions/", "/admin/leads/?name=孙&sort=1"])
@pytest.mark.parametrize("who", ["director"])
def test_a_list_needs_as_many_queries_for_fifty_rows_as_for_one(
    desk: Desk, cast: Cast, path: str, who: str
) -> None:
    client = desk(who)
    held(cast, CUSTOMERS[0])
    client.get(path)
    for_one = len(client.queries)

    for customer in CUSTOMERS[1:]:
        held(cast, customer)
    client.get(path)

    assert len(client.queries) == for_one <= 12, "\n".join(client.queries)
