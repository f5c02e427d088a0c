"""Anonymising (R10, decision 26): what goes and what stays, who is left alone, and what is refused then."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lead_system.clock import now
from lead_system.domain.retention import months_before
from lead_system.extensions import db
from lead_system.models import (
    Account,
    Avatar,
    BindingKey,
    Collision,
    CollisionEvent,
    Deal,
    Fee,
    FollowUp,
    HistoryPayload,
    HistoryRecord,
    Hold,
    Lead,
    LeadKey,
    Rebind,
    SignIn,
    WalkIn,
)
from lead_system.queries.retention import concerned
from lead_system.services import (
    anonymising,
    collision_handling,
    deals,
    fees,
    gate,
    leads,
    settings,
    viewings,
    visitors,
)
from lead_system.services.history_check import verify_history
from lead_system.services.leads import Wishes
from lead_system.services.sign_ins import forget_old_sign_ins
from tests.support.cast import HONG, OUYANG, SCREENSHOT, Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused
from tests.trials.invariants import broken_invariants

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

LATER = datetime(2029, 6, 1, 4, 0, tzinfo=UTC)
"""Three years and three months after the stories here: longer than 36 months after each of their steps."""

WORDS = ("欧阳", "锋", "1385678", "想买铺面", "有意向", "协商一致", "录错", "付错了", "不是同一人")
"""What people typed about the customer in the full story."""


@pytest.fixture
def story(cast: Cast, clock: StoppedClock) -> int:
    """Fang's customer with everything that can be said about one, long expired; returns the number."""
    lead_id = cast.enters("fang", OUYANG, "1394321", reports=True, needs="想买铺面")
    qiangs = cast.enters("qiang", OUYANG)
    cast.scans("feng", lead_id)
    cast.reports("qiang", qiangs)
    cast.views("xin", lead_id)
    cast.follows_up("xin", lead_id, "有意向", datetime(2026, 3, 9, tzinfo=UTC).date())
    cast.voids("secretary", cast.pays("secretary", lead_id, "100"))
    cast.pays("secretary", lead_id, "200")
    cast.deals("director", lead_id, MONDAY_TEN.date(), unit="欧阳的铺")
    cast.undoes_deal("director", lead_id)
    cast.handles("director", cast.collision_of(lead_id, qiangs), note="不是同一人")
    cast.rebinds("director", lead_id, "wei")
    clock.at(LATER)
    return lead_id


def run(cast: Cast) -> tuple[int, int]:
    with cast.app.app_context():
        return anonymising.anonymise_old_leads(now()), anonymising.anonymise_old_visitors(now())


def everything_in(cast: Cast) -> str:
    """Return all that the database holds, as text."""
    with cast.app.app_context():
        tables = db.metadata.sorted_tables
        rows = [row for table in tables for row in db.session.execute(table.select())]
        return "\n".join(map(repr, rows))


def anonymise_lead(cast: Cast, lead_id: int, who: str = "admin", reason: str = "客户要求") -> tuple[int, ...]:
    version = cast.read(lead_id, "version")
    with cast.app.app_context():
        return anonymising.anonymise_lead(
            cast.as_(who), lead_id=lead_id, version=version, reason=reason, now=now()
        ).lead_ids


def anonymise_visitor(cast: Cast, who: str = "admin", reason: str = "本人要求") -> None:
    version = cast.account("hong", "version")
    with cast.app.app_context():
        anonymising.anonymise_visitor(
            cast.as_(who), account_id=cast.ids["hong"], version=version, reason=reason, now=now()
        )


def test_nothing_that_was_typed_about_a_customer_is_left_anywhere(cast: Cast, story: int) -> None:
    before = everything_in(cast)
    assert all(word in before for word in WORDS)

    assert run(cast)[0] == 3

    after = everything_in(cast)
    assert [word for word in (*WORDS, "1394321", "欧阳的铺") if word in after] == []


def test_number_status_visits_and_money_stay(cast: Cast, story: int) -> None:
    status, code = cast.status(story), cast.read(story, "short_code")

    run(cast)

    assert (cast.status(story), cast.read(story, "short_code")) == (status, code)
    assert (cast.count(Lead), cast.count(Fee), cast.count(Deal), cast.count(Rebind)) == (3, 2, 1, 1)
    with cast.app.app_context():
        paid = db.session.scalars(db.select(Fee.amount).order_by(Fee.id)).all()
        lead = db.session.get_one(Lead, story)
        assert [str(amount) for amount in paid] == ["100.00", "200.00"]
        assert (lead.full_name, lead.phone1, lead.phone2) == ("", "       ", None)
        assert lead.anonymised_at == LATER
        assert db.session.scalar(db.select(Fee.void_reason).where(Fee.voided_at.is_not(None))) == "—"
        assert db.session.scalar(db.select(FollowUp.next_on)) is None
    assert (cast.count(LeadKey), cast.count(BindingKey), cast.count(Hold)) == (0, 0, 0)


