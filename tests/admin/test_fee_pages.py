"""One viewing fee: writing it down with its screenshot, reading it, voiding it, and who gets the picture."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from lead_system.domain.roles import Role
from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, facts, for_each, notes, row_of, rows
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written
from tests.support.stories import told_once

LIST = "/admin/fees/"
MEGABYTE = 1024 * 1024
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NO_PICTURE = "That file is no picture that can be read. Choose a JPEG, PNG or WebP file."
WRONG_AMOUNT = "Enter an amount between 0.01 and 999,999.99 yuan, with at most two decimals."


def pay_url(number: int) -> str:
    return f"/admin/fees/pay/?lead={number}"


def encoded(kind: str = "PNG", size: tuple[int, int] = (300, 500), **options: Any) -> bytes:
    """Return the file of a red picture, which the cast's own green screenshot is not."""
    file = BytesIO()
    Image.new("RGB", size, (255, 0, 0)).save(file, kind, **options)
    return file.getvalue()


def upload(data: bytes, name: str = "payment.png") -> tuple[BytesIO, str]:
    return BytesIO(data), name


def pay(client: PageClient, number: int, amount: str = "350.25", **options: Any) -> PageResponse:
    """Write down a fee through the page, with a red picture of 300 by 500."""
    fields = {"amount": amount, "picture": upload(encoded(**options))}
    return client.submit(pay_url(number), fields, button="Write down the fee")


def forget_upload(answer: PageResponse) -> None:
    """Close the temporary file in which Werkzeug's client had put a large upload, and leaves it open."""
    answer.request.environ["wsgi.input"].close()


def fee_page(client: PageClient, amount: str) -> Page:
    """Open a fee by its amount in the list."""
    (link,) = [link for link in client.get(LIST).page.find_all("a") if link.text == amount]
    return client.get(link["href"]).page


def screenshots(client: PageClient, page: Page) -> tuple[Image.Image, Image.Image]:
    """Fetch the picture that a fee's page shows, and the one to which it leads."""
    link = page.find("a", class_="screenshot")
    files = [client.get(address) for address in (link.find("img")["src"], link["href"])]
    assert [(file.status_code, file.mimetype) for file in files] == [(200, "image/jpeg")] * 2
    small, whole = (Image.open(BytesIO(file.data)) for file in files)
    assert (small.format, whole.format) == ("JPEG", "JPEG")
    return small, whole


def is_red(picture: Image.Image) -> bool:
    red, green, blue = picture.convert("RGB").resize((1, 1)).tobytes()
    return bool(red > 240 and green < 15 and blue < 15)


@told_once
def fees(desk: Desk, room: Room, clock: StoppedClock) -> Room:
    """At eleven a fee of 350.25 with a red picture of 300 by 500, at ten another one with a green one."""
    room.cast.pays("secretary", room.dealt, "88")
    clock.forward(timedelta(hours=1))
    pay(desk("secretary"), room.bound)
    return room


@pytest.mark.parametrize(
    ("who", "field", "value"),
    for_each([("secretary", "6.1.b")], (1, "Created at", "2026-04-02 11:00"), (2, "Amount", "¥350.25")),
)
def test_a_fee_shows_when_it_was_made_and_its_amount(
    desk: Desk, fees: Room, who: str, field: str, value: str
) -> None:
    client = desk(who)

    assert facts(fee_page(client, "¥350.25"))[field] == value
    assert facts(fee_page(client, "¥88.00"))[field] != value


@pytest.mark.manual("6.1.b-3")
def test_a_fee_shows_its_own_screenshot_small_and_whole(desk: Desk, fees: Room) -> None:
    client = desk("secretary")

    small, whole = screenshots(client, fee_page(client, "¥350.25"))
    assert (whole.size, small.size) == ((300, 500), (144, 240))
    assert is_red(whole)
    assert is_red(small)

    other_small, other = screenshots(client, fee_page(client, "¥88.00"))
    assert not is_red(other_small)
    assert not is_red(other)


@pytest.mark.manual("6.1.b-4")
def test_a_fee_is_written_down_with_its_amount_and_the_uploaded_screenshot(desk: Desk, room: Room) -> None:
    client = desk("secretary")

    done = pay(client, room.bound, "1,350.25")

    assert notes(done.page) == [f"The viewing fee of customer number {room.bound} is written down."]
    (fee,) = rows(client.get(LIST).page)
    shown = ("Fee amount", "Broker's name", "Brokerage", "Created at", "Created by", "Status")
    assert [fee[name] for name in shown] == [
        "¥1,350.25", "李强", "百川地产", "2026-04-02 10:00", "苏文", "Paid",
    ]  # fmt: skip
    assert is_red(screenshots(client, fee_page(client, "¥1,350.25"))[1])


