"""Many ask for codes at once from one address: never more are sent than the limit allows."""

from datetime import datetime

import pytest

from lead_system.extensions import db
from lead_system.models import CodeSend
from lead_system.services.sign_in_codes import send_sign_in_code
from lead_system.services.transaction import Caller
from tests.races.arena import Arena, Call, call
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]
AT_ONCE = 6


class Nobody:
    """Takes codes and sends them nowhere."""

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        del phone, code, now


def wanted(number: int, address: str) -> Call:
    return call(
        send_sign_in_code,
        Caller(None, f"request-{number}", session_key=f"browser-{number}"),
        phone=f"139{number:08d}",
        address=address,
        secret="a secret",
        sender=Nobody(),
        now=NOW,
    )


def nearly_full(cast: Cast, number: int, address: str) -> None:
    """Let 28 codes have been sent from an address, of which the first by the door that all take."""
    asked = wanted(number, address)
    with cast.app.app_context():
        asked.function(asked.caller, **asked.arguments)
        key = db.session.scalars(db.select(CodeSend.address).order_by(CodeSend.id.desc())).first()
        more = [CodeSend(phone=f"138{i:08d}", address=key, sent_at=NOW) for i in range(27)]
        db.session.add_all(more)
        db.session.commit()


def test_codes_from_one_address_never_exceed_its_limit(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        address = f"198.51.{number // 200}.{number % 200}"
        nearly_full(cast, number * 10, address)

        outcomes = arena.race([wanted(number * 10 + 1 + i, address) for i in range(AT_ONCE)])

        assert sorted(outcome.refusal for outcome in outcomes) == ["", "", *["too_many_codes"] * 4]
