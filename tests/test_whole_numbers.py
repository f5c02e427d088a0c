"""R1 on every page: a whole customer number is refused where it is typed, never shown again, never kept."""

from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from lead_system.models import HandledRequest
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.refusals import nothing_written

pytestmark = pytest.mark.usefixtures("clock")
SignIn = Callable[[str], PageClient]

SPELLINGS = [
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "１３８１２３４５６７８",
    "138\u200b12345678",
    "138转1234转5678",
]
ENTRY = {"surname": "欧阳", "given_name": "锋", "phone1_head": "138", "phone1_tail": "5678"}


@pytest.fixture
def held(cast: Cast) -> int:
    """Fang's bound customer, for whom Qiang goes too."""
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    cast.enters("qiang", reports=True)
    return lead_id


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "field",
    ["surname", "given_name", "phone1_head", "phone1_tail", "phone2_tail", "needs", "expected_visit_at"],
)
def test_entry_with_a_whole_number_is_refused(
    cast: Cast, signed_in: SignIn, field: str, spelling: str
) -> None:
    with nothing_written(cast.app):
        answer = signed_in("fang").forge("/m/customers/enter", ENTRY | {field: spelling})

    assert answer.status_code == 422
    assert spelling not in answer.text
    assert cast.count(HandledRequest) == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "where",
    [
        ("fang", "/m/customers/{lead}/report", "needs"),
        ("xin", "/m/consultant/viewings/customers/{lead}", "note"),
        ("director", "/admin/leads/mark-dealt/?id={lead}", "unit"),
        ("director", "/admin/leads/rebind/?id={lead}&to={qiang}", "reason"),
    ],
)
def test_free_text_with_a_whole_number_is_refused(
    cast: Cast, signed_in: SignIn, held: int, where: tuple[str, str, str], spelling: str
) -> None:
    who, page, field = where
    address = page.format(lead=held, qiang=cast.ids["qiang"])

    with nothing_written(cast.app):
        answer = signed_in(who).forge(address, {field: spelling})

    assert answer.status_code == 422
    assert spelling not in answer.text


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "where",
    [
        ("fang", "/m/customers", ("q",)),
        ("feng", "/m/gate/scans", ("number", "name", "phone", "broker", "consultant")),
        ("xin", "/m/consultant/viewings", ("number", "name", "broker")),
        ("director", "/admin/leads/", ("number", "name", "phone", "broker_name", "brokerage", "consultant")),
        ("director", "/admin/collisions/", ("number", "name", "phone")),
    ],
)
def test_search_for_a_whole_number_is_refused(
    cast: Cast, signed_in: SignIn, held: int, where: tuple[str, str, tuple[str, ...]], spelling: str
) -> None:
    who, page, fields = where
    client = signed_in(who)

    for field in fields:
        answer = client.get(page, query_string={field: spelling})
        assert (field, answer.status_code) == (field, 422)
        assert spelling not in answer.text


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "where",
    [
        ("director", "/admin/leads/details/?id={lead}&name="),
        ("director", "/admin/leads/extend/?id={lead}&name="),
        ("admin", "/admin/settings/contact/?q="),
        ("admin", "/admin/help/poster/?"),
    ],
)
def test_page_does_not_show_a_whole_number_of_its_own_address(
    signed_in: SignIn, held: int, where: tuple[str, str], spelling: str
) -> None:
    who, page = where

    answer = signed_in(who).get(page.format(lead=held) + quote(spelling))

    assert answer.status_code == 200
    assert spelling not in answer.text
    assert quote(spelling) not in answer.text
    assert quote_plus(spelling) not in answer.text


def test_page_keeps_the_rest_of_an_address_with_a_whole_number(signed_in: SignIn, held: int) -> None:
    answer = signed_in("director").get(f"/admin/leads/extend/?id={held}&name=13812345678")

    (form,) = (form for form in answer.page.forms if "days" in form.names)
    assert form.action == f"/admin/leads/extend/?id={held}"


@pytest.mark.parametrize("query", ["q=强&q=13812345678", "13812345678=q", "138=12345678"])
def test_no_part_of_a_phone_pages_address_may_hold_a_whole_number(
    cast: Cast, signed_in: SignIn, query: str
) -> None:
    answer = signed_in("fang").get(f"/m/customers?{query}")

    assert answer.status_code == 422
    assert "12345678" not in answer.text


def test_door_does_not_lead_back_to_a_whole_number(client: PageClient) -> None:
    answer = client.get("/admin/leads/?name=13812345678&tab=bound")

    assert answer.location == "/admin/sign-in?next=/admin/leads/?tab%3Dbound"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_hidden_field_does_not_give_a_whole_number_back(signed_in: SignIn, spelling: str) -> None:
    answer = signed_in("fang").forge("/m/me/brokerage", {"version": spelling})

    assert answer.status_code == 409
    assert spelling not in answer.text


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}])
@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("/admin/plots/preview/", "number"),
        ("/admin/plots/preview/", "tags"),
        ("/admin/project/preview/", "name"),
    ],
)
def test_preview_does_not_show_a_whole_number(
    signed_in: SignIn, page: str, field: str, headers: dict[str, str]
) -> None:
    browser = signed_in("admin")
    token = browser.get("/admin/plots/add/").page.csrf_token

    answer = browser.post(page, data={"csrf_token": token, field: "13812345678"}, headers=headers)

    assert answer.status_code == 200
    assert "13812345678" not in answer.text


@pytest.mark.parametrize("address", ["/m//customers?q=13812345678", "/admin?q=13812345678"])
def test_address_spelled_wrong_does_not_lead_to_a_whole_number(client: PageClient, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 422
    assert answer.location is None


@pytest.mark.parametrize(("who", "page"), [("feng", "/m/gate"), ("xin", "/m/consultant")])
def test_whole_number_instead_of_a_code_is_refused(
    cast: Cast, signed_in: SignIn, who: str, page: str
) -> None:
    answer = signed_in(who).submit(page, {"code": "13812345678"})

    assert answer.status_code == 409
    assert "13812345678" not in answer.text


def test_amount_cannot_be_a_whole_number(cast: Cast, signed_in: SignIn, held: int) -> None:
    page = f"/admin/leads/mark-dealt/?id={held}"

    with nothing_written(cast.app):
        answer = signed_in("director").submit(page, {"amount": "13812345678"})

    assert answer.status_code == 422
    assert "13812345678" not in answer.text


def test_brokers_own_phone_may_be_searched_for(cast: Cast, signed_in: SignIn, held: int) -> None:
    answer = signed_in("director").get("/admin/leads/?broker_phone=13500010001")

    assert answer.status_code == 200
    assert "欧阳锋" in answer.text