@pytest.mark.manual("6.1.b-5")
def test_a_fee_is_reached_through_search_customer_and_button(desk: Desk, room: Room) -> None:
    client = desk("secretary")
    found = client.submit("/admin/leads/", {"name": "欧阳锋"}).page
    (link,) = [link for link in found.find_all("a") if link.text == f"Details No. {room.bound}"]
    customer = client.get(link["href"]).page
    (button,) = [link for link in customer.find_all("a") if link.text == "Pay a viewing fee"]

    asked = client.get(button["href"])
    assert "李强 13500020002" in asked.page.find("div", class_="foresight").text
    client.submit(asked, {"amount": "200", "picture": upload(encoded())}, button="Write down the fee")

    assert row_of(client.get(LIST).page, room.bound)["Fee amount"] == "¥200.00"


@pytest.mark.manual("6.1.b-5")
def test_no_other_page_makes_a_fee(desk: Desk, fees: Room) -> None:
    client = desk("secretary")

    for address in (LIST, "/admin/leads/", "/admin/scans/", "/admin/viewings/"):
        page = client.get(address).page
        targets = [link["href"] for link in page.find_all("a")] + [form.action for form in page.forms]
        assert [target for target in targets if "pay" in target] == []
    for address in ("/admin/fees/new/", "/admin/fees/edit/?id=1", "/admin/fees/delete/"):
        assert client.get(address).status_code == 404
    assert client.get("/admin/fees/pay/").status_code == 404
    assert client.get(pay_url(999999)).status_code == 404


@pytest.mark.manual("6.1.b-5")
@pytest.mark.parametrize("customer", ["entered", "reported"])
def test_no_fee_is_made_for_a_customer_whom_the_gate_never_scanned(
    desk: Desk, fees: Room, customer: str
) -> None:
    client, number = desk("secretary"), getattr(fees, customer)
    page = client.get(f"/admin/leads/details/?id={number}").page
    assert "Pay a viewing fee" not in [link.text for link in page.find_all("a")]
    assert not [link["href"] for link in page.find_all("a") if "/fees/pay/" in link["href"]]
    assert client.get(pay_url(number)).status_code == 409

    with nothing_written(fees.cast.app):
        answer = by_hand(client, pay_url(number), amount="200", picture=upload(encoded()))

    assert answer.status_code == 409
    assert "The gate has never scanned this customer, so no viewing fee is due." in answer.page.text


def by_hand(client: PageClient, address: str, **fields: object) -> PageResponse:
    """Send to an address what a form of this session would carry, whether a page has that form or not."""
    token = client.get("/admin/leads/").page.csrf_token
    return client.post(address, data={"csrf_token": token, "request_id": "made-by-hand-1", **fields})


@pytest.mark.parametrize("who", for_each([(who, f"{chapter}.d") for who, chapter in DECIDERS], (34,)))
def test_directors_and_admins_read_a_fee_and_can_neither_pay_nor_void_one(
    desk: Desk, fees: Room, who: str
) -> None:
    client = desk(who)
    page = fee_page(client, "¥350.25")

    assert facts(page)["Created at"] == "2026-04-02 11:00"
    assert facts(page)["Amount"] == "¥350.25"
    assert [is_red(picture) for picture in screenshots(client, page)] == [True, True]
    assert page.find("div", class_="page-actions").find_all("a") == []
    customer = client.get(f"/admin/leads/details/?id={fees.bound}").page
    assert "Pay a viewing fee" not in customer.text
    with nothing_written(fees.cast.app):
        for address in (pay_url(fees.bound), "/admin/fees/void/?id=1"):
            assert client.get(address).status_code == 403
            sent = by_hand(client, address, amount="1", reason="mine", picture=upload(encoded()))
            assert sent.status_code == 403


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("payment.png", b"", "Choose the screenshot of the payment."),
        ("payment.png", b"I paid it, honestly.", NO_PICTURE),
        (
            "payment.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            NO_PICTURE,
        ),
        ("payment.gif", encoded("GIF"), NO_PICTURE),
        ("payment.pdf", b"%PDF-1.7 " + encoded(), NO_PICTURE),
        ("payment.png", encoded()[:200], NO_PICTURE),
        (
            "payment.jpg",
            encoded("JPEG") + bytes(11 * MEGABYTE),
            (
                "The picture is too large: at most 10 MB and 40 million pixels, as WebP 20 million. "
                "Send a screenshot, not a photo of the screen."
            ),
        ),
    ],
    ids=["empty", "text", "svg", "gif", "pdf", "cut", "11 MB"],
)
def test_what_is_no_picture_is_refused_beside_the_field(
    desk: Desk, room: Room, name: str, data: bytes, sentence: str
) -> None:
    fields = {"amount": "200", "picture": upload(data, name)}

    with nothing_written(room.cast.app):
        answer = desk("secretary").submit(pay_url(room.bound), fields, button="Write down the fee")
    forget_upload(answer)

    assert answer.status_code == 422
    assert answer.page.find(id="picture-error").text == sentence
    assert answer.page.find("input", name="amount")["value"] == "200"


