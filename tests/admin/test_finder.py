"""The field in the header finds a customer from any page: by number, name or visible digits."""

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import rows
from tests.support.client import PageResponse


def find(desk: Desk, who: str, text: str) -> PageResponse:
    """Type into the header's field on a page that has nothing to do with customers."""
    start = "/admin/brokerages/" if who != "secretary" else "/admin/exports/"
    return desk(who).submit(start, {"q": text}, action="/admin/find/")


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_a_number_opens_its_customer(desk: Desk, room: Room, who: str) -> None:
    page = find(desk, who, f" {room.bound} ").page

    assert page.h1 == "欧阳锋"


@pytest.mark.parametrize("typed", ["欧阳", "锋", "138 5678", "5678"])
def test_anything_else_lists_the_customers_whom_it_fits(desk: Desk, room: Room, typed: str) -> None:
    answer = find(desk, "director", typed)

    assert answer.page.h1 == "Customers"
    assert [row["Customer name"] for row in rows(answer.page)] == ["欧阳锋"]


def test_nothing_typed_leads_to_all_customers(desk: Desk, room: Room) -> None:
    assert len(rows(find(desk, "director", "  ").page)) == 5


def test_what_fits_nobody_is_said_in_words(desk: Desk, room: Room) -> None:
    for typed in ("999999", "9" * 40, "赵钱孙", "%"):
        answer = find(desk, "director", typed)

        assert (answer.status_code, rows(answer.page)) == (200, [])
        assert "Nothing fits this search." in answer.page.text


def test_a_whole_number_is_refused_before_an_address_holds_it(desk: Desk, room: Room) -> None:
    answer = find(desk, "director", "138" + "1234" + "5678")

    assert (answer.status_code, len(answer.history)) == (422, 0)
    assert "Enter only its first three and its last four digits." in answer.page.text
