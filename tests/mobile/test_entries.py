"""An entry before its first report on the phone: corrected on one page, withdrawn on another (R2)."""

from collections.abc import Callable

import pytest

from lead_system.models import Collision, HistoryRecord
from tests.mobile.test_customers import complaints, facts, numbers
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

HUANG = ("黄", "蓉", "1394321")
AS_HUANG = {"surname": "黄", "given_name": "蓉", "phone1_head": "139", "phone1_tail": "4321"}


def entry_links(page: PageResponse) -> list[str]:
    return [link["href"] for link in page.page.find_all("a") if link.text.endswith("the entry")]


def notice(page: PageResponse) -> str:
    return page.page.find("p", class_="notice_good").text


def corrects(client: PageClient, lead_id: int, **typed: object) -> PageResponse:
    return client.submit(f"/m/customers/{lead_id}/correct", typed, button="Save the correction")


def withdraws(client: PageClient, lead_id: int) -> PageResponse:
    return client.submit(f"/m/customers/{lead_id}/withdraw", button="Yes, withdraw")


def test_correction_shows_the_entry_as_it_is_and_keeps_what_was_typed(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", OUYANG, "1301111", needs="一楼", wished_consultant_id=cast.ids["ming"])
    client = phone("fang")
    form = client.get(f"/m/customers/{lead_id}/correct")

    (shown,) = [form for form in form.page.forms if "surname" in form.names]
    corrected = client.submit(form, AS_HUANG | {"needs": "二楼"}, button="Save the correction")

    names = ("surname", "given_name", "phone1_head", "phone1_tail", "phone2_head", "phone2_tail")
    assert [shown.defaults()[name] for name in names] == [
        ["欧阳"], ["锋"], ["138"], ["5678"], ["130"], ["1111"],
    ]  # fmt: skip
    assert form.page.find("textarea").text == "一楼"
    assert shown.defaults()["wished_consultant_id"] == [str(cast.ids["ming"])]
    assert notice(corrected) == "The entry is corrected."
    assert corrected.page.find("h2").text == "黄蓉"
    read = facts(corrected)
    assert (read["Customer number"], read["Phone 1"], read["Phone 2"]) == ("1", "139****4321", "130****1111")
    assert (read["Customer's needs"], read["Wished consultant"]) == ("二楼", "陆明哲")


@pytest.mark.parametrize("who", ["fang", "wei"])
def test_entry_offers_both_until_the_first_report_and_then_neither(
    cast: Cast, phone: Phone, who: str
) -> None:
    lead_id = cast.enters(who)
    client = phone(who)
    pages = [f"/m/customers/{lead_id}/{page}" for page in ("correct", "withdraw")]

    offered = entry_links(client.get(f"/m/customers/{lead_id}"))
    client.submit(f"/m/customers/{lead_id}/report", button="Report")

    assert offered == pages
    assert entry_links(client.get(f"/m/customers/{lead_id}")) == []
    for page in pages:
        refused = client.get(page)
        assert refused.status_code == 409
        assert "This customer was reported already" in refused.page.text


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({"surname": " "}, "Enter the name.", "surname"),
        ({"phone1_tail": "432"}, "Enter the first three digits of the mobile number", "phone1_head"),
        ({"phone2_head": "138", "phone2_tail": "5678"}, "The second phone is the same", "phone2_head"),
        ({"needs": "13812345678"}, "The text holds a whole mobile number.", "needs"),
    ],
)
def test_wrong_correction_is_refused_beside_its_field(
    cast: Cast, phone: Phone, typed: dict[str, str], sentence: str, field: str
) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app):
        refused = corrects(phone("fang"), lead_id, **typed)

    assert refused.status_code == 422
    assert complaints(refused).startswith(sentence)
    assert [c["name"] for c in refused.page.walk() if c.get("aria-invalid") == "true"] == [field]


def test_correction_to_a_customer_entered_before_names_that_number(cast: Cast, phone: Phone) -> None:
    other, lead_id = cast.enters("fang", HUANG), cast.enters("fang")

    with nothing_written(cast.app):
        refused = corrects(phone("fang"), lead_id, **AS_HUANG)

    assert refused.status_code == 409
    assert f"You have entered this customer before: number {other}." in complaints(refused)
    assert refused.page.find("a", href=f"/m/customers/{other}").text == f"Open customer No. {other}"