@pytest.mark.parametrize("fields", [{"amount": "200"}, {"amount": "200", "picture": "payment.png"}])
def test_without_a_file_the_screenshot_is_asked_for(
    desk: Desk, room: Room, fields: dict[str, object]
) -> None:
    with nothing_written(room.cast.app):
        answer = desk("secretary").forge(pay_url(room.bound), fields)

    assert answer.status_code == 422
    assert answer.page.find(id="picture-error").text == "Choose the screenshot of the payment."


def test_a_file_beyond_every_measure_is_refused_in_words(desk: Desk, room: Room) -> None:
    fields = {"amount": "200", "picture": upload(encoded() + bytes(17 * MEGABYTE))}

    with nothing_written(room.cast.app):
        answer = desk("secretary").submit(pay_url(room.bound), fields, button="Write down the fee")
    forget_upload(answer)

    assert answer.status_code == 413
    assert "That file is too large. Choose a smaller one." in answer.page.text


NO_AMOUNTS = (
    "0", "0.00", "-1", "0.009", "1.234", "1000000", "999999.991", "1e9", "abc", "NaN", "-NaN", "sNaN",
    "Infinity", "", " ", "1 2", "200元", "0x10", "12,50", "1_000", "1,0000", "9" * 5000, "<b>5</b>",
)  # fmt: skip


def test_an_amount_that_cannot_be_is_refused_beside_the_field(desk: Desk, room: Room) -> None:
    client = desk("secretary")

    for amount in NO_AMOUNTS:
        with nothing_written(room.cast.app):
            answer = pay(client, room.bound, amount)
        assert (amount, answer.status_code) == (amount, 422)
        assert answer.page.find(id="amount-error").text == WRONG_AMOUNT
    assert rows(client.get(LIST).page) == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("0.01", "¥0.01"),
        ("999999.99", "¥999,999.99"),
        ("¥1,200.5", "¥1,200.50"),
        (" 30.00 ", "¥30.00"),
    ],
)
def test_an_amount_within_the_bounds_is_taken_as_people_type_it(
    desk: Desk, room: Room, typed: str, shown: str
) -> None:
    client = desk("secretary")

    pay(client, room.bound, typed)

    assert [row["Fee amount"] for row in rows(client.get(LIST).page)] == [shown]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_file_is_kept_but_what_it_shows(desk: Desk, room: Room, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif[0x8825] = {1: "N", 2: (31.0, 14.0, 0.0)}
    client = desk("secretary")

    pay(client, room.bound, kind=kind, exif=exif)

    link = fee_page(client, "¥350.25").find("a", class_="screenshot")
    for address in (link["href"], link.find("img")["src"]):
        data = client.get(address).data
        with Image.open(BytesIO(data)) as picture:
            assert (picture.format, dict(picture.getexif())) == ("JPEG", {})
        assert b"SECRET" not in data
        assert b"Exif" not in data


def test_a_refused_form_is_sent_again_with_success(desk: Desk, room: Room) -> None:
    client = desk("secretary")
    refused = pay(client, room.bound, "0")

    fields = {"amount": "20", "picture": upload(encoded())}
    client.submit(refused, fields, button="Write down the fee")

    assert [row["Fee amount"] for row in rows(client.get(LIST).page)] == ["¥20.00"]


def test_sent_twice_a_fee_is_paid_once_and_answered_the_same(desk: Desk, room: Room) -> None:
    client = desk("secretary")
    asked = client.get(pay_url(room.bound))

    answers = [
        client.submit(asked, {"amount": "20", "picture": upload(encoded())}, button="Write down the fee")
        for _ in range(2)
    ]

    said = f"The viewing fee of customer number {room.bound} is written down."
    assert [notes(answer.page) for answer in answers] == [[said], [said]]
    assert len(rows(client.get(LIST).page)) == 1


def total(page: Page) -> str:
    return page.find("strong", data_sum="").text


def test_a_voided_fee_leaves_the_total_and_stays_listed(desk: Desk, fees: Room, clock: StoppedClock) -> None:
    client = desk("secretary")
    assert total(client.get(LIST).page) == "¥438.25"
    clock.forward(timedelta(minutes=5))
    button = fee_page(client, "¥350.25").find("div", class_="page-actions").find("a")

    done = client.submit(client.get(button["href"]), {"reason": "重复付款"}, button="Void the fee").page

    assert notes(done) == ["The viewing fee is void."]
    listed = client.get(LIST).page
    assert total(listed) == "¥88.00"
    assert [(row["Fee amount"], row["Status"]) for row in rows(listed)] == [
        ("¥350.25", "Void"),
        ("¥88.00", "Paid"),
    ]
    shown = facts(fee_page(client, "¥350.25"))
    assert (shown["Voided by"], shown["Voided at"], shown["Reason"]) == (
        "苏文",
        "2026-04-02 11:05",
        "重复付款",
    )
    assert "Voided by" not in facts(fee_page(client, "¥88.00"))


def test_the_page_that_asks_voids_nothing(desk: Desk, fees: Room) -> None:
    client = desk("secretary")

    with nothing_written(fees.cast.app):
        page = client.get("/admin/fees/void/?id=2").page

    assert f"¥350.25 · No. {fees.bound} 欧阳锋" in page.text
    assert [row["Status"] for row in rows(client.get(LIST).page)] == ["Paid", "Paid"]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Write a few words here first."),
        (" \n\t ", "Write a few words here first."),
        ("打13812340000问过", "The text holds a whole mobile number."),
        ("x" * 501, "The text is too long: at most 500 characters."),
    ],
)
def test_without_a_reason_that_can_be_kept_nothing_is_voided(
    desk: Desk, fees: Room, reason: str, sentence: str
) -> None:
    client = desk("secretary")

    with nothing_written(fees.cast.app):
        answer = client.submit("/admin/fees/void/?id=2", {"reason": reason}, button="Void the fee")

    assert answer.status_code == 422
    assert answer.page.find(id="reason-error").text.startswith(sentence)
    assert "13812340000" not in answer.text
    assert total(client.get(LIST).page) == "¥438.25"


