"""People under fire: signing in, profiles, names and numbers, and archiving against what counts on them."""

from collections import Counter
from datetime import datetime

import pytest

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Brokerage,
    GateScan,
    HistoryRecord,
    Hold,
    ProfileChange,
    SignInCode,
)
from lead_system.services import (
    brokerages,
    brokers,
    sign_in_codes,
    staff,
)
from lead_system.services.brokerages import BrokerageFacts
from lead_system.services.staff import NewStaff
from lead_system.services.transaction import Caller
from tests.races.arena import Arena, Call, Outcome, call
from tests.races.test_races import customer, outcome_words, scan
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def test_two_requests_for_a_sign_in_code_at_once_send_one(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        phone = f"1390000{number:04d}"
        sender = Nobody()
        wanted = [
            call(
                sign_in_codes.send_sign_in_code,
                Caller(None, f"request-{number}-{i}", session_key=f"browser-{i}"),
                phone=phone,
                address=f"browser-{number}-{i}",
                secret="a secret",
                sender=sender,
                now=NOW,
            )
            for i in range(2)
        ]

        outcomes = arena.race(wanted)

        assert outcome_words(outcomes) == {"done": 1, "code_sent_recently": 1}
        assert cast.count(SignInCode, phone=phone) == 1


class Nobody:
    """Takes codes and sends them nowhere."""

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        del phone, code, now


def test_profile_sent_from_two_tabs_counts_once(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        with cast.app.app_context():
            newcomer = Account(role=Role.BROKER, phone=f"1390000{number:04d}", created_at=NOW)
            newcomer.approval = Approval.NOT_NEEDED
            db.session.add(newcomer)
            db.session.commit()
            cast.ids["newcomer"] = newcomer.id
        profile = {"name": "孙洋", "brokerage_id": 1, "now": NOW}

        outcomes = arena.race(
            [
                call(brokers.complete_profile, cast.as_("newcomer"), role=role, **profile)
                for role in ("broker", "resident")
            ]
        )

        assert outcome_words(outcomes) == {"done": 1, "profile_already_complete": 1}
        role = "broker" if outcomes[0].answer else "resident"
        assert cast.count(Account, id=cast.ids["newcomer"], role=role) == 1


def rename(cast: Cast, who: str, phone: str, by: str = "director") -> Call:
    """Let a director give a broker another phone."""
    shown = {name: cast.account(who, name) for name in ("version", "brokerage_id")}
    return call(brokers.change_broker, cast.as_(by), account_id=cast.ids[who], phone=phone, now=NOW, **shown)


def test_one_phone_for_two_brokers_is_given_to_one(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        phone = f"1580000{number:04d}"
        before = [cast.account(who, "phone") for who in ("fang", "qiang")]

        outcomes = arena.race([rename(cast, "fang", phone), rename(cast, "qiang", phone, by="admin")])

        assert outcome_words(outcomes) == {"done": 1, "phone_taken": 1}
        after = [cast.account(who, "phone") for who in ("fang", "qiang")]
        assert after == ([phone, before[1]] if outcomes[0].answer else [before[0], phone])


def staff_call(cast: Cast, login: str, employee_number: str) -> Call:
    new = NewStaff("gate", "鲍山", "13600090009", login, employee_number)
    return call(staff.open_staff, cast.as_("admin"), staff=new, password="ten green bottles", now=NOW)


def test_one_account_name_is_given_to_one_of_two(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        one = staff_call(cast, f"bao-{number}", f"X{number}")
        other = staff_call(cast, f"BAO-{number}", f"Y{number}")

        outcomes = arena.race([one, other])

        assert outcome_words(outcomes) == {"done": 1, "login_taken": 1}
        won = "X" if outcomes[0].answer else "Y"
        assert cast.count(Account, login=f"bao-{number}", employee_number=f"{won}{number}") == 1
        assert cast.count(Account, login=f"bao-{number}") == 1


def test_one_employee_number_is_given_to_one_of_two(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        one, other = (
            staff_call(cast, f"bao-{number}", f"x{number}"),
            staff_call(cast, f"shan-{number}", f"X{number}"),
        )

        outcomes = arena.race([one, other])

        assert outcome_words(outcomes) == {"done": 1, "employee_number_taken": 1}
        won = "bao" if outcomes[0].answer else "shan"
        assert cast.count(Account, employee_number=f"X{number}", login=f"{won}-{number}") == 1
        assert cast.count(Account, employee_number=f"X{number}") == 1


def names_of(cast: Cast) -> Counter[str]:
    """Count the brokerages by their names, whatever the case."""
    with cast.app.app_context():
        return Counter(name.lower() for name in db.session.scalars(db.select(Brokerage.name)))


def test_one_brokerage_name_in_capitals_and_small_letters_is_given_to_one(cast: Cast, arena: Arena) -> None:
    with cast.app.app_context():
        other = db.session.execute(db.select(Brokerage.id).filter_by(name="百川地产")).scalar_one()
    for number in arena.goes_on():
        with cast.app.app_context():
            version = db.session.get_one(Brokerage, other).version
        opening = call(
            brokerages.open_brokerage, cast.as_("admin"), facts=BrokerageFacts(f"Homes {number}"), now=NOW
        )
        change = call(
            brokerages.change_brokerage,
            cast.as_("director"),
            brokerage_id=other,
            version=version,
            facts=BrokerageFacts(f"HOMES {number}"),
            now=NOW,
        )

        outcomes = arena.race([opening, change])

        assert outcome_words(outcomes) == {"done": 1, "brokerage_name_taken": 1}
        assert names_of(cast)[f"homes {number}"] == 1


def test_one_new_brokerage_name_opens_one_brokerage(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        wanted = [
            call(brokerages.open_brokerage, cast.as_(by), facts=BrokerageFacts(name), now=NOW)
            for by, name in (("director", f"Homes {number}"), ("admin", f" homes {number} "))
        ]

        outcomes = arena.race(wanted)

        assert outcome_words(outcomes) == {"done": 1, "brokerage_name_taken": 1}
        assert names_of(cast)[f"homes {number}"] == 1


def written_first(cast: Cast, chain: str, lead_id: int) -> str:
    """Say which of two came first: the last archiving on a chain, or the binding of a lead."""
    with cast.app.app_context():
        written = db.select(HistoryRecord.action).where(
            HistoryRecord.chain.in_((chain, f"lead:{lead_id}")),
            HistoryRecord.action.in_(("archive_account", "archive_brokerage", "bind_by_scan")),
        )
        return str(db.session.scalars(written.order_by(HistoryRecord.id.desc())).all()[1])


def assert_whole(cast: Cast, outcomes: list[Outcome], lead_id: int, chain: str, refusal: str) -> None:
    """Expect that a scan came wholly before an archiving, or was refused wholly after it."""
    scanned, archived = outcomes
    assert archived.answer is not None
    is_bound = scanned.answer is not None
    assert (is_bound, scanned.refusal) in ((True, ""), (False, refusal))
    assert cast.status(lead_id) == ("bound" if is_bound else "reported")
    assert cast.count(GateScan, lead_id=lead_id) == cast.count(Hold, lead_id=lead_id) == int(is_bound)
    if is_bound:
        assert written_first(cast, chain, lead_id) == "bind_by_scan"


def test_archiving_a_broker_against_a_scan_of_the_reported_lead(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        known = {"account_id": cast.ids["fang"], "version": cast.account("fang", "version"), "now": NOW}

        outcomes = arena.race(
            [scan(cast, "feng", lead_id), call(brokers.archive_broker, cast.as_("director"), **known)]
        )

        assert_whole(cast, outcomes, lead_id, f"account:{cast.ids['fang']}", "broker_not_active")
        cast.change("fang", archived_at=None)


def test_archiving_a_brokerage_against_a_scan_of_its_brokers_lead(cast: Cast, arena: Arena) -> None:
    brokerage_id = cast.account("fang", "brokerage_id")
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        with cast.app.app_context():
            version = db.session.get_one(Brokerage, brokerage_id).version
        known = {"brokerage_id": brokerage_id, "version": version, "now": NOW}

        outcomes = arena.race(
            [scan(cast, "feng", lead_id), call(brokerages.archive_brokerage, cast.as_("director"), **known)]
        )

        assert_whole(cast, outcomes, lead_id, f"brokerage:{brokerage_id}", "brokerage_not_active")
        cast.change_brokerage_of("fang", archived_at=None)


def test_archiving_a_consultant_against_being_chosen_at_the_gate(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        known = {"account_id": cast.ids["xin"], "version": cast.account("xin", "version"), "now": NOW}

        outcomes = arena.race(
            [scan(cast, "feng", lead_id), call(staff.archive_staff, cast.as_("admin"), **known)]
        )

        assert_whole(cast, outcomes, lead_id, f"account:{cast.ids['xin']}", "consultant_not_offered")
        cast.change("xin", archived_at=None)


def test_two_directors_change_one_broker_from_one_form(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        version = cast.account("fang", "version")
        phones = [f"1580000{number:04d}", f"1590000{number:04d}"]

        outcomes = arena.race([rename(cast, "fang", phones[0]), rename(cast, "fang", phones[1], by="admin")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        won = phones[0] if outcomes[0].answer else phones[1]
        assert (cast.account("fang", "phone"), cast.account("fang", "version")) == (won, version + 1)
        assert [cast.count(ProfileChange, new_phone=phone) for phone in phones] == [
            int(phone == won) for phone in phones
        ]


def test_two_directors_change_one_brokerage_from_one_form(cast: Cast, arena: Arena) -> None:
    brokerage_id = cast.account("fang", "brokerage_id")
    for number in arena.goes_on():
        with cast.app.app_context():
            version = db.session.get_one(Brokerage, brokerage_id).version
        known = {"brokerage_id": brokerage_id, "version": version, "now": NOW}
        addresses = [f"东大街 {number} 号", f"西大街 {number} 号"]
        wanted = [
            call(
                brokerages.change_brokerage,
                cast.as_(by),
                facts=BrokerageFacts("安家置业", address=address),
                **known,
            )
            for by, address in zip(("director", "admin"), addresses, strict=True)
        ]

        outcomes = arena.race(wanted)

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        won = addresses[0] if outcomes[0].answer else addresses[1]
        assert cast.count(Brokerage, id=brokerage_id, address=won, version=version + 1) == 1