def test_correction_to_the_own_person_is_refused(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")
    own = {"surname": "王", "given_name": "芳", "phone1_head": "135", "phone1_tail": "0001"}

    with nothing_written(cast.app):
        refused = corrects(phone("fang"), lead_id, **own)

    assert refused.status_code == 409
    assert complaints(refused) == "A broker cannot be their own customer. Enter somebody else."


def test_held_customer_is_corrected_to_with_the_same_answer(cast: Cast, phone: Phone) -> None:
    held = cast.enters("qiang", HUANG, reports=True)
    cast.scans("feng", held)
    client = phone("fang")
    one, other = cast.enters("fang", ("周", "全", "1770001")), cast.enters("fang", ("周", "同", "1770002"))

    free = corrects(client, one, **AS_HUANG | {"given_name": "容"})
    wanted = corrects(client, other, **AS_HUANG)

    assert (wanted.status_code, notice(wanted)) == (free.status_code, notice(free))
    assert [status.text for status in wanted.page.find_all(class_="status")] == ["Entered"]
    assert facts(wanted) == facts(free) | {"Customer number": f"{other}"}
    assert cast.count(Collision, holding_lead_id=held, challenging_lead_id=other, state="open") == 1
    assert cast.count(Collision) == 1


def test_form_from_before_another_correction_is_refused_and_shows_what_was_typed(
    cast: Cast, phone: Phone
) -> None:
    lead_id = cast.enters("fang")
    client = phone("fang")
    form = client.get(f"/m/customers/{lead_id}/correct")
    question = client.get(f"/m/customers/{lead_id}/withdraw")
    cast.corrects("fang", lead_id, HUANG)

    with nothing_written(cast.app):
        refused = client.submit(form, {"given_name": "峰"}, button="Save the correction")
        kept = client.submit(question, button="Yes, withdraw")

    assert [refused.status_code, kept.status_code] == [409, 409]
    assert "Somebody else has changed this meanwhile." in complaints(refused)
    assert "Somebody else has changed this meanwhile." in complaints(kept)
    assert refused.page.find("input", name="given_name")["value"] == "峰"


def test_correction_of_an_entry_reported_meanwhile_says_so(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")
    client = phone("fang")
    form = client.get(f"/m/customers/{lead_id}/correct")
    cast.reports("fang", lead_id)

    with nothing_written(cast.app):
        refused = client.submit(form, AS_HUANG, button="Save the correction")

    assert refused.status_code == 409
    assert "What the customer wishes can be changed with every report." in refused.page.text


def test_title_is_warned_of_in_a_correction_too(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")
    client = phone("fang")

    with nothing_written(cast.app):
        warned = corrects(client, lead_id, given_name="先生")
    confirmed = client.submit(warned, button="Save the correction")

    assert "The given name is only a title." in warned.page.find(class_="notice_amber").text
    assert confirmed.page.find("h2").text == "欧阳先生"


def test_double_tap_corrects_and_withdraws_once_and_is_answered_the_same(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")
    client = phone("fang")
    form = client.get(f"/m/customers/{lead_id}/correct")
    corrected = [client.submit(form, AS_HUANG, button="Save the correction") for _tap in range(2)]

    question = client.get(f"/m/customers/{lead_id}/withdraw")
    withdrawn = [client.submit(question, button="Yes, withdraw") for _tap in range(2)]

    assert [page.request.path for page in corrected] == [f"/m/customers/{lead_id}"] * 2
    assert [(page.request.path, notice(page)) for page in withdrawn] == [
        ("/m/customers", "The entry is withdrawn.")
    ] * 2
    for action in ("correct_entry", "withdraw_entry"):
        assert cast.count(HistoryRecord, lead_id=lead_id, action=action) == 1


def test_withdrawal_says_first_what_will_happen(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app):
        question = phone("fang").get(f"/m/customers/{lead_id}/withdraw")

    assert question.page.h1 == "Withdraw the entry?"
    assert [line.text for line in question.page.find("ul", class_="consequences").find_all("li")] == [
        "The customer leaves your list and cannot be reported any more.",
        "Nobody can bring this entry back, and its number is never given again.",
        "You may enter the same customer again; that makes a new number.",
        "The back office still sees that the entry was made and withdrawn.",
    ]
    assert question.page.find("a", class_="weui-btn_default")["href"] == f"/m/customers/{lead_id}"


def test_withdrawn_customer_leaves_every_page_but_the_back_offices(cast: Cast, phone: Phone) -> None:
    lead_id, kept = cast.enters("fang"), cast.enters("fang", HUANG)
    client = phone("fang")

    withdraws(client, lead_id)

    listed = client.get("/m/customers")
    assert numbers(listed) == [kept]
    tabs = listed.page.find("nav", class_="tabs").find_all("a")
    assert [tab.find(class_="count").text for tab in tabs] == ["1", "1", "0", "0", "0", "0"]
    for page in ("", "/report", "/correct", "/withdraw", "/code"):
        assert client.get(f"/m/customers/{lead_id}{page}").status_code == 404
    assert client.get("/m/home").page.find("nav", class_="counts").text.startswith("1 Entered")
    office = phone("director")
    assert [row["Customer name"] for row in office.get("/admin/leads/").page.table_rows()] == ["黄蓉"]
    assert "Entry withdrawn" in office.get(f"/admin/leads/details/?id={lead_id}").page.text


def test_withdrawn_customer_is_entered_again_under_a_new_number(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")
    client = phone("fang")
    withdraws(client, lead_id)

    typed = {"surname": "欧阳", "given_name": "锋", "phone1_head": "138", "phone1_tail": "5678"}
    again = client.submit("/m/customers/enter", typed, button="Only enter")

    assert int(facts(again)["Customer number"]) > lead_id