def test_the_second_person_is_told_who_voided_the_fee(desk: Desk, fees: Room) -> None:
    fees.cast.change("lu", role=Role.SECRETARY)
    client = desk("secretary")
    asked = client.get("/admin/fees/void/?id=2")
    fees.cast.voids("lu", 2, "付错了")

    with nothing_written(fees.cast.app):
        answer = client.submit(asked, {"reason": "重复付款"}, button="Void the fee")

    assert answer.status_code == 409
    assert notes(answer.page) == ["尹露 has voided this fee already. Nothing more is to be done."]
    page = fee_page(client, "¥350.25")
    assert (facts(page)["Voided by"], facts(page)["Reason"]) == ("尹露", "付错了")
    assert page.find("div", class_="page-actions").find_all("a") == []


PICTURES = ("/admin/fees/picture/?id=1", "/admin/fees/picture/?id=1&size=small")


@pytest.mark.parametrize("address", PICTURES)
def test_a_stranger_who_wants_a_picture_is_sent_to_the_door(
    fees: Room, new_client: Callable[[], PageClient], address: str
) -> None:
    answer = new_client().get(address)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/sign-in?next=")
    assert b"\xff\xd8" not in answer.data


@pytest.mark.parametrize("who", ["fang", "wei", "feng", "xin"])
def test_nobody_outside_the_back_office_sees_a_fee(desk: Desk, fees: Room, who: str) -> None:
    client = desk(who)

    for address in (*PICTURES, "/admin/fees/details/?id=1", LIST, pay_url(fees.bound)):
        assert (address, client.get(address).status_code) == (address, 403)


NO_FEES = ("", "0", "-1", "3", "999999", "9" * 30, "abc", "1.0", "１", "1;2", "1,2", "../1", "1' OR 1=1")


@pytest.mark.parametrize("page", ["picture", "details", "void"])
def test_an_id_that_is_no_fees_answers_404_in_words(desk: Desk, fees: Room, page: str) -> None:
    client = desk("secretary")

    for wanted in NO_FEES:
        answer = client.get(f"/admin/fees/{page}/", query_string={"id": wanted})
        assert (wanted, answer.status_code) == (wanted, 404)
        assert "There is nothing here" in answer.page.text


@pytest.mark.parametrize("address", PICTURES)
def test_no_browser_keeps_a_picture_or_takes_it_for_anything_else(
    desk: Desk, fees: Room, address: str
) -> None:
    answer = desk("director").get(address)

    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_size_that_is_not_offered_is_the_whole_picture(desk: Desk, fees: Room) -> None:
    answer = desk("director").get("/admin/fees/picture/?id=2&size=9999")

    with Image.open(BytesIO(answer.data)) as picture:
        assert picture.size == (300, 500)
