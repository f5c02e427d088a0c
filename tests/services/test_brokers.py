"""Brokers and residents: their profiles, their approval, what a director changes, and archiving them."""

from datetime import timedelta
from typing import Any

import pytest

from lead_system.models import Account, Binding, HistoryRecord, Hold, ProfileChange
from lead_system.services import brokers
from tests.support.cast import Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]
NEW_PHONE = "15800009999"


def complete(cast: Cast, name: str = "孙洋", role: str = "broker", brokerage: int | None = 1) -> None:
    with cast.app.app_context():
        brokers.complete_profile(
            cast.as_("newcomer"), name=name, brokerage_id=brokerage, role=role, now=MONDAY_TEN
        )


def approve(cast: Cast, who: str, by: str = "director") -> None:
    version = cast.account(who, "version")
    with cast.app.app_context():
        brokers.approve_resident(cast.as_(by), account_id=cast.ids[who], version=version, now=MONDAY_TEN)


def reject(cast: Cast, who: str, reason: str = "缺授权书") -> None:
    version = cast.account(who, "version")
    with cast.app.app_context():
        brokers.reject_resident(
            cast.as_("director"), account_id=cast.ids[who], version=version, reason=reason, now=MONDAY_TEN
        )


def change(cast: Cast, who: str = "fang", by: str = "director", request_id: str = "", **changed: Any) -> int:
    """Send the director's form, which shows everything as it is but for what is given here."""
    shown = {name: cast.account(who, name) for name in ("version", "phone", "brokerage_id")} | changed
    with cast.app.app_context():
        return brokers.change_broker(
            cast.as_(by, request_id or None), account_id=cast.ids[who], now=MONDAY_TEN, **shown
        ).account_id


def archive(cast: Cast, who: str = "fang", by: str = "director", **sent: Any) -> int:
    version = sent.pop("version", cast.account(who, "version"))
    with cast.app.app_context():
        return brokers.archive_broker(
            cast.as_(by, sent.get("request_id")), account_id=cast.ids[who], version=version, now=MONDAY_TEN
        ).account_id


@pytest.mark.parametrize(("role", "approval"), [("broker", "not_needed"), ("resident", "pending")])
def test_profile_makes_a_broker_or_a_waiting_resident(cast: Cast, role: str, approval: str) -> None:
    account_id = cast.arrives("newcomer")

    complete(cast, role=role)

    assert cast.count(Account, id=account_id, name="孙洋", role=role, approval=approval, brokerage_id=1) == 1
    assert cast.account("newcomer", "employee_number") == f"B{account_id:05d}"
    assert cast.account("newcomer", "version") == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"role": "admin"}, "role_not_offered"),
        ({"brokerage": None}, "brokerage_not_offered"),
        ({"brokerage": 99}, "brokerage_not_offered"),
    ],
)
def test_wrong_profile_is_refused(cast: Cast, wrong: dict[str, Any], code: str) -> None:
    cast.arrives("newcomer")

    with nothing_written(cast.app), refused(code):
        complete(cast, **wrong)


def test_archived_brokerage_is_not_offered_to_a_newcomer(cast: Cast) -> None:
    cast.arrives("newcomer")
    cast.change_brokerage_of("fang", archived_at=MONDAY_TEN)

    with nothing_written(cast.app), refused("brokerage_not_offered", field="brokerage_id"):
        complete(cast, brokerage=cast.account("fang", "brokerage_id"))


def test_profile_is_completed_once(cast: Cast) -> None:
    cast.arrives("newcomer")
    complete(cast)

    with nothing_written(cast.app), refused("profile_already_complete"):
        complete(cast, role="resident")


def test_resident_is_rejected_with_a_reason_sends_again_and_is_approved(cast: Cast) -> None:
    account_id = cast.arrives("newcomer")
    complete(cast, role="resident")
    reject(cast, "newcomer")
    assert cast.count(Account, id=account_id, approval="rejected", rejection_reason="缺授权书") == 1

    complete(cast, role="resident")
    approve(cast, "newcomer", by="admin")

    assert cast.count(Account, id=account_id, approval="approved", rejection_reason="") == 1


