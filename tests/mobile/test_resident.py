"""A resident on the phone: everything a broker has, and entering customers for colleagues (manual 5.1)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.domain.roles import Approval, Role
from lead_system.models import Lead
from tests.mobile.test_customers import HUANG, complaints, facts, numbers
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

ENTER = "/m/customers/enter"
NOT_OFFERED = "Nobody of your brokerage can be chosen by that. Choose a colleague from the list, or none."


def enters(client: PageClient, button: str = "Only enter", **more: object) -> PageResponse:
    typed = {name: HUANG[name] for name in ("surname", "given_name", "phone1_head", "phone1_tail")}
    return client.submit(ENTER, typed | more, button=button)


def forges(client: PageClient, colleague_id: object, **more: str) -> PageResponse:
    typed = {name: HUANG[name] for name in ("surname", "given_name", "phone1_head", "phone1_tail")}
    return client.forge(ENTER, typed | {"colleague_id": colleague_id} | more, action="")


def offered(page: PageResponse) -> list[str]:
    return [option.text for option in page.page.find("select", name="colleague_id").find_all("option")]


def switch(page: PageResponse) -> dict[str, str]:
    return {link.text: link["href"] for link in page.page.find("nav", class_="list-switch").find_all("a")}


def tab_counts(page: PageResponse) -> list[int]:
    tabs = page.page.find("nav", class_="tabs").find_all("a")
    return [int(tab.find(class_="count").text) for tab in tabs]


def buttons(page: PageResponse) -> list[str]:
    return [link.text for link in page.page.find_all("a") if "weui-btn" in link.get("class")]


BROKERS_LINKS = {
    "/m/home": {ENTER, "/m/project", "/m/customers?tab=bound", "/m/customers?soon=7", "/m/customers/1"},
    "/m/customers": {
        ENTER, "/m/customers?tab=entered", "/m/customers?tab=reported", "/m/customers?tab=bound",
        "/m/customers?tab=expired", "/m/customers?tab=dealt", "/m/customers?soon=7",
        "/m/customers/1", "/m/customers/1/report", "/m/customers/1/code",
    },
    "/m/customers/1": {"/m/customers/1/report", "/m/customers/1/code"},
    "/m/customers/2": {"/m/customers/2/report", "/m/customers/2/correct", "/m/customers/2/withdraw"},
}  # fmt: skip


@pytest.mark.manual("5.1-1")
@pytest.mark.parametrize("who", ["fang", "wei"])
@pytest.mark.parametrize("address", list(BROKERS_LINKS))
def test_resident_has_everything_that_a_broker_has(
    cast: Cast, clock: StoppedClock, phone: Phone, who: str, address: str
) -> None:
    bound = cast.enters(who, reports=True)
    cast.scans("feng", bound)
    clock.forward(timedelta(days=25))
    cast.enters(who, ("周", "全", "1770001"))
    client = phone(who)

    page = client.get(address).page

    bar = [entry.text for entry in page.find("nav", class_="bottom-bar").find_all("a")]
    assert bar == ["Home", "Customers", "Me"]
    assert BROKERS_LINKS[address] <= {link["href"] for link in page.find_all("a")}
    assert {client.get(link).status_code for link in BROKERS_LINKS[address]} == {200}


@pytest.mark.manual("5.1-2")
def test_resident_assigns_the_customer_to_a_colleague_chosen_by_name(cast: Cast, phone: Phone) -> None:
    form = phone("wei").get(ENTER)

    entered = enters(phone("wei"), colleague_id=cast.ids["fang"])

    assert offered(form) == ["No, my own customer", "王芳"]
    assert "13500010001" not in form.text
    assert "The customer is entered and belongs to your colleague" in entered.page.text
    assert facts(entered)["Colleague"] == "王芳"
    assert numbers(phone("fang").get("/m/customers")) == [1]
    reported = phone("fang").submit("/m/customers/1/report", button="Report")
    assert reported.page.find(class_="status").text == "Reported"
    assert "A resident of your brokerage entered this customer for you." in reported.page.text


@pytest.mark.manual("5.1-3")
@pytest.mark.parametrize(("button", "status"), [("Only enter", "Entered"), ("Enter and report", "Reported")])
def test_without_a_colleague_it_is_the_residents_own_customer(
    cast: Cast, phone: Phone, button: str, status: str
) -> None:
    client = phone("wei")

    entered = enters(client, button)

    assert entered.page.find(class_="status").text == status
    assert "Colleague" not in facts(entered)
    assert numbers(client.get("/m/customers")) == [1]
    assert numbers(client.get("/m/customers?of=colleagues")) == []
    assert numbers(phone("fang").get("/m/customers")) == []
    assert "Report" in buttons(entered)


def test_colleague_of_another_brokerage_is_refused_like_nobody(cast: Cast, phone: Phone) -> None:
    client = phone("wei")

    with nothing_written(cast.app):
        answers = [forges(client, number) for number in (cast.ids["qiang"], 999_999, "abc", cast.ids["wei"])]

    assert {answer.status_code for answer in answers} == {422}
    assert {answer.page.find(id="colleague_id-complaint").text for answer in answers} == {NOT_OFFERED}


@pytest.mark.parametrize(
    "change",
    [
        {"approval": Approval.PENDING, "role": Role.RESIDENT},
        {"profile_completed_at": None},
        {"brokerage_id": 2},
    ],
    ids=["waits for approval", "has no profile", "has left"],
)
def test_colleague_who_cannot_be_chosen_is_not_offered(
    cast: Cast, phone: Phone, change: dict[str, object]
) -> None:
    cast.change("fang", **change)

    assert offered(phone("wei").get(ENTER)) == ["No, my own customer"]


def test_archived_colleague_is_not_offered(cast: Cast, phone: Phone) -> None:
    cast.archives("fang")

    assert offered(phone("wei").get(ENTER)) == ["No, my own customer"]


def test_numbers_tell_two_colleagues_of_one_name_apart(cast: Cast, phone: Phone) -> None:
    cast.change("qiang", brokerage_id=1, name="王芳")

    form = phone("wei").get(ENTER)

    assert offered(form) == ["No, my own customer", "王芳 B00001", "王芳 B00002"]
    assert "1350002" not in form.text


def test_broker_is_offered_no_colleague_and_cannot_forge_one(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    form = client.get(ENTER)

    with nothing_written(cast.app):
        forged = forges(client, cast.ids["wei"])

    assert form.page.find_all("select", name="colleague_id") == []
    assert forged.status_code == 422
    assert complaints(forged) == NOT_OFFERED


def test_colleague_who_has_the_customer_is_all_that_the_refusal_says(cast: Cast, phone: Phone) -> None:
    has = cast.enters("fang", ("黄", "蓉", "1385678"), reports=True)

    with nothing_written(cast.app):
        refused = enters(phone("wei"), colleague_id=cast.ids["fang"])

    assert refused.status_code == 409
    assert complaints(refused) == (
        "Your colleague has entered this customer before. Tell your colleague to report the customer again."
    )
    assert f"/m/customers/{has}" not in refused.text
    assert "Open customer" not in refused.page.text


def test_enter_and_report_is_refused_for_a_colleague_as_the_page_says(cast: Cast, phone: Phone) -> None:
    client = phone("wei")
    hint = client.get(ENTER).page

    with nothing_written(cast.app):
        refused = enters(client, "Enter and report", colleague_id=cast.ids["fang"])

    assert "who alone can report the visit: press “Only enter”." in hint.text
    assert refused.status_code == 409
    assert refused.page.find(id="colleague_id-complaint").text == (
        "Only your colleague can report this customer. Press “Only enter”, and tell your colleague."
    )
    assert client.submit(refused, button="Only enter").status_code == 200
    assert cast.count(Lead, broker_id=cast.ids["fang"]) == 1


@pytest.mark.parametrize("person", [("王", "芳", "135", "0001"), ("赵", "伟", "135", "0003")])
def test_neither_colleague_nor_resident_is_entered_in_person(
    cast: Cast, phone: Phone, person: tuple[str, str, str, str]
) -> None:
    surname, given_name, head, tail = person
    typed = {"surname": surname, "given_name": given_name, "phone1_head": head, "phone1_tail": tail}

    with nothing_written(cast.app):
        refused = enters(phone("wei"), colleague_id=cast.ids["fang"], **typed)

    assert refused.status_code == 409
    assert complaints(refused) == "A broker cannot be their own customer. Enter somebody else."


def test_two_lists_of_a_resident_have_counts_that_agree(cast: Cast, phone: Phone) -> None:
    own = [cast.enters("wei"), cast.enters("wei", ("黄", "蓉", "1394321"), reports=True)]
    assigned = [cast.enters("wei", ("周", name, "1770001"), colleague="fang") for name in "全同桐"]
    cast.reports("fang", assigned[0])
    cast.enters("fang", ("周", "泉", "1770001"))
    client = phone("wei")

    first = client.get("/m/customers")
    links = switch(first)
    second = client.get(links["For colleagues 3"])

    assert list(links) == ["My own 2", "For colleagues 3"] == list(switch(second))
    assert (numbers(first), tab_counts(first)) == (own, [2, 1, 1, 0, 0, 0])
    assert (numbers(second), tab_counts(second)) == (assigned, [3, 2, 1, 0, 0, 0])
    reported = next(a["href"] for a in second.page.find_all("a") if a.text == "Reported 1")
    assert numbers(client.get(reported)) == [assigned[0]]
    assert client.get("/m/home").page.find("nav", class_="counts").text.startswith("1 Entered 1 Reported")


def test_search_narrows_both_lists_and_their_figures(cast: Cast, phone: Phone) -> None:
    cast.enters("wei"), cast.enters("wei", ("周", "全", "1770001"))
    third = cast.enters("wei", ("周", "同", "1770001"), colleague="fang")
    client = phone("wei")

    found = client.submit(client.get("/m/customers?of=colleagues"), {"q": "周"}, button="Search")

    assert numbers(found) == [third]
    assert list(switch(found)) == ["My own 1", "For colleagues 1"]


def test_resident_reads_what_was_entered_for_a_colleague_but_does_nothing_to_it(
    cast: Cast, phone: Phone
) -> None:
    lead_id = cast.enters("wei", OUYANG, colleague="fang", needs="一楼")
    client = phone("wei")

    page = client.get(f"/m/customers/{lead_id}")
    form = client.get(f"/m/customers/{cast.enters('wei')}/report").page.forms[-1]

    assert facts(page)["Customer's needs"] == "一楼"
    assert buttons(page) == [] == buttons_on_cards(client.get("/m/customers?of=colleagues"))
    for act in ("report", "correct", "withdraw", "code", "code.png"):
        assert client.get(f"/m/customers/{lead_id}/{act}").status_code == 404
    with nothing_written(cast.app):
        for act in ("report", "correct", "withdraw"):
            assert client.post(f"/m/customers/{lead_id}/{act}", data=form.defaults()).status_code == 404


def buttons_on_cards(page: PageResponse) -> list[str]:
    cards = page.page.find_all("article")
    assert cards
    return [link.text for card in cards for link in card.find_all("a") if "weui-btn" in link.get("class")]


@pytest.mark.parametrize("mover", ["fang", "wei"])
def test_colleagues_customer_is_gone_as_soon_as_one_of_both_has_left(
    cast: Cast, phone: Phone, mover: str
) -> None:
    lead_id = cast.enters("wei", colleague="fang")
    client = phone("wei")
    before = client.get(f"/m/customers/{lead_id}").status_code

    cast.change(mover, brokerage_id=2)

    listed = client.get("/m/customers?of=colleagues")
    assert (before, client.get(f"/m/customers/{lead_id}").status_code) == (200, 404)
    assert (numbers(listed), list(switch(listed))) == ([], ["My own 0", "For colleagues 0"])


def test_brokers_have_one_list_and_no_switch(cast: Cast, phone: Phone) -> None:
    cast.enters("wei", colleague="fang")

    page = phone("fang").get("/m/customers")

    assert page.page.find_all("nav", class_="list-switch") == []
    assert numbers(phone("fang").get("/m/customers?of=colleagues")) == []


def test_list_of_nobody_is_a_plain_404(cast: Cast, phone: Phone) -> None:
    assert phone("wei").get("/m/customers?of=rivals").status_code == 404
