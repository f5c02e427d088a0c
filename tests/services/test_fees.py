"""Viewing fees: paid with the screenshot of the payment, never edited, only voided."""

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from lead_system.extensions import db
from lead_system.models import Fee, HandledRequest, HistoryRecord, Picture
from lead_system.services import fees
from lead_system.services.fees import NewPicture
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
PICTURE = NewPicture(3, 4, b"the large one", b"the small one")


def scanned(cast: Cast) -> int:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def pay(
    cast: Cast, lead_id: int, amount: str = "200.00", picture: NewPicture = PICTURE, request_id: str = ""
) -> int:
    with cast.app.app_context():
        return fees.pay_fee(
            cast.as_("secretary", request_id or None),
            lead_id=lead_id,
            amount=Decimal(amount),
            picture=picture,
            now=MONDAY_TEN,
        ).fee_id


def columns(cast: Cast, fee_id: int) -> dict[str, object]:
    with cast.app.app_context():
        fee = db.session.get_one(Fee, fee_id)
        return {column.key: getattr(fee, column.key) for column in Fee.__table__.columns}


def test_fee_is_kept_with_its_payee_and_its_own_picture(cast: Cast) -> None:
    lead_id = scanned(cast)

    one, other = pay(cast, lead_id, "0.01"), pay(cast, lead_id, "999999.99")

    assert cast.count(Picture, width=3, height=4) == 2
    with cast.app.app_context():
        first, second = (db.session.get_one(Fee, fee_id) for fee_id in (one, other))
        assert first.picture is not None
        assert (first.picture.jpeg, first.picture.thumbnail) == (b"the large one", b"the small one")
        assert (first.amount, first.broker.name, first.brokerage_id) == (Decimal("0.01"), "王芳", 1)
        assert (second.amount, second.is_void, second.created_by.name) == (
            Decimal("999999.99"),
            False,
            "苏文",
        )


def test_paid_fee_is_recorded_with_its_picture(cast: Cast) -> None:
    lead_id = scanned(cast)

    fee_id = pay(cast, lead_id)

    with cast.app.app_context():
        record = db.session.query(HistoryRecord).filter_by(action="pay_fee").one()
        assert (record.chain, record.actor_id) == (f"lead:{lead_id}", cast.ids["secretary"])
        picture_id = db.session.get_one(Fee, fee_id).picture_id
        brokerage = cast.account("fang", "brokerage_id")
        told = {"fee": fee_id, "amount": "200.00", "picture": picture_id, "brokerage": brokerage}
        assert record.changes == told
        assert picture_id is not None


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "1000000", "NaN", "Infinity"])
def test_refused_fee_leaves_no_picture(cast: Cast, amount: str) -> None:
    lead_id = scanned(cast)

    with nothing_written(cast.app), refused("fee_amount_wrong", field="amount"):
        pay(cast, lead_id, amount)


def test_fee_of_an_unknown_or_unscanned_customer_leaves_no_picture(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)

    with nothing_written(cast.app), refused("never_scanned", lead_id=lead_id):
        pay(cast, lead_id)
    with nothing_written(cast.app), refused("not_found"):
        pay(cast, 999)


def test_fee_sent_twice_is_paid_once(cast: Cast) -> None:
    lead_id = scanned(cast)
    first = pay(cast, lead_id, request_id="one-request-id")

    with nothing_written(cast.app):
        again = pay(cast, lead_id, request_id="one-request-id")

    assert again == first
    assert cast.count(Fee) == cast.count(Picture) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("width", 4), ("jpeg", b"another large one"), ("thumbnail", b"another small one")]
)
def test_request_with_another_picture_is_another_request(cast: Cast, name: str, value: object) -> None:
    lead_id = scanned(cast)
    pay(cast, lead_id, request_id="one-request-id")
    other = dataclasses.replace(PICTURE, **{name: value})  # type: ignore[arg-type]

    with nothing_written(cast.app), refused("request_reused"):
        pay(cast, lead_id, picture=other, request_id="one-request-id")
    assert cast.count(Fee) == 1


def test_voided_fee_keeps_all_that_it_was(cast: Cast, clock: StoppedClock) -> None:
    lead_id = scanned(cast)
    fee_id, other_id = cast.pays("secretary", lead_id, "200.00"), cast.pays("secretary", lead_id, "80.00")
    before, other_before = columns(cast, fee_id), columns(cast, other_id)
    later = clock.forward(timedelta(hours=1))

    cast.voids("secretary", fee_id, "付错了")

    voided = {"voided_at": later, "voided_by_id": cast.ids["secretary"], "void_reason": "付错了"}
    assert columns(cast, fee_id) == before | voided
    assert columns(cast, other_id) == other_before
    assert cast.count(Picture) == 2


def test_void_is_recorded_with_its_reason_in_the_payload(cast: Cast) -> None:
    lead_id = scanned(cast)
    fee_id = pay(cast, lead_id)

    cast.voids("secretary", fee_id, " 付错了 ")

    with cast.app.app_context():
        record = db.session.query(HistoryRecord).filter_by(action="void_fee").one()
        assert (record.chain, record.actor_id) == (f"lead:{lead_id}", cast.ids["secretary"])
        voided_at = [None, "2026-03-02T02:00:00+00:00"]
        assert record.changes == {"fee": fee_id, "amount": "200.00", "voided_at": voided_at}
        assert record.payload is not None
        assert record.payload.values == {"reason": "付错了"}


def test_fee_is_voided_once_and_the_second_is_told_by_whom(cast: Cast) -> None:
    fee_id = pay(cast, scanned(cast))
    cast.voids("secretary", fee_id)
    cast.change("ming", role="secretary")

    with nothing_written(cast.app), refused("fee_already_voided", name="苏文"):
        cast.voids("ming", fee_id)


def test_void_sent_twice_is_answered_the_same(cast: Cast) -> None:
    fee_id = pay(cast, scanned(cast))

    def void() -> fees.FeeVoided:
        with cast.app.app_context():
            caller = cast.as_("secretary", "one-request-id")
            return fees.void_fee(caller, fee_id=fee_id, reason="付错了", now=MONDAY_TEN)

    first = void()

    with nothing_written(cast.app):
        assert void() == first == fees.FeeVoided(fee_id)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "reason_missing"),
        (" \n", "reason_missing"),
        ("退给13812345678", "text_has_full_number"),
        ("字" * 501, "text_too_long"),
    ],
)
def test_void_needs_a_reason_that_can_be_kept(cast: Cast, reason: str, code: str) -> None:
    fee_id = pay(cast, scanned(cast))
    answered = cast.count(HandledRequest)

    with nothing_written(cast.app), refused(code, field="reason"):
        cast.voids("secretary", fee_id, reason)
    assert cast.count(HandledRequest) == answered


def test_unknown_fee_is_not_voided(cast: Cast) -> None:
    fee_id = pay(cast, scanned(cast))

    with nothing_written(cast.app), refused("not_found"):
        cast.voids("secretary", fee_id + 1)


@pytest.mark.parametrize("who", ["director", "admin", "fang", "qiang", "feng", "xin"])
def test_only_the_secretary_voids(cast: Cast, who: str) -> None:
    fee_id = pay(cast, scanned(cast))

    with nothing_written(cast.app), refused("forbidden"):
        cast.voids(who, fee_id)