def test_each_step_of_an_approval_raises_the_version(cast: Cast) -> None:
    cast.arrives("newcomer")

    complete(cast, role="resident")
    assert cast.account("newcomer", "version") == 2
    reject(cast, "newcomer")
    assert cast.account("newcomer", "version") == 3
    approve(cast, "newcomer")
    assert cast.account("newcomer", "version") == 4


def test_approval_is_given_once_to_residents_only(cast: Cast) -> None:
    with nothing_written(cast.app), refused("not_waiting"):
        approve(cast, "wei")
    with nothing_written(cast.app), refused("not_found"):
        approve(cast, "fang")


def test_profile_sent_again_records_from_what_to_what(cast: Cast) -> None:
    account_id = cast.arrives("newcomer")
    complete(cast, role="resident")
    reject(cast, "newcomer")

    complete(cast, name="孙扬", role="resident", brokerage=2)

    action, actor_id, changes, personal = cast.history(f"account:{account_id}")[-1]
    assert (action, actor_id) == ("complete_profile", account_id)
    assert changes["brokerage"] == [1, 2]
    assert changes["approval"] == ["rejected", "pending"]
    assert personal == {"name": ["孙洋", "孙扬"]}


@pytest.mark.parametrize("by", ["director", "admin"])
def test_director_changes_phone_and_brokerage_and_nothing_else(cast: Cast, by: str) -> None:
    old, new = (cast.account(who, "brokerage_id") for who in ("fang", "qiang"))
    chain = f"account:{cast.ids['fang']}"

    assert change(cast, by=by, phone=NEW_PHONE, brokerage_id=new) == cast.ids["fang"]

    assert (cast.account("fang", "phone"), cast.account("fang", "brokerage_id")) == (NEW_PHONE, new)
    assert (cast.account("fang", "name"), cast.account("fang", "version")) == ("王芳", 2)
    assert cast.history(chain) == [
        ("change_broker", cast.ids[by], {"brokerage": [old, new]}, {"phone": ["13500010001", NEW_PHONE]})
    ]
    assert cast.count(ProfileChange) == 1
    assert cast.count(
        ProfileChange,
        account_id=cast.ids["fang"],
        old_phone="13500010001",
        new_phone=NEW_PHONE,
        old_brokerage_id=old,
        new_brokerage_id=new,
        changed_by_id=cast.ids[by],
        changed_at=MONDAY_TEN,
    )


def test_change_of_the_phone_alone_speaks_of_no_brokerage(cast: Cast) -> None:
    change(cast, phone=f" {NEW_PHONE} ")

    [(_, _, changes, personal)] = cast.history(f"account:{cast.ids['fang']}")
    assert (changes, personal) == ({}, {"phone": ["13500010001", NEW_PHONE]})


def test_change_of_the_brokerage_alone_speaks_of_no_phone(cast: Cast) -> None:
    old, new = (cast.account(who, "brokerage_id") for who in ("fang", "qiang"))

    change(cast, brokerage_id=new)

    [(_, _, changes, personal)] = cast.history(f"account:{cast.ids['fang']}")
    assert (changes, personal) == ({"brokerage": [old, new]}, None)
    assert cast.account("fang", "phone") == "13500010001"


@pytest.mark.parametrize(("changed", "generation"), [({"phone": NEW_PHONE}, 2), ({"brokerage_id": 2}, 1)])
def test_another_phone_ends_the_sign_ins_once_and_another_brokerage_none(
    cast: Cast, changed: dict[str, Any], generation: int
) -> None:
    assert (cast.account("fang", "brokerage_id"), cast.account("fang", "session_generation")) == (1, 1)

    for _ in "12":
        change(cast, request_id="sent-twice", version=1, **changed)
    change(cast)

    assert cast.account("fang", "session_generation") == generation
    assert cast.account("fang", "version") == 2


def test_resident_whom_the_director_moves_stays_approved(cast: Cast) -> None:
    change(cast, "wei", brokerage_id=cast.account("qiang", "brokerage_id"))

    assert cast.account("wei", "approval").value == "approved"