def test_history_keeps_its_records_and_still_verifies(cast: Cast, story: int) -> None:
    records = cast.count(HistoryRecord)

    run(cast)

    assert cast.count(HistoryRecord) == records + 4  # Two customers, a visitor and the collision.
    assert cast.history(f"lead:{story}")[-1] == (
        "anonymise",
        None,
        {"anonymised_at": [None, "2029-06-01T04:00:00+00:00"]},
        None,
    )
    with cast.app.app_context():
        found = verify_history(SECRET_KEY)
    assert (found.records, found.findings) == (records + 4, [])
    assert found.with_payload == cast.count(HistoryPayload) == 0
    assert found.anonymised == 10


def test_the_whole_database_stays_in_order(cast: Cast, story: int) -> None:
    run(cast)

    assert list(broken_invariants(cast.app, now())) == []


def test_again_there_is_nothing_to_do(cast: Cast, story: int) -> None:
    run(cast)

    with nothing_written(cast.app):
        assert run(cast) == (0, 0)


def test_portions_reach_everybody(cast: Cast, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymising, "AT_ONCE", 2)
    ids = [cast.enters("fang", ("孙", name, "1381111")) for name in "一二三四五"]
    kept = cast.enters("fang", ("孙", "六", "1381111"), reports=True)
    cast.scans("feng", kept)
    cast.deals("director", kept, MONDAY_TEN.date())
    clock.at(LATER)

    assert run(cast)[0] == 5

    assert [cast.read(lead_id, "anonymised_at") for lead_id in (*ids, kept)] == [LATER] * 5 + [None]


@pytest.mark.parametrize(
    ("last", "counted"), [(timedelta(0), 0), (timedelta(microseconds=-1), 1), (timedelta(days=30), 0)]
)
def test_the_last_step_counts_to_the_instant(
    cast: Cast, clock: StoppedClock, last: timedelta, counted: int
) -> None:
    lead_id = cast.enters("fang")
    clock.at(months_before(LATER, 36) + last)
    cast.reports("fang", lead_id)
    clock.at(LATER)

    assert run(cast)[0] == counted


