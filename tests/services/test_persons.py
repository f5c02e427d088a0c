"""R4: a director tells a lead apart from others of its name and digits, and takes that back."""

from datetime import date, timedelta

import pytest

from lead_system.extensions import db
from lead_system.models import BindingKey, Collision, CollisionEvent, Hold, LeadKey
from lead_system.queries.listed_leads import holders_of
from lead_system.services import persons
from lead_system.services.anonymising import anonymise_lead
from lead_system.services.transaction import Caller
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.databases import both_databases
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.refusals import nothing_written, refused

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

OTHER_PHONE = "1394321"
WITH_OTHER_PHONE = ("欧阳", "锋", OTHER_PHONE)


def bound(cast: Cast, who: str = "qiang", second_phone: str = "") -> int:
    lead_id = cast.enters(who, OUYANG, second_phone, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def expired(cast: Cast, clock: StoppedClock, who: str = "fang") -> int:
    lead_id = bound(cast, who)
    clock.forward(timedelta(days=30))
    return lead_id


def keys(cast: Cast, lead_id: int) -> set[tuple[str, int]]:
    with cast.app.app_context():
        rows = db.session.scalars(db.select(LeadKey).filter_by(lead_id=lead_id))
        return {(row.phone, row.person_number) for row in rows}


def collision(cast: Cast, row_id: int) -> tuple[str, str | None, int | None, str]:
    """How a collision stands: state, outcome, who handled it, and the note."""
    with cast.app.app_context():
        row = db.session.get_one(Collision, row_id)
        return row.state.value, row.outcome.value if row.outcome else None, row.handled_by_id, row.note


def events(cast: Cast, row_id: int) -> list[str]:
    with cast.app.app_context():
        rows = db.session.scalars(db.select(CollisionEvent).filter_by(collision_id=row_id))
        return [event.kind.value for event in rows]


# Declaring another person.


@pytest.mark.parametrize("who", ["director", "admin"])
def test_lead_gets_the_names_next_number_in_its_row_and_all_of_its_keys(cast: Cast, who: str) -> None:
    lead_id = cast.enters("fang", OUYANG, OTHER_PHONE)
    version = cast.read(lead_id, "version")

    assert cast.tells_apart(who, lead_id) == 1

    assert (cast.read(lead_id, "person_number"), cast.read(lead_id, "version")) == (1, version + 1)
    assert keys(cast, lead_id) == {("1385678", 1), (OTHER_PHONE, 1)}
    assert cast.status(lead_id) == "entered"


def test_it_is_written_down_who_said_so_and_why(cast: Cast) -> None:
    lead_id = cast.enters("fang")

    cast.tells_apart("director", lead_id, "身份证不同")

    last = cast.history(f"lead:{lead_id}")[-1]
    reason = {"reason": "身份证不同"}
    assert last == ("declare_another_person", cast.ids["director"], {"person_number": [0, 1]}, reason)


def test_both_brokers_are_bound_with_the_same_name_and_digits(cast: Cast) -> None:
    held, mine = bound(cast), cast.enters("fang", reports=True)
    assert cast.scans("lu", mine).outcome == "held"

    cast.tells_apart("director", mine)

    assert cast.scans("lu", mine).outcome == "bound"
    assert (cast.status(held), cast.status(mine)) == ("bound", "bound")
    assert cast.count(Hold) == 2


def test_third_broker_collides_with_the_holder_of_number_0_alone(cast: Cast) -> None:
    held, mine = bound(cast), cast.enters("fang", reports=True)
    cast.tells_apart("director", mine)
    cast.scans("lu", mine)

    third = cast.enters("wei", reports=True)

    assert cast.collision_of(held, third)
    assert cast.collision_of(mine, third) == 0
    answer = cast.scans("feng", third)
    assert (answer.outcome, answer.holder_ids) == ("held", (held,))


def test_holder_of_another_number_keeps_nobody_out_who_has_number_0(cast: Cast) -> None:
    mine = cast.enters("fang", reports=True)
    cast.tells_apart("director", mine)
    cast.scans("feng", mine)

    assert cast.scans("lu", cast.enters("qiang", reports=True)).outcome == "bound"
    assert cast.count(Collision) == 0


def test_open_collisions_close_as_different_people_and_others_stay(cast: Cast) -> None:
    held, mine, theirs = bound(cast), cast.enters("fang"), cast.enters("wei")
    row, other = cast.collision_of(held, mine), cast.collision_of(held, theirs)

    cast.tells_apart("director", mine, "身份证不同")

    assert collision(cast, row) == ("handled", "different_people", cast.ids["director"], "身份证不同")
    assert events(cast, row) == ["entered", "closed_as_different"]
    assert collision(cast, other) == ("open", None, None, "")
    assert cast.history(f"collision:{row}")[-1][:2] == ("collision_closed_as_different", cast.ids["director"])


def test_collisions_close_on_the_holding_side_too(cast: Cast, clock: StoppedClock) -> None:
    once_held = bound(cast, "fang")
    rival = cast.enters("qiang")
    clock.forward(timedelta(days=30))

    cast.tells_apart("director", once_held)

    assert collision(cast, cast.collision_of(once_held, rival))[:2] == ("handled", "different_people")


def test_collision_with_a_visitor_closes_too_and_may_be_opened_again_by_a_person(cast: Cast) -> None:
    cast.walks_in("hong")
    lead_id = cast.enters("fang", HONG)
    row = 1

    cast.tells_apart("director", lead_id)

    assert collision(cast, row)[:2] == ("handled", "different_people")
    cast.reopens("admin", row)
    assert collision(cast, row)[0] == "open"


def test_walk_in_concerns_every_new_lead_of_that_name_and_digits(cast: Cast) -> None:
    first = cast.enters("qiang", HONG, reports=True)
    cast.tells_apart("director", first)
    cast.walks_in("hong")

    cast.enters("fang", HONG)

    assert cast.count(Collision, kind="walk_in_first") == 1
    assert cast.objects("hong") == 1, "the report of another person names the visitor all the same"


def test_visitor_who_walks_in_later_is_nobody_whom_a_declared_lead_named_first(cast: Cast) -> None:
    lead_id = cast.enters("fang", HONG)
    cast.tells_apart("director", lead_id)
    cast.walks_in("hong")

    cast.reports("fang", lead_id)

    assert cast.count(Collision) == 0


def test_ended_rows_of_the_hold_go_with_the_old_keys(cast: Cast, clock: StoppedClock) -> None:
    lead_id = expired(cast, clock)

    cast.tells_apart("director", lead_id)

    assert cast.count(Hold) == 0
    assert cast.count(BindingKey, person_number=0) == 1, "what a binding held is never rewritten"
    assert (cast.status(lead_id), str(cast.read(lead_id, "status"))) == ("expired", "expired")


def test_expired_lead_of_another_person_is_reported_and_bound_anew(cast: Cast, clock: StoppedClock) -> None:
    lead_id = expired(cast, clock)
    held = cast.enters("qiang", reports=True)
    assert cast.scans("feng", held).outcome == "bound"

    cast.tells_apart("director", lead_id)
    cast.reports("fang", lead_id)

    assert cast.scans("lu", lead_id).outcome == "bound"
    assert cast.count(BindingKey, person_number=1) == 1


def test_late_deal_of_another_person_stands_beside_the_holder(cast: Cast, clock: StoppedClock) -> None:
    lead_id = expired(cast, clock)
    cast.scans("feng", cast.enters("qiang", reports=True))
    with refused("held_by_another"):
        cast.deals("director", lead_id, date(2026, 3, 3))

    cast.tells_apart("director", lead_id)
    cast.deals("director", lead_id, date(2026, 3, 3))

    assert cast.status(lead_id) == "dealt"


def test_rebind_goes_past_the_new_brokers_lead_for_another_person(cast: Cast) -> None:
    mine = cast.enters("fang", reports=True)
    cast.tells_apart("director", mine)
    held = bound(cast)

    made = cast.rebinds("director", held, "fang")

    assert made not in (mine, held)
    assert keys(cast, made) == {("1385678", 0)}
    assert cast.scans("feng", mine).outcome == "bound"


def test_rebind_of_another_person_makes_a_lead_for_the_same_one(cast: Cast) -> None:
    mine = cast.enters("fang", reports=True)
    cast.tells_apart("director", mine)
    cast.scans("feng", mine)
    theirs = cast.enters("qiang")

    made = cast.rebinds("director", mine, "qiang")

    assert made != theirs
    assert keys(cast, made) == {("1385678", 1)}


# Which number.


def test_each_declaration_of_a_name_gets_a_number_of_its_own(cast: Cast) -> None:
    ids = [cast.enters(who) for who in ("fang", "qiang")]
    same_name_alone = cast.enters("wei", WITH_OTHER_PHONE)
    another_name = cast.enters("wei", ("欧阳", "克", "1385678"))

    numbers = [cast.tells_apart("director", one) for one in (*ids, same_name_alone, another_name)]

    assert numbers == [1, 2, 3, 1]


def test_number_that_was_set_back_is_given_to_nobody_else(cast: Cast) -> None:
    first, second = cast.enters("fang"), cast.enters("qiang")
    cast.tells_apart("director", first)
    cast.takes_back("director", first)

    assert cast.tells_apart("director", second) == 2
    assert cast.tells_apart("director", first) == 3


# Taking it back.


def test_taken_back_it_has_number_0_and_is_the_same_customer(cast: Cast) -> None:
    lead_id = cast.enters("fang", OUYANG, OTHER_PHONE)
    cast.tells_apart("director", lead_id)

    cast.takes_back("admin", lead_id, "看错了")

    assert cast.read(lead_id, "person_number") == 0
    assert keys(cast, lead_id) == {("1385678", 0), (OTHER_PHONE, 0)}
    last = cast.history(f"lead:{lead_id}")[-1]
    changes = {"person_number": [1, 0]}
    assert last == ("declare_same_person", cast.ids["admin"], changes, {"reason": "看错了"})


def test_taken_back_it_collides_with_whoever_holds_now_in_a_new_row(cast: Cast) -> None:
    held, mine = bound(cast), cast.enters("fang", reports=True)
    closed = cast.collision_of(held, mine)
    cast.tells_apart("director", mine)

    cast.takes_back("director", mine)

    row = cast.collision_of(held, mine)
    assert row != closed
    assert (events(cast, row), collision(cast, row)[0]) == (["declared_same"], "open")
    assert collision(cast, closed)[0] == "handled"
    assert cast.scans("lu", mine).outcome == "held"


def test_taken_back_it_collides_with_the_holder_of_each_phone(cast: Cast) -> None:
    held = [bound(cast), cast.enters("wei", WITH_OTHER_PHONE, reports=True)]
    cast.scans("feng", held[1])
    mine = cast.enters("fang", OUYANG, OTHER_PHONE)
    cast.tells_apart("director", mine)

    cast.takes_back("director", mine)

    assert [events(cast, cast.collision_of(one, mine)) for one in held] == [["declared_same"]] * 2


def test_taken_back_while_nobody_holds_it_opens_nothing(cast: Cast) -> None:
    mine, theirs = cast.enters("fang"), cast.enters("qiang", reports=True)
    cast.tells_apart("director", mine)

    cast.takes_back("director", mine)

    assert cast.count(Collision) == 0
    cast.scans("feng", theirs)
    cast.reports("fang", mine)
    assert cast.collision_of(theirs, mine)


def test_walk_in_that_the_declaration_had_closed_stays_handled(cast: Cast) -> None:
    cast.walks_in("hong")
    lead_id = cast.enters("fang", HONG)
    cast.tells_apart("director", lead_id)

    cast.takes_back("director", lead_id)

    assert (cast.count(Collision), cast.count(Collision, state="open")) == (1, 0)


def test_taken_back_is_refused_where_the_broker_has_the_customer_by_now(cast: Cast) -> None:
    mine = cast.enters("fang", OUYANG, OTHER_PHONE)
    cast.tells_apart("director", mine)
    by_rebind = cast.rebinds("director", bound(cast), "fang")

    with nothing_written(cast.app), refused("broker_has_customer", lead_id=by_rebind):
        cast.takes_back("director", mine)


# What is refused, of either declaration.


def tell(cast: Cast, caller: Caller, lead_id: int, version: int | None = None, reason: str = "看错") -> None:
    """Declare whatever the lead is not."""
    known = cast.read(lead_id, "version") if version is None else version
    is_another = cast.read(lead_id, "person_number") > 0
    declare = persons.declare_same_person if is_another else persons.declare_another_person
    with cast.app.app_context():
        declare(caller, lead_id=lead_id, version=known, reason=reason, now=MONDAY_TEN)


STANDS = {
    "entered": "",
    "reported": "",
    "bound": "status_forbids",
    "dealt": "status_forbids",
    "expired": "",
    "withdrawn": "status_forbids",
}


@pytest.mark.parametrize(("status", "refusal"), STANDS.items())
@pytest.mark.parametrize("is_another", [False, True])
def test_only_who_holds_nothing_may_be_told_apart_or_taken_back(
    cast: Cast, clock: StoppedClock, status: str, refusal: str, *, is_another: bool
) -> None:
    lead_id = cast.enters("fang")
    if is_another:
        cast.tells_apart("director", lead_id)
    _come_to(cast, clock, lead_id, status)
    assert cast.status(lead_id) == status
    act = cast.takes_back if is_another else cast.tells_apart

    if refusal:
        with nothing_written(cast.app), refused(refusal, status=status):
            act("director", lead_id)
    else:
        act("director", lead_id)
        assert cast.read(lead_id, "person_number") == int(not is_another)
        assert cast.status(lead_id) == status


def _come_to(cast: Cast, clock: StoppedClock, lead_id: int, status: str) -> None:
    if status == "withdrawn":
        cast.withdraws("fang", lead_id)
    elif status != "entered":
        cast.reports("fang", lead_id)
    if status in {"bound", "dealt", "expired"}:
        cast.scans("feng", lead_id)
    if status == "dealt":
        cast.deals("director", lead_id, date(2026, 3, 2))
    if status == "expired":
        clock.forward(timedelta(days=30))


@pytest.mark.parametrize("is_another", [False, True])
def test_stale_form_blank_reason_and_whole_numbers_are_refused(cast: Cast, *, is_another: bool) -> None:
    lead_id = cast.enters("fang")
    if is_another:
        cast.tells_apart("director", lead_id)
    version = cast.read(lead_id, "version")

    for code, given in (
        ("stale", {"version": version - 1}),
        ("reason_missing", {"reason": " "}),
        ("text_has_full_number", {"reason": "问过 138 1234 5678"}),
    ):
        with nothing_written(cast.app), refused(code):
            tell(cast, cast.as_("director"), lead_id, **given)


@pytest.mark.parametrize("who", ["secretary", "fang", "wei", "feng", "xin", "hong"])
@pytest.mark.parametrize("is_another", [False, True])
def test_nobody_but_those_who_decide_tells_apart(cast: Cast, who: str, *, is_another: bool) -> None:
    lead_id = cast.enters("fang")
    if is_another:
        cast.tells_apart("director", lead_id)

    with nothing_written(cast.app), refused("forbidden"):
        tell(cast, cast.as_(who), lead_id)


def test_number_of_no_lead_is_not_found(cast: Cast) -> None:
    for declare in (persons.declare_another_person, persons.declare_same_person):
        with cast.app.app_context(), refused("not_found"):
            declare(cast.as_("director"), lead_id=999, version=1, reason="看错", now=MONDAY_TEN)


def test_what_is_so_already_is_refused(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    with nothing_written(cast.app), refused("not_another_person", lead_id=lead_id):
        cast.takes_back("director", lead_id)

    cast.tells_apart("director", lead_id)

    with nothing_written(cast.app), refused("already_another_person", lead_id=lead_id):
        cast.tells_apart("director", lead_id)


def test_merged_lead_is_refused_and_names_the_one_that_counts(cast: Cast) -> None:
    merged = cast.enters("fang", WITH_OTHER_PHONE)
    target = cast.enters("fang")
    cast.rebinds("director", bound(cast, "qiang", OTHER_PHONE), "fang")
    assert cast.read(merged, "merged_into_id") == target

    with nothing_written(cast.app), refused("lead_merged", lead_id=target):
        cast.tells_apart("director", merged)


def test_sent_twice_it_is_declared_once_and_answered_the_same(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    caller, version = cast.as_("director"), cast.read(lead_id, "version")

    with cast.app.app_context():
        answers = [
            persons.declare_another_person(
                caller, lead_id=lead_id, version=version, reason="看错", now=MONDAY_TEN
            )
            for _ in range(2)
        ]

    assert answers == [persons.PersonDeclared(lead_id, 1)] * 2
    assert cast.read(lead_id, "version") == version + 1


def test_anonymised_customer_is_refused(cast: Cast) -> None:
    lead_id = cast.enters("fang")
    with cast.app.app_context():
        anonymise_lead(cast.as_("admin"), lead_id=lead_id, version=1, reason="客户要求", now=MONDAY_TEN)

    with nothing_written(cast.app), refused("anonymised"):
        cast.tells_apart("director", lead_id)


# Beside the broker's own doings.


def test_corrected_it_is_the_same_person_again_and_collides_with_the_holder(cast: Cast) -> None:
    held, mine = bound(cast), cast.enters("fang")
    cast.tells_apart("director", mine)

    cast.corrects("fang", mine, OUYANG, OTHER_PHONE)

    assert keys(cast, mine) == {("1385678", 0), (OTHER_PHONE, 0)}
    assert events(cast, cast.collision_of(held, mine)) == ["corrected"]


def test_its_broker_cannot_enter_the_name_and_digits_a_second_time(cast: Cast) -> None:
    mine = cast.enters("fang")
    cast.tells_apart("director", mine)

    with nothing_written(cast.app), refused("already_entered", lead_id=mine):
        cast.enters("fang")


def test_what_the_broker_is_answered_does_not_tell(cast: Cast) -> None:
    bound(cast)
    mine = cast.enters("fang")
    cast.tells_apart("director", mine)

    cast.reports("fang", mine)

    assert cast.status(mine) == "reported"
    assert cast.count(Collision, state="open") == 0


def test_mark_of_the_holder_is_of_the_same_person_alone(cast: Cast) -> None:
    held, mine, theirs = bound(cast), cast.enters("fang"), cast.enters("wei")
    cast.tells_apart("director", mine)

    with cast.app.app_context():
        marks = holders_of([mine, theirs], MONDAY_TEN)

    assert {number: [one.id for one in holders] for number, holders in marks.items()} == {theirs: [held]}


def test_customer_of_another_person_may_be_anonymised_while_the_other_is_held(cast: Cast) -> None:
    bound(cast)
    mine = cast.enters("fang")
    cast.tells_apart("director", mine)
    version = cast.read(mine, "version")

    with cast.app.app_context():
        done = anonymise_lead(
            cast.as_("admin"), lead_id=mine, version=version, reason="客户要求", now=MONDAY_TEN
        )

    assert done.lead_ids == (mine,)
    assert cast.read(mine, "person_number") == 0