def test_change_that_changes_nothing_writes_nothing(cast: Cast) -> None:
    with nothing_written(cast.app):
        assert change(cast) == cast.ids["fang"]


@pytest.mark.parametrize(
    "phone", ["", "1350001000", "135000100011", "12500010001", "135 0001 0001", "１３５０００１０００１", "x"]
)
def test_broker_keeps_a_whole_mobile_number(cast: Cast, phone: str) -> None:
    with nothing_written(cast.app), refused("account_phone_wrong", field="phone"):
        change(cast, phone=phone)


@pytest.mark.parametrize("who", ["qiang", "wei"])
@pytest.mark.parametrize("archived", [False, True])
def test_phone_of_another_agent_is_never_given_away(cast: Cast, who: str, *, archived: bool) -> None:
    if archived:
        cast.archives(who)

    with nothing_written(cast.app), refused("phone_taken", field="phone"):
        change(cast, phone=cast.account(who, "phone"))


def test_phone_that_signed_in_without_a_profile_is_taken_too(cast: Cast) -> None:
    cast.arrives("newcomer", NEW_PHONE)

    with nothing_written(cast.app), refused("phone_taken", field="phone"):
        change(cast, phone=NEW_PHONE)


def test_phone_of_staff_is_no_agents_phone(cast: Cast) -> None:
    change(cast, phone=cast.account("xin", "phone"))

    assert cast.account("fang", "phone") == cast.account("xin", "phone") == "13700010001"


@pytest.mark.parametrize("brokerage_id", [None, 99])
def test_unknown_brokerage_is_not_offered(cast: Cast, brokerage_id: int | None) -> None:
    with nothing_written(cast.app), refused("brokerage_not_offered", field="brokerage_id"):
        change(cast, phone=NEW_PHONE, brokerage_id=brokerage_id)


def test_archived_brokerage_is_not_offered_but_the_present_one_may_stay(cast: Cast) -> None:
    for who in ("fang", "qiang"):
        cast.change_brokerage_of(who, archived_at=MONDAY_TEN)

    with nothing_written(cast.app), refused("brokerage_not_offered", field="brokerage_id"):
        change(cast, brokerage_id=cast.account("qiang", "brokerage_id"))
    change(cast, phone=NEW_PHONE)

    assert cast.account("fang", "phone") == NEW_PHONE


@pytest.mark.parametrize("version", [0, 1, 3])
def test_stale_form_changes_and_archives_nobody(cast: Cast, version: int) -> None:
    change(cast, phone=NEW_PHONE)

    with nothing_written(cast.app), refused("stale"):
        change(cast, phone="15800007777", version=version)
    with nothing_written(cast.app), refused("stale"):
        archive(cast, version=version)


def test_change_sent_twice_acts_once_and_is_answered_the_same(cast: Cast) -> None:
    sent: dict[str, Any] = {"request_id": "one-request-id", "phone": NEW_PHONE, "version": 1}
    first = change(cast, **sent)

    with nothing_written(cast.app):
        assert change(cast, **sent) == first


def test_refused_phone_is_refused_again_though_it_is_free_by_now(cast: Cast) -> None:
    sent: dict[str, Any] = {"request_id": "one-request-id", "phone": "13500020002", "version": 1}
    with refused("phone_taken"):
        change(cast, **sent)
    change(cast, "qiang", phone=NEW_PHONE)

    with nothing_written(cast.app), refused("phone_taken"):
        change(cast, **sent)


@pytest.mark.parametrize("act", [change, archive])
@pytest.mark.parametrize("who", ["feng", "xin", "secretary", "director", "admin", "newcomer", "gone"])
def test_only_agents_with_a_profile_are_found(cast: Cast, act: Any, who: str) -> None:
    cast.arrives("newcomer")
    cast.ids["gone"] = cast.ids["wei"]
    cast.archives("gone")

    with nothing_written(cast.app), refused("not_found"):
        act(cast, who)