def test_the_end_of_a_protection_is_a_step(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    clock.at(datetime(2029, 3, 31, tzinfo=UTC))
    assert run(cast)[0] == 0

    clock.at(datetime(2029, 4, 2, tzinfo=UTC))

    assert run(cast)[0] == 1


def test_months_are_those_of_the_setting(cast: Cast, clock: StoppedClock) -> None:
    cast.enters("fang")
    with cast.app.app_context():
        settings.change_retention(cast.as_("admin"), version=1, months=6, now=now())

    clock.at(datetime(2026, 9, 2, 2, 0, tzinfo=UTC))
    assert run(cast)[0] == 0
    clock.forward(timedelta(seconds=1))
    assert run(cast)[0] == 1


def test_bound_and_dealt_customers_are_left_alone_and_so_are_others_leads_of_them(
    cast: Cast, clock: StoppedClock
) -> None:
    dealt = cast.enters("fang", reports=True)
    cast.enters("qiang")
    cast.scans("feng", dealt)
    cast.deals("director", dealt, MONDAY_TEN.date())
    clock.at(LATER)
    handle_all(cast)
    clock.forward(timedelta(days=2000))

    assert run(cast)[0] == 0
    assert cast.read(dealt, "surname") == "欧阳"


def handle_all(cast: Cast) -> None:
    with cast.app.app_context():
        ids = tuple(db.session.scalars(db.select(Collision.id).filter_by(state="open")))
    if ids:
        cast.handles("director", *ids)


def test_an_open_collision_keeps_both_sides(cast: Cast, clock: StoppedClock) -> None:
    held = cast.enters("fang", reports=True)
    cast.scans("feng", held)
    cast.enters("qiang")
    clock.at(LATER)
    assert run(cast)[0] == 0

    handle_all(cast)
    clock.forward(timedelta(seconds=1))

    assert run(cast)[0] == 2


def test_a_withdrawn_entry_goes_too(cast: Cast, clock: StoppedClock) -> None:
    lead_id = cast.enters("fang")
    cast.withdraws("fang", lead_id)
    clock.at(LATER)

    assert run(cast)[0] == 1
    assert "欧阳" not in everything_in(cast)


# Nothing can be done with it any more.


@pytest.fixture
def gone(cast: Cast, story: int) -> int:
    run(cast)
    return story


def test_its_code_is_unknown_to_gate_and_consultant(cast: Cast, gone: int) -> None:
    code = cast.code_of(gone)

    with cast.app.app_context(), refused("code_unknown"):
        gate.read_visit_code(cast.as_("feng"), code=code, now=now())
    with cast.app.app_context(), refused("code_unknown"):
        viewings.record_viewing(cast.as_("xin"), code=code, intent="A", standing_in=True, now=now())


@pytest.mark.parametrize("what", ["report", "deal", "fee", "follow_up", "anonymise"])
def test_every_service_refuses_it(cast: Cast, gone: int, what: str) -> None:
    version = cast.read(gone, "version")
    with cast.app.app_context(), refused("anonymised"):
        if what == "report":
            leads.report_lead(cast.as_("fang"), lead_id=gone, wishes=Wishes(), now=now())
        elif what == "deal":
            terms = deals.DealTerms(MONDAY_TEN.date(), reason="补")
            deals.mark_dealt(cast.as_("director"), lead_id=gone, version=version, terms=terms, now=now())
        elif what == "fee":
            fees.pay_fee(
                cast.as_("secretary"), lead_id=gone, amount=Decimal(1), picture=SCREENSHOT, now=now()
            )
        elif what == "follow_up":
            viewings.add_follow_up(cast.as_("xin"), lead_id=gone, note="再约", now=now())
        else:
            anonymising.anonymise_lead(
                cast.as_("admin"), lead_id=gone, version=version, reason="再", now=now()
            )


def test_its_collisions_are_not_opened_again(cast: Cast, gone: int) -> None:
    with cast.app.app_context():
        row = db.session.scalars(db.select(Collision).filter_by(holding_lead_id=gone)).one()
        handled_at, number = row.handled_at, row.id
    assert handled_at is not None

    with cast.app.app_context(), refused("anonymised"):
        collision_handling.reopen_collision(
            cast.as_("director"), collision_id=number, seen=handled_at.isoformat(), reason="再看", now=now()
        )


def test_its_broker_may_enter_the_customer_anew(cast: Cast, gone: int) -> None:
    assert cast.enters("fang") > gone


# On request.


def test_a_customer_who_asks_is_anonymised_in_every_brokers_list(cast: Cast) -> None:
    fangs, qiangs = cast.enters("fang"), cast.enters("qiang", reports=True)
    other = cast.enters("fang", ("欧阳", "克", "1385678"))

    assert anonymise_lead(cast, qiangs) == (fangs, qiangs)

    assert (cast.read(fangs, "surname"), cast.read(other, "surname")) == ("", "欧阳")
    action, actor, _changes, personal = cast.history(f"lead:{fangs}")[-1]
    assert (action, actor, personal) == ("anonymise", cast.ids["admin"], {"reason": "客户要求"})


@pytest.mark.parametrize("who", ["director", "secretary", "fang", "xin"])
def test_only_an_admin_anonymises(cast: Cast, who: str) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app), refused("forbidden"):
        anonymise_lead(cast, lead_id, who)
    with nothing_written(cast.app), refused("forbidden"):
        anonymise_visitor(cast, who)


