"""The promises under fire: real processes and threads on SQLite and PostgreSQL, fifty real races each."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from lead_system.domain.roles import Approval, Role
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Binding,
    Brokerage,
    Collision,
    CollisionEvent,
    Deal,
    GateScan,
    HistoryRecord,
    Hold,
    Lead,
    ProfileChange,
    Rebind,
    Report,
    SignInCode,
)
from lead_system.services import (
    bindings,
    brokerages,
    brokers,
    collisions,
    deals,
    gate,
    leads,
    sign_in_codes,
    staff,
)
from lead_system.services.brokerages import BrokerageFacts
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.services.staff import NewStaff
from lead_system.services.transaction import Caller
from tests.races.arena import Arena, Call, Outcome, call
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def customer(number: int, phone: str = "138") -> tuple[str, str, str]:
    """Another customer for each round."""
    return "欧阳", chr(0x4E00 + number), f"{phone}{number:04d}"


def entry_of(number: int) -> LeadEntry:
    """Fill in the form for the customer of a round."""
    surname, given_name, phone = customer(number)
    return LeadEntry(surname, given_name, phone[:3], phone[3:])


def scan(cast: Cast, gate_id: str, lead_id: int, *, later: timedelta = timedelta(0)) -> Call:
    return call(
        gate.confirm_scan,
        cast.as_(gate_id),
        code=cast.code_of(lead_id),
        consultant_id=cast.ids["xin"],
        another_visit=False,
        now=NOW + later,
    )


def move(cast: Cast, lead_id: int, to: str, *, later: timedelta = timedelta(0)) -> Call:
    """Let the admin rebind a customer to another broker."""
    return call(
        bindings.rebind_lead,
        cast.as_("admin"),
        lead_id=lead_id,
        version=cast.read(lead_id, "version"),
        to_broker_id=cast.ids[to],
        reason="协商",
        keep_end=False,
        now=NOW + later,
    )


def outcome_words(outcomes: list[Outcome]) -> Counter[str]:
    """Count what the calls came to: a refusal's code, a scan's outcome, or done."""
    return Counter(o.refusal or getattr(o.answer, "outcome", "done") for o in outcomes)


def holders(cast: Cast, number: int) -> set[int]:
    """Return which leads hold the customer of a round."""
    with cast.app.app_context():
        name = "欧阳" + chr(0x4E00 + number)
        return set(db.session.scalars(db.select(Hold.lead_id).filter_by(name_key=name)))


def test_two_gates_confirm_two_brokers_codes_of_one_customer(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        one, other = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))

        outcomes = arena.race([scan(cast, "feng", one), scan(cast, "lu", other)])

        assert outcome_words(outcomes) == {"bound": 1, "held": 1}
        won, lost = (one, other) if outcomes[0].answer.outcome == "bound" else (other, one)
        assert holders(cast, number) == {won}
        assert (cast.status(won), cast.status(lost)) == ("bound", "reported")
        assert cast.count(Collision, holding_lead_id=won, challenging_lead_id=lost, state="open") == 1
        assert cast.count(GateScan, lead_id=lost) == 0


def test_two_gates_confirm_with_the_two_phones_the_other_way_round(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        phone, second = f"138{number:04d}", f"139{number:04d}"
        one = cast.enters("fang", ("欧阳", chr(0x4E00 + number), phone), second, reports=True)
        other = cast.enters("qiang", ("欧阳", chr(0x4E00 + number), second), phone, reports=True)

        outcomes = arena.race([scan(cast, "feng", one), scan(cast, "lu", other)])

        assert outcome_words(outcomes) == {"bound": 1, "held": 1}
        assert len(holders(cast, number)) == 1
        assert cast.count(Hold, phone=phone) == cast.count(Hold, phone=second) == 1


def test_hold_that_ran_out_is_taken_over_by_two_at_once(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old = cast.enters("wei", customer(number), f"139{number:04d}", reports=True)
        cast.scans("feng", old)
        one, other = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))

        month = timedelta(days=30)
        outcomes = arena.race([scan(cast, "feng", one, later=month), scan(cast, "lu", other, later=month)])

        assert outcome_words(outcomes) == {"bound": 1, "held": 1}
        assert len(holders(cast, number)) == 1
        assert cast.count(Hold, lead_id=old) == 0


def test_deal_at_the_last_second_against_a_takeover_at_the_end(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old, new = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))
        cast.scans("feng", old)
        before_end = NOW + timedelta(days=30, seconds=-1)
        terms = deals.DealTerms(before_end.date())
        deal = call(
            deals.mark_dealt,
            cast.as_("director"),
            lead_id=old,
            version=cast.read(old, "version"),
            terms=terms,
            now=before_end,
        )

        outcomes = arena.race([deal, scan(cast, "feng", new, later=timedelta(days=30))])

        words = outcome_words(outcomes)
        assert words in ({"done": 1, "held": 1}, {"stale": 1, "bound": 1})
        assert holders(cast, number) == ({old} if words["done"] else {new})


def test_ten_identical_entries_at_once_make_one_lead(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        entry = entry_of(number)
        wanted = [
            call(leads.enter_lead, cast.as_("fang"), entry=entry, then_report=True, now=NOW)
            for _ in range(10)
        ]

        outcomes = arena.race(wanted)

        assert outcome_words(outcomes) == {"done": 1, "already_entered": 9}
        made = next(o.answer.lead_id for o in outcomes if o.answer)
        assert {o.facts["lead_id"] for o in outcomes if o.refusal} == {made}
        assert cast.count(Lead, given_name=customer(number)[1]) == 1


def test_one_request_id_five_times_is_one_scan_with_five_equal_answers(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        same = scan(cast, "feng", lead_id)

        outcomes = arena.race([same] * 5)

        assert {o.answer.outcome for o in outcomes} == {"bound"}
        assert len({o.answer for o in outcomes}) == 1
        assert cast.count(GateScan, lead_id=lead_id) == 1


def test_rebind_against_deal(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        known = {"lead_id": lead_id, "version": cast.read(lead_id, "version"), "now": NOW}
        deal = call(deals.mark_dealt, cast.as_("director"), terms=deals.DealTerms(NOW.date()), **known)

        outcomes = arena.race([deal, move(cast, lead_id, "qiang")])

        assert outcome_words(outcomes) == {"done": 1, "stale": 1}
        is_dealt = bool(outcomes[0].answer)
        assert cast.status(lead_id) == ("dealt" if is_dealt else "expired")
        assert cast.count(Deal, lead_id=lead_id) == int(is_dealt)
        assert cast.count(Rebind, from_lead_id=lead_id) == int(not is_dealt)
        assert len(holders(cast, number)) == 1


def test_rebind_at_the_last_second_against_a_takeover_at_the_end(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        old, new = (cast.enters(who, customer(number), reports=True) for who in ("fang", "qiang"))
        cast.scans("feng", old)
        rebind = move(cast, old, "wei", later=timedelta(days=30, seconds=-1))

        outcomes = arena.race([rebind, scan(cast, "feng", new, later=timedelta(days=30))])

        assert outcome_words(outcomes) in ({"done": 1, "held": 1}, {"stale": 1, "bound": 1})
        assert len(holders(cast, number)) == 1


def test_rebind_against_the_new_brokers_own_entry(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        entry = entry_of(number)
        rebind = move(cast, lead_id, "qiang")

        outcomes = arena.race(
            [rebind, call(leads.enter_lead, cast.as_("qiang"), entry=entry, then_report=False, now=NOW)]
        )

        assert outcomes[0].answer is not None
        assert outcome_words(outcomes) in ({"done": 2}, {"done": 1, "already_entered": 1})
        assert cast.count(Lead, broker_id=cast.ids["qiang"], given_name=customer(number)[1]) == 1
        assert holders(cast, number) == {outcomes[0].answer.to_lead_id}


def test_entry_against_a_rebind_collides_with_somebody_who_holds(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", lead_id)
        entry = entry_of(number)
        rebind = move(cast, lead_id, "qiang")

        outcomes = arena.race(
            [rebind, call(leads.enter_lead, cast.as_("wei"), entry=entry, then_report=False, now=NOW)]
        )

        assert outcome_words(outcomes) == {"done": 2}
        entered = outcomes[1].answer.lead_id
        before, after = (cast.collision_of(h, entered) for h in (lead_id, outcomes[0].answer.to_lead_id))
        told = cast.count(CollisionEvent, collision_id=before, kind="hold_taken_by_rebind")
        assert (bool(before), told, bool(after)) in ((True, 1, False), (False, 0, True))


def test_two_attempts_at_once_open_one_collision_with_both_events(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        wanted = cast.enters("fang", customer(number), reports=True)
        cast.scans("feng", held)
        read = {"code": cast.code_of(wanted), "now": NOW}

        outcomes = arena.race(
            [
                call(gate.read_visit_code, cast.as_("feng"), **read),
                call(gate.read_visit_code, cast.as_("lu"), **read),
                call(leads.report_lead, cast.as_("fang"), lead_id=wanted, wishes=Wishes(), now=NOW),
            ]
        )

        assert outcome_words(outcomes) == {"held": 2, "done": 1}
        row = cast.collision_of(held, wanted)
        assert cast.count(Collision, holding_lead_id=held, challenging_lead_id=wanted) == 1
        assert cast.count(CollisionEvent, collision_id=row) == 3


def test_handling_against_a_new_event_loses_neither(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", held)
        wanted = cast.enters("fang", customer(number))
        row = cast.collision_of(held, wanted)

        outcomes = arena.race(
            [
                call(collisions.handle_collisions, cast.as_("director"), collision_ids=(row,), now=NOW),
                call(leads.report_lead, cast.as_("fang"), lead_id=wanted, wishes=Wishes(), now=NOW),
            ]
        )

        assert outcome_words(outcomes) == {"done": 2}
        with cast.app.app_context():
            events = [event.kind.value for event in db.session.get_one(Collision, row).events]
        is_new = events == ["entered", "handled"]
        assert is_new or events == ["entered", "reported", "handled"]
        assert cast.count(Collision, challenging_lead_id=wanted, state="open") == int(is_new)


def test_two_directors_handle_one_collision(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        held = cast.enters("qiang", customer(number), reports=True)
        cast.scans("feng", held)
        row = cast.collision_of(held, cast.enters("fang", customer(number)))

        outcomes = arena.race(
            [
                call(collisions.handle_collisions, cast.as_(who), collision_ids=(row,), now=NOW)
                for who in ("director", "admin")
            ]
        )

        answers = sorted((o.answer.handled_ids, o.answer.already_handled_ids) for o in outcomes)
        assert answers == [((), (row,)), ((row,), ())]


def test_tenth_report_of_a_day_is_recorded_once(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)
        for _ in range(8):
            cast.reports("fang", lead_id)
        report = {"lead_id": lead_id, "wishes": Wishes(), "now": NOW}

        outcomes = arena.race([call(leads.report_lead, cast.as_("fang"), **report) for _ in range(3)])

        assert outcome_words(outcomes) == {"done": 1, "reported_enough_today": 2}
        assert cast.count(Report, lead_id=lead_id) == 10


def test_second_gate_scanning_the_same_code_is_asked(cast: Cast, arena: Arena) -> None:
    for number in arena.goes_on():
        lead_id = cast.enters("fang", customer(number), reports=True)

        outcomes = arena.race([scan(cast, "feng", lead_id), scan(cast, "lu", lead_id)])

        assert outcome_words(outcomes) == {"bound": 1, "another_visit_unconfirmed": 1}
        assert cast.count(GateScan, lead_id=lead_id) == cast.count(Binding, lead_id=lead_id) == 1


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
