"""商铺分类 in the back office: added, renamed, ordered, retired, brought back, and what brokers see of it."""

from collections.abc import Callable

import pytest

from tests.admin.conftest import Desk
from tests.admin.reading import facts, notes, rows, tabs
from tests.admin.test_passwords import complaint
from tests.admin.test_settings_pages import log
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.refusals import nothing_written

TYPES = "/admin/customer_types/"

Phone = Callable[[str], PageClient]


def names(client: PageClient, path: str = TYPES) -> list[str]:
    return [row["Name of the type"] for row in rows(client.get(path).page)]


def offered_to(client: PageClient) -> list[str]:
    """Return the types that a broker finds in the form."""
    page = client.get("/m/customers/enter").page
    return [option.text for option in page.find("select", name="customer_type_id").find_all("option")][1:]


def press(client: PageClient, word: str, name: str, path: str = TYPES) -> PageClient:
    """Follow the link at the end of a type's row and say yes."""
    page = client.get(path).page
    (link,) = [a for a in page.find_all("a") if a.text == f"{word} {name}"]
    client.submit(link["href"], {}, button=word)
    return client


def test_added_type_is_offered_to_brokers_at_once(desk: Desk, cast: Cast, signed_in: Phone) -> None:
    client = desk("admin")

    done = client.submit(f"{TYPES}add/", {"name": "写字楼"}, button="Add")

    assert notes(done.page) == ["The customer type is added. Brokers can choose it now."]
    assert names(client) == offered_to(signed_in("fang")) == ["临街商铺", "住宅", "写字楼"]


def test_type_moves_up_in_the_list_and_in_the_choices(desk: Desk, cast: Cast, signed_in: Phone) -> None:
    client = desk("admin")
    client.submit(f"{TYPES}add/", {"name": "写字楼"}, button="Add")
    buttons = [b.text for b in client.get(TYPES).page.find_all("button") if b.text.startswith("Move up")]
    assert buttons == ["Move up 住宅", "Move up 写字楼"]

    client.submit(TYPES, {}, button="Move up 写字楼")

    assert names(client) == offered_to(signed_in("fang")) == ["临街商铺", "写字楼", "住宅"]


def test_list_in_another_order_offers_no_moving(desk: Desk, cast: Cast) -> None:
    client = desk("admin")

    for path in (f"{TYPES}?sort=0", f"{TYPES}?name=住", f"{TYPES}?tab=retired"):
        assert not [b for b in client.get(path).page.find_all("button") if b.text.startswith("Move up")]


def test_retired_type_is_gone_from_choices_and_readable_on_its_customers(
    desk: Desk, cast: Cast, signed_in: Phone
) -> None:
    lead_id = cast.enters("fang", customer_type_id=cast.types["住宅"])
    client = desk("admin")

    press(client, "Retire", "住宅")

    assert names(client) == offered_to(signed_in("fang")) == ["临街商铺"]
    assert names(client, f"{TYPES}?tab=retired") == ["住宅"]
    assert tabs(client.get(TYPES).page) == {"Offered": "1", "Retired": "1"}
    assert facts(client.get(f"/admin/leads/details/?id={lead_id}").page)["Shop type"] == "住宅"
    press(client, "Bring back", "住宅", f"{TYPES}?tab=retired")
    assert offered_to(signed_in("fang")) == ["临街商铺", "住宅"]


def test_page_says_beforehand_how_many_customers_keep_a_type(desk: Desk, cast: Cast) -> None:
    cast.enters("fang", customer_type_id=cast.types["住宅"])
    cast.enters("qiang", customer_type_id=cast.types["住宅"])
    cast.enters("fang", ("陈", "静", "1390001"), customer_type_id=cast.types["临街商铺"])
    client = desk("admin")

    asked = client.get(f"{TYPES}retire/?id={cast.types['住宅']}").page

    lines = [line.text for line in asked.find("div", class_="foresight").find_all("li")]
    assert lines[1] == "2 customers keep this type, and it stays readable there."
    (link,) = asked.find("div", class_="foresight").find_all("a")
    assert len(rows(client.get(link["href"]).page)) == 2


def test_figure_of_a_type_opens_as_many_customers(desk: Desk, cast: Cast) -> None:
    for who in ("fang", "qiang", "wei"):
        cast.enters(who, customer_type_id=cast.types["住宅"])
    cast.enters("fang", ("陈", "静", "1390001"))
    client = desk("admin")
    page = client.get(TYPES).page
    assert [row["Customers"] for row in rows(page)] == ["0", "3"]
    link = next(a["href"] for a in page.find_all("a") if a.text == "3")

    opened = client.get(link).page

    assert len(rows(opened)) == 3
    assert opened.find("p", class_="narrowed").text == "Only Customer type 住宅 Show all"


def test_renamed_type_is_renamed_everywhere(desk: Desk, cast: Cast, signed_in: Phone) -> None:
    lead_id = cast.enters("fang", customer_type_id=cast.types["住宅"])
    client = desk("admin")

    client.submit(f"{TYPES}rename/?id={cast.types['住宅']}", {"name": "精装住宅"}, button="Save")

    assert names(client) == offered_to(signed_in("fang")) == ["临街商铺", "精装住宅"]
    assert facts(client.get(f"/admin/leads/details/?id={lead_id}").page)["Shop type"] == "精装住宅"


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        (" 住 宅", 409, "The customer type “ 住宅 ” is called so already. Choose another name."),
        ("铺" * 31, 422, "The text is too long: at most 30 characters."),
        (" ", 422, "Enter the name."),
    ],
)
@pytest.mark.parametrize("page", ["add/", "rename/?id={id}"])
def test_name_that_cannot_be_is_refused_beside_its_field(
    desk: Desk, cast: Cast, *, page: str, name: str, status: int, sentence: str
) -> None:
    path = TYPES + page.format(id=cast.types["临街商铺"])
    client = desk("admin")

    with nothing_written(cast.app):
        answer = client.forge(path, {"name": name}, action=path.split("?")[0])

    assert (answer.status_code, complaint(answer)) == (status, {"name": sentence})


def test_name_of_a_retired_type_is_refused_with_the_way_out(desk: Desk, cast: Cast) -> None:
    client = press(desk("admin"), "Retire", "住宅")

    answer = client.submit(f"{TYPES}add/", {"name": "住宅"}, button="Add")

    assert answer.status_code == 409
    sentence = "There is a retired customer type “ 住宅 ”. Bring that one back instead."
    assert complaint(answer) == {"name": sentence}


def test_moving_from_an_old_page_is_refused_in_words(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    old = client.get(TYPES)
    client.submit(f"{TYPES}rename/?id={cast.types['住宅']}", {"name": "精装住宅"}, button="Save")

    with nothing_written(cast.app):
        answer = client.submit(old, {}, button="Move up 住宅")

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile." in answer.page.text


def test_list_shows_who_changed_the_choices(desk: Desk, cast: Cast) -> None:
    client = desk("admin")
    client.submit(TYPES, {}, button="Move up 住宅")
    press(client, "Retire", "住宅")
    by = "穆青 · Administrator Name of the type"

    client.submit(f"{TYPES}rename/?id={cast.types['临街商铺']}", {"name": "街铺"}, button="Save")

    assert log(client.get(TYPES).page) == [
        f"Customer type renamed {by} 临街商铺 becomes 街铺",
        f"Customer type retired {by} 住宅",
        f"Customer type moved up {by} 住宅 Place among the choices 2 becomes 1",
    ]