def test_it_needs_a_reason(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    with nothing_written(cast.app), refused("reason_missing"):
        anonymise_lead(cast, lead_id, reason=" ")
    with nothing_written(cast.app), refused("reason_missing"):
        anonymise_visitor(cast, reason=" ")


def test_not_while_anybody_holds_the_customer(cast: Cast) -> None:
    fangs, qiangs = cast.enters("fang", reports=True), cast.enters("qiang")
    cast.scans("feng", fangs)

    for lead_id in (fangs, qiangs):
        with refused("still_held", lead_id=fangs):
            anonymise_lead(cast, lead_id)
    assert cast.read(qiangs, "surname") == "欧阳"


def test_not_while_a_collision_is_open(cast: Cast, clock: StoppedClock) -> None:
    fangs = cast.enters("fang", reports=True)
    cast.scans("feng", fangs)
    cast.enters("qiang")
    clock.forward(timedelta(days=31))

    with refused("collision_still_open"):
        anonymise_lead(cast, fangs)


def test_a_stale_form_anonymises_nobody(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    with cast.app.app_context(), refused("stale"):
        anonymising.anonymise_lead(cast.as_("admin"), lead_id=lead_id, version=9, reason="是", now=now())


# Visitors.


@pytest.fixture
def visited(cast: Cast) -> int:
    """Hong came alone, was reported, objected, and was looked at."""
    cast.walks_in("hong")
    lead_id = cast.enters("fang", HONG, reports=True)
    cast.objects("hong", "谁报备的我")
    handle_all(cast)
    with cast.app.app_context():
        visitors.reveal_phone(cast.as_("director"), account_id=cast.ids["hong"], reason="洪七来电", now=now())
        db.session.add(Avatar(account_id=cast.ids["hong"], digest="d", jpeg=b"j"))
        db.session.commit()
    cast.change("hong", nickname="老叫花", openid="openid-of-hong")
    return lead_id


def test_nothing_personal_of_a_visitor_is_left(cast: Cast, visited: int) -> None:
    anonymise_lead(cast, visited)

    anonymise_visitor(cast)

    left = everything_in(cast)
    words = ("洪七", "13911112222", "1392222", "老叫花", "openid-of-hong", "谁报备的我", "洪七来电")
    assert [word for word in words if word in left] == []
    assert (cast.count(WalkIn), cast.count(CollisionEvent) > 2) == (1, True)
    assert (cast.count(Avatar), cast.count(SignIn, account_id=cast.ids["hong"])) == (0, 0)


def test_an_anonymised_visitor_is_nobody_at_gate_and_door(cast: Cast, visited: int) -> None:
    code = cast.account("hong", "code_token")
    generation = cast.account("hong", "session_generation")

    anonymise_visitor(cast)

    with refused("code_unknown"):
        cast.walks_in("hong")
    assert cast.account("hong", "code_token") == code
    assert cast.account("hong", "phone") == f"#{cast.ids['hong']}"
    assert cast.account("hong", "session_generation") == generation + 1
    assert cast.account("hong", "archived_at") == MONDAY_TEN
    with nothing_written(cast.app), refused("not_found"):
        anonymise_visitor(cast)


def test_a_visitor_is_kept_while_a_collision_is_open(cast: Cast, clock: StoppedClock) -> None:
    cast.enters("fang", HONG, reports=True)
    cast.objects("hong")

    with nothing_written(cast.app), refused("collision_still_open"):
        anonymise_visitor(cast)
    with cast.app.app_context():
        db.session.execute(db.delete(SignIn))
        db.session.commit()
    clock.at(LATER)
    assert run(cast)[1] == 0


@pytest.mark.parametrize(("seen", "counted"), [(timedelta(0), 0), (timedelta(seconds=-1), 1)])
def test_visitors_who_were_not_seen_for_long_go(
    cast: Cast, clock: StoppedClock, seen: timedelta, counted: int
) -> None:
    with cast.app.app_context():
        moment = months_before(LATER, 36) + seen
        hongs = db.update(SignIn).filter_by(account_id=cast.ids["hong"])
        db.session.execute(hongs.values(began_at=moment, seen_at=moment, confirmed_at=moment))
        db.session.commit()
    clock.at(LATER)

    assert run(cast)[1] == counted

    assert cast.account("hong", "name") == ("" if counted else "洪七")
    assert cast.account("fang", "name") == "王芳"


def test_everybodys_last_sign_in_is_kept_to_say_when_they_were_seen(cast: Cast, clock: StoppedClock) -> None:
    with cast.app.app_context():
        for days in (400, 300):
            moment = now() - timedelta(days=days)
            db.session.add(
                SignIn(
                    account_id=cast.ids["hong"], token_hash=f"{days}", generation=1, began_at=moment,
                    seen_at=moment, confirmed_at=moment,
                )
            )  # fmt: skip
        db.session.execute(db.delete(SignIn).where(SignIn.token_hash.not_in(("400", "300"))))
        db.session.commit()
        forget_old_sign_ins(now())

        assert db.session.scalars(db.select(SignIn.token_hash)).all() == ["300"]


def test_a_phone_that_never_said_whose_it_is_goes_too(cast: Cast, clock: StoppedClock) -> None:
    account_id = cast.arrives("new")
    clock.at(LATER)

    assert run(cast)[1] == 1

    assert cast.account("new", "phone") == f"#{account_id}"


def test_whoever_comes_back_begins_anew(cast: Cast, visited: int) -> None:
    anonymise_visitor(cast)

    with cast.app.app_context():
        db.session.add(Account(role="broker", phone="13911112222", approval="not_needed", created_at=now()))
        db.session.commit()

    assert cast.count(Account, phone="13911112222") == 1


def test_the_preview_counts_what_the_command_does(cast: Cast, clock: StoppedClock) -> None:
    cast.enters("fang")
    cast.enters("qiang", HONG)
    cast.arrives("new")
    clock.at(LATER)
    with cast.app.app_context():
        assert concerned(36, now()) == (2, 1)
        assert concerned(40, now()) == (0, 0)

    assert run(cast) == (2, 1)