def test_unknown_account_is_not_found(cast: Cast) -> None:
    known: dict[str, Any] = {"account_id": 9999, "version": 1, "now": MONDAY_TEN}

    with nothing_written(cast.app), cast.app.app_context():
        with refused("not_found"):
            brokers.change_broker(cast.as_("director"), phone=NEW_PHONE, brokerage_id=1, **known)
        with refused("not_found"):
            brokers.archive_broker(cast.as_("director"), **known)


@pytest.mark.parametrize("act", [change, archive])
@pytest.mark.parametrize("by", ["fang", "qiang", "wei", "feng", "xin", "secretary"])
def test_only_director_and_admin_change_and_archive_brokers(cast: Cast, act: Any, by: str) -> None:
    with nothing_written(cast.app), refused("forbidden"):
        act(cast, by=by)


@pytest.mark.parametrize("who", ["fang", "wei"])
def test_archived_agent_is_written_down_and_refused_at_the_next_call(cast: Cast, who: str) -> None:
    assert archive(cast, who) == cast.ids[who]

    assert (cast.account(who, "archived_at"), cast.account(who, "version")) == (MONDAY_TEN, 2)
    assert cast.history(f"account:{cast.ids[who]}") == [
        ("archive_account", cast.ids["director"], {"archived_at": [None, "2026-03-02T02:00:00+00:00"]}, None)
    ]
    with nothing_written(cast.app), refused("account_closed"):
        cast.enters(who)


def test_archiving_sent_twice_acts_once(cast: Cast) -> None:
    first = archive(cast, version=1, request_id="one-request-id")

    with nothing_written(cast.app):
        assert archive(cast, version=1, request_id="one-request-id") == first


def test_archiving_leaves_leads_bindings_and_holds_as_they_are(cast: Cast, clock: StoppedClock) -> None:
    bound, rival = cast.enters("fang", reports=True), cast.enters("qiang", reports=True)
    cast.scans("feng", bound)
    end = MONDAY_TEN + timedelta(days=30)

    archive(cast)

    assert (cast.status(bound), cast.read(bound, "broker_id")) == ("bound", cast.ids["fang"])
    assert cast.count(Binding, lead_id=bound, ends_at=end, ended_at=None) == 1
    assert cast.count(Hold, lead_id=bound, ends_at=end) == 1
    assert cast.scans("feng", rival).outcome == "held"
    clock.at(end)
    assert cast.scans("feng", rival).outcome == "bound"


def test_archived_brokers_reported_lead_is_not_bound(cast: Cast) -> None:
    lead_id = cast.enters("fang", reports=True)

    archive(cast)

    with nothing_written(cast.app), refused("broker_not_active"):
        cast.scans("feng", lead_id)


def test_change_leaves_the_binding_with_the_brokerage_it_was_won_for(cast: Cast) -> None:
    lead_id, old = cast.enters("fang", reports=True), cast.account("fang", "brokerage_id")
    cast.scans("feng", lead_id)

    change(cast, brokerage_id=cast.account("qiang", "brokerage_id"))

    assert cast.count(Binding, lead_id=lead_id, brokerage_id=old) == 1
    assert cast.count(HistoryRecord, action="change_broker") == 1


def test_a_decision_on_what_has_changed_meanwhile_is_stale(cast: Cast) -> None:
    cast.change("wei", approval="pending")
    seen = cast.account("wei", "version")
    reject(cast, "wei")

    with nothing_written(cast.app), cast.app.app_context(), refused("stale"):
        brokers.approve_resident(cast.as_("admin"), account_id=cast.ids["wei"], version=seen, now=MONDAY_TEN)


def test_another_brokerage_of_a_resident_who_sends_again_stands_in_the_profile_changes(cast: Cast) -> None:
    cast.arrives("newcomer")
    complete(cast, role="resident")
    assert cast.count(ProfileChange) == 0
    reject(cast, "newcomer")

    complete(cast, role="resident", brokerage=2)

    assert cast.count(ProfileChange, old_brokerage_id=1, new_brokerage_id=2) == 1
